//! The parts for Graphviz.

use super::parts::{Part, Parts};

pub(super) fn draw(parts: &Parts) -> String {
    let mut drawing = Drawing { lines: Vec::new(), nodes: 0, parts };
    for (number, instance) in parts.instances.iter().enumerate() {
        let label = format!("{}\n{}", instance.name, instance.component.name);
        let from = instance_id(number);
        drawing.lines.push(format!("  {from} [label={}, shape=cylinder];", quoted(&label)));
        drawing.under(&from, &instance.component.inner);
    }
    for (number, map) in parts.maps.iter().enumerate() {
        let (from, style) = (format!("map{number}"), if map.is_pattern { "dashed" } else { "solid" });
        drawing.lines.push(format!("  {from} [label={}, shape=box, style={style}];", quoted(&map.name)));
        drawing.under(&from, &map.parts);
    }
    format!("digraph trilayer {{\n  rankdir=LR;\n{}\n}}", drawing.lines.join("\n"))
}

struct Drawing<'p> {
    lines: Vec<String>,
    nodes: usize,
    parts: &'p Parts,
}

impl Drawing<'_> {
    fn under(&mut self, from: &str, parts: &[Part]) {
        for part in parts {
            let to = self.node(part);
            self.lines.push(format!("  {from} -> {to} [label={}];", quoted(&part.role)));
            self.under(&to, &part.inner);
        }
    }

    /// An instance is there already; anything else is drawn for whom it is made.
    fn node(&mut self, part: &Part) -> String {
        let mut instances = self.parts.instances.iter();
        if let Some(number) = instances.position(|one| part.is_instance && one.name == part.name) {
            return instance_id(number);
        }
        let id = format!("part{}", self.nodes);
        self.nodes += 1;
        let shape = match part.role.as_str() {
            "engine" => "component",
            "observer" => "note",
            _ => "cylinder",
        };
        self.lines.push(format!("  {id} [label={}, shape={shape}];", quoted(&part.name)));
        id
    }
}

fn instance_id(number: usize) -> String {
    format!("store{number}")
}

/// A string of the DOT language, in which `&` opens an entity.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '&' => quoted.push_str("&amp;"),
            c if c.is_control() => quoted.push_str(&c.escape_default().to_string().replace('\\', "\\\\")),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
