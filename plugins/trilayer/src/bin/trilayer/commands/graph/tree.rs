//! The parts as a tree of text.

use super::parts::{Instance, Map, Part, Parts};

pub(super) fn draw(parts: &Parts) -> String {
    let mut lines = vec!["maps".to_owned()];
    branches(&mut lines, "", parts.maps.iter().map(map).collect());
    lines.push("data store instances".to_owned());
    branches(&mut lines, "", parts.instances.iter().map(instance).collect());
    lines.join("\n")
}

/// A line and those under it.
struct Branch {
    text: String,
    under: Vec<Branch>,
}

fn map(map: &Map) -> Branch {
    let pattern = if map.is_pattern { " (pattern)" } else { "" };
    Branch { text: format!("{}{pattern}", shown(&map.name)), under: map.parts.iter().map(part).collect() }
}

fn instance(instance: &Instance) -> Branch {
    let used_by: Vec<String> = instance.used_by.iter().map(|name| shown(name)).collect();
    let used_by =
        if used_by.is_empty() { "unused".to_owned() } else { format!("used by {}", used_by.join(", ")) };
    let Instance { name, component, .. } = instance;
    let text = format!("{}: {} ({used_by})", shown(name), shown(&component.name));
    Branch { text, under: component.inner.iter().map(part).collect() }
}

fn part(of: &Part) -> Branch {
    let instance = if of.is_instance { " (instance)" } else { "" };
    Branch {
        text: format!("{}: {}{instance}", of.role, shown(&of.name)),
        under: of.inner.iter().map(part).collect(),
    }
}

fn branches(lines: &mut Vec<String>, before: &str, mut all: Vec<Branch>) {
    let last = all.pop();
    let (middle, end) =
        (all.into_iter().map(|one| ("├── ", "│   ", one)), last.map(|one| ("└── ", "    ", one)));
    for (corner, bar, branch) in middle.chain(end) {
        lines.push(format!("{before}{corner}{}", branch.text));
        branches(lines, &format!("{before}{bar}"), branch.under);
    }
}

/// A name as it is, in quotes where it could be taken for something else, or move the cursor.
fn shown(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '*' | '?' | '.');
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { format!("{name:?}") }
}
