//! What is where.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use axum::{
    Router,
    extract::{Path, RawQuery, Request, State},
    http::{Method, StatusCode},
    middleware,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use blastscope_shared::{Class, classifier::Classifier};
use serde::Serialize;
use tokio::sync::Semaphore;

use super::{
    Options,
    access::Access,
    address::Names,
    answer::{Problem, json},
    assets, download, guard, heat_map,
    live::{self, LiveView},
    notices::Notices,
    operations, review,
};
use crate::{RESEARCH_USE, model, record::Remembered, station::Remote};

/// What all requests share.
pub(super) struct App {
    pub(super) remote: Remote,
    pub(super) data_dir: PathBuf,
    pub(super) report: crate::report::Options,
    pub(super) remembered: Arc<Remembered>,
    pub(super) classifier: Arc<Classifier>,
    pub(super) access: Access,
    pub(super) names: Names,
    pub(super) live: LiveView,
    pub(super) notices: Notices,
    /// Proxies that are believed when they name whom they speak for.
    trusted_proxies: Vec<IpAddr>,
    /// Who holds it may use a core.
    pub(super) heavy: Arc<Semaphore>,
}

impl App {
    pub(super) fn new(
        options: &Options,
        address: SocketAddr,
        remote: Remote,
        classifier: Arc<Classifier>,
        access: Access,
    ) -> Self {
        Self {
            remote,
            data_dir: options.data_dir.clone(),
            report: options.report,
            remembered: Arc::clone(&options.remembered),
            classifier,
            access,
            names: Names::new(address, options.allowed_hosts.clone()),
            live: LiveView::new(),
            notices: Notices::new(&options.notices, options.model.clone()),
            trusted_proxies: options.trusted_proxies.clone(),
            heavy: Arc::new(Semaphore::new(1)),
        }
    }

    /// Whether a peer is a proxy that speaks for others.
    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|proxy| proxy.to_canonical() == peer)
    }
}

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
