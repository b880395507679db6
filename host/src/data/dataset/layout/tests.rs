use std::fs;

use super::*;

const PLAIN: [&str; 4] = ["Benign", "Early", "Pre", "Pro"];

fn put(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, name).expect("a file");
    }
}

/// A folder with a picture of each class.
fn set() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &PLAIN.map(|class| format!("{class}/1.jpg")).each_ref().map(String::as_str));
    folder
}

fn names(found: &Found) -> Vec<&str> {
    found.files.iter().map(|(file, _)| file.as_str()).collect()
}

#[test]
fn every_extension_and_depth_is_taken_and_said() {
    let folder = set();
    put(
        folder.path(),
        &["Pre/monday/slide/2.jfif", "Pre/monday/slide/3.JPE", "Benign/Segmented/1.jpg", "Early/Pre/4.jpg"],
    );
    put(folder.path(), &["Pro/.hidden.jpg", "Pro/notes.txt", "Pro/Thumbs.db"]);
    let found = find(folder.path(), Needed::All).expect("found");
    let expected =
        ["Benign/1.jpg", "Early/1.jpg", "Pre/1.jpg", "Pre/monday/slide/2.jfif", "Pre/monday/slide/3.JPE", "Pro/1.jpg"];
    assert_eq!(names(&found), expected);
    assert!(found.files[3..5].iter().all(|(_, class)| *class == Class::Pre) && found.unreadable.is_empty());
    let remarks = found.remarks.join("\n");
    for remark in [
        "pictures were also taken from Pre/monday/slide (2 pictures)",
        "something else than its class: Benign/Segmented (1 picture), Early/Pre (1 picture)",
        "1 not a picture (Pro/notes.txt), 1 hidden (Pro/.hidden.jpg), 1 of the operating system (Pro/Thumbs.db)",
    ] {
        assert!(remarks.contains(remark), "{remark}: {remarks}");
    }
}

#[test]
fn a_fifth_folder_and_pictures_beside_the_classes_are_named() {
    let folder = set();
    put(
        folder.path(),
        &["Healthy/1.jpg", "Healthy/deep/2.jpg", "Bening/3.jpg", "Segmented/Pre/1.jpg", "loose.png", "more.png"],
    );
    put(folder.path(), &["groups.csv", "scripts/a.py"]);
    let found = find(folder.path(), Needed::All).expect("found");
    assert_eq!(found.files.len(), 4);
    let expected = [
        "left out: the folder Bening (1 picture), which is not a class; did you mean Benign? Then rename it",
        "left out: the folder Healthy (2 pictures), which is not a class",
        "left out: the folder Segmented (1 picture); segmented pictures are never taken",
        "left out: 2 pictures beside the class folders, such as loose.png",
    ];
    assert_eq!(found.remarks, expected);
}

#[test]
fn a_missing_class_says_which_folder_may_be_meant() {
    let folder = set();
    fs::rename(folder.path().join("Benign"), folder.path().join("Bening")).expect("renamed");
    let error = find(folder.path(), Needed::All).expect_err("no Benign").to_string();
    assert!(
        error.contains("no pictures of class Benign; the folder Bening is not understood, did you mean Benign?"),
        "{error}"
    );
    for (class, slip) in [("Early", "Ealry"), ("Pre", "Per"), ("Pro", "Por")] {
        fs::rename(folder.path().join(class), folder.path().join(slip)).expect("renamed");
    }
    let error = find(folder.path(), Needed::All).expect_err("no classes").to_string();
    assert!(
        error.contains("no class folders") && error.contains("Por is not understood, did you mean Pro?"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn links_count_once_and_give_no_picture_a_second_class() {
    use std::os::unix::fs::symlink;
    let folder = set();
    put(folder.path(), &["Early/a/2.jpg"]);
    let at = |name: &str| folder.path().join(name);
    symlink("..", at("Benign/up")).expect("a link");
    symlink("../Early/a", at("Benign/a")).expect("a link");
    symlink("../Early/1.jpg", at("Benign/2.jpg")).expect("a link");
    symlink(".", at("self")).expect("a link");
    let found = find(folder.path(), Needed::All).expect("found");
    assert_eq!(names(&found), ["Benign/1.jpg", "Early/1.jpg", "Early/a/2.jpg", "Pre/1.jpg", "Pro/1.jpg"]);
    assert!(
        found.remarks.iter().any(|remark| remark.contains("3 a link to something already counted")),
        "{:?}",
        found.remarks
    );
}

#[cfg(unix)]
#[test]
fn each_entry_that_cannot_be_read_is_listed() {
    use std::os::unix::{ffi::OsStrExt as _, fs::symlink};
    let folder = set();
    symlink("nowhere", folder.path().join("Pre/2.jpg")).expect("a link");
    symlink("nowhere", folder.path().join("Pro/drive")).expect("a link");
    fs::write(folder.path().join("Early").join(std::ffi::OsStr::from_bytes(b"\xff.jpg")), "x").expect("a file");
    let found = find(folder.path(), Needed::All).expect("found");
    assert_eq!(found.files.len(), 4);
    let unreadable: Vec<&str> = found.unreadable.iter().map(|unreadable| unreadable.file.as_str()).collect();
    assert_eq!(unreadable.len(), 3, "{unreadable:?}");
    assert!(
        unreadable[1..] == ["Pre/2.jpg", "Pro/drive"] && unreadable[0].ends_with("Early/\u{fffd}.jpg"),
        "{unreadable:?}"
    );
    assert!(found.unreadable[0].reason.to_string().contains("not UTF-8; rename it"));
}

#[test]
fn a_folder_that_cannot_be_listed_hides_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &PLAIN.map(|class| format!("data/{class}/1.jpg")).each_ref().map(String::as_str));
    let below = folders(folder.path()).expect("listed");
    let refused = || {
        let path = folder.path().join("backup");
        Err(Error::io("list the folder", path)(std::io::ErrorKind::PermissionDenied.into()))
    };
    let data = || here_or_in_original(&folder.path().join("data"));
    for searched in [vec![refused(), data()], vec![data(), refused()]] {
        let place = only_one(folder.path(), &below, searched.into_iter()).expect("found");
        assert_eq!((place.folders.root, place.unlisted.len()), (folder.path().join("data"), 1));
    }
    let Err(error) = only_one(folder.path(), &below, [Ok(None), refused()].into_iter()) else {
        panic!("nothing else was found");
    };
    assert!(error.to_string().contains("backup"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_sibling_without_permission_is_said_and_the_data_taken() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &PLAIN.map(|class| format!("data/{class}/1.jpg")).each_ref().map(String::as_str));
    let closed = folder.path().join("backup");
    fs::create_dir(&closed).expect("a folder");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("changed");
    // Permissions do not bind root.
    let binds = fs::read_dir(&closed).is_err();
    let found = find(folder.path(), Needed::All);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("changed back");
    let found = found.expect("found");
    assert_eq!(found.files.len(), 4);
    assert_eq!(found.remarks.iter().any(|remark| remark.contains("not searched") && remark.contains("backup")), binds);
}
