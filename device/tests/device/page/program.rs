//! `blastscope live` with a page, killed with the test.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

/// The running program, once it has printed its page's address.
pub struct Program {
    process: Child,
    /// Address of the page.
    pub page: String,
    /// The token, if the page requires one.
    pub token: Option<String>,
}

impl Program {
    pub fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect("the program");
        let (mut page, mut token) = (None, None);
        for line in BufReader::new(process.stdout.take().expect("a pipe")).lines() {
            let line = line.expect("a line");
            if let Some(address) = line.strip_prefix("the page is at ") {
                page = address.split(' ').next().map(str::to_owned);
            }
            token = line.strip_prefix("its token is ").map(str::to_owned).or(token);
            if token.is_some() || line.contains("this machine only") {
                break;
            }
        }
        Self { process, page: page.expect("an address"), token }
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.page.trim_start_matches("http://").trim_end_matches('/').parse().expect("an address")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
