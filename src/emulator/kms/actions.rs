//! The actions of the service.

use super::{Keys, alias, cryptography, key, key_policy, key_state, permission, rotation_policy, tag};
use crate::rpc::{Action, Api, Error, Outcome, Request, Resource, Run, Service};

/// The service. Users' calls are allowed or refused by the resource in each line.
pub const SERVICE: Service<Keys> = Service {
    api: Api::Kms,
    actions: &ACTIONS,
    forbidden: (403, "Forbidden.NoPermission", "This operation is forbidden by permission system."),
    throttled: (400, "Rejected.Throttling", "The QPS upper limit is exceeded."),
};

const ACTIONS: [Action<Keys>; 27] = [
    write("CreateKey", permission::every_key, key::create),
    read("DescribeKey", permission::key, key::describe),
    read("ListKeys", permission::every_key, key::list),
    write("UpdateKeyDescription", permission::key, key::update_description),
    write("SetKeyPolicy", permission::key, key_policy::set),
    read("GetKeyPolicy", permission::key, key_policy::get),
    write("EnableKey", permission::key, key_state::enable),
    write("DisableKey", permission::key, key_state::disable),
    write("ScheduleKeyDeletion", permission::key, key_state::schedule_deletion),
    write("CancelKeyDeletion", permission::key, key_state::cancel_deletion),
    write("SetDeletionProtection", key_state::protected_arn, key_state::set_protection),
    write("TagResources", tag::arn, tag::add),
    write("UntagResources", tag::arn, tag::remove),
    read("ListTagResources", tag::arn, tag::list),
    write("UpdateRotationPolicy", permission::key, rotation_policy::update_policy),
    write("CreateKeyVersion", permission::key, rotation_policy::create_version),
    read("ListKeyVersions", permission::key, rotation_policy::list_versions),
    read("DescribeKeyVersion", permission::key, rotation_policy::describe_version),
    write("CreateAlias", permission::key, alias::create),
    write("UpdateAlias", permission::key, alias::update),
    write("DeleteAlias", permission::alias, alias::delete),
    read("ListAliases", permission::every_alias, alias::list),
    read("ListAliasesByKeyId", permission::key, alias::list_by_key_id),
    read("Encrypt", permission::key, cryptography::encrypt),
    read("Decrypt", permission::key_of_ciphertext, cryptography::decrypt),
    read("GenerateDataKey", permission::key, cryptography::generate_data_key),
    read(
        "GenerateDataKeyWithoutPlaintext",
        permission::key,
        cryptography::generate_data_key_without_plaintext,
    ),
];

type Arn = fn(&Keys, &Request<'_>) -> Result<String, Error>;

const fn read(name: &'static str, arn: Arn, run: fn(&Keys, &Request<'_>) -> Outcome) -> Action<Keys> {
    Action { name, resource: Resource::Arn(arn), run: Run::Read(run) }
}

const fn write(name: &'static str, arn: Arn, run: fn(&mut Keys, &Request<'_>) -> Outcome) -> Action<Keys> {
    Action { name, resource: Resource::Arn(arn), run: Run::Write(run) }
}
