//! A Logstore by its region and names, and its id in Terraform: `project:logstore`, as in the official provider.

use std::fmt;

use cloud::names::{LogstoreName, ProjectName, Region};

/// A Logstore: its region and its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogStoreId {
    /// The region of the project.
    pub region: Region,
    /// The project.
    pub project: ProjectName,
    /// The Logstore in it.
    pub logstore: LogstoreName,
}

impl LogStoreId {
    /// Checks the two names.
    ///
    /// # Errors
    ///
    /// What is wrong, in a sentence.
    pub fn from_names(region: Region, project: &str, logstore: &str) -> Result<LogStoreId, String> {
        let (project, logstore) = validate_names(project, logstore)?;
        Ok(LogStoreId { region, project, logstore })
    }

    /// What `terraform import` takes: `project:logstore@region`.
    pub fn import_id(&self) -> String {
        format!("{self}@{}", self.region)
    }
}

/// The names in `project:logstore`.
///
/// # Errors
///
/// What is wrong, in a sentence.
pub fn parse_names(id: &str) -> Result<(ProjectName, LogstoreName), String> {
    let Some((project, logstore)) = id.split_once(':') else {
        return Err(format!(
            "The id {} has no colon; it must have the form <project>:<logstore>.",
            text::quote(id)
        ));
    };
    validate_names(project, logstore)
}

fn validate_names(project: &str, logstore: &str) -> Result<(ProjectName, LogstoreName), String> {
    let project = ProjectName::parse(project).map_err(|error| error.to_string())?;
    let logstore = LogstoreName::parse(logstore).map_err(|error| error.to_string())?;
    Ok((project, logstore))
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
        let (project, logstore) = parse_names("audit-project:app_log").unwrap();
        let id = LogStoreId { region: Region::parse("cn-hangzhou").unwrap(), project, logstore };
        assert_eq!((id.project.as_str(), id.logstore.as_str()), ("audit-project", "app_log"));
        assert_eq!(id.to_string(), "audit-project:app_log");
        assert_eq!(id.import_id(), "audit-project:app_log@cn-hangzhou");
    }

    #[test]
    fn malformed_ids_say_what_is_wrong() {
        for (id, says) in [
            ("nocolon", "<project>:<logstore>"),
            ("p:app", "3 to 63"),
            ("audit:App", "'A'"),
            ("audit:a:b", "':'"),
            ("audit:app@cn-hangzhou", "'@'"),
            (":", "3 to 63"),
        ] {
            let error = parse_names(id).unwrap_err();
            assert!(error.contains(says), "{id}: {error}");
        }
    }
}
