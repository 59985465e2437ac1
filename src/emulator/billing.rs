//! The billing service (BSS), 2017-12-14: what the account has bought.
//!
//! The official provider asks at each start, to learn from the error whether the account is of the international site.
//! This one is not, and has bought nothing.

use serde_json::json;

use crate::identity::Directory;
use crate::rpc::{Action, Api, Outcome, Request, Resource, Run, Service, answer};

/// The service.
pub const SERVICE: Service<Directory> = Service {
    api: Api::Billing,
    actions: &[Action {
        name: "QueryAvailableInstances",
        // A guess. The official provider takes any error but one for an account of the domestic site.
        resource: Resource::NoPermission,
        run: Run::Read(query_available_instances),
    }],
    forbidden: (403, "NoPermission", "You are not authorized to perform this operation."),
    throttled: (400, "Throttling.User", "Request was denied due to user flow control."),
};

fn query_available_instances(_: &Directory, request: &Request<'_>) -> Outcome {
    let page = request.parameters.number("PageNum")?.unwrap_or(1);
    let size = request.parameters.number("PageSize")?.unwrap_or(20);
    answer(json!({
        "Code": "Success",
        "Message": "Successful!",
        "Success": true,
        "Data": {"InstanceList": [], "PageNum": page, "PageSize": size, "TotalCount": 0},
    }))
}
