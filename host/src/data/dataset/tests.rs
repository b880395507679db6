use std::fs;

use blastscope_shared::hex;

use super::*;
use crate::data::drawn_folder;

const PLAIN: [&str; 4] = ["Benign", "Early", "Pre", "Pro"];

fn scan(root: &Path) -> Result<Dataset, Error> {
    Dataset::scan(root, None, Progress::Silent)
}

#[test]
fn every_public_layout_is_found() {
    let kaggle = ["Benign", "[Malignant] early Pre-B", "[Malignant] Pre-B", "[Malignant] Pro-B"];
    for (below, folders) in [("", PLAIN), ("Original", PLAIN), ("set", kaggle), ("set/Original", PLAIN)] {
        let folder = tempfile::tempdir().expect("a folder");
        drawn_folder::draw(&folder.path().join(below), folders, 2);
        drawn_folder::draw(&folder.path().join("Segmented"), PLAIN, 1);
        fs::write(folder.path().join(below).join(folders[0]).join(".hidden.png"), "hidden").expect("written");
        fs::write(folder.path().join(below).join(folders[0]).join("notes.txt"), "notes").expect("written");
        let dataset = scan(folder.path()).expect(below);
        assert_eq!(dataset.root, folder.path().join(below));
        assert_eq!(dataset.images.len(), 8, "{below:?}");
        for class in Class::ALL {
            assert_eq!(dataset.count(class), 2, "{below:?} {class}");
        }
        assert!(dataset.images.is_sorted_by(|one, other| one.file < other.file));
        assert!(dataset.path(&dataset.images[0]).is_file());
        assert!(!dataset.drawn);
    }
}

#[test]
fn refusals_name_the_folder_and_what_is_understood() {
    let folder = tempfile::tempdir().expect("a folder");
    let refusal = |word: &str| {
        let text = scan(folder.path()).expect_err(word).to_string();
        assert!(text.contains(&folder.path().display().to_string()) && text.contains(word), "{text}");
    };
    refusal("[Malignant] Pro-B");
    drawn_folder::draw(folder.path(), PLAIN, 1);
    fs::remove_file(folder.path().join("Pre/Pre-000.png")).expect("removed");
    refusal("no pictures of class Pre");
    fs::write(folder.path().join("Pre/Pre-000.png"), "").expect("written");
    refusal("empty file");
    fs::write(folder.path().join("Pre/Pre-000.png"), "no picture at all").expect("written");
    refusal("Pre-000.png");

    let folder = tempfile::tempdir().expect("a folder");
    drawn_folder::draw(&folder.path().join("one"), PLAIN, 1);
    drawn_folder::draw(&folder.path().join("two"), PLAIN, 1);
    let text = scan(folder.path()).expect_err("two data sets").to_string();
    assert!(text.contains("several data sets"), "{text}");
    let absent = folder.path().join("absent");
    assert!(scan(&absent).expect_err("absent").to_string().contains("absent"));
}

#[test]
fn a_marker_says_that_the_fields_are_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    drawn_folder::draw(folder.path(), PLAIN, 1);
    fs::write(folder.path().join(DRAWN_FILE), "{}").expect("written");
    assert!(scan(folder.path()).expect("scanned").drawn);
}

#[test]
fn the_manifest_changes_with_content_class_and_name() {
    let folder = tempfile::tempdir().expect("a folder");
    drawn_folder::draw(folder.path(), PLAIN, 2);
    let dataset = scan(folder.path()).expect("scanned");
    let hash = dataset.manifest_hash();
    assert_eq!(hash, scan(folder.path()).expect("scanned again").manifest_hash());
    let mut changed = [(); 3].map(|()| dataset.clone());
    changed[0].images[0].sha256[0] ^= 1;
    changed[1].images[0].class = Class::Pro;
    changed[2].images[0].file.push('x');
    for other in changed {
        assert_ne!(hash, other.manifest_hash());
    }
}

#[test]
fn inputs_come_in_the_order_of_the_images() {
    let folder = tempfile::tempdir().expect("a folder");
    drawn_folder::draw(folder.path(), PLAIN, 3);
    let dataset = scan(folder.path()).expect("scanned");
    let framing = Framing::square(32);
    let inputs = dataset.load_inputs(&framing, Progress::Silent).expect("loaded");
    for (image, input) in dataset.images.iter().zip(&inputs) {
        let picture = picture::read_picture(&dataset.path(image)).expect("read");
        assert_eq!(input, &framing.apply(&picture), "{}", image.file);
    }
}

