//! What is where.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, RawQuery, Request, State},
    http::{Method, StatusCode},
    middleware,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use blastscope_shared::Class;
use serde::Serialize;

use super::{
    answer::{Problem, json},
    app::App,
    assets, download, guard, heat_map, live, operations, review,
};
use crate::{RESEARCH_USE, model};

type Shared = State<Arc<App>>;

pub(super) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/api/about", get(|State(app): Shared| async move { about(&app) }))
        .route("/api/state", get(|State(app): Shared| async move { json(&*app.remote.snapshot()) }))
        .route("/api/live", get(|State(app): Shared, RawQuery(query): RawQuery| live::live(app, query)))
        .route("/api/live/map/{class}", get(|State(app): Shared, path: Path<String>| heat_map::of_live(app, path)))
        .route("/api/take", post(|State(app): Shared, request: Request| operations::take(app, request)))
        .route("/api/login", post(|State(app): Shared, request: Request| operations::log_in(app, request)))
        .route("/api/enter", post(|State(app): Shared, request: Request| operations::enter(app, request)))
        .route("/api/logout", post(|State(app): Shared, request: Request| operations::log_out(app, request)))
        .route(
            "/api/sessions",
            get(|State(app): Shared| review::sessions(app))
                .post(|State(app): Shared, request: Request| operations::start(app, request)),
        )
        .route("/api/sessions/{session}", get(|State(app): Shared, path: Path<_>| review::session(app, path)))
        .route(
            "/api/sessions/{session}/continue",
            post(|State(app): Shared, path: Path<_>, request: Request| operations::go_on(app, path, request)),
        )
        .route(
            "/api/sessions/{session}/end",
            post(|State(app): Shared, path: Path<_>, request: Request| operations::end(app, path, request)),
        )
        .route(
            "/api/sessions/{session}/sign-off",
            post(|State(app): Shared, path: Path<_>, request: Request| operations::sign_off(app, path, request)),
        )
        .route(
            "/api/sessions/{session}/report/{form}",
            get(|State(app): Shared, path: Path<_>, query: RawQuery| download::report(app, path, query)),
        )
        .route(
            "/api/sessions/{session}/fields",
            get(|State(app): Shared, path: Path<_>, query: RawQuery| review::fields(app, path, query)),
        )
        .route(
            "/api/sessions/{session}/opinions",
            get(|State(app): Shared, path: Path<_>, query: RawQuery| review::opinions(app, path, query)),
        )
        .route(
            "/api/sessions/{session}/fields/{field}",
            get(|State(app): Shared, path: Path<_>| review::field(app, path)),
        )
        .route(
            "/api/sessions/{session}/fields/{field}/picture.jpg",
            get(|State(app): Shared, path: Path<_>| review::picture(app, path)),
        )
        .route(
            "/api/sessions/{session}/fields/{field}/thumbnail.jpg",
            get(|State(app): Shared, path: Path<_>| review::thumbnail(app, path)),
        )
        .route(
            "/api/sessions/{session}/fields/{field}/map/{class}",
            get(|State(app): Shared, path: Path<_>| heat_map::of_field(app, path)),
        )
        .route(
            "/api/sessions/{session}/fields/{field}/opinion",
            post(|State(app): Shared, path: Path<_>, request: Request| operations::opinion(app, path, request)),
        )
        .method_not_allowed_fallback(|method: Method| async move {
            let reason = format!("{method} is not for this address");
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, reason, "use GET to look and POST to change").into_response()
        })
        .fallback(|request: Request| async move { assets::find(request.method(), request.uri().path()) })
        .layer(middleware::from_fn_with_state(Arc::clone(app), guard::guard))
        .with_state(Arc::clone(app))
}

#[derive(Serialize)]
struct About<'a> {
    program: &'a str,
    version: &'a str,
    notice: &'a str,
    model: String,
    model_sha256: &'a str,
    /// What must be said of the model besides.
    caution: Option<&'a str>,
    /// Whether it has seen drawn fields only.
    drawn: bool,
    /// What else is to be said of model and program now, in sentences.
    notices: &'a [String],
    min_probability: f32,
    max_novelty: f32,
    classes: [&'a str; Class::COUNT],
}

fn about(app: &App) -> Response {
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
        max_novelty: thresholds.max_novelty,
        classes: Class::ALL.map(Class::name),
    })
}
