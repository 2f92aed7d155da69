//! Every axis at scale, and the scorecard.

mod card;
mod evidence;

use std::path::Path;
use std::time::Duration;

use anyhow::{bail, ensure};

use self::card::Card;
pub(crate) use self::evidence::in_summary;
use crate::axes::{AXES, Axis, Scale};
use crate::step::{End, tail};
use crate::{planted, sanitize};

/// More than any axis may take: the whole has to end in twelve minutes.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// Planted bugs that the kept table tells of, at least.
const TRIED_BUGS: u64 = 10;

/// What an axis came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Score {
    pub(crate) axis: String,
    pub(crate) unit: String,
    pub(crate) tried: u64,
    pub(crate) floor: u64,
    pub(crate) failures: u64,
    pub(crate) seconds: f64,
    pub(crate) command: String,
    /// What went wrong, if something did.
    pub(crate) trouble: Option<String>,
}

pub(crate) fn prove(scale: Scale, seed: u64, write: bool, sanitized: bool) -> anyhow::Result<()> {
    ensure!(crate::has_nextest(), "the proof runs through nextest: cargo install --locked cargo-nextest");
    let folder = crate::root().join("target/prove");
    let mut scores = Vec::new();
    for axis in AXES {
        scores.push(told(try_axis(axis, scale, seed, &folder)?));
        if crate::step::is_interrupted() {
            bail!("interrupted");
        }
    }
    scores.push(told(planted_bugs()?));
    if sanitized {
        scores.push(told(sanitizers()?));
    }
    let card = Card::new(&scores, scale);
    println!("\n{}", card.table());
    if write {
        card.write(&crate::root().join("RELIABILITY.md"))?;
        eprintln!("xtask: wrote RELIABILITY.md");
    }
    verdict(&scores)
}

fn told(score: Score) -> Score {
    let Score { axis, tried, floor, seconds, .. } = &score;
    let what = score.trouble.as_deref().unwrap_or("held");
    eprintln!("xtask: {axis}: {tried} tried (at least {floor}) in {seconds:.0} s: {what}");
    score
}

/// Builds and runs an axis, and counts what it tried.
pub(crate) fn try_axis(axis: &Axis, scale: Scale, seed: u64, folder: &Path) -> anyhow::Result<Score> {
    let notes = evidence::fresh(&folder.join("evidence").join(axis.name))?;
    let log = folder.join(format!("{}.log", axis.name));
    let step = axis.step(scale, seed, &notes);
    let score = |tried, failures, seconds, trouble| Score {
        axis: axis.name.to_owned(),
        unit: axis.unit.to_owned(),
        tried,
        floor: axis.floor_at(scale),
        failures,
        seconds,
        command: step.shown(),
        trouble,
    };
    if let Some(build) = axis.build() {
        let built = build.run(&log, PATIENCE)?;
        if built.end != End::Passed {
            let trouble = format!("does not build: {}\n{}", build.shown(), tail(&built.output, 20));
            return Ok(score(0, 0, 0.0, Some(trouble)));
        }
    }
    let ran = step.run(&log, PATIENCE)?;
    let (tried, failures) = evidence::counted(axis, &notes, &ran.output)?;
    let trouble = trouble(ran.end, &ran.output, &step.shown(), &log);
    Ok(score(tried, failures, ran.seconds, trouble.or_else(|| too_little(tried, axis.floor_at(scale)))))
}

fn trouble(end: End, output: &str, command: &str, log: &Path) -> Option<String> {
    let how = match end {
        End::Passed => return None,
        End::Failed => "failed",
        End::Overdue => "took too long",
        End::Interrupted => "was interrupted",
    };
    Some(format!("{command} {how}; all of it is in {}\n{}", log.display(), tail(output, 30)))
}

/// A proof that shrank without anybody noticing proves nothing.
fn too_little(tried: u64, floor: u64) -> Option<String> {
    (tried < floor).then(|| format!("tried {tried}, fewer than the {floor} that are claimed"))
}

