//! Names with wildcards.

use std::cmp::Reverse;
use std::collections::HashSet;

/// Whether the name of a `[maps]` entry is a pattern: holds `*` (any text) or `?` (any one character).
pub(crate) fn is_pattern(name: &str) -> bool {
    name.contains(['*', '?'])
}

/// Whether `pattern` matches all of `name`.
///
/// Takes time in proportion to the product of the lengths at worst, never more.
fn matches(pattern: &[char], name: &[char]) -> bool {
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

/// The most literal characters first, then the fewest wildcards, then the order of bytes.
type Rank<'p> = (Reverse<usize>, usize, &'p str);

/// A pattern taken apart: its literal characters, and what may stand between them.
pub(crate) struct Shape<'p> {
    pub(crate) text: &'p str,
    /// Before, between and after the literals: how many characters at least, and whether more.
    pub(crate) gaps: Vec<(usize, bool)>,
}

impl<'p> Shape<'p> {
    pub(crate) fn of(text: &'p str) -> Self {
        let mut gaps = vec![(0, false)];
        for c in text.chars() {
            let last = gaps.len() - 1;
            match c {
                '*' => gaps[last].1 = true,
                '?' => gaps[last].0 += 1,
                _ => gaps.push((0, false)),
            }
        }
        Self { text, gaps }
    }

    pub(crate) fn literals(&self) -> String {
        self.text.chars().filter(|c| !matches!(c, '*' | '?')).collect()
    }

    /// The lower, the more specific.
    pub(crate) fn rank(&self) -> Rank<'p> {
        rank(self.text)
    }

    /// Whether every name that fits `other`, which has the same literals, fits this too.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.gaps.iter().zip(&other.gaps).all(|((least, more), (others, others_more))| {
            if *more { least <= others } else { least == others && !others_more }
        })
    }
}

fn rank(pattern: &str) -> Rank<'_> {
    let wildcards = pattern.chars().filter(|c| matches!(c, '*' | '?')).count();
    (Reverse(pattern.chars().count() - wildcards), wildcards, pattern)
}

/// Which entry of `[maps]` serves a map: the exact one, else of the patterns that fit the most specific.
///
/// Made once for many questions: an exact name costs one look-up however many entries there are,
/// any other one comparison for each pattern.
#[derive(Default)]
pub(crate) struct Entries {
    exact: HashSet<String>,
    /// The most specific first.
    patterns: Vec<(Vec<char>, String)>,
}

impl Entries {
    pub(crate) fn of<'a>(entries: impl Iterator<Item = &'a str>) -> Self {
        let (mut patterns, exact): (Vec<&str>, Vec<&str>) = entries.partition(|entry| is_pattern(entry));
        patterns.sort_by_key(|pattern| rank(pattern));
        Self {
            exact: exact.into_iter().map(str::to_owned).collect(),
            patterns: patterns.into_iter().map(|text| (text.chars().collect(), text.to_owned())).collect(),
        }
    }

    pub(crate) fn serving(&self, name: &str) -> Option<&str> {
        if let Some(entry) = self.exact.get(name) {
            return Some(entry);
        }
        if is_pattern(name) || self.patterns.is_empty() {
            return None;
        }
        let name: Vec<char> = name.chars().collect();
        self.patterns.iter().find(|(pattern, _)| matches(pattern, &name)).map(|(_, text)| text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        super::matches(&chars(pattern), &chars(name))
    }

    /// Every word of up to three letters, and every pattern that covers another by its shape.
    #[test]
    fn a_pattern_covers_another_if_and_only_if_it_fits_all_its_names() {
        let words = |signs: &[&str], most: usize| {
            let mut words = vec![String::new()];
            let mut last = words.clone();
            for _ in 0..most {
                last = last
                    .iter()
                    .flat_map(|word| signs.iter().map(move |sign| format!("{word}{sign}")))
                    .collect();
                words.extend(last.iter().cloned());
            }
            words
        };
        let (patterns, names) = (words(&["a", "b", "*", "?"], 3), words(&["a", "b", "#"], 6));
        for (one, other) in patterns.iter().flat_map(|one| patterns.iter().map(move |other| (one, other))) {
            let (shape, others) = (Shape::of(one), Shape::of(other));
            if shape.literals() == others.literals() {
                let fits = names.iter().all(|name| !matches(other, name) || matches(one, name));
                assert_eq!(shape.covers(&others), fits, "{one} {other}");
            }
        }
    }

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
        let entries = Entries::of(entries.into_iter());
        let serving = |name| entries.serving(name);
        assert_eq!(serving("session-ab"), Some("session-ab"));
        assert_eq!(serving("session-az"), Some("session-a*"), "ties fall to the first in order");
        assert_eq!(serving("session-azz"), Some("session-a*"));
        assert_eq!(serving("session-b"), Some("session-*"), "fewer wildcards win");
        assert_eq!(serving("sxssion-b"), Some("s?ssion-*"));
        assert_eq!(serving("other"), Some("*"));
        assert_eq!(Entries::of(["a*"].into_iter()).serving("b"), None);
        assert_eq!(serving("session-*"), None, "a pattern is no map");
    }
}
