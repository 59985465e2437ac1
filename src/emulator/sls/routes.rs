//! Which operation a method and a path mean.

use super::error::Error;
use super::names::is_logstore_name;
use crate::emulator::http::Call;
use crate::emulator::target::segments;

/// The operations of the service that are emulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `POST /`
    CreateProject,
    /// `GET /` with a project in the host
    GetProject,
    /// `GET /` on the bare endpoint
    ListProject,
    /// `PUT /`
    UpdateProject,
    /// `DELETE /`
    DeleteProject,
    /// `POST /logstores`
    CreateLogStore,
    /// `GET /logstores/{logstore}`
    GetLogStore,
    /// `PUT /logstores/{logstore}`
    UpdateLogStore,
    /// `DELETE /logstores/{logstore}`
    DeleteLogStore,
    /// `GET /logstores`
    ListLogStores,
    /// `GET /logstores/{logstore}/meteringmode`
    GetLogStoreMeteringMode,
    /// `PUT /logstores/{logstore}/meteringmode`
    UpdateLogStoreMeteringMode,
    /// `PUT /logstores/{logstore}/encryption`
    UpdateLogStoreEncryption,
    /// `POST /metricstores`
    CreateMetricStore,
    /// `GET /metricstores/{metricstore}`
    GetMetricStore,
    /// `PUT /metricstores/{metricstore}`
    UpdateMetricStore,
    /// `DELETE /metricstores/{metricstore}`
    DeleteMetricStore,
    /// `GET /metricstores`
    ListMetricStores,
    /// `GET /logstores/{logstore}/shards`
    ListShards,
    /// `POST /logstores/{logstore}/shards/{shard}?action=split`
    SplitShard,
    /// `POST /logstores/{logstore}/shards/{shard}?action=merge`
    MergeShards,
    /// `POST /logstores/{logstore}/shards/lb`, `…/shards/route?key=`, and `POST /logstores/{logstore}`
    PutLogs,
    /// `GET /logstores/{logstore}/shards/{shard}?type=cursor`
    GetCursor,
    /// `GET /logstores/{logstore}/shards/{shard}?type=cursor_time`
    GetCursorTime,
    /// `GET` or `HEAD /logstores/{logstore}/shards/{shard}?type=log`
    PullLogs,
    /// `GET /logstores/{logstore}?type=log`
    GetLogs,
    /// `POST /logstores/{logstore}/logs`
    GetLogsV2,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 27] = [
        Self::CreateProject,
        Self::GetProject,
        Self::ListProject,
        Self::UpdateProject,
        Self::DeleteProject,
        Self::CreateLogStore,
        Self::GetLogStore,
        Self::UpdateLogStore,
        Self::DeleteLogStore,
        Self::ListLogStores,
        Self::GetLogStoreMeteringMode,
        Self::UpdateLogStoreMeteringMode,
        Self::UpdateLogStoreEncryption,
        Self::CreateMetricStore,
        Self::GetMetricStore,
        Self::UpdateMetricStore,
        Self::DeleteMetricStore,
        Self::ListMetricStores,
        Self::ListShards,
        Self::SplitShard,
        Self::MergeShards,
        Self::PutLogs,
        Self::GetCursor,
        Self::GetCursorTime,
        Self::PullLogs,
        Self::GetLogs,
        Self::GetLogsV2,
    ];

    /// The action's name in the service's API reference.
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateProject => "CreateProject",
            Self::GetProject => "GetProject",
            Self::ListProject => "ListProject",
            Self::UpdateProject => "UpdateProject",
            Self::DeleteProject => "DeleteProject",
            Self::CreateLogStore => "CreateLogStore",
            Self::GetLogStore => "GetLogStore",
            Self::UpdateLogStore => "UpdateLogStore",
            Self::DeleteLogStore => "DeleteLogStore",
            Self::ListLogStores => "ListLogStores",
            Self::GetLogStoreMeteringMode => "GetLogStoreMeteringMode",
            Self::UpdateLogStoreMeteringMode => "UpdateLogStoreMeteringMode",
            Self::UpdateLogStoreEncryption => "UpdateLogStoreEncryption",
            Self::CreateMetricStore => "CreateMetricStore",
            Self::GetMetricStore => "GetMetricStore",
            Self::UpdateMetricStore => "UpdateMetricStore",
            Self::DeleteMetricStore => "DeleteMetricStore",
            Self::ListMetricStores => "ListMetricStores",
            Self::ListShards => "ListShards",
            Self::SplitShard => "SplitShard",
            Self::MergeShards => "MergeShards",
            Self::PutLogs => "PutLogs",
            Self::GetCursor => "GetCursor",
            Self::GetCursorTime => "GetCursorTime",
            Self::PullLogs => "PullLogs",
            Self::GetLogs => "GetLogs",
            Self::GetLogsV2 => "GetLogsV2",
        }
    }

    /// Whether the operation leaves everything as it is.
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::GetProject
                | Self::ListProject
                | Self::GetLogStore
                | Self::ListLogStores
                | Self::GetLogStoreMeteringMode
                | Self::GetMetricStore
                | Self::ListMetricStores
                | Self::ListShards
                | Self::GetCursor
                | Self::GetCursorTime
                | Self::PullLogs
                | Self::GetLogs
                | Self::GetLogsV2
        )
    }

    /// Whether the operation is about the logs in a Logstore.
    pub fn is_data_plane(self) -> bool {
        matches!(
            self,
            Self::PutLogs
                | Self::GetCursor
                | Self::GetCursorTime
                | Self::PullLogs
                | Self::GetLogs
                | Self::GetLogsV2
        )
    }

    /// Whether the operation reads what has earlier versions, or looks up the role and key that an encryption
    /// configuration refers to.
    pub fn looks_up(self) -> bool {
        let refers = [
            Self::CreateLogStore,
            Self::UpdateLogStore,
            Self::UpdateLogStoreEncryption,
            Self::CreateMetricStore,
            Self::UpdateMetricStore,
        ];
        (self.is_read() && !self.is_data_plane()) || refers.contains(&self)
    }

    /// Whether a description in JSON comes with the operation.
    pub fn takes_body(self) -> bool {
        let has_none = matches!(
            self,
            Self::DeleteProject
                | Self::DeleteLogStore
                | Self::DeleteMetricStore
                | Self::SplitShard
                | Self::MergeShards
        );
        !(self.is_read() || self.is_data_plane() || has_none)
    }

    /// The `Content-Type` of the operation's body.
    pub fn content_type(self) -> &'static str {
        if self == Self::PutLogs { "application/x-protobuf" } else { "application/json" }
    }
}

