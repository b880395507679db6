use std::time::SystemTime;

use blastscope_drawn::GENERATOR;

use super::*;

const SET: DrawnSet = DrawnSet { generator: GENERATOR, seed: 5, width: 64, height: 64, per_class: 2 };

fn drawn() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(SET.write(folder.path(), || ()).expect("drawn"), 8);
    folder
}

fn refusal(set: DrawnSet, folder: &Path) -> String {
    let message = set.write(folder, || ()).expect_err("refused").to_string();
    assert!(message.contains(&folder.display().to_string()), "{message}");
    message
}

#[test]
fn a_set_is_four_folders_of_pictures_and_a_marker() {
    let folder = drawn();
    for (.., path) in SET.pictures() {
        let bytes = fs::read(folder.path().join(&path)).expect("read");
        let picture = image::load_from_memory(&bytes).expect("a JPEG file");
        assert_eq!((picture.width(), picture.height()), (64, 64), "{}", path.display());
    }
    assert!(folder.path().join("Pro/drawn-Pro-0002.jpg").is_file());
    assert_eq!(DrawnSet::read(folder.path()).expect("read"), Some(SET));
    let files = |path: &Path| fs::read_dir(path).expect("listed").count();
    assert_eq!(files(folder.path()), 5);
    assert_eq!(files(&folder.path().join("Early")), 2);
}

#[test]
fn an_interrupted_set_is_completed_and_what_is_there_is_kept() {
    let folder = drawn();
    let gone = folder.path().join(DrawnSet::picture_path(Class::Early, 2));
    let before = fs::read(&gone).expect("read");
    fs::remove_file(&gone).expect("removed");
    let kept = folder.path().join(DrawnSet::picture_path(Class::Pre, 1));
    let time = |path: &Path| -> SystemTime { fs::metadata(path).and_then(|file| file.modified()).expect("a time") };
    let written = time(&kept);
    assert_eq!(SET.existing(folder.path()).expect("the same set"), Existing::Part(7));
    assert_eq!(SET.write(folder.path(), || ()).expect("completed"), 1);
    assert_eq!(fs::read(&gone).expect("read"), before);
    assert_eq!(time(&kept), written);
    assert_eq!(SET.write(folder.path(), || ()).expect("complete"), 0);
}

#[test]
fn rejects_other_parameters() {
    let folder = drawn();
    for other in [
        DrawnSet { seed: 6, ..SET },
        DrawnSet { per_class: 3, ..SET },
        DrawnSet { width: 128, ..SET },
        DrawnSet { generator: GENERATOR + 1, ..SET },
    ] {
        let message = refusal(other, folder.path());
        assert!(message.contains("other parameters") && message.contains("seed 5"), "{message}");
    }
}

#[test]
fn rejects_a_folder_with_other_files() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("Benign")).expect("created");
    let message = refusal(SET, folder.path());
    assert!(message.contains("did not draw") && message.contains("--out"), "{message}");
    assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1, "nothing is written");
}

#[test]
fn rejects_a_file_in_the_place_of_the_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("written");
    assert!(refusal(SET, &file).contains("is a file"));
}

#[test]
fn rejects_a_marker_that_is_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join(DRAWN_FILE), "{}").expect("written");
    assert!(refusal(SET, folder.path()).contains("delete the folder"));
}

#[test]
fn large_pictures_are_drawn_few_at_a_time() {
    assert_eq!(SET.strand(1000), 1);
    let large = DrawnSet { width: 4096, height: 4096, ..SET };
    let strand = large.strand(1000);
    assert!(strand == 1 && rayon::current_num_threads() <= 3 || strand >= 300, "{strand}");
}
