//! `graph`: which map is made of what, from names that may be anything.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::rig::Rig;

const WHOLE: &str = r#"
[data_stores.main]
use = "redb"
path = "the-path-is-not-shown"

[data_stores.spare]
use = "null"

[maps.users]
data_store = "main"
observers = ["stats", { use = "trace", level = "debug" }]

[maps."session-*"]
data_store = "main"

[maps.cache]
"#;

/// Names that DOT, a terminal or a reader could take for something else.
const HOSTILE: &str = r#"
[maps."a \"b\" \\ -> c; } &amp; <b> é"]
[maps."\u202e"]
[maps."digraph { node [x=y] }"]
"#;

#[test]
fn a_tree_shows_what_each_map_is_made_of() {
    let tree = Rig::with_config(WHOLE).run(&["graph"]).done().out;
    let expected = "\
maps
├── cache
│   ├── engine: hashmap
│   └── data store: null
├── session-* (pattern)
│   ├── engine: hashmap
│   └── data store: main (instance)
└── users
    ├── engine: hashmap
    ├── data store: main (instance)
    ├── observer: stats
    └── observer: trace
data store instances
├── main: redb (used by session-*, users)
└── spare: null (unused)
";
    assert_eq!(tree, expected);
}

#[test]
fn a_shared_data_store_is_drawn_once() {
    let dot = Rig::with_config(WHOLE).run(&["graph", "--format", "dot"]).done().out;
    assert_eq!(dot.matches("[label=\"main\\nredb\"").count(), 1, "{dot}");
    assert_eq!(dot.matches("-> store0 ").count(), 2, "{dot}");
    assert!(!dot.contains("not-shown"), "{dot}");
    check_dot(&dot);
}

#[test]
fn hostile_names_stay_names() {
    let rig = Rig::with_config(HOSTILE);
    let dot = rig.run(&["graph", "--format", "dot"]).done().out;
    check_dot(&dot);
    assert_eq!(dot.matches("shape=box").count(), 3, "{dot}");
    let shown = r#"[label="a \"b\" \\ -> c; } &amp;amp; <b> é""#;
    assert!(dot.contains(shown), "{dot}");
    let tree = rig.run(&["graph"]).done().out;
    assert!(!tree.chars().any(|c| c.is_control() && c != '\n'), "{tree:?}");
    assert!(tree.contains(r#""\u{202e}""#), "{tree}");
}

#[test]
fn it_opens_nothing_and_refuses_what_cannot_be_opened() {
    let rig = Rig::with_config(WHOLE);
    let parts = rig.run(&["graph", "--json"]).done().json();
    assert_eq!(parts["instances"][0]["used_by"], serde_json::json!(["session-*", "users"]));
    assert!(!rig.path("the-path-is-not-shown").exists());
    rig.write("trilayer.toml", "[maps.a]\nengine = \"hashmpa\"");
    rig.run(&["graph"]).failed(78, &["hashmap"]);
}

/// By Graphviz where it is installed, and by its grammar of strings everywhere.
fn check_dot(dot: &str) {
    let outside = outside_strings(dot);
    assert!(!outside.contains(['\\', '&']), "{outside}");
    assert_eq!((outside.matches('{').count(), outside.matches('}').count()), (1, 1), "{outside}");
    for line in outside.lines().skip(2).filter(|line| line.starts_with("  ")) {
        assert!(line.ends_with("];") && line.contains(" [label=\"\""), "{line}");
    }
    let child = Command::new("dot").arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else { return };
    child.stdin.take().unwrap().write_all(dot.as_bytes()).unwrap();
    let drawn = child.wait_with_output().unwrap();
    assert!(drawn.status.success(), "{dot}");
    assert!(String::from_utf8_lossy(&drawn.stdout).contains("<svg"));
}

/// The text with the content of each string left out.
fn outside_strings(dot: &str) -> String {
    let (mut outside, mut inside, mut escaped) = (String::new(), false, false);
    for c in dot.chars() {
        match (inside, escaped, c) {
            (true, true, _) => escaped = false,
            (true, false, '\\') => escaped = true,
            (_, _, '"') => {
                inside = !inside;
                outside.push('"');
            }
            (false, ..) => outside.push(c),
            (true, ..) => {}
        }
    }
    assert!(!inside, "a string does not end: {dot}");
    outside
}
