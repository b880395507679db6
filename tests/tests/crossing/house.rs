//! The test of the house: which folder may use which, and that no files use each other in a circle.
//!
//! The tables below are the plan that docs/architecture.md draws. A new folder gets a line; a new arrow gets a reason in
//! docs/decisions.md.
mod plan;
mod source;

use std::{fs, path::Path};

use plan::{Crate, HOUSE};
use source::Source;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn read(of: &Crate) -> Source {
    Source::read(&Path::new(ROOT).join(of.source))
}

#[test]
fn every_folder_uses_what_the_plan_allows_and_nothing_else() {
    let wrong: Vec<String> = HOUSE.iter().flat_map(|of| plan::forbidden(of, &read(of))).collect();
    assert!(wrong.is_empty(), "uses that the plan of the house does not allow:\n{}", wrong.join("\n"));
}

#[test]
fn the_plan_allows_nothing_that_nobody_needs() {
    let unused: Vec<String> = HOUSE.iter().flat_map(|of| plan::unused(of, &read(of))).collect();
    assert!(unused.is_empty(), "{}", unused.join("\n"));
}

#[test]
fn crates_use_the_crates_that_the_plan_allows() {
    for of in HOUSE {
        let manifest = Path::new(ROOT).join(of.source).join("../Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
        let manifest: toml::Table = text.parse().expect("a manifest");
        let none = toml::Table::new();
        let dependencies = manifest.get("dependencies").map_or(&none, |table| table.as_table().expect("a table"));
        let ours: Vec<&str> = dependencies.keys().filter_map(|name| name.strip_prefix("blastscope-")).collect();
        assert_eq!(ours, of.crates, "{}", of.source);
        assert!(!dependencies.contains_key("blastscope"), "{} uses the device's program", of.source);
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let circles: Vec<String> = HOUSE.iter().flat_map(|of| plan::circles(of, &read(of))).collect();
    assert!(circles.is_empty(), "files that use each other in a circle:\n{}", circles.join("\n"));
}

#[test]
fn every_crate_of_the_workspace_has_a_plan() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).expect("the workspace's manifest");
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = ")).expect("a line of members");
    for member in members.split('"').skip(1).step_by(2).filter(|member| *member != "tests") {
        let source = format!("{member}/src");
        assert!(
            HOUSE.iter().any(|of| of.source == source),
            "{source} has no plan in tests/tests/crossing/house/plan.rs"
        );
    }
}

/// A crate of three rooms: `high` may use `low`, and `low` nothing.
const DRAWN: Crate = Crate { source: "src", crates: &[], rooms: &[("high", &["low"]), ("low", &[]), ("low_too", &[])] };

fn drawn(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, text) in files {
        let file = folder.path().join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("made");
        fs::write(file, text).expect("written");
    }
    let source = Source::read(folder.path());
    (plan::forbidden(&DRAWN, &source), plan::circles(&DRAWN, &source))
}

#[test]
fn an_arrow_that_is_not_allowed_is_found_however_it_is_written() {
    let lib = ("lib.rs", "mod high; mod low; mod low_too;");
    let high = ("high.rs", "use crate::low::Low; pub struct High(Low);");
    let fine = drawn(&[lib, high, ("low.rs", "pub struct Low;"), ("low_too.rs", "")]);
    assert_eq!(fine, (vec![], vec![]));
    for low in [
        "use crate::high::High; pub struct Low;",
        "use super::{high::{High as Other}, low::Low as Same}; pub struct Low;",
        "pub struct Low; fn low(_: &crate::high::High) {}",
        "pub struct Low; fn low() { println!(\"{}\", crate::high::TEXT); }",
        "pub struct Low; mod inner { fn low(_: &super::super::high::High) {} }",
        "mod part; pub struct Low;",
        "pub(crate) use crate::high::High; pub struct Low;",
        "use super::high; pub struct Low; fn low(_: &high::High) {}",
        "mod inner { pub use crate::high::High; } pub struct Low;",
        "#[derive(A)] pub struct Low { #[arg(value_parser = crate::high::read)] field: u8 }",
    ] {
        let part = ("low/part.rs", "use crate::high::*;");
        let (forbidden, circles) = drawn(&[lib, high, ("low.rs", low), part, ("low_too.rs", "")]);
        let is_named = |found: &String| found.starts_with("src/low") && found.contains("high");
        assert!(!forbidden.is_empty() && forbidden.iter().all(is_named), "{low}: {forbidden:?}");
        assert_eq!(circles.len(), usize::from(!low.starts_with("mod part")), "{low}: {circles:?}");
    }
    // A folder that the plan does not name.
    let (forbidden, _) = drawn(&[("lib.rs", "mod low; mod other;"), ("low.rs", ""), ("other.rs", "")]);
    assert_eq!(forbidden, ["src/other.rs: the plan has no room `other`"]);
}

#[test]
fn a_path_through_a_reexport_leads_to_the_file_that_defines_the_thing() {
    // `low` hands on what `low_too` defines: who takes it from `low` uses `low_too`.
    let files = [
        ("lib.rs", "mod high; mod low; mod low_too;"),
        ("high.rs", "use crate::low::Thing;"),
        ("low.rs", "mod part; pub use part::Thing as Other; pub(crate) use crate::low_too::Thing;"),
        ("low/part.rs", "use super::Other; pub struct Thing;"),
        ("low_too.rs", "pub struct Thing;"),
    ];
    let (forbidden, circles) = drawn(&files);
    let thing = "uses src/low_too.rs (crate::";
    assert_eq!(
        forbidden,
        [format!("src/high.rs {thing}low::Thing)"), format!("src/low.rs {thing}low_too::Thing)")],
        "who hands a thing on can use it, too"
    );
    assert!(circles.is_empty(), "{circles:?}");
}

#[test]
fn a_part_may_use_the_module_that_it_is_a_part_of() {
    let files = [
        ("lib.rs", "mod high; mod low; mod low_too;"),
        ("high.rs", ""),
        ("low.rs", "mod part; mod other; use part::Thing; pub struct Whole(Thing);"),
        ("low/part.rs", "use super::Whole; pub struct Thing;"),
        ("low/other.rs", "use super::Whole;"),
        ("low_too.rs", ""),
    ];
    assert_eq!(drawn(&files), (vec![], vec![]));
    // Its parts may not use each other in a circle.
    let parts =
        [("low/part.rs", "use super::other::*; pub struct Thing;"), ("low/other.rs", "use super::part::Thing;")];
    let files: Vec<_> = files.into_iter().filter(|(file, _)| !file.starts_with("low/")).chain(parts).collect();
    assert_eq!(drawn(&files).1.len(), 1);
}

#[test]
fn code_of_tests_is_free() {
    let files = [
        ("lib.rs", "mod high; mod low; mod low_too; #[cfg(test)] mod tests;"),
        ("high.rs", "use crate::low::Low; pub struct High(Low);"),
        ("low.rs", "pub struct Low; #[cfg(test)] mod tests { use crate::high::High; }"),
        ("low_too.rs", "#[cfg(test)] use crate::high::High;"),
    ];
    assert_eq!(drawn(&files), (vec![], vec![]));
}
