//! What a verification has found, and the diagnostics about it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{errors, log_store_id::LogStoreId};
use cloud::error::Error;
use schema::{Diagnostic, Diagnostics};

/// What one Logstore was found to be.
#[derive(Debug)]
pub(super) enum Finding {
    /// New logs are stored encrypted.
    Encrypted,
    /// New logs are not stored encrypted.
    NotEncrypted(Reason),
    /// A call failed, so that it is not known.
    Unread(Error),
}

/// Why new logs are not stored encrypted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reason {
    /// What is wrong, as a clause about the Logstore.
    pub(super) what: &'static str,
    /// What was found about the key and the role, with what to do.
    pub(super) details: Vec<String>,
}

/// The findings of all Logstores, in the order of their regions and names.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: BTreeMap<LogStoreId, Finding>,
    /// What could not be checked about keys and roles, and what to do about that.
    open: BTreeSet<String>,
    fixes: BTreeSet<String>,
}

impl Report {
    /// Adds the finding of a Logstore. Returns a line for the person who waits, unless it is encrypted.
    pub(super) fn add(&mut self, id: LogStoreId, finding: Finding) -> Option<String> {
        let line = match &finding {
            Finding::Encrypted => None,
            Finding::NotEncrypted(reason) => Some(format!("Logstore {id}: {}", reason.what)),
            Finding::Unread(error) => Some(format!("Logstore {id}: {error}")),
        };
        self.findings.insert(id, finding);
        line
    }

    /// Adds something about a key or a role that could not be checked.
    pub(super) fn add_open(&mut self, detail: String, fix: Option<String>) {
        self.open.insert(detail);
        self.fixes.extend(fix);
    }

    /// How many Logstores were verified.
    pub(super) fn verified(&self) -> usize {
        self.findings.len()
    }

    /// How far the verification is.
    pub(super) fn progress(&self, total: usize) -> String {
        let encrypted = self.findings.values().filter(|finding| matches!(finding, Finding::Encrypted));
        format!(
            "{} of {total} Logstores verified, {} of them encrypted",
            self.findings.len(),
            encrypted.count()
        )
    }

    /// The error and the warning about all findings.
    ///
    /// Terraform 1.15 makes one error of all errors of an action, with its own summary, so that two would be hard to
    /// read.
    pub(super) fn diagnostics(&self) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        diagnostics.extend(match (self.not_encrypted(), self.unread()) {
            (None, None) => None,
            (None, Some(unread)) => Some(Diagnostic::error("Not every Logstore could be verified", unread)),
            (Some(found), unread) => {
                let found: Vec<String> = [found].into_iter().chain(unread).collect();
                Some(Diagnostic::error("New logs would not be stored encrypted", found.join("\n\n")))
            }
        });
        diagnostics.extend(self.unchecked());
        diagnostics
    }

    /// The Logstores that are not encrypted: those of one reason are named together.
    fn not_encrypted(&self) -> Option<String> {
        let mut by_reason: BTreeMap<&Reason, Vec<String>> = BTreeMap::new();
        for (id, finding) in &self.findings {
            if let Finding::NotEncrypted(reason) = finding {
                by_reason.entry(reason).or_default().push(named(id));
            }
        }
        let count: usize = by_reason.values().map(Vec::len).sum();
        let paragraph = |(reason, ids): (&Reason, Vec<String>)| {
            let details = [vec![format!("{}: {}.", ids.join(", "), reason.what)], reason.details.clone()];
            details.concat().join("\n\n")
        };
        let paragraphs: Vec<String> = by_reason.into_iter().map(paragraph).collect();
        (count > 0).then(|| {
            format!(
                "{}\n\nThis holds for {count} of {} Logstores. To configure or enable encryption, apply an alicloud_log_store_encryption with enable = true for each Logstore that lacks it. Nothing was changed.",
                paragraphs.join("\n\n"),
                self.findings.len()
            )
        })
    }

    fn unread(&self) -> Option<String> {
        let unread: Vec<(&LogStoreId, &Error)> = self
            .findings
            .iter()
            .filter_map(|(id, finding)| match finding {
                Finding::Unread(error) => Some((id, error)),
                _ => None,
            })
            .collect();
        let (_, first) = unread.first()?;
        let lines: Vec<String> = unread.iter().map(|(id, error)| format!("{}: {error}", named(id))).collect();
        Some(format!(
            "{}\n\nWhether new logs of {} are stored encrypted is not known. {}",
            lines.join("\n"),
            if lines.len() == 1 { "this Logstore" } else { "these Logstores" },
            errors::remedy(first)
        ))
    }

    fn unchecked(&self) -> Option<Diagnostic> {
        let open: Vec<String> = self.open.iter().map(|detail| format!("- {detail}")).collect();
        let fixes: Vec<&str> = self.fixes.iter().map(String::as_str).collect();
        (!open.is_empty()).then(|| {
            Diagnostic::warning(
                "Not everything about the KMS key and the RAM role could be checked",
                format!("{}\n\nThis does not fail the run.\n\n{}", open.join("\n"), fixes.join("\n\n")),
            )
        })
    }
}

fn named(id: &LogStoreId) -> String {
    format!("Logstore {id} in {}", id.region)
}
