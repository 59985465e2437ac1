//! Turns what a person imports into a state that a read can complete.

use super::model::EncryptionModel;
use crate::{
    log_store_id::{self, LogStoreId},
    no_client::NoClient,
};
use cloud::names::{LogstoreName, NameError, ProjectName, Region};
use schema::{Diagnostic, Value, resource::Import};

/// Reads `project:logstore`, `project:logstore@region`, or the identity; `default` is the region where none is given.
///
/// # Errors
///
/// The id or the identity is malformed, or no region is given and none is known.
pub(super) fn import(
    from: &Import,
    default: Result<Region, NoClient>,
) -> Result<EncryptionModel, Diagnostic> {
    let given = match from {
        Import::Id(id) => by_id(id).map_err(|problem| {
            Diagnostic::error(
                "Malformed import id",
                format!(
                    "{problem} Import by <project>:<logstore>, and by <project>:<logstore>@<region> where the project is not in the provider's region. For example:\n\n  terraform import ADDRESS audit-project:app-log\n  terraform import ADDRESS audit-project:app-log@cn-beijing"
                ),
            )
        })?,
        Import::Identity(identity) => by_identity(identity).map_err(|problem| {
            Diagnostic::error(
                "Malformed import identity",
                format!(
                    "{problem} For example, with region only where the project is not in the provider's region:\n\n  identity = {{\n    project_name  = \"audit-project\"\n    logstore_name = \"app-log\"\n    region        = \"cn-beijing\"\n  }}"
                ),
            )
        })?,
    };
    let (project, logstore, region) = given;
    Ok(bare(&LogStoreId { region: region.map_or(default, Ok)?, project, logstore }))
}

/// The state of a Logstore of which nothing is known but its names and its region.
pub(super) fn bare(id: &LogStoreId) -> EncryptionModel {
    EncryptionModel {
        region: id.region.as_str().into(),
        project_name: id.project.as_str().into(),
        logstore_name: id.logstore.as_str().into(),
        ..EncryptionModel::default()
    }
}

/// The parts of a [`LogStoreId`]; the region may be left out.
type Given = (ProjectName, LogstoreName, Option<Region>);

fn by_id(id: &str) -> Result<Given, String> {
    let (id, region) = match id.split_once('@') {
        Some((id, region)) => (id, Some(Region::parse(region).map_err(|error| error.to_string())?)),
        None => (id, None),
    };
    let (project, logstore) = log_store_id::parse_names(id)?;
    Ok((project, logstore, region))
}

fn by_identity(identity: &Value) -> Result<Given, String> {
    let text = |name| identity.attribute(name).as_str();
    let required = |name| {
        text(name).ok_or_else(|| {
            format!(
                "{name} of the identity is null; an import by identity needs project_name and logstore_name."
            )
        })
    };
    let wrong = |name: &'static str| move |error: NameError| format!("{name} of the identity: {error}");
    Ok((
        ProjectName::parse(required("project_name")?).map_err(wrong("project_name"))?,
        LogstoreName::parse(required("logstore_name")?).map_err(wrong("logstore_name"))?,
        text("region").map(Region::parse).transpose().map_err(wrong("region"))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hangzhou() -> Region {
        Region::parse("cn-hangzhou").unwrap()
    }

    fn identity(members: &[(&str, &str)]) -> Import {
        let members = members.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        Import::Identity(Value::Object(members.collect()))
    }
    #[test]
    fn an_id_and_an_identity_come_to_the_same() {
        let names = [("project_name", "audit"), ("logstore_name", "app")];
        let with_region = [names[0], names[1], ("region", "cn-beijing")];
        for (id, identity, region) in [
            ("audit:app", identity(&names), "cn-hangzhou"),
            ("audit:app@cn-beijing", identity(&with_region), "cn-beijing"),
        ] {
            let by_identity = import(&identity, Ok(hangzhou())).unwrap();
            assert_eq!(import(&Import::Id(id.into()), Ok(hangzhou())).unwrap(), by_identity);
            assert_eq!((by_identity.logstore_name, by_identity.region), ("app".into(), region.into()));
        }
    }

    #[test]
    fn only_an_id_without_a_region_needs_that_of_the_provider() {
        let unknown = || Err(NoClient::NotConfigured);
        assert!(import(&Import::Id("audit:app@cn-beijing".into()), unknown()).is_ok());
        assert!(import(&Import::Id("audit:app".into()), unknown()).is_err());
    }

    #[test]
    fn a_malformed_identity_names_its_attribute() {
        for (members, says) in [
            (&[("project_name", "audit")][..], "logstore_name of the identity is null"),
            (&[("logstore_name", "app")], "project_name of the identity is null"),
            (&[("project_name", "audit"), ("logstore_name", "App")], "logstore_name of the identity: "),
            (&[("project_name", "a"), ("logstore_name", "app")], "project_name of the identity: "),
            (
                &[("project_name", "audit"), ("logstore_name", "app"), ("region", "CN")],
                "region of the identity: ",
            ),
        ] {
            let problem = import(&identity(members), Ok(hangzhou())).unwrap_err();
            assert!(problem.detail.starts_with(says), "{}", problem.detail);
        }
    }

    #[test]
    fn a_malformed_id_is_told_with_the_form() {
        for id in
            ["", "app", "audit/app", "audit:", "Audit:app", "audit:app@", "audit:app@CN", "@cn-hangzhou"]
        {
            let problem = import(&Import::Id(id.into()), Ok(hangzhou())).unwrap_err();
            assert!(problem.detail.contains("<project>:<logstore>"), "{}", problem.detail);
        }
    }
}
