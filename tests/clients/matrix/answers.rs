//! Which call a request is, and the answers that are not the emulator's.

use serde_json::json;

use super::message::Message;

/// The page that proxies and gateways answer with.
const PAGE: &str = "<html><head><title>Gateway</title></head><body>Please try again later.</body></html>";

/// The action that a request asks for.
pub fn action_of(request: &Message) -> String {
    if let Some(action) = request.header("x-acs-action") {
        return action.to_owned();
    }
    let mut words = request.first_line().split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    if !is_sls(request) {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let action = query.split('&').find_map(|pair| pair.strip_prefix("Action="));
        return action.unwrap().to_owned();
    }
    let path = target.split('?').next().unwrap();
    let action = match (method, path, path.rsplit_once('/')) {
        ("GET", "/", _) => "ListProject",
        ("GET", "/logstores", _) => "ListLogStores",
        ("GET", "/metricstores", _) => "ListMetricStores",
        ("GET", _, Some(("/logstores", _))) => "GetLogStore",
        ("GET", _, Some(("/metricstores", _))) => "GetMetricStore",
        ("PUT", _, Some((_, "encryption"))) => "UpdateLogStoreEncryption",
        ("PUT", _, Some(("/logstores", _))) => "UpdateLogStore",
        ("PUT", _, Some(("/metricstores", _))) => "UpdateMetricStore",
        _ => panic!("no action of SLS is known by {}", request.first_line()),
    };
    action.to_owned()
}

fn is_sls(request: &Message) -> bool {
    request.header("x-log-apiversion").is_some()
}

/// A status and nothing else.
pub fn status(status: u16) -> Message {
    Message::answer(status, &[], Vec::new())
}

/// A page of HTML.
pub fn page(status: u16) -> Message {
    Message::answer(status, &[("content-type", "text/html")], PAGE.as_bytes().to_vec())
}

/// A refusal in the form of the service that was asked.
pub fn refusal(request: &Message, status: u16, code: &str, message: &str) -> Message {
    let (id_header, body) = if is_sls(request) {
        ("x-log-requestid", json!({ "errorCode": code, "errorMessage": message }))
    } else {
        let body = json!({ "RequestId": "R1", "HostId": "relay", "Code": code, "Message": message });
        ("x-acs-request-id", body)
    };
    let headers = [("content-type", "application/json"), (id_header, "R1")];
    Message::answer(status, &headers, body.to_string().into_bytes())
}
