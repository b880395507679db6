//! The people who work at this device, and their optional PINs, in a file beside the record that only its owner may read.
//!
//! A PIN is kept as an argon2id hash in PHC form. It is in no record, log, export or report: the record knows names only.

use std::{
    collections::HashMap,
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString},
};
use blastscope_core::advice::Advice;
use blastscope_files::atomic_file;
use blastscope_shared::artifact::hex;
use serde::{Deserialize, Serialize};

use crate::record::{RecordError, text_rules};

/// Name of the file.
const FILE: &str = "people.json";
/// Digits of a PIN.
const PIN: std::ops::RangeInclusive<usize> = 4..=12;
/// Wrong PINs of a name within [`WINDOW`], after which it is locked for the rest of the window.
const TRIES: u32 = 5;
/// How long wrong PINs count.
const WINDOW: Duration = Duration::from_secs(60);
/// How long a screen that gave a PIN may act under the name.
const SHIFT: Duration = Duration::from_secs(12 * 3600);
/// Most people, and most screens with a PIN.
const MOST: usize = 200;

/// A person as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Person {
    /// Name or initials.
    pub(crate) name: String,
    /// Whether the name has a PIN.
    pub(crate) has_pin: bool,
}

/// Why a name cannot be used.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refused {
    /// The name, or the new PIN, is not acceptable.
    Invalid(Advice),
    /// The name has a PIN, and the screen has not given it.
    NeedsPin(String),
    /// The PIN is wrong.
    WrongPin(String),
    /// Too many wrong PINs.
    Locked {
        /// The name.
        name: String,
        /// Time until the next try.
        wait: Duration,
    },
    /// There is no such person.
    Unknown(String),
    /// The file could not be written.
    File(Advice),
}

impl Refused {
    /// The reason and the remedy.
    pub(crate) fn advice(&self) -> Advice {
        match self {
            Self::Invalid(advice) | Self::File(advice) => advice.clone(),
            Self::NeedsPin(name) => Advice::new(
                format!("{name} has a PIN, and this screen has not given it"),
                "choose the name at the top of the page and give the PIN",
            ),
            Self::WrongPin(name) => Advice::new(format!("this is not the PIN of {name}"), "try again"),
            Self::Locked { name, .. } => {
                Advice::new(format!("too many wrong PINs were given for {name}"), "wait a minute, then try again")
            }
            Self::Unknown(name) => Advice::new(format!("{name} is not among the people"), "choose the name first"),
        }
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    /// PHC string; `None` without a PIN.
    #[serde(default)]
    pin: Option<String>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    people: Vec<Entry>,
}

struct Badge {
    name: String,
    since: Instant,
}

struct Wrong {
    since: Instant,
    times: u32,
}

#[derive(Default)]
struct Known {
    list: List,
    /// By badge: which screen may act under which name.
    badges: HashMap<String, Badge>,
    wrong: HashMap<String, Wrong>,
}

/// The people.
pub(crate) struct People {
    path: PathBuf,
    known: Mutex<Known>,
}

impl fmt::Debug for People {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("People").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The file of a record's folder.
pub(crate) fn path_in(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

fn read(path: &Path) -> io::Result<List> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(List::default()),
        Err(error) => Err(error),
    }
}

/// Whether a name has a PIN; for a face that cannot ask for one.
pub(crate) fn has_pin(data_dir: &Path, name: &str) -> io::Result<bool> {
    Ok(read(&path_in(data_dir))?.people.iter().any(|entry| entry.name == name && entry.pin.is_some()))
}

fn checked(name: &str) -> Result<(), Refused> {
    text_rules::line("name", name).map_err(|error: RecordError| Refused::Invalid(error.advice()))
}

fn random() -> Result<[u8; 16], Refused> {
    let mut bytes = [0; 16];
    let failed = |error| Advice::new(format!("no random numbers ({error})"), "restart the device");
    getrandom::fill(&mut bytes).map_err(|error| Refused::File(failed(error)))?;
    Ok(bytes)
}

fn hashed(pin: &str) -> Result<String, Refused> {
    if !PIN.contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
        let reason = "a PIN of this form is not accepted";
        return Err(Refused::Invalid(Advice::new(reason, "give 4 to 12 digits")));
    }
    let failed = |error: argon2::password_hash::Error| {
        Refused::File(Advice::new(format!("the PIN cannot be hashed ({error})"), "try again"))
    };
    let salt = SaltString::encode_b64(&random()?).map_err(failed)?;
    Ok(Argon2::default().hash_password(pin.as_bytes(), &salt).map_err(failed)?.to_string())
}

fn fits(phc: &str, pin: &str) -> bool {
    PasswordHash::new(phc).is_ok_and(|hash| Argon2::default().verify_password(pin.as_bytes(), &hash).is_ok())
}

