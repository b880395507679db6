//! A client that sends exactly what a test asks for.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// How long a signature is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A header's value in lower case, if present.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.head.to_ascii_lowercase();
        head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
    }
}

/// Sends requests like a browser on this page, with more or other headers, and closes the connection.
pub struct Client {
    pub address: SocketAddr,
    pub cookie: Option<String>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, cookie: None }
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[], b"")
    }

    pub fn post(&self, path: &str, body: &Value) -> Reply {
        let origin = format!("http://{}", self.address);
        let headers = [("Content-Type", "application/json"), ("X-Blastscope", "1"), ("Origin", &origin)];
        self.ask("POST", path, &headers, body.to_string().as_bytes())
    }

    /// A session with its counts.
    pub fn summary(&self, session: u64) -> Value {
        self.get(&format!("/api/sessions/{session}")).json()
    }

    /// Answers a field of the session that has this number now.
    pub fn answer(&self, session: u64, field: u64, mut body: Value) -> Reply {
        body["started"] = self.summary(session)["session"]["started_utc"].clone();
        self.post(&format!("/api/sessions/{session}/fields/{field}/opinion"), &body)
    }

    /// Signs the session's current fields; tries again a while if another one was taken meanwhile.
    pub fn sign_off(&self, session: u64, by: &str) -> Reply {
        let path = format!("/api/sessions/{session}/sign-off");
        let limit = Instant::now() + PATIENCE;
        loop {
            let shown = self.summary(session)["session"].clone();
            let body = json!({ "started": shown["started_utc"], "fields": shown["fields"], "by": by });
            let reply = self.post(&path, &body);
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            let came = reply.status == 409 && (text.contains("but you saw") || text.contains("is being saved"));
            if !came || Instant::now() > limit {
                return reply;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Adds `Host` unless it is among the headers.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut stream = self.open(method, path, headers, body);
        let mut bytes = Vec::new();
        // A server that refuses a body may close before reading it.
        let _ = stream.read_to_end(&mut bytes);
        parse(&bytes)
    }

    /// Sends a request and leaves the answer unread.
    pub fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> TcpStream {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| *name == "Host") {
            request.push_str(&format!("Host: {}\r\n", self.address));
        }
        if let Some(cookie) = &self.cookie {
            request.push_str(&format!("Cookie: {cookie}\r\n"));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let mut stream = TcpStream::connect(self.address).expect("listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        stream.write_all(request.as_bytes()).expect("takes a head");
        let _ = stream.write_all(body);
        stream
    }
}

fn parse(bytes: &[u8]) -> Reply {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8(bytes[..end].to_vec()).expect("text");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Reply { status, head, body: bytes[end + 4..].to_vec() }
}
