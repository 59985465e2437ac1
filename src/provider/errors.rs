//! The one place that turns what went wrong in the cloud into words for the person who has to act.

use std::borrow::Cow;

use super::log_store_id::LogStoreId;
use crate::{
    cloud::{
        credentials,
        error::{Error, ErrorKind},
        sls::{
            EncryptConf,
            encryption::{ApplyError, Conflict, Loss, Part},
        },
    },
    schema::{Diagnostic, Path},
};

/// A failed call, told for the person who ran Terraform.
pub(super) fn of_call(doing: &str, error: &Error) -> Diagnostic {
    Diagnostic::error(doing, format!("{error}\n\n{}", remedy(error)))
}

/// A failed call that does not stop the run.
pub(super) fn warning_of_call(doing: &str, error: &Error, consequence: &str) -> Diagnostic {
    Diagnostic::warning(doing, format!("{error}\n\n{consequence} {}", remedy(error)))
}

/// True if the service said that the Logstore or its project does not exist. A bare 404, as a proxy may
/// answer, is not that: dropping a resource from the state needs the service's own word.
pub(super) fn is_gone(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
}

/// True if the service said that the project does not exist.
pub(super) fn is_project_gone(error: &Error) -> bool {
    // The 2021 table of common errors spells it with an s.
    is_gone(error) && (error.is_code("ProjectNotExist") || error.is_code("ProjectNotExists"))
}

/// What to do about a failed call.
fn remedy(error: &Error) -> Cow<'static, str> {
    let text = match error.kind() {
        ErrorKind::NotFound => missing(error),
        ErrorKind::AlreadyExists => "Import the existing object, or choose another name.",
        ErrorKind::Throttled => {
            "The service admits fewer calls than were made. Run again, with a smaller -parallelism or max_concurrency if it happens often."
        }
        ErrorKind::Denied => return permission(error),
        ErrorKind::Unauthenticated if error.service() == credentials::OPERATION_SERVICE => {
            "Put this source right, or choose another: access_key and secret_key of the provider block, the environment variables ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or another source of the provider's documentation."
        }
        ErrorKind::Unauthenticated => {
            "Check the AccessKey the provider uses, its secret, that a temporary one has its security_token and has not expired, and this machine's clock."
        }
        ErrorKind::Invalid => "The service refused the request as it is; its message says why.",
        ErrorKind::Conflict if error.service() == "SLS" => {
            "Something else changed at the same time. Run again."
        }
        ErrorKind::Conflict => "The message says what stands in the way. Remove it, then run again.",
        ErrorKind::Transport => {
            "Check the network, the proxy settings of the environment and the provider's endpoint, then run again."
        }
        ErrorKind::Timeout => {
            "Run again; if it keeps happening, allow more time with timeouts, or with request_timeout in the provider block."
        }
        ErrorKind::Cancelled => "Run again to finish.",
        ErrorKind::Malformed => {
            let service = error.service();
            return format!("This is not what the service documents. Check that the endpoint is {service} and that no proxy answers in its place.").into();
        }
        ErrorKind::Unexpected => {
            "Run again; if it keeps happening, ask the service's support and give the request id."
        }
    };
    text.into()
}

/// What to check when something does not exist.
fn missing(error: &Error) -> &'static str {
    match error.service() {
        "KMS" => "Check the key's id and its region: a key is only found in its own region.",
        "RAM" => {
            "Check the name, and that the provider's AccessKey belongs to the account it should exist in."
        }
        "STS" => "Check the role's ARN.",
        _ if is_project_gone(error) => {
            "Check project_name, and that the provider's region is the project's: a project is only found in its own region."
        }
        _ => "Check project_name and logstore_name. This resource never creates a Logstore.",
    }
}

/// What the caller has to be allowed.
fn permission(error: &Error) -> Cow<'static, str> {
    match error.service() {
        service @ ("KMS" | "RAM" | "STS") => {
            format!("Grant the caller {}:{}.", service.to_ascii_lowercase(), error.action()).into()
        }
        _ => "Grant the caller log:GetLogStore and log:UpdateLogStore on the Logstore; for BYOK also ram:PassRole on the role.".into(),
    }
}

/// A sequence that did not reach what was wanted.
pub(super) fn of_apply(id: &LogStoreId, error: &ApplyError) -> Vec<Diagnostic> {
    match error {
        ApplyError::Call(error) => {
            vec![of_call(&format!("Cannot configure encryption of Logstore {id}"), error)]
        }
        ApplyError::Conflict { stored, conflicts } => {
            conflicts.iter().map(|conflict| existing_conflict(id, stored, conflict)).collect()
        }
        ApplyError::Rebuilt { known, found } => vec![Diagnostic::error(
            format!("Logstore {id} was created anew"),
            format!(
                "The plan was made for the Logstore created at {known}; the one there now was created at {found} (seconds since 1970). Nothing was sent to the new one that was not planned for it. Run terraform plan again."
            ),
        )],
        ApplyError::NotInEffect { stored } => vec![Diagnostic::error(
            format!("Encryption of Logstore {id} is not as it was set"),
            format!(
                "The service accepted the update, but reading back shows {}. What is written to the Logstore may be in clear. Run again; if it keeps happening, ask the service's support.",
                stored.as_ref().map_or_else(|| "no encryption configuration".to_owned(), describe)
            ),
        )],
        ApplyError::Lost(losses) => vec![Diagnostic::error(
            format!("Logstore {id} lost settings"),
            format!(
                "The update of the encryption configuration changed settings it should not have changed, and they could not be put right: {}. Set them again by hand.",
                losses.iter().map(loss).collect::<Vec<_>>().join("; ")
            ),
        )],
        ApplyError::KeepsMoving => vec![Diagnostic::error(
            format!("Logstore {id} keeps changing"),
            "Another writer changed the Logstore each time it was updated. The encryption configuration is in effect, but settings of the other writer may have been set back. Stop the other writer and run again.",
        )],
    }
}

