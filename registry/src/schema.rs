//! The JSON Schema of a whole configuration, with the components of a registry.
//!
//! Made from the schemas of [`Config`] and of each component's options: what those say, it says. A
//! property whose schema holds `x-component` takes a component's name, or a table with `use`.

use schemars::{Schema, schema_for};
use serde_json::{Map, Value as Json, json};
use trilayer_core::{ComponentKind, Descriptor, OptionProperty, Unit};

use crate::{Config, Registry};

type Table = Map<String, Json>;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
const INSTANCES: &str = "data_stores";
const KINDS: [(ComponentKind, &str); 3] = [
    (ComponentKind::Engine, "engine"),
    (ComponentKind::DataStore, "data-store"),
    (ComponentKind::Observer, "observer"),
];

impl Registry {
    /// The JSON Schema (draft 2020-12) of a configuration that names components of this registry.
    ///
    /// Editors complete and check a TOML file by it. What it refuses, the program refuses; what a
    /// schema cannot say (that an instance is there, that a map is not eager and a pattern) is
    /// for [`Config::check`].
    #[must_use]
    pub fn schema(&self) -> Schema {
        let mut root = schema_for!(Config).to_value();
        let mut definitions = take_definitions(&mut root);
        definitions.remove("ComponentSpec");
        for definition in definitions.values_mut() {
            finish(definition);
        }
        finish(&mut root);
        for (kind, name) in KINDS {
            let components: Vec<&Descriptor> = self.of(kind).collect();
            for component in &components {
                definitions.insert(definition_name(component), table(component));
            }
            definitions.insert(name.to_owned(), choice(name, &components, kind == ComponentKind::DataStore));
            if kind == ComponentKind::DataStore {
                definitions.insert("data-store-instance".to_owned(), choice(name, &components, false));
            }
        }
        if let Some(instances) = root.pointer_mut(&format!("/properties/{INSTANCES}/additionalProperties")) {
            *instances = json!({ "$ref": "#/$defs/data-store-instance" });
        }
        if let Some(table) = root.as_object_mut() {
            table.insert("$schema".to_owned(), DIALECT.into());
            table.insert("title".to_owned(), "trilayer configuration".into());
            table.insert("$defs".to_owned(), Json::Object(definitions));
        }
        Schema::try_from(root).unwrap_or_default()
    }

    /// The JSON Schema of a table that makes one component: `use` and its options.
    #[must_use]
    pub fn component_schema(&self, component: &Descriptor) -> Schema {
        let whole = self.schema().to_value();
        let mut definitions = whole.get("$defs").and_then(Json::as_object).cloned().unwrap_or_default();
        let own = refer(&definition_name(component));
        let needed = reachable(&own, &definitions);
        definitions.retain(|name, _| needed.contains(name));
        let schema = json!({
            "$schema": DIALECT,
            "title": format!("trilayer {} {}", component.kind(), component.name()),
            "$ref": own["$ref"],
            "$defs": definitions,
        });
        Schema::try_from(schema).unwrap_or_default()
    }

    pub(crate) fn of(&self, kind: ComponentKind) -> impl Iterator<Item = &Descriptor> {
        self.list().map(|(component, _)| component).filter(move |component| component.kind() == kind)
    }
}

fn definition_name(component: &Descriptor) -> String {
    let kind = KINDS.iter().find(|(kind, _)| *kind == component.kind()).map_or("", |(_, name)| name);
    format!("{kind}.{}", component.name())
}

/// A component's name, or a table; of an instance's name nothing is known here.
fn choice(kind: &str, components: &[&Descriptor], any_name: bool) -> Json {
    let bare = components.iter().filter(|component| !needs_options(component));
    let (names, summaries): (Vec<&str>, Vec<&str>) =
        bare.map(|component| (component.name(), component.summary())).unzip();
    let tables = components.iter().map(|component| refer(&definition_name(component)));
    let mut alternatives: Vec<Json> = Vec::new();
    if !names.is_empty() {
        let docs = json!({ "docs": { "enumValues": summaries } });
        alternatives.push(json!({ "type": "string", "enum": names, "x-taplo": docs }));
    }
    if any_name {
        let text = "The name of an instance of [data_stores].";
        alternatives.push(json!({ "type": "string", "minLength": 1, "description": text }));
    }
    alternatives.extend(tables);
    let kind = kind.replace('-', " ");
    let or_instance =
        if any_name { "The name of an instance, else of a component" } else { "The name of a component" };
    json!({
        "description": format!("{or_instance} of kind {kind}, or a table with `use` and its options."),
        "anyOf": alternatives,
    })
}

