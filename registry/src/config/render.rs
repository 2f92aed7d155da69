//! Problems as people read them: the line, underlined, and what would work.

use annotate_snippets::renderer::Renderer;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Snippet};

use super::excerpt::Excerpt;
use super::problem::one_line;
use super::{Layer, Problem, Severity};

/// Each problem in a paragraph of its own.
pub(super) fn problems(problems: &[Problem], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let paragraph = |problem: &Problem| {
        let places =
            std::iter::once(&problem.place).chain(problem.related.iter().map(|related| &related.place));
        format!("{}\n\n", put_places(&renderer.render(&[group(problem)]), places))
    };
    problems.iter().map(paragraph).collect()
}

/// Stands for a place until the text is rendered: the renderer counts columns of the line as it is
/// shown, and values that are not shown have another width.
const PLACEHOLDER: &str = "@@place@@";

fn put_places<'p>(rendered: &str, places: impl Iterator<Item = &'p Layer>) -> String {
    let mut parts = rendered.split(PLACEHOLDER);
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut places = places.filter(|place| matches!(place, Layer::Place { .. }));
    for part in parts {
        let place = places.next().map(ToString::to_string).unwrap_or_default();
        text.push_str(&place);
        text.push_str(part.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit()));
    }
    text
}

fn group(problem: &Problem) -> Group<'_> {
    let level = match problem.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(problem.heading()).id(problem.code.as_str()));
    group = match &problem.excerpt {
        Some(excerpt) => group.element(snippet(excerpt, AnnotationKind::Primary, label(problem))),
        None if matches!(problem.place, Layer::Default) => group,
        None => group.element(Origin::path(problem.place.to_string())),
    };
    for related in &problem.related {
        group = match &related.excerpt {
            Some(excerpt) => {
                let message = Some(related.message.clone());
                group.element(snippet(excerpt, AnnotationKind::Context, message))
            }
            None => group.element(Level::NOTE.message(format!("{} at {}", related.message, related.place))),
        };
    }
    if problem.excerpt.is_none()
        && let Some(nearest) = &problem.nearest
    {
        group = group.element(Level::HELP.message(format!("did you mean {nearest:?}?")));
    }
    if let Some(known) = problem.known_names() {
        group = group.element(Level::NOTE.message(format!("known: {known}")));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(one_line(help)));
    }
    group
}

/// What stands under the line.
fn label(problem: &Problem) -> Option<String> {
    let meant = problem.nearest.as_ref().map(|nearest| format!("did you mean {nearest:?}?"));
    meant.or_else(|| problem.expected.as_ref().map(|expected| format!("expected {expected}")))
}

fn snippet(
    excerpt: &Excerpt,
    kind: AnnotationKind,
    label: Option<String>,
) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let annotation = kind.span(excerpt.span.clone()).label(label);
    Snippet::source(excerpt.text.as_str()).line_start(excerpt.line).path(PLACEHOLDER).annotation(annotation)
}
