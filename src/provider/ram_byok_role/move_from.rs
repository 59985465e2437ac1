//! Takes over a role from the resource type that the official provider has for roles.

use super::{
    import,
    resource::{RamByokRole, RolePrivate},
};
use cloud::ram::RoleArn;
use schema::{
    Diagnostic,
    resource::{Import, MoveSource, Moved},
};

/// The resource type of the official provider for roles.
const ROLE: &str = "alicloud_ram_role";

/// Takes over the name of a role, whichever provider has it, and its ARN, which tells its account. The read that
/// follows finds the rest, as it does for an import.
///
/// # Errors
///
/// The object is none of that type, its state has no name, or it is a service-linked role.
pub(super) fn from_role(source: &MoveSource, target: &str) -> Result<Moved<RamByokRole>, Diagnostic> {
    // Older versions of that provider have the shorter name.
    let name = source.text("role_name", "name").filter(|_| source.type_name == ROLE);
    let name = name.ok_or_else(|| source.refused(target))?;
    let mut state = import::named(&Import::Id(name.to_owned()))?;
    if let Some(arn) = source.text("arn", "arn").filter(|arn| RoleArn::parse(arn).is_ok()) {
        state.arn = arn.into();
    }
    Ok(Moved { state, private: RolePrivate::default() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn moved(type_name: &str, state: serde_json::Value) -> Result<Moved<RamByokRole>, Diagnostic> {
        let source = MoveSource { type_name: type_name.to_owned(), state, ..MoveSource::default() };
        from_role(&source, "alicloud_ram_byok_role")
    }

    #[test]
    fn a_role_is_taken_over_by_its_name_and_its_account() {
        let arn = "acs:ram::1:role/sls-byok";
        for state in [
            json!({"role_name": "Sls-Byok", "name": null, "arn": arn}),
            json!({"name": "Sls-Byok", "arn": arn}),
        ] {
            let state = moved(ROLE, state).unwrap().state;
            assert_eq!((state.role_name, state.arn), ("Sls-Byok".into(), arn.into()));
        }
        assert!(moved(ROLE, json!({"name": "a", "arn": "x"})).unwrap().state.arn.is_null());
    }

    #[test]
    fn what_is_no_role_that_can_be_managed_is_refused() {
        for (type_name, state, says) in [
            ("alicloud_ram_user", json!({"name": "a"}), "Move between resource types not supported"),
            (ROLE, json!({"id": "a"}), "Move between resource types not supported"),
            (ROLE, json!({"name": "a b"}), "Not the name of a role"),
            (ROLE, json!({"name": "AliyunServiceRoleForSls"}), "Service-linked roles are not managed here"),
        ] {
            assert_eq!(moved(type_name, state).unwrap_err().summary, says);
        }
    }
}