fn needs_options(component: &Descriptor) -> bool {
    component.options().iter().any(OptionProperty::is_required)
}

fn refer(definition: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{definition}") })
}

/// The table that makes a component: its options and `use`.
fn table(component: &Descriptor) -> Json {
    let name = definition_name(component);
    let mut schema = component.schema().to_value();
    let mut own = take_definitions(&mut schema);
    relocate(&mut schema, &name);
    finish(&mut schema);
    for definition in own.values_mut() {
        relocate(definition, &name);
        finish(definition);
    }
    let mut table = schema.as_object().cloned().unwrap_or_default();
    for keyword in ["$schema", "title"] {
        table.remove(keyword);
    }
    let summary = component.summary();
    table.insert("description".to_owned(), summary.into());
    table.insert("type".to_owned(), "object".into());
    // Unknown options are refused whether or not the component's own schema says so.
    table.insert("additionalProperties".to_owned(), false.into());
    let which = json!({ "type": "string", "const": component.name(), "enum": [component.name()], "description": summary });
    if let Some(properties) = table.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
        properties.insert("use".to_owned(), which);
    }
    if let Some(required) = table.entry("required").or_insert_with(|| json!([])).as_array_mut() {
        required.insert(0, "use".into());
    }
    if !own.is_empty() {
        table.insert("$defs".to_owned(), Json::Object(own));
    }
    Json::Object(table)
}

fn take_definitions(schema: &mut Json) -> Table {
    match schema.as_object_mut().and_then(|table| table.remove("$defs")) {
        Some(Json::Object(definitions)) => definitions,
        _ => Table::new(),
    }
}

/// Makes references within a component's schema hold where that schema is a definition itself.
fn relocate(schema: &mut Json, definition: &str) {
    walk(schema, &mut |table| {
        if let Some(Json::String(target)) = table.get_mut("$ref")
            && let Some(rest) = target.strip_prefix('#')
        {
            *target = format!("#/$defs/{definition}{rest}");
        }
    });
}

/// Puts components where `x-component` stands, and says how quantities are written.
fn finish(schema: &mut Json) {
    walk(schema, &mut |table| {
        if let Some(kind) = table.get("x-component").and_then(Json::as_str).map(str::to_owned) {
            let is_list = table.get("type") == Some(&Json::from("array"));
            table.retain(|keyword, _| !matches!(keyword.as_str(), "$ref" | "anyOf" | "items"));
            match is_list {
                true => table.insert("items".to_owned(), refer(&kind)),
                false => table.insert("$ref".to_owned(), refer(&kind)["$ref"].clone()),
            };
        }
        if let Some(unit) = table.get("x-unit").and_then(Json::as_str).and_then(Unit::named) {
            say_unit(table, unit);
        }
    });
}

fn say_unit(table: &mut Table, unit: Unit) {
    let how = match unit {
        Unit::Millis => "Text with units (\"5m\", \"1h30m\", \"250ms\"), or a number of milliseconds.",
        _ => "Text with a unit (\"64 MiB\", \"1.5 GB\"), or a number of bytes.",
    };
    let said = table.get("description").and_then(Json::as_str).unwrap_or_default();
    let text = if said.is_empty() { how.to_owned() } else { format!("{said}\n\n{how}") };
    table.insert("description".to_owned(), text.into());
}

/// Visits every table of a schema, outer ones first.
fn walk(schema: &mut Json, visit: &mut impl FnMut(&mut Table)) {
    match schema {
        Json::Object(table) => {
            visit(table);
            for (keyword, inner) in table {
                match (keyword.as_str(), inner) {
                    // Data, however much it looks like a schema.
                    ("default" | "examples" | "enum" | "const" | "required", _) => {}
                    ("properties" | "$defs", Json::Object(named)) => {
                        named.values_mut().for_each(|schema| walk(schema, visit));
                    }
                    (_, inner) => walk(inner, visit),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|schema| walk(schema, visit)),
        _ => {}
    }
}

/// The definitions a schema needs, however far away.
fn reachable(from: &Json, definitions: &Table) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = vec![from.clone()];
    while let Some(mut schema) = open.pop() {
        walk(&mut schema, &mut |table| {
            let target =
                table.get("$ref").and_then(Json::as_str).and_then(|path| path.strip_prefix("#/$defs/"));
            let name = target.and_then(|path| path.split('/').next()).map(str::to_owned);
            if let Some(name) = name.filter(|name| !found.contains(name)) {
                open.extend(definitions.get(&name).cloned());
                found.push(name);
            }
        });
    }
    found
}
