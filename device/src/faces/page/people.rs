//! Requests about the people who work at this device.

use std::{sync::Arc, time::Instant};

use axum::{extract::State, http::StatusCode, response::Response};
use tokio::task::spawn_blocking;

use super::{
    app::{App, Shared},
    extract::Body,
    problem::{Problem, json},
    wire::{
        answer::{Chosen, PeopleList},
        request::{Choose, NewPin, RemovePerson},
    },
};
use crate::faces::people::{People, Refused};

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let status = match &refused {
            Refused::Invalid(_) => StatusCode::BAD_REQUEST,
            Refused::NeedsPin(_) | Refused::WrongPin(_) => StatusCode::FORBIDDEN,
            Refused::Locked { .. } => StatusCode::TOO_MANY_REQUESTS,
            Refused::Unknown(_) => StatusCode::NOT_FOUND,
            Refused::File(_) => StatusCode::INSUFFICIENT_STORAGE,
        };
        let advice = refused.advice();
        let problem = Self::new(status, advice.reason, advice.remedy);
        if let Refused::Locked { wait, .. } = refused { problem.wait(wait) } else { problem }
    }
}

/// Does what argon2 or the disk makes slow, one at a time.
async fn slowly<T: Send + 'static>(
    app: &App,
    what: impl FnOnce(&People) -> Result<T, Refused> + Send + 'static,
) -> Result<T, Problem> {
    let failed = |reason: String| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, reason, "try again");
    let turn = Arc::clone(&app.proving).acquire_owned().await.map_err(|error| failed(error.to_string()))?;
    let people = Arc::clone(&app.people);
    let done = spawn_blocking(move || {
        let _turn = turn;
        what(&people)
    });
    Ok(done.await.map_err(|error| failed(error.to_string()))??)
}

/// `GET /api/people`: everybody, and who has a PIN.
pub(super) async fn people(State(app): Shared) -> Response {
    json(&PeopleList { people: app.people.list() })
}

/// `POST /api/people`: chooses a name for a screen; adds it if it is new.
pub(super) async fn choose(State(app): Shared, Body(Choose { name, pin }): Body<Choose>) -> Result<Response, Problem> {
    let name = name.trim().to_owned();
    let chosen = name.clone();
    let badge = slowly(&app, move |people| people.choose(&chosen, pin.as_deref(), Instant::now())).await?;
    Ok(json(&Chosen { name, badge }))
}

/// `POST /api/people/pin`: sets, changes or removes a PIN.
pub(super) async fn set_pin(
    State(app): Shared,
    Body(NewPin { name, pin, new }): Body<NewPin>,
) -> Result<Response, Problem> {
    slowly(&app, move |people| people.set_pin(name.trim(), pin.as_deref(), new.as_deref(), Instant::now())).await?;
    Ok(json(&PeopleList { people: app.people.list() }))
}

/// `POST /api/people/remove`: removes a name from the list.
pub(super) async fn remove(
    State(app): Shared,
    Body(RemovePerson { name, pin }): Body<RemovePerson>,
) -> Result<Response, Problem> {
    slowly(&app, move |people| people.remove(name.trim(), pin.as_deref(), Instant::now())).await?;
    Ok(json(&PeopleList { people: app.people.list() }))
}
