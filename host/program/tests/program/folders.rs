//! Real-life folders, files and outputs, with the program called as users call it.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::{ffi::OsStrExt as _, fs::symlink},
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn host(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope-host"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (status.code(), text(stdout), text(stderr))
}

fn must(folder: &Path, line: &str) -> String {
    let (code, stdout, stderr) = output(host(folder).args(line.split_whitespace()));
    assert_eq!(code, Some(0), "{line}\n{stdout}{stderr}");
    stdout
}

fn mkfifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().expect("mkfifo of the core utilities");
    assert!(made.success());
}

/// The shipped model; it does not know the drawn fields.
fn model() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/paper.bsm").to_str().expect("UTF-8").to_owned()
}

/// A folder with drawn sets: `fields`, and `other` with everything that users and systems leave in a folder.
fn sets() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    must(folder.path(), "synth --out fields --per-class 2 --size 96x72");
    must(folder.path(), "synth --out drawn --per-class 1 --size 96x72 --seed 9");
    let other = folder.path().join("other");
    fs::create_dir_all(other.join("monday/slide")).expect("folders");
    let drawn = |class: &str| folder.path().join(format!("drawn/{class}/drawn-{class}-0001.jpg"));
    fs::copy(drawn("Pre"), other.join("1.jfif")).expect("copied");
    fs::copy(drawn("Pro"), other.join("monday/slide/2.jpe")).expect("copied");
    mkfifo(&other.join("3.jpg"));
    symlink(".", other.join("self")).expect("a link");
    symlink("..", other.join("monday/up")).expect("a link");
    symlink("1.jfif", other.join("4.jpg")).expect("a link");
    fs::write(other.join("Thumbs.db"), "x").expect("a file");
    folder
}

#[test]
fn unfamiliar_pictures_count_once_and_nothing_hangs() {
    let folder = sets();
    let evaluate = |unfamiliar: &str| {
        let mut command = host(folder.path());
        command.args(["evaluate", "--data", "fields", "--split", "all", "--json", "--model", &model()]);
        output(command.args(["--unfamiliar", unfamiliar]))
    };
    let (code, stdout, stderr) = evaluate("other");
    assert_eq!(code, Some(0), "{stderr}");
    let unfamiliar = |stdout: &str| {
        let report: Value = serde_json::from_str(stdout).expect("JSON");
        report["unfamiliar"][0].clone()
    };
    assert_eq!(unfamiliar(&stdout)["pictures"], 2, "{stdout}");
    for named in [
        "1 a pipe, socket or device (3.jpg)",
        "3 a link to something already counted (4.jpg, monday/up, self)",
        "Thumbs.db",
    ] {
        assert!(stderr.contains(named), "{named}: {stderr}");
    }
    // A damaged one is reported, and the others count.
    fs::write(folder.path().join("other/5.jpg"), "no picture").expect("a file");
    symlink("nowhere", folder.path().join("other/6.jpg")).expect("a link");
    let (code, stdout, stderr) = evaluate("other");
    assert_eq!(
        (code, &unfamiliar(&stdout)["pictures"], &unfamiliar(&stdout)["unreadable"]),
        (Some(1), &2.into(), &2.into())
    );
    assert!(stderr.contains("5.jpg") && stderr.contains("6.jpg") && stderr.contains("2 files or folders"), "{stderr}");
}

#[test]
fn a_data_set_names_what_it_leaves_out_and_what_may_be_meant() {
    let folder = sets();
    let fields = folder.path().join("fields");
    let field = fields.join("Pre/drawn-Pre-0001.jpg");
    for copy in ["Bening/1.jpg", "Healthy/1.jpg", "Pro/monday/1.jfif"] {
        let copy = fields.join(copy);
        fs::create_dir_all(copy.parent().expect("a parent")).expect("folders");
        fs::copy(&field, copy).expect("copied");
    }
    mkfifo(&fields.join("Early/pipe.jpg"));
    symlink("..", fields.join("Early/up")).expect("a link");
    let (code, stdout, stderr) = output(host(folder.path()).args(["audit", "--data", "fields"]));
    assert_eq!(code, Some(0), "{stderr}");
    for text in [&stdout, &stderr] {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for named in [
            "the folder Bening (1 picture), which is not a class; did you mean Benign?",
            "the folder Healthy (1 picture), which is not a class",
            "also taken from Pro/monday (1 picture)",
            "1 a pipe, socket or device (Early/pipe.jpg)",
            "1 a link to something already counted (Early/up)",
        ] {
            assert!(text.contains(named), "{named}: {text}");
        }
    }
    fs::remove_dir_all(fields.join("Benign")).expect("removed");
    let (code, _, stderr) = output(host(folder.path()).args(["audit", "--data", "fields"]));
    assert!(code == Some(1) && stderr.contains("did you mean Benign?"), "{stderr}");
}

