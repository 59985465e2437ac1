//! Which operation a method and a path mean.

use super::names::is_logstore_name;
use super::operations::{OPERATIONS, Operation, ProjectInHost};
use crate::error::Error;
use crate::http::Call;
use crate::target::segments;

/// An operation and what it is about.
#[derive(Clone, Debug)]
pub struct Route {
    /// The operation.
    pub operation: &'static Operation,
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
    let (logstore, shard) = match segments.as_slice() {
        ["logstores" | "metricstores", name, ..] if !is_logstore_name(name) => {
            return Err(Error::invalid_method(&call.path));
        }
        [_, logstore, "shards", "lb" | "route"] => (Some(*logstore), None),
        [_, logstore, "shards", id] => (Some(*logstore), Some(*id)),
        [_, logstore, ..] => (Some(*logstore), None),
        _ => (None, None),
    };
    let mut at_path = OPERATIONS.iter().filter(|operation| operation.has_path(&segments)).peekable();
    let is_other_type = matches!(segments.as_slice(), ["logstores", _])
        && call.method == "GET"
        && !matches!(call.query.get("type"), None | Some("" | "log"));
    if at_path.peek().is_none() || is_other_type {
        return Err(Error::not_emulated(&call.method, &call.path));
    }
    let invalid = |id: &str| Error::parameter_invalid(format!("Invalid shard id {id}."));
    let shard = shard.map(|id| id.parse().map_err(|_| invalid(id))).transpose()?;
    let fits = |operation: &&Operation| {
        operation.takes(call, &segments) && !(operation.project == ProjectInHost::Absent && project.is_some())
    };
    let operation = at_path.find(fits).ok_or_else(|| Error::invalid_method(&call.path))?;
    if project.is_none() && operation.project == ProjectInHost::Named {
        return Err(Error::parameter_invalid(format!("The host {} does not name a project.", call.host)));
    }
    Ok(Route { operation, project, logstore: logstore.map(str::to_owned), shard })
}

impl Operation {
    fn has_path(&self, segments: &[&str]) -> bool {
        self.routes.iter().any(|route| PathPattern::parse(route).fits(segments))
    }

    fn takes(&self, call: &Call, segments: &[&str]) -> bool {
        self.routes.iter().map(|route| PathPattern::parse(route)).any(|pattern| {
            let fits_query =
                pattern.query.is_none_or(|(name, value)| call.query.get(name).unwrap_or_default() == value);
            pattern.method == call.method && pattern.fits(segments) && fits_query
        })
    }
}

/// A route of the table: `METHOD /path/{variable}?name=value`.
struct PathPattern<'r> {
    method: &'r str,
    path: &'r str,
    query: Option<(&'r str, &'r str)>,
}

impl<'r> PathPattern<'r> {
    fn parse(route: &'r str) -> Self {
        let (method, target) = route.split_once(' ').unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self { method, path, query: query.split_once('=') }
    }

    fn fits(&self, segments: &[&str]) -> bool {
        let parts = self.path.split('/').filter(|part| !part.is_empty());
        parts.clone().count() == segments.len()
            && parts.zip(segments).all(|(part, segment)| match part {
                "{shard}" => !matches!(*segment, "lb" | "route"),
                variable if variable.starts_with('{') => true,
                word => word == *segment,
            })
    }
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
    fn check(method: &str, host: &str, target: &str, expected: &str) {
        assert_eq!(routed(method, host, target).map(|route| route.operation.name), Ok(expected));
    }

