//! Which Logstores and metric stores a project has.

use std::collections::BTreeMap;

use crate::errors;
use cloud::{
    CallContext,
    error::Error,
    names::ProjectName,
    sls::{ListLogStores, ListMetricStores, SlsClient, TelemetryType},
};

/// Which stores of a project are listed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'a> {
    /// What they hold; `None` for both.
    pub(super) telemetry_type: Option<TelemetryType>,
    /// A part of their names; `None` for all.
    pub(super) name_part: Option<&'a str>,
}

/// The stores that a project holds.
#[derive(Debug, Default)]
pub(super) struct ProjectStores {
    /// Their names, in order, each with the kind of actions that the store is addressed with.
    pub(super) found: BTreeMap<String, TelemetryType>,
    /// The errors of the lists that could not be read.
    pub(super) failed: Vec<Error>,
}

/// Lists the stores of a project. Metric stores are listed apart: no page says whether `ListLogStores` has them. One
/// that is in both lists is a metric store.
///
/// # Errors
///
/// The project does not exist, and only that.
pub(super) async fn list(
    client: &SlsClient,
    bounds: &CallContext,
    project: &ProjectName,
    wanted: Wanted<'_>,
) -> Result<ProjectStores, Error> {
    let (telemetry_type, name) = (wanted.telemetry_type, wanted.name_part.map(str::to_owned));
    let mut stores = ProjectStores::default();
    for kind in [TelemetryType::Logs, TelemetryType::Metrics] {
        if telemetry_type.is_some_and(|wanted| wanted != kind) {
            continue;
        }
        let names = match kind {
            TelemetryType::Logs => {
                let list =
                    ListLogStores { logstore_name: name.clone(), telemetry_type, ..ListLogStores::default() };
                client.all_log_stores(bounds, project, &list).await
            }
            TelemetryType::Metrics => {
                let list = ListMetricStores { name: name.clone(), ..ListMetricStores::default() };
                client.all_metric_stores(bounds, project, &list).await
            }
        };
        match names {
            Ok(names) => stores.found.extend(names.into_iter().map(|name| (name, kind))),
            Err(error) if errors::is_project_gone(&error) => return Err(error),
            Err(error) => stores.failed.push(error),
        }
    }
    Ok(stores)
}
