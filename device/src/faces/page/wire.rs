//! What goes over the wire: requests and answers, as `docs/http.md` lists them. A test holds the document to these types.

pub(super) mod answer;
pub(super) mod request;
