//! The provider block: its attributes as a struct, its schema, and rules between arguments.

use std::fmt;

use super::duration;
use cloud::{endpoint::Endpoint, names::Region, ram::RoleArn};

use crate::secret_text::SecretText;
use schema::{
    Attribute, Block, Diagnostic, Diagnostics, Field, Nesting, Path, Schema, Type, model,
    validator::{Between, Each, OneOf, ParseWith},
};

model! {
    /// The provider block.
    pub struct ProviderModel {
        /// The AccessKey id.
        pub access_key: String,
        /// The AccessKey secret.
        pub secret_key: SecretText,
        /// The STS token, for temporary keys.
        pub security_token: SecretText,
        /// The profile.
        pub profile: String,
        /// The file of the profile.
        pub shared_credentials_file: String,
        /// The role of the ECS instance.
        pub ecs_role_name: String,
        /// An address that answers with credentials.
        pub credentials_uri: SecretText,
        /// A role to assume.
        pub assume_role: Vec<Field<AssumeRoleModel>>,
        /// A role to assume with a token of an identity provider.
        pub assume_role_with_oidc: Vec<Field<AssumeRoleWithOidcModel>>,
        /// The only accounts that calls may be made for.
        pub allowed_account_ids: Vec<Field<String>>,
        /// Accounts that no call may be made for.
        pub forbidden_account_ids: Vec<Field<String>>,
        /// The region.
        pub region: String,
        /// Whether a region that is not known is accepted.
        pub skip_region_validation: bool,
        /// Whether the services are reached over the internet or from inside a VPC.
        pub network: String,
        /// A file of certificate authorities.
        pub ca_bundle: String,
        /// How often a failed call is repeated.
        pub max_retries: i64,
        /// The longest one attempt may take.
        pub request_timeout: String,
        /// How many requests may be under way at once.
        pub max_concurrency: i64,
        /// What is appended to the user agent.
        pub configuration_source: String,
        /// What is done about a key or a role that is not ready.
        pub preflight: String,
        /// Whether a plan warns that a first configuration is permanent.
        pub permanence_warning: bool,
        /// Which action of SLS writes the encryption configuration.
        pub encryption_api: String,
        /// Where the services are reached.
        pub endpoints: Vec<Field<EndpointsModel>>,
        /// How requests are signed.
        pub sign_version: Vec<Field<SignVersionModel>>,
    }
}

model! {
    /// The block `assume_role`.
    pub struct AssumeRoleModel {
        /// The role.
        pub role_arn: String,
        /// The name of the session.
        pub session_name: String,
        /// A policy that narrows the session down.
        pub policy: String,
        /// How long the session lasts, in seconds.
        pub session_expiration: i64,
        /// What the role's trust policy may ask for.
        pub external_id: SecretText,
    }
}

model! {
    /// The block `assume_role_with_oidc`.
    pub struct AssumeRoleWithOidcModel {
        /// The identity provider.
        pub oidc_provider_arn: String,
        /// The file of the token.
        pub oidc_token_file: String,
        /// The token.
        pub oidc_token: SecretText,
        /// The role.
        pub role_arn: String,
        /// The name of the session.
        pub role_session_name: String,
        /// A policy that narrows the session down.
        pub policy: String,
        /// How long the session lasts, in seconds.
        pub session_expiration: i64,
    }
}

model! {
    /// The block `endpoints`.
    pub struct EndpointsModel {
        /// Where SLS is reached.
        pub log: String,
        /// Where RAM is reached.
        pub ram: String,
        /// Where KMS is reached.
        pub kms: String,
        /// Where STS is reached.
        pub sts: String,
    }
}

model! {
    /// The block `sign_version`.
    pub struct SignVersionModel {
        /// How requests to SLS are signed.
        pub sls: String,
        /// How requests to RAM, KMS and STS are signed.
        pub rpc: String,
    }
}

/// The values of `encryption_api`; the first is the default.
pub(super) const ENCRYPTION_APIS: [&str; 2] = ["update_logstore", "update_logstore_encryption"];

/// The values of `preflight`.
pub(super) const PREFLIGHTS: [&str; 3] = ["error", "warn", "off"];

/// The block of which there can be one at most.
pub(super) fn only<T>(blocks: &Field<Vec<Field<T>>>) -> Option<&T> {
    blocks.known()?.first()?.known()
}

/// A number, where it is known and fits.
pub(super) fn whole<T: TryFrom<i64>>(argument: &Field<i64>) -> Option<T> {
    argument.known().and_then(|number| T::try_from(*number).ok())
}

/// The value of a table that has this name.
pub(super) fn named<T: Copy>(table: &[(&str, T)], name: Option<&String>) -> Option<T> {
    table.iter().find(|(known, _)| Some(*known) == name.map(String::as_str)).map(|(_, value)| *value)
}

