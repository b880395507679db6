//! Folders, files and outputs as people have them, with the program run as they run it.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::Write as _,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{PermissionsExt as _, symlink},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use blastscope_files::printable::is_harmless;
use serde_json::Value;

use crate::binary::{json, model, output};

fn blastscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command
        .env("BLASTSCOPE_MODEL", model())
        .env("BLASTSCOPE_DATA_DIR", "/nonexistent")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null());
    command
}

/// The field `file` of every line, relative to `root`.
fn files(stdout: &str, root: &Path) -> Vec<String> {
    let relative = |line: &Value| {
        let file = PathBuf::from(line["file"].as_str().expect("a file"));
        file.strip_prefix(root).unwrap_or(&file).to_str().expect("UTF-8").to_owned()
    };
    json(stdout).iter().map(relative).collect()
}

/// A drawn field that passes the gate, as BMP; `light` is the background.
fn field(light: u8) -> Vec<u8> {
    let (width, height) = (320u32, 240u32);
    let mut bytes = b"BM".to_vec();
    bytes.extend([0; 8]);
    for number in [54, 40, width, height] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend([1, 0, 24, 0]);
    bytes.extend([0; 24]);
    let shade = |value: u8| (u32::from(value) * u32::from(light) / 240) as u8;
    for at in 0..width * height {
        let (x, y) = (at % width, at / width);
        let distance = (x % 40).abs_diff(20).pow(2) + (y % 40).abs_diff(20).pow(2);
        let nucleated = (x / 40 + y / 40 * 3) % 5 == 0;
        let [red, green, blue] = match distance {
            0..150 if nucleated => [110, 60, 170],
            0..200 => [200, 178, 205],
            _ => [240, 238, 230],
        };
        bytes.extend([blue, green, red].map(shade));
    }
    bytes
}

fn put(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, field(240)).expect("a picture");
    }
}

fn pipe(path: &Path) {
    use nix::sys::stat::Mode;
    nix::unistd::mkfifo(path, Mode::S_IRUSR | Mode::S_IWUSR).expect("a pipe");
}

/// Two pictures among everything that people and systems leave in a folder.
fn slides() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    put(root, &["a.jfif", "monday/slide/b.jpe", ".hidden.bmp", "__MACOSX/a.bmp", "phone.heic"]);
    fs::write(root.join("Thumbs.db"), b"x").expect("a file");
    pipe(&root.join("c.jpg"));
    symlink(".", root.join("self")).expect("a link");
    symlink("..", root.join("monday/up")).expect("a link");
    symlink("a.jfif", root.join("d.jpg")).expect("a link");
    folder
}

#[test]
fn classify_finds_every_picture_once_and_names_what_it_leaves_out() {
    let folder = slides();
    let (code, stdout, stderr) = output(blastscope().args(["classify", "--json"]).arg(folder.path()));
    assert_eq!(
        (code, files(&stdout, folder.path())),
        (Some(0), vec!["a.jfif".into(), "monday/slide/b.jpe".into()]),
        "{stderr}"
    );
    for named in [
        "left out 1 in an unsupported format; save as PNG (phone.heic)",
        "1 a pipe, socket or device (c.jpg)",
        "3 a link to something already counted (d.jpg, monday/up, self)",
        "1 hidden (.hidden.bmp)",
        "2 of the operating system (Thumbs.db, __MACOSX)",
    ] {
        assert!(stderr.contains(named), "{named}: {stderr}");
    }
}

#[test]
fn live_plays_every_picture_once_and_names_what_it_leaves_out() {
    let folder = slides();
    let mut command = blastscope();
    command.args(["live", "--fps", "2", "--json", "--source"]).arg(folder.path());
    let (code, stdout, stderr) = output(&mut command);
    assert_eq!(
        (code, files(&stdout, folder.path())),
        (Some(0), vec!["a.jfif".into(), "monday/slide/b.jpe".into()]),
        "{stderr}"
    );
    assert!(stderr.contains("left out") && stderr.contains("c.jpg") && stderr.contains("monday/up, self"), "{stderr}");
}

#[test]
fn a_pipe_is_refused_and_never_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("feed.jpg");
    pipe(&path);
    let (code, stdout, stderr) = output(blastscope().args(["classify", "--json"]).arg(&path));
    assert_eq!((code, json(&stdout)[0]["error"].as_str()), (Some(1), Some("is not a file but a pipe")), "{stderr}");
}

/// Permissions do not stop the superuser: then the program runs as another user.
fn as_somebody(command: &mut Command) -> &mut Command {
    if nix::unistd::geteuid().is_root() { command.uid(65534).gid(65534) } else { command }
}

