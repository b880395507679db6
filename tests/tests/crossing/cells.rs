//! A network that sees fields cell by cell: from the artifact's bytes to the verdict.

use std::path::Path;

use blastscope::commands::classify::pictures;
use blastscope_drawn::draw_field;
use blastscope_host::{
    data::dataset::Dataset,
    measure::{
        evaluation::{Evaluation, Subject},
        prediction::Prediction,
        screening,
    },
    support::progress::Progress,
};
use blastscope_shared::{
    Class, Classifier, Isa, Observation, RgbPixels, Sight, Verdict,
    engine::network::Execution,
    judge::verdict::{Abstention, MALIGNANT},
    sight::{
        Blank,
        cells::{CellView, SIDE},
    },
};
use blastscope_tests::{cell_artifact, cell_jury};

const WIDTH: usize = 512;
const HEIGHT: usize = 384;

fn classifier() -> Classifier {
    Classifier::read(&cell_artifact()).expect("a whole artifact")
}

#[test]
fn a_field_is_the_mean_of_its_cells() {
    let classifier = classifier();
    let mut workspace = classifier.workspace();
    let sight = Sight::cells();
    for class in Class::ALL {
        let picture = draw_field(class, 3, WIDTH, HEIGHT);
        let assessment = classifier.assess(&picture, &mut workspace);
        let mut view = CellView::new();
        let field = sight.framing.apply(&picture);
        view.look(&sight.framing, &field);
        assert!(!view.cells().is_empty(), "{class}: drawn fields show cells");
        let mut network = classifier.lead().network().workspace();
        let mut mean = [0.0; Class::COUNT];
        for crop in sight.views(&field) {
            let logits = classifier.lead().network().run(&crop, &mut network).logits;
            mean.iter_mut().zip(logits).for_each(|(mean, logit)| *mean += logit);
        }
        let mean = mean.map(|sum| sum / view.cells().len() as f32);
        assert_eq!(assessment.logits(), Some(mean), "{class}");
        let (cells, logits) = classifier.cells(&workspace);
        assert_eq!((cells, logits.len()), (view.cells(), cells.len()));
    }
}

#[test]
fn every_instruction_set_and_the_second_look_give_the_same_bits() {
    let bytes = cell_artifact();
    let picture = draw_field(Class::Pre, 8, WIDTH, HEIGHT);
    let assess = |isa: Isa, threads| {
        let classifier = Classifier::read_with(&bytes, Execution { isa, threads }).expect("whole");
        let mut workspace = classifier.workspace();
        let first = classifier.assess(&picture, &mut workspace);
        classifier.assess(&draw_field(Class::Benign, 2, WIDTH, HEIGHT), &mut workspace);
        assert_eq!(classifier.assess(&picture, &mut workspace), first);
        first
    };
    let scalar = assess(Isa::Scalar, 1);
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        for threads in [1, 2] {
            assert_eq!(assess(isa, threads), scalar, "{isa}, {threads} threads");
        }
    }
}

#[test]
fn a_field_without_cells_gets_no_class_and_an_explanation_without_a_peak() {
    let classifier = classifier();
    let mut workspace = classifier.workspace();
    assert!(classifier.explain(&mut workspace, Class::Pro).is_err(), "nothing has been assessed yet");
    let blank = RgbPixels::new(WIDTH, HEIGHT, vec![231; WIDTH * HEIGHT * 3]).expect("three bytes a pixel");
    let assessment = classifier.assess(&blank, &mut workspace);
    assert_eq!(assessment.verdict, Verdict::Abstain(Abstention::NoCells));
    assert_eq!(assessment.sight, Observation::Nothing(Blank::NoCells));
    assert_eq!((assessment.most_probable(), assessment.probabilities()), (None, None));
    let map = classifier.explain(&mut workspace, Class::Pro).expect("a map of nothing");
    assert_eq!(map.peak(), None);
}

/// Each cell's log-odds of malignancy, by the lead's logits.
fn margins_of(classifier: &Classifier, picture: &RgbPixels) -> Vec<f32> {
    let mut workspace = classifier.workspace();
    classifier.assess(picture, &mut workspace);
    let (_, logits) = classifier.cells(&workspace);
    let margin = |[benign, rest @ ..]: [f32; 4]| rest.map(f32::exp).iter().sum::<f32>().ln() - benign;
    logits.iter().copied().map(margin).collect()
}

/// The leanings of a model of one network are its own; a jury's are the weighted means over the jurors that see the same cells.
#[test]
fn a_cell_leans_as_the_networks_that_see_it_say_of_it_alone() {
    let alone = classifier();
    let mut workspace = alone.workspace();
    assert_eq!(alone.leanings(&workspace).count(), 0, "nothing has been assessed yet");
    let picture = draw_field(Class::Pre, 8, WIDTH, HEIGHT);
    alone.assess(&picture, &mut workspace);
    let margins = margins_of(&alone, &picture);
    let leanings: Vec<_> = alone.leanings(&workspace).collect();
    assert!(leanings.len() > 3 && leanings.len() == margins.len());
    for ((cell, leaning), (seen, margin)) in leanings.iter().zip(alone.cells(&workspace).0.iter().zip(&margins)) {
        assert_eq!(cell, seen);
        assert!((leaning - 1.0 / (1.0 + (-margin).exp())).abs() < 1e-4, "{leaning} for a margin of {margin}");
    }

    let [jury, _, second] = cell_jury(3.0).map(|bytes| Classifier::read(&bytes).expect("a whole artifact"));
    let other = margins_of(&second, &picture);
    let mut workspace = jury.workspace();
    jury.assess(&picture, &mut workspace);
    let together: Vec<_> = jury.leanings(&workspace).collect();
    assert_eq!((together.len(), other.len()), (margins.len(), margins.len()));
    assert!(margins.iter().zip(&other).any(|(one, other)| (one - other).abs() > 0.1), "they differ");
    for ((_, leaning), (one, other)) in together.iter().zip(margins.iter().zip(&other)) {
        let margin = (one + 3.0 * other) / 4.0;
        assert!((leaning - 1.0 / (1.0 + (-margin).exp())).abs() < 1e-4, "{leaning} for {one} and {other}");
    }
}

