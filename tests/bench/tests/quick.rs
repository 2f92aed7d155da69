//! The bench works: it runs, loses nothing, and reports every figure.

use trilayer_bench::{Options, run};

fn report(threads: usize) -> anyhow::Result<String> {
    let mut options = Options::quick();
    options.threads = threads;
    Ok(run(&options)?.to_string())
}

#[test]
fn a_quick_run_reports_every_workload_of_every_subject() {
    let report = report(1).unwrap();
    let rows: Vec<_> = report.lines().filter(|line| line.starts_with("| ")).collect();
    // Three heads, eight workloads twice, one row of bytes.
    assert_eq!(rows.len(), 3 + 2 * 8 + 1, "{report}");
    for row in rows {
        assert_eq!(row.matches('|').count(), 7, "{row}");
        assert!(!row.contains("NaN") && !row.contains("inf"), "{row}");
    }
    for name in ["dashmap", "quick_cache", "moka", "trilayer-core"] {
        assert!(!report.contains(&format!("{name} ?")), "no version of {name}: {report}");
    }
}

#[test]
fn threads_share_the_work() {
    assert!(report(2).unwrap().contains("threads: 2"));
}