const DESCRIPTION: &str =
    "Encrypts existing Logstores of Alibaba Cloud Simple Log Service (SLS) at rest, without owning them.";

/// The schema of the provider block.
pub(super) fn schema() -> Schema {
    Schema {
        description: DESCRIPTION,
        attributes: [credentials(), calls()].concat(),
        blocks: vec![assume_role(), assume_role_with_oidc(), endpoints(), sign_version()],
        ..Schema::default()
    }
}

/// Who calls.
fn credentials() -> Vec<Attribute> {
    vec![
            Attribute::string("access_key").optional().description(
                "The AccessKey id. Environment: `ALICLOUD_ACCESS_KEY`, `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABACLOUD_ACCESS_KEY_ID`.",
            ),
            Attribute::string("secret_key").optional().sensitive().description(
                "The AccessKey secret. Environment: `ALICLOUD_SECRET_KEY`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET`, `ALIBABACLOUD_ACCESS_KEY_SECRET`.",
            ),
            Attribute::string("security_token").optional().sensitive().description(
                "The STS token that goes with temporary keys. Environment: `ALICLOUD_SECURITY_TOKEN`, `ALIBABA_CLOUD_SECURITY_TOKEN`, `ALIBABACLOUD_SECURITY_TOKEN`.",
            ),
            Attribute::string("profile").optional().description(
                "The profile of the file that the command line tool `aliyun` keeps, or of the credentials file of the SDKs. Environment: `ALICLOUD_PROFILE`, `ALIBABA_CLOUD_PROFILE`.",
            ),
            Attribute::string("shared_credentials_file").optional().description(
                "The file of the profile; one that begins with `{` is read as the command line tool's, any other as the INI file of the SDKs. Environment: `ALICLOUD_SHARED_CREDENTIALS_FILE`, `ALIBABA_CLOUD_CREDENTIALS_FILE`. Default: `~/.aliyun/config.json`, then `~/.alibabacloud/credentials`.",
            ),
            Attribute::string("ecs_role_name").optional().description(
                "The RAM role of the ECS instance this runs on. Environment: `ALICLOUD_ECS_ROLE_NAME`, `ALIBABA_CLOUD_ECS_METADATA`.",
            ),
            Attribute::string("credentials_uri").optional().sensitive().description(
                "An address that answers with temporary keys; `http://` is accepted for addresses of this machine only. Environment: `ALICLOUD_CREDENTIALS_URI`, `ALIBABA_CLOUD_CREDENTIALS_URI`.",
            ),
            account_ids("allowed_account_ids").description(
                "The only accounts that the provider may work in. The provider calls GetCallerIdentity once, before anything else. If the keys belong to another account, that is an error that names both. If it is left out or empty, every account is allowed.",
            ),
            account_ids("forbidden_account_ids").description(
                "Accounts that the provider must not work in, checked in the same way.",
            ),
    ]
}

fn account_ids(name: &'static str) -> Attribute {
    Attribute::new(name, Type::set(Type::String))
        .optional()
        .validator(Each(ParseWith::new("Must be the id of an account: digits.", validate_account_id)))
}

