//! The arrows between crates, as ARCHITECTURE.md draws them, checked against what cargo knows.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The rooms of the house, innermost first. A crate may depend on crates of earlier rooms only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    Abi,
    Core,
    /// Registry, loader, plugins and testkit: beside each other, not on each other, but for the
    /// loader, which may know the registry.
    Beside,
    Facade,
    Outside,
}

fn room(package: &Package) -> Room {
    match package.name.as_str() {
        "trilayer-abi" => Room::Abi,
        "trilayer-core" => Room::Core,
        "trilayer-registry" | "trilayer-loader" | "trilayer-testkit" => Room::Beside,
        "trilayer" => Room::Facade,
        name if is_plugin(name) => Room::Beside,
        _ => Room::Outside,
    }
}

fn is_plugin(name: &str) -> bool {
    ["trilayer-engine-", "trilayer-datastore-", "trilayer-observer-"]
        .iter()
        .any(|kind| name.starts_with(kind))
}

fn workspace() -> Metadata {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    MetadataCommand::new()
        .manifest_path(root)
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("cargo metadata")
}

/// Each package of the workspace with the packages of the workspace it builds on; what only its
/// tests use does not count.
fn arrows(metadata: &Metadata) -> Vec<(&Package, &Package)> {
    let members: BTreeMap<&str, &Package> =
        metadata.workspace_packages().into_iter().map(|package| (package.name.as_str(), package)).collect();
    let mut arrows = Vec::new();
    for &package in members.values() {
        for dependency in package.dependencies.iter().filter(|it| it.kind != DependencyKind::Development) {
            if let Some(&target) = members.get(dependency.name.as_str()) {
                arrows.push((package, target));
            }
        }
    }
    arrows
}

#[test]
fn crates_depend_inwards_only() {
    let metadata = workspace();
    for (from, to) in arrows(&metadata) {
        let (outer, inner) = (room(from), room(to));
        let loader_on_registry =
            from.name.as_str() == "trilayer-loader" && to.name.as_str() == "trilayer-registry";
        assert!(
            inner < outer || outer == Room::Outside || loader_on_registry,
            "{} must not depend on {}",
            from.name,
            to.name
        );
    }
}

#[test]
fn a_plugin_knows_core_and_nothing_else_of_trilayer() {
    let metadata = workspace();
    for (from, to) in arrows(&metadata) {
        let allowed = matches!(room(to), Room::Abi | Room::Core);
        assert!(allowed || !is_plugin(&from.name), "{} must not depend on {}", from.name, to.name);
    }
}

/// Everything that is built into a crate, however deep.
fn built_into<'a>(metadata: &'a Metadata, name: &str) -> BTreeSet<&'a str> {
    let nodes = &metadata.resolve.as_ref().expect("resolved").nodes;
    let by_id: BTreeMap<_, _> = metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let start = metadata.packages.iter().find(|package| package.name.as_str() == name).expect("a member");
    let (mut queue, mut seen) = (vec![&start.id], BTreeSet::new());
    while let Some(id) = queue.pop() {
        if !seen.insert(by_id[id].name.as_str()) {
            continue;
        }
        let node = nodes.iter().find(|node| &node.id == id).expect("resolved");
        // The checker of interleavings is built in with a flag that no user sets.
        let checker = |kind: &cargo_metadata::DepKindInfo| {
            kind.target.as_ref().is_some_and(|target| target.to_string().contains("trilayer_shuttle"))
        };
        let normal = |it: &&cargo_metadata::NodeDep| {
            it.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal && !checker(kind))
        };
        queue.extend(node.deps.iter().filter(normal).map(|it| &it.pkg));
    }
    seen
}

#[test]
fn the_middle_depends_on_no_database_network_or_command_line_crate() {
    let metadata = workspace();
    let foreign = [
        "redb",
        "sqlx",
        "tokio-postgres",
        "redis",
        "async-nats",
        "opendal",
        "object_store",
        "hyper",
        "clap",
        "indicatif",
    ];
    for name in ["trilayer-abi", "trilayer-core", "trilayer-registry"] {
        let built = built_into(&metadata, name);
        let found: Vec<_> = foreign.iter().filter(|crate_name| built.contains(**crate_name)).collect();
        assert!(found.is_empty(), "{name} builds on {found:?}");
    }
}

#[test]
fn the_record_types_need_nothing_but_serde() {
    let metadata = workspace();
    let abi =
        metadata.packages.iter().find(|package| package.name.as_str() == "trilayer-abi").expect("a member");
    let needed: Vec<_> =
        abi.dependencies.iter().filter(|it| it.kind == DependencyKind::Normal && !it.optional).collect();
    assert!(needed.is_empty(), "{needed:?}");
}

#[test]
fn every_crate_has_the_one_version_edition_licence_and_lints() {
    let metadata = workspace();
    for package in metadata.workspace_packages() {
        let name = &package.name;
        assert_eq!(package.version.to_string(), env!("CARGO_PKG_VERSION"), "{name}");
        assert_eq!(package.edition, cargo_metadata::Edition::E2024, "{name}");
        assert_eq!(package.license.as_deref(), Some("MIT OR Apache-2.0"), "{name}");
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} opts out of the lints");
    }
}

#[test]
fn the_top_level_is_the_one_agreed_on() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let allowed_folders = ["core", "plugins", "registry", "tests", "examples", "target", "data"];
    for entry in std::fs::read_dir(root).expect("the root") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("UTF-8");
        let is_folder = entry.file_type().expect("a type").is_dir();
        assert!(!is_folder || name.starts_with('.') || allowed_folders.contains(&name.as_str()), "{name}");
    }
}
