//! The power or the disk fails at every single step.

use blastscope_files::atomic_file::Steps;

use super::{install::install_tested, *};
use crate::{
    model::installed::SelfTest,
    support::disk::simulated::{Failure, Found},
};

/// An installation with an instant self-test, which does not touch the disk.
fn try_install(
    machine: &Machine,
    disk: &dyn Disk,
    source: &Path,
    public_key: Option<&Path>,
) -> Result<Report, UpdateError> {
    install_tested(disk, &machine.dir, source, public_key, Execution::default(), |_| {
        Ok(SelfTest { isa: "scalar".into(), fields: 1, field_ms: 1.5, program: "0.1.0".into() })
    })
}

const FAILURES: [Failure; 3] = [Failure::Full, Failure::Broken, Failure::PowerCut];

/// Runs `act` on a copy of the machine's disk that fails at each step in turn, and checks which model runs then: on that disk, and
/// on every state it may have after a loss of power. Then `act` must succeed on each state. Returns the number of steps tried.
fn everywhere(
    machine: &Machine,
    old: Option<u32>,
    new: u32,
    act: impl Fn(&Simulated) -> Result<Report, UpdateError>,
) -> usize {
    let whole = machine.disk.failing(usize::MAX, Failure::PowerCut);
    act(&whole).expect("nothing fails");
    let steps = whole.steps();
    for (failure, step) in FAILURES.into_iter().flat_map(|failure| (0..steps).map(move |step| (failure, step))) {
        let disk = machine.disk.failing(step, failure);
        let done = act(&disk);
        let at = format!("{failure:?} at step {step}");
        let (now, warnings) = runs_on(&disk, &machine.dir);
        match &done {
            Ok(report) => {
                assert_eq!(now, Some(new), "{at}: done, {report:?}");
                assert!(warnings.is_empty(), "{at}: {warnings:?}");
            }
            Err(error) => {
                assert!(error.to_string().len() > 20, "{at}: {error}");
                // If no model ran before, a complete model in its slot is better than none.
                assert!(now == old || (old.is_none() && now == Some(new)), "{at}: {now:?} after {error}");
            }
        }
        for found in Found::ALL {
            let disk = disk.after_power_cut(found);
            let (now, warnings) = runs_on(&disk, &machine.dir);
            assert!(now == old || now == Some(new), "{at}, {found:?}: {now:?}, {warnings:?}");
            if matches!(&done, Ok(report) if report.warnings.is_empty()) {
                assert_eq!(now, Some(new), "{at}, {found:?}: lost after all was done");
            }
            if old.is_some() {
                assert!(warnings.is_empty(), "{at}, {found:?}: {warnings:?}");
            }
            if now != Some(new) {
                act(&disk).unwrap_or_else(|error| panic!("{at}, {found:?}: not to be repeated: {error}"));
                assert_eq!(runs_on(&disk, &machine.dir), (Some(new), Vec::new()), "{at}, {found:?}: repeated");
            }
            let leftover = |path: &PathBuf| path.to_string_lossy().ends_with(".tmp");
            assert!(now == Some(new) || !disk.files().iter().any(leftover), "{at}, {found:?}: {:?}", disk.files());
        }
    }
    steps
}

#[test]
fn an_update_over_one_model() {
    let machine = Machine::with(&[1]);
    let file = machine.file("2.bsm", &model("new", 2, 7));
    let steps = everywhere(&machine, Some(1), 2, |disk| try_install(&machine, disk, &file, None));
    assert!(steps >= 10, "two files, each written, synced, renamed and made to last: {steps}");
}

#[test]
fn an_update_over_two_models() {
    let machine = Machine::with(&[1, 2]);
    let file = machine.file("3.bsm", &model("new", 3, 7));
    everywhere(&machine, Some(2), 3, |disk| try_install(&machine, disk, &file, None));
}

#[test]
fn the_first_installation() {
    let machine = Machine::new();
    let file = machine.file("1.bsm", &model("first", 1, 7));
    everywhere(&machine, None, 1, |disk| try_install(&machine, disk, &file, None));
}

#[test]
fn an_installation_with_a_new_key() {
    let machine = Machine::with(&[1]);
    let file = machine.file("2.bsm", &model("new", 2, 8));
    let public = machine.file("other.pub", key(8).public().to_text("other").as_bytes());
    everywhere(&machine, Some(1), 2, |disk| try_install(&machine, disk, &file, Some(&public)));
}

#[test]
fn a_rollback() {
    let machine = Machine::with(&[1, 2]);
    everywhere(&machine, Some(2), 1, |disk| rollback(disk, &machine.dir, Execution::default()));
}

#[test]
fn an_update_cut_off_again_and_again_comes_to_its_end() {
    let machine = Machine::with(&[1]);
    let file = machine.file("2.bsm", &model("new", 2, 7));
    let mut disk = machine.disk.failing(0, Failure::PowerCut);
    for step in 0.. {
        let done = try_install(&machine, &disk, &file, None);
        if matches!(&done, Ok(report) if report.warnings.is_empty()) {
            break;
        }
        let expected = if done.is_ok() { 2 } else { 1 };
        assert_eq!(runs_on(&disk, &machine.dir), (Some(expected), Vec::new()), "step {step}");
        disk = disk.after_power_cut(Found::Everything).failing(step + 1, Failure::PowerCut);
    }
    assert_eq!(runs_on(&disk.after_power_cut(Found::SyncedOnly), &machine.dir).0, Some(2));
}

/// A disk that writes other bytes than requested.
struct Lying(Simulated);

impl Disk for Lying {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.read(path)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.0.list(folder)
    }
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.0.make_folder(path)
    }
}

impl Steps for Lying {
    fn write_synced(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut other = bytes.to_vec();
        if let Some(byte) = other.last_mut() {
            *byte ^= 1;
        }
        self.0.write_synced(path, &other)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.0.sync_folder(folder)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }
}

#[test]
fn a_disk_that_lies_is_found_out_and_the_old_model_runs() {
    let machine = Machine::with(&[1]);
    let disk = Lying(machine.disk.failing(usize::MAX, Failure::Broken));
    let error = machine.install_on(&disk, &machine.file("2.bsm", &model("new", 2, 7))).expect_err("found out");
    assert!(matches!(error, UpdateError::ReadBack { .. }), "{error}");
    assert_eq!(runs_on(&disk.0, &machine.dir), (Some(1), Vec::new()));
}
