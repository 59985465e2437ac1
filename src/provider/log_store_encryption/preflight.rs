//! Checks the key and the role before they are needed: at plan, and at each refresh.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{model::EncryptionModel, resource::LogStoreEncryption};
use crate::{
    errors,
    log_store_id::LogStoreId,
    readiness::{
        self, About, Check, Inputs, Principal, ReadCache, Subject, read_error::ReadError, reading::Reader,
    },
    role_arn,
    settings::Preflight,
    timeouts,
};
use cloud::{CallContext, names::Region, ram::RoleArn, sls::EncryptConf};
use schema::{Diagnostic, Diagnostics, Path, resource::Context};

/// How long the services may take to answer the checks of one Logstore. The plan itself does not need the answers, so a
/// network in which the services cannot be reached costs no more than this.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(30);

const SWITCH_OFF: &str = "To skip the checks, set preflight = \"off\" in the provider block.";

/// Checks the key and the role of a plan that configures or enables encryption with a KMS key. Values that are not
/// known yet are not checked.
///
/// A failed check is an error or a warning, as the provider block says. A permission that the caller lacks is always a
/// warning, because somebody else may apply. Each finding is reported once in a phase, whatever the number of Logstores
/// it concerns; [`refusal`] stops the others at apply. A read that is denied or fails is a warning.
pub(super) async fn run(
    resource: &LogStoreEncryption,
    context: &Context,
    planned: &EncryptionModel,
) -> Diagnostics {
    let preflight = resource.session.preflight();
    let (Some(subject), false) = (subject(planned), preflight == Preflight::Off) else {
        return Diagnostics::new();
    };
    let bounds = resource.session.bounds(context, &planned.timeouts, |limits| &limits.read, timeouts::READ);
    let bounds = within_lookup_timeout(resource, &bounds);
    let cache = resource.session.run_state.readiness();
    let reader =
        Reader { session: &resource.session, context: &bounds, cache: &cache, waits_for_roles: true };
    // On the heap: the futures of many calls are large, and most plans make none.
    let checks = match Box::pin(checks(resource, &reader, &subject, planned)).await {
        Ok(checks) => checks,
        Err(error) => return lookup_failed(error, &cache).into_iter().collect(),
    };
    let report = Report { subject: &subject, cache: &cache, preflight };
    let failed: Vec<&Check> = checks.iter().filter(|check| check.ok == Some(false)).collect();
    if let Some(why) = report.refusal(&failed)
        && let Some(Ok(id)) = resource.known_log_store_id(planned)
    {
        cache.refuse(id.to_string(), why);
    }
    report.failed(&failed).into_iter().chain(report.open(&checks)).collect()
}

/// The checks of the known values.
async fn checks(
    resource: &LogStoreEncryption,
    reader: &Reader<'_>,
    subject: &Subject,
    planned: &EncryptionModel,
) -> Result<Vec<Check>, ReadError> {
    let mut inputs = reader.read_inputs(subject).await?;
    let mut checks = readiness::checks(subject, &inputs);
    let roles = &resource.session.run_state.roles;
    let new = roles.with_unknown_arn();
    let is_unknown = planned.user_cmk_info.known().is_some_and(|cmk| cmk.arn.is_unknown());
    let is_new = is_unknown && !new.is_empty();
    if is_new {
        inputs = reader.with_principal(subject, inputs).await?;
    }
    let Some(principal) = inputs.principal.found() else { return Ok(checks) };
    // The policies of a user include those of its groups: where they were read, the groups were read too.
    let groups = match inputs.principal_policies.found() {
        Some(_) => reader.groups(principal).await?,
        None => Vec::new(),
    };
    let lets_pass = |role: &RoleArn| roles.lets_pass(role, principal, &groups);
    if subject.role.as_ref().is_some_and(lets_pass) {
        checks.retain(|check| check.about() != About::Caller);
    }
    if is_new {
        checks.extend(checks_of_new_roles(&new, &inputs, principal, lets_pass));
    }
    Ok(checks)
}

/// The checks whether the caller may pass the roles that this plan creates. Which of them the Logstore refers to is not
/// known yet: the checks count only if the caller may pass none of these roles.
fn checks_of_new_roles(
    names: &BTreeSet<String>,
    inputs: &Inputs,
    principal: &Principal,
    lets_pass: impl Fn(&RoleArn) -> bool,
) -> Vec<Check> {
    let arn = |name: &String| RoleArn::parse(&format!("acs:ram::{}:role/{name}", principal.account_id)).ok();
    let arns: Vec<RoleArn> = names.iter().filter_map(arn).collect();
    let checks: Vec<Check> = arns.iter().map(|arn| readiness::pass_role::check(arn, inputs)).collect();
    let may_pass_one = arns.iter().any(lets_pass) || checks.iter().any(|check| check.ok == Some(true));
    if may_pass_one { Vec::new() } else { checks }
}