/// Writes a picture as a 24-bit BMP.
fn write_bmp(path: &Path, picture: &RgbPixels) {
    let (width, height) = (picture.width() as u32, picture.height() as u32);
    let mut bytes = b"BM".to_vec();
    [0, 0, 54, 40, width, height].into_iter().for_each(|number: u32| bytes.extend(number.to_le_bytes()));
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    // From the bottom row up; WIDTH is a multiple of four, so rows need no padding.
    for row in picture.bytes().chunks_exact(3 * picture.width()).rev() {
        row.as_chunks::<3>().0.iter().for_each(|[red, green, blue]| bytes.extend([blue, green, red]));
    }
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, bytes).expect("written");
}

#[test]
fn host_and_device_answer_nothing_about_fields_without_cells() {
    let folder = tempfile::tempdir().expect("a folder");
    for class in Class::ALL {
        let blank = RgbPixels::new(WIDTH, HEIGHT, vec![230 + class.index() as u8; WIDTH * HEIGHT * 3]).expect("pixels");
        write_bmp(&folder.path().join(class.name()).join("blank.bmp"), &blank);
        write_bmp(&folder.path().join(class.name()).join("cells.bmp"), &draw_field(class, 3, WIDTH, HEIGHT));
    }
    // With a stricter judge and with the model's own, with and without the gate: a blank field never gets a class.
    for classifier in [classifier(), classifier().stricter(Some(0.9), Some(0.5))] {
        let data = Dataset::scan(folder.path(), None, Progress::Silent).expect("a data set");
        let images: Vec<usize> = (0..data.images.len()).collect();
        let mut findings = screening::screen(&classifier, &data, &images, Progress::Silent).expect("screened");
        findings.iter_mut().for_each(|finding| finding.rejected = false);
        let predictions: Vec<Prediction> =
            data.images.iter().zip(&findings).map(|(image, finding)| screening::prediction(image, finding)).collect();
        let evaluation = Evaluation::new(&Subject::default(), &predictions).expect("scored");
        assert_eq!((evaluation.unseen, evaluation.accuracy.of), ([1; 4], 8));
        assert_eq!(evaluation.selective.as_ref().expect("abstentions").reasons["no cells"], 4);
        let taken: usize = evaluation.confusion.iter().flatten().sum();
        assert_eq!(taken, 4, "only fields with cells get a class");

        let mut out = Vec::new();
        let options = pictures::Options { json: true, gate: false, overlays: None };
        pictures::run(std::slice::from_ref(&data.root), &classifier, options, &mut out).expect("written to memory");
        let lines = String::from_utf8(out).expect("UTF-8");
        let lines: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), predictions.len());
        for line in &lines {
            let file = line["file"].as_str().expect("a file");
            let prediction = predictions.iter().find(|one| file.ends_with(&one.file)).expect("the same file");
            let named = prediction.class().filter(|_| prediction.withheld().is_none());
            let verdict = if prediction.without_subtype { MALIGNANT } else { named.map_or("abstain", Class::name) };
            assert_eq!(line["verdict"], verdict, "{file}");
            if file.ends_with("blank.bmp") {
                assert_eq!((prediction.class(), prediction.is_right()), (None, false), "{file}");
                assert!(
                    line["probabilities"].is_null() && line["logits"].is_null() && line["novelty"].is_null(),
                    "{line}"
                );
                assert!(line["reason"].as_str().is_some_and(|why| why.contains("no nucleated cell")), "{line}");
            }
        }
    }
}

#[test]
fn the_map_peaks_at_the_cell_that_speaks_most_for_the_class() {
    let classifier = classifier();
    let mut workspace = classifier.workspace();
    let framing = Sight::cells().framing;
    let size = (usize::from(framing.width), usize::from(framing.height));
    let mut peaks = 0;
    for seed in 0..8 {
        classifier.assess(&draw_field(Class::Early, seed, WIDTH, HEIGHT), &mut workspace);
        for class in Class::ALL {
            let map = classifier.explain(&mut workspace, class).expect("a map");
            let (cells, logits) = classifier.cells(&workspace);
            let margin = |logits: &[f32; 4]| logits[class.index()] - logits.iter().sum::<f32>() / 4.0;
            let best = cells
                .iter()
                .zip(logits)
                .max_by(|one, other| margin(one.1).total_cmp(&margin(other.1)))
                .filter(|(_, logits)| margin(logits) > 0.0);
            match (best, map.peak_in(size.0, size.1)) {
                (Some((cell, _)), Some((x, y))) => {
                    assert!(
                        x.abs_diff(cell.x.into()) <= 4 && y.abs_diff(cell.y.into()) <= 4,
                        "{class} {cell:?} {x} {y}"
                    );
                    peaks += 1;
                }
                (None, None) => {}
                (best, peak) => panic!("{class}: {best:?} and {peak:?}"),
            }
        }
    }
    assert!(peaks > 8, "{peaks} maps with a peak");
}

#[test]
fn the_input_of_the_network_is_a_cells_picture() {
    let classifier = classifier();
    assert_eq!(classifier.lead().network().input_len(), SIDE * SIDE * 3);
    assert_eq!(classifier.framing().input_len(), 200 * 150 * 3);
}
