//! Every mistake people make, and exactly what they are told.
//!
//! The cases are in `mistakes/*.txt`. With `TRILAYER_UPDATE=1` the reports there are written anew:
//! read each of them as somebody who made that mistake.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use trilayer_registry::{Config, ConfigError, ConfigLoader};
use trilayer_testkit::evidence::{amount, seed, tried};

use crate::parts;

#[derive(Default)]
struct Case {
    name: String,
    text: String,
    variables: Vec<(String, String)>,
    report: String,
}

impl Case {
    fn load(&self) -> Result<Config, ConfigError> {
        let text = self.text.replace("\\r", "\r").replace("\\0", "\0").replace("\\u{feff}", "\u{feff}");
        ConfigLoader::new().text(text).env(self.variables.clone()).registry(&parts::registry()).load()
    }

    fn told(&self) -> String {
        match self.load() {
            Err(error) => error.render(false),
            Ok(config) => match config.problems(&parts::registry()).as_slice() {
                [] => "nothing is wrong".to_owned(),
                warnings => warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            },
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mistakes")
}

fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn cases(file: &Path) -> Vec<Case> {
    let content = std::fs::read_to_string(file).unwrap();
    content.split("=== ").skip(1).map(case).collect()
}

fn case(content: &str) -> Case {
    let (name, rest) = content.split_once('\n').unwrap();
    let (input, report) = rest.split_once("--- report\n").unwrap_or((rest, ""));
    let (text, variables) = input.split_once("--- env\n").unwrap_or((input, ""));
    let pair =
        |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
    Case {
        name: name.to_owned(),
        text: text.to_owned(),
        variables: variables.lines().filter(|line| !line.is_empty()).map(pair).collect(),
        report: report.trim_end().to_owned(),
    }
}

fn written(case: &Case) -> String {
    let mut text = format!("=== {}\n{}", case.name, case.text);
    if !case.variables.is_empty() {
        text.push_str("--- env\n");
        case.variables.iter().for_each(|(name, value)| writeln!(text, "{name}={value}").unwrap());
    }
    let told: Vec<String> = case.told().lines().map(|line| line.trim_end().to_owned()).collect();
    write!(text, "--- report\n{}\n\n", told.join("\n").trim_end()).unwrap();
    text
}

#[test]
fn every_mistake_is_told_exactly_so() {
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files() {
        let cases = cases(&file);
        if std::env::var_os("TRILAYER_UPDATE").is_some() {
            std::fs::write(&file, cases.iter().map(written).collect::<String>()).unwrap();
            continue;
        }
        for case in cases {
            count += 1;
            let told: Vec<String> = case.told().lines().map(|line| line.trim_end().to_owned()).collect();
            let told = told.join("\n").trim_end().to_owned();
            if told != case.report {
                wrong.push(format!("{}: told\n{told}\n  instead of\n{}", case.name, case.report));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(count >= 150 || std::env::var_os("TRILAYER_UPDATE").is_some(), "{count} cases");
}

/// Every word of the cases, put together at random.
#[test]
fn no_text_makes_the_reader_panic() {
    let words: Vec<String> =
        files().iter().flat_map(|file| cases(file)).flat_map(|case| pieces(&case.text)).collect();
    let registry = parts::registry();
    let texts = amount("TRILAYER_CONFIG_TEXTS", 3_000);
    let mut random = fastrand::Rng::with_seed(seed());
    for _ in 0..texts {
        let count = random.usize(1..40);
        let text: String = (0..count).map(|_| words[random.usize(..words.len())].as_str()).collect();
        let loader = ConfigLoader::new().text(&text).registry(&registry);
        match loader.load() {
            Ok(config) => drop(config.explain(&registry, None).unwrap().to_string()),
            Err(error) => {
                assert!(!error.render(true).is_empty() && !error.problems().is_empty(), "{text}");
                let lines = error.to_string().lines().count();
                assert_eq!(lines, error.problems().len() + 1, "{text}\n{error}");
            }
        }
    }
    tried("configuration-texts", texts);
}

fn pieces(text: &str) -> Vec<String> {
    text.split_inclusive([' ', '\n', '=', ',', '.', '[', ']', '{', '}', '"']).map(str::to_owned).collect()
}

/// A letter left out, put in, changed or swapped with the next, at each place.
fn slips(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut slips = Vec::new();
    for at in 0..letters.len() {
        let mut edit = |change: &dyn Fn(&mut Vec<char>)| {
            let mut letters = letters.clone();
            change(&mut letters);
            slips.push(letters.into_iter().collect());
        };
        edit(&|letters| {
            letters.remove(at);
        });
        edit(&|letters| letters.insert(at, 'q'));
        edit(&|letters| letters[at] = 'q');
        edit(&|letters| {
            let next = (at + 1).min(letters.len() - 1);
            letters.swap(at, next);
        });
    }
    slips
}

#[test]
fn a_name_is_offered_for_whatever_is_at_most_two_slips_away() {
    let settings = ["data_store", "engine", "load", "max_entry_count", "observers", "partitions"];
    let settings = settings.map(|name| (name, "[maps.a]\n\"NAME\" = 1"));
    let others = [
        ("maps", "[\"NAME\".a]"),
        ("data_stores", "[\"NAME\".a]"),
        ("fanout", "[maps.a.engine]\nuse = \"btree\"\n\"NAME\" = 4"),
        ("path", "[data_stores.a]\nuse = \"file\"\n\"NAME\" = \"x\""),
        ("btree", "[maps.a]\nengine = \"NAME\""),
        ("null", "[maps.a]\ndata_store = \"NAME\""),
        ("count", "[maps.a]\nobservers = [\"NAME\"]"),
    ];
    let mut tries = 0;
    for (name, text) in settings.into_iter().chain(others) {
        let once = slips(name);
        let twice = once.iter().filter(|slip| slip.len() > 2).flat_map(|slip| slips(slip));
        for slip in twice.chain(once.clone()).filter(|slip| slip != name) {
            let case = Case { text: text.replace("NAME", &slip), ..Case::default() };
            let Err(error) = case.load() else { continue };
            let offered = error.problems().iter().any(|problem| problem.nearest.is_some());
            assert!(offered, "{slip} for {name}: {error}");
            tries += 1;
        }
    }
    assert!(tries > 5_000, "{tries}");
    tried("slips-of-the-pen", tries);
}
