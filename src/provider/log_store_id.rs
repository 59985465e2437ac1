//! The id of a Logstore in Terraform: `project:logstore`, as in the official provider.

use std::fmt;

use crate::cloud::names::{LogstoreName, ProjectName};

/// A Logstore by its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogStoreId {
    /// The project.
    pub project: ProjectName,
    /// The Logstore in it.
    pub logstore: LogstoreName,
}

impl LogStoreId {
    /// Reads `project:logstore`.
    ///
    /// # Errors
    ///
    /// What is wrong, in a sentence.
    pub fn parse(id: &str) -> Result<LogStoreId, String> {
        let Some((project, logstore)) = id.split_once(':') else {
            return Err(format!("The id {id:?} has no colon; it must have the form <project>:<logstore>."));
        };
        LogStoreId::of(project, logstore)
    }

    /// Checks the two names.
    ///
    /// # Errors
    ///
    /// What is wrong, in a sentence.
    pub fn of(project: &str, logstore: &str) -> Result<LogStoreId, String> {
        let project = ProjectName::parse(project).map_err(|error| error.to_string())?;
        let logstore = LogstoreName::parse(logstore).map_err(|error| error.to_string())?;
        Ok(LogStoreId { project, logstore })
    }
}

impl fmt::Display for LogStoreId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.project, self.logstore)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_are_read_and_written_back() {
        let id = LogStoreId::parse("audit-project:app_log").unwrap();
        assert_eq!((id.project.as_str(), id.logstore.as_str()), ("audit-project", "app_log"));
        assert_eq!(id.to_string(), "audit-project:app_log");
    }

    #[test]
    fn malformed_ids_say_what_is_wrong() {
        for (id, says) in [
            ("nocolon", "<project>:<logstore>"),
            ("p:app", "3 to 63"),
            ("audit:App", "'A'"),
            ("audit:a:b", "':'"),
            (":", "3 to 63"),
        ] {
            let error = LogStoreId::parse(id).unwrap_err();
            assert!(error.contains(says), "{id}: {error}");
        }
    }
}