#[test]
fn tables_of_groups_say_what_was_found() {
    let folder = sets();
    let list = folder.path().join("list.csv");
    let audit = || output(host(folder.path()).args(["audit", "--data", "fields", "--groups", "list.csv"]));
    let utf16: Vec<u8> = "\u{feff}file,sha256,overlap_group\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, found) in [
        (b"file;sha256;overlap_group\n".as_slice(), "semicolons"),
        (b"file\tsha256\toverlap_group\n", "tabs"),
        (&utf16, "UTF-16"),
        (b"name,hash\n", "names \"name\", \"hash\""),
    ] {
        fs::write(&list, bytes).expect("written");
        let (code, _, stderr) = audit();
        assert!(code == Some(1) && stderr.contains("list.csv") && stderr.contains(found), "{found}: {stderr}");
    }
    fs::remove_file(&list).expect("removed");
    mkfifo(&list);
    let (code, _, stderr) = audit();
    assert!(code == Some(1) && stderr.contains("is not a file but a pipe"), "{stderr}");
}

#[test]
fn an_output_that_cannot_be_written_is_said_by_every_command() {
    let folder = sets();
    let model = model();
    must(folder.path(), "keygen --out key");
    must(folder.path(), &format!("sign {model} --key key.key --out signed.bsm"));
    let commands = [
        "--help".to_owned(),
        "--version".into(),
        "audit --help".into(),
        format!("inspect {model}"),
        format!("inspect {model} --json"),
        format!("card {model}"),
        "inspect signed.bsm --public-key key.pub".into(),
        "inspect signed.bsm --public-key key.pub --json".into(),
        "audit --data fields".into(),
        "audit --data fields --json".into(),
        "synth --out fields --per-class 2 --size 96x72".into(),
        "keygen --out other-key --json".into(),
        format!("evaluate --model {model} --data fields --split all"),
        format!("evaluate --model {model} --data fields --split all --json"),
        format!("stress --model {model} --data fields --split all --only blur"),
        format!("compare --models {model} {model} --data fields --split all"),
    ];
    for line in commands {
        let full = File::options().write(true).open("/dev/full").expect("a full disk");
        let (code, _, stderr) = output(host(folder.path()).args(line.split_whitespace()).stdout(full));
        assert_eq!(code, Some(1), "{line}: {stderr}");
        let said = "the output could not be written (No space left on device";
        assert!(stderr.contains(said) && !stderr.contains("panicked"), "{line}: {stderr}");
        fs::remove_file(folder.path().join("other-key.key")).ok();
        fs::remove_file(folder.path().join("other-key.pub")).ok();
    }
    // A closed pipe is not an error, and unwritable messages stop nothing.
    for line in [format!("inspect {model}"), "audit --data fields".into()] {
        let (code, _, stderr) = output(
            Command::new("sh")
                .arg("-c")
                .current_dir(folder.path())
                .arg(format!("({} {line}; echo status $? >&2) | true", env!("CARGO_BIN_EXE_blastscope-host"))),
        );
        assert!(code == Some(0) && stderr.contains("status 0") && !stderr.contains("panicked"), "{line}: {stderr}");
        let full = File::options().write(true).open("/dev/full").expect("a full disk");
        let (code, stdout, _) = output(host(folder.path()).args(line.split_whitespace()).stderr(full));
        assert!(code == Some(0) && !stdout.is_empty(), "{line}: {code:?}");
    }
}

