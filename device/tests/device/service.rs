//! `config`, `install-service` and messages to systemd, as a person or systemd uses them.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::binary;

fn blastscope(arguments: &[&str]) -> (Option<i32>, String, String) {
    output(Command::new(env!("CARGO_BIN_EXE_blastscope")).args(arguments))
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn the_default_configuration_is_fine_and_a_wrong_one_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("blastscope.toml");
    let name = file.to_str().expect("UTF-8");
    let (code, text, _) = blastscope(&["config", "--print-default"]);
    assert_eq!(code, Some(0));
    fs::write(&file, &text).expect("written");
    let (code, stdout, stderr) = blastscope(&["config", "--check", name, "--json"]);
    let json: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((code, &json["settings"]["report"]["min_fields"]), (Some(0), &50.into()), "{stderr}");
    assert_eq!(json["sha256"].as_str().map(str::len), Some(64));

    fs::write(&file, text.replace("min_fields = 50", "min_fields = 0")).expect("written");
    let line = text.lines().position(|line| line.starts_with("min_fields")).expect("a line") + 1;
    let (code, stdout, stderr) = blastscope(&["config", "--check", name]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains(&format!("{name}:{line}:14: report.min_fields = 0: give 1 to 100000")), "{stderr}");
    // Every command that takes a configuration refuses this one, naming the path as given.
    let (code, _, stderr) = blastscope(&["live", "--source", ".", "--config", name]);
    assert!(code == Some(2) && stderr.contains("min_fields = 0"), "{stderr}");
    assert_eq!(blastscope(&["config"]).0, Some(2));
}

#[test]
fn a_level_of_the_environment_is_checked() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command.args(["live", "--source", "/absent"]).env("BLASTSCOPE_LOG", "loud");
    let (code, _, stderr) = output(&mut command);
    assert!(code == Some(2) && stderr.contains("BLASTSCOPE_LOG=\"loud\": give error, warn"), "{stderr}");
}

#[test]
fn the_service_is_installed_below_a_prefix_and_taken_away_again() {
    let root = tempfile::tempdir().expect("a folder");
    let prefix = root.path().to_str().expect("UTF-8");
    let (code, stdout, stderr) = blastscope(&["install-service", "--prefix", prefix]);
    assert_eq!(code, Some(0), "{stderr}");
    for words in
        ["written", "blastscope.toml", "systemctl daemon-reload && systemctl enable --now blastscope", "esearch"]
    {
        assert!(stdout.contains(words), "{stdout}");
    }
    let unit = fs::read_to_string(root.path().join("etc/systemd/system/blastscope.service")).expect("a unit");
    for line in ["Type=notify", "WatchdogSec=30", "Restart=on-failure", "ProtectSystem=strict", "NoNewPrivileges=yes"] {
        assert!(unit.lines().any(|have| have == line), "{line}");
    }
    let avahi = fs::read_to_string(root.path().join("etc/avahi/services/blastscope.service")).expect("a file");
    assert!(avahi.contains("<type>_http._tcp</type>") && avahi.contains("<port>8080</port>"));
    assert!(stdout.contains("this machine only") && stdout.contains("blastscope token"), "{stdout}");
    let (_, stdout, _) = blastscope(&["install-service", "--prefix", prefix, "--json"]);
    let json: Value = serde_json::from_str(&stdout).expect("JSON");
    let changes: Vec<&str> =
        json["files"].as_array().expect("files").iter().filter_map(|file| file["change"].as_str()).collect();
    assert_eq!(changes, ["unchanged", "unchanged", "unchanged", "unchanged", "kept"]);
    // The network announcement matches the page's address.
    let config = root.path().join("etc/blastscope.toml");
    let text = fs::read_to_string(&config).expect("a configuration");
    let text = text.replace("listen = \"127.0.0.1:8080\"", "listen = \"0.0.0.0:9000\"");
    fs::write(&config, text).expect("written");
    let (_, stdout, _) = blastscope(&["install-service", "--prefix", prefix]);
    assert!(!stdout.contains("this machine only"), "{stdout}");
    let avahi = fs::read_to_string(root.path().join("etc/avahi/services/blastscope.service")).expect("a file");
    assert!(avahi.contains("<port>9000</port>"), "{avahi}");
    let (code, stdout, _) = blastscope(&["install-service", "--prefix", prefix, "--uninstall"]);
    assert!(code == Some(0) && stdout.matches("removed").count() == 4 && stdout.contains("disable --now"), "{stdout}");
    assert!(root.path().join("etc/blastscope.toml").exists());
    let (code, _, stderr) = blastscope(&["install-service", "--prefix", prefix, "--user", "Root Toor"]);
    assert!(code == Some(2) && stderr.contains("--user"), "{stderr}");
}

