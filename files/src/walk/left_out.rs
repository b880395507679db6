//! Entries that a walk passed over, by reason.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::Printable as _;

/// Why an entry was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Left {
    /// A picture, by its extension, in an unsupported format.
    UnreadFormat,
    /// A file without a picture's extension.
    NoPicture,
    /// A pipe, a socket or a device.
    NotRegular,
    /// A link to something already counted, another name of it, or a link back to a folder above.
    SeenElsewhere,
    /// Its name begins with a dot.
    Hidden,
    /// Left behind by an operating system or archiver, such as `Thumbs.db`.
    OfTheSystem,
}

impl Left {
    /// The reason as it follows a number: `2 hidden`.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::UnreadFormat => "in an unsupported format; save as PNG",
            Self::NoPicture => "not a picture",
            Self::NotRegular => "a pipe, socket or device",
            Self::SeenElsewhere => "a link to something already counted",
            Self::Hidden => "hidden",
            Self::OfTheSystem => "of the operating system",
        }
    }
}

/// Most names printed for each reason; all are counted.
const NAMED: usize = 3;

/// Everything that a walk passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut(BTreeMap<Left, Vec<PathBuf>>);

impl LeftOut {
    /// Adds an entry.
    pub fn add(&mut self, reason: Left, path: PathBuf) {
        self.0.entry(reason).or_default().push(path);
    }

    /// Adds the entries of another walk.
    pub fn extend(&mut self, other: Self) {
        for (reason, paths) in other.0 {
            self.0.entry(reason).or_default().extend(paths);
        }
        self.sort();
    }

    pub(super) fn sort(&mut self) {
        self.0.values_mut().for_each(|paths| paths.sort());
    }

    /// Number of entries.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Whether nothing was passed over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Paths passed over for `reason`, sorted.
    #[must_use]
    pub fn of(&self, reason: Left) -> &[PathBuf] {
        self.0.get(&reason).map_or(&[], Vec::as_slice)
    }

    /// The end of a sentence, with paths relative to `root`: `2 hidden (.a.jpg, b/.c.png), 1 not a picture (notes.txt)`.
    #[must_use]
    pub fn below<'a>(&'a self, root: &'a Path) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| {
            for (at, (reason, paths)) in self.0.iter().enumerate() {
                let mut names = String::new();
                for path in paths.iter().take(NAMED) {
                    let name = path.strip_prefix(root).unwrap_or(path);
                    let comma = if names.is_empty() { "" } else { ", " };
                    // Writing to a string cannot fail.
                    let _ = write!(names, "{comma}{}", name.printable());
                }
                let more = if paths.len() > NAMED { ", ..." } else { "" };
                let comma = if at == 0 { "" } else { ", " };
                write!(f, "{comma}{} {} ({names}{more})", paths.len(), reason.reason())?;
            }
            Ok(())
        })
    }
}