/// An operation and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The operation.
    pub operation: Operation,
    /// The project in the host.
    pub project: Option<String>,
    /// The Logstore or metric store in the path.
    pub logstore: Option<String>,
    /// The shard in the path.
    pub shard: Option<u32>,
}

/// Finds the operation a call asks for.
///
/// # Errors
///
/// `InvalidMethod` for a malformed Logstore name in the path, as the service has it, and for a method
/// the path does not take; `NotSupported` for everything that is not emulated; `ParameterInvalid`
/// when the host names no project and the operation needs one.
pub fn route(call: &Call) -> Result<Route, Error> {
    let project = call.endpoint().project;
    let segments = segments(&call.path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = call.method.as_str();

    let kind = |parameter: &str| call.query.get(parameter).unwrap_or_default();
    let mut shard = None;
    let (operation, logstore) = match segments.as_slice() {
        [] => (at_root(method, project.is_some()), None),
        ["logstores"] => (at_logstores(method), None),
        ["metricstores"] => (at_metricstores(method), None),
        ["logstores" | "metricstores", name, ..] if !is_logstore_name(name) => (None, None),
        ["metricstores", name] => (at_metricstore(method), Some(*name)),
        ["logstores", logstore] => match (method, kind("type")) {
            ("GET", "log") => (Some(Operation::GetLogs), Some(*logstore)),
            ("GET", "") | ("PUT" | "DELETE" | "POST", _) => (at_logstore(method), Some(*logstore)),
            ("GET", _) => return Err(Error::not_emulated(method, &call.path)),
            _ => (None, None),
        },
        ["logstores", logstore, "logs"] => (at_logs(method), Some(*logstore)),
        ["logstores", logstore, "shards"] => (at_shards(method), Some(*logstore)),
        ["logstores", logstore, "shards", "lb" | "route"] => (at_any_shard(method), Some(*logstore)),
        ["logstores", logstore, "shards", id] => {
            shard =
                Some(id.parse().map_err(|_| Error::parameter_invalid(format!("Invalid shard id {id}.")))?);
            (at_shard(method, kind("type"), kind("action")), Some(*logstore))
        }
        ["logstores", logstore, "meteringmode"] => (at_metering_mode(method), Some(*logstore)),
        ["logstores", logstore, "encryption"] => (at_encryption(method), Some(*logstore)),
        _ => return Err(Error::not_emulated(method, &call.path)),
    };
    let operation = operation.ok_or_else(|| Error::invalid_method(&call.path))?;
    if project.is_none() && !matches!(operation, Operation::ListProject | Operation::CreateProject) {
        return Err(Error::parameter_invalid(format!("The host {} does not name a project.", call.host)));
    }
    Ok(Route { operation, project, logstore: logstore.map(str::to_owned), shard })
}

fn at_root(method: &str, has_project: bool) -> Option<Operation> {
    match method {
        "GET" if has_project => Some(Operation::GetProject),
        "GET" => Some(Operation::ListProject),
        "POST" => Some(Operation::CreateProject),
        "PUT" => Some(Operation::UpdateProject),
        "DELETE" => Some(Operation::DeleteProject),
        _ => None,
    }
}

fn at_logstores(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::ListLogStores),
        "POST" => Some(Operation::CreateLogStore),
        _ => None,
    }
}

