//! Which permission a call needs
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/resource-list-and-action-list>).

use serde_json::Value;

use super::routes::Route;
use super::tags;
use crate::http::Call;

/// The action and the resource a caller needs a permission for.
///
/// What a call creates is named in its body, which the signature covers; where it is not, and in lists, the
/// resource ends in `*`.
pub fn permission(route: &Route, call: &Call, account_id: &str, region: &str) -> (String, String) {
    let operation = route.operation;
    let named_in_body = |member: &str| {
        let body: Option<Value> = serde_json::from_slice(&call.body).ok();
        let name = body.and_then(|body| body.get(member)?.as_str().map(str::to_owned));
        name.unwrap_or_else(|| "*".to_owned())
    };
    let created = || operation.creates.map_or_else(|| "*".to_owned(), named_in_body);
    let project = match (operation.collection(), operation.creates) {
        ("", Some(_)) => created(),
        // The names of these actions are those of the API, which is a guess.
        ("tags" | "tag" | "untag", _) => tags::named_project(call).unwrap_or_else(|| "*".to_owned()),
        ("resourcegroup", _) => named_in_body("resourceId"),
        _ => route.project.clone().unwrap_or_else(|| "*".to_owned()),
    };
    let logstore = || route.logstore.clone().unwrap_or_else(created);
    let resource = match operation.collection() {
        "" | "policy" | "resourcegroup" | "tags" | "tag" | "untag" => String::new(),
        // The form of this resource is a guess, as are the names of the actions on it.
        "metricstores" => format!("/metricstore/{}", logstore()),
        _ => format!("/logstore/{}", logstore()),
    };
    let action = format!("log:{}", operation.permission);
    (action, format!("acs:log:{region}:{account_id}:project/{project}{resource}"))
}

#[cfg(test)]
mod tests {
    use super::super::routes::route;
    use super::*;
    use crate::captured::call;

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
        check("POST", "/policy", "{}", "PutProjectPolicy", "proj");
        for (method, action) in
            [("POST", "CreateIndex"), ("GET", "GetIndex"), ("PUT", "UpdateIndex"), ("DELETE", "DeleteIndex")]
        {
            check(method, "/logstores/app/index", "", action, "proj/logstore/app");
        }
        check(
            "GET",
            "/metricstores/app/meteringmode",
            "",
            "GetMetricStoreMeteringMode",
            "proj/metricstore/app",
        );
        check("PUT", "/resourcegroup", r#"{"resourceId": "other"}"#, "ChangeResourceGroup", "other");
        check("PUT", "/resourcegroup", r#"{"resourceId": ["other"]}"#, "ChangeResourceGroup", "*");
        check("GET", "/tags?resourceId=%5B%22other%22%5D", "", "ListTagResources", "other");
        check("GET", "/tags?resourceId=%5B%22a%22,%22b%22%5D", "", "ListTagResources", "*");
        check("GET", "/tags", "", "ListTagResources", "*");
        check("POST", "/tag", r#"{"resourceId": ["other"]}"#, "TagResources", "other");
        check("POST", "/untag", r#"{"resourceId": ["a", "b"]}"#, "UntagResources", "*");
        check("POST", "/untag", r#"{"resourceId": "a"}"#, "UntagResources", "*");
        let elsewhere = "/tag?resourceId=%5B%22elsewhere%22%5D";
        check("POST", elsewhere, r#"{"resourceId": ["other"]}"#, "TagResources", "other");
    }
}
