//! The lamp for each statement.

use blastscope_shared::judge::verdict::Verdict;

use blastscope_core::pipeline::Statement;

/// A lamp of the instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Light {
    /// The field is classified as benign.
    Benign,
    /// The field is classified as malignant.
    Suspicious,
    /// The field cannot be judged, or not with enough certainty: look again.
    LookAgain,
}

impl Light {
    /// All lamps.
    pub const ALL: [Self; 3] = [Self::Benign, Self::Suspicious, Self::LookAgain];

    /// The lamp for `statement`; `None` while there is no verdict on a field.
    #[must_use]
    pub fn of(statement: &Statement) -> Option<Self> {
        match statement {
            Statement::Verdict(Verdict::Class { class, .. }) if class.is_malignant() => Some(Self::Suspicious),
            Statement::Verdict(Verdict::Class { .. }) => Some(Self::Benign),
            Statement::Verdict(Verdict::Abstain(_)) | Statement::Rejected(_) => Some(Self::LookAgain),
            Statement::Settling { .. } | Statement::NoPicture(_) => None,
        }
    }

    /// Name in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Benign => "benign",
            Self::Suspicious => "suspicious",
            Self::LookAgain => "look_again",
        }
    }
}

#[cfg(test)]
mod tests {
    use blastscope_shared::{Class, field::gate::Gate, judge::verdict::Abstention};

    use super::*;

    #[test]
    fn every_statement_has_its_lamp_or_none() {
        for class in Class::ALL {
            let statement = Statement::Verdict(Verdict::Class { class, probability: 0.9 });
            let expected = if class == Class::Benign { Light::Benign } else { Light::Suspicious };
            assert_eq!(Light::of(&statement), Some(expected), "{class}");
        }
        let doubt = Abstention::LowConfidence { probability: 0.4, threshold: 0.5 };
        assert_eq!(Light::of(&Statement::Verdict(Verdict::Abstain(doubt))), Some(Light::LookAgain));
        let black = blastscope_shared::RgbPixels::new(64, 64, vec![0; 64 * 64 * 3]).expect("a picture");
        let rejection = Gate::default().judge(&Gate::inspect(&black)).expect_err("a black picture is no field");
        assert_eq!(Light::of(&Statement::Rejected(rejection)), Some(Light::LookAgain));
        assert_eq!(Light::of(&Statement::Settling { seen: 1, needed: 3 }), None);
        assert_eq!(Light::of(&Statement::NoPicture("unplugged".into())), None);
    }
}
