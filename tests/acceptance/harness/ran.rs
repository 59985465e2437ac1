//! A command of the host that has ended.

use serde_json::Value;

use super::Diagnostic;

/// What a command did.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The arguments.
    pub command: String,
    /// The exit code; `None` if a signal ended it.
    pub exit_code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it printed as errors.
    pub stderr: String,
}

impl Ran {
    /// Checks that it succeeded.
    #[track_caller]
    pub fn succeeded(self) -> Ran {
        assert_eq!(self.exit_code, Some(0), "`{}` was to succeed: {:#?}", self.command, self.diagnostics());
        self
    }

    /// Checks that it failed, as a command that tells why.
    #[track_caller]
    pub fn failed(self) -> Ran {
        assert_eq!(self.exit_code, Some(1), "`{}` was to fail", self.command);
        self
    }

    /// The lines of a command with `-json`.
    pub fn events(&self) -> Vec<Value> {
        self.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Errors and warnings, but for the one about dev overrides.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let events = self.events();
        let of_events = events.iter().filter(|event| event["type"] == "diagnostic");
        let mut found: Vec<_> = of_events.map(|event| Diagnostic::of(&event["diagnostic"])).collect();
        // `validate -json` prints one document.
        if let Ok(document) = serde_json::from_str::<Value>(&self.stdout) {
            found.extend(document["diagnostics"].as_array().into_iter().flatten().map(Diagnostic::of));
        }
        found.retain(|diagnostic| !diagnostic.is_of_the_harness());
        found
    }

    /// The errors.
    pub fn errors(&self) -> Vec<Diagnostic> {
        self.of_severity("error")
    }

    /// The warnings.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        self.of_severity("warning")
    }

    /// The one error.
    #[track_caller]
    pub fn error(&self) -> Diagnostic {
        let errors = self.errors();
        assert_eq!(errors.len(), 1, "one error was expected: {errors:#?}");
        errors.into_iter().next().unwrap()
    }

    /// The one warning.
    #[track_caller]
    pub fn warning(&self) -> Diagnostic {
        let warnings = self.warnings();
        assert_eq!(warnings.len(), 1, "one warning was expected: {warnings:#?}");
        warnings.into_iter().next().unwrap()
    }

    /// How many resources were to be (in a plan) or were (in an apply) added, changed and removed.
    #[track_caller]
    pub fn changes(&self) -> (u64, u64, u64) {
        let events = self.events();
        let summary = events.iter().rfind(|event| event["type"] == "change_summary");
        let summary = summary.unwrap_or_else(|| panic!("`{}` has no summary", self.command));
        let count = |name: &str| summary["changes"][name].as_u64().unwrap();
        (count("add"), count("change"), count("remove"))
    }

    /// Everything it printed as running text: without the frames and line breaks that the host puts around
    /// messages when it does not print JSON.
    pub fn prose(&self) -> String {
        let all = format!("{}\n{}", self.stdout, self.stderr);
        all.replace(['│', '╷', '╵'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn of_severity(&self, severity: &str) -> Vec<Diagnostic> {
        self.diagnostics().into_iter().filter(|diagnostic| diagnostic.severity == severity).collect()
    }
}
