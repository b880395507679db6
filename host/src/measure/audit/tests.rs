use std::{
    fs,
    path::{Path, PathBuf},
};

use image::{Rgb, RgbImage, imageops};

use super::*;
use crate::{
    data::{drawn_folder, drawn_set::DrawnSet},
    measure::audit::{conclusion::Weight, marks::MIDDLE},
    support::{notice::RESEARCH_USE_ONLY, progress::Progress},
};
use blastscope_drawn::GENERATOR;

const PER_CLASS: usize = 60;

/// Drawn fields, 60 of each class.
fn drawn() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let set = DrawnSet { generator: GENERATOR, seed: 5, width: 128, height: 96, per_class: PER_CLASS };
    set.write(folder.path(), || ()).expect("drawn");
    folder
}

fn picture(root: &Path, class: Class, number: usize) -> PathBuf {
    root.join(DrawnSet::picture_path(class, number))
}

fn open(path: &Path) -> RgbImage {
    image::open(path).expect("opened").into_rgb8()
}

fn audit(root: &Path) -> Audit {
    Audit::of(root, None, Progress::Silent).expect("audited")
}

fn texts(audit: &Audit, weight: Weight) -> Vec<&str> {
    let findings = audit.verdict.findings.iter().filter(|finding| finding.weight == weight);
    findings.map(|finding| finding.text.as_str()).collect()
}

#[test]
fn planted_faults_are_found() {
    let folder = drawn();
    let root = folder.path();
    fs::copy(picture(root, Class::Benign, 1), root.join("Pro/copied.jpg")).expect("copied");
    imageops::rotate90(&open(&picture(root, Class::Early, 2))).save(root.join("Early/turned.png")).expect("saved");
    fs::write(root.join("Pro/broken.jpg"), "no picture").expect("written");
    fs::write(root.join("Benign/empty.png"), "").expect("written");
    for number in 1..=PER_CLASS {
        let path = picture(root, Class::Pre, number);
        let mut field = open(&path);
        for (x, y) in (4..22).flat_map(|x| (3..7).map(move |y| (x, y))) {
            field.put_pixel(x, y, Rgb(if x % 4 < 2 { [255; 3] } else { [0; 3] }));
        }
        fs::remove_file(&path).expect("removed");
        field.save(path.with_extension("png")).expect("saved");
    }
    let audit = audit(root);

    let unreadable: Vec<&str> = audit.unreadable.iter().map(|file| file.file.as_str()).collect();
    assert_eq!(unreadable, ["Benign/empty.png", "Pro/broken.jpg"]);
    assert!(audit.unreadable[0].reason.contains("empty file"));
    assert_eq!(audit.pictures(), 4 * PER_CLASS + 2);

    let copies = &audit.copies;
    assert_eq!((copies.surplus, copies.identical_within, copies.identical_across), (1, 0, 1));
    let files = |at: usize| [copies.pairs[at].one.0.as_str(), copies.pairs[at].other.0.as_str()];
    assert_eq!(files(0), ["Benign/drawn-Benign-0001.jpg", "Pro/copied.jpg"]);
    assert_eq!((copies.near_within, copies.near_across, copies.near_transformed), (1, 0, 1));
    assert_eq!(files(1), ["Early/drawn-Early-0002.jpg", "Early/turned.png"]);
    assert_eq!(copies.pairs[1].symmetry, "rotate-left");
    assert_eq!(audit.groups, Groups { count: 4 * PER_CLASS, listed: false, across_classes: 1 });

    for place in &audit.marks.places {
        let is_planted = place.name == "upper left corner";
        assert_eq!(place.leaks(), is_planted, "{place:?}");
        let still = place.still.map(|share| share.expect("enough pictures"));
        if is_planted {
            assert!(still[Class::Pre.index()] > 0.05 && place.masked == 0.0, "{place:?}");
            assert!(Class::ALL.iter().all(|&class| class == Class::Pre || still[class.index()] < 0.005), "{place:?}");
            assert!(place.nearest.value > Some(0.4), "{place:?}");
        }
    }
    assert!(audit.marks.still > audit.marks.still_masked);
    assert!(audit.verdict.headline.contains("burned-in marks") && audit.verdict.headline.contains("upper left corner"));
    let serious = texts(&audit, Weight::Serious);
    assert!(serious.iter().any(|text| text.contains("1 pair of pictures of different classes")), "{serious:?}");
    assert_eq!(serious.len(), 2, "{serious:?}");
    assert_eq!(audit.sizes.iter().map(|size| [size.width, size.height]).collect::<Vec<_>>(), [[128, 96], [96, 128]]);
    assert!(texts(&audit, Weight::Caution).iter().any(|text| text.starts_with("2 files cannot be read")));

    let out = root.join("report");
    audit.write(&out).expect("written");
    let page = fs::read_to_string(out.join("audit.html")).expect("read");
    for word in [
        "copied.jpg",
        "turned.png",
        "broken.jpg",
        "rotate-left",
        "upper left corner",
        RESEARCH_USE_ONLY,
        "Drawn fields",
    ] {
        assert!(page.contains(word), "{word}");
    }
    // Two pairs, and the mean pictures of nine places.
    assert_eq!(page.matches("data:image/png;base64,").count(), 11);
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("audit.json")).expect("read")).expect("valid");
    assert_eq!(json["copies"]["identical_across"], 1);
    assert_eq!(json["verdict"]["headline"], audit.verdict.headline.as_str());
    assert_eq!(json["classes"][3]["distinct"], PER_CLASS + 1);
    let summary = audit.summary();
    assert!(summary.lines().all(|line| line.chars().count() <= 100), "{summary}");
    assert!(summary.contains("broken.jpg") && summary.contains(&audit.verdict.headline[..40]), "{summary}");
}

