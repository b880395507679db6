use std::collections::BTreeMap;

use super::*;
use crate::{
    data::{dataset::LabelledImage, drawn_folder},
    support::progress::Progress,
};

/// `per_class` pictures per class in two sittings, every third pair of them in one group.
fn dataset(per_class: usize) -> Dataset {
    let mut images = Vec::new();
    for class in Class::ALL {
        for number in 0..per_class {
            let mut sha256 = [class.index() as u8; 32];
            sha256[..8].copy_from_slice(&(number as u64).to_le_bytes());
            let first_of_group = if number % 6 == 1 { number - 1 } else { number };
            images.push(LabelledImage {
                file: format!("{class}/{number:04}.png"),
                class,
                sha256,
                group: (class.index() * 10_000 + first_of_group) as u32,
                session: Some(format!("{class}-{}", usize::from(number * 3 > per_class))),
            });
        }
    }
    Dataset { root: "drawn".into(), images, drawn: true }
}

fn count(dataset: &Dataset, split: &Split, part: Part, class: Class) -> usize {
    split.items(part).filter(|item| dataset.images[item.image].class == class).count()
}

#[test]
fn shares_hold_in_every_class_and_sitting() {
    let dataset = dataset(200);
    for kind in [SplitKind::Grouped, SplitKind::Random] {
        let split = Split::draw(&dataset, kind, 1, 1).expect("drawn");
        let mut counts: BTreeMap<(&str, Part), usize> = BTreeMap::new();
        let mut totals: BTreeMap<&str, usize> = BTreeMap::new();
        for item in &split.items {
            let session = dataset.images[item.image].session.as_deref().expect("known");
            *counts.entry((session, item.part)).or_default() += 1;
            *totals.entry(session).or_default() += 1;
        }
        for ((session, part), count) in counts {
            let share = if part == Part::Train { 0.7 } else { 0.15 };
            let wanted = totals[session] as f64 * share;
            assert!((count as f64 - wanted).abs() <= 3.0, "{kind} {session} {part}: {count}, wanted {wanted}");
        }
        for class in Class::ALL {
            assert!((28..=32).contains(&count(&dataset, &split, Part::Test, class)));
        }
    }
}

#[test]
fn no_group_and_no_copy_lies_on_two_sides() {
    let mut dataset = dataset(60);
    let copy = LabelledImage { file: "Pro/copy.png".to_string(), ..dataset.images[181].clone() };
    dataset.images.push(copy);
    for seed in 0..20 {
        let split = Split::draw(&dataset, SplitKind::Grouped, seed, 100).expect("drawn");
        let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
        for item in &split.items {
            let group = dataset.images[item.image].group;
            assert_eq!(*parts.entry(group).or_insert(item.part), item.part, "seed {seed}, group {group}");
        }
        let split = Split::draw(&dataset, SplitKind::Random, seed, 1).expect("drawn");
        let part_of = |image| split.items.iter().find(|item| item.image == image).map(|item| item.part);
        assert_eq!(part_of(181), part_of(240), "seed {seed}");
    }
}

#[test]
fn the_same_seed_gives_the_same_split_and_another_another() {
    let dataset = dataset(40);
    for kind in [SplitKind::Grouped, SplitKind::Random, SplitKind::Paper] {
        let draw = |seed| Split::draw(&dataset, kind, seed, 50).expect("drawn").items;
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }
}

#[test]
fn only_the_training_part_is_augmented_and_evenly() {
    let dataset = dataset(40);
    let split = Split::draw(&dataset, SplitKind::Grouped, 1, 100).expect("drawn");
    for part in [Part::Validation, Part::Test] {
        assert!(split.items(part).all(|item| item.symmetry == Symmetry::Identity));
    }
    for class in Class::ALL {
        assert_eq!(count(&dataset, &split, Part::Train, class), 100);
        let mut copies: BTreeMap<usize, Vec<Symmetry>> = BTreeMap::new();
        for item in split.items(Part::Train).filter(|item| dataset.images[item.image].class == class) {
            copies.entry(item.image).or_default().push(item.symmetry);
        }
        for symmetries in copies.values() {
            assert!((3..=4).contains(&symmetries.len()) && symmetries.contains(&Symmetry::Identity), "{symmetries:?}");
            assert!(!symmetries.iter().any(|symmetry| Symmetry::COMBINED.contains(symmetry)), "{symmetries:?}");
        }
    }
}

