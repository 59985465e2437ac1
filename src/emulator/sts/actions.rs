//! The actions of the service.

use super::session::FORBIDDEN;
use super::{assume_role, assume_role_with_oidc, caller_identity};
use crate::identity::Directory;
use crate::rpc::{Action, Api, Resource, Run, Service};

/// The service.
pub const SERVICE: Service<Directory> = Service {
    api: Api::Sts,
    actions: &ACTIONS,
    forbidden: FORBIDDEN,
    throttled: (400, "Throttling.User", "Request was denied due to user flow control."),
};

const ACTIONS: [Action<Directory>; 3] = [
    Action {
        name: "GetCallerIdentity",
        resource: Resource::NoPermission,
        run: Run::Read(caller_identity::get),
    },
    Action {
        name: "AssumeRole",
        resource: Resource::Arn(assume_role::role_arn_asked_for),
        run: Run::IssueCredentials(assume_role::assume),
    },
    Action {
        name: "AssumeRoleWithOIDC",
        resource: Resource::Anonymous,
        run: Run::IssueCredentials(assume_role_with_oidc::assume),
    },
];
