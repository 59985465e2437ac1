//! The one place that turns errors of the cloud into diagnostics for the person who has to act.

mod encrypt_conf;
mod final_read;
mod gone;
mod permission;
mod remedy;
mod role;

use std::fmt::Display;

pub(super) use encrypt_conf::describe;
pub(super) use gone::{is_gone, is_project_gone};
pub(super) use remedy::remedy;

pub(super) use role::{
    description_unknown, foreign_policies_warning, of_making, of_making_unseen, of_removal, of_step,
    of_visibility, policy_of_another_role, policy_taken, principals_missing, role_destroy_warning,
    role_exists, role_exists_at_apply, role_finished_stays, role_gone, role_made_anew, role_not_unfinished,
    role_of_log_store_deleted, role_of_log_store_renamed, role_of_log_store_replaced, role_of_others,
    role_replacement_warning, role_with_log_stores_renamed,
};

use super::log_store_id::LogStoreId;
use cloud::{
    error::{Error, ErrorKind},
    sls::{
        EncryptConf, LogStore, TelemetryType,
        encryption::{
            ApplyError, ApplyFailure, Conflict, ENCRYPT_TYPES, MAX_READ_AGE, PermanentField,
            UnrestoredSetting,
        },
    },
};
use schema::{Diagnostic, Path};

/// An error of a plan. It stops the plan that a destroy begins with as well, and says so.
pub(super) fn of_plan(diagnostic: Diagnostic) -> Diagnostic {
    let detail = format!(
        "{}\n\nterraform destroy makes the same plan first. This destroy does not:\n\n  terraform destroy -refresh=false",
        diagnostic.detail
    );
    Diagnostic { detail, ..diagnostic }
}

/// A planned value that Terraform has not filled in before the apply.
pub(super) fn unknown_at_apply(object: impl Display) -> Diagnostic {
    Diagnostic::error(
        "Configuration still unknown at apply",
        format!(
            "{object}: a value is still unknown at apply. Terraform or OpenTofu must not do that. Report it to them, with the version that terraform version prints."
        ),
    )
}

/// A failed call about an object: "Logstore audit:app", "Role sls-byok".
pub(super) fn of_call(summary: &'static str, object: impl Display, error: &Error) -> Diagnostic {
    of_call_and(summary, object, error, None)
}

/// A failed call about an object, with what was found after it.
fn of_call_and(
    summary: &'static str,
    object: impl Display,
    error: &Error,
    found: Option<String>,
) -> Diagnostic {
    let found = found.map(|found| format!("{found}\n\n")).unwrap_or_default();
    Diagnostic::error(summary, format!("{object}: {error}\n\n{found}{}", remedy(error)))
}

/// A failed call about an object that does not stop the run.
pub(super) fn warning_of_call(
    summary: &'static str,
    object: impl Display,
    error: &Error,
    consequence: &str,
) -> Diagnostic {
    Diagnostic::warning(summary, format!("{object}: {error}\n\n{consequence} {}", remedy(error)))
}

/// A failed call as running text.
pub(super) fn in_words(error: &Error) -> String {
    format!("{error} {}", remedy(error))
}

/// The answer of GetLogStore does not say how the Logstore is encrypted.
pub(super) fn unreadable(id: &LogStoreId, problem: &str) -> Diagnostic {
    Diagnostic::error("Cannot read the encryption of a Logstore", format!("Logstore {id}: {problem}"))
}

/// Whether a failed read makes the plan fail: no call can succeed, because there are no credentials, or they are
/// refused, or something else answers instead of the service.
pub(super) fn stops_plan(error: &Error) -> bool {
    ends_all_calls(error) || error.kind() == ErrorKind::Malformed
}

/// The first `shown` of what is listed, one indented line each, and how many more there are.
pub(super) fn first_lines<L: Display>(listed: impl ExactSizeIterator<Item = L>, shown: usize) -> String {
    let more = listed.len().saturating_sub(shown);
    let more = (more > 0).then(|| format!("  and {more} more"));
    let lines: Vec<String> = listed.take(shown).map(|line| format!("  {line}")).chain(more).collect();
    lines.join("\n")
}

/// Whether every further call would fail as this one has: there are no credentials, they are not accepted, or the
/// person has interrupted Terraform.
pub(super) fn ends_all_calls(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::Cancelled) || error.is_about_credentials()
}

/// How many settings of a Logstore are named.
const MOST_SETTINGS: usize = 20;

/// A sequence that did not reach the configured state; `arn` is that of the role in the configuration.
pub(super) fn of_apply(id: &LogStoreId, failure: &ApplyFailure, arn: Option<&str>) -> Vec<Diagnostic> {
    let mut diagnostics = of_apply_error(id, failure, arn);
    if !failure.unrestored.is_empty() {
        diagnostics.push(settings_set_back(id, &failure.unrestored));
    }
    diagnostics
}

