//! Recomputes results of fields from their pictures and models, and compares them with the record.
//!
//! The stored picture has exactly the pixels that the network saw, and the network's arithmetic is the same on every
//! machine. So everything measured in a field's frame can be recomputed: the gate's numbers and verdict, logits, novelty, the
//! places and leanings of cells. Averages over several frames cannot: the probabilities and the verdict. The other frames are not
//! stored.

use blastscope_core::{
    cells::{FieldCells, SeenCell},
    pipeline::{Assessor as _, shown},
};
use blastscope_shared::{
    classifier::Classifier,
    field::gate::{Gate, Inspector},
};
use serde::Serialize;

use crate::{
    model::Loaded,
    record::{Field, Measured, RecordError, RecordReader, SessionId},
};

/// Maximum number of differences listed.
pub const MAX_DIFFERENCES: usize = 20;
/// Relative tolerance of novelty: processors round its logarithms and roots differently.
const NOVELTY_SHARE: f32 = 1e-5;

/// A recorded value that differs from the recomputed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The session.
    pub session: SessionId,
    /// The field's number.
    pub sequence: u64,
    /// What differs: `picture`, `gate`, `quality`, `logits`, `novelty` or `cells`.
    pub what: &'static str,
    /// Value in the record.
    pub recorded: String,
    /// Recomputed value.
    pub computed: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { session, sequence, what, recorded, computed } = self;
        write!(f, "field {sequence} of session {session}, {what}: recorded {recorded}, computed {computed}")
    }
}

/// Result of a recomputation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recomputation {
    /// Recomputed fields.
    pub fields: u64,
    /// Recomputed fields with a difference.
    pub differing: u64,
    /// The first differences, at most [`MAX_DIFFERENCES`].
    pub differences: Vec<Difference>,
    /// Missing models, by SHA-256, and the number of fields that each judged.
    pub other_models: Vec<(String, u64)>,
}

impl Recomputation {
    /// Whether every field was recomputed without a difference.
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

/// Recomputes the fields of one session, or of all, with the models that judged them.
///
/// # Errors
/// When the record cannot be read. A difference is not an error.
pub fn recompute(
    reader: &RecordReader,
    session: Option<SessionId>,
    models: &[Classifier],
) -> Result<Recomputation, RecordError> {
    let sessions = reader.chosen(session)?;
    let mut loaded: Vec<Loaded<&Classifier>> = models.iter().map(Loaded::new).collect();
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

/// The cells of a picture, recorded and recomputed, in words, if they differ. A stricter judge keeps leanings back: only what both have
/// is compared.
fn differing(recorded: Option<&FieldCells>, computed: Option<&FieldCells>) -> Option<(String, String)> {
    let (Some(then), Some(now)) = (recorded, computed) else {
        let number =
            |cells: Option<&FieldCells>| cells.map_or("none are seen".into(), |cells| cells.count().to_string());
        return (recorded != computed).then(|| (number(recorded), number(computed)));
    };
    if (then.width, then.height, then.count()) != (now.width, now.height, now.count()) {
        let size = |cells: &FieldCells| format!("{} of {} x {}", cells.count(), cells.width, cells.height);
        return Some((size(then), size(now)));
    }
    let same = |(then, now): &(&SeenCell, &SeenCell)| {
        let leaning = then.leaning.zip(now.leaning);
        (then.x, then.y) == (now.x, now.y) && leaning.is_none_or(|(then, now)| then == now)
    };
    let (then, now) = then.cells.iter().zip(&now.cells).find(|cells| !same(cells))?;
    Some((format!("{then:?}"), format!("{now:?}")))
}

fn differences(
    reader: &RecordReader,
    session: SessionId,
    field: &Field,
    model: &mut Loaded<&Classifier>,
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
    let cells = model.cells().filter(|_| outcome.is_ok());
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
    if let Some((recorded, computed)) = differing(recorded.seen_cells.as_ref(), cells.as_ref()) {
        found.push(differs("cells", recorded, computed));
    }
    Ok(found)
}
