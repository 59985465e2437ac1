//! Carries out a create, a change and a destroy.

use std::time::Duration;

use super::{
    model::{EncryptionModel, Observed},
    ownership, preflight,
    private::EncryptionPrivate,
    read,
    resource::{self, LogStoreEncryption},
};
use crate::{claims::MadeAt, errors, log_store_id::LogStoreId, timeouts};
use cloud::{
    CallContext,
    error::{Error, ErrorKind},
    names::RoleName,
    ram::RoleArn,
    sls::{
        EncryptConf, LogStore,
        encryption::{
            AppliedEncryption, ApplyError, ApplyFailure, BoundLogStore, DesiredEncryption, LogStoreCalls,
            apply,
        },
    },
};
use schema::{
    Diagnostic, Diagnostics, Field,
    resource::{Context, Destroyed, Outcome, Update},
};

/// How long SLS may take to see a role that this run has created. No source has a figure; a few seconds are common, and
/// a person who lacks a permission should not wait for minutes for the error.
const NEW_ROLE_TIMEOUT: Duration = Duration::from_secs(30);

/// The pause before the configuration is sent again.
const NEW_ROLE_PAUSE: Duration = Duration::from_secs(2);

/// Configures the Logstore's encryption, or adopts the configuration it has.
pub(super) async fn create(
    resource: &LogStoreEncryption,
    context: &Context,
    planned: EncryptionModel,
) -> Outcome<LogStoreEncryption> {
    resource.session.run_state.claims.record_apply();
    let bounds =
        resource.session.bounds(context, &planned.timeouts, |limits| &limits.create, timeouts::WRITE);
    let mut private = EncryptionPrivate { made_at: now(resource), ..EncryptionPrivate::default() };
    match write(resource, &bounds, &planned, Known::Nothing).await {
        Ok((state, diagnostics)) => {
            private.store_account(&resource.session, &bounds, &state).await;
            Outcome { state: Some(state), private, diagnostics }
        }
        // Nothing exists unless an update may have been carried out. Then the state keeps the object, and the next run
        // finishes it.
        Err(WriteFailed { diagnostics, seen }) => {
            if seen.is_some() {
                private.store_account(&resource.session, &bounds, &planned).await;
            }
            Outcome { state: seen.map(|seen| with_observed(&planned, &seen)), private, diagnostics }
        }
    }
}

/// The time, which orders the objects of one Logstore.
fn now(resource: &LogStoreEncryption) -> Option<MadeAt> {
    let client = resource.session.ram().ok()?;
    MadeAt::try_from(client.clock().now().unix_timestamp_nanos() / 1_000).ok()
}

/// Switches `enable`; the permanent values are compared once more before anything is sent.
pub(super) async fn update(
    resource: &LogStoreEncryption,
    context: &Context,
    request: Update<LogStoreEncryption>,
) -> Outcome<LogStoreEncryption> {
    resource.session.run_state.claims.record_apply();
    let Update { prior, planned, private, .. } = request;
    let private = private.for_state();
    let applied = |state, diagnostics| Outcome { state: Some(state), private, diagnostics };
    if planned.encrypt_conf().is_some() && planned.encrypt_conf() == prior.encrypt_conf() {
        // Only settings of the resource itself changed.
        return applied(planned, Diagnostics::new());
    }
    let bounds =
        resource.session.bounds(context, &planned.timeouts, |limits| &limits.update, timeouts::WRITE);
    let known = Known::LogStore { create_time: prior.logstore_create_time.known().copied() };
    match write(resource, &bounds, &planned, known).await {
        Ok((state, diagnostics)) => applied(state, diagnostics),
        Err(WriteFailed { diagnostics, seen: Some(seen) }) => {
            applied(with_observed(&prior, &seen), diagnostics)
        }
        Err(WriteFailed { diagnostics, seen: None }) => applied(prior, diagnostics),
    }
}

/// Switches encryption off if that is asked for and no other object has the Logstore; half of a replacement never does.
pub(super) async fn delete(
    resource: &LogStoreEncryption,
    context: &Context,
    state: &EncryptionModel,
    private: &EncryptionPrivate,
) -> Destroyed<LogStoreEncryption> {
    resource.session.run_state.claims.record_apply();
    if private.replacement || !ownership::disables(state) {
        return Diagnostics::new().into();
    }
    let bounds = resource.session.bounds(context, &state.timeouts, |limits| &limits.delete, timeouts::WRITE);
    match try_delete(resource, &bounds, state, private).await {
        Ok(diagnostics) => diagnostics.into(),
        Err(WriteFailed { diagnostics, seen }) => {
            Destroyed { found: seen.map(|seen| with_observed(state, &seen)), diagnostics }
        }
    }
}