/// Where and how calls are made.
fn calls() -> Vec<Attribute> {
    vec![
            Attribute::string("region")
                .optional()
                .validator(ParseWith::new("Must be a region id such as `cn-hangzhou`.", Region::parse).or_empty())
                .description(
                    "The region of the Logstores whose resource names none. One provider block serves all regions. Environment: `ALICLOUD_REGION`, `ALIBABA_CLOUD_REGION`. If it is left out, the provider reads it from the SLS endpoint, then from `ALIBABA_CLOUD_REGION_ID`, `ALIBABACLOUD_REGION_ID` or `ALICLOUD_REGION_ID`, then from `region_id` of the profile that gives the keys. Unlike the official provider, this one assumes no region.",
                ),
            Attribute::bool("skip_region_validation").optional().description(
                "Accepts a region this provider does not know, for regions newer than it. Environment: `ALICLOUD_SKIP_REGION_VALIDATION`. Default: `false`.",
            ),
            Attribute::string("network")
                .optional()
                .validator(OneOf(&["public", "vpc"]))
                .description(
                    "The host names of services without a member in `endpoints`. With `vpc`, for machines in a VPC of the region: `cn-hangzhou-intranet.log.aliyuncs.com`, `ram.vpc-proxy.aliyuncs.com`, `kms-vpc.cn-hangzhou.aliyuncs.com`, `sts-vpc.cn-hangzhou.aliyuncs.com` (the RAM host name is undocumented; it was taken from a tool of the vendor). Environment: `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED` (`true` for `vpc`), `ALIBABA_CLOUD_ENDPOINT_TYPE` (`vpc`). Default: `public`.",
                ),
            Attribute::string("ca_bundle").optional().description(
                "A PEM file of certificate authorities to trust besides the system's, for all services: that of a proxy that inspects TLS, or of the emulator. A proxy is taken from `HTTPS_PROXY` or `ALL_PROXY`, and hosts to reach without it from `NO_PROXY`, in capital or small letters. `HTTP_PROXY` has no effect. Loopback addresses are never proxied. On Linux, `SSL_CERT_FILE` names a file, and `SSL_CERT_DIR` folders of files, that take the place of the system's authorities.",
            ),
            Attribute::number("max_retries")
                .optional()
                .validator(Between(0, 100))
                .description("How often the provider repeats a call that failed for a passing reason. It repeats a throttled call until the time limit of the operation. With 0 it repeats nothing. Default: 8."),
            Attribute::string("request_timeout")
                .optional()
                .validator(ParseWith::new("Must be a duration such as `30s`.", duration::parse))
                .description("The longest one attempt of a call may take. Default: `30s`."),
            Attribute::number("max_concurrency")
                .optional()
                .validator(Between(1, 1000))
                .description("How many requests may be under way at once. Default: 20."),
            Attribute::string("configuration_source").optional().description(
                "Text appended to the user agent of every request. Environment: `TF_APPEND_USER_AGENT`.",
            ),
            Attribute::string("preflight").optional().validator(OneOf(&PREFLIGHTS)).description(
                "Before a plan configures or enables encryption with a KMS key of your own (`user_cmk_info`), the provider checks the key and the role. If a check fails, `error` stops the plan and `warn` warns; `off` skips the checks. The provider reports each failed check once, whatever the number of Logstores. If the caller of the plan may not pass the role (`ram:PassRole`), that is always a warning: another caller may apply. A read that is denied is always a warning too. Unless it is `off`, a refresh warns of a key or a role that cannot be used any more. `alicloud_byok_readiness` has the same checks as a data source. Environment: `ALICLOUD_ENCRYPTION_PREFLIGHT`. Default: `error`.",
            ),
            Attribute::bool("permanence_warning").optional().description(
                "Whether a plan warns, once for all Logstores, that the first encryption configuration of a Logstore is permanent, and shows what is fixed. Environment: `ALICLOUD_ENCRYPTION_PERMANENCE_WARNING`. Default: `true`, and `false` where the environment variable `TF_IN_AUTOMATION` is set, as in pipelines; set it to `true` where people review the plans of a pipeline.",
            ),
            Attribute::string("encryption_api").optional().validator(OneOf(&ENCRYPTION_APIS)).description(
                "Which action of SLS writes the encryption configuration. `update_logstore` (UpdateLogStore) is offered in every region. It replaces all settings of a Logstore, so the provider reads them first and sends them back; what another writer changes in between, within a second, can be lost. `update_logstore_encryption` (UpdateLogStoreEncryption) sets the encryption configuration and nothing else; not every region may offer it. See the guide *How a write stays safe*. Default: `update_logstore`.",
            ),
    ]
}

fn endpoints() -> Block {
    Block::new(
                "endpoints",
                Nesting::List,
                vec![
                    endpoint(
                        "log",
                        "Where SLS is reached, without the project: `cn-hangzhou.log.aliyuncs.com`, or `http://127.0.0.1:8700` for the emulator. If the host names a region, the provider writes the region of the Logstore in its place. Any other host serves every region. Environment: `ALIBABA_CLOUD_ENDPOINT_SLS`. Default: the region's public endpoint.",
                    ),
                    endpoint(
                        "ram",
                        "Where RAM is reached. Environment: `ALIBABA_CLOUD_ENDPOINT_RAM`. Default: `ram.aliyuncs.com`.",
                    ),
                    endpoint(
                        "kms",
                        "Where KMS is reached, for keys of every region. Environment: `ALIBABA_CLOUD_ENDPOINT_KMS`. Default: the public endpoint of the key's region, `kms.cn-hangzhou.aliyuncs.com`.",
                    ),
                    endpoint(
                        "sts",
                        "Where STS is reached. Environment: `ALIBABA_CLOUD_ENDPOINT_STS`. Default: the region's public endpoint, `sts.cn-hangzhou.aliyuncs.com`, or `sts.aliyuncs.com` where the region has none.",
                    ),
                ],
            )
            .at_most(1)
            .description("Where the services are reached, if not at their public endpoints.")
}