/// The error that a Logstore must not be configured, because the plan right before this apply has found something that
/// it has reported with another Logstore.
pub(super) fn refusal(resource: &LogStoreEncryption, id: &LogStoreId) -> Option<Diagnostic> {
    let why = resource.session.run_state.readiness().refused(&id.to_string())?;
    Some(
        Diagnostic::error(
            "The KMS key or the RAM role is not ready",
            format!(
                "Logstore {id}: {why} The error of the first such Logstore says what to do. Nothing was sent for this one."
            ),
        )
        .at(Path::of("user_cmk_info")),
    )
}

/// The same bounds, but for [`LOOKUP_TIMEOUT`].
fn within_lookup_timeout(resource: &LogStoreEncryption, bounds: &CallContext) -> CallContext {
    match resource.session.ram() {
        Ok(client) => bounds.clone().with_timeout(client.clock(), LOOKUP_TIMEOUT),
        Err(_) => bounds.clone(),
    }
}

/// The key and the role of a plan, as far as they are known. A key is only found in a known region.
fn subject(planned: &EncryptionModel) -> Option<Subject> {
    let cmk = planned.user_cmk_info.known()?;
    let region = |text: Option<&String>| text.and_then(|text| Region::parse(text).ok());
    let log_store_region = region(planned.region.known());
    let key_region = region(cmk.region_id.known());
    let key_id = cmk.cmk_key_id.known().cloned().filter(|_| key_region.is_some());
    let role = cmk.arn.known().and_then(|arn| role_arn::parse(arn).ok());
    if key_id.is_none() && role.is_none() {
        return None;
    }
    Some(Subject {
        key_id,
        role,
        region: key_region.or_else(|| log_store_region.clone())?,
        log_store_region,
        encrypt_type: planned.encrypt_type.known().cloned(),
        principal: None,
    })
}

/// Writes the diagnostics of the checks, each finding once in a phase.
struct Report<'a> {
    subject: &'a Subject,
    cache: &'a ReadCache,
    preflight: Preflight,
}

