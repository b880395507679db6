//! Requests and answers on the wire, as `docs/http.md` lists them. A test holds the document to these types.

pub(super) mod answer;
pub(super) mod request;
