//! What runs here, and the state of the instrument.

use axum::{extract::State, response::Response};
use blastscope_shared::Class;

use super::{app::Shared, problem::json, wire::answer::About};
use crate::{RESEARCH_USE, model};

/// `GET /api/about`: program, model and thresholds.
pub(super) async fn about(State(app): Shared) -> Response {
    let thresholds = app.classifier.thresholds();
    let notices = app.notices.current();
    json(&About {
        program: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        notice: RESEARCH_USE,
        model: model::title(&app.classifier),
        model_sha256: app.classifier.model_id(),
        caution: model::caution(&app.classifier),
        drawn: app.classifier.card().drawn,
        notices: &notices,
        min_probability: thresholds.min_probability,
        min_subtype: thresholds.min_subtype,
        max_novelty: thresholds.max_novelty,
        classes: Class::ALL.map(Class::name),
    })
}

/// `GET /api/state`: the instrument's newest state.
pub(super) async fn state(State(app): Shared) -> Response {
    json(&*app.remote.snapshot())
}
