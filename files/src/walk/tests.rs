use super::*;
use crate::Printable as _;

fn put(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, name).expect("a file");
    }
}

fn names(root: &Path, paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| path.strip_prefix(root).expect("below").printable().to_string()).collect()
}

fn walked(root: &Path) -> (Vec<String>, Found) {
    let found = pictures_below(root).expect("listed");
    (names(root, &found.pictures), found)
}

/// A pipe that nobody writes to.
#[cfg(unix)]
pub(crate) fn pipe(path: &Path) -> PathBuf {
    nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR).expect("a pipe");
    path.to_path_buf()
}

#[cfg(unix)]
use std::os::unix::fs::symlink;

#[test]
fn pictures_of_every_extension_and_depth_are_found_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = ["a/b/c/d.jpg", "a.JPEG", "b.jpe", "c.JfiF", "d/e.png", "e.tif", "f.TIFF", "g.bmp"];
    put(folder.path(), &all);
    let (found, Found { failures, left_out, .. }) = walked(folder.path());
    assert_eq!(found, ["a/b/c/d.jpg", "a.JPEG", "b.jpe", "c.JfiF", "d/e.png", "e.tif", "f.TIFF", "g.bmp"]);
    assert!(failures.is_empty() && left_out.is_empty());
}

#[test]
fn what_is_left_out_is_counted_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    put(
        folder.path(),
        &[
            "1.jpg",
            ".hidden.jpg",
            "sub/._1.jpg",
            ".git/x.png",
            "Thumbs.db",
            "__MACOSX/1.jpg",
            "notes.txt",
            "list.csv",
            "jpg",
            "more.txt",
            "phone.HEIC",
            "web.webp",
        ],
    );
    let (found, Found { left_out, .. }) = walked(folder.path());
    assert_eq!(found, ["1.jpg"]);
    assert_eq!(left_out.count(), 11);
    assert_eq!(names(folder.path(), left_out.of(Left::Hidden)), [".git", ".hidden.jpg", "sub/._1.jpg"]);
    assert_eq!(names(folder.path(), left_out.of(Left::UnreadFormat)), ["phone.HEIC", "web.webp"]);
    assert_eq!(
        left_out.below(folder.path()).to_string(),
        "2 in an unsupported format; save as PNG (phone.HEIC, web.webp), 4 not a picture (jpg, list.csv, more.txt, \
         ...), 3 hidden (.git, .hidden.jpg, sub/._1.jpg), 2 of the operating system (Thumbs.db, __MACOSX)"
    );
}

#[test]
fn a_folder_that_cannot_be_listed_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &["file.jpg"]);
    assert_eq!(pictures_below(&folder.path().join("absent")).expect_err("absent").kind(), io::ErrorKind::NotFound);
    assert_eq!(
        pictures_below(&folder.path().join("file.jpg")).expect_err("a file").kind(),
        io::ErrorKind::NotADirectory
    );
}

#[cfg(unix)]
#[test]
fn pipes_sockets_and_links_to_devices_are_never_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &["1.jpg"]);
    pipe(&folder.path().join("2.jpg"));
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("3.jpg")).expect("a socket");
    symlink("/dev/zero", folder.path().join("4.jpg")).expect("a link");
    symlink("2.jpg", folder.path().join("5.jpg")).expect("a link");
    let (found, Found { left_out, failures, .. }) = walked(folder.path());
    assert_eq!((found.as_slice(), failures.len()), (&["1.jpg".to_string()][..], 0));
    assert_eq!(names(folder.path(), left_out.of(Left::NotRegular)), ["2.jpg", "3.jpg", "4.jpg", "5.jpg"]);
}

