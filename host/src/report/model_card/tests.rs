use std::path::{Path, PathBuf};

use blastscope_shared::{Class, Observation};

use super::*;
use crate::{
    commands::card::read_evidence,
    data::picture::read_file,
    measure::{
        evaluation::{Evaluation, Subject},
        evidence::Origin,
        prediction::Prediction,
    },
    support::notice::RESEARCH_USE_ONLY,
};

fn beside_the_host(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn tiny() -> Vec<u8> {
    read_file(&beside_the_host("tests/golden/tiny.bsm")).expect("the golden artifact")
}

fn evaluated(model: &str) -> Evidence {
    let predictions: Vec<Prediction> = Class::ALL
        .into_iter()
        .map(|truth| Prediction {
            file: format!("{truth}.png"),
            truth,
            probabilities: Observation::Observed([0.7, 0.1, 0.1, 0.1]),
            abstained: None,
            without_subtype: false,
        })
        .collect();
    let subject = Subject { name: "tiny in int8".into(), drawn: true, warning: None };
    Evidence::Evaluate {
        origin: Some(Origin {
            model: model.into(),
            name: "tiny".into(),
            data: "00".repeat(32),
            pictures: "test part".into(),
            program: "0.1.0".into(),
        }),
        evaluation: Box::new(Evaluation::new(&subject, &predictions).expect("evaluated")),
        colour_baseline: None,
    }
}

#[test]
fn a_card_says_what_it_must() {
    let bytes = tiny();
    let (artifact, hash) = Artifact::read(&bytes).expect("whole");
    let folds = r#"{ "evidence": "tables", "title": "Cross-validation", "paragraphs": ["Five folds."],
        "tables": [{ "caption": null, "columns": ["fold", "accuracy"], "rows": [["1", "97 %"]] }] }"#;
    let folds = serde_json::from_str(folds).expect("evidence");
    let evidence = [("crossval.json".to_owned(), folds), ("evaluate.json".to_owned(), evaluated(&hex(&hash)))];
    let sources = Sources { artifact: &artifact, hash, evidence: &evidence, data: None, figures: false };
    let document = sources.card().expect("a card").markdown("card");
    assert!(document.files.is_empty());
    let text = document.text;
    for wanted in [
        RESEARCH_USE_ONLY,
        "# Model card: tiny",
        "Drawn fields",
        "## Intended use",
        "## Exclusions",
        "Diagnosis, treatment",
        "## Population and data",
        "## Evaluation",
        "| recall of Benign | 100.00 % |",
        "| Early | 1 | **0** | 0 | 0 |",
        "expected calibration error",
        "a data set of another manifest (000000000000)",
        "## Cross-validation",
        "| 1 | 97 % |",
        "## Known limits",
        "its verdicts mean nothing",
        &hex(&hash),
        &hex(&artifact.provenance.manifest_hash),
    ] {
        assert!(text.contains(wanted), "{wanted} is missing in:\n{text}");
    }
    assert!(!text.contains("89 patients"), "the tiny artifact was made from nothing that is known");
    let page = Sources { figures: true, ..sources }.card().expect("a card").html();
    assert!(page.contains("<svg") && page.contains(RESEARCH_USE_ONLY));
}

#[test]
fn evidence_reads_back_from_its_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("evaluate.json");
    let evidence = evaluated(&"ab".repeat(32));
    let text = evidence.json().expect("written");
    assert!(text.contains(RESEARCH_USE_ONLY));
    std::fs::write(&path, text).expect("written");
    let read = read_evidence(folder.path()).expect("read");
    assert_eq!((read.len(), read[0].0.as_str()), (1, path.to_str().expect("a name")));
    assert_eq!(read[0].1.origins(), evidence.origins());
    let confusion = |evidence: &Evidence| match evidence {
        Evidence::Evaluate { evaluation, .. } => Some(evaluation.confusion),
        _ => None,
    };
    assert_eq!(confusion(&read[0].1), confusion(&evidence));
    std::fs::write(&path, "{}").expect("written");
    let error = read_evidence(folder.path()).expect_err("no evidence").to_string();
    assert!(error.contains("evaluate.json") && error.contains("measure again"), "{error}");
    std::fs::remove_file(&path).expect("removed");
    assert!(read_evidence(folder.path()).expect_err("empty").to_string().contains("no .json"));
}

#[test]
fn rejects_evidence_of_another_model_and_of_none() {
    let bytes = tiny();
    let (artifact, hash) = Artifact::read(&bytes).expect("whole");
    let refused = |evidence: Evidence| {
        let evidence = [("evaluate.json".to_owned(), evidence)];
        let sources = Sources { artifact: &artifact, hash, evidence: &evidence, data: None, figures: false };
        sources.card().expect_err("refused").to_string()
    };
    let text = refused(evaluated(&"ab".repeat(32)));
    assert!(text.contains("evaluate.json") && text.contains("another model (abababababab)"), "{text}");
    let mut float = evaluated("");
    if let Evidence::Evaluate { origin, .. } = &mut float {
        *origin = None;
    }
    assert!(refused(float).contains("float network"));
}

#[test]
fn rejects_a_data_set_of_other_pictures() {
    let folder = tempfile::tempdir().expect("a folder");
    crate::data::drawn_folder::draw(folder.path(), Class::ALL.map(Class::name), 2);
    let data = Dataset::scan(folder.path(), None, crate::support::progress::Progress::Silent).expect("scanned");
    let bytes = tiny();
    let (mut artifact, hash) = Artifact::read(&bytes).expect("whole");
    let card =
        |artifact: &Artifact<'_>| Sources { artifact, hash, evidence: &[], data: Some(&data), figures: false }.card();
    assert!(card(&artifact).expect_err("refused").to_string().contains("none of the pictures"));
    artifact.provenance.pictures.test = data.images[..2].iter().flat_map(|image| image.sha256[..8].to_vec()).collect();
    let text = card(&artifact).expect("a card").markdown("card").text;
    assert!(text.contains("| Benign | 2 | 0 | 0 | 2 | unknown |"), "{text}");
}

/// `make card DATA=all_pbs` and `make card MODEL=paper DATA=all_pbs` write them anew.
#[test]
fn the_shipped_cards_are_what_the_shipped_models_and_their_evidence_generate() {
    for name in ["blastscope", "paper"] {
        let beside = |ending: &str| beside_the_host(&format!("models/{name}.{ending}"));
        let bytes = read_file(&beside("bsm")).expect("the shipped model");
        let (artifact, hash) = Artifact::read(&bytes).expect("whole");
        let evidence = read_evidence(&beside("evidence")).expect("its evidence");
        let sources = Sources { artifact: &artifact, hash, evidence: &evidence, data: None, figures: false };
        let generated = sources.card().expect("a card").markdown(name).text;
        let shipped = std::fs::read_to_string(beside("md")).expect("the card");
        for (number, (line, wanted)) in shipped.lines().zip(generated.lines()).enumerate() {
            assert_eq!(line, wanted, "line {} of models/{name}.md; write it with make card", number + 1);
        }
        assert_eq!(shipped, generated);
        assert!(shipped.contains("89 patients") && shipped.contains("hematogones"));
    }
}
