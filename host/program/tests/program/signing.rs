//! The commands that make keys, sign models and check signatures, as a laboratory runs them.

use std::{fs, path::Path, process::Stdio};

use serde_json::Value;

/// A folder with a model and the keys `lab` and `other`.
struct Laboratory(tempfile::TempDir);

impl Laboratory {
    fn new() -> Self {
        let laboratory = Self(tempfile::tempdir().expect("a folder"));
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/tiny.bsm");
        fs::copy(tiny, laboratory.path().join("tiny.bsm")).expect("a model");
        for key in ["lab", "other"] {
            laboratory.succeeds(&["keygen", "--out", key]);
        }
        laboratory
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Status, stdout, stderr.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = blastscope_tests::program(env!("CARGO_BIN_EXE_blastscope-host"))
            .current_dir(self.path())
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("the program");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn succeeds(&self, arguments: &[&str]) -> String {
        let (code, stdout, stderr) = self.run(arguments);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments:?}");
        stdout
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.succeeds(arguments)).expect("JSON")
    }

    /// The program fails with status 1 and a message that contains all `parts`, and leaves nothing new in the folder.
    fn refuses(&self, arguments: &[&str], parts: &[&str]) {
        let before = self.names();
        let (code, stdout, stderr) = self.run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{stderr}");
        for part in parts {
            assert!(stderr.contains(part), "{arguments:?} does not say {part}: {stderr}");
        }
        assert_eq!(self.names(), before, "{arguments:?} left something");
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).expect("listed");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("read").file_name()).collect();
        names.sort();
        names.into_iter().map(|name| name.into_string().expect("UTF-8")).collect()
    }

    fn sign(&self, version: &str) {
        self.succeeds(&["sign", "tiny.bsm", "--key", "lab.key", "--out", "signed.bsm", "--version", version]);
    }
}

#[test]
fn a_signed_model_names_its_signer_and_stays_the_same_model() {
    let laboratory = Laboratory::new();
    let key = laboratory.json(&["keygen", "--out", "third", "--owner", "Haematology", "--json"]);
    assert_eq!((&key["secret"], &key["public"]), (&"third.key".into(), &"third.pub".into()));
    assert!(fs::read_to_string(laboratory.path().join("third.pub")).expect("read").contains("Haematology"));

    let sign = ["sign", "tiny.bsm", "--key", "third.key", "--out", "signed.bsm", "--version", "7", "--json"];
    let signed = laboratory.json(&sign);
    assert_eq!((&signed["version"], &signed["key"]), (&7.into(), &key["id"]));
    let verified =
        laboratory.json(&["inspect", "signed.bsm", "--public-key", "lab.pub", "--public-key", "third.pub", "--json"]);
    assert_eq!((&verified["verified"], &verified["version"]), (&true.into(), &7.into()));
    assert_eq!((&verified["key"], &verified["key_file"]), (&key["id"], &"third.pub".into()));
    assert_eq!(verified["model"], signed["model"], "a signature does not change the model");
    let text = laboratory.succeeds(&["inspect", "signed.bsm", "--public-key", "third.pub"]);
    assert!(text.contains("signed as version 7 by ") && text.contains("(third.pub)"), "{text}");

    // Signed again without a version, it keeps its own, under the other key.
    laboratory.succeeds(&["sign", "signed.bsm", "--key", "other.key", "--out", "again.bsm"]);
    let again = laboratory.json(&["inspect", "again.bsm", "--public-key", "other.pub", "--json"]);
    assert_eq!((&again["version"], &again["model"]), (&7.into(), &signed["model"]));
}