#[test]
fn names_steer_neither_terminal_nor_page() {
    let folder = sets();
    let hostile = OsStr::from_bytes(b"\x1b[31mred\nerror: forged\xe2\x80\xae.jpg");
    fs::write(folder.path().join("fields/Pre").join(hostile), "no picture").expect("a file");
    symlink("nowhere", folder.path().join("other").join(hostile)).expect("a link");
    let missing = folder.path().join(hostile);
    let model = model();
    let word = OsStr::new;
    for arguments in [
        vec![word("audit"), word("--data"), word("fields"), word("--out"), word("audited")],
        vec![word("evaluate"), word("--model"), word(&model), word("--data"), word("fields")],
        vec![
            word("evaluate"),
            word("--model"),
            word(&model),
            word("--data"),
            word("drawn"),
            word("--split"),
            word("all"),
            word("--unfamiliar"),
            word("other"),
        ],
        vec![word("inspect"), missing.as_os_str()],
        vec![word("audit"), word("--data"), missing.as_os_str()],
        vec![missing.as_os_str()],
    ] {
        let (_, stdout, stderr) = output(host(folder.path()).args(&arguments));
        for text in [&stdout, &stderr] {
            let steers = |letter: char| letter != '\n' && !blastscope_files::printable::is_harmless(letter);
            assert!(!text.contains(steers), "{arguments:?}: {text:?}");
            assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{arguments:?}: {text}");
        }
    }
    let page = fs::read_to_string(folder.path().join("audited/audit.html")).expect("a page");
    assert!(page.contains("forged") && !page.contains(['\u{1b}', '\u{202e}']), "the page names the file");
}

#[test]
fn a_folder_has_one_writer_at_a_time() {
    use blastscope_host::support::folder_lock::FolderLock;
    let folder = sets();
    let model = model();
    for line in [
        "audit --data fields --out taken".to_owned(),
        format!("stress --model {model} --data fields --split all --only blur --out taken"),
        "synth --out taken --per-class 1 --size 96x72".into(),
    ] {
        let lock = FolderLock::take(&folder.path().join("taken")).expect("free");
        let (code, _, stderr) = output(host(folder.path()).args(line.split_whitespace()));
        let process = format!("(process {})", std::process::id());
        assert!(
            code == Some(1) && stderr.contains("taken: is being written to") && stderr.contains(&process),
            "{line}: {stderr}"
        );
        assert_eq!(fs::read_dir(folder.path().join("taken")).expect("listed").count(), 1, "{line} wrote nothing");
        drop(lock);
    }
}

#[test]
fn a_training_survives_a_full_output_and_shares_its_folder_with_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    must(folder.path(), "synth --out fields --per-class 8 --size 96x72");
    let small = "train --data fields --out run --arch allcnn-small --image-size 32 --epochs 2 --per-class 10 --batch-size 8 --backend flex";
    let lock = blastscope_host::support::folder_lock::FolderLock::take(&folder.path().join("run")).expect("free");
    let (code, _, stderr) = output(host(folder.path()).args(small.split_whitespace()));
    assert!(
        code == Some(1) && stderr.contains("run: is being written to by another blastscope-host (process"),
        "{stderr}"
    );
    drop(lock);

    let start = |standard_output: Stdio| {
        let mut command = host(folder.path());
        command.args(small.split_whitespace()).stdout(standard_output).stderr(Stdio::piped());
        command.spawn().expect("the program starts").wait_with_output().expect("it ends")
    };
    // The work is still done, and the final error says what could not be written.
    let full = start(Stdio::from(File::options().write(true).open("/dev/full").expect("a full disk")));
    let stderr = String::from_utf8_lossy(&full.stderr);
    assert!(full.status.code() == Some(1) && stderr.contains("the output could not be written"), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    let mut names: Vec<String> = fs::read_dir(folder.path().join("run"))
        .expect("listed")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    // No Burn logs: their writers panic on a full disk.
    assert_eq!(names, ["checkpoint", "chosen.bpk", "epochs.csv", "last.bpk", "run.json", "split.csv"]);

    // A closed pipe is not an error.
    fs::remove_dir_all(folder.path().join("run")).expect("removed");
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .current_dir(folder.path())
        .arg(format!("({} {small}; echo status $? >&2) | true", env!("CARGO_BIN_EXE_blastscope-host")));
    let (_, _, stderr) = output(&mut shell);
    assert!(stderr.contains("status 0") && !stderr.contains("panicked"), "{stderr}");
    assert!(folder.path().join("run/chosen.bpk").is_file());

    // A disk with room for small files only: the checkpoint fails, and the error says so.
    fs::remove_dir_all(folder.path().join("run")).expect("removed");
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .current_dir(folder.path())
        .arg(format!("trap '' XFSZ; ulimit -f 100; exec {} {small}", env!("CARGO_BIN_EXE_blastscope-host")));
    let (code, _, stderr) = output(&mut shell);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("cannot write") && !stderr.contains("panicked"), "{stderr}");
}
