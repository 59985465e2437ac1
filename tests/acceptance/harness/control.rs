//! The emulator's control API, over a plain socket.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// How long an answer may take: the control API answers from memory.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// One call of a service, as the emulator logged it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The service: `sls`, `ram`, `kms` or `sts`.
    pub service: String,
    /// The action, for example `GetLogStore`.
    pub action: String,
    /// The path.
    pub path: String,
    /// The host, which begins with the project.
    pub host: String,
    /// The HTTP status; `None` while it is not answered, 0 if the connection was closed instead.
    pub status: Option<i64>,
    /// The service's error code.
    pub error_code: Option<String>,
    /// The JSON body.
    pub body: Value,
}

impl Call {
    /// Whether it changes nothing.
    pub fn is_read(&self) -> bool {
        ["Get", "List", "Describe"].iter().any(|prefix| self.action.starts_with(prefix))
    }

    pub(super) fn of(entry: &Value) -> Call {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        Call {
            service: text("service"),
            action: text("action"),
            path: text("path"),
            host: text("host"),
            status: entry["status"].as_i64(),
            error_code: entry["error_code"].as_str().map(str::to_owned),
            body: entry["body"].clone(),
        }
    }
}

/// Sends one call to the control API and gives back the body of the answer, which must be a success.
#[track_caller]
pub(super) fn control(address: &str, method: &str, path: &str, body: Option<&Value>) -> Value {
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(ANSWER_TIMEOUT)).unwrap();
    let head = format!(
        "{method} /_emulator/{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{method} /_emulator/{path}: {answer}");
    serde_json::from_str(body).unwrap()
}
