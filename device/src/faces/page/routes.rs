//! Which handler answers which request.

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    http::{Method, StatusCode},
    middleware,
    response::IntoResponse as _,
    routing::{self, MethodRouter},
};

use super::{about, app::App, assets, download, guard, heat_map, live, operations, people, problem::Problem, review};

/// A request with its handler.
struct Route {
    #[cfg_attr(not(test), expect(dead_code, reason = "the test of the document reads it"))]
    method: Method,
    path: &'static str,
    handler: MethodRouter<Arc<App>>,
}

fn get<T: 'static>(path: &'static str, handler: impl Handler<T, Arc<App>>) -> Route {
    Route { method: Method::GET, path, handler: routing::get(handler) }
}

fn post<T: 'static>(path: &'static str, handler: impl Handler<T, Arc<App>>) -> Route {
    Route { method: Method::POST, path, handler: routing::post(handler) }
}

/// All routes; `docs/http.md` has a chapter for each.
fn routes() -> Vec<Route> {
    vec![
        get("/api/about", about::about),
        get("/api/state", about::state),
        get("/api/live", live::live),
        get("/api/live/map/{class}", heat_map::of_live),
        post("/api/login", operations::log_in),
        post("/api/enter", operations::enter),
        post("/api/logout", operations::log_out),
        get("/api/people", people::people),
        post("/api/people", people::choose),
        post("/api/people/pin", people::set_pin),
        post("/api/people/remove", people::remove),
        post("/api/take", operations::take),
        get("/api/sessions", review::sessions),
        post("/api/sessions", operations::start),
        get("/api/sessions/{session}", review::session),
        post("/api/sessions/{session}/continue", operations::go_on),
        post("/api/sessions/{session}/hand-over", operations::hand_over),
        post("/api/sessions/{session}/specimen", operations::correct_specimen),
        post("/api/sessions/{session}/end", operations::end),
        post("/api/sessions/{session}/reopen", operations::reopen),
        post("/api/sessions/{session}/sign-off", operations::sign_off),
        get("/api/sessions/{session}/report/{form}", download::report),
        get("/api/sessions/{session}/fields", review::fields),
        get("/api/sessions/{session}/opinions", review::opinions),
        get("/api/sessions/{session}/cells", review::cells),
        post("/api/sessions/{session}/cells", operations::label_cells),
        get("/api/sessions/{session}/fields/{field}", review::field),
        get("/api/sessions/{session}/fields/{field}/picture.jpg", review::picture),
        get("/api/sessions/{session}/fields/{field}/thumbnail.jpg", review::thumbnail),
        get("/api/sessions/{session}/fields/{field}/cells.jpg", review::cell_strip),
        get("/api/sessions/{session}/fields/{field}/map/{class}", heat_map::of_field),
        post("/api/sessions/{session}/fields/{field}/opinion", operations::opinion),
    ]
}

/// Method and path of every route.
#[cfg(test)]
pub(super) fn listed() -> Vec<String> {
    routes().into_iter().map(|Route { method, path, .. }| format!("{method} {path}")).collect()
}

pub(super) fn router(app: &Arc<App>) -> Router {
    routes()
        .into_iter()
        .fold(Router::new(), |router, Route { path, handler, .. }| router.route(path, handler))
        .method_not_allowed_fallback(|method: Method| async move {
            let reason = format!("{method} is not allowed at this address");
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, reason, "use GET to read and POST to change").into_response()
        })
        .fallback(|request: Request| async move { assets::find(request.method(), request.uri().path()) })
        .layer(middleware::from_fn_with_state(Arc::clone(app), guard::guard))
        .with_state(Arc::clone(app))
}
