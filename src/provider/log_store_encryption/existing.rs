//! The Logstore that a planned create finds.

use super::{
    model::{EncryptionModel, Observed},
    resource::{self, LogStoreEncryption},
};
use crate::{errors, log_store_id::LogStoreId, timeouts};
use cloud::{
    error::Error,
    sls::{
        EncryptionApi, TelemetryType,
        encryption::{LogStoreCalls, conflicts},
    },
};
use schema::{Diagnostic, Diagnostics, Path, resource::Context};

/// The configuration that a create finds, as far as the plan can read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The Logstore has the planned configuration: nothing is sent.
    Same,
    /// It has the planned configuration, but disabled.
    Disabled,
    /// It has the planned configuration, and the plan disables it.
    Enabled,
    /// It has no configuration, as far as it can be read.
    Nothing,
    /// A part of the plan is not known yet, or the Logstore may be replaced as well.
    Open,
}

impl Found {
    /// Whether the service uses the key when the plan is applied: only then the key has to be ready.
    pub(super) fn needs_key(self) -> bool {
        !matches!(self, Found::Same | Found::Enabled)
    }
}

/// Compares a plan with the present Logstore, if it can be read.
pub(super) async fn look(
    resource: &LogStoreEncryption,
    context: &Context,
    planned: &EncryptionModel,
) -> (Diagnostics, Found) {
    let Some(Ok(id)) = resource.known_log_store_id(planned) else {
        return (Diagnostics::new(), Found::Nothing);
    };
    let Ok(client) = resource.session.sls(&id.region) else { return (Diagnostics::new(), Found::Open) };
    let bounds = resource.session.bounds(context, &planned.timeouts, |limits| &limits.read, timeouts::READ);
    let run_state = &resource.session.run_state;
    let writes = run_state.write_count(&id);
    match resource::bind(&client, &bounds, &id).get(None).await {
        Ok(log_store) => match Observed::from_log_store(&log_store) {
            Ok(observed) => {
                let is_metric_store = log_store.read_as() == TelemetryType::Metrics;
                run_state.cache_read(&id, log_store, writes);
                let (diagnostics, found) = compare(&id, planned, &observed);
                let needs_update = matches!(found, Found::Disabled | Found::Enabled | Found::Nothing);
                let dedicated = client.encryption_api() == EncryptionApi::UpdateLogStoreEncryption;
                if is_metric_store && needs_update && dedicated {
                    return (errors::of_plan(errors::metric_store(&id)).into(), Found::Open);
                }
                (diagnostics, found)
            }
            Err(problem) => (errors::unreadable(&id, &problem).into(), Found::Open),
        },
        // The Logstore may be created in the same apply.
        Err(error) if errors::is_gone(&error) => (not_there(&id, &error).into(), Found::Nothing),
        Err(error) => (cannot_look(&id, &error).into(), Found::Nothing),
    }
}

/// A Logstore that cannot be read at plan is checked at apply, unless no call can succeed at all.
fn cannot_look(id: &LogStoreId, error: &Error) -> Diagnostic {
    let summary = "Cannot read a Logstore";
    if errors::stops_plan(error) {
        return errors::of_call(summary, format_args!("Logstore {id}"), error);
    }
    errors::warning_of_call(
        summary,
        format_args!("Logstore {id}"),
        error,
        "The apply checks whether the Logstore already has another encryption configuration, before it sends anything.",
    )
}

/// Compares the present configuration of a Logstore with the planned one.
fn compare(id: &LogStoreId, planned: &EncryptionModel, observed: &Observed) -> (Diagnostics, Found) {
    let Some(stored) = &observed.conf else { return (Diagnostics::new(), Found::Nothing) };
    let conflicts = conflicts(&stored.into(), &planned.permanent());
    if !conflicts.is_empty() {
        let conflicts =
            conflicts.iter().map(|conflict| errors::of_plan(errors::existing_conflict(id, stored, conflict)));
        return (conflicts.collect(), Found::Open);
    }
    let Some(wanted) = planned.encrypt_conf() else { return (Diagnostics::new(), Found::Open) };
    let (found, consequence) = match (stored.enable, wanted.enable) {
        // `warnings::switches_off` says more.
        (true, false) => return (Diagnostics::new(), Found::Enabled),
        (false, true) => (
            Found::Disabled,
            "Only enable differs from the configured one: encryption is switched on, nothing else is changed.",
        ),
        _ => (Found::Same, "It is the configured one, so the Logstore is adopted as it is: nothing is sent."),
    };
    let warning = Diagnostic::warning(
        "A Logstore already has an encryption configuration",
        format!("Logstore {id}: it has {}. {consequence}", errors::describe(stored)),
    );
    (warning.into(), found)
}

/// The Logstore is not there, or is to be created in the same apply.
fn not_there(id: &LogStoreId, error: &Error) -> Diagnostic {
    let region = if errors::is_project_gone(error) {
        format!(
            " A project is only found in its own region. The provider asked SLS in {}. If the project is in another region, set region on the resource.",
            id.region
        )
    } else {
        String::new()
    };
    Diagnostic::warning(
        "A Logstore does not exist yet",
        format!(
            "Logstore {id}: SLS says: {}.{region} This resource never creates a Logstore. If nothing creates it before this resource is applied, the apply fails.",
            error.message().trim_end_matches('.')
        ),
    )
    .at(Path::of("logstore_name"))
}
