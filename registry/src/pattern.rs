//! Names with wildcards.

use std::cmp::Reverse;

/// Whether the name of a `[maps]` entry is a pattern: holds `*` (any text) or `?` (any one character).
pub(crate) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether `pattern` matches all of `name`.
///
/// Takes time in proportion to the product of the lengths at worst, never more.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut from) = (0, 0);
    // Where the last `*` is, and how much of the name it has swallowed up to.
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(&expected) if expected == '?' || expected == name[from] => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((star_at, swallowed)) = star else { return false };
                star = Some((star_at, swallowed + 1));
                (at, from) = (star_at + 1, swallowed + 1);
            }
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

/// The entry that serves `name`: the exact one, else of the matching patterns the one with
/// the most literal characters, then the fewest wildcards, then the first in order.
pub(crate) fn most_specific<'a>(entries: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    let serving = entries.filter(|&entry| entry == name || (is_pattern(entry) && matches(entry, name)));
    serving.min_by_key(|&entry| (entry != name, specificity(entry), entry))
}

fn specificity(pattern: &str) -> (Reverse<usize>, usize) {
    let wildcards = pattern.chars().filter(|c| matches!(c, '*' | '?')).count();
    (Reverse(pattern.chars().count() - wildcards), wildcards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_all_of_a_name() {
        for (pattern, name) in
            [("*", ""), ("*", "a"), ("s-*", "s-"), ("a*c", "abbc"), ("?", "é"), ("*b*d", "abcbd")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("?", ""), ("s-*", "s"), ("a*c", "ab"), ("a", "ab"), ("a?", "a"), ("", "a")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_hostile_pattern_costs_no_exponential_time() {
        let pattern = "a*".repeat(200) + "b";
        assert!(!matches(&pattern, &"a".repeat(2000)));
    }

    #[test]
    fn the_most_specific_entry_serves() {
        let entries = ["*", "session-*", "session-a*", "session-a?", "session-?*", "session-ab", "s?ssion-*"];
        let serving = |name| most_specific(entries.into_iter(), name);
        assert_eq!(serving("session-ab"), Some("session-ab"));
        assert_eq!(serving("session-az"), Some("session-a*"), "ties fall to the first in order");
        assert_eq!(serving("session-azz"), Some("session-a*"));
        assert_eq!(serving("session-b"), Some("session-*"), "fewer wildcards win");
        assert_eq!(serving("sxssion-b"), Some("s?ssion-*"));
        assert_eq!(serving("other"), Some("*"));
        assert_eq!(most_specific(["a*"].into_iter(), "b"), None);
    }
}
