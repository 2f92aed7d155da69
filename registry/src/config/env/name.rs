//! The names of environment variables, and the places they stand for.

use figment::value::{Dict, Value};

use super::super::{KeyPath, Problem, ProblemCode};
use super::{PREFIX, SEPARATOR};
use crate::names::{list, nearest};

const MAX_DEPTH: usize = 16;
const MAX_NAME_BYTES: usize = 1024;

/// Opens the two hexadecimal digits of a byte that a variable's name cannot hold, or that is an
/// upper-case letter: `A_X2DB` is `a-b`, `_X41` is `A`.
const ESCAPE: &str = "_x";

/// The place a variable stands for, spelled as the file does where it has it.
pub(super) fn place(name: &str, file: &Dict) -> Result<KeyPath, Box<Problem>> {
    let refuse = |message: String, help: &str| {
        Box::new(Problem::from_variable(ProblemCode::UnreadableVariable, name, message).help(help))
    };
    if name.len() > MAX_NAME_BYTES {
        return Err(refuse(format!("the name is longer than {MAX_NAME_BYTES} bytes"), "use a file"));
    }
    let segments: Vec<String> = name[PREFIX.len()..].split(SEPARATOR).map(str::to_lowercase).collect();
    if segments.len() > MAX_DEPTH {
        return Err(refuse(format!("the name has more than {MAX_DEPTH} parts"), "use a file"));
    }
    if segments.iter().any(String::is_empty) {
        let message = format!("a part of the name between {SEPARATOR:?} is empty");
        return Err(refuse(message, "write one name between each two; `_` itself may be written _X5F"));
    }
    let (mut here, mut path) = (Some(file), KeyPath::default());
    for segment in &segments {
        let key = match spelling(segment, here) {
            Ok(key) => key,
            Err(Mistake::NotUtf8) => {
                return Err(refuse(
                    format!("{segment:?} is no text with its _X escapes put in"),
                    "escape the bytes of UTF-8",
                ));
            }
            Err(Mistake::Ambiguous(keys)) => return Err(Box::new(ambiguous(name, &keys, &path))),
        };
        here = match here.and_then(|table| table.get(&key)) {
            Some(Value::Dict(_, table)) => Some(table),
            _ => None,
        };
        path = path.key(&key);
    }
    Ok(path)
}

enum Mistake {
    NotUtf8,
    Ambiguous(Vec<String>),
}

fn ambiguous(name: &str, keys: &[String], around: &KeyPath) -> Problem {
    let names = list(keys.iter().map(String::as_str));
    let message = format!("could mean any of {names}");
    let exact: Vec<String> = keys.iter().map(|key| exactly(key)).collect();
    let help = format!(
        "write it exactly, with each byte that is no lower-case letter as _X and two digits: {}",
        exact.join(", ")
    );
    Problem::from_variable(ProblemCode::AmbiguousVariable, name, message).path(around).help(help)
}

/// The key that is the segment to the letter, else what its escapes stand for, else the only key that is
/// alike but for case and hyphens, else the segment.
fn spelling(segment: &str, table: Option<&Dict>) -> Result<String, Mistake> {
    if table.is_some_and(|table| table.contains_key(segment)) {
        return Ok(segment.to_owned());
    }
    if let Some(unescaped) = unescape(segment) {
        return unescaped.ok_or(Mistake::NotUtf8);
    }
    let alike = |key: &&String| key.to_lowercase().replace('-', "_") == *segment;
    let mut keys: Vec<String> =
        table.into_iter().flat_map(|table| table.keys().filter(alike).cloned()).collect();
    match (keys.pop(), keys.is_empty()) {
        (Some(last), false) => {
            keys.push(last);
            Err(Mistake::Ambiguous(keys))
        }
        (only, _) => Ok(only.unwrap_or_else(|| segment.to_owned())),
    }
}

