//! The operations of the service that are emulated: one table.

use super::context::{Outcome, Request};
use super::data::DataOperation;
use super::model::Model;
use super::{index, logstore, metricstore, project, shards, tags};

/// An operation of the service.
#[derive(Debug)]
pub struct Operation {
    /// The action's name in the service's API reference.
    pub name: &'static str,
    /// The name the action has in policies.
    pub permission: &'static str,
    /// Methods and paths. What a path has after `?` is what the query must have; with nothing after the `=`, the
    /// query must not have it.
    pub routes: &'static [&'static str],
    /// Whether the host names a project.
    pub project: ProjectInHost,
    /// The member of the body that names what the operation creates.
    pub creates: Option<&'static str>,
    /// Whether the operation looks up the role and key that an encryption configuration refers to.
    pub refers: bool,
    /// Whether a description in JSON comes with the operation.
    pub takes_body: bool,
    /// What the operation does.
    pub run: Run,
}

/// Whether the host of a call names a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectInHost {
    /// It does.
    Named,
    /// It does not.
    Absent,
    /// It may.
    Optional,
}

/// What an operation does.
#[derive(Debug)]
pub enum Run {
    /// Reads the model.
    Read(fn(&Model, &Request<'_>) -> Outcome),
    /// Changes the model.
    Write(fn(&mut Model, &Request<'_>) -> Outcome),
    /// Reads or writes the logs in a Logstore.
    Data(DataOperation),
}

/// Every operation.
pub const OPERATIONS: &[Operation] = &[
    write("CreateProject", &["POST /"], project::create).host(ProjectInHost::Optional).creates("projectName"),
    read("ListProject", &["GET /"], project::list).host(ProjectInHost::Absent),
    read("GetProject", &["GET /"], project::get),
    write("UpdateProject", &["PUT /"], project::update),
    write("DeleteProject", &["DELETE /"], project::delete).without_body(),
    read("GetProjectPolicy", &["GET /policy"], project::get_policy),
    write("PutProjectPolicy", &["POST /policy"], project::put_policy),
    write("DeleteProjectPolicy", &["DELETE /policy"], project::delete_policy).without_body(),
    write("ChangeResourceGroup", &["PUT /resourcegroup"], project::change_resource_group)
        .host(ProjectInHost::Optional),
    read("ListTagResources", &["GET /tags"], tags::list).host(ProjectInHost::Optional),
    write("TagResources", &["POST /tag"], tags::add).host(ProjectInHost::Optional),
    write("UntagResources", &["POST /untag"], tags::remove).host(ProjectInHost::Optional),
    write("CreateLogStore", &["POST /logstores"], logstore::create).creates("logstoreName").refers(),
    read("GetLogStore", &["GET /logstores/{name}?type="], logstore::get),
    write("UpdateLogStore", &["PUT /logstores/{name}"], logstore::update).refers(),
    write("DeleteLogStore", &["DELETE /logstores/{name}"], logstore::delete).without_body(),
    read("ListLogStores", &["GET /logstores"], logstore::list),
    read("GetLogStoreMeteringMode", &["GET /logstores/{name}/meteringmode"], logstore::get_metering_mode),
    write(
        "UpdateLogStoreMeteringMode",
        &["PUT /logstores/{name}/meteringmode"],
        logstore::update_metering_mode,
    ),
    write("UpdateLogStoreEncryption", &["PUT /logstores/{name}/encryption"], logstore::update_encryption)
        .refers(),
    write("CreateMetricStore", &["POST /metricstores"], metricstore::create).creates("name").refers(),
    read("GetMetricStore", &["GET /metricstores/{name}"], metricstore::get),
    write("UpdateMetricStore", &["PUT /metricstores/{name}"], metricstore::update).refers(),
    write("DeleteMetricStore", &["DELETE /metricstores/{name}"], metricstore::delete).without_body(),
    read("ListMetricStores", &["GET /metricstores"], metricstore::list),
    read(
        "GetMetricStoreMeteringMode",
        &["GET /metricstores/{name}/meteringmode"],
        metricstore::get_metering_mode,
    ),
    write(
        "UpdateMetricStoreMeteringMode",
        &["PUT /metricstores/{name}/meteringmode"],
        metricstore::update_metering_mode,
    ),
    write("CreateIndex", &["POST /logstores/{name}/index"], index::create),
    read("GetIndex", &["GET /logstores/{name}/index"], index::get),
    write("UpdateIndex", &["PUT /logstores/{name}/index"], index::update),
    write("DeleteIndex", &["DELETE /logstores/{name}/index"], index::delete).without_body(),
    read("ListShards", &["GET /logstores/{name}/shards"], shards::list),
    write("SplitShard", &["POST /logstores/{name}/shards/{shard}?action=split"], shards::split)
        .without_body(),
    write("MergeShards", &["POST /logstores/{name}/shards/{shard}?action=merge"], shards::merge)
        .without_body(),
    data(
        "PutLogs",
        &[
            "POST /logstores/{name}/shards/lb",
            "POST /logstores/{name}/shards/route",
            "POST /logstores/{name}",
        ],
        DataOperation::PutLogs,
    )
    .permitted_as("PostLogStoreLogs"),
    data("GetCursor", &["GET /logstores/{name}/shards/{shard}?type=cursor"], DataOperation::GetCursor)
        .permitted_as("GetCursorOrData"),
    data(
        "GetCursorTime",
        &["GET /logstores/{name}/shards/{shard}?type=cursor_time"],
        DataOperation::GetCursorTime,
    )
    .permitted_as("GetCursorOrData"),
    // The documentation has `type=logs`, clients send `log`.
    data(
        "PullLogs",
        &[
            "GET /logstores/{name}/shards/{shard}?type=log",
            "GET /logstores/{name}/shards/{shard}?type=logs",
            "HEAD /logstores/{name}/shards/{shard}?type=log",
            "HEAD /logstores/{name}/shards/{shard}?type=logs",
        ],
        DataOperation::PullLogs,
    )
    .permitted_as("GetCursorOrData"),
    data("GetLogs", &["GET /logstores/{name}?type=log"], DataOperation::GetLogs)
        .permitted_as("GetLogStoreLogs"),
    data("GetLogsV2", &["POST /logstores/{name}/logs"], DataOperation::GetLogsV2)
        .permitted_as("GetLogStoreLogs"),
];

impl Operation {
    /// Whether the operation changes nothing.
    pub fn is_read(&self) -> bool {
        match &self.run {
            Run::Read(_) => true,
            Run::Write(_) => false,
            Run::Data(data) => *data != DataOperation::PutLogs,
        }
    }

    /// Whether the operation reads what has earlier versions, or looks up the role and key that an encryption
    /// configuration refers to.
    pub fn looks_up(&self) -> bool {
        self.refers || matches!(self.run, Run::Read(_))
    }

    /// The `Content-Type` of the operation's body.
    pub fn content_type(&self) -> &'static str {
        match self.run {
            Run::Data(DataOperation::PutLogs) => "application/x-protobuf",
            _ => "application/json",
        }
    }

    /// What the first part of the path names: nothing, `logstores` or `metricstores`.
    pub fn collection(&self) -> &'static str {
        self.routes.first().and_then(|route| route.split('/').nth(1)).unwrap_or_default()
    }

    const fn new(name: &'static str, routes: &'static [&'static str], takes_body: bool, run: Run) -> Self {
        let (permission, project) = (name, ProjectInHost::Named);
        Self { name, permission, routes, project, creates: None, refers: false, takes_body, run }
    }

    const fn host(mut self, project: ProjectInHost) -> Self {
        self.project = project;
        self
    }

    const fn creates(mut self, member: &'static str) -> Self {
        self.creates = Some(member);
        self
    }

    const fn refers(mut self) -> Self {
        self.refers = true;
        self
    }

    const fn without_body(mut self) -> Self {
        self.takes_body = false;
        self
    }

    const fn permitted_as(mut self, permission: &'static str) -> Self {
        self.permission = permission;
        self
    }
}

const fn read(
    name: &'static str,
    routes: &'static [&'static str],
    run: fn(&Model, &Request<'_>) -> Outcome,
) -> Operation {
    Operation::new(name, routes, false, Run::Read(run))
}

const fn write(
    name: &'static str,
    routes: &'static [&'static str],
    run: fn(&mut Model, &Request<'_>) -> Outcome,
) -> Operation {
    Operation::new(name, routes, true, Run::Write(run))
}

const fn data(name: &'static str, routes: &'static [&'static str], operation: DataOperation) -> Operation {
    Operation::new(name, routes, false, Run::Data(operation))
}