    #[track_caller]
    fn refused(method: &str, target: &str, status: u16, code: &str) {
        let error = routed(method, "proj.localhost", target).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (status, code));
    }

    #[test]
    fn every_operation_has_its_method_and_path() {
        let project = "proj.localhost:8700";
        check("POST", project, "/", "CreateProject");
        check("POST", "localhost", "/", "CreateProject");
        check("GET", project, "/", "GetProject");
        check("GET", "localhost", "/?offset=0&size=100", "ListProject");
        check("PUT", project, "/", "UpdateProject");
        check("DELETE", project, "/", "DeleteProject");
        check("POST", project, "/logstores", "CreateLogStore");
        check("GET", project, "/logstores?size=1", "ListLogStores");
        check("GET", project, "/logstores/app", "GetLogStore");
        check("PUT", project, "/logstores/app", "UpdateLogStore");
        check("DELETE", project, "/logstores/app", "DeleteLogStore");
        check("GET", project, "/logstores/app/meteringmode", "GetLogStoreMeteringMode");
        check("PUT", project, "/logstores/app/meteringmode", "UpdateLogStoreMeteringMode");
        check("PUT", project, "/logstores/app/encryption", "UpdateLogStoreEncryption");
        check("POST", project, "/logstores/app/index", "CreateIndex");
        check("GET", project, "/logstores/app/index", "GetIndex");
        check("PUT", project, "/logstores/app/index", "UpdateIndex");
        check("DELETE", project, "/logstores/app/index", "DeleteIndex");
        check("PUT", "localhost", "/resourcegroup", "ChangeResourceGroup");
    }

    #[test]
    fn metric_stores_have_paths_of_their_own() {
        let project = "proj.localhost:8700";
        check("POST", project, "/metricstores", "CreateMetricStore");
        check("GET", project, "/metricstores?size=1", "ListMetricStores");
        check("GET", project, "/metricstores/app", "GetMetricStore");
        check("PUT", project, "/metricstores/app", "UpdateMetricStore");
        check("DELETE", project, "/metricstores/app", "DeleteMetricStore");
        check("GET", project, "/metricstores/app/meteringmode", "GetMetricStoreMeteringMode");
        check("PUT", project, "/metricstores/app/meteringmode", "UpdateMetricStoreMeteringMode");
        refused("POST", "/metricstores/app", 405, "InvalidMethod");
        refused("GET", "/metricstores/a.b", 405, "InvalidMethod");
    }

    #[test]
    fn the_query_says_what_is_wanted_of_a_shard() {
        let project = "proj.localhost:8700";
        check("GET", project, "/logstores/app/shards", "ListShards");
        check("POST", project, "/logstores/app/shards/0?action=split", "SplitShard");
        check("POST", project, "/logstores/app/shards/0?action=merge", "MergeShards");
        check("GET", project, "/logstores/app/shards/0?type=cursor&from=end", "GetCursor");
        check("GET", project, "/logstores/app/shards/0?type=cursor_time", "GetCursorTime");
        check("GET", project, "/logstores/app/shards/0?type=log", "PullLogs");
        check("GET", project, "/logstores/app/shards/0?type=logs", "PullLogs");
        check("HEAD", project, "/logstores/app/shards/0?type=log", "PullLogs");
        refused("GET", "/logstores/app/shards/0", 405, "InvalidMethod");
        refused("POST", "/logstores/app/shards/0?action=grow", 405, "InvalidMethod");
        refused("GET", "/logstores/app/shards/x?type=log", 400, "ParameterInvalid");
    }

    #[test]
    fn logs_are_written_and_searched_in_several_ways() {
        let project = "proj.localhost:8700";
        check("POST", project, "/logstores/app/shards/lb", "PutLogs");
        check("POST", project, "/logstores/app/shards/route?key=0", "PutLogs");
        check("POST", project, "/logstores/app", "PutLogs");
        check("GET", project, "/logstores/app?type=log&from=1&to=2", "GetLogs");
        check("POST", project, "/logstores/app/logs", "GetLogsV2");
    }

    #[test]
    fn what_is_not_emulated_says_so() {
        refused("GET", "/logstores/app?type=histogram", 400, "NotSupported");
        refused("GET", "/logstores/app/histogram", 400, "NotSupported");
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