impl Report<'_> {
    /// What the finding of a check is about, so that it is not reported again for another Logstore.
    fn topic(&self, check: &Check) -> String {
        let key_id = self.subject.key_id.as_deref().unwrap_or_default();
        let role = self.subject.role.as_ref().map_or("", RoleArn::as_str);
        let object = match check.about() {
            About::Key => format!("{key_id} in {}", self.subject.region),
            About::Region => {
                format!("{key_id} in {} for {:?}", self.subject.region, self.subject.log_store_region)
            }
            About::Role => role.to_lowercase(),
            About::Caller => check.detail.to_lowercase(),
        };
        format!("{} of {object}", check.name)
    }

    /// Why the Logstore must not be configured, if it must not.
    fn refusal(&self, failed: &[&Check]) -> Option<String> {
        let counts = |check: &&&Check| self.preflight == Preflight::Error && check.about() != About::Caller;
        let found: Vec<&str> = failed.iter().filter(counts).map(|check| check.detail.as_str()).collect();
        (!found.is_empty()).then(|| found.join(" "))
    }

    /// One diagnostic for each attribute.
    fn failed(&self, failed: &[&Check]) -> Vec<Diagnostic> {
        let mut by_attribute: BTreeMap<About, Vec<(String, &str)>> = BTreeMap::new();
        for check in failed.iter().filter(|check| self.cache.is_first(self.topic(check))) {
            let fix = check.fix.as_deref().unwrap_or_default();
            let found = by_attribute.entry(check.about()).or_default();
            match found.last_mut() {
                // A fix for both is said once.
                Some((detail, same)) if *same == fix => *detail = format!("{detail} {}", check.detail),
                _ => found.push((check.detail.clone(), fix)),
            }
        }
        let said = |found: Vec<(String, &str)>| {
            found.iter().map(|(detail, fix)| format!("{detail} {fix}")).collect::<Vec<_>>()
        };
        by_attribute.into_iter().map(|(about, found)| self.failure(about, &said(found))).collect()
    }

    fn failure(&self, about: About, found: &[String]) -> Diagnostic {
        let cmk = Path::of("user_cmk_info");
        let found = found.join("\n\n");
        let (summary, path) = match about {
            About::Key => ("The KMS key is not ready", cmk.attribute("cmk_key_id")),
            About::Region => ("The KMS key is in another region", cmk.attribute("region_id")),
            About::Role => ("The RAM role is not ready", cmk.attribute("arn")),
            About::Caller => {
                let whoever = "This is about the caller of this plan. If another caller applies it, only that one needs the permission.";
                return Diagnostic::warning(
                    "Who runs this plan may not pass the RAM role",
                    format!("{found}\n\n{whoever} {SWITCH_OFF}"),
                )
                .at(cmk.attribute("arn"));
            }
        };
        let once = "This holds for every Logstore of this configuration that uses it, and is reported once.";
        let diagnostic = match self.preflight {
            Preflight::Error => errors::of_plan(Diagnostic::error(
                summary,
                format!(
                    "{found}\n\n{once} Nothing was sent for them. To go on regardless, write into the provider block:\n\n  preflight = \"warn\""
                ),
            )),
            Preflight::Warn | Preflight::Off => Diagnostic::warning(summary, format!("{found}\n\n{once}")),
        };
        diagnostic.at(path)
    }

    /// One warning about the checks without a result. A missing permission concerns all keys and roles.
    fn open(&self, checks: &[Check]) -> Option<Diagnostic> {
        let topic = |check: &Check| if check.is_denied { check.name.to_owned() } else { self.topic(check) };
        let open: Vec<&Check> = checks
            .iter()
            .filter(|check| check.ok.is_none() && check.because.is_none())
            .filter(|check| self.cache.is_first(format!("open: {}", topic(check))))
            .collect();
        let mut fixes: Vec<&str> = open.iter().filter_map(|check| check.fix.as_deref()).collect();
        fixes.dedup();
        let details: Vec<String> = open.iter().map(|check| format!("- {}", check.detail)).collect();
        (!open.is_empty()).then(|| {
            Diagnostic::warning(
                "Not everything about the KMS key and the RAM role could be checked",
                format!(
                    "{}\n\nThis does not stop the run, and is reported once for all Logstores.\n\n{}\n\n{SWITCH_OFF}",
                    details.join("\n"),
                    fixes.join("\n\n")
                ),
            )
            .at(Path::of("user_cmk_info"))
        })
    }
}

/// The warning that a service did not answer. The plan needs the answer only for the checks.
fn lookup_failed(error: ReadError, cache: &ReadCache) -> Option<Diagnostic> {
    if !cache.is_first("not looked") {
        return None;
    }
    let Diagnostic { summary, detail, .. } =
        error.diagnostic("The KMS key and the RAM role were not checked");
    let consequence = "This does not stop the run, and is reported once for all Logstores.";
    let detail = format!("{detail}\n\n{consequence} {SWITCH_OFF}");
    Some(Diagnostic::warning(summary, detail).at(Path::of("user_cmk_info")))
}

/// The warnings that the Logstore's key or role cannot be used, so that logs can be neither read nor written. A read
/// that is denied causes no warning: it would come back at each run of a caller who does not need the permission.
pub(super) async fn unusable(
    resource: &LogStoreEncryption,
    bounds: &CallContext,
    id: &LogStoreId,
    conf: &EncryptConf,
) -> Vec<Diagnostic> {
    let Some(subject) =
        Subject::of_conf(&id.region, conf).filter(|_| resource.session.preflight() != Preflight::Off)
    else {
        return Vec::new();
    };
    let bounds = within_lookup_timeout(resource, bounds);
    let cache = resource.session.run_state.readiness();
    let reader =
        Reader { session: &resource.session, context: &bounds, cache: &cache, waits_for_roles: false };
    let inputs = match Box::pin(reader.read_service_inputs(&subject)).await {
        Ok(inputs) => inputs,
        Err(error) => return lookup_failed(error, &cache).into_iter().collect(),
    };
    let checks = readiness::service_checks(&subject, &inputs);
    let mut by_summary: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for (summary, found) in checks.iter().filter_map(Check::found_outage) {
        by_summary.entry(summary).or_default().push(found);
    }
    let consequence = if conf.enable {
        "it can be neither read nor written until that is repaired."
    } else {
        "encryption is switched off. Logs that were written while it was on cannot be read until that is repaired."
    };
    let warning = |(summary, found): (&'static str, Vec<String>)| {
        let detail = format!("Logstore {id}: {consequence}\n\n{}", found.join("\n\n"));
        Diagnostic::warning(summary, detail).at(Path::of("user_cmk_info"))
    };
    by_summary.into_iter().map(warning).collect()
}
