//! The loop back: a model learns from corrected fields, and what it made of them replaces it only where it is no worse.
//!
//! The model is [the one of marks](blastscope_tests::marked): what it says of a field, and what a last layer can learn from it, follow
//! from its construction and not from a training.

use blastscope_drawn::draw_field;
use blastscope_host::{
    data::{dataset::Dataset, split::Part},
    measure::screening,
    support::progress::Progress,
};
use blastscope_program::Cli;
use blastscope_shared::{Class, Classifier, RgbPixels};
use blastscope_tests::marked::{FIELD, Mark, model, parts};
use clap::Parser;

fn draw(class: Class, number: u64) -> RgbPixels {
    draw_field(class, number, FIELD, FIELD)
}

/// A champion with its data set, and folders of fields that come back from a clinic.
struct Laboratory(tempfile::TempDir);

impl Laboratory {
    /// Four fields of each mark in `marks`, half of them the training part and a quarter each validation and locked part; of Cyan three
    /// times as many.
    fn new(marks: &[Mark]) -> Self {
        let laboratory = Self(tempfile::tempdir().expect("a temporary folder"));
        for &mark in marks {
            mark.write(&laboratory.path("fields"), 0..if mark == Mark::Cyan { 12 } else { 4 }, draw);
        }
        let hashes: Vec<[u8; 32]> = laboratory.data("fields").images.iter().map(|image| image.sha256).collect();
        std::fs::write(laboratory.path("champion.bsm"), model(parts(&hashes))).expect("written");
        laboratory
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn data(&self, name: &str) -> Dataset {
        Dataset::scan_some(&self.path(name), None, Progress::Silent).expect("a data set")
    }

    fn read(&self, name: &str) -> Classifier {
        screening::read_model(&self.path(name)).expect("a model")
    }

    /// `retrain` with the fields in the folder `add`.
    fn retrain(&self, add: &str, out: &str, more: &[&str]) -> Result<(), String> {
        let [base, data, add, out] =
            ["champion.bsm", "fields", add, out].map(|name| self.path(name).display().to_string());
        let line = ["blastscope-host", "retrain", "--base", &base, "--data", &data, "--add", &add, "--out", &out];
        let cli = Cli::try_parse_from(line.iter().chain(more)).expect("the arguments are right");
        cli.run().map_err(|error| error.to_string())
    }

    /// Of the fields in `folder`, how many `model` takes for `class`, and the least probability that it gives one of them.
    fn named(&self, model: &Classifier, folder: &str, class: Class) -> (usize, f32) {
        let data = self.data(folder);
        let all: Vec<usize> = (0..data.images.len()).collect();
        let findings = screening::screen(model, &data, &all, Progress::Silent).expect("every picture is read");
        let scores = || findings.iter().map(|finding| finding.assessment.scores().expect("something to see"));
        (
            scores().filter(|scores| scores.most_probable().0 == class).count(),
            scores().map(|scores| scores.probabilities()[class.index()]).fold(1.0, f32::min),
        )
    }
}

/// The model has fields with a magenta mark in every part and takes all of them for Benign. Ten corrected ones teach it that they are Pro:
/// that is better on the locked part too, so it passes the gate with the tolerance that it has unless one says otherwise, and without any.
#[test]
fn corrections_make_a_better_model_that_passes_the_gate() {
    let laboratory = Laboratory::new(&Mark::ALL);
    Mark::Magenta.write(&laboratory.path("clinic"), 100..110, draw);
    let champion = laboratory.read("champion.bsm");
    assert_eq!(laboratory.named(&champion, "clinic", Class::Benign).0, 10);

    laboratory.retrain("clinic", "next.bsm", &[]).expect("it is better");
    laboratory.retrain("clinic", "strict.bsm", &["--tolerance", "0"]).expect("it is worse in nothing");
    let challenger = laboratory.read("next.bsm");
    assert_eq!(challenger.model_id(), laboratory.read("strict.bsm").model_id(), "the same fields, the same model");
    // A head that is free to move gives them all but certainty; what rounding to 8 bits takes from a logit is a hundredth of that.
    let (pro, least) = laboratory.named(&challenger, "clinic", Class::Pro);
    assert!(pro == 10 && least > 0.9, "{pro} of ten, at least {least}");
    let card = challenger.card();
    assert!(card.training.contains("10 corrected fields"), "{}", card.training);
    let accuracy = card.results.iter().find(|result| result.what == "accuracy, int8").expect("measured");
    assert_eq!((accuracy.value, accuracy.count), (1.0, 8), "on the locked part, where the champion had one wrong");
    // The locked part stays locked, and the corrected fields are known as learned from.
    let of = |data: &str, part| {
        screening::known_as(&challenger.provenance().pictures, &laboratory.data(data), Some(part)).len()
    };
    assert_eq!((of("fields", Part::Test), of("clinic", Part::Train)), (8, 10));
}

/// Ten corrected fields of one slide, as they come from a microscope on a day: left out as a whole they would teach nothing.
#[test]
fn corrections_from_a_single_specimen_are_learned_from() {
    let laboratory = Laboratory::new(&Mark::ALL[..5]);
    Mark::Magenta.write(&laboratory.path("monday"), 100..110, draw);
    let of_one_specimen: String = laboratory
        .data("monday")
        .images
        .iter()
        .map(|image| format!("{},{},1,S-1\n", image.file, blastscope_shared::hex(&image.sha256)))
        .collect();
    std::fs::write(
        laboratory.path("monday/groups.csv"),
        format!("file,sha256,overlap_group,session\n{of_one_specimen}"),
    )
    .expect("written");
    assert_eq!(laboratory.data("monday").group_count(), 1);
    laboratory.retrain("monday", "next.bsm", &[]).expect("it is as good as before on the locked part");
    let (pro, least) = laboratory.named(&laboratory.read("next.bsm"), "monday", Class::Pro);
    assert!(pro == 10 && least > 0.9, "{pro} of ten, at least {least}");
}

/// An operator calls ten benign fields with a blue mark Pro. A quarter of what the model knows as benign has one, so that the head is told
/// three times as loudly that they are Pro (a class counts as much as another, however many fields show it), and it follows.
#[test]
fn a_worse_challenger_is_refused_with_the_tolerance_that_is_the_default() {
    let laboratory = Laboratory::new(&Mark::ALL[..5]);
    Mark::Blue.write_as(Class::Pro, &laboratory.path("spoilt"), 100..110, draw);
    let error = laboratory.retrain("spoilt", "spoilt.bsm", &[]).expect_err("refused");
    assert!(error.contains("worse than the model in use and was not written"), "{error}");
    assert!(error.contains("recall of Benign: 75.0 % instead of 100.0 %"), "{error}");
    assert!(!laboratory.path("spoilt.bsm").exists());
    // It is the tolerance that decides: just below what is lost it still refuses, just above it lets the same challenger pass.
    let error = laboratory.retrain("spoilt", "spoilt.bsm", &["--tolerance", "24.9"]).expect_err("refused");
    assert!(error.contains("recall of Benign: 75.0 %") && !laboratory.path("spoilt.bsm").exists(), "{error}");
    laboratory.retrain("spoilt", "spoilt.bsm", &["--tolerance", "25.1"]).expect("tolerated");
    let spoilt = laboratory.read("spoilt.bsm");
    assert_eq!(laboratory.named(&spoilt, "spoilt", Class::Pro).0, 10);
}

#[test]
fn the_model_in_use_is_never_written_over() {
    let laboratory = Laboratory::new(&Mark::ALL[..5]);
    Mark::Magenta.write(&laboratory.path("clinic"), 100..102, draw);
    let before = laboratory.read("champion.bsm");
    let error = laboratory.retrain("clinic", "champion.bsm", &[]).expect_err("refused");
    assert!(error.contains("another --out"), "{error}");
    assert_eq!(laboratory.read("champion.bsm").model_id(), before.model_id());
}