/// A write that failed.
struct WriteFailed {
    diagnostics: Diagnostics,
    /// The Logstore as it was last read, if it may have been changed.
    seen: Option<LogStore>,
}

impl WriteFailed {
    fn from_failure(id: &LogStoreId, failure: ApplyFailure, wanted: &DesiredEncryption) -> Self {
        let arn = wanted.conf.user_cmk_info.as_ref().map(|cmk| cmk.arn.as_str());
        let mut diagnostics = Diagnostics::new();
        diagnostics.extend(errors::of_apply(id, &failure, arn));
        WriteFailed { diagnostics, seen: failure.last_seen.filter(|_| failure.written) }
    }
}

impl From<Diagnostic> for WriteFailed {
    fn from(problem: Diagnostic) -> Self {
        WriteFailed { diagnostics: problem.into(), seen: None }
    }
}

/// What is known of the Logstore before a write.
enum Known {
    /// It is configured for the first time, and may have been created just before.
    Nothing,
    /// It was read before, with this `createTime` if the state has one.
    LogStore { create_time: Option<i64> },
}

async fn write(
    resource: &LogStoreEncryption,
    bounds: &CallContext,
    planned: &EncryptionModel,
    known: Known,
) -> Result<(EncryptionModel, Diagnostics), WriteFailed> {
    let id = resource.log_store_id(planned)?;
    if let Some(refusal) = preflight::refusal(resource, &id) {
        return Err(refusal.into());
    }
    let client = resource.session.sls(&id.region).map_err(Diagnostic::from)?;
    let conf =
        planned.encrypt_conf().ok_or_else(|| errors::unknown_at_apply(format_args!("Logstore {id}")))?;
    let run_state = &resource.session.run_state;
    let calls = resource::bind(&client, bounds, &id);
    let _lock = calls.bounded(run_state.lock(&id)).await.map_err(|error| {
        errors::of_call(
            "Cannot configure the encryption of a Logstore",
            format_args!("Logstore {id}"),
            &error,
        )
    })?;
    let base = run_state.take_cached_read(&id);
    let _writing = run_state.begin_write(&id);
    let wanted = match known {
        Known::Nothing => DesiredEncryption { conf, create_time: None, may_be_new: true },
        Known::LogStore { create_time } => DesiredEncryption { conf, create_time, may_be_new: false },
    };
    match apply_with_new_role(resource, &calls, &wanted, base).await {
        Ok(done) => {
            if let Some(cmk) = &wanted.conf.user_cmk_info {
                run_state.roles.record_user(&cmk.arn, &id.to_string());
            }
            let observed = Observed::from_log_store(&done.log_store)
                .map_err(|problem| errors::unreadable(&id, &problem))?;
            let mut state = planned.clone();
            if let Some(conf) = &observed.conf {
                state.observe(conf, observed.create_time);
            }
            let mut diagnostics = Diagnostics::new();
            diagnostics.extend(done.update_in_doubt.then(|| errors::update_in_doubt(&id)));
            Ok((state, diagnostics))
        }
        Err(failure) => Err(WriteFailed::from_failure(&id, *failure, &wanted)),
    }
}

/// Applies a configuration. SLS may not see a role yet that was created just now, or that this run has changed. If it
/// refuses such a role, the configuration is sent again for a while.
async fn apply_with_new_role(
    resource: &LogStoreEncryption,
    calls: &BoundLogStore<'_>,
    wanted: &DesiredEncryption,
    mut base: Option<LogStore>,
) -> Result<AppliedEncryption, Box<ApplyFailure>> {
    let arn = wanted.conf.user_cmk_info.as_ref().map(|cmk| cmk.arn.as_str());
    let (until, mut is_new) = (calls.now() + NEW_ROLE_TIMEOUT, None);
    loop {
        match (apply(calls, wanted, base.take()).await, arn) {
            (Err(failure), Some(arn)) if blames_role(&failure, arn) && calls.now() < until => {
                let is_new = match is_new {
                    Some(known) => known,
                    None => *is_new.insert(is_role_new(resource, &calls.context, arn).await),
                };
                if !is_new || calls.sleep(NEW_ROLE_PAUSE).await.is_err() {
                    return Err(failure);
                }
            }
            (outcome, _) => return outcome,
        }
    }
}

/// Whether this run has created or changed the role, or something else has created it just before.
async fn is_role_new(resource: &LogStoreEncryption, bounds: &CallContext, arn: &str) -> bool {
    if resource.session.run_state.roles.is_changed(arn) {
        return true;
    }
    let (Ok(client), Ok(arn)) = (resource.session.ram(), RoleArn::parse(arn)) else { return false };
    let role = client.get_role(bounds, &RoleName::from_answer(arn.role_name())).await;
    role.is_ok_and(|role| role.arn.is_same(&arn) && role.is_young(client.clock()))
}

