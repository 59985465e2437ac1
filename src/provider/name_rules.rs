//! The rules for names that are configured: what the pages say of them, and how they are parsed.

use cloud::names::{LogstoreName, NameError, ProjectName, Region};
use schema::validator::ParseWith;

/// The rule for a region.
pub(super) fn region() -> ParseWith<Region, NameError> {
    ParseWith::new("Must be a region id such as `cn-hangzhou`.", Region::parse)
}

/// The rule for the name of a project.
pub(super) fn project() -> ParseWith<ProjectName, NameError> {
    ParseWith::new(
        "Must have 3 to 63 characters: lower-case letters, digits and hyphens, with a letter or digit at each end.",
        ProjectName::parse,
    )
}

/// The rule for the name of a Logstore or metric store.
pub(super) fn logstore() -> ParseWith<LogstoreName, NameError> {
    ParseWith::new(
        "Must have 2 to 63 characters: lower-case letters, digits, hyphens and underscores, with a letter or digit at each end.",
        LogstoreName::parse,
    )
}
