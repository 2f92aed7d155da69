//! Data stores that wrap each other in a circle.

use std::collections::BTreeMap;

use super::super::provenance::Part;
use super::super::sight::Sight;
use super::super::{Config, KeyPath, Problem, ProblemCode};
use super::components::Edges;

/// Tells of each circle once. Visits every edge once, without recursion: chains may be long.
pub(super) fn check(config: &Config, edges: &Edges, sight: Sight<'_>, problems: &mut Vec<Problem>) {
    let mut finished: BTreeMap<&str, bool> = BTreeMap::new();
    for start in edges.keys().map(String::as_str) {
        let mut path: Vec<(&str, usize)> = Vec::new();
        if !finished.contains_key(start) {
            finished.insert(start, false);
            path.push((start, 0));
        }
        while let Some((here, taken)) = path.last_mut() {
            let next = edges.get(*here).and_then(|targets| targets.get(*taken));
            *taken += 1;
            let Some((target, _)) = next else {
                finished.insert(here, true);
                path.pop();
                continue;
            };
            match finished.get(target.as_str()) {
                Some(true) => {}
                Some(false) => {
                    let from = path.iter().position(|(name, _)| name == target).unwrap_or(0);
                    problems.push(cycle(config, edges, &path[from..], sight));
                }
                None => {
                    finished.insert(target, false);
                    path.push((target, 0));
                }
            }
        }
    }
}

/// Every step of the circle was taken by the edge before the one that is next.
fn cycle(config: &Config, edges: &Edges, steps: &[(&str, usize)], sight: Sight<'_>) -> Problem {
    let edge = |(name, taken): &(&str, usize)| -> Option<&KeyPath> {
        edges.get(*name)?.get(taken - 1).map(|(_, place)| place)
    };
    let names: Vec<&str> = steps.iter().chain(steps.first()).map(|(name, _)| *name).collect();
    let message = format!("the data stores wrap each other in a circle: {}", names.join(" -> "));
    let problem = Problem::new(ProblemCode::ComponentCycle, message)
        .help("let one of them wrap a data store that keeps the data itself");
    let places: Vec<&KeyPath> = steps.iter().filter_map(edge).collect();
    let Some((first, others)) = places.split_first() else { return problem };
    let mut problem = config.provenance.place(problem, first, Part::Value, &sight);
    let related = |place: &&KeyPath| config.provenance.related("and here", place, &sight);
    problem.related = others.iter().take(MAX_PLACES).map(related).collect();
    problem
}

const MAX_PLACES: usize = 8;
