//! A small cross-validation by sitting: drawn fields in two sittings per class, trained on cells, two folds at once, in two calls.

use blastscope_shared::hex;
use std::{
    fmt::Write,
    path::Path,
    process::{Output, Stdio},
};

use blastscope_host::{data::dataset::Dataset, support::progress::Progress};
use serde_json::Value;

const HOST: &str = env!("CARGO_BIN_EXE_blastscope-host");

fn host(arguments: &[&str]) -> Output {
    blastscope_tests::program(HOST).args(arguments).stdin(Stdio::null()).output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Draws eight fields per class and lists them: even ones in sitting a, odd ones in sitting b, and all of Pro in one.
fn draw(root: &Path) {
    let drawn = host(&["synth", "--out", root.to_str().expect("a name"), "--per-class", "8", "--size", "256x192"]);
    assert!(drawn.status.success(), "{}", text(&drawn.stderr));
    let data = Dataset::scan(root, None, Progress::Silent).expect("drawn fields");
    let mut table = "file,sha256,overlap_group,session\n".to_owned();
    for (at, image) in data.images.iter().enumerate() {
        let sitting = if image.class.name() == "Pro" || at % 2 == 0 { "a" } else { "b" };
        writeln!(table, "{},{},{at},{}-{sitting}", image.file, hex(&image.sha256), image.class).expect("a line");
    }
    std::fs::write(root.join("groups.csv"), table).expect("written");
}

#[test]
fn sittings_are_left_out_one_by_one_and_what_is_finished_stays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, out) = (folder.path().join("fields"), folder.path().join("sittings"));
    draw(&data);
    let (data, out_name) = (data.to_str().expect("a name"), out.to_str().expect("a name"));
    let crossval = |further: &[&str]| {
        let small =
            ["--arch", "allcnn-small", "--epochs", "1", "--per-class", "12", "--batch-size", "8", "--backend", "flex"];
        let mut arguments = vec!["crossval", "--data", data, "--out", out_name, "--recipe", "robust"];
        arguments.extend(small.iter().chain(further));
        host(&arguments)
    };

    let unknown = crossval(&["--only", "Pro-a"]);
    assert!(!unknown.status.success());
    assert!(text(&unknown.stderr).contains("Benign-a, Benign-b"), "{}", text(&unknown.stderr));

    let first = crossval(&["--only", "Benign-a", "--only", "Early-b", "--jobs", "2"]);
    assert!(first.status.success(), "{}{}", text(&first.stdout), text(&first.stderr));
    let report = std::fs::read_to_string(out.join("REPORT.md")).expect("a report");
    for expected in
        ["2 of 6 folds are finished", "Pro-a (8 fields) cannot be left out", "Drawn fields", "Benign-a", "Early-b"]
    {
        assert!(report.contains(expected), "{expected} is missing in\n{report}");
    }

    // Another call adds a fold, trains none of the finished ones again, and reports all.
    let weights = out.join("fold-Benign-a/chosen.bpk");
    let trained = std::fs::metadata(&weights).and_then(|data| data.modified()).expect("weights");
    let second = crossval(&["--only", "Benign-a", "--only", "Pre-a", "--json"]);
    let stdout = text(&second.stdout);
    assert!(second.status.success(), "{stdout}{}", text(&second.stderr));
    assert!(stdout.contains("1 of 2 folds are finished already"), "{stdout}");
    assert_eq!(std::fs::metadata(&weights).and_then(|data| data.modified()).expect("weights"), trained);
    let results: Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("results.json")).expect("results")).expect("JSON");
    let folds = results["summary"]["folds"].as_array().expect("folds");
    let names: Vec<&str> = folds.iter().filter_map(|fold| fold["name"].as_str()).collect();
    assert_eq!(names, ["Benign-a", "Early-b", "Pre-a"]);
    assert!(folds.iter().all(|fold| fold["network"]["of"] == 4 && fold["colour"]["of"] == 4), "{results}");
    assert_eq!(
        (&results["drawn"], &results["planned"], &results["recipe"]),
        (&true.into(), &6.into(), &"robust".into())
    );

    // The sittings left out say how the fields of a slide are pooled, which quantize and jury read.
    let of_size = results["slides"]["slides"]["total"].as_array().expect("pseudo-slides");
    let slides: Vec<u64> = of_size.iter().filter_map(|of| of["right"]["of"].as_u64()).collect();
    assert_eq!(slides, [12, 3, 0, 0, 0], "{results}");
    let read = |drawn| blastscope_host::measure::slides::read_pooling(&out.join("results.json"), drawn);
    assert!(read(true).expect("a pooling").is_usable());
    assert!(read(false).expect_err("drawn fields").to_string().contains("drawn fields"));

    // Nor do folds of other pictures: a field of Benign-a is now said to be of the other sitting.
    let table = Path::new(data).join("groups.csv");
    let kept = std::fs::read_to_string(&table).expect("the table");
    std::fs::write(&table, kept.replacen("Benign-a", "Benign-b", 1)).expect("written");
    let regrouped = crossval(&["--only", "Benign-a"]);
    assert!(!regrouped.status.success());
    assert!(text(&regrouped.stderr).contains("another split"), "{}", text(&regrouped.stderr));
    std::fs::write(&table, kept).expect("written");

    // Other settings do not mix with the finished folds.
    let other = crossval(&["--seed", "2", "--only", "Benign-a"]);
    assert!(!other.status.success());
    assert!(text(&other.stderr).contains("seed 1 and not 2"), "{}", text(&other.stderr));
}
