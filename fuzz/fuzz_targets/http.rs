//! Arbitrary bytes sent to the page's port.
#![no_main]
#![feature(tcp_linger)]

use std::sync::LazyLock;

use blastscope_fuzz::Page;
use libfuzzer_sys::fuzz_target;

static PAGE: LazyLock<Page> = LazyLock::new(Page::new);

fuzz_target!(|bytes: &[u8]| PAGE.send(bytes, |stream| stream.set_linger(Some(std::time::Duration::ZERO))));
