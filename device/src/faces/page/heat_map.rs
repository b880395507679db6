//! Heat maps on request: which parts of a picture the network's answer depends on.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use blastscope_core::pipeline::Appraisal;
use blastscope_shared::{Class, RgbPixels, classifier::Classifier};
use tokio::task::spawn_blocking;

use super::{
    app::{App, Shared},
    extract::{At, FieldNumber, MapClass},
    pictures,
    problem::{Problem, bytes_of},
};
use crate::{RESEARCH_USE, model, record::SessionId, report::overlay};

/// Header that names the frame of a map.
const FRAME: HeaderName = HeaderName::from_static("x-blastscope-frame");

/// `GET /api/live/map/{class}.png`: of the newest frame.
pub(super) async fn of_live(State(app): Shared, At(MapClass(class)): At<MapClass>) -> Result<Response, Problem> {
    let frame = app.remote.snapshot().frame.clone().ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "there is no picture", "wait for the camera, then ask again")
    })?;
    let number = frame.sequence;
    let mut response = draw(app, class, move || Ok(frame.picture.clone())).await?;
    response.headers_mut().insert(FRAME, HeaderValue::from(number));
    Ok(response)
}

/// `GET /api/sessions/{session}/fields/{field}/map/{class}.png`: of a stored field.
pub(super) async fn of_field(
    State(app): Shared,
    At(session): At<SessionId>,
    At(FieldNumber(field)): At<FieldNumber>,
    At(MapClass(class)): At<MapClass>,
) -> Result<Response, Problem> {
    let kept = app.reads.read(move |reader| reader.picture(session, field)).await?;
    let unreadable = move |error: blastscope_shared::field::decode::DecodeError| {
        let reason = format!("the picture of field {field} cannot be decoded ({error})");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, reason, "check the record with `blastscope verify`")
    };
    draw(app, class, move || kept.pixels().map_err(unreadable)).await
}

/// One at a time, so that the live picture keeps its cores.
async fn draw(
    app: Arc<App>,
    class: Option<Class>,
    picture: impl FnOnce() -> Result<RgbPixels, Problem> + Send + 'static,
) -> Result<Response, Problem> {
    let failed = |reason: String| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("no map can be drawn: {reason}"),
            "use another model, or go without a map",
        )
    };
    let turn = Arc::clone(&app.heavy).acquire_owned().await.map_err(|error| failed(error.to_string()))?;
    let drawn = spawn_blocking(move || {
        let _turn = turn;
        let picture = picture()?;
        let mut workspace = app.classifier.workspace();
        let appraisal = Appraisal::of(&picture, &app.classifier, &mut workspace);
        let class = class.or_else(|| appraisal.assessment.most_probable()).ok_or_else(|| {
            let reason = appraisal.reason().unwrap_or_default();
            Problem::new(
                StatusCode::CONFLICT,
                format!("no class is likely in this picture ({reason})"),
                "ask for a class by name, or choose a field that shows cells",
            )
        })?;
        let explanation = app.classifier.explain(&mut workspace, class).map_err(|error| failed(error.to_string()))?;
        let caption = caption(&appraisal, &app.classifier);
        pictures::png(&overlay::draw(&picture, &explanation, app.classifier.framing(), &caption)).map_err(failed)
    });
    let drawn = drawn.await.map_err(|error| failed(error.to_string()))?;
    drawn.map(|png| bytes_of("image/png", png))
}

fn caption(appraisal: &Appraisal, classifier: &Classifier) -> Vec<String> {
    let mut lines = vec![format!("this frame: {}", appraisal.sentence())];
    lines.push(format!("model {}", model::title(classifier)));
    lines.extend(model::caution(classifier).map(str::to_owned));
    lines.push(RESEARCH_USE.to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use blastscope_core::drawn_field;

    #[test]
    fn the_caption_says_what_the_stricter_judge_says() {
        let tiny = include_bytes!("../../../../tests/golden/tiny.bsm");
        let settings = config::Pipeline { min_probability: Some(1.0), ..Default::default() };
        let classifier = settings.judged(Classifier::read(tiny).expect("the tiny model"));
        let caption = |picture: &RgbPixels| {
            caption(&Appraisal::of(picture, &classifier, &mut classifier.workspace()), &classifier).swap_remove(0)
        };
        let doubtful = caption(&drawn_field::field(320, 240, 0));
        assert!(doubtful.starts_with("this frame: no verdict: not sure enough"), "{doubtful}");
        let black = caption(&RgbPixels::new(64, 64, vec![0; 64 * 64 * 3]).expect("three bytes a pixel"));
        assert!(black.starts_with("this frame: no verdict: too dark"), "{black}");
    }
}