#[test]
fn wrong_keys_are_refused() {
    let laboratory = Laboratory::new();
    laboratory.sign("3");
    let verify = |key| ["inspect", "signed.bsm", "--public-key", key];
    laboratory.refuses(&verify("other.pub"), &["signed.bsm", "no trusted key fits", "--public-key"]);
    laboratory.refuses(&verify("lab.key"), &["lab.key", "is a secret key", ".pub"]);
    laboratory.refuses(&verify("tiny.bsm"), &["tiny.bsm", "is not a key", "one line of comment"]);
    laboratory.refuses(&verify("absent.pub"), &["cannot read absent.pub"]);
    let sign = |key| ["sign", "tiny.bsm", "--key", key, "--out", "no.bsm"];
    laboratory.refuses(&sign("lab.pub"), &["lab.pub", "is a public key", "keygen"]);
    laboratory.refuses(&sign("absent.key"), &["cannot read absent.key"]);
    // One letter mistyped, and the last one lost.
    let secret = fs::read_to_string(laboratory.path().join("lab.key")).expect("read");
    let mistyped = secret.trim_end().strip_suffix('=').unwrap_or(secret.trim_end());
    fs::write(laboratory.path().join("typed.key"), &mistyped[..mistyped.len() - 1]).expect("written");
    laboratory.refuses(&sign("typed.key"), &["typed.key", "cut off or mistyped", "copy it again"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let others = fs::Permissions::from_mode(0o644);
        fs::set_permissions(laboratory.path().join("lab.key"), others).expect("changed");
        laboratory.refuses(&sign("lab.key"), &["lab.key", "mode 644", "chmod 600"]);
    }
}

#[test]
fn files_that_are_not_a_signed_model_are_refused() {
    let laboratory = Laboratory::new();
    laboratory.refuses(
        &["inspect", "tiny.bsm", "--public-key", "lab.pub"],
        &["tiny.bsm", "is not signed", "blastscope-host sign"],
    );
    laboratory.sign("3");
    let whole = fs::read(laboratory.path().join("signed.bsm")).expect("read");
    for at in [0, 40, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(laboratory.path().join("changed.bsm"), &changed).expect("written");
        laboratory.refuses(&["inspect", "changed.bsm", "--public-key", "lab.pub"], &["changed.bsm"]);
    }
    fs::write(laboratory.path().join("half.bsm"), &whole[..whole.len() / 2]).expect("written");
    laboratory.refuses(&["inspect", "half.bsm", "--public-key", "lab.pub"], &["half.bsm"]);
    laboratory.refuses(&["sign", "half.bsm", "--key", "lab.key", "--out", "no.bsm"], &["half.bsm"]);
    laboratory.refuses(&["sign", "lab.pub", "--key", "lab.key", "--out", "no.bsm"], &["lab.pub"]);
    let (code, stdout, _) = laboratory.run(&["inspect", "half.bsm", "--public-key", "lab.pub", "--json"]);
    let report: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((code, &report["verified"]), (Some(1), &false.into()));
    assert!(report["reason"].is_string(), "{report}");
}

#[test]
fn keys_are_never_written_over() {
    let laboratory = Laboratory::new();
    let secret = fs::read(laboratory.path().join("lab.key")).expect("read");
    laboratory.refuses(&["keygen", "--out", "lab"], &["lab.key", "already exists", "--out"]);
    fs::remove_file(laboratory.path().join("other.key")).expect("removed");
    laboratory.refuses(&["keygen", "--out", "other"], &["other.pub", "already exists", "--out"]);
    laboratory.refuses(&["keygen", "--out", "lab.key/key"], &["lab.key/key.key"]);
    laboratory.refuses(&["keygen", "--out", ".."], &["--out ..", "names no file"]);
    assert_eq!(fs::read(laboratory.path().join("lab.key")).expect("read"), secret);
    // A version of 0 is a command-line error: status 2, as for every wrong option.
    let (code, _, stderr) =
        laboratory.run(&["sign", "tiny.bsm", "--key", "lab.key", "--out", "no.bsm", "--version", "0"]);
    assert!(code == Some(2) && stderr.contains("--version") && !stderr.contains("panicked"), "{stderr}");
}
