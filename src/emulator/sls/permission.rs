//! Which permission a call needs
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/resource-list-and-action-list>).

use serde_json::Value;

use super::routes::{Operation, Route};
use crate::emulator::http::Call;

/// The action and the resource a caller needs a permission for.
///
/// What a call creates is named in its body, which the signature covers; where it is not, and in lists, the
/// resource ends in `*`.
pub fn permission(route: &Route, call: &Call, account_id: &str, region: &str) -> (String, String) {
    let action = format!("log:{}", permitted(route.operation));
    let named = |member: &str| {
        let body: Option<Value> = serde_json::from_slice(&call.body).ok();
        body.and_then(|body| body.get(member)?.as_str().map(str::to_owned)).unwrap_or_else(|| "*".to_owned())
    };
    let project = match (&route.project, route.operation) {
        (_, Operation::CreateProject) => named("projectName"),
        (Some(project), _) => project.clone(),
        (None, _) => "*".to_owned(),
    };
    let mut resource = format!("acs:log:{region}:{account_id}:project/{project}");
    let logstore = match (&route.logstore, route.operation) {
        (Some(logstore), _) => Some(logstore.clone()),
        (None, Operation::CreateLogStore) => Some(named("logstoreName")),
        (None, Operation::CreateMetricStore) => Some(named("name")),
        (None, Operation::ListLogStores | Operation::ListMetricStores) => Some("*".to_owned()),
        (None, _) => None,
    };
    if let Some(logstore) = logstore {
        resource.push_str(if is_metric_store(route.operation) { "/metricstore/" } else { "/logstore/" });
        resource.push_str(&logstore);
    }
    (action, resource)
}

/// Whether the resource is a metric store. Its form is a guess, as are the names of these actions.
fn is_metric_store(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::CreateMetricStore
            | Operation::GetMetricStore
            | Operation::UpdateMetricStore
            | Operation::DeleteMetricStore
            | Operation::ListMetricStores
    )
}

/// The name an operation has in policies.
fn permitted(operation: Operation) -> &'static str {
    match operation {
        Operation::PutLogs => "PostLogStoreLogs",
        Operation::GetCursor | Operation::GetCursorTime | Operation::PullLogs => "GetCursorOrData",
        Operation::GetLogs | Operation::GetLogsV2 => "GetLogStoreLogs",
        other => other.name(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::routes::route;
    use super::*;
    use crate::emulator::captured::call;

    #[track_caller]
    fn check(method: &str, target: &str, body: &str, action: &str, resource: &str) {
        let call = call(method, target, [("Host", "proj.localhost")].into_iter(), body);
        let permission = permission(&route(&call).unwrap(), &call, "1", "cn-hangzhou");
        assert_eq!(
            permission,
            (format!("log:{action}"), format!("acs:log:cn-hangzhou:1:project/{resource}"))
        );
    }

    #[test]
    fn every_kind_of_call_has_its_resource() {
        check("GET", "/logstores/app", "", "GetLogStore", "proj/logstore/app");
        check("PUT", "/logstores/app", "{}", "UpdateLogStore", "proj/logstore/app");
        check("GET", "/logstores", "", "ListLogStores", "proj/logstore/*");
        check("POST", "/logstores", r#"{"logstoreName": "app"}"#, "CreateLogStore", "proj/logstore/app");
        check("POST", "/logstores", "[]", "CreateLogStore", "proj/logstore/*");
        check("GET", "/metricstores/app", "", "GetMetricStore", "proj/metricstore/app");
        check("POST", "/metricstores", r#"{"name": "app"}"#, "CreateMetricStore", "proj/metricstore/app");
        check("GET", "/metricstores", "", "ListMetricStores", "proj/metricstore/*");
        check("POST", "/", r#"{"projectName": "proj"}"#, "CreateProject", "proj");
        check("GET", "/", "", "GetProject", "proj");
        check("POST", "/logstores/app/shards/lb", "", "PostLogStoreLogs", "proj/logstore/app");
        for query in ["type=log", "type=cursor", "type=cursor_time"] {
            let target = format!("/logstores/app/shards/0?{query}");
            check("GET", &target, "", "GetCursorOrData", "proj/logstore/app");
        }
        check("GET", "/logstores/app?type=log", "", "GetLogStoreLogs", "proj/logstore/app");
        check("POST", "/logstores/app/logs", "{}", "GetLogStoreLogs", "proj/logstore/app");
        check("GET", "/logstores/app/shards", "", "ListShards", "proj/logstore/app");
    }
}