#[test]
fn an_unreadable_entry_is_one_error_and_the_rest_is_classified() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &["a.bmp", "closed/b.bmp", "open/c.bmp", "secret.bmp"]);
    symlink("nowhere", folder.path().join("broken.jpg")).expect("a link");
    // The program and its model, readable for another user.
    let program = folder.path().join("blastscope");
    fs::copy(env!("CARGO_BIN_EXE_blastscope"), &program).expect("copied");
    fs::copy(model(), folder.path().join("tiny.bsm")).expect("copied");
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).expect("set");
    };
    mode("", 0o755);
    mode("tiny.bsm", 0o644);
    mode("closed", 0);
    mode("secret.bmp", 0);
    let mut command = Command::new(&program);
    command.env("BLASTSCOPE_MODEL", folder.path().join("tiny.bsm")).env("BLASTSCOPE_DATA_DIR", "/nonexistent");
    command.args(["classify", "--json"]).arg(folder.path()).stdin(Stdio::null());
    let (code, stdout, stderr) = output(as_somebody(&mut command));
    mode("closed", 0o755);
    let lines = json(&stdout);
    assert_eq!(
        files(&stdout, folder.path()),
        ["a.bmp", "broken.jpg", "closed", "open/c.bmp", "secret.bmp"],
        "{stderr}"
    );
    let failed: Vec<bool> = lines.iter().map(|line| line["error"].is_string()).collect();
    assert_eq!((code, failed), (Some(1), vec![false, true, true, false, true]), "{stdout}");
    assert!(lines[2]["error"].as_str().is_some_and(|error| error.contains("permission denied")), "{stdout}");
}

#[test]
fn a_rejected_picture_shows_no_verdict_of_another_in_json_and_in_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &["b.bmp", "d.bmp"]);
    for dark in ["a.bmp", "c.bmp", "e.bmp"] {
        fs::write(folder.path().join(dark), field(20)).expect("a picture");
    }
    fs::write(folder.path().join("f.bmp"), &field(240)[..9000]).expect("a damaged picture");
    for hold in ["1", "3"] {
        let live = |arguments: &[&str]| {
            let mut command = blastscope();
            command.args(["live", "--fps", "8", "--hold", hold, "--source"]).arg(folder.path()).args(arguments);
            output(&mut command)
        };
        let (code, stdout, stderr) = live(&["--json"]);
        assert_eq!(code, Some(0), "{stderr}");
        let (mut seen, mut rejected) = (Vec::new(), 0);
        for line in json(&stdout) {
            let file = line["file"].as_str().expect("a file").to_owned();
            if ["a.bmp", "c.bmp", "e.bmp"].contains(&file.as_str()) {
                rejected += 1;
                assert_eq!(
                    (line["verdict"].as_str(), line["frame_verdict"].as_str()),
                    (Some("abstain"), Some("rejected"))
                );
                assert!(line["reason"].as_str().is_some_and(|reason| reason.starts_with("too dark")), "{line}");
                assert!(line["probabilities"].is_null() && line["settled"] == false, "{line}");
            } else {
                assert!(line["frame_probabilities"].is_object() && line["frame_verdict"] != "rejected", "{line}");
            }
            seen.push(file);
        }
        seen.dedup();
        assert!(rejected >= 3 && seen == ["a.bmp", "b.bmp", "c.bmp", "d.bmp", "e.bmp"], "{stdout}");
        assert!(stderr.contains("f.bmp"), "{stderr}");
        let (_, stdout, _) = live(&[]);
        for line in
            stdout.lines().filter(|line| ["[a.bmp]", "[c.bmp]", "[e.bmp]"].iter().any(|name| line.contains(name)))
        {
            assert!(line.contains("abstain") && line.contains("too dark") && !line.contains('%'), "{line}");
        }
    }
}

#[test]
fn names_steer_neither_terminal_nor_reader_and_json_keeps_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let names: [&[u8]; 5] = [
        b"\x1b]0;owned\x07\x1b[31m.bmp",
        b"two\nlines.bmp",
        "\u{9b}2J.bmp".as_bytes(),
        "\u{202e}pmb.x.bmp".as_bytes(),
        b"\xff.bmp",
    ];
    for name in names {
        fs::write(folder.path().join(OsStr::from_bytes(name)), field(240)).expect("a picture");
        fs::write(folder.path().join(OsStr::from_bytes(&[b"cut-", name].concat())), b"BM").expect("a damaged picture");
        pipe(&folder.path().join(OsStr::from_bytes(&[b"pipe-", name].concat())));
    }
    let harmless = |text: &str| text.chars().all(|letter| letter == '\n' || is_harmless(letter));
    let run = |arguments: &[&OsStr]| {
        let Output { stdout, stderr, .. } = blastscope().args(arguments).output().expect("the binary runs");
        [stdout, stderr].map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
    };
    let root = folder.path().as_os_str();
    let missing = folder.path().join(OsStr::from_bytes(b"\x1b[2Jabsent\nblastscope: forged.jpg"));
    let missing = missing.as_os_str();
    let word = OsStr::new;
    for arguments in [
        vec![word("classify"), root],
        vec![word("classify"), missing],
        vec![word("live"), word("--fps"), word("100"), word("--source"), root],
        vec![word("live"), word("--source"), missing],
        vec![word("classify"), word("x.jpg"), word("--model"), missing],
        vec![word("classify"), word("x.jpg"), word("--explain"), missing, word("--explain-class"), missing],
        vec![word("config"), word("--check"), missing],
        vec![word("doctor"), word("--model"), missing],
        vec![word("sessions"), word("--data-dir"), word("\u{1b}[2Jabsent")],
        vec![word("update"), missing],
        vec![missing],
    ] {
        let [stdout, stderr] = run(&arguments);
        assert!(harmless(&stdout) && harmless(&stderr), "{arguments:?}:\n{stdout:?}\n{stderr:?}");
        let forged = |text: &str| text.lines().any(|line| line.starts_with("blastscope: forged"));
        assert!(!forged(&stdout) && !forged(&stderr), "{arguments:?}:\n{stdout}\n{stderr}");
    }
    let [stdout, _] = run(&[word("classify"), word("--json"), root]);
    let kept = files(&stdout, folder.path());
    for name in &names[..4] {
        assert!(kept.iter().any(|file| file.as_bytes() == *name), "{name:?} in {kept:?}");
    }
}

