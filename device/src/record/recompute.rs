//! Does what the record says of a field follow from its picture and the model?
//!
//! The picture that is kept has the very pixels that the network saw, and the network's arithmetic is the same on every
//! machine. So what was measured in a field's frame is measured again: the gate's numbers and verdict, logits, novelty. What was
//! averaged over several frames, the probabilities and what was said, cannot be: the other frames are not kept.

use blastscope_shared::{
    classifier::Classifier,
    field::gate::{Gate, Inspector},
};
use serde::Serialize;

use super::{Field, RecordError, RecordReader, SessionId, field::Measured};
use crate::{
    model::Loaded,
    pipeline::{Assessor as _, shown},
};

/// Differences that are listed.
pub const MAX_DIFFERENCES: usize = 20;
/// How far novelty may differ, as a share of itself: other processors round its logarithms and roots otherwise.
const NOVELTY_SHARE: f32 = 1e-5;

/// Something that does not follow from the picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The session.
    pub session: SessionId,
    /// The field's number.
    pub sequence: u64,
    /// What differs: `picture`, `gate`, `quality`, `logits` or `novelty`.
    pub what: &'static str,
    /// As it stands in the record.
    pub recorded: String,
    /// As it was computed.
    pub computed: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { session, sequence, what, recorded, computed } = self;
        write!(f, "field {sequence} of session {session}, {what}: recorded {recorded}, computed {computed}")
    }
}

/// What came out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recomputation {
    /// Fields that were computed again.
    pub fields: u64,
    /// Of them, those in which something differs.
    pub differing: u64,
    /// The first differences, at most [`MAX_DIFFERENCES`].
    pub differences: Vec<Difference>,
    /// Models that judged fields and are not at hand, by their SHA-256, and how many fields.
    pub other_models: Vec<(String, u64)>,
}

impl Recomputation {
    /// Whether every field was computed again, and nothing differs.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.differing == 0 && self.other_models.is_empty()
    }

    fn add(&mut self, difference: Difference) {
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(difference);
        }
    }

    fn lacks(&mut self, model: &str) {
        match self.other_models.iter_mut().find(|(known, _)| known == model) {
            Some((_, fields)) => *fields += 1,
            None => self.other_models.push((model.into(), 1)),
        }
    }
}

/// Computes the fields of one session, or of all, again with the models that judged them.
///
/// # Errors
/// What keeps the record from being read. What differs is no error.
pub fn recompute(
    reader: &RecordReader,
    session: Option<SessionId>,
    models: &[Classifier],
) -> Result<Recomputation, RecordError> {
    let sessions = reader.chosen(session)?;
    let mut loaded: Vec<Loaded<'_>> = models.iter().map(Loaded::new).collect();
    let mut inspector = Inspector::new();
    let mut found = Recomputation::default();
    reader.each_field(&sessions, |session, field| {
        let model = &field.judgement.model_sha256;
        match loaded.iter_mut().find(|loaded| loaded.classifier().model_id() == model) {
            None => found.lacks(model),
            Some(loaded) => {
                let differences = differences(reader, session.id, field, loaded, &mut inspector)?;
                found.fields += 1;
                found.differing += u64::from(!differences.is_empty());
                differences.into_iter().for_each(|difference| found.add(difference));
            }
        }
        Ok::<(), RecordError>(())
    })?;
    Ok(found)
}

fn differences(
    reader: &RecordReader,
    session: SessionId,
    field: &Field,
    model: &mut Loaded<'_>,
    inspector: &mut Inspector,
) -> Result<Vec<Difference>, RecordError> {
    let sequence = field.sequence;
    let differs = |what, recorded, computed| Difference { session, sequence, what, recorded, computed };
    let picture = match reader.picture(session, sequence)?.pixels() {
        Ok(picture) => picture,
        Err(error) => return Ok(vec![differs("picture", "a picture".into(), error.to_string())]),
    };
    let quality = inspector.inspect(&picture);
    let outcome = match Gate::default().judge(&quality) {
        Ok(()) => {
            let sight = model.look(shown(&picture, inspector, model.squashes_to()));
            Ok(model.classifier().judge().assess(sight))
        }
        Err(rejection) => Err(rejection),
    };
    let (recorded, computed) = (&field.judgement, Measured::of(&outcome));
    let mut found = Vec::new();
    if recorded.quality != quality {
        found.push(differs("quality", format!("{:?}", recorded.quality), format!("{quality:?}")));
    }
    if recorded.gate != computed.gate {
        found.push(differs("gate", recorded.gate.clone(), computed.gate.into()));
    }
    if recorded.logits != computed.logits {
        found.push(differs("logits", format!("{:?}", recorded.logits), format!("{:?}", computed.logits)));
    }
    let near = match (recorded.novelty, computed.novelty) {
        (Some(then), Some(now)) => (then - now).abs() <= NOVELTY_SHARE * then.abs().max(now.abs()),
        (then, now) => then == now,
    };
    if !near {
        found.push(differs("novelty", format!("{:?}", recorded.novelty), format!("{:?}", computed.novelty)));
    }
    Ok(found)
}