#[test]
fn too_many_and_too_few_pictures_are_remarked() {
    let dataset = dataset(40);
    let split = Split::draw(&dataset, SplitKind::Grouped, 1, 10).expect("drawn");
    assert!(count(&dataset, &split, Part::Train, Class::Pre) > 20);
    assert!(split.summary(&dataset).contains("more than 10: all are kept"), "{}", split.summary(&dataset));
    let split = Split::draw(&dataset, SplitKind::Grouped, 1, 1000).expect("drawn");
    let train = count(&dataset, &split, Part::Train, Class::Pre);
    assert!(train.is_multiple_of(8) && train > 200);
    assert!(split.summary(&dataset).contains("no symmetry is left"), "{}", split.summary(&dataset));
}

#[test]
fn the_papers_split_leaks_and_says_so() {
    let dataset = dataset(40);
    let split = Split::draw(&dataset, SplitKind::Paper, 1, 100).expect("drawn");
    for class in Class::ALL {
        assert_eq!(count(&dataset, &split, Part::Train, class), 80);
        assert_eq!(count(&dataset, &split, Part::Test, class), 20);
    }
    assert!(split.items(Part::Validation).eq(split.items(Part::Test)));
    let train: Vec<usize> = split.items(Part::Train).map(|item| item.image).collect();
    assert!(split.items(Part::Test).any(|item| train.contains(&item.image)));
    assert!(split.kind.warning().expect("a warning").contains("leaks"));
    assert!(Split::draw(&dataset, SplitKind::Random, 1, 1).expect("drawn").kind.warning().is_some());
    assert_eq!(Split::draw(&dataset, SplitKind::Grouped, 1, 1).expect("drawn").kind.warning(), None);
}

#[test]
fn a_class_with_too_few_groups_is_named() {
    let mut dataset = dataset(40);
    for image in dataset.images.iter_mut().filter(|image| image.class == Class::Early) {
        image.group = 77 + u32::from(image.file.ends_with("7.png"));
    }
    let text = Split::draw(&dataset, SplitKind::Grouped, 1, 10).expect_err("two groups").to_string();
    assert!(text.contains("class Early has 2 overlap groups"), "{text}");
    assert!(Split::draw(&dataset, SplitKind::Random, 1, 10).is_ok());
    assert!(Split::draw(&dataset, SplitKind::Random, 1, 0).is_err());
}

#[test]
fn three_groups_fill_three_parts() {
    let mut dataset = dataset(30);
    for image in &mut dataset.images {
        image.group = image.class.index() as u32 * 3
            + u32::from(image.file.ends_with("3.png"))
            + 2 * u32::from(image.file.ends_with("5.png"));
    }
    let split = Split::draw(&dataset, SplitKind::Grouped, 1, 10).expect("drawn");
    for (part, class) in Part::ALL.into_iter().flat_map(|part| Class::ALL.map(|class| (part, class))) {
        assert!(count(&dataset, &split, part, class) >= 3, "{part} {class}");
    }
}

#[test]
fn a_written_split_reads_back() {
    let dataset = dataset(20);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("split.csv");
    for kind in [SplitKind::Grouped, SplitKind::Random, SplitKind::Paper] {
        let split = Split::draw(&dataset, kind, u64::MAX, 30).expect("drawn");
        split.write(&path, &dataset).expect("written");
        assert_eq!(Split::read(&path, &dataset).expect("read"), split);
    }
}

