//! Whether a key and a role are ready, while there is still time: at plan, and at each refresh.

use std::time::Duration;

use super::{LogStoreEncryption, READ_TIMEOUT, model::EncryptionModel};
use crate::{
    cloud::{
        CallContext,
        kms::{KeyMetadata, KeyState},
        names::Region,
        sls::EncryptConf,
    },
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

/// How long the services may take to answer all of it. Nothing that is planned needs the answer, so that a network
/// in which they cannot be reached costs a run no more than this.
const LOOK_TIMEOUT: Duration = Duration::from_secs(30);

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
    let (Some(subject), false) = (subject(planned), preflight == Preflight::Off) else {
        return Diagnostics::new();
    };
    let bounds = resource.call_context(context, planned, |timeouts| &timeouts.read, READ_TIMEOUT);
    let bounds = shortly(resource, &bounds);
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
        Err(error) => {
            let mut diagnostics = Diagnostics::new();
            diagnostics.extend(not_looked(error, &memory));
            diagnostics
        }
    }
}

/// The same bounds, but for [`LOOK_TIMEOUT`].
fn shortly(resource: &LogStoreEncryption, bounds: &CallContext) -> CallContext {
    match resource.session.ram() {
        Ok(client) => bounds.clone().with_timeout(client.clock(), LOOK_TIMEOUT),
        Err(_) => bounds.clone(),
    }
}

/// What is configured, where all of it is known.
fn subject(planned: &EncryptionModel) -> Option<Subject> {
    let cmk = planned.user_cmk_info.known()?;
    Some(Subject {
        key_id: cmk.cmk_key_id.known()?.clone(),
        role: role_arn::parse(cmk.arn.known()?).ok()?,
        region: Region::parse(cmk.region_id.known()?).ok()?,
        log_store_region: planned.region.known().and_then(|region| Region::parse(region).ok()),
        principal: None,
    })
}

/// True for a role that this run makes or has made, or looks after: what is wrong about it is put right by the same
/// apply, before the Logstore's turn comes.
fn is_managed(resource: &LogStoreEncryption, subject: &Subject) -> bool {
    let (roles, arn) = (&resource.session.held.roles, &subject.role);
    roles.is_new(arn.as_str()) || roles.is_absent(arn.role_name()) || roles.is_stored(arn.role_name())
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
fn not_looked(error: ReadError, memory: &Memory) -> Option<Diagnostic> {
    if !memory.is_first_warning() {
        return None;
    }
    let Diagnostic { summary, detail, .. } =
        error.diagnostic("The KMS key and the RAM role were not checked");
    let consequence = "This does not stop the run, and is said once for all resources. To leave the checks out, set preflight = \"off\" in the provider block.";
    Some(Diagnostic::warning(summary, format!("{detail}\n\n{consequence}")).at(Path::of("user_cmk_info")))
}

/// The warning that the Logstore's key cannot be used, which only makes itself felt when logs are read or written.
/// That the caller may not read the key is not said here: it would be at each run of who may do without.
pub(super) async fn unusable_key(
    resource: &LogStoreEncryption,
    bounds: &CallContext,
    id: &LogStoreId,
    conf: &EncryptConf,
) -> Option<Diagnostic> {
    let cmk = conf.user_cmk_info.as_ref().filter(|_| resource.session.preflight() != Preflight::Off)?;
    let region = Region::parse(&cmk.region_id).ok()?;
    let bounds = shortly(resource, bounds);
    let memory = resource.session.held.readiness();
    let reader = Reader { session: &resource.session, context: &bounds, memory: &memory };
    let (state, remedy) = match reader.key(&region, &cmk.cmk_key_id).await {
        Ok(Read::Found(key)) => unusable(&key, &region)?,
        Ok(Read::Absent) => (
            "does not exist".to_owned(),
            format!(
                "KMS has no such key in {region}. If it was deleted, what was encrypted with it is lost."
            ),
        ),
        Ok(Read::Denied(_) | Read::Unknown(_)) => return None,
        Err(error) => return not_looked(error, &memory),
    };
    Some(
        Diagnostic::warning(
            format!("KMS key {} {state}", cmk.cmk_key_id),
            format!("Logstore {id} is encrypted with it, and can be neither read nor written. {remedy}"),
        )
        .at(Path::of("user_cmk_info")),
    )
}

/// How a key is that cannot be used, and what to do about it.
fn unusable(key: &KeyMetadata, region: &Region) -> Option<(String, String)> {
    let call = |action: &str| format!("aliyun kms {action} --RegionId {region} --KeyId {}", key.key_id);
    Some(match &key.key_state {
        KeyState::Enabled => return None,
        KeyState::PendingDeletion => {
            let date = key.delete_date.as_deref().map_or(String::new(), |date| format!(" on {date}"));
            let lost = format!("It will be deleted{date}, and then nothing can bring the logs back.");
            ("is pending deletion".to_owned(), format!("{lost} Cancel that: {}", call("CancelKeyDeletion")))
        }
        KeyState::Disabled => ("is disabled".to_owned(), format!("Enable it: {}", call("EnableKey"))),
        other => (format!("is in state {other}"), "Find out why in the KMS console.".to_owned()),
    })
}