fn of_apply_error(id: &LogStoreId, failure: &ApplyFailure, arn: Option<&str>) -> Vec<Diagnostic> {
    match &failure.error {
        ApplyError::Call(error) => {
            let summary = "Cannot configure the encryption of a Logstore";
            match arn {
                Some(arn) if error.kind() == ErrorKind::Denied => {
                    let advice = permission::advice_for_byok(error, arn);
                    vec![Diagnostic::error(summary, format!("Logstore {id}: {error}\n\n{advice}"))]
                }
                _ => {
                    let found = final_read::of_log_store(failure);
                    vec![of_call_and(summary, format_args!("Logstore {id}"), error, found)]
                }
            }
        }
        ApplyError::Conflict { stored, conflicts } => {
            conflicts.iter().map(|conflict| existing_conflict(id, stored, conflict)).collect()
        }
        ApplyError::Recreated { known, found } => vec![Diagnostic::error(
            "A Logstore was deleted and created again",
            format!(
                "Logstore {id}: the plan was made for the Logstore created at {known}; the one there now was created at {found} (seconds since 1970). Nothing was sent to the new one that was not planned for it. Run terraform plan again."
            ),
        )],
        ApplyError::NotInEffect { stored } => vec![Diagnostic::error(
            "The encryption of a Logstore is not as it was set",
            format!(
                "Logstore {id}: SLS confirmed the update, but a read shows {}. New logs may be stored in clear. Run again; if it keeps happening, ask the service's support.",
                stored.as_ref().map_or_else(|| "no encryption configuration".to_owned(), describe)
            ),
        )],
        ApplyError::ConcurrentWriter => vec![Diagnostic::error(
            "A Logstore keeps changing",
            format!(
                "Logstore {id}: another writer changed the Logstore each time the provider updated it. The encryption configuration is in effect. Stop the other writer and run again."
            ),
        )],
        ApplyError::StaleReads => vec![Diagnostic::error(
            "SLS answers with an old version of the Logstore",
            format!(
                "Logstore {id}: SLS answered with an older version of the Logstore than before, until the time limit. The provider builds no update from that. Run again in a few minutes."
            ),
        )],
        ApplyError::ReadsTooOld => vec![too_late(id, failure)],
        ApplyError::UnsupportedMembers { error, members } => {
            vec![cannot_leave_out(id, failure, error, members)]
        }
        ApplyError::NotOffered(error) => vec![Diagnostic::error(
            "SLS does not offer UpdateLogStoreEncryption",
            format!(
                "Logstore {id}: {error}\n\nThe provider block has encryption_api = \"update_logstore_encryption\", and SLS does not offer that action here. Use the default, which every region offers:\n\n  encryption_api = \"update_logstore\""
            ),
        )],
        ApplyError::MetricStore => vec![metric_store(id)],
    }
}

/// A metric store is to be written by the action on Logstores.
pub(super) fn metric_store(id: &LogStoreId) -> Diagnostic {
    Diagnostic::error(
        "SLS does not offer UpdateLogStoreEncryption",
        format!(
            "Logstore {id}: it is a metric store (its telemetryType is Metrics). The provider block has encryption_api = \"update_logstore_encryption\", and that action is one on Logstores. Nothing was sent. Use the default, with which the provider calls UpdateMetricStore:\n\n  encryption_api = \"update_logstore\""
        ),
    )
}

/// What the store holds, as it was last read.
fn telemetry_type(failure: &ApplyFailure) -> TelemetryType {
    failure.last_seen.as_ref().map_or(TelemetryType::Logs, LogStore::read_as)
}

/// No update could be sent in time.
fn too_late(id: &LogStoreId, failure: &ApplyFailure) -> Diagnostic {
    let sent = if failure.written { "" } else { " Nothing was sent." };
    let seconds = MAX_READ_AGE.as_secs();
    let telemetry_type = telemetry_type(failure);
    let (update, get) = (telemetry_type.update_action(), telemetry_type.get_action());
    let dedicated = match telemetry_type {
        TelemetryType::Metrics => ".",
        TelemetryType::Logs => {
            ", or use the action that sets only encryption, in the provider block:\n\n  encryption_api = \"update_logstore_encryption\""
        }
    };
    Diagnostic::error(
        "The Logstore was read too slowly to be updated",
        format!(
            "Logstore {id}: {update} replaces all settings of a Logstore, so the provider sends it within {seconds} s of asking for the settings, and never later: changes of another writer in between would be lost. {get} took too long for that, each time.{sent} Run again when SLS answers faster{dedicated}"
        ),
    )
}