#[test]
fn rejects_damaged_and_foreign_files() {
    let dataset = dataset(20);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("split.csv");
    let split = Split::draw(&dataset, SplitKind::Grouped, 5, 30).expect("drawn");
    split.write(&path, &dataset).expect("written");
    let good = std::fs::read_to_string(&path).expect("read");
    let line = good.lines().nth(2).expect("a line").to_string();
    let replaced = |from: &str, to: &str| good.replacen(from, to, 1);
    let leak = {
        let twin = good.lines().position(|line| line.contains("Benign/0000.png")).expect("a line");
        let mut lines: Vec<String> = good.lines().map(str::to_string).collect();
        let other = if lines[twin].starts_with("train") { "test" } else { "train" };
        let rest = lines[twin].split_once(',').expect("cells").1.replace("identity", "transpose");
        lines.push(format!("{other},{rest}"));
        lines.join("\n")
    };
    for (word, text) in [
        ("not a split file", good.lines().skip(1).collect::<Vec<_>>().join("\n")),
        ("not a split file", replaced("kind=grouped", "kind=other")),
        ("not a split file", "\u{0}\u{ff}".to_string()),
        ("columns", replaced("part,class", "class,part")),
        ("line 3: part is \"training\"", replaced("train,", "training,")),
        ("symmetry is", replaced("identity", "turned")),
        ("occurs twice", format!("{good}{line}\n")),
        ("is not in", replaced("Benign/", "Benign/x")),
        ("lies on two sides", leak),
        ("cut off", good.lines().take(9).collect::<Vec<_>>().join("\n")),
    ] {
        std::fs::write(&path, text).expect("written");
        let error = Split::read(&path, &dataset).expect_err(word).to_string();
        assert!(error.contains(word) && error.contains("split.csv"), "{error}");
    }
    std::fs::write(&path, &good).expect("written");
    let mut changed = dataset.clone();
    changed.images[13].sha256 = [9; 32];
    let error = Split::read(&path, &changed).expect_err("changed").to_string();
    assert!(error.contains("Benign/0013.png has changed"), "{error}");
}

#[test]
fn the_real_set_is_divided_without_leaks() {
    let Some(root) = drawn_folder::real_data("the_real_set_is_divided_without_leaks") else { return };
    let dataset = Dataset::scan(&root, None, Progress::Silent).expect("scanned");
    let split = Split::draw(&dataset, SplitKind::Grouped, 1, 1000).expect("drawn");
    println!("{}", split.summary(&dataset));
    let mut parts: BTreeMap<u32, Part> = BTreeMap::new();
    for item in &split.items {
        let group = dataset.images[item.image].group;
        assert_eq!(*parts.entry(group).or_insert(item.part), item.part);
    }
    for class in Class::ALL {
        let share = count(&dataset, &split, Part::Test, class) as f64 / dataset.count(class) as f64;
        assert!((0.13..=0.17).contains(&share), "{class}: {share}");
    }
}

#[test]
fn what_is_held_out_is_the_test_part_and_its_groups_are_nowhere_else() {
    let dataset = dataset(60);
    let session = "Early-1";
    let held_out: Vec<usize> =
        (0..dataset.images.len()).filter(|&image| dataset.images[image].session.as_deref() == Some(session)).collect();
    let split = Split::hold_out(&dataset, &held_out, SplitKind::HeldOut, 3, 40).expect("split");
    let test: Vec<usize> = split.items(Part::Test).map(|item| item.image).collect();
    assert_eq!(test, held_out);
    let groups: std::collections::BTreeSet<u32> = test.iter().map(|&image| dataset.images[image].group).collect();
    for part in [Part::Train, Part::Validation] {
        assert!(split.items(part).all(|item| !groups.contains(&dataset.images[item.image].group)), "{part}");
        for class in Class::ALL {
            assert!(count(&dataset, &split, part, class) > 0, "{part} {class}");
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("split.csv");
    split.write(&path, &dataset).expect("written");
    assert_eq!(Split::read(&path, &dataset).expect("read"), split);
    // The only sitting of a class cannot be held out: nothing of the class would be left to learn.
    let all_pro: Vec<usize> = (180..240).collect();
    let error = Split::hold_out(&dataset, &all_pro, SplitKind::HeldOut, 3, 40).expect_err("refused").to_string();
    assert!(error.contains("Pro"), "{error}");
    assert!(Split::hold_out(&dataset, &[], SplitKind::HeldOut, 3, 40).is_err());
}
