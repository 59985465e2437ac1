//! `GetCallerIdentity`

use serde_json::json;

use crate::access::Principal;
use crate::identity::{Directory, PolicyTargetKind};
use crate::rpc::{Error, Outcome, Request, answer};

/// Who calls.
pub fn get(directory: &Directory, request: &Request<'_>) -> Outcome {
    let caller = request.caller.ok_or_else(Error::internal_error)?;
    let arn = caller.arn();
    match caller {
        Principal::AccountRoot { account_id } => answer(json!({
            "IdentityType": "Account",
            "AccountId": account_id,
            "Arn": arn,
            "UserId": account_id,
            "PrincipalId": account_id,
        })),
        Principal::User { account_id, name } => {
            let user = directory.user(name).ok_or_else(|| gone(PolicyTargetKind::User))?;
            answer(json!({
                "IdentityType": "RAMUser",
                "AccountId": account_id,
                "Arn": arn,
                "UserId": user.id,
                "PrincipalId": user.id,
            }))
        }
        Principal::RoleSession { account_id, role, role_id, session, .. } => {
            let role = directory.role(role).filter(|role| role.id == *role_id);
            let role = role.ok_or_else(|| gone(PolicyTargetKind::Role))?;
            answer(json!({
                "IdentityType": "AssumedRoleUser",
                "AccountId": account_id,
                "Arn": arn,
                "RoleId": role.id,
                "PrincipalId": format!("{}:{session}", role.id),
            }))
        }
    }
}

/// The caller was deleted while their key still works.
fn gone(kind: PolicyTargetKind) -> Error {
    let name = kind.name();
    Error::new(404, format!("EntityNotExist.{name}"), format!("The specified {name} not exists."))
}