/// SLS refuses a member, and those it may mean must not be lost.
fn cannot_leave_out(
    id: &LogStoreId,
    failure: &ApplyFailure,
    error: &Error,
    members: &[String],
) -> Diagnostic {
    let telemetry_type = telemetry_type(failure);
    let update = telemetry_type.update_action();
    let remedy = match telemetry_type {
        TelemetryType::Metrics => "Report it to the service's support, with the request id.",
        TelemetryType::Logs => {
            "Use the action that sets only encryption, in the provider block:\n\n  encryption_api = \"update_logstore_encryption\""
        }
    };
    Diagnostic::error(
        "SLS refuses a setting that the Logstore has",
        format!(
            "Logstore {id}: {error}\n\n{update} replaces all settings of a Logstore, so the provider sends back each one it has read. SLS does not say which one it refuses; it may be one of these, and leaving it out would lose its value: {}. Nothing was changed. {remedy}",
            text::line_of(&members.join(", "), MOST_SETTINGS * text::LONGEST_QUOTATION)
        ),
    )
}

/// Settings of others that an update has set back and that were not restored.
fn settings_set_back(id: &LogStoreId, unrestored: &[UnrestoredSetting]) -> Diagnostic {
    let line = text::short_line;
    let each = unrestored.iter().map(|setting| {
        let UnrestoredSetting { member, expected, actual } = setting;
        format!("{}: {}, is now {}", line(member), line(expected), line(actual))
    });
    Diagnostic::error(
        "Settings of a Logstore were set back",
        format!(
            "Logstore {id}: another writer changed settings while the provider updated the encryption configuration, and the update set them back. The provider did not restore them before it ended. Set them again:\n\n{}",
            first_lines(each, MOST_SETTINGS)
        ),
    )
}

/// The warning that an update which SLS never answered may still be carried out.
pub(super) fn update_in_doubt(id: &LogStoreId) -> Diagnostic {
    Diagnostic::warning(
        "An update got no answer and may still be carried out",
        format!(
            "Logstore {id}: its encryption is as configured. But SLS did not answer an earlier UpdateLogStore of this run. If SLS still carries it out, it undoes what others change on the Logstore until then. If others change its settings in these minutes, compare them afterwards."
        ),
    )
}

/// A configured value against the permanent one of a Logstore that is not managed yet.
pub(super) fn existing_conflict(id: &LogStoreId, stored: &EncryptConf, conflict: &Conflict) -> Diagnostic {
    let (what, import) = match unknown_algorithm(conflict) {
        Some(unknown) => (unknown, "Then import the Logstore:"),
        None => (
            as_stored(conflict, Some(stored)),
            "The apply then adopts the Logstore; only enable may differ. An import needs the same configuration:",
        ),
    };
    Diagnostic::error(
        "A Logstore has another encryption configuration",
        format!(
            "Logstore {id}: {} is {} on the Logstore, but {} is configured. The first configuration of a Logstore is permanent, also while encryption is disabled. It has {}.\n\n{what}\n\n{import}\n\n  terraform import ADDRESS {}\n\nFor another configuration, use another Logstore. Nothing was sent.",
            field_name(conflict.field),
            text::quote(&conflict.stored),
            text::quote(&conflict.desired),
            describe(stored),
            id.import_id()
        ),
    )
    .at(field_path(conflict.field))
}

/// A configured value against the permanent one of a Logstore that is managed.
pub(super) fn forbidden_change(id: &str, conflict: &Conflict, stored: Option<&EncryptConf>) -> Diagnostic {
    Diagnostic::error(
        "The encryption of a Logstore cannot be changed",
        format!(
            "Logstore {id}: {} is {} and cannot become {}. The mechanism, the algorithm and the key of a Logstore are fixed by its first encryption configuration, also while encryption is disabled; only enable can change.\n\n{}\n\nTo use another value, write to a new Logstore; if the Logstore is replaced in the same apply, set on_immutable_change = \"replace\". Nothing was sent.",
            field_name(conflict.field),
            text::quote(&conflict.stored),
            text::quote(&conflict.desired),
            unknown_algorithm(conflict).unwrap_or_else(|| as_stored(conflict, stored)),
        ),
    )
    .at(field_path(conflict.field))
}

/// What to write to have the stored value.
fn as_stored(conflict: &Conflict, stored: Option<&EncryptConf>) -> String {
    let cmk = stored.and_then(|stored| stored.user_cmk_info.as_ref());
    match (conflict.field, cmk) {
        (PermanentField::EncryptType, _) => {
            format!("Configure what the Logstore has:\n\n  encrypt_type = {}", text::quote(&conflict.stored))
        }
        (_, Some(cmk)) => format!(
            "Configure what the Logstore has:\n\n  user_cmk_info = {{\n    cmk_key_id = {}\n    arn        = {}\n    region_id  = {}\n  }}",
            text::quote(&cmk.cmk_key_id),
            text::quote(&cmk.arn),
            text::quote(&cmk.region_id)
        ),
        (_, None) => "Configure what the Logstore has: remove user_cmk_info.".to_owned(),
    }
}

