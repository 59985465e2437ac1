//! Whether the account has activated the service: an RPC-style API of its own, 2019-10-23, at the path `/open-api` of
//! an endpoint. Here it is activated from the start.
//!
//! The data source `alicloud_log_service` of the official provider asks for it.

use serde_json::json;

use crate::identity::Directory;
use crate::rpc::{Action, Api, Outcome, Request, Resource, Run, Service, answer};

/// The API.
pub const SERVICE: Service<Directory> = Service {
    api: Api::SlsActivation,
    actions: &[Action {
        name: "GetSlsService",
        // A guess.
        resource: Resource::NoPermission,
        run: Run::Read(get_sls_service),
    }],
    forbidden: (403, "Forbidden.RAM", "User not authorized to operate on the specified resource."),
    throttled: (400, "Throttling.User", "Request was denied due to user flow control."),
};

fn get_sls_service(_: &Directory, _: &Request<'_>) -> Outcome {
    answer(json!({"Success": true, "Enabled": true, "Status": "Opened", "Code": "200", "Message": ""}))
}
