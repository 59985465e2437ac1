//! The two policy documents that encryption with a key of one's own (BYOK) needs.
//!
//! Source of the grammar and of both documents: RAM documentation, "Policy structure and syntax", and SLS
//! documentation, "Encrypt data" (BYOK).

use serde_json::{Value as Json, json};

use crate::provider::role_arn::RoleArn;

/// The service that takes the role.
const SERVICE: &str = "log.aliyuncs.com";

/// The trust policy of the role: SLS, and nobody else, may assume it.
pub(super) fn byok_trust_policy() -> Json {
    json!({
        "Version": "1",
        "Statement": [{
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": { "Service": [SERVICE] },
        }],
    })
}

/// The policy of whoever configures encryption: they may hand this role, and no other, to a service.
///
/// RAM holds the resource of a policy against the ARN as it writes it itself, in lower case.
pub(super) fn pass_role_policy(role: &RoleArn) -> Json {
    json!({
        "Version": "1",
        "Statement": [{
            "Effect": "Allow",
            "Action": "ram:PassRole",
            "Resource": role.as_ram_writes_it().to_string(),
        }],
    })
}
