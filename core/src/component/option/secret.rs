//! Passwords, tokens and keys.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use zeroize::Zeroizing;

use crate::Context;

/// What stands for text that is not shown.
const REDACTED: &str = "[redacted]";

/// Files are read up to this; a secret is a line, or a few keys.
const MAX_BYTES: u64 = 64 << 10;

/// An option that no output shows: a password, a token, a key.
///
/// Written as `{ file = "path" }` or `{ env = "NAME" }`, or as text. A file's path is relative to
/// the configuration file's folder, and one line end after its content is not part of it. Text
/// stands in the configuration itself, which keeps its own copy of it: files and variables do
/// without.
///
/// Shown redacted by `Debug`, `Display` and serde; where a file or variable is named, that name is
/// shown. What was written out redacted is refused when it is read again. [`read`](Self::read)
/// fetches it when the component is made, and again when it is made anew.
///
/// ```
/// use trilayer_core::{Context, Secret};
///
/// let password: Secret = serde_json::from_str(r#""hush""#)?;
/// assert_eq!(password.to_string(), "[redacted]");
/// assert_eq!(password.read(&Context::new()).unwrap().expose(), "hush");
///
/// let missing: Secret = serde_json::from_str(r#"{ "env": "NO_SUCH_VARIABLE" }"#)?;
/// let refusal = missing.read(&Context::new()).unwrap_err().to_string();
/// assert_eq!(refusal, r#"the environment variable "NO_SUCH_VARIABLE" is not set: it should hold the secret"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Source);

#[derive(Clone, PartialEq, Eq)]
enum Source {
    Text(Zeroizing<String>),
    File(PathBuf),
    Env(String),
}

/// A secret's text, wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Zeroizing<String>);

/// Why a secret could not be read. Never holds any of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// Its file cannot be read.
    #[error("cannot read the secret from file {}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its environment variable is not set.
    #[error("the environment variable {name:?} is not set: it should hold the secret")]
    NotSet {
        /// The variable.
        name: String,
    },
    /// What was found is not text.
    #[error("the secret in {place} is not UTF-8 text")]
    NotText {
        /// The file or variable.
        place: String,
    },
    /// What was found is more than a secret can be.
    #[error("the secret in file {} has more than {MAX_BYTES} bytes: is it the right file?", .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
}

impl Secret {
    /// A secret that is this text.
    pub fn text(text: impl Into<String>) -> Self {
        Self(Source::Text(Zeroizing::new(text.into())))
    }

    /// A secret in a file.
    pub fn in_file(path: impl Into<PathBuf>) -> Self {
        Self(Source::File(path.into()))
    }

    /// A secret in an environment variable.
    pub fn in_env(name: impl Into<String>) -> Self {
        Self(Source::Env(name.into()))
    }

    /// Fetches it from where it is.
    ///
    /// # Errors
    /// When its file cannot be read or has more than 64 KiB, its variable is not set, or either is
    /// not UTF-8.
    pub fn read(&self, context: &Context) -> Result<SecretText, SecretError> {
        match &self.0 {
            Source::Text(text) => Ok(SecretText(text.clone())),
            Source::File(path) => read_file(&context.resolve(path)),
            Source::Env(name) => read_variable(name),
        }
    }

    fn place(&self) -> Cow<'_, str> {
        match &self.0 {
            Source::Text(_) => REDACTED.into(),
            Source::File(path) => format!("file {}", path.display()).into(),
            Source::Env(name) => format!("environment variable {name}").into(),
        }
    }
}

fn read_file(path: &Path) -> Result<SecretText, SecretError> {
    use std::io::Read as _;
    let unreadable = |source| SecretError::File { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SecretError::TooLong { path: path.to_owned() });
    }
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|_| SecretError::NotText { place: format!("file {}", path.display()) })?;
    let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(SecretText(Zeroizing::new(line.to_owned())))
}

fn read_variable(name: &str) -> Result<SecretText, SecretError> {
    // Asking the system for such a name is an error on some platforms and a panic on none.
    let value = if name.is_empty() || name.contains(['=', '\0']) { None } else { std::env::var_os(name) };
    let value = value.ok_or_else(|| SecretError::NotSet { name: name.to_owned() })?;
    let text = value
        .into_string()
        .map_err(|_| SecretError::NotText { place: format!("environment variable {name:?}") })?;
    Ok(SecretText(Zeroizing::new(text)))
}

impl SecretText {
    /// The text. Keep it no longer than needed, and out of messages.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretText({REDACTED})")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.place())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, value) = match &self.0 {
            Source::Text(_) => return serializer.serialize_str(REDACTED),
            Source::File(path) => ("file", path.to_string_lossy()),
            Source::Env(name) => ("env", Cow::Borrowed(name.as_str())),
        };
        let mut table = serializer.serialize_map(Some(1))?;
        table.serialize_entry(key, &value)?;
        table.end()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

