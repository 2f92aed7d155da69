//! Patterns that never serve a map.

use std::collections::BTreeMap;

use super::super::provenance::Part;
use super::super::sight::Sight;
use super::super::{Config, KeyPath, Problem, ProblemCode};
use crate::pattern::{Shape, is_pattern};

/// Patterns of the same literals that are compared each with each; of more only equal ones are told.
const COMPARED: usize = 64;

/// Looks for patterns that another serves all maps of. Only patterns with the same literal characters
/// come into question: one with fewer is never preferred, and one with more does not fit all names.
pub(super) fn check(config: &Config, sight: Sight<'_>, problems: &mut Vec<Problem>) {
    let mut alike: BTreeMap<String, Vec<Shape<'_>>> = BTreeMap::new();
    for name in config.maps.keys().filter(|name| is_pattern(name)) {
        let shape = Shape::of(name);
        alike.entry(shape.literals()).or_default().push(shape);
    }
    for mut shapes in alike.into_values().filter(|shapes| shapes.len() > 1) {
        shapes.sort_by(|a, b| a.rank().cmp(&b.rank()));
        let mut equal: BTreeMap<Vec<(usize, bool)>, &str> = BTreeMap::new();
        for (index, shape) in shapes.iter().enumerate() {
            if let Some(first) = equal.get(&shape.gaps) {
                problems.push(tell(config, sight, ProblemCode::DuplicatePattern, shape.text, first));
                continue;
            }
            equal.insert(shape.gaps.clone(), shape.text);
            let preferred = shapes[..index.min(COMPARED)].iter();
            if let Some(other) = preferred.into_iter().find(|other| other.covers(shape)) {
                problems.push(tell(config, sight, ProblemCode::UnreachablePattern, shape.text, other.text));
            }
        }
    }
}

fn tell(config: &Config, sight: Sight<'_>, code: ProblemCode, pattern: &str, by: &str) -> Problem {
    let (message, help) = match code {
        ProblemCode::DuplicatePattern => (
            format!("stands for the same maps as the pattern {by:?}, which serves them all"),
            "remove one of them",
        ),
        _ => (
            format!("never serves a map: {by:?} fits them all and has fewer wildcards"),
            "remove it, or give it more literal characters",
        ),
    };
    let problem = Problem::new(code, message).help(help);
    let path = KeyPath::of(["maps", pattern]);
    let mut problem = config.provenance.place(problem, &path, Part::Key, &sight);
    problem.related.push(config.provenance.related("the other pattern", &KeyPath::of(["maps", by]), &sight));
    problem
}
