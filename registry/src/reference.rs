//! The configuration's reference, as Markdown, from the same schemas that editors use.

use schemars::{Schema, schema_for};
use serde_json::Value as Json;
use trilayer_core::{ComponentKind, Descriptor, OptionProperty, Reload, Unit};

use crate::{Config, Registry};

const OPENING: &str = "\
# Configuration

<!-- Written by `trilayer docs`; change the documentation of the options, not this file. -->

A configuration is a TOML file. What it does not say has its default. A variable such as
`TRILAYER__MAPS__PLACES__ENGINE=hashmap` overrides `maps.places.engine` of the file.

| type | is written | is |
|---|---|---|
| duration | `\"1h30m\"`, `\"250ms\"`, `5400000` | text with the units w, d, h, m, s, ms from large to small, or a whole number of milliseconds |
| size | `\"64 MiB\"`, `\"1.5 GB\"`, `67108864` | text with one of B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (powers of 1024), or a whole number of bytes |
| secret | `{ env = \"NAME\" }`, `{ file = \"path\" }`, text | never shown; read from the variable, from the file, or as it is |
| component | `\"stats\"`, `{ use = \"trace\", level = \"debug\" }` | a name, or a table with `use` and that component's options |

An option that changes live takes its new value while the program runs; for the others the component
is opened anew.
";

impl Registry {
    /// The reference of a configuration that names components of this registry, as Markdown:
    /// every setting, every component, every option, and an example of each component.
    #[must_use]
    pub fn reference(&self) -> String {
        let mut text = OPENING.to_owned();
        let schema = schema_for!(Config);
        for section in OptionProperty::all(&schema) {
            text.push_str(&section_of(&section, &schema));
        }
        let headings = [
            (ComponentKind::Engine, "Engines"),
            (ComponentKind::DataStore, "Data stores"),
            (ComponentKind::Observer, "Observers"),
        ];
        for (kind, heading) in headings {
            text += &format!("\n## {heading}\n");
            for component in self.of(kind) {
                text.push_str(&self.entry(component));
            }
        }
        text
    }

    /// The smallest whole configuration that names a component, with every option that has a
    /// value to show: `trilayer docs` prints it, and it can be used as it is.
    #[must_use]
    pub fn example(&self, component: &Descriptor) -> String {
        let table = component.example();
        match component.kind() {
            ComponentKind::Engine => format!("[maps.example.engine]\n{table}"),
            ComponentKind::Observer => format!("[[maps.example.observers]]\n{table}"),
            ComponentKind::DataStore => {
                format!("[data_stores.main]\n{table}\n[maps.example]\ndata_store = \"main\"\n")
            }
        }
    }

    fn entry(&self, component: &Descriptor) -> String {
        let mut text = format!("\n### `{}`\n\n{}.\n", component.name(), component.summary());
        let options = component.options();
        if options.is_empty() {
            text.push_str("\nNo options.\n");
        } else {
            text.push_str(&table(&options));
        }
        text + &format!("\n```toml\n{}```\n", self.example(component))
    }
}

/// A table of the file: one that stands once, or one of those that have names.
fn section_of(section: &OptionProperty, root: &Schema) -> String {
    let named = section.keyword("additionalProperties").and_then(|inner| inner.get("$ref"));
    let inner = match named.and_then(Json::as_str).and_then(|path| path.strip_prefix('#')) {
        Some(pointer) => root.as_value().pointer(pointer).cloned(),
        None => section.keyword("properties").map(|_| section.to_schema()),
    };
    let name = section.name();
    let heading = if named.is_some() { format!("[{name}.NAME]") } else { format!("[{name}]") };
    let mut text = format!("\n## `{heading}`\n\n{}\n", one_line(section.description()));
    let inner =
        inner.map(|inner| with_definitions(inner, root)).and_then(|inner| Schema::try_from(inner).ok());
    let settings = inner.map(|inner| OptionProperty::all(&inner)).unwrap_or_default();
    if !settings.is_empty() {
        text.push_str(&table(&settings));
    }
    text
}

fn with_definitions(mut schema: Json, root: &Schema) -> Json {
    if let (Some(table), Some(definitions)) = (schema.as_object_mut(), root.get("$defs")) {
        table.insert("$defs".to_owned(), definitions.clone());
    }
    schema
}

fn table(options: &[OptionProperty]) -> String {
    let mut text =
        "\n| option | type | unit | default | range | live | |\n|---|---|---|---|---|---|---|\n".to_owned();
    for option in options {
        let unit = option.unit().map_or("", Unit::name);
        let live = if option.reload() == Reload::Live { "yes" } else { "" };
        let cells = [
            format!("`{}`", option.name()),
            kind(option),
            unit.to_owned(),
            default(option),
            range(option),
            live.to_owned(),
            description(option),
        ];
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}

fn kind(option: &OptionProperty) -> String {
    if option.is_secret() {
        return "secret".to_owned();
    }
    if option.component().is_some() {
        let is_list = option.types().any(|name| name == "array");
        return if is_list { "list of components" } else { "component" }.to_owned();
    }
    let choices: Vec<String> = option.choices().iter().map(|(value, _)| code(value)).collect();
    match option.unit() {
        Some(Unit::Millis) => "duration".to_owned(),
        Some(_) => "size".to_owned(),
        None if !choices.is_empty() => choices.join(", "),
        None => option.types().map(type_name).collect::<Vec<_>>().join(" or "),
    }
}

fn type_name(name: &str) -> &str {
    match name {
        "string" => "text",
        "integer" => "whole number",
        "array" => "list",
        "object" => "table",
        other => other,
    }
}

fn default(option: &OptionProperty) -> String {
    match option.default() {
        _ if option.is_required() => "**required**".to_owned(),
        Some(default) => code(&option.readable(default)),
        None => "none".to_owned(),
    }
}

fn range(option: &OptionProperty) -> String {
    let show = |bound: &Json| option.readable(bound).to_string().replace('"', "");
    match option.range() {
        (Some(least), Some(most)) => format!("{} to {}", show(least), show(most)),
        (Some(least), None) if least.as_f64() != Some(0.0) => format!("at least {}", show(least)),
        (None, Some(most)) => format!("at most {}", show(most)),
        _ => String::new(),
    }
}

fn description(option: &OptionProperty) -> String {
    let mut text = one_line(option.description());
    for (value, meaning) in option.choices().iter().filter(|(_, meaning)| !meaning.is_empty()) {
        text += &format!(" {}: {}", code(value), one_line(meaning));
    }
    text.replace('|', "\\|").trim().to_owned()
}

fn code(value: &Json) -> String {
    format!("`{}`", value.to_string().replace('|', "\\|"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
