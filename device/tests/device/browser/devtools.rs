//! Chromium without a window, driven over its DevTools protocol through a pipe: no port, no other program.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Time limit, generous for a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// Starts the Chromium that `BLASTSCOPE_BROWSER` names; otherwise prints SKIPPED.
pub fn chromium(what: &str) -> Option<Browser> {
    let program = std::env::var_os("BLASTSCOPE_BROWSER").filter(|value| !value.is_empty());
    if program.is_none() {
        eprintln!("SKIPPED {what}: BLASTSCOPE_BROWSER names no Chromium; `make test` and `make page` look for one");
    }
    program.map(|program| Browser::start(Path::new(&program)))
}

/// A browser with one or more windows, one of which is active.
pub struct Browser {
    process: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    events: VecDeque<Value>,
    session: Option<String>,
    /// Sessions of the windows, and their targets.
    windows: Vec<(String, String)>,
    next: u64,
    _profile: TempDir,
}

impl Browser {
    /// Starts `program`, which must be a Chromium.
    pub fn start(program: &Path) -> Self {
        let profile = TempDir::new().expect("a folder");
        // Chromium reads commands from descriptor 3 and answers on 4; the shell puts our pipes there.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>/dev/null"])
            .arg(program)
            .args(["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check"])
            .args(["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"])
            .args(["--disable-component-update", "--disable-sync", "--disable-extensions", "--disable-quic"])
            // Every request that leaves the machine fails visibly.
            .args(["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--force-color-profile=srgb"])
            .args(["--hide-scrollbars"])
            .args(if nix::unistd::geteuid().is_root() { &["--no-sandbox"][..] } else { &[] })
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let commands = process.stdin.take().expect("a pipe");
        let answers = process.stdout.take().expect("a pipe");
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            for message in BufReader::new(answers).split(0) {
                let Ok(message) = message else { return };
                let message = serde_json::from_slice(&message).expect("JSON");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let events = VecDeque::new();
        let (session, windows) = (None, Vec::new());
        let mut browser = Self { process, commands, messages, events, session, windows, next: 0, _profile: profile };
        browser.open_window(&json!({"url": "about:blank"}));
        browser
    }

    /// Opens a window and makes it active; returns its number.
    fn open_window(&mut self, target: &Value) -> usize {
        self.session = None;
        let target = self.call("Target.createTarget", target);
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call("Target.attachToTarget", &attach);
        let text = |value: &Value| value.as_str().expect("a name").to_owned();
        self.windows.push((text(&session["sessionId"]), text(&target["targetId"])));
        self.speak_to(self.windows.len() - 1);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
        self.windows.len() - 1
    }

    /// Opens another window of the same person; both stay visible.
    pub fn another_window(&mut self) -> usize {
        self.open_window(&json!({"url": "about:blank", "newWindow": true}))
    }

    /// Opens a window of another person, with separate browser storage.
    pub fn another_person(&mut self) -> usize {
        self.session = None;
        let context = self.call("Target.createBrowserContext", &json!({}));
        let id = &context["browserContextId"];
        self.open_window(&json!({"url": "about:blank", "newWindow": true, "browserContextId": id}))
    }

    /// Makes the window of this number active.
    pub fn speak_to(&mut self, window: usize) {
        self.session = Some(self.windows[window].0.clone());
    }

    /// Goes to an address and waits until it is loaded.
    pub fn visit(&mut self, address: &str) {
        self.call("Page.navigate", &json!({"url": address}));
        self.wait_for(&format!(
            "location.href.startsWith({address:?}.split('#')[0]) && document.readyState === 'complete'"
        ));
    }

    /// Calls a method of the protocol.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.try_call(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// As [`Self::call`]; the browser's refusal is an answer too.
    fn try_call(&mut self, method: &str, parameters: &Value) -> Result<Value, Value> {
        self.next += 1;
        let id = self.next;
        let mut command = json!({"id": id, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.commands.write_all(&bytes).expect("the browser lives");
        let start = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(start.elapsed());
            let message = self.messages.recv_timeout(left).unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["id"] == id {
                return if message["error"].is_null() {
                    Ok(message["result"].clone())
                } else {
                    Err(message["error"].clone())
                };
            }
            self.events.push_back(message);
        }
    }

    /// The value of an expression; promises are awaited.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        self.try_evaluate(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    /// As [`Self::evaluate`]. An error where the expression throws, or where the document
    /// that should answer is being replaced by the next one.
    fn try_evaluate(&mut self, expression: &str) -> Result<Value, Value> {
        let parameters =
            json!({"expression": expression, "awaitPromise": true, "returnByValue": true, "userGesture": true});
        let result = self.try_call("Runtime.evaluate", &parameters)?;
        if result["exceptionDetails"].is_null() { Ok(result["result"]["value"].clone()) } else { Err(result) }
    }

    /// Waits until an expression is true; a promise is awaited.
    pub fn wait_for(&mut self, expression: &str) {
        self.wait_at_most(PATIENCE, expression);
    }

    /// As [`Self::wait_for`], with a time limit.
    ///
    /// A page that loads anew meanwhile is waited for: its old document cannot answer and
    /// its next one is not whole yet.
    pub fn wait_at_most(&mut self, patience: Duration, expression: &str) {
        let start = Instant::now();
        loop {
            let answer = self.try_evaluate(&format!("Promise.resolve({expression}).then(Boolean)"));
            if answer == Ok(json!(true)) {
                return;
            }
            if start.elapsed() > patience {
                let text = self.try_evaluate("document.body.innerText");
                panic!(
                    "never: {expression}\nlast: {answer:?}\non the page: {text:?}\nmessages: {:?}",
                    self.complaints()
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses a key, as `KeyboardEvent.key` names it.
    pub fn press(&mut self, key: &str) {
        let text = if key == "Enter" { "\r" } else { key };
        let mut down = json!({"type": "keyDown", "key": key});
        if key.chars().count() == 1 || key == "Enter" {
            down["text"] = json!(text);
        }
        if key == "Escape" {
            // Without its key code it does not close a dialog.
            down["windowsVirtualKeyCode"] = json!(27);
        }
        self.call("Input.dispatchKeyEvent", &down);
        self.call("Input.dispatchKeyEvent", &json!({"type": "keyUp", "key": key}));
    }

    /// Clicks the middle of the selected element, as a finger would.
    pub fn click(&mut self, selector: &str) {
        let place = self.evaluate(&format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{block: 'center'}}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Types into the selected element.
    pub fn write(&mut self, selector: &str, text: &str) {
        self.evaluate(&format!("(e => {{ e.focus(); e.select() }})(document.querySelector({selector:?}))"));
        self.call("Input.insertText", &json!({"text": text}));
    }

    /// Sets the size of the window, in pixels.
    pub fn resize(&mut self, width: u32, height: u32, mobile: bool) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        self.evaluate("new Promise(done => setTimeout(done, 400))");
    }

    /// Saves a picture of the window, as JPEG.
    pub fn screenshot(&mut self, file: &Path) {
        let shot = self.call("Page.captureScreenshot", &json!({"format": "jpeg", "quality": 88}));
        let jpeg = BASE64_STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(file, jpeg).expect("written");
    }

    /// The addresses of all requests so far.
    pub fn requests(&mut self) -> Vec<String> {
        self.evaluate("1");
        let requests = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        requests.filter_map(|event| event["params"]["request"]["url"].as_str().map(str::to_owned)).collect()
    }

    /// Errors and warnings that the browser logged.
    pub fn complaints(&mut self) -> Vec<String> {
        let told = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => {
                matches!(event["params"]["type"].as_str(), Some("error" | "warning" | "assert"))
            }
            Some("Log.entryAdded") => matches!(event["params"]["entry"]["level"].as_str(), Some("error" | "warning")),
            _ => false,
        };
        self.events.iter().filter(told).map(|event| event["params"].to_string()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
