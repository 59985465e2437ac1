//! Which service and which action a call is for.

use serde_json::json;

use super::authentication::is_acs3;
use super::{Error, Parameters};
use crate::http::{Call, Reply};

/// The RPC-style services, distinguished by the API version of each call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// Resource Access Management, 2015-05-01.
    Ram,
    /// Key Management Service, 2016-01-20.
    Kms,
    /// Security Token Service, 2015-04-01.
    Sts,
    /// Location, 2015-06-12: endpoints of services.
    Location,
    /// Whether Simple Log Service is activated, 2019-10-23.
    SlsActivation,
    /// The billing service (BSS), 2017-12-14: what the account has bought.
    Billing,
    /// Any other.
    Unknown,
}

impl Api {
    /// What the request log and policies call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ram => "ram",
            Self::Kms => "kms",
            Self::Sts => "sts",
            Self::Location => "location",
            Self::SlsActivation => "sls",
            Self::Billing => "bss",
            Self::Unknown => "unknown",
        }
    }

    fn from_version(version: &str) -> Self {
        match version {
            "2015-05-01" => Self::Ram,
            "2016-01-20" => Self::Kms,
            "2015-04-01" => Self::Sts,
            "2015-06-12" => Self::Location,
            "2019-10-23" => Self::SlsActivation,
            "2017-12-14" => Self::Billing,
            _ => Self::Unknown,
        }
    }
}

/// A call to one of the RPC-style services.
#[derive(Clone, Debug)]
pub struct RpcCall {
    /// The service.
    pub api: Api,
    /// The action, as the call names it.
    pub action: String,
    /// What it is called with.
    pub parameters: Parameters,
}

impl RpcCall {
    /// The answer that refuses the call. KMS repeats the status where the others name the host.
    pub fn refusal(&self, error: &Error, host: &str, request_id: &str) -> Reply {
        let Error { status, code, message } = error;
        let body = match self.api {
            Api::Kms => {
                json!({"HttpStatus": status, "Code": code, "Message": message, "RequestId": request_id})
            }
            _ => json!({"RequestId": request_id, "HostId": host, "Code": code, "Message": message}),
        };
        Reply { error: Some(Box::new(error.clone())), ..Reply::json(*status, &body) }
    }
}

/// Reads a call as one of RPC style; `None` when it is for SLS.
///
/// Action and version are taken from where the signature covers them: `x-acs-action` and
/// `x-acs-version` with ACS3, else the parameters. Older SDKs send those headers unsigned as well.
pub fn rpc_call(call: &Call) -> Option<RpcCall> {
    let authorization = call.header("authorization").unwrap_or_default();
    let is_sls = call.header("x-log-apiversion").is_some()
        || ["LOG ", "SLS ", "SLS4-HMAC-SHA256 "].iter().any(|scheme| authorization.starts_with(scheme));
    if is_sls {
        return None;
    }
    let parameters = Parameters::from_call(call);
    let named = |header: &str, name: &str| {
        let (in_header, in_parameters) = (call.header(header), parameters.get(name));
        let value = if is_acs3(call) { in_header } else { in_parameters.or(in_header) };
        value.map(str::to_owned)
    };
    let action = named("x-acs-action", "Action")?;
    let version = named("x-acs-version", "Version").unwrap_or_default();
    Some(RpcCall { api: Api::from_version(&version), action, parameters })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::captured::call;

    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

    fn post(target: &str, headers: &[(&str, &str)], body: &str) -> Call {
        call("POST", target, headers.iter().copied(), body)
    }

    #[track_caller]
    fn check(call: &Call, api: Api, action: &str) {
        let rpc = rpc_call(call).unwrap();
        assert_eq!((rpc.api, rpc.action.as_str()), (api, action));
    }

    #[test]
    fn calls_are_told_apart_by_headers_query_and_form() {
        check(&post("/?Action=GetRole&Version=2015-05-01", &[], ""), Api::Ram, "GetRole");
        let acs3 = [
            ("x-acs-action", "DescribeKey"),
            ("x-acs-version", "2016-01-20"),
            ("authorization", "ACS3-HMAC-SHA256 Credential=ak"),
        ];
        check(&post("/?KeyId=k", &acs3, ""), Api::Kms, "DescribeKey");
        check(&post("/", &[FORM], "Action=AssumeRole&Version=2015-04-01"), Api::Sts, "AssumeRole");
        check(
            &post("/?Action=DescribeEndpoints&Version=2015-06-12", &[], ""),
            Api::Location,
            "DescribeEndpoints",
        );
        let activation = post("/open-api/?Action=GetSlsService&Version=2019-10-23", &[], "");
        check(&activation, Api::SlsActivation, "GetSlsService");
        check(&post("/?Action=X&Version=2014-05-26", &[], ""), Api::Unknown, "X");
    }

    #[test]
    fn an_unsigned_header_does_not_change_the_action() {
        let headers = [("x-acs-action", "DeleteRole"), ("x-acs-version", "2016-01-20")];
        check(&post("/?Action=GetRole&Version=2015-05-01", &headers, ""), Api::Ram, "GetRole");
        let acs3 = [("x-acs-action", "GetRole"), ("authorization", "ACS3-HMAC-SHA256 Credential=ak")];
        check(&post("/?Action=DeleteRole&Version=2016-01-20", &acs3, ""), Api::Unknown, "GetRole");
    }

    #[test]
    fn sls_calls_are_left_alone() {
        for (target, header) in [
            ("/logstores?Action=x", ("x-log-apiversion", "0.6.0")),
            ("/?Action=x", ("authorization", "LOG ak:s")),
            ("/?Action=x", ("authorization", "SLS ak:s")),
            ("/?Action=x", ("authorization", "SLS4-HMAC-SHA256 x")),
            ("/logstores", ("accept", "*/*")),
        ] {
            assert!(rpc_call(&post(target, &[header], "")).is_none(), "{target}");
        }
    }
}
