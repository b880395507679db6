//! The four classes, their order and their names.

use alloc::{format, string::String};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Class of a blood-smear field, in the order of the network's outputs.
///
/// `Benign` means hematogones (benign B-lymphocyte precursors) of patients with suspected leukaemia; the other three are the
/// malignant subtypes of B-cell acute lymphoblastic leukaemia.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// Hematogones, benign.
    Benign,
    /// Early pre-B ALL.
    Early,
    /// Pre-B ALL.
    Pre,
    /// Pro-B ALL.
    Pro,
}

impl Class {
    /// Number of classes.
    pub const COUNT: usize = 4;
    /// Every class, in the order of the network's outputs.
    pub const ALL: [Self; Self::COUNT] = [Self::Benign, Self::Early, Self::Pre, Self::Pro];

    /// Position among the network's outputs, 0..4.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The class at a position among the network's outputs.
    #[must_use]
    pub const fn from_index(index: usize) -> Option<Self> {
        match index {
            0 => Some(Self::Benign),
            1 => Some(Self::Early),
            2 => Some(Self::Pre),
            3 => Some(Self::Pro),
            _ => None,
        }
    }

    /// Short name, as in reports and folders: `Benign`, `Early`, `Pre`, `Pro`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Benign => "Benign",
            Self::Early => "Early",
            Self::Pre => "Pre",
            Self::Pro => "Pro",
        }
    }

    /// The class of a folder of this name, in any of the public layouts: `Benign`, `Early`, `Pre`, `Pro` or `[Malignant] early
    /// Pre-B`, `[Malignant] Pre-B`, `[Malignant] Pro-B`.
    ///
    /// Letter case, spaces and hyphens do not matter.
    #[must_use]
    pub fn from_folder_name(name: &str) -> Option<Self> {
        let name = name.trim();
        let name = strip_prefix_ignoring_case(name, "[malignant]").unwrap_or(name);
        let mut letters = [0u8; 16];
        let mut length = 0;
        for byte in name.bytes().filter(|b| !matches!(b, b' ' | b'-' | b'_')) {
            *letters.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        }
        match letters.get(..length)? {
            b"benign" | b"hematogones" => Some(Self::Benign),
            b"early" | b"earlypreb" => Some(Self::Early),
            b"pre" | b"preb" => Some(Self::Pre),
            b"pro" | b"prob" => Some(Self::Pro),
            _ => None,
        }
    }

    /// Whether the class is one of the leukaemia subtypes.
    #[must_use]
    pub const fn is_malignant(self) -> bool {
        !matches!(self, Self::Benign)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The exact name of a class.
impl FromStr for Class {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let class = Self::ALL.into_iter().find(|class| class.name() == name);
        class.ok_or_else(|| format!("{name:?} is not a class; classes are Benign, Early, Pre and Pro"))
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_of_every_public_layout_are_known() {
        for (name, class) in [
            ("Benign", Class::Benign),
            ("Early", Class::Early),
            ("Pre", Class::Pre),
            ("Pro", Class::Pro),
            ("[Malignant] early Pre-B", Class::Early),
            ("[Malignant] Pre-B", Class::Pre),
            ("[Malignant] Pro-B", Class::Pro),
            ("[malignant] Pro_B ", Class::Pro),
        ] {
            assert_eq!(Class::from_folder_name(name), Some(class), "{name}");
        }
        for name in ["", "Segmented", "[Malignant]", "Prophase", "a folder with a very long name"] {
            assert_eq!(Class::from_folder_name(name), None, "{name}");
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for class in Class::ALL {
            assert_eq!(class.name().parse(), Ok(class));
        }
        for name in ["", "pre", "Pre ", "Pre-B"] {
            let refused = name.parse::<Class>().expect_err("no class");
            assert!(Class::ALL.iter().all(|class| refused.contains(class.name())), "{refused}");
        }
    }

    #[test]
    fn index_and_class_are_inverse() {
        for (index, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
            assert_eq!(Class::from_index(index), Some(class));
        }
        assert_eq!(Class::from_index(4), None);
    }
}
