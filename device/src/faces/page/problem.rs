//! Problems with reason and remedy, and the other answers: JSON and pictures.

use std::{borrow::Cow, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use blastscope_core::advice::Advice;
use serde::Serialize;

use super::wire::answer::Failed;
use crate::{record::RecordError, station::Refusal};

/// A failed request: its status, reason and remedy.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    advice: Advice,
    wait: Option<Duration>,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        reason: impl Into<Cow<'static, str>>,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::of(status, Advice::new(reason, remedy))
    }

    const fn of(status: StatusCode, advice: Advice) -> Self {
        Self { status, advice, wait: None }
    }

    /// Status and text, for the test of the document.
    #[cfg(test)]
    pub(super) const fn parts(&self) -> (StatusCode, &Advice) {
        (self.status, &self.advice)
    }

    /// Adds `Retry-After`.
    pub(super) const fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    pub(super) fn bad(reason: impl Into<Cow<'static, str>>, remedy: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason, remedy)
    }

    pub(super) fn busy(what: impl Into<Cow<'static, str>>) -> Self {
        let remedy = "close other windows of this page, then try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, what, remedy).wait(Duration::from_secs(5))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let failed = Failed { error: self.status.as_u16(), reason: &self.advice.reason, remedy: &self.advice.remedy };
        let mut response = json(&failed);
        *response.status_mut() = self.status;
        if let Some(wait) = self.wait {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        let status = match &error {
            RecordError::Invalid { .. } => StatusCode::BAD_REQUEST,
            RecordError::NoSession { .. } | RecordError::NoField { .. } | RecordError::NoCell { .. } => {
                StatusCode::NOT_FOUND
            }
            RecordError::Closed { .. }
            | RecordError::NothingToConfirm { .. }
            | RecordError::NothingToTakeBack { .. }
            | RecordError::Excluded { .. }
            | RecordError::Answered { .. }
            | RecordError::Labelled { .. }
            | RecordError::SignedOff { .. }
            | RecordError::OtherFields { .. } => StatusCode::CONFLICT,
            error if error.is_passing() => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::of(status, error.advice())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Record(error) => error.into(),
            Refusal::Busy | Refusal::Slow | Refusal::Stopped => {
                Self::of(StatusCode::SERVICE_UNAVAILABLE, refusal.advice())
            }
            refusal => Self::of(StatusCode::CONFLICT, refusal.advice()),
        }
    }
}

/// A JSON answer.
pub(super) fn json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => bytes_of("application/json", bytes),
        Err(error) => {
            let problem = format!("{{\"error\":500,\"reason\":\"{error}\",\"remedy\":\"report this\"}}");
            (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "application/json")], problem).into_response()
        }
    }
}

/// An answer of this media type.
pub(super) fn bytes_of(kind: &'static str, bytes: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], bytes.into()).into_response()
}
