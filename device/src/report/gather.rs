//! Gathers the content of a report from the record.

use std::time::SystemTime;

use blastscope_shared::classifier::Classifier;

use super::{Options, Report, ReportError, Shown, Signature, Training, picture};
use crate::{
    model::Loaded,
    record::{Field, MAX_PAGE, RecordReader, SessionId, verify},
    support::timestamp::rfc3339,
};

/// Reads a session and makes its pictures.
///
/// `maps` is the model for the heat maps; `known` is a model whose card may say how the session's model was trained. Calls
/// `progress` with the number of fields done and their total.
///
/// # Errors
/// [`ReportError::Record`] for a missing session or a record that fails verification; [`ReportError::OtherModel`] if `maps` judged
/// none of the fields; [`ReportError::Picture`].
pub fn gather(
    reader: &RecordReader,
    session: SessionId,
    options: Options,
    maps: Option<&Classifier>,
    known: Option<&Classifier>,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Report, ReportError> {
    let session = reader.session(session)?;
    let verified = verify::session_intact(reader, session.id)?;
    let (slide, counts) = (reader.slide(session.id)?, reader.counts(Some(session.id))?);
    let fields = first_fields(reader, session.id, options.max_pictures)?;
    let same = |classifier: &Classifier| classifier.model_id() == session.model_sha256;
    if let Some(given) = maps
        && !same(given)
        && !fields.iter().any(|field| field.judgement.model_sha256 == given.model_id())
    {
        let (given, recorded) = (given.model_id().to_string(), session.model_sha256.clone());
        return Err(ReportError::OtherModel { session: session.id, given, recorded });
    }
    let own = [maps, known].into_iter().flatten().find(|classifier| same(classifier));
    let training = match own {
        Some(classifier) if classifier.card().drawn => Training::Drawn,
        Some(_) => Training::Smears,
        None => Training::NotKnown,
    };
    let signature = match own.map(Classifier::model_version) {
        Some(Some(_)) => Signature::Signed,
        Some(None) => Signature::Unsigned,
        None => Signature::NotKnown,
    };
    let mut loaded = maps.map(Loaded::new);
    let total = fields.len();
    let mut shown = Vec::with_capacity(total);
    for (done, field) in fields.into_iter().enumerate() {
        progress(done, total);
        shown.push(show(reader, session.id, field, loaded.as_mut())?);
    }
    progress(total, total);
    Ok(Report {
        slide,
        counts,
        cells: reader.cell_count(session.id)?,
        excluded: reader.excluded(session.id)?,
        entry: verified.entries,
        head: verified.head,
        min_fields: options.min_fields,
        shown,
        with_maps: maps.is_some(),
        training,
        signature,
        salvages: reader.salvages()?,
        written_utc: rfc3339(SystemTime::now()),
        program_version: env!("CARGO_PKG_VERSION"),
        session,
    })
}

fn first_fields(reader: &RecordReader, session: SessionId, most: usize) -> Result<Vec<Field>, ReportError> {
    let mut fields: Vec<Field> = Vec::new();
    let mut last = 0;
    while fields.len() < most {
        let wanted = u32::try_from(most - fields.len()).unwrap_or(MAX_PAGE).min(MAX_PAGE);
        let page = reader.fields(session, last, wanted)?;
        let Some(newest) = page.last() else { break };
        last = newest.sequence;
        fields.extend(page.into_iter().filter(|field| field.exclusion().is_none()));
    }
    Ok(fields)
}

fn show(
    reader: &RecordReader,
    session: SessionId,
    field: Field,
    model: Option<&mut Loaded<&Classifier>>,
) -> Result<Shown, ReportError> {
    let failed = |reason: String| ReportError::Picture { sequence: field.sequence, reason };
    let thumbnail = reader.thumbnail(session, field.sequence)?;
    let mapped = match model.filter(|model| model.classifier().model_id() == field.judgement.model_sha256) {
        Some(model) => {
            let picture =
                reader.picture(session, field.sequence)?.pixels().map_err(|error| failed(error.to_string()))?;
            picture::map(&picture, &field, model).map_err(failed)?
        }
        None => None,
    };
    let (map, map_class) = mapped.map_or((None, None), |(map, class)| (Some(map), Some(class)));
    Ok(Shown { field, thumbnail, map, map_class })
}
