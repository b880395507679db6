//! Holds `docs/http.md` to the routes and to the types on the wire.

mod samples;

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use serde_json::Value;

use crate::faces::page::routes;

/// If set, the test rewrites the document's examples and errors.
const RENEW: &str = "BLASTSCOPE_RENEW";

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/http.md")
}

/// The text between two headings.
#[derive(Debug, Default)]
struct Chapter<'a> {
    /// Fenced examples by kind.
    examples: BTreeMap<&'a str, String>,
    /// Names in the first column with the rest of their rows, by the head of that column.
    tables: BTreeMap<&'a str, Vec<(&'a str, &'a str)>>,
}

fn chapters(text: &str) -> BTreeMap<&str, Chapter<'_>> {
    let mut chapters: BTreeMap<&str, Chapter<'_>> = BTreeMap::new();
    let (mut heading, mut table) = ("", "");
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let chapter = chapters.entry(heading).or_default();
        if let Some(name) = line.strip_prefix("### ").or_else(|| line.strip_prefix("## ")) {
            heading = name;
        } else if let Some(kind) = line.strip_prefix("```json ") {
            let example = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            assert!(chapter.examples.insert(kind, example).is_none(), "{heading} has two examples of its {kind}");
        } else if let Some((first, rest)) = line.strip_prefix("| ").and_then(|row| row.split_once(" | ")) {
            match first.strip_prefix('`').and_then(|name| name.strip_suffix('`')) {
                Some(name) => chapter.tables.entry(table).or_default().push((name, rest)),
                None if !first.starts_with("---") => table = first,
                None => {}
            }
        }
    }
    chapters
}

/// The document with this program's examples and errors.
fn renewed(text: &str) -> String {
    let (mut heading, mut out) = (String::new(), String::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if let Some(name) = line.strip_prefix("### ").or_else(|| line.strip_prefix("## ")) {
            heading = name.to_owned();
        }
        let (made, end) = if let Some(kind) = line.strip_prefix("```json ") {
            let sample = samples::all().into_iter().find(|sample| sample.chapter == heading && sample.kind == kind);
            (sample.unwrap_or_else(|| panic!("no sample for the {kind} of {heading}")).text, "```")
        } else if line == "<!-- errors -->" {
            (samples::errors(), "<!-- end -->")
        } else {
            continue;
        };
        out.push_str(&made);
        out.push_str(end);
        out.push('\n');
        lines.by_ref().find(|line| *line == end).unwrap_or_else(|| panic!("{heading}: {end} is missing"));
    }
    out
}

/// Replaces `...Shape` by all rows of that shape.
fn expanded<'a>(rows: &[(&'a str, &'a str)], chapters: &BTreeMap<&str, Chapter<'a>>) -> Vec<(&'a str, &'a str)> {
    let of = |row: &(&'a str, &'a str)| match row.0.strip_prefix("...") {
        Some(shape) => expanded(&chapters[shape].tables["field"], chapters),
        None => vec![*row],
    };
    rows.iter().flat_map(of).collect()
}

/// The names that a table must list for `value`; nested objects without a row of their own give names with dots.
fn names(value: &Value, rows: &[(&str, &str)], before: &str, found: &mut Vec<String>) {
    for (name, value) in value.as_object().expect("an object") {
        let name = format!("{before}{name}");
        let is_row = rows.iter().any(|(row, _)| *row == name);
        match value {
            Value::Object(_) if !is_row => names(value, rows, &format!("{name}."), found),
            _ => found.push(name),
        }
    }
}

#[test]
fn every_route_has_its_chapter_and_no_other_has() {
    let text = fs::read_to_string(path()).expect("the document");
    let is_route = |line: &&str| line.starts_with("GET ") || line.starts_with("POST ");
    let mut headings: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("### ")).filter(is_route).map(str::to_owned).collect();
    let overview: Vec<_> =
        text.lines().filter_map(|line| Some(line.strip_prefix("| [")?.split_once("](#")?.0.to_owned())).collect();
    let mut routes = routes::listed();
    assert_eq!(overview, routes, "the overview of docs/http.md lists the routes in the order of page/routes.rs");
    headings.sort();
    routes.sort();
    assert_eq!(headings, routes, "docs/http.md has a chapter `### METHOD PATH` for each route");
}

#[test]
fn examples_and_errors_are_what_this_program_sends_and_takes() {
    let text = fs::read_to_string(path()).expect("the document");
    let chapters = chapters(&text);
    for sample in samples::all() {
        let chapter = chapters.get(sample.chapter).unwrap_or_else(|| panic!("docs/http.md lacks {}", sample.chapter));
        assert!(chapter.examples.contains_key(sample.kind), "{} lacks its {}", sample.chapter, sample.kind);
    }
    let renewed = renewed(&text);
    if env::var_os(RENEW).is_some() {
        fs::write(path(), &renewed).expect("written");
    } else if renewed != text {
        let apart = renewed.lines().zip(text.lines()).find(|(new, old)| new != old);
        panic!("docs/http.md is stale at {apart:?}: {RENEW}=1 cargo test -p blastscope --lib http_document");
    }
}

#[test]
fn tables_list_every_field_of_their_examples_and_no_other() {
    let text = fs::read_to_string(path()).expect("the document");
    let chapters = chapters(&text);
    for sample in samples::all() {
        let head = if sample.kind == "shape" { "field" } else { sample.kind };
        let rows = chapters[sample.chapter].tables.get(head).map(Vec::as_slice).unwrap_or_default();
        let rows = expanded(rows, &chapters);
        let value: Value = serde_json::from_str(&sample.text).expect("JSON");
        let mut expected = Vec::new();
        names(&value, &rows, "", &mut expected);
        let mut listed: Vec<_> = rows.iter().map(|(name, _)| (*name).to_owned()).collect();
        listed.sort();
        expected.sort();
        assert_eq!(listed, expected, "{}: the table of its {}", sample.chapter, sample.kind);
    }
}

#[test]
fn links_lead_to_chapters() {
    let text = fs::read_to_string(path()).expect("the document");
    let anchor = |heading: &str| -> String {
        let kept = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-');
        heading.to_lowercase().chars().filter(|letter| kept(*letter)).collect::<String>().replace(' ', "-")
    };
    let known: Vec<_> = chapters(&text).into_keys().map(anchor).collect();
    for (at, _) in text.match_indices("](#") {
        let link = text[at + 3..].split(')').next().unwrap_or_default();
        assert!(known.iter().any(|known| known == link), "#{link} leads nowhere");
    }
}
