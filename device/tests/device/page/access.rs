//! Access: who is admitted, and what is refused.

use std::time::{Duration, Instant};

use blastscope::faces::page::Limits;
use serde_json::json;

use super::scene::Scene;

#[test]
fn a_token_opens_and_too_many_wrong_ones_close() {
    let scene = Scene::with(|options| options.token_always = true, |record| record);
    let mut client = scene.client();
    let token = scene.server.token().expect("guarded").to_owned();
    assert!(scene.server.start_message().contains(&token));
    for path in ["/api/state", "/api/live", "/api/about", "/api/sessions", "/api/sessions/1/fields/1/picture.jpg"] {
        let reply = client.get(path);
        assert_eq!(reply.status, 401, "{path}");
        assert!(reply.json()["remedy"].as_str().expect("text").contains("token"), "{reply:?}");
    }
    assert_eq!(client.post("/api/take", &json!({})).status, 401);
    assert_eq!(client.get("/").status, 200, "the page itself reveals nothing");

    let reply = client.post("/api/login", &json!({"token": token}));
    assert_eq!(reply.status, 200, "{reply:?}");
    let cookie = reply.header("set-cookie").expect("a cookie");
    assert!(cookie.contains("httponly") && cookie.contains("samesite=strict"), "{cookie}");
    client.cookie = cookie.split(';').next().map(str::to_owned);
    assert_eq!(client.get("/api/state").status, 200);
    let bearer = format!("Bearer {token}");
    assert_eq!(scene.client().ask("GET", "/api/state", &[("Authorization", &bearer)], b"").status, 200);
    assert_eq!(client.post("/api/logout", &json!({})).status, 200);
    assert_eq!(client.get("/api/state").status, 401);

    let wrong: Vec<u16> = (0..7)
        .map(|_| client.post("/api/login", &json!({"token": "00112233445566778899aabbccddeeff"})).status)
        .collect();
    assert_eq!(wrong, [401, 401, 401, 401, 401, 429, 429]);
    let reply = client.post("/api/login", &json!({"token": token}));
    assert_eq!(reply.status, 429, "now even the right one must wait");
    let wait: u64 = reply.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
}

#[test]
fn wrong_tokens_of_scripts_count_too() {
    let limits = Limits { each: 2 };
    let scene = Scene::with(|options| (options.token_always, options.limits) = (true, limits), |record| record);
    let ask = |token: &str| scene.client().ask("GET", "/api/state", &[("Authorization", token)], b"").status;
    assert_eq!([ask("Bearer x"), ask("Bearer y"), ask("Bearer z")], [401, 401, 429]);
}

#[test]
fn other_hosts_and_other_pages_are_refused() {
    let scene = Scene::new();
    let client = scene.client();
    let own = format!("http://{}", scene.server.address());
    let host = scene.server.address().to_string();
    for foreign in ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", ""] {
        let reply = client.ask("GET", "/api/state", &[("Host", foreign)], b"");
        assert!(matches!(reply.status, 403 | 400), "{foreign}: {reply:?}");
    }
    for foreign in ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"] {
        for (method, path) in [("GET", "/api/state"), ("POST", "/api/take")] {
            let headers = [("Origin", foreign), ("X-Blastscope", "1")];
            let reply = client.ask(method, path, &headers, b"{}");
            assert_eq!(reply.status, 403, "{foreign}: {reply:?}");
        }
    }
    assert_eq!(client.ask("POST", "/api/take", &[("Origin", &own)], b"{}").status, 403, "without the header");
    let cross = [("Sec-Fetch-Site", "cross-site")];
    assert_eq!(client.ask("GET", "/api/live", &cross, b"").status, 403);
    assert_eq!(client.ask("GET", "/api/state", &[("Host", &host), ("Origin", &own)], b"").status, 200);
}

#[test]
fn what_is_too_large_too_long_or_not_there_is_said() {
    let scene = Scene::new();
    let client = scene.client();
    let reply = client.post("/api/sessions", &json!({"specimen": "x".repeat(20_000), "operator": "A"}));
    assert_eq!(reply.status, 413);
    assert!(reply.json()["remedy"].is_string());
    for (body, status) in
        [("{", 400), ("{\"specimen\": 1}", 400), ("[]", 400), ("{\"specimen\":\"a b\",\"operator\":\"A\"}", 400)]
    {
        let reply = client.ask("POST", "/api/sessions", &[("X-Blastscope", "1")], body.as_bytes());
        assert_eq!(reply.status, status, "{body}: {reply:?}");
        let problem = reply.json();
        assert!(problem["reason"].is_string() && problem["remedy"].is_string(), "{problem}");
    }
    for path in
        ["/nothing", "/api/nothing", "/../etc/passwd", "/api/sessions/1", "/api/sessions/9/fields/9/picture.jpg"]
    {
        let reply = client.get(path);
        assert_eq!(reply.status, 404, "{path}: {reply:?}");
        assert!(reply.json()["reason"].is_string());
    }
    for path in ["/api/sessions/x", "/api/sessions/-1", "/api/sessions/1/fields?after=x", "/api/live/map/Other.png"] {
        assert_eq!(client.get(path).status, 400, "{path}");
    }
    assert_eq!(client.ask("DELETE", "/api/state", &[("X-Blastscope", "1")], b"").status, 405);
    assert_eq!(client.post("/api/take", &json!({"session": 1})).status, 409, "no session is open");
    assert_eq!(client.post("/api/take", &json!({})).status, 400, "an order names its session");
}

#[test]
fn every_answer_bears_its_headers() {
    let scene = Scene::new();
    for path in ["/", "/app.js", "/api/state", "/nothing"] {
        let reply = scene.client().get(path);
        let policy = reply.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        let cache = reply.header("cache-control");
        assert_eq!(
            cache.as_deref(),
            Some(if path.starts_with("/api") || path == "/nothing" { "no-store" } else { "no-cache" })
        );
    }
}