impl People {
    /// Reads the file in `data_dir`.
    ///
    /// # Errors
    /// If it cannot be read: then nobody knows which names have PINs.
    pub(crate) fn open(data_dir: &Path) -> io::Result<Self> {
        let path = path_in(data_dir);
        let known = Known { list: read(&path)?, ..Known::default() };
        Ok(Self { path, known: Mutex::new(known) })
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everybody, by name.
    pub(crate) fn list(&self) -> Vec<Person> {
        let known = self.lock();
        known
            .list
            .people
            .iter()
            .map(|entry| Person { name: entry.name.clone(), has_pin: entry.pin.is_some() })
            .collect()
    }

    fn keep(&self, known: &mut Known, change: impl FnOnce(&mut List)) -> Result<(), Refused> {
        let mut list = known.list.clone();
        change(&mut list);
        list.people.sort_by(|one, other| one.name.cmp(&other.name));
        let failed = |reason: String| {
            let reason = format!("{} was not written: {reason}", self.path.display());
            Refused::File(Advice::new(reason, "check the disk, then try again"))
        };
        let bytes = serde_json::to_vec_pretty(&list).map_err(|error| failed(error.to_string()))?;
        atomic_file::write_for_owner(&self.path, &bytes).map_err(|error| failed(error.to_string()))?;
        known.list = list;
        Ok(())
    }

    /// Checks the PIN of a name that has one. Takes a tenth of a second: argon2 is slow on purpose.
    fn prove(&self, name: &str, pin: Option<&str>, now: Instant) -> Result<bool, Refused> {
        let phc = {
            let mut known = self.lock();
            let phc = known.list.people.iter().find(|entry| entry.name == name).and_then(|entry| entry.pin.clone());
            let Some(phc) = phc else { return Ok(false) };
            known.wrong.retain(|_, wrong| now.saturating_duration_since(wrong.since) < WINDOW);
            if let Some(wrong) = known.wrong.get(name).filter(|wrong| wrong.times >= TRIES) {
                let wait = WINDOW.saturating_sub(now.saturating_duration_since(wrong.since));
                return Err(Refused::Locked { name: name.into(), wait });
            }
            if pin.is_none() {
                return Err(Refused::NeedsPin(name.into()));
            }
            // Counted before it is checked: parallel tries count, too.
            known.wrong.entry(name.into()).or_insert(Wrong { since: now, times: 0 }).times += 1;
            phc
        };
        if !fits(&phc, pin.unwrap_or_default()) {
            return Err(Refused::WrongPin(name.into()));
        }
        self.lock().wrong.remove(name);
        Ok(true)
    }

    /// Chooses a name at a screen; adds it if it is new. Returns the badge that the screen shows with each request, for a name with a
    /// PIN.
    pub(crate) fn choose(&self, name: &str, pin: Option<&str>, now: Instant) -> Result<Option<String>, Refused> {
        checked(name)?;
        let has_pin = self.prove(name, pin, now)?;
        let mut known = self.lock();
        if !known.list.people.iter().any(|entry| entry.name == name) {
            if known.list.people.len() >= MOST {
                let reason = format!("there are {MOST} people already");
                return Err(Refused::Invalid(Advice::new(reason, "remove those who have left")));
            }
            self.keep(&mut known, |list| list.people.push(Entry { name: name.into(), pin: None }))?;
        }
        if !has_pin {
            return Ok(None);
        }
        let badge = hex(&random()?);
        known.badges.retain(|_, badge| now.saturating_duration_since(badge.since) < SHIFT);
        if known.badges.len() >= MOST {
            let oldest = known.badges.iter().min_by_key(|(_, badge)| badge.since).map(|(badge, _)| badge.clone());
            oldest.and_then(|oldest| known.badges.remove(&oldest));
        }
        known.badges.insert(badge.clone(), Badge { name: name.into(), since: now });
        Ok(Some(badge))
    }

    /// Sets, changes or, with `None`, removes the PIN of a name. Screens that gave the old one give the new one.
    pub(crate) fn set_pin(
        &self,
        name: &str,
        old: Option<&str>,
        new: Option<&str>,
        now: Instant,
    ) -> Result<(), Refused> {
        self.known_name(name)?;
        self.prove(name, old, now)?;
        let phc = new.map(hashed).transpose()?;
        let mut known = self.lock();
        self.keep(&mut known, |list| {
            if let Some(entry) = list.people.iter_mut().find(|entry| entry.name == name) {
                entry.pin = phc;
            }
        })?;
        known.badges.retain(|_, badge| badge.name != name);
        Ok(())
    }

    /// Removes a name from the list. What the person said stays in the record.
    pub(crate) fn remove(&self, name: &str, pin: Option<&str>, now: Instant) -> Result<(), Refused> {
        self.known_name(name)?;
        self.prove(name, pin, now)?;
        let mut known = self.lock();
        self.keep(&mut known, |list| list.people.retain(|entry| entry.name != name))?;
        known.badges.retain(|_, badge| badge.name != name);
        Ok(())
    }

    fn known_name(&self, name: &str) -> Result<(), Refused> {
        let is_known = self.lock().list.people.iter().any(|entry| entry.name == name);
        if is_known { Ok(()) } else { Err(Refused::Unknown(name.into())) }
    }

    /// Whether a screen with this badge may act under `name`: always if the name has no PIN.
    pub(crate) fn admit(&self, name: &str, badge: Option<&str>, now: Instant) -> Result<(), Refused> {
        let known = self.lock();
        if !known.list.people.iter().any(|entry| entry.name == name && entry.pin.is_some()) {
            return Ok(());
        }
        let badge = badge.and_then(|badge| known.badges.get(badge));
        let is_valid = |badge: &Badge| badge.name == name && now.saturating_duration_since(badge.since) < SHIFT;
        if badge.is_some_and(is_valid) { Ok(()) } else { Err(Refused::NeedsPin(name.into())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> (tempfile::TempDir, People) {
        let folder = tempfile::tempdir().expect("a folder");
        let people = People::open(folder.path()).expect("no file yet");
        (folder, people)
    }

    #[test]
    fn a_name_with_a_pin_is_used_only_by_screens_that_gave_it() {
        let (folder, people) = people();
        let now = Instant::now();
        assert_eq!(people.choose("A. B.", None, now), Ok(None), "no PIN is needed, and the name is new");
        people.admit("A. B.", None, now).expect("no PIN");
        people.set_pin("A. B.", None, Some("4711"), now).expect("set");
        assert_eq!(people.admit("A. B.", None, now), Err(Refused::NeedsPin("A. B.".into())));
        assert_eq!(people.choose("A. B.", None, now), Err(Refused::NeedsPin("A. B.".into())));
        assert_eq!(people.choose("A. B.", Some("4712"), now), Err(Refused::WrongPin("A. B.".into())));
        let badge = people.choose("A. B.", Some("4711"), now).expect("right").expect("a badge");
        people.admit("A. B.", Some(&badge), now).expect("with the badge");
        people.choose("C. D.", None, now).expect("another");
        people.set_pin("C. D.", None, Some("0815"), now).expect("set");
        assert!(people.admit("C. D.", Some(&badge), now).is_err(), "a badge is of one name");
        assert!(people.admit("A. B.", Some(&badge), now + SHIFT).is_err(), "and of one shift");
        // After a restart the PIN still holds, and badges are given anew.
        let again = People::open(folder.path()).expect("read");
        assert!(again.admit("A. B.", Some(&badge), now).is_err());
        assert_eq!(again.list().iter().map(|person| person.has_pin).collect::<Vec<_>>(), [true, true]);
        again.set_pin("A. B.", Some("4711"), None, now).expect("removed");
        again.admit("A. B.", None, now).expect("no PIN any more");
        again.remove("C. D.", Some("0815"), now).expect("removed");
        assert_eq!(again.remove("C. D.", None, now), Err(Refused::Unknown("C. D.".into())));
        assert!(!has_pin(folder.path(), "C. D.").expect("read"));
    }

    #[test]
    fn a_pin_is_kept_as_a_hash_for_its_owner_only_and_shown_nowhere() {
        let (folder, people) = people();
        let now = Instant::now();
        people.choose("A. B.", None, now).expect("new");
        people.set_pin("A. B.", None, Some("471108154711"), now).expect("set");
        let text = fs::read_to_string(path_in(folder.path())).expect("written");
        assert!(text.contains("$argon2id$") && !text.contains("471108154711"), "{text}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(path_in(folder.path())).expect("there").permissions().mode() & 0o777, 0o600);
        }
        assert!(!format!("{people:?} {:?}", people.list()).contains("argon2"));
        for wrong in ["", "123", "1234567890123", "12a4", "１２３４"] {
            let refused = people.set_pin("A. B.", Some("471108154711"), Some(wrong), now).expect_err(wrong);
            assert!(matches!(&refused, Refused::Invalid(advice) if !advice.reason.contains("12")), "{refused:?}");
        }
        fs::write(path_in(folder.path()), "{").expect("spoiled");
        assert!(People::open(folder.path()).is_err(), "a spoiled file does not free the names");
    }

    #[test]
    fn wrong_pins_lock_their_name_for_a_minute() {
        let (_folder, people) = people();
        let now = Instant::now();
        people.choose("A. B.", None, now).expect("new");
        people.set_pin("A. B.", None, Some("4711"), now).expect("set");
        for _ in 0..TRIES {
            assert!(matches!(people.choose("A. B.", Some("0000"), now), Err(Refused::WrongPin(_))));
        }
        let locked = people.choose("A. B.", Some("4711"), now);
        assert_eq!(locked, Err(Refused::Locked { name: "A. B.".into(), wait: WINDOW }));
        people.choose("C. D.", None, now).expect("others go on");
        people.choose("A. B.", Some("4711"), now + WINDOW).expect("after a minute");
    }
}
