//! A history as a person reads it: a line for each operation, a bar for when it ran.

use crate::history::Event;
use crate::model::{Action, Limits, Op, Outcome, Saw, Touch};

/// Columns of the widest bar.
const WIDTH: usize = 40;

/// The timeline of a key's history, in order of calls.
pub(crate) fn draw(key: &str, history: &[Event]) -> String {
    let mut history = history.to_vec();
    history.sort_unstable_by_key(|event| event.call);
    let mut stamps: Vec<i64> = history.iter().flat_map(|event| [event.call, event.ret]).collect();
    stamps.sort_unstable();
    stamps.dedup();
    let rows: Vec<[String; 4]> = history.iter().map(|event| row(key, event)).collect();
    let widths: [usize; 4] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut drawn = String::new();
    for (event, row) in history.iter().zip(rows) {
        for (cell, width) in row.iter().zip(widths) {
            drawn.push_str(&format!("{cell:width$}  "));
        }
        drawn.push_str(bar(event, &stamps).trim_end());
        drawn.push('\n');
    }
    drawn
}

fn row(key: &str, event: &Event) -> [String; 4] {
    let Event { client, call, ret, op } = event;
    let clock = match (op.clock.earliest, op.clock.latest) {
        (earliest, latest) if earliest == latest => format!("at {earliest}"),
        (earliest, latest) => format!("at {earliest}..{latest}"),
    };
    [
        format!("client {client}"),
        format!("[{call}..{ret}]"),
        clock,
        format!("{} {}", what(key, op), outcome(op)),
    ]
}

fn what(key: &str, op: &Op) -> String {
    match op.action {
        Action::Read(Touch::No) => format!("get {key}"),
        Action::Read(_) => format!("touch {key}"),
        Action::Write { value, limits, made: None, .. } => format!("put {key} = {value}{}", lasting(limits)),
        Action::Write { value, limits, made: Some(made), .. } => {
            format!("put {key} = {value} made at {made}{}", lasting(limits))
        }
        Action::Remove => format!("remove {key}"),
        Action::End => "end".to_owned(),
    }
}

fn lasting(limits: Limits) -> String {
    let ttl = limits.ttl.map(|ttl| format!(" ttl {ttl}"));
    let idle = limits.idle.map(|idle| format!(" idle {idle}"));
    ttl.unwrap_or_default() + &idle.unwrap_or_default()
}

fn outcome(op: &Op) -> String {
    let saw = match op.saw {
        Saw::Unsaid => String::new(),
        Saw::Value(value) => format!("-> {value}"),
        Saw::Nothing | Saw::NothingLeft => "-> nothing".to_owned(),
    };
    match op.outcome {
        Outcome::Done => saw,
        Outcome::Failed => "-> failed".to_owned(),
        Outcome::Left => "-> left".to_owned(),
    }
}

/// From call to return, or without an end where it may happen later.
fn bar(event: &Event, stamps: &[i64]) -> String {
    let column = |stamp: i64| {
        let rank = stamps.partition_point(|&other| other < stamp);
        rank * (WIDTH - 1) / stamps.len().saturating_sub(1).max(1)
    };
    let (start, end) = (column(event.call), column(event.ret));
    let mut bar = vec![' '; WIDTH];
    bar[start..=end].fill('=');
    bar[start] = '|';
    bar[end] = '|';
    if event.op.outcome != Outcome::Done {
        bar[end + 1..].fill('.');
    }
    bar.into_iter().collect()
}
