//! Location, 2015-06-12: where the endpoints of a service are in a region.
//!
//! No page of the vendor describes it. What it is asked and answers is known from the SDKs and the official provider,
//! which call it where no endpoint is configured.

use serde_json::json;

use crate::endpoint::without_port;
use crate::identity::Directory;
use crate::rpc::{Action, Api, Error, Outcome, Request, Resource, Run, Service, answer};

/// The service.
pub const SERVICE: Service<Directory> = Service {
    api: Api::Location,
    actions: &[Action {
        name: "DescribeEndpoints",
        // A guess: the SDKs ask whoever calls.
        resource: Resource::NoPermission,
        run: Run::Read(describe_endpoints),
    }],
    forbidden: (403, "Forbidden.RAM", "User not authorized to operate on the specified resource."),
    throttled: (400, "Throttling.User", "Request was denied due to user flow control."),
};

/// The one type of endpoints that there is here.
const OPEN_API: &str = "openAPI";

/// `DescribeEndpoints`: the endpoint of a service in a region. A client that asked at the emulator's own address is
/// given that address, for it would find the cloud under the names of the cloud.
fn describe_endpoints(_: &Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let (region, service) = (parameters.required("Id")?, parameters.required("ServiceCode")?);
    if !is_region(region) {
        return Err(Error::new(404, "InvalidRegionId", "The specified region does not exist."));
    }
    // SDKs compare the text of this error, and of the one above.
    let in_cloud = endpoint_in_cloud(service, region)
        .ok_or_else(|| Error::new(400, "Illegal Parameter", "Please check the parameters"))?;
    let is_name_of_cloud = without_port(request.host).to_ascii_lowercase().ends_with(".aliyuncs.com");
    let endpoint = if is_name_of_cloud { in_cloud.as_str() } else { request.host };
    let kind = parameters.get("Type").unwrap_or(OPEN_API);
    let endpoints = (kind == OPEN_API).then(|| {
        json!({
            "Endpoint": endpoint,
            "Id": region,
            "Protocols": {"Protocols": ["HTTP", "HTTPS"]},
            // The misprint is the service's.
            "SerivceCode": service,
            "Type": OPEN_API,
        })
    });
    answer(json!({"Endpoints": {"Endpoint": endpoints.into_iter().collect::<Vec<_>>()}, "Success": true}))
}

/// The endpoint of a service that is emulated here. The codes are those of the official provider. That RAM is at one
/// place for all regions is documented; what is said of it and of STS is a guess.
fn endpoint_in_cloud(service: &str, region: &str) -> Option<String> {
    Some(match service.to_ascii_lowercase().as_str() {
        "sls" => format!("{region}.log.aliyuncs.com"),
        "kms" => format!("kms.{region}.aliyuncs.com"),
        "sts" => format!("sts.{region}.aliyuncs.com"),
        "ram" => "ram.aliyuncs.com".to_owned(),
        _ => return None,
    })
}

/// Whether this can be a region. There is everything in each.
fn is_region(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    };
    name.contains('-') && name.split('-').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::Hosts;

    #[test]
    fn every_endpoint_that_is_named_is_served_over_tls() {
        for service in ["sls", "SLS", "kms", "sts", "ram"] {
            let endpoint = endpoint_in_cloud(service, "cn-hangzhou").unwrap();
            assert!(Hosts::default().is_certified(&endpoint), "{endpoint}");
        }
        assert_eq!(endpoint_in_cloud("ecs", "cn-hangzhou"), None);
    }

    #[test]
    fn regions_have_names_of_lower_case_parts() {
        for name in ["cn-hangzhou", "ap-southeast-1", "cn-hangzhou-acdr-ut-3"] {
            assert!(is_region(name), "{name}");
        }
        for name in ["", "hangzhou", "cn-", "-cn", "CN-hangzhou", "cn.hangzhou", "cn-hangzhou.example"] {
            assert!(!is_region(name), "{name}");
        }
    }
}