/// The kept table: planting them all takes longer than everything else.
fn planted_bugs() -> anyhow::Result<Score> {
    let (planted, caught) = planted::summary()?;
    let survived = (caught < planted).then(|| {
        format!("of {planted} planted bugs the kept table has {caught} caught: cargo xtask planted --write")
    });
    Ok(Score {
        axis: "planted-bugs".to_owned(),
        unit: "deliberate bugs, each caught by a test (tests/planted/CAUGHT.md)".to_owned(),
        tried: planted,
        floor: TRIED_BUGS,
        failures: planted - caught,
        seconds: 0.0,
        command: "cargo xtask planted --write".to_owned(),
        trouble: survived.or_else(|| too_little(planted, TRIED_BUGS)),
    })
}

fn sanitizers() -> anyhow::Result<Score> {
    let checks = sanitize::checks(&sanitize::USUAL)?;
    let ran = checks.iter().filter(|check| check.ran()).map(sanitize::Check::tests).sum();
    let failures = checks.iter().filter(|check| check.found()).count() as u64;
    let found = (failures > 0).then(|| sanitize::table(&checks));
    Ok(Score {
        axis: "sanitizers".to_owned(),
        unit: "tests run under AddressSanitizer and LeakSanitizer, ThreadSanitizer or Miri".to_owned(),
        tried: ran,
        floor: 100,
        failures,
        seconds: checks.iter().map(sanitize::Check::seconds).sum(),
        command: "cargo xtask sanitize".to_owned(),
        trouble: found.or_else(|| too_little(ran, 100)),
    })
}

fn verdict(scores: &[Score]) -> anyhow::Result<()> {
    let broken: Vec<String> = scores
        .iter()
        .filter_map(|score| Some(format!("{}: {}", score.axis, score.trouble.as_ref()?)))
        .collect();
    ensure!(broken.is_empty(), "the contract is not proven\n\n{}", broken.join("\n\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::Counted;

    fn score_of(script: &'static [&'static str], counted: Counted) -> Score {
        let folder = tempfile::tempdir().unwrap();
        let axis = Axis::of_command("fake", script).counting(counted);
        try_axis(&axis, Scale::Ci, 7, folder.path()).unwrap()
    }

    #[test]
    fn what_tests_note_is_summed_up() {
        const NOTES: &[&str] = &["sh", "-c", "printf '3\\n4\\n' > $TRILAYER_EVIDENCE/fake.tried"];
        let score = score_of(NOTES, Counted::Noted);
        assert_eq!((score.tried, &score.trouble), (7, &None));
        assert!(score.command.starts_with("TRILAYER_SEED=7 "), "{}", score.command);
    }

    #[test]
    fn a_run_that_notes_nothing_proves_nothing() {
        let score = score_of(&["true"], Counted::Noted);
        assert_eq!(score.trouble.as_deref(), Some("tried 0, fewer than the 1 that are claimed"));
        assert!(verdict(&[score]).is_err());
    }

    #[test]
    fn a_run_that_fails_says_so_however_much_it_noted() {
        const FAILS: &[&str] =
            &["sh", "-c", "echo 9 > $TRILAYER_EVIDENCE/fake.tried; echo the reason; exit 1"];
        let trouble = score_of(FAILS, Counted::Noted).trouble.unwrap();
        assert!(trouble.contains("failed") && trouble.contains("the reason"), "{trouble}");
    }

    #[test]
    fn tests_that_passed_and_failed_are_counted() {
        const SUMMARY: &[&str] = &[
            "sh",
            "-c",
            "echo '     Summary [   0.1s] 12 tests run: 9 passed (1 slow), 3 failed, 2 skipped'",
        ];
        let score = score_of(SUMMARY, Counted::Tests);
        assert_eq!((score.tried, score.failures), (9, 3));
    }
}
