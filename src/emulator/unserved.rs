//! Calls to services this version does not serve: they are told so, in their service's own words.

use serde_json::json;

use super::http::{Call, Reply};
use super::target::Query;

/// A call to one of the RPC-style services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcCall {
    /// The service.
    pub service: RpcService,
    /// The action, as the call names it.
    pub action: String,
}

/// The RPC-style services, told apart by the API version that each call carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RpcService {
    /// Resource Access Management, 2015-05-01.
    Ram,
    /// Key Management Service, 2016-01-20.
    Kms,
    /// Security Token Service, 2015-04-01.
    Sts,
    /// Any other.
    Unknown,
}

impl RpcService {
    /// What the request log calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ram => "ram",
            Self::Kms => "kms",
            Self::Sts => "sts",
            Self::Unknown => "unknown",
        }
    }

    fn of_version(version: &str) -> Self {
        match version {
            "2015-05-01" => Self::Ram,
            "2016-01-20" => Self::Kms,
            "2015-04-01" => Self::Sts,
            _ => Self::Unknown,
        }
    }
}

/// Reads a call as one of RPC style; `None` when it is for SLS. The action is in `x-acs-action`, in the
/// query, or in a form body.
pub fn rpc_call(call: &Call) -> Option<RpcCall> {
    let authorization = call.header("authorization").unwrap_or_default();
    let is_sls = call.header("x-log-apiversion").is_some()
        || authorization.starts_with("LOG ")
        || authorization.starts_with("SLS4-HMAC-SHA256 ");
    if is_sls {
        return None;
    }
    let form = form_of(call);
    let parameter = |header: &str, name: &str| {
        let value = call.header(header).or_else(|| call.query.get(name)).or_else(|| form.get(name));
        value.map(str::to_owned)
    };
    let action = parameter("x-acs-action", "Action")?;
    let version = parameter("x-acs-version", "Version").unwrap_or_default();
    Some(RpcCall { service: RpcService::of_version(&version), action })
}

fn form_of(call: &Call) -> Query {
    let content_type = call.header("content-type").unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Query::default();
    }
    Query::parse(std::str::from_utf8(&call.body).unwrap_or_default())
}

impl RpcCall {
    /// The answer: the service's way of saying that it has no such action.
    pub fn not_served(&self, host: &str, request_id: &str) -> Reply {
        const STATUS: u16 = 404;
        const CODE: &str = "InvalidAction.NotFound";
        let message = format!(
            "Specified api is not found: this version of the emulator does not serve {} {}.",
            self.service.name(),
            self.action
        );
        let body = match self.service {
            RpcService::Kms => {
                json!({"HttpStatus": STATUS, "Code": CODE, "Message": message, "RequestId": request_id})
            }
            _ => json!({"RequestId": request_id, "HostId": host, "Code": CODE, "Message": message}),
        };
        Reply { error_code: Some(CODE.to_owned()), ..Reply::json(STATUS, &body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use hyper::Request;

    fn call(target: &str, headers: &[(&str, &str)], body: &'static str) -> Call {
        let mut request = Request::post(target).header("Host", "127.0.0.1:8700");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Call::new(&request.body(()).unwrap().into_parts().0, Bytes::from_static(body.as_bytes()))
    }

    #[track_caller]
    fn check(call: &Call, service: RpcService, action: &str) {
        assert_eq!(rpc_call(call), Some(RpcCall { service, action: action.to_owned() }));
    }

    #[test]
    fn calls_are_told_apart_by_headers_query_and_form() {
        check(&call("/?Action=GetRole&Version=2015-05-01", &[], ""), RpcService::Ram, "GetRole");
        let acs3 = [("x-acs-action", "DescribeKey"), ("x-acs-version", "2016-01-20")];
        check(&call("/?KeyId=k", &acs3, ""), RpcService::Kms, "DescribeKey");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        check(&call("/", &form, "Action=AssumeRole&Version=2015-04-01"), RpcService::Sts, "AssumeRole");
        check(&call("/?Action=X&Version=2014-05-26", &[], ""), RpcService::Unknown, "X");
    }

    #[test]
    fn sls_calls_are_left_alone() {
        assert_eq!(rpc_call(&call("/logstores?Action=x", &[("x-log-apiversion", "0.6.0")], "")), None);
        assert_eq!(rpc_call(&call("/?Action=x", &[("authorization", "LOG ak:s")], "")), None);
        assert_eq!(rpc_call(&call("/logstores", &[], "")), None);
    }

    #[test]
    fn the_answer_has_the_services_own_shape() {
        let ram = RpcCall { service: RpcService::Ram, action: "GetRole".to_owned() };
        let reply = ram.not_served("ram.aliyuncs.com", "ID");
        let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!((reply.status, &body["Code"]), (404, &json!("InvalidAction.NotFound")));
        assert_eq!((&body["RequestId"], &body["HostId"]), (&json!("ID"), &json!("ram.aliyuncs.com")));
        let kms = RpcCall { service: RpcService::Kms, ..ram };
        let body: serde_json::Value = serde_json::from_slice(&kms.not_served("h", "ID").body).unwrap();
        assert_eq!((&body["HttpStatus"], &body["HostId"]), (&json!(404), &json!(null)));
    }
}