fn loss(loss: &Loss) -> String {
    format!("{} was {} and is {}", loss.member, loss.before, loss.after)
}

/// A configured value against the permanent one of a Logstore that is not managed yet.
pub(super) fn existing_conflict(id: &LogStoreId, stored: &EncryptConf, conflict: &Conflict) -> Diagnostic {
    Diagnostic::error(
        format!("Logstore {id} already has another encryption configuration"),
        format!(
            "{} is {:?} on the Logstore, but {:?} is configured. The first configuration of a Logstore is permanent, also while encryption is disabled. It has {}.\n\nEither configure the same and adopt it, or import it as it is:\n\n  terraform import ADDRESS {id}\n\nNothing was sent.",
            part_name(conflict.part),
            conflict.stored,
            conflict.wanted,
            describe(stored)
        ),
    )
    .at(part_path(conflict.part))
}

/// A configured value against the permanent one of a Logstore that is managed.
pub(super) fn forbidden_change(id: &str, conflict: &Conflict) -> Diagnostic {
    Diagnostic::error(
        format!("{} of a Logstore's encryption cannot be changed", part_title(conflict.part)),
        format!(
            "Logstore {id}: {} is {:?} and cannot become {:?}. The mechanism, the algorithm and the key of a Logstore are fixed by its first encryption configuration, also while encryption is disabled; only enable can change.\n\nSet it back to {:?}. To use another value, write to a new Logstore; if the Logstore is replaced in the same apply, set on_immutable_change = \"replace\". Nothing was sent.",
            part_name(conflict.part),
            conflict.stored,
            conflict.wanted,
            conflict.stored
        ),
    )
    .at(part_path(conflict.part))
}

/// The warning of a planned replacement because of a permanent value.
pub(super) fn replacement_warning(id: &str, conflict: &Conflict) -> Diagnostic {
    Diagnostic::warning(
        "Replacement succeeds only together with the Logstore",
        format!(
            "{} of Logstore {id} is {:?} for good; {:?} is configured with on_immutable_change = \"replace\". This resource never deletes a Logstore, and replacing it alone fails at apply, before anything is switched off. Replace the Logstore in the same apply: lifecycle {{ replace_triggered_by = [<the Logstore>.id] }}.",
            part_name(conflict.part),
            conflict.stored,
            conflict.wanted
        ),
    )
    .at(part_path(conflict.part))
}

/// A configuration in words.
pub(super) fn describe(conf: &EncryptConf) -> String {
    let key = conf.user_cmk_info.as_ref().map_or_else(
        || "the service's key".to_owned(),
        |cmk| format!("KMS key {} in {} through role {}", cmk.cmk_key_id, cmk.region_id, cmk.arn),
    );
    let state = if conf.enable { "enabled" } else { "disabled" };
    let algorithm = match conf.encrypt_type.as_str() {
        "" => "no encrypt_type".to_owned(),
        name => format!("encrypt_type {name:?}"),
    };
    format!("encryption {state}, {algorithm}, with {key}")
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Mechanism => "mechanism (service_key without user_cmk_info, byok with it)",
        Part::EncryptType => "encrypt_type",
        Part::CmkKeyId => "user_cmk_info.cmk_key_id",
        Part::Arn => "user_cmk_info.arn",
        Part::RegionId => "user_cmk_info.region_id",
    }
}

fn part_title(part: Part) -> &'static str {
    match part {
        Part::Mechanism => "The mechanism",
        Part::EncryptType => "The algorithm",
        Part::CmkKeyId => "The KMS key",
        Part::Arn => "The RAM role",
        Part::RegionId => "The key's region",
    }
}

/// The attribute a permanent value is configured with.
pub(super) fn part_path(part: Part) -> Path {
    match part {
        Part::Mechanism => Path::of("user_cmk_info"),
        Part::EncryptType => Path::of("encrypt_type"),
        Part::CmkKeyId => Path::of("user_cmk_info").attribute("cmk_key_id"),
        Part::Arn => Path::of("user_cmk_info").attribute("arn"),
        Part::RegionId => Path::of("user_cmk_info").attribute("region_id"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::error::Operation;

    #[track_caller]
    fn check(service: &'static str, action: &'static str, status: u16, code: &str, advice: &str) {
        let operation = Operation::new(service, action, "demo");
        let error = Error::from_answer(&operation, status, Some(code.to_owned()), "why");
        let told = of_call("Cannot do it", &error).detail;
        assert!(told.contains(advice), "{told}");
    }

    #[test]
    fn advice_is_about_the_service_that_refused() {
        check("SLS", "GetLogStore", 404, "LogStoreNotExist", "Check project_name and logstore_name.");
        check("SLS", "GetLogStore", 404, "ProjectNotExist", "the provider's region is the project's");
        check("RAM", "GetRole", 404, "EntityNotExist.Role", "Check the name, and");
        check("KMS", "DescribeKey", 404, "Forbidden.KeyNotFound", "Check the key's id and its region");
        check("STS", "AssumeRole", 404, "EntityNotExist.Role", "Check the role's ARN.");
        check("SLS", "UpdateLogStore", 403, "ProjectForbidden", "log:UpdateLogStore on the Logstore");
        check("RAM", "CreateRole", 403, "NoPermission", "Grant the caller ram:CreateRole.");
        check("KMS", "DescribeKey", 403, "Forbidden.NoPermission", "Grant the caller kms:DescribeKey.");
        check("RAM", "DeleteRole", 409, "DeleteConflict.Role.Policy", "what stands in the way");
    }
}