/// Avahi's file then belongs to the package, and stays.
#[test]
fn beside_the_debian_package_it_says_so() {
    let root = tempfile::tempdir().expect("a folder");
    let prefix = root.path().to_str().expect("UTF-8");
    for file in ["usr/lib/systemd/system/blastscope.service", "etc/avahi/services/blastscope.service"] {
        fs::create_dir_all(root.path().join(file).parent().expect("a parent")).expect("a folder");
        fs::write(root.path().join(file), "Installed by blastscope, the package").expect("written");
    }
    let (code, stdout, _) = blastscope(&["install-service", "--prefix", prefix]);
    assert!(code == Some(0) && stdout.contains("Debian package") && stdout.contains("--uninstall"), "{stdout}");
    let (code, stdout, _) = blastscope(&["install-service", "--prefix", prefix, "--uninstall"]);
    assert!(code == Some(0) && !stdout.contains("Debian package"), "{stdout}");
    let avahi = root.path().join("etc/avahi/services/blastscope.service");
    assert_eq!(fs::read_to_string(avahi).expect("left alone"), "Installed by blastscope, the package");
    assert!(!root.path().join("etc/systemd/system/blastscope.service").exists());
}

#[cfg(unix)]
#[test]
fn without_rights_it_is_refused_with_a_remedy() {
    use std::os::unix::{fs::PermissionsExt as _, process::CommandExt as _};
    let root = tempfile::tempdir().expect("a folder");
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
    let program = root.path().join("blastscope");
    fs::copy(env!("CARGO_BIN_EXE_blastscope"), &program).expect("copied");
    mode(&program, 0o755);
    let etc = root.path().join("prefix");
    fs::create_dir(&etc).expect("a folder");
    mode(&etc, 0o555);
    mode(root.path(), 0o755);
    let mut command = Command::new(&program);
    command.args(["install-service", "--prefix"]).arg(&etc);
    // Root can write everywhere.
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if is_root {
        command.uid(65_534).gid(65_534);
    }
    let (code, stdout, stderr) = output(&mut command);
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(
        stderr.contains("blastscope.service cannot be written (permission denied; run the command with sudo)"),
        "{stderr}"
    );
    mode(&etc, 0o755);
}

/// systemd's own check of the unit.
#[cfg(target_os = "linux")]
#[test]
fn systemd_accepts_the_unit() {
    if let Err(error) = Command::new("systemd-analyze").arg("--version").stdout(Stdio::null()).status() {
        println!("SKIPPED: systemd's opinion of the unit; systemd-analyze cannot be run ({error})");
        return;
    }
    let root = tempfile::tempdir().expect("a folder");
    assert_eq!(blastscope(&["install-service", "--prefix", root.path().to_str().expect("UTF-8")]).0, Some(0));
    let unit = root.path().join("etc/systemd/system/blastscope.service");
    let (code, stdout, stderr) = output(Command::new("systemd-analyze").arg("verify").arg(&unit));
    let ours: Vec<&str> = stderr.lines().filter(|line| line.contains("blastscope")).collect();
    assert!(code == Some(0) && ours.is_empty(), "{stdout}{stderr}");
    let (code, stdout, stderr) =
        output(Command::new("systemd-analyze").args(["security", "--offline=true", "--no-pager"]).arg(&unit));
    let Some(last) = stdout.lines().rev().find(|line| line.contains("exposure level")) else {
        println!("SKIPPED: the unit's exposure; this systemd does not report it offline ({code:?}, {stderr})");
        return;
    };
    println!("{last}");
    let level = last.split_whitespace().find_map(|word| word.parse::<f64>().ok()).expect("a number");
    assert!(level <= 2.5, "{last}");
}

/// What `live` with `arguments` and `stdout` tells the socket that systemd names; its exit status and stderr.
#[cfg(target_os = "linux")]
fn told_by_live(arguments: &[&str], stdout: Stdio) -> ([String; 3], Option<i32>, String) {
    use std::{os::unix::net::UnixDatagram, time::Duration};
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("bound");
    socket.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
    let slides = folder.path().join("slides");
    fs::create_dir(&slides).expect("a folder");
    let picture = blastscope_core::drawn_field::field(320, 240, 0);
    let jpeg = blastscope::record::Jpeg::encode(&picture).expect("encoded");
    fs::write(slides.join("1.jpg"), jpeg.bytes()).expect("written");
    let config = folder.path().join("c.toml");
    fs::write(&config, format!("[camera]\nsource = {:?}\n", slides.display().to_string())).expect("written");
    let model = binary::model();
    let mut command = Command::new(env!("CARGO_BIN_EXE_blastscope"));
    command.args(["live", "--model"]).arg(model).arg("--config").arg(&config).args(arguments);
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "30000000").env_remove("WATCHDOG_PID");
    let ended = command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped()).output().expect("it runs");
    let message = || {
        let mut bytes = [0; 64];
        let length = socket.recv(&mut bytes).expect("a message");
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    };
    let told = [message(), message(), message()];
    (told, ended.status.code(), String::from_utf8(ended.stderr).expect("UTF-8"))
}

/// `live` reports readiness and its stop to the socket that systemd names.
#[cfg(target_os = "linux")]
#[test]
fn live_tells_systemd() {
    let (told, code, stderr) = told_by_live(&["--frames", "1"], Stdio::null());
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(told, ["READY=1", "WATCHDOG=1", "STOPPING=1"]);
}

/// An output that cannot be written ends it like any other end.
#[cfg(target_os = "linux")]
#[test]
fn live_tells_systemd_when_its_output_fails() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("opened");
    let (told, code, stderr) = told_by_live(&["--json"], full.into());
    assert_eq!(told, ["READY=1", "WATCHDOG=1", "STOPPING=1"], "{stderr}");
    assert!(code != Some(0) && stderr.contains("stopped"), "{code:?}: {stderr}");
}
