//! Components with options of every kind, which nobody ever makes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::Value as Json;
use trilayer_core::{Context, Descriptor, Origin};
use trilayer_registry::Registry;

/// Text that is not to be seen.
#[derive(Deserialize)]
#[expect(dead_code, reason = "read by serde")]
struct Secret(String);

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "writeOnly": true })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Btree {
    /// Keys in a node.
    #[schemars(range(min = 2, max = 64))]
    fanout: u8,
    ordered: bool,
}

impl Default for Btree {
    fn default() -> Self {
        Self { fanout: 16, ordered: true }
    }
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read by serde")]
struct Sharded {
    /// How many shards there are.
    /// Not to be changed later.
    shards: u32,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Sync {
    /// With each change.
    #[default]
    Always,
    OnClose,
    Never,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by serde")]
struct Retry {
    #[schemars(range(min = 1))]
    attempts: u32,
    #[serde(default)]
    factor: f64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "read by serde")]
enum Mode {
    Number(u16),
    Name(String),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by serde")]
struct File {
    /// The file.
    path: String,
    #[serde(default)]
    token: Option<Secret>,
    #[serde(default)]
    sync: Sync,
    #[serde(default)]
    retry: Option<Retry>,
    #[serde(default)]
    #[schemars(length(max = 3))]
    tags: Vec<String>,
    #[serde(default)]
    mode: Option<Mode>,
    #[serde(default)]
    #[schemars(length(max = 8))]
    label: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by serde")]
struct Wrap {
    inner: Json,
    #[serde(default)]
    delay_millis: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// For everybody.
    Info,
    Debug,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by serde")]
struct Trace {
    #[serde(default)]
    level: Option<Level>,
}

/// Digits only, which a schema cannot say.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[expect(dead_code, reason = "read by serde")]
struct Digits(String);

impl TryFrom<String> for Digits {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.bytes().all(|c| c.is_ascii_digit()) {
            Ok(Self(text))
        } else {
            Err(format!("{text:?} is not all digits"))
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read by serde")]
struct Count {
    #[serde(default)]
    from: Option<Digits>,
    #[serde(default)]
    #[schemars(extend("writeOnly" = true))]
    pin: Option<Digits>,
}

/// Builtins and engines `btree`, `sharded`; data stores `file`, `wrap`; observers `trace`, `count`.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::with_builtin();
    let components = vec![
        Descriptor::engine("btree", "", |_: &Context, _: Btree| unreachable!()),
        Descriptor::engine("sharded", "", |_: &Context, _: Sharded| unreachable!()),
        Descriptor::data_store("file", "", |_: Context, _: File| async { unreachable!() }),
        Descriptor::data_store("wrap", "", |_: Context, _: Wrap| async { unreachable!() }),
        Descriptor::observer("trace", "", |_: &Context, _: Trace| unreachable!()),
        Descriptor::observer("count", "", |_: &Context, _: Count| unreachable!()),
    ];
    let program = |descriptor| (descriptor, Origin::Program("the tests".to_owned()));
    registry.register_all(components.into_iter().map(program).collect()).unwrap();
    registry
}
