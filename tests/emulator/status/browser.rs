//! A headless Chromium, driven over its `DevTools` protocol
//! (<https://chromedevtools.github.io/devtools-protocol/>), which it speaks on two pipes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::{self, JoinHandle};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_support::waiting::{wait_for_end, wait_for_in_task, within_limit};
use tokio::sync::mpsc;

/// Gives the browser its pipes: it reads from 3 and writes to 4.
const PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 1>&2 </dev/null"#;

/// A headless browser with one tab. It is ended when it is dropped.
pub struct Browser {
    child: Child,
    commands: ChildStdin,
    answers: mpsc::UnboundedReceiver<Value>,
    last_id: u64,
    session: String,
    log: Option<JoinHandle<String>>,
    profile: TempDir,
}

/// What a browser leaves behind.
pub struct Traces {
    /// What it wrote to its log.
    pub log: String,
    /// What pages asked for: the address and who asked, as the browser writes them.
    pub requests: Vec<(String, String)>,
}

impl Browser {
    pub async fn start() -> Self {
        let browser = std::env::var("CHROMIUM").unwrap_or_else(|_| {
            panic!(
                "CHROMIUM has to be the path of a Chromium or Chrome: run ./scripts/test, or \
                 CHROMIUM=\"$(./scripts/chromium-path)\" cargo test --test emulator"
            )
        });
        let profile = TempDir::new().unwrap();
        let path = |name: &str| profile.path().join(name).display().to_string();
        let child = Command::new("sh")
            .args(["-c", PIPES, &browser, "--remote-debugging-pipe"])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--no-proxy-server", "--hide-scrollbars"])
            // The browser's own calls home get nowhere.
            .arg("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", path("profile")))
            .arg(format!("--log-net-log={}", path("requests.json")))
            .arg("--enable-logging=stderr")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{browser}: {error}"));
        let (sender, answers) = mpsc::unbounded_channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for message in stdout.split(0).map_while(Result::ok) {
                // Whoever listened may have gone.
                let _ = sender.send(serde_json::from_slice(&message).unwrap());
            }
        });
        let mut stderr = child.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut log = Vec::new();
            stderr.read_to_end(&mut log).unwrap();
            String::from_utf8_lossy(&log).into_owned()
        });
        let commands = child.stdin.take().unwrap();
        let (session, log) = (String::new(), Some(log));
        let mut browser = Self { child, commands, answers, last_id: 0, session, log, profile };
        let tab = browser.call("Target.createTarget", json!({"url": "about:blank"})).await;
        let attach = json!({"targetId": tab["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach).await;
        attached["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        browser
    }

    /// Calls a method of the protocol.
    pub async fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let mut command = json!({"id": self.last_id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).unwrap();
        let mut answers = futures_util::stream::poll_fn(|context| self.answers.poll_recv(context))
            .filter(|answer| std::future::ready(answer["id"] == self.last_id));
        let answer = within_limit(method, answers.next()).await.unwrap();
        let answer = answer.unwrap_or_else(|| panic!("the browser ended in {method}"));
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// How wide and high the page is in CSS pixels, and whether its colors are dark.
    pub async fn look_as(&mut self, width: u32, height: u32, is_dark: bool) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size).await;
        let scheme = if is_dark { "dark" } else { "light" };
        let feature = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", feature).await;
    }

    /// Loads a page.
    pub async fn open(&mut self, address: &str) {
        self.call("Page.navigate", json!({"url": address})).await;
        self.wait_until("document.readyState === 'complete'").await;
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub fn evaluate<'a>(&'a mut self, expression: &'a str) -> impl Future<Output = Value> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let parameters = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
            let outcome = self.call("Runtime.evaluate", parameters).await;
            assert!(outcome.get("exceptionDetails").is_none(), "{caller}: {outcome}");
            outcome["result"]["value"].clone()
        }
    }

    /// Waits until an expression in the page is true.
    #[track_caller]
    pub fn wait_until<'a>(&'a mut self, expression: &'a str) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let is_true = async || (self.evaluate(expression).await == true).then_some(());
            let came = wait_for_in_task(expression, is_true).await;
            came.unwrap_or_else(|error| panic!("{caller}: {error}"));
        }
    }

    /// Presses a key, as `KeyboardEvent.key` names it.
    pub async fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            other => panic!("{other}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event =
                json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// A picture of the whole page.
    pub async fn picture(&mut self, file: &Path) {
        let parameters = json!({"format": "png", "captureBeyondViewport": true});
        let picture = self.call("Page.captureScreenshot", parameters).await;
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, STANDARD.decode(picture["data"].as_str().unwrap()).unwrap()).unwrap();
    }

    /// Ends the browser.
    pub async fn finish(mut self) -> Traces {
        self.session.clear();
        self.call("Browser.close", json!({})).await;
        let log = self.log.take().unwrap();
        let log = tokio::task::spawn_blocking(move || log.join().unwrap()).await.unwrap();
        assert!(wait_for_end(&mut self.child).unwrap().success(), "{log}");
        Traces { log, requests: requests(&self.profile.path().join("requests.json")) }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Traces {
    /// What pages and the browser wrote to the console.
    pub fn complaints(&self) -> Vec<&str> {
        self.log.lines().filter(|line| line.contains("CONSOLE")).collect()
    }
}

/// The requests in a log of the browser's network.
fn requests(file: &Path) -> Vec<(String, String)> {
    let log: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let parameters = log["events"].as_array().unwrap().iter().map(|event| &event["params"]);
    parameters
        .filter_map(|parameters| {
            let [url, initiator] = ["url", "initiator"].map(|name| parameters[name].as_str());
            Some((url?.to_owned(), initiator?.to_owned()))
        })
        .collect()
}

#[tokio::test]
async fn a_browser_that_complains_is_heard() {
    let mut browser = Browser::start().await;
    browser.open("data:text/html,<script>console.error('seen')</script>").await;
    let traces = browser.finish().await;
    assert!(traces.complaints().iter().any(|line| line.contains("seen")), "{}", traces.log);
}