#[cfg(unix)]
#[test]
fn every_picture_counts_once_whatever_links_lead_to_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("slides");
    put(&root, &["a/1.jpg", "b/2.jpg"]);
    put(folder.path(), &["elsewhere/3.jpg", "elsewhere/deep/4.jpg", "alone.jpg"]);
    // Links to itself, to a folder above, to each other, to a counted file and folder, and twice to something elsewhere.
    symlink(".", root.join("self")).expect("a link");
    symlink("..", root.join("a/up")).expect("a link");
    symlink("../..", root.join("a/outside")).expect("a link");
    symlink("../b", root.join("a/sibling")).expect("a link");
    symlink("../a", root.join("b/sibling")).expect("a link");
    symlink("1.jpg", root.join("a/0.jpg")).expect("a link");
    symlink(folder.path().join("elsewhere"), root.join("c")).expect("a link");
    symlink(folder.path().join("elsewhere/deep"), root.join("d")).expect("a link");
    symlink(folder.path().join("alone.jpg"), root.join("e.jpg")).expect("a link");
    symlink(folder.path().join("alone.jpg"), root.join("f.jpg")).expect("a link");
    fs::hard_link(root.join("b/2.jpg"), root.join("b/hard.jpg")).expect("a second name");
    let (found, Found { left_out, failures, .. }) = walked(&root);
    assert_eq!(found, ["a/1.jpg", "b/2.jpg", "c/3.jpg", "c/deep/4.jpg", "e.jpg"]);
    assert!(failures.is_empty(), "{failures:?}");
    let again = ["a/0.jpg", "a/outside", "a/sibling", "a/up", "b/hard.jpg", "b/sibling", "d", "f.jpg", "self"];
    assert_eq!(names(&root, left_out.of(Left::SeenElsewhere)), again);
}

#[cfg(unix)]
#[test]
fn a_link_takes_nothing_away_from_the_folder_that_holds_it() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &["Benign/1.jpg", "Early/sub/2.jpg", "Early/3.jpg"]);
    symlink("../Early/sub", folder.path().join("Benign/a")).expect("a link");
    symlink("../Early/3.jpg", folder.path().join("Benign/b.jpg")).expect("a link");
    let roots = ["Benign", "Early"].map(|name| folder.path().join(name));
    let found = pictures_below_each(&[&roots[0], &roots[1]]);
    let found: Vec<&Found> = found.iter().map(|found| found.as_ref().expect("listed")).collect();
    assert_eq!(names(folder.path(), &found[0].pictures), ["Benign/1.jpg"]);
    assert_eq!(names(folder.path(), &found[1].pictures), ["Early/3.jpg", "Early/sub/2.jpg"]);
    assert_eq!(names(folder.path(), found[0].left_out.of(Left::SeenElsewhere)), ["Benign/a", "Benign/b.jpg"]);
}

#[cfg(unix)]
#[test]
fn an_entry_that_cannot_be_read_is_one_failure() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &["1.jpg", "closed/2.jpg", "open/3.jpg"]);
    symlink("nowhere", folder.path().join("4.jpg")).expect("a link");
    symlink("nowhere", folder.path().join("notes.txt")).expect("a link");
    symlink("5.jpg", folder.path().join("5.jpg")).expect("a link to itself");
    let closed = folder.path().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).expect("closed");
    let (found, Found { failures, left_out, .. }) = walked(folder.path());
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("open again");
    let failed: Vec<PathBuf> = failures.into_iter().map(|failure| failure.path).collect();
    let failed = names(folder.path(), &failed);
    // The superuser may read everything.
    if found.len() == 3 {
        assert_eq!(
            (found, failed),
            (["1.jpg", "closed/2.jpg", "open/3.jpg"].map(String::from).to_vec(), vec!["4.jpg".into(), "5.jpg".into()])
        );
    } else {
        assert_eq!(found, ["1.jpg", "open/3.jpg"]);
        assert_eq!(failed, ["4.jpg", "5.jpg", "closed"]);
    }
    assert_eq!(names(folder.path(), left_out.of(Left::NoPicture)), ["notes.txt"]);
}