fn at_logstore(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::GetLogStore),
        "PUT" => Some(Operation::UpdateLogStore),
        "DELETE" => Some(Operation::DeleteLogStore),
        "POST" => Some(Operation::PutLogs),
        _ => None,
    }
}

fn at_metricstores(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::ListMetricStores),
        "POST" => Some(Operation::CreateMetricStore),
        _ => None,
    }
}

fn at_metricstore(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::GetMetricStore),
        "PUT" => Some(Operation::UpdateMetricStore),
        "DELETE" => Some(Operation::DeleteMetricStore),
        _ => None,
    }
}

fn at_logs(method: &str) -> Option<Operation> {
    (method == "POST").then_some(Operation::GetLogsV2)
}

fn at_shards(method: &str) -> Option<Operation> {
    (method == "GET").then_some(Operation::ListShards)
}

fn at_any_shard(method: &str) -> Option<Operation> {
    (method == "POST").then_some(Operation::PutLogs)
}

/// At a shard the query says what is wanted. The documentation has `type=logs` where everyone sends `log`.
fn at_shard(method: &str, kind: &str, action: &str) -> Option<Operation> {
    match (method, kind, action) {
        ("GET", "cursor", _) => Some(Operation::GetCursor),
        ("GET", "cursor_time", _) => Some(Operation::GetCursorTime),
        ("GET" | "HEAD", "log" | "logs", _) => Some(Operation::PullLogs),
        ("POST", _, "split") => Some(Operation::SplitShard),
        ("POST", _, "merge") => Some(Operation::MergeShards),
        _ => None,
    }
}

fn at_metering_mode(method: &str) -> Option<Operation> {
    match method {
        "GET" => Some(Operation::GetLogStoreMeteringMode),
        "PUT" => Some(Operation::UpdateLogStoreMeteringMode),
        _ => None,
    }
}

