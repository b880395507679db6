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
            Statement::Verdict(Verdict::Malignant { .. }) => Some(Self::Suspicious),
            Statement::Verdict(Verdict::Benign { .. }) => Some(Self::Benign),
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
    use blastscope_shared::{
        Class,
        field::gate::Gate,
        judge::verdict::{Abstention, Subtype},
    };

    use super::*;

    #[test]
    fn every_statement_has_its_lamp_or_none() {
        let benign = Verdict::Benign { probability: 0.9 };
        assert_eq!(Light::of(&Statement::Verdict(benign)), Some(Light::Benign));
        let named = Subtype::Named { class: Class::Pre, share: 0.9 };
        for subtype in [named, Subtype::NotSure { likely: Class::Pre, share: 0.5, threshold: 0.8 }] {
            let statement = Statement::Verdict(Verdict::Malignant { probability: 0.9, subtype });
            assert_eq!(Light::of(&statement), Some(Light::Suspicious), "{subtype}");
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
