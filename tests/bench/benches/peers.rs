//! `cargo bench -p trilayer-bench [-- --records N --rounds R --threads T | --quick]`

use clap::Parser as _;
use trilayer_bench::{Options, run};

fn main() -> anyhow::Result<()> {
    print!("{}", run(&Options::parse().settled())?);
    Ok(())
}
