//! What a configuration of a component looks like, from the schema of its options.

use serde_json::Value as Json;
use toml_writer::{ToTomlKey as _, ToTomlValue as _, TomlStringBuilder};

use super::{Descriptor, OptionProperty};

impl Descriptor {
    /// A table of a configuration that makes this component: `use`, every option that has a value to
    /// show, each under its documentation. What may be left out and has no default is a
    /// comment.
    ///
    /// Values are defaults, else the schema's `examples`. An option that must be given and has
    /// neither is left out, so give such an option an example:
    /// `#[schemars(example = &"data.redb")]`.
    ///
    /// ```
    /// use trilayer_core::builtin;
    ///
    /// assert_eq!(builtin()[0].example(), "# Hash table in memory; the default engine\nuse = \"hashmap\"\n");
    /// ```
    #[must_use]
    pub fn example(&self) -> String {
        let mut text = comment(self.summary());
        line(&mut text, "", "use", &Json::from(self.name()));
        let (given, optional): (Vec<_>, Vec<_>) =
            self.options().into_iter().partition(OptionProperty::is_required);
        for option in given.iter().chain(&optional) {
            let Some(value) = option.example() else { continue };
            text.push('\n');
            text.push_str(&comment(option.description()));
            let hidden = !option.is_required() && option.default().is_none();
            line(&mut text, if hidden { "# " } else { "" }, option.name(), &value);
        }
        text
    }
}

fn comment(text: &str) -> String {
    let line = |line: &str| format!("# {line}").trim_end().to_owned() + "\n";
    text.lines().map(line).collect()
}

fn line(text: &mut String, before: &str, key: &str, value: &Json) {
    *text += &format!("{before}{} = {}\n", key.to_toml_key(), toml_value(value));
}

/// JSON as an inline TOML value; null, which TOML has not, as an empty table.
fn toml_value(value: &Json) -> String {
    match value {
        Json::Null => "{}".to_owned(),
        Json::Bool(flag) => flag.to_toml_value(),
        Json::Number(number) => number.to_string(),
        // On one line, since the line may be a comment.
        Json::String(text) => TomlStringBuilder::new(text).as_basic().to_toml_value(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(toml_value).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(table) => {
            let entry =
                |(key, value): (&String, &Json)| format!("{} = {}", key.to_toml_key(), toml_value(value));
            let entries: Vec<String> = table.iter().map(entry).collect();
            if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use crate::{
        ByteSize, Context, Descriptor, HashMapStorage, Millis, OptionProperty, Reload, Secret, Unit,
    };

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        /// Soon.
        #[default]
        Fast,
        /// Later.
        #[serde(rename = "very slow")]
        Slow,
    }

    /// Options of every sort.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read by serde")]
    struct Sorts {
        /// Where it is.
        #[schemars(example = &"a \"b\"\n\u{7f}")]
        place: String,
        /// How it goes.
        #[serde(default)]
        mode: Mode,
        /// Waits.
        ///
        /// And waits.
        #[serde(default = "five_minutes")]
        #[schemars(range(min = 1_000, max = 600_000), extend("x-reload" = "live"))]
        delay_millis: Millis,
        #[serde(default)]
        room_bytes: Option<ByteSize>,
        /// Lets in.
        #[serde(default)]
        password: Option<Secret>,
        #[serde(default)]
        unknown: Option<u32>,
    }

    fn five_minutes() -> Millis {
        Millis(300_000)
    }

    fn sorts() -> Descriptor {
        Descriptor::engine("sorts", "All sorts", |_: &Context, _: Sorts| Ok(Box::new(HashMapStorage::new())))
    }

    fn option(name: &str) -> OptionProperty {
        sorts().options().into_iter().find(|option| option.name() == name).expect("there")
    }

    #[test]
    fn an_example_shows_every_option_under_its_documentation() {
        let expected = "# All sorts\nuse = \"sorts\"\n\n# Where it is.\nplace = \"a \\\"b\\\"\\n\\u007F\"\n\n\
            # How it goes.\nmode = \"fast\"\n\n# Waits.\n#\n# And waits.\ndelay_millis = \"5m\"\n\n\
            # room_bytes = \"64 MiB\"\n\n# Lets in.\n# password = { env = \"PASSWORD\" }\n\n# unknown = 0\n";
        let example = sorts().example();
        let sorted = |text: &str| {
            let mut parts: Vec<String> = text.split("\n\n").map(|part| part.trim().to_owned()).collect();
            parts[1..].sort();
            parts
        };
        assert_eq!(sorted(&example), sorted(expected), "{example}");
        assert!(example.starts_with("# All sorts\nuse = \"sorts\"\n\n# Where it is."), "{example}");
    }

    #[test]
    fn the_schema_tells_unit_secrecy_range_choices_and_what_changes_live() {
        let delay = option("delay_millis");
        assert_eq!((delay.unit(), delay.reload()), (Some(Unit::Millis), Reload::Live));
        assert_eq!(delay.range(), (Some(&json!(1_000)), Some(&json!(600_000))));
        assert_eq!(option("room_bytes").unit(), Some(Unit::Bytes), "an absent one too");
        assert!(option("password").is_secret() && !option("place").is_secret());
        assert_eq!((option("place").reload(), option("place").is_required()), (Reload::Reopen, true));
        assert_eq!(option("mode").choices(), [(&json!("fast"), "Soon."), (&json!("very slow"), "Later.")]);
    }

    /// Else "1d" passes where 86400000 does not.
    #[test]
    fn text_with_units_is_held_to_the_range_of_its_schema() {
        let refusal = |delay: serde_json::Value| {
            let made = sorts()
                .create_engine(&Context::new(), json!({ "place": "x", "delay_millis": delay.clone() }));
            made.err().map(|error| error.to_string())
        };
        let told = |problem: &str| Some(format!("the options of engine \"sorts\" are not right: {problem}"));
        assert_eq!(refusal(json!("10m")), None);
        assert_eq!(refusal(json!(1_000)), None);
        assert_eq!(refusal(json!("1d")), told("delay_millis must be at most \"10m\""));
        assert_eq!(refusal(json!(999)), told("delay_millis must be at least \"1s\""));
        let unit = refusal(json!("5 min")).expect("refused");
        assert!(unit.contains("unknown unit \"min\""), "{unit}");
    }
}