fn sign_version() -> Block {
    Block::new(
                "sign_version",
                Nesting::List,
                vec![
                    Attribute::string("sls")
                        .optional()
                        .validator(OneOf(&["v4", "v1-hmac-sha256", "v1-hmac-sha1"]))
                        .description("How requests to SLS are signed. Default: `v4`."),
                    Attribute::string("rpc")
                        .optional()
                        .validator(OneOf(&["acs3", "v1-hmac-sha1"]))
                        .description(
                            "How requests to RAM, KMS and STS are signed: `acs3` is ACS3-HMAC-SHA256, `v1-hmac-sha1` the older signature of the RPC style, which carries the security token of temporary keys in the address. Default: `acs3`.",
                        ),
                ],
            )
            .at_most(1)
            .description("How requests are signed.")
}

fn assume_role() -> Block {
    let members = vec![
        Attribute::string("role_arn").optional().validator(role_arn()).description(
            "The ARN of the role; needed. Environment: `ALICLOUD_ASSUME_ROLE_ARN`, `ALIBABA_CLOUD_ROLE_ARN`.",
        ),
        Attribute::string("session_name").optional().description(
            "The name of the session. Environment: `ALICLOUD_ASSUME_ROLE_SESSION_NAME`, `ALIBABA_CLOUD_ROLE_SESSION_NAME`. Default: `terraform`.",
        ),
        Attribute::string("policy")
            .optional()
            .description("A policy document that narrows the session down."),
        Attribute::number("session_expiration").optional().validator(Between(900, 43200)).description(
            "How long the session lasts, in seconds; it is renewed before its end. Environment: `ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION`. Default: 3600.",
        ),
        Attribute::string("external_id")
            .optional()
            .sensitive()
            .description("The external id that the role's trust policy asks for."),
    ];
    Block::new("assume_role", Nesting::List, members)
        .at_most(1)
        .description("A RAM role to assume with the credentials of the table above. The provider then does everything as that role. The environment variables of its members are read only if you write this block, which may be empty.")
}

fn assume_role_with_oidc() -> Block {
    let members = vec![
        Attribute::string("oidc_provider_arn").optional().description(
            "The ARN of the identity provider; needed. Environment: `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`.",
        ),
        Attribute::string("oidc_token_file").optional().description(
            "The file of the token, read anew for each session. Environment: `ALIBABA_CLOUD_OIDC_TOKEN_FILE`.",
        ),
        Attribute::string("oidc_token").optional().sensitive().description(
            "The token; it wins over the file. Environment: `ALIBABA_CLOUD_OIDC_TOKEN`.",
        ),
        Attribute::string("role_arn")
            .optional()
            .validator(role_arn())
            .description("The ARN of the role. It is needed. Environment: `ALIBABA_CLOUD_ROLE_ARN`."),
        Attribute::string("role_session_name").optional().description(
            "The name of the session. Environment: `ALIBABA_CLOUD_ROLE_SESSION_NAME`. Default: `terraform`.",
        ),
        Attribute::string("policy")
            .optional()
            .description("A policy document that narrows the session down."),
        Attribute::number("session_expiration")
            .optional()
            .validator(Between(900, 43200))
            .description("How long the session lasts, in seconds; it is renewed before its end. Default: 3600."),
    ];
    Block::new("assume_role_with_oidc", Nesting::List, members)
        .at_most(1)
        .description("A RAM role to assume with a token of an identity provider (OIDC). Without the block, the environment variables of its members are read too, if they name the provider, the role and the token.")
}

fn role_arn() -> ParseWith<RoleArn, impl fmt::Debug + fmt::Display> {
    ParseWith::new("Must be the ARN of a role such as `acs:ram::1234567890123456:role/name`.", RoleArn::parse)
        .or_empty()
}

/// A member of the block `endpoints`.
fn endpoint(name: &'static str, description: &'static str) -> Attribute {
    Attribute::string(name)
        .optional()
        .validator(
            ParseWith::new(
                "Must be a host or URL; `http://` is accepted for addresses of this machine only.",
                Endpoint::parse,
            )
            .or_empty(),
        )
        .description(description)
}

/// Checks rules between arguments.
pub(super) fn validate(config: &ProviderModel) -> Diagnostics {
    let mut found = Diagnostics::new();
    let (id, secret) = (config.access_key.known(), config.secret_key.known());
    match (id, secret) {
        (Some(id), Some(secret)) if !id.is_empty() && secret.is_empty() => {
            found.push(missing_half("access_key", "secret_key"));
        }
        (Some(id), Some(secret)) if id.is_empty() && !secret.is_empty() => {
            found.push(missing_half("secret_key", "access_key"));
        }
        _ => {}
    }
    found
}
fn missing_half(given: &str, missing: &'static str) -> Diagnostic {
    Diagnostic::error("Incomplete credentials", format!("{given} is set, but {missing} is empty."))
        .at(Path::of(missing))
}

fn validate_account_id(text: &str) -> Result<(), String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("{} is not an account id such as 1234567890123456", text::quote(text)));
    }
    Ok(())
}
