//! Errors and warnings as the host prints them in JSON.

use serde_json::Value;

/// An error or a warning.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: String,
    /// The first sentence.
    pub summary: String,
    /// The rest.
    pub detail: String,
    /// The resource it belongs to.
    pub address: String,
    /// The file of the argument that is underlined.
    pub file: String,
    /// The line of the argument that is underlined, from 1; 0 without one.
    pub line: u64,
}

impl Diagnostic {
    pub(super) fn of(diagnostic: &Value) -> Diagnostic {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Diagnostic {
            severity: text(&diagnostic["severity"]),
            summary: text(&diagnostic["summary"]),
            detail: text(&diagnostic["detail"]),
            address: text(&diagnostic["address"]),
            file: text(&diagnostic["range"]["filename"]),
            line: diagnostic["range"]["start"]["line"].as_u64().unwrap_or_default(),
        }
    }

    /// Summary and detail in one.
    pub fn text(&self) -> String {
        format!("{}\n{}", self.summary, self.detail)
    }

    /// Checks that all of these are said.
    #[track_caller]
    pub fn says(&self, parts: &[&str]) {
        let text = self.text();
        for part in parts {
            assert!(text.contains(part), "{part:?} is not said in: {text}");
        }
    }

    /// Checks which line is underlined.
    #[track_caller]
    pub fn at(&self, file: &str, line: u64) {
        assert_eq!((self.file.as_str(), self.line), (file, line), "{self:?}");
    }

    /// The warning that dev overrides are in force: every command prints it.
    pub(super) fn is_of_the_harness(&self) -> bool {
        self.summary == "Provider development overrides are in effect"
    }
}
