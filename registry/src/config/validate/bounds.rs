//! Bounds of numbers and lengths.

use serde_json::Value as Json;

/// The least and the most a number may be, both allowed.
pub(super) struct Bounds {
    least: Option<Json>,
    most: Option<Json>,
}

impl Bounds {
    pub(super) fn new(least: Option<Json>, most: Option<Json>) -> Self {
        Self { least, most }
    }

    /// The bounds a schema sets, by keyword or by its format; `None` if it sets none.
    pub(super) fn of(schema: &Json) -> Option<Self> {
        let format = schema.get("format").and_then(Json::as_str).and_then(of_format);
        let bound = |key: &str, of_format: Option<Json>| schema.get(key).cloned().or(of_format);
        let least = bound("minimum", format.as_ref().map(|(least, _)| least.clone()));
        let most = bound("maximum", format.map(|(_, most)| most));
        (least.is_some() || most.is_some()).then_some(Self { least, most })
    }

    /// `a whole number from 1 to 16`.
    pub(super) fn words(&self, what: &str, unit: &str) -> String {
        let text = match (&self.least, &self.most) {
            (Some(least), Some(most)) => format!("{what} from {} to {}", plain(least), plain(most)),
            (Some(least), None) => format!("{what}, at least {}", plain(least)),
            (None, Some(most)) => format!("{what}, at most {}", plain(most)),
            (None, None) => what.to_owned(),
        };
        format!("{text} {unit}").trim_end().to_owned()
    }

    fn hold(&self, value: &Json) -> bool {
        let above = self.least.as_ref().is_none_or(|least| !less(value, least));
        above && self.most.as_ref().is_none_or(|most| !less(most, value))
    }
}

/// `1.0` is how schemars may write a whole bound.
fn plain(bound: &Json) -> String {
    match bound.as_f64() {
        Some(number) if bound.is_f64() && number.fract() == 0.0 => format!("{number:.0}"),
        _ => bound.to_string(),
    }
}

fn less(a: &Json, b: &Json) -> bool {
    let whole = |value: &Json| value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a < b,
        _ => a.as_f64().zip(b.as_f64()).is_some_and(|(a, b)| a < b),
    }
}

fn of_format(format: &str) -> Option<(Json, Json)> {
    Some(match format {
        "uint8" => (0.into(), u8::MAX.into()),
        "uint16" => (0.into(), u16::MAX.into()),
        "uint32" => (0.into(), u32::MAX.into()),
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        _ => return None,
    })
}

/// What was expected of a value beyond its schema's bounds; `None` if it keeps to them.
pub(super) fn beyond(schema: &Json, value: &Json) -> Option<String> {
    match value {
        Json::Number(_) => number(schema, value),
        Json::String(text) => {
            let bounds = Bounds::new(schema.get("minLength").cloned(), schema.get("maxLength").cloned());
            let length = Json::from(text.chars().count());
            (!bounds.hold(&length)).then(|| bounds.words("text", "characters"))
        }
        _ => None,
    }
}

fn number(schema: &Json, value: &Json) -> Option<String> {
    let what = if schema.get("type") == Some(&Json::from("number")) { "a number" } else { "a whole number" };
    if let Some(bounds) = Bounds::of(schema)
        && !bounds.hold(value)
    {
        return Some(bounds.words(what, ""));
    }
    let bound = |key: &str| schema.get(key);
    match (bound("exclusiveMinimum"), bound("exclusiveMaximum")) {
        (Some(least), _) if !less(least, value) => Some(format!("{what} above {}", plain(least))),
        (_, Some(most)) if !less(value, most) => Some(format!("{what} below {}", plain(most))),
        _ => None,
    }
}
