//! What the plan of a role means for the Logstores that are encrypted through it.
//!
//! The role of a configured Logstore is permanent. Whichever is planned second, the role or the Logstore, knows of the
//! other, so that a role of another name is an error of the plan in every order.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};

use super::{model::EncryptionModel, resource::LogStoreEncryption};
use crate::{errors, log_store_id::LogStoreId, role_registry::PlannedRemoval, timeouts};
use cloud::{
    CallContext,
    names::LogstoreName,
    sls::{ListLogStores, SlsClient, encryption::same_role_arn},
};
use schema::{Diagnostic, resource::Context};

/// Logstores asked for on one page: more than a project has by default.
const PAGE: u32 = 500;

/// Logstores read at once.
const AT_ONCE: usize = 8;

/// What a plan of the Logstore's role means for it: an error if one of another name takes the role's place, a warning
/// if the role goes otherwise.
pub(super) async fn removal(
    resource: &LogStoreEncryption,
    context: &Context,
    prior: &EncryptionModel,
    planned: &EncryptionModel,
) -> Option<Diagnostic> {
    let (roles, id) = (&resource.session.run_state.roles, resource.log_store_id(prior).ok()?);
    let may_be_replaced = prior.may_be_replaced() && planned.may_be_replaced();
    roles.record_may_be_replaced(&id.to_string(), may_be_replaced);
    let (arn, removal) = roles.removed_role_of(&id.to_string())?;
    let others = others(resource, context, prior, (&id, &arn)).await;
    Some(match removal {
        PlannedRemoval::Renamed { to } if !may_be_replaced => {
            errors::role_of_log_store_renamed(&id, &arn, &to, &others)
        }
        PlannedRemoval::Renamed { .. } | PlannedRemoval::Replaced => {
            errors::role_of_log_store_replaced(&id, &arn, &others)
        }
        PlannedRemoval::Deleted => errors::role_of_log_store_deleted(&id, &arn, &others),
    })
}

/// The error that one of another name takes the place of the role of a Logstore that is no longer managed.
pub(super) fn renamed(resource: &LogStoreEncryption, prior: &EncryptionModel) -> Option<Diagnostic> {
    let id = resource.log_store_id(prior).ok()?;
    if prior.may_be_replaced() {
        return None;
    }
    match resource.session.run_state.roles.removed_role_of(&id.to_string())? {
        (arn, PlannedRemoval::Renamed { to }) => {
            Some(errors::role_of_log_store_renamed(&id, &arn, &to, &BTreeSet::new()))
        }
        _ => None,
    }
}

/// The error that one of another name takes the place of the role of a Logstore that is to be configured, or of one
/// whose configuration is to be finished.
pub(super) fn renamed_under_new(
    resource: &LogStoreEncryption,
    planned: &EncryptionModel,
) -> Option<Diagnostic> {
    let id = resource.log_store_id(planned).ok()?;
    if let Some(arn) = planned.permanent().arn {
        resource.session.run_state.roles.record_user(arn, &id.to_string());
    }
    renamed(resource, planned)
}

/// The other Logstores of the project that are encrypted through the role; only for the first Logstore of the project
/// that is asked about.
async fn others(
    resource: &LogStoreEncryption,
    context: &Context,
    prior: &EncryptionModel,
    (id, arn): (&LogStoreId, &str),
) -> BTreeSet<String> {
    let mut users = BTreeSet::new();
    if resource.session.run_state.roles.is_first_lookup(arn, id.project.as_str())
        && let Ok(client) = resource.session.sls(&id.region)
    {
        let bounds = resource.session.bounds(context, &prior.timeouts, |limits| &limits.read, timeouts::READ);
        users = role_users(&client, &bounds, id, arn).await;
    }
    users.remove(&id.to_string());
    users
}

/// The Logstores of the project of one that are encrypted through a role. What cannot be read is left out: this is for
/// words.
async fn role_users(
    client: &SlsClient,
    bounds: &CallContext,
    of: &LogStoreId,
    arn: &str,
) -> BTreeSet<String> {
    let wanted = ListLogStores { size: Some(PAGE), ..ListLogStores::default() };
    let Ok(page) = client.list_log_stores(bounds, &of.project, &wanted).await else { return BTreeSet::new() };
    let names = page.logstores.iter().filter_map(|name| LogstoreName::parse(name).ok());
    let ids: Vec<LogStoreId> = names.map(|logstore| LogStoreId { logstore, ..of.clone() }).collect();
    let read = stream::iter(ids).map(|id| user(client, bounds, id, arn)).buffer_unordered(AT_ONCE);
    read.filter_map(|id| async { id }).collect().await
}

/// The Logstore, if it can be read and is encrypted through the role.
async fn user(client: &SlsClient, bounds: &CallContext, id: LogStoreId, arn: &str) -> Option<String> {
    let log_store = client.get_log_or_metric_store(bounds, &id.project, &id.logstore, None).await.ok()?;
    let cmk = log_store.encrypt_conf().ok()??.user_cmk_info?;
    same_role_arn(&cmk.arn, arn).then(|| id.to_string())
}