#[test]
fn a_picture_comes_from_standard_input() {
    let mut child = blastscope()
        .args(["classify", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(&field(240)).expect("written");
    let Output { status, stdout, .. } = child.wait_with_output().expect("it ends");
    let lines = json(&String::from_utf8(stdout).expect("UTF-8"));
    assert_eq!((status.code(), lines.len(), lines[0]["file"].as_str()), (Some(0), 1, Some("-")));
    assert!(lines[0]["logits"].is_array(), "{lines:?}");

    let (code, stdout, _) = output(blastscope().args(["classify", "--json", "-"]));
    assert_eq!((code, json(&stdout)[0]["error"].as_str()), (Some(1), Some("is empty")));

    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("-"), field(240)).expect("a picture");
    let (code, stdout, _) = output(blastscope().current_dir(folder.path()).args(["classify", "--json", "./-"]));
    assert_eq!((code, json(&stdout)[0]["file"].as_str()), (Some(0), Some("./-")));
}

#[test]
fn an_output_that_cannot_be_written_is_said_by_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &["a.bmp"]);
    let root = folder.path().to_str().expect("UTF-8");
    let commands: [&[&str]; 12] = [
        &["--help"],
        &["--version"],
        &["classify", "--help"],
        &["classify", root],
        &["classify", root, "--json"],
        &["live", "--fps", "100", "--source", root],
        &["live", "--fps", "100", "--json", "--source", root],
        &["doctor"],
        &["doctor", "--json"],
        &["model"],
        &["config", "--print-default"],
        &["cameras", "--json"],
    ];
    for arguments in commands {
        let full = File::options().write(true).open("/dev/full").expect("a full disk");
        let (code, _, stderr) = output(blastscope().args(arguments).stdout(full));
        assert_eq!(code, Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("cannot write the output (No space left on device"), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");

        let (reader, writer) = nix::unistd::pipe().expect("a pipe");
        drop(reader);
        let (code, _, stderr) = output(blastscope().args(arguments).stdout(writer));
        assert_eq!(code, Some(0), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked") && !stderr.contains("written"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn messages_that_cannot_be_written_stop_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), &["a.bmp", "notes.txt"]);
    for arguments in
        [["live", "--json", "--source"].as_slice(), &["live", "--source"], &["classify", "--json"], &["classify"]]
    {
        let full = File::options().write(true).open("/dev/full").expect("a full disk");
        let mut command = blastscope();
        command.args(arguments).arg(folder.path()).env("BLASTSCOPE_LOG", "trace").stderr(full);
        let (code, stdout, _) = output(&mut command);
        assert!(code == Some(0) && stdout.contains("a.bmp"), "{arguments:?}: {code:?}\n{stdout}");
    }
}

#[test]
fn overlays_of_equal_names_never_replace_each_other_nor_a_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    put(root, &["a/1.bmp", "b/1.bmp", "c/1.bmp", "c/deep/1.bmp"]);
    let maps = root.join("maps");
    let explain = |source: &str| {
        let mut command = blastscope();
        command.args(["classify", "--json"]).arg(root.join(source)).arg("--explain").arg(&maps);
        let (code, stdout, stderr) = output(&mut command);
        assert_eq!(code, Some(0), "{stderr}");
        let file = |line: &Value| PathBuf::from(line["explanation"]["file"].as_str().expect("a file"));
        json(&stdout).iter().map(file).collect::<Vec<_>>()
    };
    let mut all: Vec<PathBuf> = ["a", "b", "c"].into_iter().flat_map(explain).collect();
    assert!(all.len() == 4 && all.iter().all(|file| file.is_file() && file.parent() == Some(&maps)), "{all:?}");
    assert_eq!(explain("b"), all[1..2], "the same source has the same name");
    all.sort();
    all.dedup();
    assert_eq!((all.len(), fs::read_dir(&maps).expect("listed").count()), (4, 4), "{all:?}");
    for beside in [root.join("a"), root.join("a/inside")] {
        let source = if beside == root.join("a") { root.join("a/1.bmp") } else { root.join("a") };
        let (code, stdout, stderr) = output(blastscope().arg("classify").arg(source).arg("--explain").arg(&beside));
        assert!(code == Some(2) && stdout.is_empty() && stderr.contains("choose another"), "{stderr}");
    }
    assert_eq!(fs::read(root.join("a/1.bmp")).expect("read"), field(240));
}
