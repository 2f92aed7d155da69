//! Names as people type them: which were meant, which there are.

/// The names there are, sorted and quoted, for a message.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("{name:?}")).collect();
    names.sort();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The name that was probably meant: the same but for case and `-` or `_`, at most two edits away,
/// or else alike enough by Jaro-Winkler.
pub(crate) fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    if typed.len() > LONGEST_COMPARED {
        return None;
    }
    let folded = fold(typed);
    let near = |name: &'a str| {
        if fold(name) == folded {
            return Some((0, name));
        }
        let edits = strsim::damerau_levenshtein(typed, name);
        // As many edits as the name has letters turn anything into it: those say nothing.
        let few = edits <= 2 && edits < name.chars().count();
        (few || strsim::jaro_winkler(&folded, &fold(name)) >= 0.85).then_some((edits, name))
    };
    let candidates = names.into_iter().filter(|name| name.len() <= LONGEST_COMPARED);
    candidates.filter_map(near).min().map(|(_, name)| name.to_owned())
}

fn fold(name: &str) -> String {
    name.to_lowercase().replace('-', "_")
}

/// Comparing takes time in proportion to the product of the lengths.
const LONGEST_COMPARED: usize = 256;

/// `; did you mean …?`, or nothing.
pub(crate) fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {name:?}?"))
}

/// Whether a name is lower-kebab: letters, digits and single hyphens, opening with a letter.
pub(crate) fn is_lower_kebab(name: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.bytes().all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9'));
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.split('-').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_meant_is_found_or_none_is_guessed() {
        assert_eq!(nearest("hashmpa", ["hashmap", "btree"]), Some("hashmap".to_owned()));
        assert_eq!(nearest("btre", ["hashmap", "btree"]), Some("btree".to_owned()));
        assert_eq!(nearest("u", ["use"]), Some("use".to_owned()), "two edits away");
        assert_eq!(nearest("Write_Behind", ["write-behind"]), Some("write-behind".to_owned()));
        assert_eq!(nearest("x", ["hashmap", "btree", "a"]), None);
        assert_eq!(nearest(&"a".repeat(1 << 20), ["hashmap"]), None);
    }

    #[test]
    fn names_are_lower_kebab() {
        for good in ["a", "hashmap", "write-behind", "s3", "a-1"] {
            assert!(is_lower_kebab(good), "{good}");
        }
        for bad in ["", "A", "a_b", "a--b", "-a", "a-", "1a", "a b", "é"] {
            assert!(!is_lower_kebab(bad), "{bad}");
        }
    }
}
