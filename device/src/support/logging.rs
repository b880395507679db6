//! Log messages for administrators, through `tracing`, to stderr.
//!
//! Under systemd (stderr is the socket that `JOURNAL_STREAM` names) a line has no time, which the journal adds, but a priority
//! for the journal: `<4>camera: ...`. Pseudonyms and names of people are logged at level debug or below. A message that cannot be
//! written, for example to a full disk, is dropped; the program continues.

use std::{env, fmt, io, str::FromStr};

use blastscope_files::Printable as _;
use serde::{Serialize, Serializer};
use tracing::{Event, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

/// Environment variable that names the level.
pub const VARIABLE: &str = "BLASTSCOPE_LOG";

/// Log level: less important messages are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(LevelFilter);

const NAMES: [(&str, LevelFilter); 5] = [
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
];

impl Default for Level {
    fn default() -> Self {
        Self(LevelFilter::INFO)
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, filter)| Self(*filter)).ok_or_else(|| "give error, warn, info, debug or trace".into())
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let name = NAMES.iter().find(|(_, filter)| *filter == self.0).map_or("off", |(name, _)| name);
        serializer.serialize_str(name)
    }
}

/// Starts logging at `level`, or at the level in the environment. Once per process; later calls do nothing.
///
/// # Errors
/// When the environment variable holds no level.
pub fn start(level: Level) -> Result<(), String> {
    let level = match env::var(VARIABLE) {
        Ok(text) if !text.is_empty() => {
            text.parse().map_err(|remedy: String| format!("{VARIABLE}={text:?}: {remedy}"))?
        }
        _ => level,
    };
    let to_stderr =
        tracing_subscriber::fmt().with_max_level(level.0).with_writer(|| Lines(io::stderr())).with_ansi(false);
    // The first caller wins, as in tests.
    let _ = if stderr_is_journal() { to_stderr.event_format(Journal).try_init() } else { to_stderr.try_init() };
    Ok(())
}

/// Writes each message as one escaped line: names in it can neither control the terminal nor forge a line. Never fails: the
/// subscriber would report the failure to stderr too, and panic if stderr is what fails.
struct Lines<W>(W);

impl<W: io::Write> io::Write for Lines<W> {
    /// `bytes` is a whole message with its line break.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let message = text.strip_suffix('\n').unwrap_or(&text);
        let _ = writeln!(self.0, "{}", message.printable());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// Whether stderr is the socket of the journal: `JOURNAL_STREAM` names its device and inode.
#[cfg(target_os = "linux")]
fn stderr_is_journal() -> bool {
    use std::os::linux::fs::MetadataExt as _;
    let Ok(named) = env::var("JOURNAL_STREAM") else { return false };
    let Ok(stderr) = std::fs::metadata("/proc/self/fd/2") else { return false };
    named == format!("{}:{}", stderr.st_dev(), stderr.st_ino())
}

/// There is no journal on this system.
#[cfg(not(target_os = "linux"))]
fn stderr_is_journal() -> bool {
    false
}

/// A line in the journal's format.
struct Journal;

impl<S, N> FormatEvent<S, N> for Journal
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metadata = event.metadata();
        // As in syslog(3): error, warning, notice or informational, debug.
        let priority = match *metadata.level() {
            tracing::Level::ERROR => 3,
            tracing::Level::WARN => 4,
            tracing::Level::INFO => 6,
            tracing::Level::DEBUG | tracing::Level::TRACE => 7,
        };
        write!(writer, "<{priority}>{}: ", metadata.target())?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("whole").extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_journal_gets_a_priority_and_no_time() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::DEBUG)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .event_format(Journal)
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!(target: "record", "the disk is full");
            tracing::info!(target: "camera", number = 3, "is back");
            tracing::trace!("too much");
        });
        let text = String::from_utf8(kept.0.lock().expect("whole").clone()).expect("UTF-8");
        assert_eq!(text, "<3>record: the disk is full\n<6>camera: is back number=3\n");
    }

    #[test]
    fn a_message_is_one_line_and_a_full_disk_stops_nothing() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber =
            tracing_subscriber::fmt().with_writer(move || Lines(writer.clone())).event_format(Journal).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "files", file = "a\n<3>record: forged\u{9b}2J\u{202e}", "skipped");
            tracing::info!(target: "files", "two\nlines\u{1b}[31m");
        });
        let text = String::from_utf8(kept.0.lock().expect("whole").clone()).expect("UTF-8");
        assert_eq!(text.lines().count(), 2, "{text:?}");
        let steers = |letter: char| letter != '\n' && !blastscope_files::printable::is_harmless(letter);
        assert!(!text.contains(steers) && text.contains("forged"), "{text:?}");

        struct Full;
        impl io::Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::StorageFull.into())
            }
        }
        assert!(Lines(Full).write_all(b"a message\n").is_ok() && Lines(Full).flush().is_ok());
    }

    #[test]
    fn levels_have_names() {
        for (name, _) in NAMES {
            let level: Level = name.parse().expect(name);
            assert_eq!(serde_json::to_string(&level).expect("JSON"), format!("\"{name}\""));
        }
        for wrong in ["", "off", "INFO", "verbose"] {
            assert!(wrong.parse::<Level>().is_err(), "{wrong}");
        }
    }
}
