//! Tests of the page against its document.

mod http_document;
