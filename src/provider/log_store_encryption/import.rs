//! Turns what a person imports into a state that a read can complete.

use super::model::EncryptionModel;
use crate::{
    provider::log_store_id::LogStoreId,
    schema::{Diagnostic, resource::Import},
};

/// Reads `project:logstore`, or the identity.
///
/// # Errors
///
/// The id is malformed.
pub(super) fn import(from: &Import) -> Result<EncryptionModel, Diagnostic> {
    let id = match from {
        Import::Id(id) => LogStoreId::parse(id),
        Import::Identity(identity) => {
            let name = |of| identity.attribute(of).as_str().unwrap_or_default();
            LogStoreId::of(name("project_name"), name("logstore_name"))
        }
    };
    let id = id.map_err(|problem| {
        Diagnostic::error(
            "Malformed import id",
            format!("{problem} Import by <project>:<logstore>, for example audit-project:app-log."),
        )
    })?;
    Ok(EncryptionModel {
        project_name: id.project.as_str().into(),
        logstore_name: id.logstore.as_str().into(),
        ..EncryptionModel::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Value;

    #[test]
    fn an_id_and_an_identity_come_to_the_same() {
        let identity = Value::Object(
            [("project_name".to_owned(), "audit".into()), ("logstore_name".to_owned(), "app".into())].into(),
        );
        let by_identity = import(&Import::Identity(identity)).unwrap();
        assert_eq!(import(&Import::Id("audit:app".into())).unwrap(), by_identity);
        assert_eq!(by_identity.logstore_name, "app".into());
    }

    #[test]
    fn a_malformed_id_is_told_with_the_form() {
        for id in ["", "app", "audit/app", "audit:", "Audit:app"] {
            let problem = import(&Import::Id(id.into())).unwrap_err();
            assert!(problem.detail.contains("<project>:<logstore>"), "{}", problem.detail);
        }
    }
}