#[test]
fn nothing_is_found_in_a_set_without_faults() {
    let folder = drawn();
    let audit = audit(folder.path());
    assert_eq!(texts(&audit, Weight::Serious), [""; 0]);
    assert_eq!((audit.copies.count(), audit.unreadable.len(), audit.groups.across_classes), (0, 0, 0));
    for place in &audit.marks.places {
        assert!(!place.leaks(), "{place:?}");
        // The drawn scale bars lie in the lower right corner, alike in every class.
        assert!(!place.marked || place.name == "lower right corner", "{place:?}");
    }
    assert!(audit.marks.places[MIDDLE].nearest.low < 0.4);
    let best = audit.colour.best().expect("enough pictures");
    assert!(best.accuracy.value < Some(0.5), "{best:?}");
    assert!(!audit.verdict.headline.contains("nothing beyond colour"), "{}", audit.verdict.headline);
    assert!(audit.sittings.is_empty() && audit.without_sitting == 4 * PER_CLASS);
}

/// Fields whose tint tells the class, in sittings of one class each: two of each class but Pro, which has one.
fn tinted() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut list = "file,sha256,overlap_group,session\n".to_string();
    for (class, tint) in Class::ALL.into_iter().zip([0u8, 25, 50, 75]) {
        let class_folder = folder.path().join(class.name());
        fs::create_dir_all(&class_folder).expect("a folder");
        for number in 0..24 {
            let seed = class.index() as u32 * 100 + number;
            let mut field = drawn_folder::field(seed, 64);
            for pixel in field.pixels_mut() {
                pixel[2] = pixel[2].saturating_sub(2 * tint + (number % 5) as u8);
            }
            let path = class_folder.join(format!("{number:02}.png"));
            field.save(&path).expect("saved");
            let sha256 =
                blastscope_shared::hex(&<sha2::Sha256 as sha2::Digest>::digest(fs::read(&path).expect("read")));
            let sitting = if class == Class::Pro { 0 } else { number % 2 };
            list += &format!("{class}/{number:02}.png,{sha256},{seed},{class}-{sitting}\n");
        }
    }
    fs::write(folder.path().join("groups.csv"), list).expect("written");
    folder
}

#[test]
fn colour_that_gives_the_class_away_is_the_verdict() {
    let folder = tinted();
    let audit = audit(folder.path());
    assert!(audit.colour.best().expect("scored").accuracy.value > Some(0.95));
    assert_eq!(audit.colour.folds.len(), 12);
    assert!(audit.verdict.headline.contains("proves nothing beyond colour because"), "{}", audit.verdict.headline);
    assert_eq!(audit.sittings.len(), 7);
    assert!(texts(&audit, Weight::Serious).iter().any(|text| text.starts_with("Class equals sitting: none of 7")));
    let left_out: Vec<&str> = audit.colour.sittings.iter().map(|sitting| sitting.sitting.as_str()).collect();
    assert_eq!(left_out, ["Benign-0", "Benign-1", "Early-0", "Early-1", "Pre-0", "Pre-1"]);
    assert!(audit.colour.sittings.iter().all(|sitting| sitting.neighbours[1].of == 12));
    let alone = colour::ImpossibleSitting { sitting: "Pro-0".to_string(), class: Class::Pro, pictures: 24 };
    assert_eq!(audit.colour.impossible, [alone]);
    let page = audit.html();
    assert!(page.contains("Pro-0 (24 pictures) cannot be left out: it alone shows Pro."), "{page}");
}

#[test]
fn tiny_sets_and_lost_classes_do_not_stop_the_audit() {
    let folder = tempfile::tempdir().expect("a folder");
    drawn_folder::draw(folder.path(), ["Benign", "Early", "Pre", "Pro"], 1);
    fs::write(folder.path().join("Pre/Pre-000.png"), "broken").expect("written");
    let audit = audit(folder.path());
    assert_eq!((audit.pictures(), audit.unreadable.len()), (3, 1));
    assert!(audit.colour.folds.is_empty());
    assert!(audit.verdict.headline.contains("too few pictures"), "{}", audit.verdict.headline);
    assert!(audit.html().contains("Pre/Pre-000.png") && audit.summary().contains("Pre-000.png"));
    for class in ["Benign", "Early", "Pro"] {
        fs::write(folder.path().join(format!("{class}/{class}-000.png")), "broken").expect("written");
    }
    let error = Audit::of(folder.path(), None, Progress::Silent).expect_err("nothing to audit");
    assert!(error.to_string().contains("Benign-000.png"), "{error}");
}

#[test]
fn the_real_set_is_audited() {
    let Some(root) = drawn_folder::real_data("the_real_set_is_audited") else { return };
    let audit = audit(&root);
    println!("{}", audit.summary());
    assert!(audit.verdict.headline.contains("proves nothing beyond colour"));
    let corner = &audit.marks.places[3];
    assert!(corner.leaks() && corner.masked == 1.0, "{corner:?}");
    assert!(corner.nearest.value > Some(0.6), "{corner:?}");
    assert_eq!(audit.colour.sittings.len(), 8);
    assert_eq!(audit.colour.impossible.len(), 1);
    assert!(audit.copies.identical_within > 0 && audit.copies.identical_across == 0);
}