fn at_encryption(method: &str) -> Option<Operation> {
    (method == "PUT").then_some(Operation::UpdateLogStoreEncryption)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use hyper::Request;

    fn routed(method: &str, host: &str, target: &str) -> Result<Route, Error> {
        let request = Request::builder().method(method).uri(target).header("Host", host).body(()).unwrap();
        route(&Call::new(&request.into_parts().0, Bytes::new()))
    }

    #[track_caller]
    fn check(method: &str, host: &str, target: &str, expected: Operation) {
        assert_eq!(routed(method, host, target).map(|route| route.operation), Ok(expected));
    }

    #[track_caller]
    fn refused(method: &str, target: &str, status: u16, code: &str) {
        let error = routed(method, "proj.localhost", target).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (status, code));
    }

    #[test]
    fn every_operation_has_its_method_and_path() {
        let project = "proj.localhost:8700";
        check("POST", project, "/", Operation::CreateProject);
        check("POST", "localhost", "/", Operation::CreateProject);
        check("GET", project, "/", Operation::GetProject);
        check("GET", "localhost", "/?offset=0&size=100", Operation::ListProject);
        check("PUT", project, "/", Operation::UpdateProject);
        check("DELETE", project, "/", Operation::DeleteProject);
        check("POST", project, "/logstores", Operation::CreateLogStore);
        check("GET", project, "/logstores?size=1", Operation::ListLogStores);
        check("GET", project, "/logstores/app", Operation::GetLogStore);
        check("PUT", project, "/logstores/app", Operation::UpdateLogStore);
        check("DELETE", project, "/logstores/app", Operation::DeleteLogStore);
        check("GET", project, "/logstores/app/meteringmode", Operation::GetLogStoreMeteringMode);
        check("PUT", project, "/logstores/app/meteringmode", Operation::UpdateLogStoreMeteringMode);
        check("PUT", project, "/logstores/app/encryption", Operation::UpdateLogStoreEncryption);
    }

    #[test]
    fn metric_stores_have_paths_of_their_own() {
        let project = "proj.localhost:8700";
        check("POST", project, "/metricstores", Operation::CreateMetricStore);
        check("GET", project, "/metricstores?size=1", Operation::ListMetricStores);
        check("GET", project, "/metricstores/app", Operation::GetMetricStore);
        check("PUT", project, "/metricstores/app", Operation::UpdateMetricStore);
        check("DELETE", project, "/metricstores/app", Operation::DeleteMetricStore);
        refused("POST", "/metricstores/app", 405, "InvalidMethod");
        refused("GET", "/metricstores/a.b", 405, "InvalidMethod");
    }

    #[test]
    fn the_query_says_what_is_wanted_of_a_shard() {
        let project = "proj.localhost:8700";
        check("GET", project, "/logstores/app/shards", Operation::ListShards);
        check("POST", project, "/logstores/app/shards/0?action=split", Operation::SplitShard);
        check("POST", project, "/logstores/app/shards/0?action=merge", Operation::MergeShards);
        check("GET", project, "/logstores/app/shards/0?type=cursor&from=end", Operation::GetCursor);
        check("GET", project, "/logstores/app/shards/0?type=cursor_time", Operation::GetCursorTime);
        check("GET", project, "/logstores/app/shards/0?type=log", Operation::PullLogs);
        check("GET", project, "/logstores/app/shards/0?type=logs", Operation::PullLogs);
        check("HEAD", project, "/logstores/app/shards/0?type=log", Operation::PullLogs);
        refused("GET", "/logstores/app/shards/0", 405, "InvalidMethod");
        refused("POST", "/logstores/app/shards/0?action=grow", 405, "InvalidMethod");
        refused("GET", "/logstores/app/shards/x?type=log", 400, "ParameterInvalid");
    }

    #[test]
    fn logs_are_written_and_searched_in_several_ways() {
        let project = "proj.localhost:8700";
        check("POST", project, "/logstores/app/shards/lb", Operation::PutLogs);
        check("POST", project, "/logstores/app/shards/route?key=0", Operation::PutLogs);
        check("POST", project, "/logstores/app", Operation::PutLogs);
        check("GET", project, "/logstores/app?type=log&from=1&to=2", Operation::GetLogs);
        check("POST", project, "/logstores/app/logs", Operation::GetLogsV2);
    }

    #[test]
    fn what_is_not_emulated_says_so() {
        refused("GET", "/logstores/app?type=histogram", 400, "NotSupported");
        refused("GET", "/logstores/app/index", 400, "NotSupported");
        refused("GET", "/metricstores/app/shards", 400, "NotSupported");
        refused("GET", "/dashboards", 400, "NotSupported");
    }

    #[test]
    fn malformed_names_and_wrong_methods_are_the_services_invalid_method() {
        refused("GET", "/logstores/a.b", 405, "InvalidMethod");
        refused("GET", "/logstores/a%2Fb", 405, "InvalidMethod");
        refused("GET", "/logstores/", 405, "InvalidMethod");
        refused("PATCH", "/logstores/app", 405, "InvalidMethod");
    }

    #[test]
    fn a_bare_endpoint_has_no_logstores() {
        let error = routed("GET", "127.0.0.1:8700", "/logstores/app").unwrap_err();
        assert_eq!(error.code, "ParameterInvalid");
    }
}