const EXPECTED: &str = "a secret: { file = \"path\" }, { env = \"NAME\" }, or text";

/// What is found is not repeated in any message: serde's own would.
impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Secret, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Secret, E> {
        if text == REDACTED {
            return Err(E::custom("this is where a secret was left out when the configuration was shown"));
        }
        Ok(Secret::text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Secret, A::Error> {
        let wrong = || A::Error::custom(format!("expected {EXPECTED}"));
        let Some(key) = table.next_key::<String>()? else { return Err(wrong()) };
        let secret = match key.as_str() {
            "file" => table.next_value::<String>().map(Secret::in_file),
            "env" => table.next_value::<String>().map(Secret::in_env),
            _ => return Err(wrong()),
        };
        let secret = secret.map_err(|_| wrong())?;
        match table.next_entry::<IgnoredAny, IgnoredAny>()? {
            None => Ok(secret),
            Some(_) => Err(wrong()),
        }
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Secret, E> {
        Err(E::custom(format!("expected {EXPECTED}, found a boolean")))
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom(format!("expected {EXPECTED}, found a number: put it in quotes")))
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Secret, E> {
        self.visit_i64(0)
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Secret, E> {
        self.visit_i64(0)
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "object"],
            "writeOnly": true,
            "properties": {
                "file": { "type": "string", "description": "The file that holds it, relative to the configuration file's folder." },
                "env": { "type": "string", "description": "The environment variable that holds it." },
            },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
            "examples": [{ "env": "PASSWORD" }, { "file": "secrets/password" }],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const CANARY: &str = "correct-horse";

    fn read(value: serde_json::Value) -> Result<Secret, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn no_way_to_show_a_secret_shows_it() {
        let secret = read(json!(CANARY)).expect("text");
        let text = secret.read(&Context::new()).expect("there");
        let shown =
            format!("{secret} {secret:?} {text:?} {}", serde_json::to_string(&secret).expect("plain"));
        assert!(!shown.contains(CANARY), "{shown}");
        assert_eq!(text.expose(), CANARY);
    }

    #[test]
    fn a_refusal_does_not_repeat_what_it_refuses() {
        for wrong in [
            json!([CANARY]),
            json!({ "file": [CANARY] }),
            json!({ "file": CANARY, "env": CANARY }),
            json!({ "env": "A", (CANARY): 1 }),
            json!({ (CANARY): "x" }),
            json!({}),
            json!(8_675_309),
            json!(true),
            json!(null),
        ] {
            let refusal = read(wrong.clone()).expect_err("no secret");
            assert!(refusal.contains("a secret: { file = \"path\" }"), "{wrong}: {refusal}");
            assert!(!refusal.contains(CANARY) && !refusal.contains("8675309"), "{refusal}");
        }
    }

    /// Else a configuration that was shown and pasted back would log in as "[redacted]".
    #[test]
    fn what_was_written_redacted_is_refused() {
        let written = serde_json::to_value(Secret::text(CANARY)).expect("plain");
        assert!(read(written).expect_err("no secret").contains("left out"));
        for kept in [Secret::in_file("a/b"), Secret::in_env("NAME")] {
            assert_eq!(read(serde_json::to_value(&kept).expect("plain")), Ok(kept));
        }
    }

    #[test]
    fn a_file_is_found_from_the_configurations_folder_and_read_without_its_line_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let context = Context::new().with_base_dir(folder.path());
        for (content, secret) in [("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a "), ("", "")] {
            std::fs::write(folder.path().join("key"), content).expect("written");
            assert_eq!(Secret::in_file("key").read(&context).expect("there").expose(), secret);
        }
        std::fs::write(folder.path().join("key"), [0xff, 0xfe]).expect("written");
        let refusal = Secret::in_file("key").read(&context).expect_err("no text").to_string();
        assert!(refusal.ends_with("is not UTF-8 text"), "{refusal}");
        std::fs::write(folder.path().join("key"), vec![b'a'; (64 << 10) + 1]).expect("written");
        let refusal = Secret::in_file("key").read(&context).expect_err("too long").to_string();
        assert!(refusal.ends_with("is it the right file?"), "{refusal}");
        let refusal = Secret::in_file("none").read(&context).expect_err("not there").to_string();
        assert!(refusal.ends_with("none"), "{refusal}");
    }

    #[test]
    fn a_variable_is_read_when_it_is_asked_for() {
        let context = Context::new();
        let secret = Secret::in_env("CARGO_PKG_NAME").read(&context).expect("set by cargo");
        assert_eq!(secret.expose(), "trilayer-core");
        for name in ["", "A=B", "NUL\0", "NO_SUCH_VARIABLE"] {
            assert!(
                matches!(Secret::in_env(name).read(&context), Err(SecretError::NotSet { .. })),
                "{name:?}"
            );
        }
    }
}
