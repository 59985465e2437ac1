//! Imports a role by its name.

use super::{
    model::{RoleModel, is_service_linked},
    resource::{self, RamByokRole},
};
use crate::{account, timeouts};
use cloud::names::RoleName;
use schema::{
    Diagnostic, Value,
    resource::{Context, Import},
};

/// Reads what a person imports: the role's name, or its identity.
///
/// # Errors
///
/// The given text is not the name of a role, or is that of a service-linked role, or is a role of another account.
pub(super) async fn import(
    resource: &RamByokRole,
    context: &Context,
    from: &Import,
) -> Result<RoleModel, Diagnostic> {
    let model = named(from)?;
    if let Import::Identity(identity) = from
        && let Some(account_id) = identity.attribute("account_id").as_str()
    {
        let object = format!("Role {}", resource::role_name(&model)?);
        let bounds = resource.session.bounds(context, &model.timeouts, |limits| &limits.read, timeouts::READ);
        account::verify(&resource.session, &bounds, &object, account_id).await?;
    }
    Ok(model)
}

/// The role that is named.
pub(super) fn named(from: &Import) -> Result<RoleModel, Diagnostic> {
    let name = match from {
        Import::Id(id) => RoleName::parse(id).map_err(|problem| {
            Diagnostic::error(
                "Not the name of a role",
                format!("{problem} A role is imported by its name, for example:\n\n  terraform import ADDRESS sls-byok"),
            )
        })?,
        Import::Identity(identity) => by_identity(identity).map_err(|problem| {
            Diagnostic::error(
                "Malformed import identity",
                format!("{problem} For example:\n\n  identity = {{\n    role_name = \"sls-byok\"\n  }}"),
            )
        })?,
    };
    if is_service_linked(name.as_str()) {
        return Err(Diagnostic::error(
            "Service-linked roles are not managed here",
            format!(
                "The role {name} is a service-linked role: the service itself makes it, keeps it as it needs it, and deletes it."
            ),
        ));
    }
    Ok(RoleModel { role_name: name.as_str().into(), ..RoleModel::default() })
}

fn by_identity(identity: &Value) -> Result<RoleName, String> {
    let name = identity.attribute("role_name").as_str();
    let name = name.ok_or("role_name of the identity is null; an import by identity needs it.")?;
    RoleName::parse(name).map_err(|problem| format!("role_name of the identity: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_imported_by_its_name() {
        let model = named(&Import::Id("Sls-Byok".to_owned())).unwrap();
        assert_eq!(model, RoleModel { role_name: "Sls-Byok".into(), ..RoleModel::default() });
    }

    #[test]
    fn a_role_is_imported_by_its_identity() {
        let identity = Value::Object([("role_name".to_owned(), Value::from("sls-byok"))].into());
        assert_eq!(named(&Import::Identity(identity)).unwrap().role_name, "sls-byok".into());
    }

    #[test]
    fn an_identity_that_is_wrong_names_its_attribute() {
        for (name, says) in [
            (Value::Null, "role_name of the identity is null"),
            ("a b".into(), "role_name of the identity: "),
        ] {
            let identity = Value::Object([("role_name".to_owned(), name)].into());
            let problem = named(&Import::Identity(identity)).unwrap_err();
            assert!(problem.detail.starts_with(says), "{}", problem.detail);
        }
    }

    #[test]
    fn anything_else_says_how_to_import() {
        for id in ["", "acs:ram::1:role/sls-byok", "a b"] {
            let problem = named(&Import::Id(id.to_owned())).unwrap_err();
            assert!(problem.detail.contains("terraform import ADDRESS sls-byok"), "{}", problem.detail);
        }
        let problem = named(&Import::Id("aliyunserviceroleforsls_x".to_owned())).unwrap_err();
        assert_eq!(problem.summary, "Service-linked roles are not managed here");
    }
}