/// Whether SLS refused a configuration because of its role: the error is a missing permission, or names the role by its
/// ARN or name. Which code SLS has for a role that it does not see is not documented.
fn blames_role(failure: &ApplyFailure, arn: &str) -> bool {
    let ApplyError::Call(error) = &failure.error else { return false };
    let names_role = || {
        let (message, arn) = (error.message().to_lowercase(), arn.to_lowercase());
        let name = arn.rsplit_once('/').map_or(&*arn, |(_, name)| name);
        message.contains(&arn) || (message.contains("role") && message.contains(name))
    };
    !failure.written
        && matches!(error.action(), "UpdateLogStore" | "UpdateLogStoreEncryption" | "UpdateMetricStore")
        && (error.kind() == ErrorKind::Denied || (error.kind() == ErrorKind::Invalid && names_role()))
}

/// A plan or a state, with what the last read of the Logstore showed.
fn with_observed(known: &EncryptionModel, seen: &LogStore) -> EncryptionModel {
    let mut state = known.clone();
    state.derive();
    match Observed::from_log_store(seen) {
        Ok(Observed { conf: Some(conf), create_time }) => state.observe(&conf, create_time),
        Ok(Observed { conf: None, .. }) => {
            state.enable = Field::Known(false);
            // The time is stored with a configuration that was seen; this one was not.
            if state.logstore_create_time.is_unknown() {
                state.logstore_create_time = Field::Null;
            }
        }
        // A null stands for not known; the next refresh sets it.
        Err(_) if state.logstore_create_time.is_unknown() => state.logstore_create_time = Field::Null,
        Err(_) => {}
    }
    state
}

async fn try_delete(
    resource: &LogStoreEncryption,
    bounds: &CallContext,
    state: &EncryptionModel,
    private: &EncryptionPrivate,
) -> Result<Diagnostics, WriteFailed> {
    let id = resource.log_store_id(state)?;
    let client = resource.session.sls(&id.region).map_err(Diagnostic::from)?;
    let run_state = &resource.session.run_state;
    let calls = resource::bind(&client, bounds, &id);
    let not_disabled = |error: &Error| {
        errors::of_call(
            "Cannot switch off the encryption of a Logstore",
            format_args!("Logstore {id}"),
            error,
        )
    };
    let _lock = calls.bounded(run_state.lock(&id)).await.map_err(|error| not_disabled(&error))?;
    if let Err(diagnostics) = ownership::may_disable(resource, &id, private) {
        return if diagnostics.has_errors() {
            Err(WriteFailed { diagnostics, seen: None })
        } else {
            Ok(diagnostics)
        };
    }
    let configured = state.logstore_create_time.known().copied();
    let log_store = match read::get(&calls, configured).await {
        Ok(log_store) => log_store,
        Err(error) if errors::is_gone(&error) => {
            private.check_account(&resource.session, bounds, &id, state).await?;
            return Ok(Diagnostics::new());
        }
        Err(error) => return Err(not_disabled(&error).into()),
    };
    let observed =
        Observed::from_log_store(&log_store).map_err(|problem| errors::unreadable(&id, &problem))?;
    if read::has_vanished(&observed, configured) {
        return Err(read::vanished(&id).into());
    }
    let Some(stored) = observed.conf else { return Ok(Diagnostics::new()) };
    if state.logstore_create_time.known().is_some_and(|known| *known != observed.create_time) {
        return Ok(not_ours(&id).into());
    }
    let _writing = run_state.begin_write(&id);
    let conf = EncryptConf { enable: false, ..stored };
    let wanted = DesiredEncryption { conf, create_time: Some(observed.create_time), may_be_new: false };
    match apply(&calls, &wanted, Some(log_store)).await {
        Ok(done) => {
            let mut diagnostics = Diagnostics::new();
            diagnostics.extend(done.update_in_doubt.then(|| errors::update_in_doubt(&id)));
            Ok(diagnostics)
        }
        // Deleted while it was being switched off: there is nothing left to switch off.
        Err(failure) => match &failure.error {
            ApplyError::Call(error) if errors::is_gone(error) => Ok(Diagnostics::new()),
            _ => Err(WriteFailed::from_failure(&id, *failure, &wanted)),
        },
    }
}

fn not_ours(id: &LogStoreId) -> Diagnostic {
    Diagnostic::warning(
        "The Logstore stays as it is",
        format!(
            "Logstore {id}: it was deleted and created again since it was configured here; the new one is not touched."
        ),
    )
}
