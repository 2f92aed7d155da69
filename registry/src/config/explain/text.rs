//! An explanation as TOML, with comments.

use std::fmt;

use serde_json::Value as Json;

use super::super::KeyPath;
use super::super::path::Step;
use super::{ExplainedValue, Explanation};

/// The column at which comments begin, if the value is not longer.
const COMMENT_COLUMN: usize = 44;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut heading = String::new();
        for explained in &self.values {
            let (here, key) = split(&explained.at);
            if here != heading {
                let gap = if heading.is_empty() { "" } else { "\n" };
                writeln!(f, "{gap}{here}")?;
                heading = here;
            }
            line(f, &key, explained)?;
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, key: &str, explained: &ExplainedValue) -> fmt::Result {
    let said = format!("{key} = {}", toml(&explained.value));
    write!(f, "{said:COMMENT_COLUMN$} # {}", explained.place)?;
    if let Some(component) = &explained.component {
        write!(f, "; {} {} {}, {}", component.kind, component.name, component.version, component.origin)?;
    }
    writeln!(f)
}

/// The heading of the table that a value stands in, and its key there.
fn split(path: &KeyPath) -> (String, String) {
    let steps = path.steps();
    let observer = steps.iter().position(|step| matches!(step, Step::Index(_)));
    let length = observer.map_or(2, |at| at + 1).min(steps.len().saturating_sub(1));
    let (table, key) = path.split(length);
    let table = table.to_string();
    match observer {
        Some(at) if at < length => {
            let name = table.rsplit_once('[').map_or(table.as_str(), |(name, _)| name);
            (format!("[[{name}]]  # {table}"), key.to_string())
        }
        _ => (format!("[{table}]"), key.to_string()),
    }
}

fn toml(value: &Json) -> String {
    match value {
        Json::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Json::Object(table) => {
            let pairs =
                table.iter().map(|(key, value)| format!("{} = {}", KeyPath::of([key.as_str()]), toml(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        // TOML's escapes are JSON's, but for those of characters it takes as they are.
        other => other.to_string(),
    }
}
