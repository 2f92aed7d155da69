//! The page of each error: its example makes that error, and what it says mends it.

use trilayer_registry::{ConfigLoader, Problem, ProblemCode};

use crate::parts;

/// The file that the examples with variables speak of.
const FILE: &str = "[maps.places]\n[maps.city-map]\n[maps.City-map]";

fn fences(page: &str) -> Vec<(&str, &str)> {
    let fences = page.split("```").skip(1).step_by(2);
    fences.map(|fence| fence.split_once('\n').unwrap()).collect()
}

fn problems(language: &str, example: &str) -> Vec<Problem> {
    let registry = parts::registry();
    let loader = ConfigLoader::new().registry(&registry);
    let loader = match language {
        "toml" => loader.text(example),
        _ => loader.text(FILE).env(example.lines().map(|line| {
            let (name, value) = line.trim_start_matches("export ").split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        })),
    };
    match loader.load() {
        Ok(config) => config.problems(&registry),
        Err(error) => error.problems().to_vec(),
    }
}

#[test]
fn each_page_has_an_example_of_its_error_and_mends_it() {
    for code in ProblemCode::ALL {
        let page = code.page();
        assert!(page.starts_with(&format!("# {code}\n")) && page.contains("## How to mend it"), "{code}");
        for (index, (language, example)) in fences(page).into_iter().enumerate() {
            if language == "text" {
                continue;
            }
            let found = problems(language, example);
            let codes: Vec<ProblemCode> = found.iter().map(|problem| problem.code).collect();
            let expected = if index == 0 { vec![*code] } else { Vec::new() };
            assert_eq!(codes, expected, "{code}: {example}{found:#?}");
        }
    }
}

#[test]
fn codes_are_found_by_name_and_each_has_one_of_its_own() {
    for code in ProblemCode::ALL {
        assert_eq!(ProblemCode::named(code.as_str()), Some(*code));
    }
    assert_eq!(ProblemCode::named("none"), None);
}
