//! Where each part of a configuration was said.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;

use super::excerpt::Excerpt;
use super::path::follow;
use super::sight::Sight;
use super::source::Source;
use super::tree::Node;
use super::{KeyPath, Layer, Problem, ProblemCode, problem::Related};

/// Where each part of a configuration was said, so that problems point there.
#[derive(Clone, Default)]
pub(super) struct Provenance(Arc<Places>);

#[derive(Default)]
pub(super) struct Places {
    /// The text, if there is any.
    pub(super) source: Option<Source>,
    pub(super) root: Node,
    pub(super) scalars: Vec<(Range<usize>, KeyPath)>,
    pub(super) broken_lines: BTreeSet<usize>,
    pub(super) variables: BTreeMap<KeyPath, Variable>,
    /// What all layers said together.
    pub(super) said: Json,
}

/// What an environment variable says of a place.
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) raw: String,
    /// As it was read.
    pub(super) value: Json,
}

/// What of a place is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

/// Who said something.
enum Said<'p> {
    Nobody,
    Variable(&'p Variable),
    Text(&'p Node),
}

impl Provenance {
    pub(super) fn new(places: Places) -> Self {
        Self(Arc::new(places))
    }

    pub(super) fn said(&self) -> &Json {
        &self.0.said
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&KeyPath, &Variable)> {
        self.0.variables.iter()
    }

    /// Puts a problem in its place: with the layer, the line and what is meant of it.
    pub(super) fn place(&self, problem: Problem, path: &KeyPath, part: Part, sight: &Sight<'_>) -> Problem {
        let mut problem = problem.path(path);
        match self.who(path) {
            Said::Nobody => problem.at(Layer::Program),
            Said::Variable(variable) => self.blame(problem, path, variable),
            Said::Text(node) => {
                let span = if part == Part::Key { &node.key } else { &node.value };
                problem.place = self.layer(span.start);
                problem.excerpt = self.excerpt(span, sight);
                problem
            }
        }
    }

    /// Whether a problem follows from one that was told already.
    pub(super) fn follows(&self, problem: &Problem) -> bool {
        matches!(&problem.place, Layer::Place { line, .. } if self.0.broken_lines.contains(line))
    }

    /// Another place that has to do with a problem.
    pub(super) fn related(&self, message: &str, path: &KeyPath, sight: &Sight<'_>) -> Related {
        let span = match self.who(path) {
            Said::Text(node) => Some(&node.key),
            _ => None,
        };
        let excerpt = span.and_then(|span| self.excerpt(span, sight));
        Related { message: message.to_owned(), place: self.layer_of(path), excerpt }
    }

    /// Who said what is there.
    pub(super) fn layer_of(&self, path: &KeyPath) -> Layer {
        match self.who(path) {
            Said::Nobody => Layer::Program,
            Said::Variable(variable) => Layer::Environment { variable: variable.name.clone() },
            Said::Text(node) => self.layer(node.key.start),
        }
    }

    /// Whether the text has a date here, which JSON has no word for.
    pub(super) fn is_date(&self, path: &KeyPath) -> bool {
        let (taken, node) = self.0.root.follow(path.steps());
        taken == path.steps().len() && node.is_date
    }

    fn blame(&self, mut problem: Problem, path: &KeyPath, variable: &Variable) -> Problem {
        problem.place = Layer::Environment { variable: variable.name.clone() };
        let is_unknown = matches!(problem.code, ProblemCode::UnknownKey | ProblemCode::UnknownOption);
        let is_inside =
            self.0.variables.range(path.clone()..).next().is_some_and(|(place, _)| place.starts_with(path));
        if is_unknown && is_inside {
            problem.code = ProblemCode::UnmatchedVariable;
            let mut parts: Vec<String> = variable.name.split("__").map(str::to_owned).collect();
            let part = parts.get_mut(path.steps().len());
            if let Some((part, nearest)) = part.zip(problem.nearest.as_ref()) {
                *part = super::env::spelled(nearest);
                problem.help = Some(format!("the variable would be {}", parts.join("__")));
            }
        }
        problem
    }

    /// Of the variables and the text, whoever says more of the path.
    fn who(&self, path: &KeyPath) -> Said<'_> {
        let steps = path.steps();
        let (in_text, node) = self.0.root.follow(steps);
        let by_variable = path.outwards().find_map(|place| {
            let variable = self.0.variables.get(&place)?;
            let around = place.steps().len();
            Some((around + follow(&variable.value, &steps[around..]).0, variable))
        });
        if let Some((depth, variable)) = by_variable
            && depth >= in_text
        {
            return Said::Variable(variable);
        }
        // A table that no text holds was opened by the variable that sets something in it.
        if in_text < steps.len()
            && let Some((place, variable)) = self.0.variables.range(path.clone()..).next()
            && place.starts_with(path)
        {
            return Said::Variable(variable);
        }
        if in_text > 0 { Said::Text(node) } else { Said::Nobody }
    }

    fn layer(&self, offset: usize) -> Layer {
        let Some(source) = &self.0.source else { return Layer::Program };
        let (line, column) = source.at(offset);
        Layer::Place { file: source.name.clone(), line, column }
    }

    fn excerpt(&self, span: &Range<usize>, sight: &Sight<'_>) -> Option<Excerpt> {
        let source = self.0.source.as_ref()?;
        let line = source.line(span.start);
        let from = self.0.scalars.partition_point(|(scalar, _)| scalar.end <= line.start);
        let here = self.0.scalars[from..].iter().take_while(|(scalar, _)| scalar.start < line.end);
        let hidden = here.filter(|(_, path)| !sight.shows(&self.0.said, path));
        let masks: Vec<Range<usize>> = hidden.map(|(scalar, _)| scalar.clone()).collect();
        Some(Excerpt::new(source, span, &masks))
    }
}

/// Says nothing of the content: it may hold secrets.
impl fmt::Debug for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.0.source.as_ref().map(|source| source.name.as_str());
        f.debug_struct("Provenance").field("file", &file).finish_non_exhaustive()
    }
}