/// What to do about a stored algorithm that cannot be configured, because this provider does not know it.
fn unknown_algorithm(conflict: &Conflict) -> Option<String> {
    let unknown =
        conflict.field == PermanentField::EncryptType && !ENCRYPT_TYPES.contains(&conflict.stored.as_str());
    unknown.then(|| {
        format!(
            "This version of the provider does not know {}, so it cannot be configured. Use a newer version that knows it, or keep the algorithm that the Logstore has:\n\n  lifecycle {{\n    ignore_changes = [encrypt_type]\n  }}",
            text::quote(&conflict.stored)
        )
    })
}

/// The warning of a planned replacement because of a permanent value.
pub(super) fn replacement_warning(id: &str, conflict: &Conflict) -> Diagnostic {
    Diagnostic::warning(
        "Replacement succeeds only together with the Logstore",
        format!(
            "Logstore {id}: {} is {} and cannot change; {} is configured with on_immutable_change = \"replace\". This resource never deletes a Logstore. If it is replaced alone, the apply fails before anything is switched off. It succeeds if the Logstore is replaced in the same apply, which this ensures, with the address of the Logstore:\n\n  lifecycle {{\n    replace_triggered_by = [LOGSTORE_ADDRESS]\n  }}\n\nIf the plan replaces the Logstore already, nothing else is needed.",
            field_name(conflict.field),
            text::quote(&conflict.stored),
            text::quote(&conflict.desired)
        ),
    )
    .at(field_path(conflict.field))
}

fn field_name(field: PermanentField) -> &'static str {
    match field {
        PermanentField::Mechanism => "mechanism (service_key without user_cmk_info, byok with it)",
        PermanentField::EncryptType => "encrypt_type",
        PermanentField::CmkKeyId => "user_cmk_info.cmk_key_id",
        PermanentField::Arn => "user_cmk_info.arn",
        PermanentField::RegionId => "user_cmk_info.region_id",
    }
}

/// The attribute a permanent value is configured with.
pub(super) fn field_path(field: PermanentField) -> Path {
    match field {
        PermanentField::Mechanism => Path::of("user_cmk_info"),
        PermanentField::EncryptType => Path::of("encrypt_type"),
        PermanentField::CmkKeyId => Path::of("user_cmk_info").attribute("cmk_key_id"),
        PermanentField::Arn => Path::of("user_cmk_info").attribute("arn"),
        PermanentField::RegionId => Path::of("user_cmk_info").attribute("region_id"),
    }
}

#[cfg(test)]
mod tests {
    use cloud::{error::Operation, names::Region, sls::UserCmkInfo};

    use super::*;

    /// Whoever may write a Logstore chooses the names of its unknown members, and all values.
    #[test]
    fn names_and_values_of_a_logstore_are_shown_on_one_line_of_bounded_length() {
        let region = Region::parse("cn-hangzhou").unwrap();
        let id = LogStoreId::from_names(region, "audit", "app").unwrap();
        let hostile = format!("x\n\nApply complete!\u{1b}[2J\u{202e}{}", "y".repeat(100_000));
        let conf = EncryptConf {
            enable: true,
            encrypt_type: hostile.clone(),
            user_cmk_info: Some(UserCmkInfo {
                cmk_key_id: hostile.clone(),
                arn: hostile.clone(),
                region_id: hostile.clone(),
            }),
        };
        let conflict = |field| Conflict { field, stored: hostile.clone(), desired: hostile.clone() };
        let setting =
            UnrestoredSetting { member: hostile.clone(), expected: hostile.clone(), actual: hostile.clone() };
        let failure = |error| ApplyFailure {
            error,
            written: true,
            last_seen: None,
            final_read: None,
            unrestored: vec![setting.clone(); 1_000],
        };
        let operation = Operation::new("SLS", "UpdateLogStore", "audit/app");
        let refused = Error::from_answer(&operation, 400, None, "ParameterInvalid");
        let refused =
            ApplyError::UnsupportedMembers { error: refused, members: vec![hostile.clone(); 1_000] };
        let mut all = of_apply(&id, &failure(refused), None);
        for field in [PermanentField::EncryptType, PermanentField::Arn] {
            all.push(existing_conflict(&id, &conf, &conflict(field)));
            all.push(forbidden_change("audit:app", &conflict(field), Some(&conf)));
            all.push(replacement_warning("audit:app", &conflict(field)));
        }
        assert_eq!(all.len(), 8);
        for Diagnostic { detail, .. } in all {
            assert!(!detail.contains("\nApply complete!"), "{detail}");
            assert_eq!(text::lines(&detail), detail);
            assert!(detail.chars().count() < 20_000, "{} characters", detail.chars().count());
        }
    }
}