/// The text with its escapes put in; `None` if there are none, `Some(None)` if that is no UTF-8.
fn unescape(segment: &str) -> Option<Option<String>> {
    let (mut bytes, mut rest, mut escaped) = (Vec::new(), segment, false);
    while let Some(at) = rest.find(ESCAPE) {
        let (before, after) = (&rest[..at], &rest[at + ESCAPE.len()..]);
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        bytes.extend_from_slice(before.as_bytes());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                escaped = true;
                rest = &after[2..];
            }
            None => {
                bytes.extend_from_slice(ESCAPE.as_bytes());
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    escaped.then(|| String::from_utf8(bytes).ok())
}

/// A key as part of a variable's name: upper case, `-` as `_`, anything else escaped.
pub(in crate::config) fn spelled(key: &str) -> String {
    let plain = key
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'));
    let clear =
        !key.contains("__") && !key.starts_with('_') && !key.ends_with('_') && unescape(key).is_none();
    if plain && clear { key.to_uppercase().replace('-', "_") } else { exactly(key) }
}

/// As [`spelled`], but to the letter.
fn exactly(key: &str) -> String {
    let sign = |byte: u8| match byte {
        b'a'..=b'z' | b'0'..=b'9' => char::from(byte.to_ascii_uppercase()).to_string(),
        other => format!("_X{other:02X}"),
    };
    key.bytes().map(sign).collect()
}

/// A variable sets something in a map or data store that nothing else speaks of.
pub(super) fn stranger(variable: &str, table: &str, name: &str, entries: &Dict) -> Problem {
    let what = if table == "maps" { "map" } else { "data store" };
    let message = format!("matches nothing: no {what} {name:?} is configured");
    let problem = Problem::from_variable(ProblemCode::UnmatchedVariable, variable, message);
    let problem = problem.known(name, entries.keys().map(String::as_str));
    let prefix = format!("{PREFIX}{}", spelled(table));
    let rest = variable.split(SEPARATOR).skip(3).collect::<Vec<_>>().join(SEPARATOR);
    match &problem.nearest {
        Some(nearest) => {
            let help = format!("the variable would be {prefix}__{}__{rest}", spelled(nearest));
            problem.help(help)
        }
        None => problem.help(format!("to add it, set {prefix}__{} to a table, {{}} at least", spelled(name))),
    }
}

/// A variable that was meant for trilayer but will not be read: its prefix is misspelt.
pub(in crate::config) fn mistaken(name: &str) -> Option<Problem> {
    const TABLES: [&str; 2] = ["MAPS", "DATA_STORES"];
    let upper = name.get(..name.len().min(64))?.to_uppercase();
    let single = TABLES.iter().any(|table| upper.starts_with(&format!("TRILAYER_{table}_")));
    let misspelt = || {
        let mut parts = upper.split(SEPARATOR);
        let (first, second) = (parts.next()?, parts.next()?);
        (first != "TRILAYER" && TABLES.contains(&second) && nearest(first, ["TRILAYER"]).is_some())
            .then_some(())
    };
    if !single && misspelt().is_none() {
        return None;
    }
    let message = format!("matches nothing: variables for trilayer open with {PREFIX:?}");
    let help = format!("a map's setting is {PREFIX}MAPS__NAME__SETTING");
    Some(Problem::from_variable(ProblemCode::UnmatchedVariable, name, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_can_be_spelled() {
        let names = [
            "city-map",
            "Größe.b",
            "a__b",
            "_a",
            "a_x2d",
            "session-*",
            "A",
            "a b",
            "0",
            "\u{1f980}",
            "x_",
            "-",
        ];
        for name in names {
            for spelling_of in [spelled(name), exactly(name)] {
                assert!(
                    spelling_of.bytes().all(|c| matches!(c, b'A'..=b'Z' | b'0'..=b'9' | b'_')),
                    "{spelling_of}"
                );
                let table: Dict = names.iter().map(|name| ((*name).to_owned(), Value::from(1))).collect();
                let path = place(&format!("{PREFIX}{spelling_of}"), &table).unwrap_or_else(|p| panic!("{p}"));
                assert_eq!(path.last_key(), Some(name), "{spelling_of}");
            }
        }
    }

    #[test]
    fn what_is_no_escape_stays_as_it_is() {
        assert_eq!(unescape("box_xl"), None);
        assert_eq!(unescape("a_x2"), None);
        assert_eq!(unescape("a_x2db"), Some(Some("a-b".to_owned())));
        assert_eq!(unescape("a_xff"), Some(None));
    }
}
