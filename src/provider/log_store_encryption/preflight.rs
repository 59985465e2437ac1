//! Whether a key and a role are ready, while there is still time: at plan, and at each refresh.

use super::{LogStoreEncryption, READ_TIMEOUT, model::EncryptionModel};
use crate::{
    cloud::{CallContext, kms::KeyState, names::Region, sls::EncryptConf},
    provider::{
        log_store_id::LogStoreId,
        readiness::{
            self, About, Check, Memory, Read, Subject,
            reading::{ReadError, Reader},
        },
        role_arn,
        settings::Preflight,
    },
    schema::{Diagnostic, Diagnostics, Path, resource::Context},
};

/// Checks what a plan relies on that configures or enables encryption with a key of the user's own. Values that are
/// not known yet are not checked.
///
/// Each failed check is an error or a warning, as the provider block says. What cannot be found out, because a read is
/// denied or fails, is one warning in a phase, whatever the number of resources.
pub(super) async fn check(
    resource: &LogStoreEncryption,
    context: &Context,
    planned: &EncryptionModel,
) -> Diagnostics {
    let preflight = resource.session.preflight();
    let (Some(subject), false) = (subject(resource, planned), preflight == Preflight::Off) else {
        return Diagnostics::new();
    };
    let bounds = resource.call_context(context, planned, |timeouts| &timeouts.read, READ_TIMEOUT);
    let memory = resource.session.held.readiness();
    let reader = Reader { session: &resource.session, context: &bounds, memory: &memory };
    // On the heap: the futures of many calls are large, and most plans make none.
    match Box::pin(reader.facts(&subject)).await {
        Ok(facts) => {
            let mut checks = readiness::checks(&subject, &facts);
            if is_managed(resource, &subject) {
                checks.retain(|check| check.about() != About::Role);
            }
            told(&checks, preflight, &memory)
        }
        Err(error) => not_looked(error, &memory),
    }
}

/// What is configured, where all of it is known.
fn subject(resource: &LogStoreEncryption, planned: &EncryptionModel) -> Option<Subject> {
    let cmk = planned.user_cmk_info.known()?;
    Some(Subject {
        key_id: cmk.cmk_key_id.known()?.clone(),
        role: role_arn::parse(cmk.arn.known()?).ok()?,
        region: Region::parse(cmk.region_id.known()?).ok()?,
        // A project is only found in its own region.
        log_store_region: resource.session.region().ok(),
        principal: None,
    })
}

/// True for a role that this run makes or has made, or looks after: what is wrong about it is put right by the same
/// apply, before the Logstore's turn comes.
fn is_managed(resource: &LogStoreEncryption, subject: &Subject) -> bool {
    let (roles, arn) = (&resource.session.held.roles, &subject.role);
    roles.is_new(arn.as_str()) || roles.is_absent(arn.role_name()) || roles.known(arn.role_name()).is_some()
}

fn told(checks: &[Check], preflight: Preflight, memory: &Memory) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let failed = checks.iter().filter(|check| check.ok == Some(false));
    diagnostics.extend(failed.map(|check| failure(check, preflight)));
    let open: Vec<&Check> =
        checks.iter().filter(|check| check.ok.is_none() && check.because.is_none()).collect();
    if !open.is_empty() && memory.is_first_warning() {
        diagnostics.push(left_open(&open));
    }
    diagnostics
}

fn failure(check: &Check, preflight: Preflight) -> Diagnostic {
    let cmk = Path::of("user_cmk_info");
    let (summary, path) = match check.about() {
        About::Key => ("The KMS key is not ready", cmk.attribute("cmk_key_id")),
        About::Region => ("The KMS key is in another region", cmk.attribute("region_id")),
        About::Role => ("The RAM role is not ready", cmk.attribute("arn")),
    };
    let fix = check.fix.as_deref().unwrap_or_default();
    let text = format!("{} ({})\n\n{fix}", check.detail, check.name);
    let diagnostic = match preflight {
        Preflight::Error => Diagnostic::error(
            summary,
            format!(
                "{text}\n\nNothing was sent. To go on regardless, set preflight = \"warn\" in the provider block."
            ),
        ),
        Preflight::Warn | Preflight::Off => Diagnostic::warning(summary, text),
    };
    diagnostic.at(path)
}

fn left_open(open: &[&Check]) -> Diagnostic {
    let each: Vec<String> = open
        .iter()
        .map(|check| match &check.fix {
            Some(fix) => format!("- {} ({}) {fix}", check.detail, check.name),
            None => format!("- {} ({})", check.detail, check.name),
        })
        .collect();
    Diagnostic::warning(
        "Not everything about the KMS key and the RAM role could be checked",
        format!(
            "This does not stop the run, and is said once for all resources.\n\n{}\n\nTo leave the checks out, set preflight = \"off\" in the provider block.",
            each.join("\n\n")
        ),
    )
    .at(Path::of("user_cmk_info"))
}

/// Services that do not answer are no reason to fail a plan that needs them for nothing else.
fn not_looked(error: ReadError, memory: &Memory) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if memory.is_first_warning() {
        let Diagnostic { summary, detail, .. } =
            error.diagnostic("The KMS key and the RAM role were not checked");
        diagnostics.push(
            Diagnostic::warning(
                summary,
                format!("{detail}\n\nThis does not stop the run, and is said once for all resources. To leave the checks out, set preflight = \"off\" in the provider block."),
            )
            .at(Path::of("user_cmk_info")),
        );
    }
    diagnostics
}

/// The warning that the Logstore's key cannot be used, which only makes itself felt when logs are read or written.
/// That the key cannot be read is not said here: a refresh needs it for nothing else.
pub(super) async fn unusable_key(
    resource: &LogStoreEncryption,
    bounds: &CallContext,
    id: &LogStoreId,
    conf: &EncryptConf,
) -> Option<Diagnostic> {
    let cmk = conf.user_cmk_info.as_ref().filter(|_| resource.session.preflight() != Preflight::Off)?;
    let region = Region::parse(&cmk.region_id).ok()?;
    let memory = resource.session.held.readiness();
    let reader = Reader { session: &resource.session, context: bounds, memory: &memory };
    let (state, remedy) = match reader.key(&region, &cmk.cmk_key_id).await {
        Ok(Read::Found(key)) => match &key.key_state {
            KeyState::Enabled => return None,
            KeyState::PendingDeletion => {
                let date = key.delete_date.map_or(String::new(), |date| format!(" on {date}"));
                (
                    "is pending deletion".to_owned(),
                    format!(
                        "It will be deleted{date}, and then nothing can bring the logs back. Cancel that: aliyun kms CancelKeyDeletion --RegionId {region} --KeyId {}",
                        key.key_id
                    ),
                )
            }
            KeyState::Disabled => (
                "is disabled".to_owned(),
                format!("Enable it: aliyun kms EnableKey --RegionId {region} --KeyId {}", key.key_id),
            ),
            other => (format!("is in state {other}"), "Find out why in the KMS console.".to_owned()),
        },
        Ok(Read::Absent) => (
            "does not exist".to_owned(),
            format!(
                "KMS has no such key in {region}. If it was deleted, what was encrypted with it is lost."
            ),
        ),
        Ok(Read::Denied(_) | Read::Unknown(_)) | Err(_) => return None,
    };
    Some(
        Diagnostic::warning(
            format!("KMS key {} {state}", cmk.cmk_key_id),
            format!("Logstore {id} is encrypted with it, and can be neither read nor written. {remedy}"),
        )
        .at(Path::of("user_cmk_info")),
    )
}
