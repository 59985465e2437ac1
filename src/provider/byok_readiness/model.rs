//! The schema of `alicloud_byok_readiness` and its attributes as a struct.

use crate::{
    readiness::{Check, Principal},
    role_arn,
    timeouts::{self, ReadTimeoutModel},
};
use cloud::names::Region;
use schema::{
    Attribute, Field, Nesting, Schema, model,
    validator::{NotEmpty, ParseWith},
};

model! {
    /// Whether a key and a role are ready.
    pub struct ReadinessModel {
        /// The id of the KMS key.
        pub cmk_key_id: String,
        /// The ARN of the role.
        pub role_arn: String,
        /// The region of the key.
        pub region_id: String,
        /// Who configures encryption; null for the caller.
        pub principal: String,
        /// The time limit.
        pub timeouts: ReadTimeoutModel,
        /// Whether no check failed.
        pub ready: bool,
        /// Whether every check was made.
        pub complete: bool,
        /// The checks.
        pub checks: Vec<Field<CheckModel>>,
    }
}

model! {
    /// The outcome of one check.
    pub struct CheckModel {
        /// Which check it is.
        pub name: String,
        /// Whether it is as it has to be; null if that could not be found out.
        pub ok: bool,
        /// What was found.
        pub detail: String,
        /// What to do.
        pub fix: String,
    }
}

/// The schema.
pub(super) fn schema() -> Schema {
    Schema {
        description: "Checks whether Logstores can be encrypted with a KMS key of your own (BYOK). It checks the key, the RAM role that Simple Log Service (SLS) assumes, and who configures encryption, and says for each failed check what to do. Nothing is changed.

The checks, in the order of `checks`:

- `key_exists`: KMS has the key.
- `key_id`: `cmk_key_id` is the key's id, and not an alias or the ARN of it.
- `key_enabled`: the key is enabled.
- `key_symmetric`: the key is symmetric.
- `key_usage`: the key is for `ENCRYPT/DECRYPT`.
- `key_region`: the key is in the region of the Logstores.
- `role_exists`: RAM has the role.
- `role_trust`: the role's trust policy lets `log.aliyuncs.com` assume it.
- `role_reads_keys`: the role has the system policy `AliyunKMSReadOnlyAccess`, or another one that allows `kms:DescribeKey` on the key.
- `role_uses_keys`: the role has the system policy `AliyunKMSCryptoUserAccess`, or another one that allows `kms:Encrypt`, `kms:Decrypt` and `kms:GenerateDataKey` on the key. If only `kms:Encrypt` is missing, the check is null, because SLS can make data keys without it.
- `pass_role`: `principal` has `ram:PassRole` on the role.

The vendor documents that the role needs these two system policies. It does not document which of their actions SLS uses.

A policy is judged by what it means, however it is written: with lists or single texts, with `*` and `?`, with `NotAction` and `NotResource`. A `Deny` wins. What depends on a `Condition` cannot be judged.

The guide [Least privileges](../guides/least-privileges.md) has the permissions that the caller needs, and a policy document to copy. It is not an error if the caller may not read something: the checks that depend on it are null.",
        attributes: [arguments(), found()].concat(),
        ..Schema::default()
    }
}

fn arguments() -> Vec<Attribute> {
    vec![
        Attribute::string("cmk_key_id")
            .required()
            .validator(NotEmpty)
            .description("The id of the KMS key, as in `user_cmk_info.cmk_key_id` of `alicloud_log_store_encryption`."),
        Attribute::string("role_arn")
            .required()
            .validator(ParseWith::new("Must be the ARN of a RAM role: `acs:ram::<account id>:role/<name>`.", role_arn::parse))
            .description("The ARN of the RAM role that SLS assumes to use the key, as in `user_cmk_info.arn`."),
        Attribute::string("region_id")
            .optional()
            .computed()
            .validator(ParseWith::new("Must be a region id such as `cn-hangzhou`.", Region::parse))
            .description("The region of the Logstores, which has to be that of the key. Default: the provider's region."),
        Attribute::string("principal")
            .optional()
            .validator(ParseWith::new("Must be the ARN of a RAM user, a RAM role or an account: `acs:ram::<account id>:user/<name>`, `acs:ram::<account id>:role/<name>` or `acs:ram::<account id>:root`.", Principal::parse))
            .description("Who configures encryption, and so has to be allowed to pass the role. Left out, it is the caller: whoever the provider's AccessKey belongs to. The account itself needs no permission."),
        timeouts::attribute(
            "The time limit, as a duration such as `90s` or `5m`. Default: `2m`.",
            [("read", "The limit of a reading.")],
        ),
    ]
}

fn found() -> Vec<Attribute> {
    vec![
        Attribute::bool("ready").computed().description(
            "True if no check failed. Checks that could not be made do not count; look at `complete` too.",
        ),
        Attribute::bool("complete").computed().description(
            "True if every check could be made. Everything is ready only if both `ready` and `complete` are true.",
        ),
        Attribute::nested("checks", Nesting::List, check())
            .computed()
            .description("The checks, always the same ones in the same order."),
    ]
}

fn check() -> Vec<Attribute> {
    vec![
        Attribute::string("name").computed().description("Which check it is."),
        Attribute::bool("ok").computed().description(
            "Whether it is as it has to be; null if that could not be found out: the caller may not read it, a policy depends on a condition, or what it is about does not exist, which is a failed check of its own.",
        ),
        Attribute::string("detail").computed().description("What was found, or what permission was missing to find out."),
        Attribute::string("fix").computed().description(
            "What to do: the statement, the policy, the resource or the command. Null where nothing is to be done.",
        ),
    ]
}

impl ReadinessModel {
    /// Sets the outcome of the checks.
    pub(super) fn report(&mut self, checks: Vec<Check>) {
        self.ready = Field::Known(checks.iter().all(|check| check.ok != Some(false)));
        self.complete = Field::Known(checks.iter().all(|check| check.ok.is_some()));
        self.checks = Field::Known(checks.into_iter().map(|check| Field::Known(check.into())).collect());
    }
}

impl From<Check> for CheckModel {
    fn from(check: Check) -> CheckModel {
        CheckModel {
            name: check.name.into(),
            ok: check.ok.map_or(Field::Null, Field::Known),
            detail: check.detail.into(),
            fix: check.fix.map_or(Field::Null, Field::Known),
        }
    }
}
