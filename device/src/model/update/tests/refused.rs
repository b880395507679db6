//! Files that are not installed.

use super::*;

#[test]
fn unsigned_foreign_older_and_ambiguous_models_are_refused_by_name() {
    let machine = Machine::with(&[5]);
    for (name, bytes, words) in [
        ("unsigned.bsm", TINY.to_vec(), "is not signed"),
        ("foreign.bsm", model("tiny", 6, 8), "no trusted key fits"),
        ("older.bsm", model("tiny", 4, 7), "is version 4, older than the installed version 5"),
        ("same.bsm", model("another", 5, 7), "sign it again with a higher version"),
        ("text.bsm", b"no model".to_vec(), "is not a blastscope model"),
        ("empty.bsm", Vec::new(), "is not a blastscope model"),
    ] {
        let refusal = machine.refusal(&machine.file(name, &bytes));
        assert!(refusal.contains(name) && refusal.contains(words), "{refusal}");
    }
    let refusal = machine.refusal(&machine.stick.path().join("absent.bsm"));
    assert!(refusal.contains("does not exist"), "{refusal}");
    assert_eq!(machine.runs(), (Some(5), Vec::new()));
}

#[test]
fn no_key_is_a_refusal_of_its_own_and_a_damaged_one_a_warning() {
    let machine = Machine::new();
    let file = machine.file("1.bsm", &model("tiny", 1, 7));
    let disk = Simulated::default();
    let error = machine.install_on(&disk, &file).expect_err("no key is trusted").to_string();
    assert!(error.contains("trusted-keys") && error.contains("--public-key"), "{error}");
    disk.put(&machine.dir.trusted_keys().join("broken.pub"), b"AAAA");
    let error = machine.install_on(&disk, &file).expect_err("no key is trusted").to_string();
    assert!(error.contains("broken.pub") && error.contains("mistyped"), "{error}");
    machine.disk.put(&machine.dir.trusted_keys().join("broken.pub"), b"AAAA");
    machine.disk.put(&machine.dir.trusted_keys().join("secret.pub"), key(9).to_text("secret").as_bytes());
    let report = machine.install(&file).expect("the other key is fine");
    assert_eq!(report.warnings.len(), 2, "{report:?}");
    assert!(report.warnings[0].contains("broken.pub") && report.warnings[1].contains("secret key"), "{report:?}");
}

#[test]
fn changed_and_cut_files_are_refused() {
    let machine = Machine::with(&[1]);
    let whole = model("tiny", 2, 7);
    for at in (0..whole.len()).step_by(37).chain(0..128) {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        machine.refusal(&machine.file("changed.bsm", &changed));
        machine.refusal(&machine.file("cut.bsm", &whole[..at]));
    }
    assert_eq!(machine.runs(), (Some(1), Vec::new()));
}

#[test]
fn a_model_that_computes_no_numbers_fails_the_self_test() {
    let (mut artifact, _) = Artifact::read(TINY).expect("whole");
    let scales = [3e38_f32; 4].map(f32::to_le_bytes).concat();
    let Some(blastscope_shared::layers::Layer::Dense(filters)) = artifact.jurors[0].layers.last_mut() else {
        panic!("a dense layer is last")
    };
    filters.weight_scales = &scales;
    let bytes = artifact.to_bytes().expect("the format allows it");
    let signed = artifact::sign(&bytes, &key(7), NonZero::<u32>::MAX).expect("usable");
    let machine = Machine::with(&[1]);
    let refusal = machine.refusal(&machine.file("endless.bsm", &signed));
    assert!(refusal.contains("fails the self-test") && refusal.contains("are not finite"), "{refusal}");
    assert_eq!(machine.runs(), (Some(1), Vec::new()));
}

#[test]
fn of_a_memory_stick_the_newest_is_taken_and_the_others_are_listed() {
    let machine = Machine::with(&[3]);
    machine.file("a-old.bsm", &model("tiny", 2, 7));
    machine.file("b-unsigned.bsm", TINY);
    machine.file("c-newer.BSM", &model("tiny", 5, 7));
    machine.file("d-newest.bsm", &model("tiny", 6, 7));
    machine.file("e-copy.bsm", &model("tiny", 6, 7));
    machine.file("f-foreign.bsm", &model("tiny", 7, 8));
    machine.file("._g.bsm", b"of a Macintosh");
    machine.file("h-notes.txt", b"not asked for");
    let report = machine.install(machine.stick.path()).expect("there is one");
    let Outcome::Installed { file, entry, .. } = &report.outcome else { panic!("{report:?}") };
    assert!(file.ends_with("d-newest.bsm") && entry.version == 6, "{report:?}");
    let passed: Vec<(String, &str)> = report
        .passed_over
        .iter()
        .map(|passed| (passed.file.file_name().unwrap_or_default().to_string_lossy().into_owned(), &*passed.reason))
        .collect();
    let expected = [
        ("a-old.bsm", "is version 2, older"),
        ("b-unsigned.bsm", "is not signed"),
        ("c-newer.BSM", "is version 5, and "),
        ("e-copy.bsm", "is the same model as "),
        ("f-foreign.bsm", "has a signature that no trusted key fits"),
    ];
    assert_eq!(passed.len(), expected.len(), "{passed:?}");
    for ((name, reason), (file, begin)) in passed.iter().zip(expected) {
        assert!(name == file && reason.starts_with(begin), "{name} {reason}");
    }
    assert_eq!(machine.runs(), (Some(6), Vec::new()));
}

#[test]
fn a_memory_stick_without_a_usable_model_says_why_for_each() {
    let machine = Machine::with(&[3]);
    let empty = machine.refusal(machine.stick.path());
    assert!(empty.contains("it has no .bsm file"), "{empty}");
    machine.file("a.bsm", &model("tiny", 2, 7));
    machine.file("b.bsm", TINY);
    let refusal = machine.refusal(machine.stick.path());
    assert_eq!(refusal.lines().count(), 3, "{refusal}");
}

#[test]
fn two_updates_at_once_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = DataDir::new(folder.path());
    let lock = Lock::take(&dir).expect("free");
    let error = Lock::take(&dir).expect_err("taken").to_string();
    assert!(error.contains("another update") && error.contains(&folder.path().display().to_string()), "{error}");
    drop(lock);
    Lock::take(&dir).expect("free again");
}
