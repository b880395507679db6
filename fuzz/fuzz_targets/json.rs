//! JSON requests to the page; the first byte chooses the request.
#![no_main]
#![feature(tcp_linger)]

use std::sync::LazyLock;

use blastscope_fuzz::Page;
use libfuzzer_sys::fuzz_target;

static PAGE: LazyLock<Page> = LazyLock::new(Page::new);
const ORDERS: [&str; 14] = [
    "take",
    "login",
    "logout",
    "sessions",
    "sessions/1/continue",
    "sessions/1/end",
    "sessions/1/sign-off",
    "sessions/1/fields/1/opinion",
    "people",
    "people/pin",
    "people/remove",
    "sessions/1/hand-over",
    "sessions/1/specimen",
    "sessions/1/reopen",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((&order, body)) = bytes.split_first() else { return };
    let mut request = format!(
        "POST /api/{} HTTP/1.1\r\nHost: {}\r\nX-Blastscope: 1\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        ORDERS[usize::from(order) % ORDERS.len()],
        PAGE.address(),
        body.len()
    )
    .into_bytes();
    request.extend(body);
    PAGE.send(&request, |stream| stream.set_linger(Some(std::time::Duration::ZERO)));
});
