//! The schema of `alicloud_log_store_encryption_verify` and its arguments as a struct.

use crate::{
    name_rules,
    timeouts::{self, ReadTimeoutModel},
};
use schema::{Attribute, Field, Nesting, Schema, model};

model! {
    /// What is verified.
    pub struct VerifyModel {
        /// The Logstores.
        pub logstores: Vec<Field<LogStoreModel>>,
        /// The time limit.
        pub timeouts: ReadTimeoutModel,
    }
}

model! {
    /// One Logstore.
    pub struct LogStoreModel {
        /// The project.
        pub project_name: String,
        /// The Logstore or metric store.
        pub logstore_name: String,
        /// The region of the project.
        pub region: String,
    }
}

const DESCRIPTION: &str = "Reads Logstores and metric stores back, and fails the run if new logs would not be stored encrypted. Nothing is changed.\n\nA Logstore fails if encryption was never configured or is disabled, if its KMS key cannot be used (disabled, pending deletion, gone, of the wrong kind), or if its RAM role cannot be used (gone, not trusting `log.aliyuncs.com`, not allowed to use the key). It fails also if it cannot be read. One error names every Logstore with its reason.\n\nKeys and roles are checked as `alicloud_byok_readiness` checks them, each once, and not at all with `preflight = \"off\"` in the provider block. What the caller may not read is a warning.\n\nWhat is read is what SLS answers at the time: a change that another run makes afterwards is not seen. The guide [Least privileges](../guides/least-privileges.md) has the permissions that the caller needs, and a policy document to copy.";

/// The schema.
pub(super) fn schema() -> Schema {
    Schema {
        description: DESCRIPTION,
        attributes: vec![
            Attribute::nested("logstores", Nesting::List, log_store()).required().description(
                "The Logstores, at least one. What has more attributes than these serves as well, such as a resource or a data source that describes a Logstore: `[alicloud_log_store_encryption.app]`, or `values(alicloud_log_store_encryption.all)` with `for_each`.",
            ),
            timeouts::attribute(
                "The time limit of one Logstore, as a duration such as `90s` or `5m`. Default: `2m`.",
                [("read", "The limit of reading one Logstore, its key and its role.")],
            ),
        ],
        ..Schema::default()
    }
}

fn log_store() -> Vec<Attribute> {
    vec![
        Attribute::string("project_name")
            .required()
            .validator(name_rules::project())
            .description("The SLS project."),
        Attribute::string("logstore_name")
            .required()
            .validator(name_rules::logstore())
            .description("The Logstore or metric store in it."),
        Attribute::string("region")
            .optional()
            .validator(name_rules::region())
            .description("The region of the project. Default: the provider's region."),
    ]
}