#[test]
fn twenty_clients_that_do_not_read_hold_up_nothing() {
    let scene = Scene::new();
    let remote = scene.instrument.remote();
    // Frame rate over the next 60 frames; an instrument that waits for a client never gets there.
    let rate = || {
        let (since, start) = (Instant::now(), remote.snapshot().flow.frames);
        while remote.snapshot().flow.frames < start + 60 {
            assert!(since.elapsed() < Duration::from_secs(240), "frames stand still: {:?}", remote.snapshot().flow);
            std::thread::sleep(Duration::from_millis(5));
        }
        60.0 / since.elapsed().as_secs_f64()
    };
    let alone = rate();
    let client = scene.client();
    let deaf: Vec<_> = (0..20).map(|_| client.open("GET", "/api/live", &[], b"")).collect();
    let watched = rate();
    eprintln!("{alone:.1} frames a second alone, {watched:.1} with 20 clients that do not read");
    assert_eq!(client.get("/api/state").status, 200, "others are still served");
    drop(deaf);
}

/// Connections that send nothing, half a head or half a body: real requests are still served, also from the same address.
#[test]
fn hundreds_of_slow_connections_keep_nobody_out() {
    let scene = Scene::new();
    let client = scene.client();
    let body =
        b"POST /api/sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Blastscope: 1\r\nContent-Length: 900\r\n\r\n{".as_slice();
    for said in [b"".as_slice(), b"GET /api/state HTTP/1.1\r\nHost: 127.0", body] {
        let slow: Vec<_> = (0..250)
            .map(|_| {
                let mut stream = std::net::TcpStream::connect(client.address).expect("listens");
                let _ = std::io::Write::write_all(&mut stream, said);
                stream
            })
            .collect();
        for _ in 0..5 {
            let since = Instant::now();
            assert_eq!(client.get("/api/state").status, 200, "{:?}", String::from_utf8_lossy(said));
            assert!(since.elapsed() < Duration::from_secs(8), "it waited for the slow connections");
        }
        drop(slow);
    }
}

#[test]
fn wrong_tokens_of_one_address_lock_out_no_other() {
    let proxy = "127.0.0.1".parse().expect("an address");
    let scene = Scene::with(|options| options.trusted_proxies = vec![proxy], |record| record);
    let token = scene.server.token().expect("a proxy makes a token mandatory").to_owned();
    let client = scene.client();
    let log_in = |from: &str, token: &str| {
        let headers = [("X-Blastscope", "1"), ("X-Forwarded-For", from)];
        client.ask("POST", "/api/login", &headers, json!({ "token": token }).to_string().as_bytes()).status
    };
    for number in 0..40 {
        let from = format!("203.0.113.{number}");
        let wrong: Vec<u16> = (0..6).map(|_| log_in(&from, "wrong")).collect();
        assert_eq!(wrong, [401, 401, 401, 401, 401, 429], "{from}");
    }
    assert_eq!(log_in("198.51.100.7", &token), 200);
    // Entries that the client itself put before the proxy's are ignored.
    assert_eq!(log_in("198.51.100.7, 203.0.113.1", &token), 429);
    // Only the proxy is trusted.
    let plain = Scene::with(|options| options.token_always = true, |record| record);
    let token = plain.server.token().expect("guarded").to_owned();
    let client = plain.client();
    let ask = |from: &str, token: &str| {
        let headers = [("X-Blastscope", "1"), ("X-Forwarded-For", from)];
        client.ask("POST", "/api/login", &headers, json!({ "token": token }).to_string().as_bytes()).status
    };
    let wrong: Vec<u16> = (0..6).map(|number| ask(&format!("203.0.113.{number}"), "wrong")).collect();
    assert_eq!((wrong[5], ask("198.51.100.7", &token)), (429, 429));
}

#[test]
fn a_hospitals_name_and_a_proxy_with_tls_are_answered_where_they_were_named() {
    let allow = |options: &mut blastscope::faces::page::Options| {
        let names = ["scope.hospital.example", "https://lab.hospital.example"];
        options.allowed_hosts = names.map(|name| name.parse().expect("a name")).into();
    };
    let scene = Scene::with(allow, |record| record);
    let token = scene.server.token().expect("a proxy makes a token mandatory").to_owned();
    assert!(scene.server.start_message().contains("the page is at https://lab.hospital.example/"));
    let client = scene.client();
    let body = json!({ "token": token }).to_string();
    let log_in = |host: &str, origin: &str| {
        let headers = [("Host", host), ("Origin", origin), ("X-Blastscope", "1")];
        client.ask("POST", "/api/login", &headers, body.as_bytes())
    };
    let plain = log_in("scope.hospital.example:8080", "http://scope.hospital.example:8080");
    assert_eq!(plain.status, 200, "{plain:?}");
    assert!(!plain.header("set-cookie").expect("a cookie").contains("secure"));
    for host in ["lab.hospital.example", "127.0.0.1"] {
        let secure = log_in(host, "https://lab.hospital.example");
        assert_eq!(secure.status, 200, "{secure:?}");
        assert!(secure.header("set-cookie").expect("a cookie").ends_with("; secure"));
    }
    for (host, origin) in [
        ("other.hospital.example", "http://other.hospital.example"),
        ("scope.hospital.example", "https://scope.hospital.example"),
        ("lab.hospital.example", "https://evil.example"),
        ("evil.example", "https://lab.hospital.example"),
    ] {
        assert_eq!(log_in(host, origin).status, 403, "{host} {origin}");
    }
}
