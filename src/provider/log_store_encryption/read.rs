//! Refreshes the state from the Logstore.

use std::time::Duration;

use super::{
    model::{EncryptionModel, Observed},
    preflight,
    private::EncryptionPrivate,
    resource::{self, LogStoreEncryption},
};
use crate::{errors, log_store_id::LogStoreId, timeouts};
use cloud::{
    error::Error,
    sls::{
        EncryptConf, LogStore,
        encryption::{BoundLogStore, LogStoreCalls},
    },
};
use schema::{
    Diagnostic, Diagnostics,
    resource::{Context, Outcome, Stored},
};

/// The pauses before another read after an answer that cannot be true. It is not documented how long reads may lag.
const UNBELIEVED_PAUSES: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// Reads the Logstore. Only the service's own word that the Logstore or its project does not exist, or that
/// encryption was never configured, removes the resource from the state.
pub(super) async fn read(
    resource: &LogStoreEncryption,
    context: &Context,
    stored: Stored<LogStoreEncryption>,
) -> Outcome<LogStoreEncryption> {
    let (state, mut private) = (stored.state, stored.private.for_state());
    match try_read(resource, context, &state, &mut private).await {
        Ok(Found::Configured(new_state, diagnostics)) => {
            Outcome { state: Some(*new_state), private, diagnostics }
        }
        Ok(Found::Gone(diagnostics)) => Outcome { state: None, private, diagnostics },
        Err(problem) => Outcome { state: Some(state), private, diagnostics: problem.into() },
    }
}

/// The result of a read.
enum Found {
    Configured(Box<EncryptionModel>, Diagnostics),
    Gone(Diagnostics),
}

async fn try_read(
    resource: &LogStoreEncryption,
    context: &Context,
    state: &EncryptionModel,
    private: &mut EncryptionPrivate,
) -> Result<Found, Diagnostic> {
    let id = resource.log_store_id(state)?;
    let client = resource.session.sls(&id.region)?;
    let bounds = resource.session.bounds(context, &state.timeouts, |limits| &limits.read, timeouts::READ);
    // An import knows the names only.
    let importing = state.enable.is_null();
    let known_create_time = state.logstore_create_time.known().copied();
    let log_store = match get(&resource::bind(&client, &bounds, &id), known_create_time).await {
        Ok(log_store) => log_store,
        Err(error) if errors::is_gone(&error) && !importing => {
            private.check_account(&resource.session, &bounds, &id, state).await?;
            return Ok(Found::Gone(gone(&id, error.message())));
        }
        Err(error) => {
            return Err(errors::of_call("Cannot read a Logstore", format_args!("Logstore {id}"), &error));
        }
    };
    let observed =
        Observed::from_log_store(&log_store).map_err(|problem| errors::unreadable(&id, &problem))?;
    let rebuilt = known_create_time.is_some_and(|known| known != observed.create_time);
    let Some(conf) = &observed.conf else {
        return if importing {
            Err(nothing_to_import(&id))
        } else if has_vanished(&observed, known_create_time) {
            Err(vanished(&id))
        } else {
            Ok(Found::Gone(never_configured(&id, rebuilt)))
        };
    };
    if let Some(cmk) = &conf.user_cmk_info {
        resource.session.run_state.roles.record_user(&cmk.arn, &id.to_string());
    }
    let unusable = preflight::unusable(resource, &bounds, &id, conf).await;
    let new_state = new_state(state, &id, conf, observed.create_time);
    private.store_account(&resource.session, &bounds, &new_state).await;
    let mut diagnostics = Diagnostics::new();
    if rebuilt {
        diagnostics.push(created_anew(&id));
    }
    diagnostics.extend(unusable);
    Ok(Found::Configured(Box::new(new_state), diagnostics))
}

/// The state of a Logstore that has this configuration; what is left of the state are spellings and what only the
/// configuration of Terraform says.
pub(super) fn new_state(
    state: &EncryptionModel,
    id: &LogStoreId,
    conf: &EncryptConf,
    create_time: i64,
) -> EncryptionModel {
    let mut new_state = state.clone();
    new_state.region = id.region.as_str().into();
    new_state.observe(conf, create_time);
    new_state.complete_import();
    new_state
}

/// Reads the Logstore. A configuration cannot be removed from a Logstore, so an answer that shows none contradicts a
/// state that knows one of the same Logstore: it comes from a part of the service that lags. Such an answer is not
/// believed at once.
///
/// # Errors
///
/// That of the last read.
pub(super) async fn get(
    calls: &BoundLogStore<'_>,
    configured_create_time: Option<i64>,
) -> Result<LogStore, Error> {
    for pause in UNBELIEVED_PAUSES {
        let log_store = calls.get(None).await?;
        let observed = Observed::from_log_store(&log_store);
        if !observed.is_ok_and(|observed| has_vanished(&observed, configured_create_time)) {
            return Ok(log_store);
        }
        calls.sleep(pause).await?;
    }
    calls.get(None).await
}

/// True if the Logstore is the one that was configured and shows no configuration.
pub(super) fn has_vanished(observed: &Observed, configured_create_time: Option<i64>) -> bool {
    observed.conf.is_none() && configured_create_time == Some(observed.create_time)
}

/// The error that a configuration is not shown, although it cannot have been removed.
pub(super) fn vanished(id: &LogStoreId) -> Diagnostic {
    Diagnostic::error(
        "An encryption configuration is no longer shown",
        format!(
            "Logstore {id}: several reads show no encryption configuration. The state has one, the Logstore is the same (its createTime has not changed), and a configuration cannot be removed from a Logstore. So the answers are out of date, or the service has lost it. The state was kept, and nothing was sent.\n\nRun again. If it keeps happening, ask the service's support. To configure the Logstore again, take the resource out of the state, which sends nothing, and apply:\n\n  terraform state rm ADDRESS"
        ),
    )
}

fn gone(id: &LogStoreId, message: &str) -> Diagnostics {
    Diagnostic::warning(
        "A Logstore does not exist any more",
        format!(
            "Logstore {id}: SLS in {} says: {}. The resource leaves the state. It can be created again once the Logstore exists again.",
            id.region,
            message.trim_end_matches('.')
        ),
    )
    .into()
}

fn never_configured(id: &LogStoreId, rebuilt: bool) -> Diagnostics {
    let why = if rebuilt {
        "it was deleted and created again; the new one has never been encrypted."
    } else {
        "it has no encryption configuration."
    };
    Diagnostic::warning(
        "A Logstore is not encrypted",
        format!("Logstore {id}: {why} New logs are stored in clear until the resource is applied again."),
    )
    .into()
}

fn created_anew(id: &LogStoreId) -> Diagnostic {
    Diagnostic::warning(
        "A Logstore was deleted and created again",
        format!(
            "Logstore {id}: it was deleted and created again since it was last read, and has an encryption configuration. The state now describes the new one."
        ),
    )
}

fn nothing_to_import(id: &LogStoreId) -> Diagnostic {
    Diagnostic::error(
        "There is no encryption configuration to import",
        format!(
            "Logstore {id}: it has no encryption configuration. Do not import it: write the resource and apply, which configures it."
        ),
    )
}
