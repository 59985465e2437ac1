//! The Logstores of a project that are encrypted through a role, as far as they can be read.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, stream};

use crate::{
    cloud::{
        CallContext,
        names::{LogstoreName, ProjectName},
        sls::{ListLogStores, SlsClient, encryption::same_role_arn},
    },
    provider::log_store_id::LogStoreId,
};

/// Logstores asked for on one page: more than a project has by default.
const PAGE: u32 = 500;

/// Logstores read at once.
const AT_ONCE: usize = 8;

/// The Logstores of a project that are encrypted through a role. What cannot be read is left out: this is for a
/// warning.
pub(super) async fn role_users(
    client: &SlsClient,
    bounds: &CallContext,
    project: &ProjectName,
    arn: &str,
) -> BTreeSet<String> {
    let wanted = ListLogStores { size: Some(PAGE), ..ListLogStores::default() };
    let Ok(page) = client.list_log_stores(bounds, project, &wanted).await else { return BTreeSet::new() };
    let names = page.logstores.iter().filter_map(|name| LogstoreName::parse(name).ok());
    let ids: Vec<LogStoreId> =
        names.map(|logstore| LogStoreId { project: project.clone(), logstore }).collect();
    let read = stream::iter(ids).map(|id| user(client, bounds, id, arn)).buffer_unordered(AT_ONCE);
    read.filter_map(|id| async { id }).collect().await
}

/// The Logstore, if it can be read and is encrypted through the role.
async fn user(client: &SlsClient, bounds: &CallContext, id: LogStoreId, arn: &str) -> Option<String> {
    let log_store = client.get_log_store(bounds, &id.project, &id.logstore).await.ok()?;
    let cmk = log_store.encrypt_conf().ok()??.user_cmk_info?;
    same_role_arn(&cmk.arn, arn).then(|| id.to_string())
}