/// A data set of two pictures a class, and its list with everyone in a group of its own.
fn with_list(list: impl Fn(&mut Vec<String>, &Dataset)) -> (tempfile::TempDir, Result<Dataset, Error>) {
    let folder = tempfile::tempdir().expect("a folder");
    drawn_folder::draw(folder.path(), PLAIN, 2);
    let dataset = scan(folder.path()).expect("scanned");
    let mut lines = vec!["class,session,file,overlap_group,sha256".to_string()];
    for (at, image) in dataset.images.iter().enumerate() {
        lines.push(format!("{},day-{},{},{},{}", image.class, at % 2, image.file, at + 10, hex(&image.sha256)));
    }
    list(&mut lines, &dataset);
    fs::write(folder.path().join(GROUPS_FILE), lines.join("\n")).expect("written");
    let scanned = scan(folder.path());
    (folder, scanned)
}

#[test]
fn a_list_gives_groups_and_sittings() {
    let (_folder, dataset) = with_list(|_, _| {});
    let dataset = dataset.expect("scanned");
    for (at, image) in dataset.images.iter().enumerate() {
        assert_eq!(image.group as usize, at + 10);
        assert_eq!(image.session.as_deref(), Some(["day-0", "day-1"][at % 2]));
    }
}

#[test]
fn pictures_without_a_line_get_new_groups_and_lines_without_a_picture_do_not_matter() {
    let (_folder, dataset) = with_list(|lines, _| {
        lines.remove(1);
        lines.push(format!("Pro,,Pro/gone.png,99,{}", "0".repeat(64)));
    });
    let dataset = dataset.expect("scanned");
    assert_eq!(dataset.images[0].group, 100);
    assert_eq!(dataset.images[0].session, None);
    assert_eq!(dataset.images[1].group, 11);
}

#[test]
fn rejects_broken_lists_by_line() {
    type Change = fn(&mut Vec<String>);
    let cases: [(&str, Change); 6] = [
        ("no column sha256", |lines| lines[0] = lines[0].replace("sha256", "hash")),
        ("line 2: overlap_group is \"x\"", |lines| lines[1] = lines[1].replace(",10,", ",x,")),
        ("line 3: sha256", |lines| lines[2].truncate(40)),
        ("was listed before", |lines| lines.push(lines[1].clone())),
        ("not a table", |lines| lines[1].push_str(",one,two,many")),
        ("lists none of the pictures", |lines| lines.truncate(1)),
    ];
    for (word, change) in cases {
        let (_folder, scanned) = with_list(|lines, _| change(lines));
        let text = scanned.expect_err(word).to_string();
        assert!(text.contains(word) && text.contains(GROUPS_FILE), "{text}");
    }
}

#[test]
fn rejects_a_file_that_is_not_the_listed_one() {
    let (_folder, scanned) = with_list(|lines, dataset| {
        let (right, wrong) = (hex(&dataset.images[3].sha256), "ab".repeat(32));
        lines[4] = lines[4].replace(&right, &wrong);
    });
    let text = scanned.expect_err("wrong hash").to_string();
    assert!(text.contains("Early/Early-001.png") && text.contains("restore the file"), "{text}");
}

#[test]
fn identical_and_near_identical_pictures_join_their_groups() {
    let image = |file: &str, sha: u8, group| LabelledImage {
        file: file.to_string(),
        class: Class::Pro,
        sha256: [sha; 32],
        group,
        session: None,
    };
    let mut images = [image("a", 1, 7), image("b", 2, 7), image("c", 2, 3), image("d", 3, 3), image("e", 4, 5)];
    join(&mut images, &[0, 1, 2, 3, 4]);
    assert_eq!(images.clone().map(|image| image.group), [3, 3, 3, 3, 5]);
    join(&mut images, &[0, 1, 2, 3, 3]);
    assert_eq!(images.map(|image| image.group), [3, 3, 3, 3, 3]);
}

#[test]
fn hexadecimal_goes_both_ways() {
    let bytes: [u8; 32] = std::array::from_fn(|at| at as u8 * 7);
    assert_eq!(sha256_from_hex(&hex(&bytes)), Some(bytes));
    assert_eq!(sha256_from_hex(&hex(&bytes).to_uppercase()), Some(bytes));
    for wrong in ["", "+1", &"g".repeat(64), &"é".repeat(32)] {
        assert_eq!(sha256_from_hex(wrong), None, "{wrong}");
    }
}

#[test]
fn the_real_set_is_found_with_its_groups() {
    let Some(root) = drawn_folder::real_data("the_real_set_is_found_with_its_groups") else { return };
    let dataset = scan(&root).expect("scanned");
    assert!(dataset.images.len() > 2000);
    assert!(dataset.group_count() < dataset.images.len());
    assert!(dataset.images.iter().all(|image| image.session.is_some()));
}
