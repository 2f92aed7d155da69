//! Whether what a law says of a fault is complete, and quotes what stands in the documentation.

/// The documentation in a source file as running text, without links and bullets.
pub(crate) fn of(source: &str) -> String {
    let lines = source.lines().filter_map(|line| {
        let line = line.trim_start();
        let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?.trim();
        Some(text.strip_prefix("- ").unwrap_or(text))
    });
    let text = lines.collect::<Vec<_>>().join(" ");
    without_links(&text)
}

/// Each `[text](target)` and `[text]` as `text`.
fn without_links(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("[`") {
        let (name, after) = after.split_once(']').unwrap_or((after, ""));
        out.extend([before, "`", name]);
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    out + rest
}

/// What is missing of a law's complaint, if anything.
pub(crate) fn lacking(complaint: &str, name: &str, docs: &str) -> Option<String> {
    if !complaint.contains(&format!("law `{name}` is broken")) {
        return Some("its name".to_owned());
    }
    if !complaint.contains("\nwhat it costs: ") {
        return Some("what it costs".to_owned());
    }
    let quoted = complaint.split_once("\nthe documentation says: ").map_or("", |(_, quoted)| quoted);
    let quoted = quoted.lines().next().unwrap_or_default();
    let missing = quoted.split("[...]").map(str::trim).find(|part| part.len() < 8 || !docs.contains(part));
    missing.map(|part| format!("the documentation does not say {part:?}"))
}

#[test]
fn a_sentence_the_documentation_does_not_have_is_noticed() {
    let docs = of("/// - Keys are [`Text`](x): short\n/// or long, see [`Y`].\ncode");
    assert_eq!(docs, "Keys are `Text`: short or long, see `Y`.");
    let complaint =
        |says: &str| format!("law `l` is broken: x\nthe documentation says: {says}\nwhat it costs: y");
    assert_eq!(lacking(&complaint("Keys are `Text` [...] or long, see"), "l", &docs), None);
    assert!(lacking(&complaint("Keys are texts"), "l", &docs).is_some());
    assert!(lacking(&complaint(""), "l", &docs).is_some());
    assert!(lacking("law `l` is broken: x\nwhat it costs: y", "m", &docs).is_some());
}
