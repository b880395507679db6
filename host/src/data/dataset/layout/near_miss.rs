//! Folder names that almost name a class.

use blastscope_shared::Class;

/// Names of classes as [`Class::from_folder_name`] knows them, letters only.
const NAMES: [(&str, Class); 8] = [
    ("benign", Class::Benign),
    ("hematogones", Class::Benign),
    ("early", Class::Early),
    ("earlypreb", Class::Early),
    ("pre", Class::Pre),
    ("preb", Class::Pre),
    ("pro", Class::Pro),
    ("prob", Class::Pro),
];

/// The class that a folder's name probably means though it names none: one or two typing errors away from a class's name (by the
/// distance of Damerau and Levenshtein), or a class's name with something appended.
pub(super) fn class_meant_by(name: &str) -> Option<Class> {
    if Class::from_folder_name(name).is_some() {
        return None;
    }
    let letters: String = name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let letters = letters.strip_prefix("malignant").unwrap_or(&letters);
    let (nearest, class) = NAMES.iter().min_by_key(|(known, _)| strsim::damerau_levenshtein(letters, known))?;
    // One typing error in a short word leaves little of it.
    let allowed = if nearest.len() > 4 { 2 } else { 1 };
    let is_near = letters.len() > 2 && strsim::damerau_levenshtein(letters, nearest) <= allowed;
    let begins_with = || NAMES.iter().rev().find(|(known, _)| known.len() > 4 && letters.starts_with(known));
    if is_near { Some(*class) } else { begins_with().map(|(_, class)| *class) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_keys_are_recognized_and_other_names_are_not() {
        for (name, class) in [
            ("Bening", Class::Benign),
            ("begnin", Class::Benign),
            ("Benign (copy)", Class::Benign),
            ("Hematogonen", Class::Benign),
            ("Ealry", Class::Early),
            ("[Malignant] early PerB", Class::Early),
            ("Early Pre-B old", Class::Early),
            ("Per", Class::Pre),
            ("[Malignant] Pre-C", Class::Pre),
            ("Por", Class::Pro),
        ] {
            assert_eq!(class_meant_by(name), Some(class), "{name}");
        }
        for name in
            ["Benign", "[Malignant] Pre-B", "Healthy", "Original", "Segmented", "AML", "T-ALL", "p1", "", "notes"]
        {
            assert_eq!(class_meant_by(name), None, "{name}");
        }
    }
}
