//! The calls that the emulator has logged.

use serde_json::Value;

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
