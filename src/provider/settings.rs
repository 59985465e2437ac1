//! How arguments and environment variables become settings: argument, else environment, else default.

use std::{collections::BTreeSet, time::Duration};

use super::{
    config::{ENCRYPTION_APIS, EndpointsModel, PREFLIGHTS, ProviderModel, named, only, whole},
    connection::{Connection, check_region, connection},
    credentials::{chain, region_of_profile},
    duration,
    environment::{Environment, Found, flag, text},
    files::Files,
};
use cloud::{
    credentials::{AccountRule, ChainConfig, StsEndpoints},
    endpoint::Endpoint,
    names::Region,
    signing::{rpc, sls::SignatureVersion},
    sls::EncryptionApi,
};
use schema::{Diagnostic, Diagnostics, Field, Model};

/// The settings of a provider block.
#[derive(Debug)]
pub(super) enum Settings {
    /// Everything is known.
    Known(Box<KnownSettings>),
    /// These arguments are not known yet.
    Unknown(Vec<String>),
}

/// Settings that are known.
#[derive(Debug)]
pub(super) struct KnownSettings {
    pub(super) credentials: ChainConfig,
    pub(super) accounts: AccountRule,
    pub(super) region: Region,
    /// `None` for the endpoint of each Logstore's region.
    pub(super) log_endpoint: Option<Endpoint>,
    pub(super) ram_endpoint: Endpoint,
    /// `None` for the endpoint of each key's region.
    pub(super) kms_endpoint: Option<Endpoint>,
    pub(super) sts_endpoint: Endpoint,
    pub(super) connection: Connection,
    pub(super) signature: SignatureVersion,
    pub(super) rpc_signature: rpc::SignatureVersion,
    pub(super) max_retries: u32,
    pub(super) request_timeout: Duration,
    pub(super) max_concurrency: usize,
    pub(super) configuration_source: Option<String>,
    pub(super) preflight: Preflight,
    pub(super) permanence_warning: bool,
    pub(super) encryption_api: EncryptionApi,
}

/// What a plan does about a key or a role that is not ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Preflight {
    /// It fails.
    #[default]
    Error,
    /// It warns.
    Warn,
    /// It does not look.
    Off,
}

// Names and order follow the official provider (its documentation, "Environment variables").
const REGION: [&str; 2] = ["ALICLOUD_REGION", "ALIBABA_CLOUD_REGION"];
/// As the command line tool sets it for its plug-ins, and ACK in its pods.
const REGION_ID: [&str; 3] = ["ALIBABA_CLOUD_REGION_ID", "ALIBABACLOUD_REGION_ID", "ALICLOUD_REGION_ID"];
/// Where the vendor's tools look for STS (`aliyun/aliyun-cli`, `aliyun/credentials-go`).
const STS_ENDPOINT_OF_TOOLS: [&str; 1] = ["ALIBABA_CLOUD_STS_ENDPOINT"];
const STS_REGION: [&str; 1] = ["ALIBABA_CLOUD_STS_REGION"];
const LOG_ENDPOINT: [&str; 1] = ["ALIBABA_CLOUD_ENDPOINT_SLS"];
const RAM_ENDPOINT: [&str; 1] = ["ALIBABA_CLOUD_ENDPOINT_RAM"];
const KMS_ENDPOINT: [&str; 1] = ["ALIBABA_CLOUD_ENDPOINT_KMS"];
const STS_ENDPOINT: [&str; 1] = ["ALIBABA_CLOUD_ENDPOINT_STS"];
const PREFLIGHT: [&str; 1] = ["ALICLOUD_ENCRYPTION_PREFLIGHT"];
const PERMANENCE_WARNING: [&str; 1] = ["ALICLOUD_ENCRYPTION_PERMANENCE_WARNING"];
/// Set where nobody reads along. Source: Terraform documentation, "Environment Variables".
const IN_AUTOMATION: [&str; 1] = ["TF_IN_AUTOMATION"];
const CONFIGURATION_SOURCE: [&str; 1] = ["TF_APPEND_USER_AGENT"];

const SIGNATURES: [(&str, SignatureVersion); 3] = [
    ("v4", SignatureVersion::V4),
    ("v1-hmac-sha256", SignatureVersion::V1HmacSha256),
    ("v1-hmac-sha1", SignatureVersion::V1HmacSha1),
];

const RPC_SIGNATURES: [(&str, rpc::SignatureVersion); 2] =
    [("acs3", rpc::SignatureVersion::Acs3HmacSha256), ("v1-hmac-sha1", rpc::SignatureVersion::V1HmacSha1)];

/// Enough to outlast an outage of some seconds: with pauses that grow to 2 s, 11 s at most. Throttled calls
/// wait their turn for as long as the operation may take.
const DEFAULT_MAX_RETRIES: u32 = 8;

/// Longer than any documented answer takes, shorter than a person's patience.
const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Twice Terraform's default of ten operations at once, so that this limit is not the one that binds.
const DEFAULT_MAX_CONCURRENCY: usize = 20;
/// Reads each setting: argument, else environment, else default.
///
/// # Errors
///
/// What is missing or malformed, all of it.
pub(super) fn settings(
    config: &ProviderModel,
    environment: &Environment,
    files: &Files,
) -> Result<Settings, Diagnostics> {
    let unknown = config.clone().into_object().unknown_members();
    if !unknown.is_empty() {
        return Ok(Settings::Unknown(unknown));
    }
    let mut problems = Diagnostics::new();
    let mut noted = |problem: Diagnostic| problems.push(problem);
    let endpoints = endpoints(config, environment, &mut noted);
    let preflight = preflight(config, environment).map_err(&mut noted).ok();
    let permanence_warning = permanence_warning(config, environment).map_err(&mut noted).ok();
    let connection = connection(config, environment, files, &mut noted);
    let region = match &endpoints {
        Some(endpoints) => {
            region(config, environment, files, endpoints.log.as_ref()).map_err(&mut noted).ok()
        }
        None => None,
    };
    let network = connection.as_ref().map(|connection| connection.network).unwrap_or_default();
    let sts_region = sts_region(environment).map_err(&mut noted).ok().flatten().or_else(|| region.clone());
    let sts = StsEndpoints {
        configured: endpoints.as_ref().and_then(|endpoints| endpoints.sts.clone()),
        fallback: endpoint("STS", &Field::Null, environment, &STS_ENDPOINT_OF_TOOLS)
            .map_err(&mut noted)
            .ok()
            .flatten(),
        default: sts_region.as_ref().map_or_else(Endpoint::global_sts, |region| network.sts(region)),
    };
    let credentials = chain(config, environment, &sts).map_err(&mut noted).ok();
    let (Some(preflight), Some(permanence_warning)) = (preflight, permanence_warning) else {
        return Err(problems);
    };
    let (Some(credentials), Some(endpoints), Some(connection), Some(region)) =
        (credentials, endpoints, connection, region)
    else {
        return Err(problems);
    };
    Ok(Settings::Known(Box::new(KnownSettings {
        credentials,
        accounts: AccountRule {
            allowed: account_ids(&config.allowed_account_ids),
            forbidden: account_ids(&config.forbidden_account_ids),
        },
        log_endpoint: endpoints.log,
        ram_endpoint: endpoints.ram.unwrap_or_else(|| network.ram()),
        kms_endpoint: endpoints.kms,
        sts_endpoint: sts.endpoint().clone(),
        region,
        connection,
        signature: signature(config),
        rpc_signature: rpc_signature(config),
        max_retries: whole(&config.max_retries).unwrap_or(DEFAULT_MAX_RETRIES),
        request_timeout: request_timeout(config),
        max_concurrency: whole(&config.max_concurrency).unwrap_or(DEFAULT_MAX_CONCURRENCY),
        configuration_source: text(&config.configuration_source, environment, &CONFIGURATION_SOURCE)
            .map(|found| found.value),
        preflight,
        permanence_warning,
        encryption_api: encryption_api(config),
    })))
}

/// The endpoints that are set; `None` is the service's own.
struct Endpoints {
    log: Option<Endpoint>,
    ram: Option<Endpoint>,
    kms: Option<Endpoint>,
    sts: Option<Endpoint>,
}

/// The endpoints, or `None` when one of them is malformed.
fn endpoints(
    config: &ProviderModel,
    environment: &Environment,
    noted: &mut impl FnMut(Diagnostic),
) -> Option<Endpoints> {
    let unset = EndpointsModel::default();
    let block = only(&config.endpoints).unwrap_or(&unset);
    let mut read = |service, argument, names: &[&'static str]| {
        endpoint(service, argument, environment, names).map_err(&mut *noted).ok()
    };
    let log = read("SLS", &block.log, &LOG_ENDPOINT);
    let ram = read("RAM", &block.ram, &RAM_ENDPOINT);
    let kms = read("KMS", &block.kms, &KMS_ENDPOINT);
    let sts = read("STS", &block.sts, &STS_ENDPOINT);
    Some(Endpoints { log: log?, ram: ram?, kms: kms?, sts: sts? })
}

fn endpoint(
    service: &str,
    argument: &Field<String>,
    environment: &Environment,
    names: &[&'static str],
) -> Result<Option<Endpoint>, Diagnostic> {
    let Some(found) = text(argument, environment, names) else { return Ok(None) };
    Endpoint::parse(&found.value).map(Some).map_err(|error| {
        Diagnostic::error(
            "Invalid endpoint",
            format!("The endpoint of {service} comes from {}. {error}", found.source),
        )
    })
}

fn region(
    config: &ProviderModel,
    environment: &Environment,
    files: &Files,
    endpoint: Option<&Endpoint>,
) -> Result<Region, Diagnostic> {
    if let Some(found) = text(&config.region, environment, &REGION) {
        return known_region(&found, config, environment);
    }
    if let Some(region) = endpoint.and_then(Endpoint::region_of_sls_host) {
        return Ok(region);
    }
    let last_resort = text(&Field::Null, environment, &REGION_ID);
    match last_resort.or_else(|| region_of_profile(config, environment, files)) {
        Some(found) => known_region(&found, config, environment),
        None => Err(Diagnostic::error(
            "No region",
            format!(
                "The region of the Logstores is not set, and neither an SLS endpoint nor the profile that gives the keys has one. Set region, or one of the environment variables {}.",
                REGION.join(", ")
            ),
        )),
    }
}

/// The region of STS that is set for the vendor's tools.
fn sts_region(environment: &Environment) -> Result<Option<Region>, Diagnostic> {
    let Some(found) = text(&Field::Null, environment, &STS_REGION) else { return Ok(None) };
    parsed_region(&found).map(Some)
}

fn known_region(
    found: &Found,
    config: &ProviderModel,
    environment: &Environment,
) -> Result<Region, Diagnostic> {
    let region = parsed_region(found)?;
    check_region(&region, &found.source, config, environment).map(|()| region)
}

fn parsed_region(found: &Found) -> Result<Region, Diagnostic> {
    Region::parse(&found.value).map_err(|error| {
        Diagnostic::error("Invalid region", format!("The region comes from {}. {error}", found.source))
    })
}

fn account_ids(argument: &Field<Vec<Field<String>>>) -> BTreeSet<String> {
    argument.known().into_iter().flatten().filter_map(|id| id.known().cloned()).collect()
}

fn preflight(config: &ProviderModel, environment: &Environment) -> Result<Preflight, Diagnostic> {
    let Some(found) = text(&config.preflight, environment, &PREFLIGHT) else {
        return Ok(Preflight::default());
    };
    match found.value.as_str() {
        "error" => Ok(Preflight::Error),
        "warn" => Ok(Preflight::Warn),
        "off" => Ok(Preflight::Off),
        other => Err(Diagnostic::error(
            "Invalid preflight",
            format!(
                "preflight comes from {}. It is {}; use one of: {}.",
                found.source,
                text::quote(other),
                PREFLIGHTS.join(", ")
            ),
        )),
    }
}

/// Where nobody reads along it is off, unless asked for.
fn permanence_warning(config: &ProviderModel, environment: &Environment) -> Result<bool, Diagnostic> {
    let asked = flag(&config.permanence_warning, environment, &PERMANENCE_WARNING)?;
    Ok(asked.unwrap_or_else(|| environment.first(&IN_AUTOMATION).is_none()))
}

fn encryption_api(config: &ProviderModel) -> EncryptionApi {
    let [_, dedicated] = ENCRYPTION_APIS;
    match config.encryption_api.known() {
        Some(api) if api == dedicated => EncryptionApi::UpdateLogStoreEncryption,
        _ => EncryptionApi::UpdateLogStore,
    }
}

fn signature(config: &ProviderModel) -> SignatureVersion {
    let given = only(&config.sign_version).and_then(|block| block.sls.known());
    named(&SIGNATURES, given).unwrap_or(SignatureVersion::V4)
}

fn rpc_signature(config: &ProviderModel) -> rpc::SignatureVersion {
    let given = only(&config.sign_version).and_then(|block| block.rpc.known());
    named(&RPC_SIGNATURES, given).unwrap_or(rpc::SignatureVersion::Acs3HmacSha256)
}

fn request_timeout(config: &ProviderModel) -> Duration {
    let given = config.request_timeout.known().and_then(|text| duration::parse(text).ok());
    given.unwrap_or(DEFAULT_REQUEST_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SignVersionModel;
    use cloud::network::Network;
    use schema::{Path, Value};

    fn keys() -> ProviderModel {
        ProviderModel {
            access_key: "id".into(),
            secret_key: Field::Known("secret".into()),
            ..ProviderModel::default()
        }
    }

    #[track_caller]
    fn known(config: &ProviderModel, environment: &Environment) -> KnownSettings {
        match settings(config, environment, &Files::default()) {
            Ok(Settings::Known(known)) => *known,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn refused(config: &ProviderModel, environment: &Environment) -> String {
        let problems = settings(config, environment, &Files::default()).unwrap_err();
        let lines = problems.iter().map(|problem| format!("{}: {}", problem.summary, problem.detail));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn log(endpoint: &str) -> Field<Vec<Field<EndpointsModel>>> {
        Field::Known(vec![Field::Known(EndpointsModel { log: endpoint.into(), ..EndpointsModel::default() })])
    }

    /// Variables and files in the order in which they give the region.
    #[test]
    fn the_region_of_the_vendors_tools_is_a_last_resort() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.json");
        let profile = r#"{"profiles":[{"name":"default","mode":"AK","access_key_id":"i","access_key_secret":"s","region_id":"cn-beijing"}]}"#;
        std::fs::write(&file, profile).unwrap();
        let file = ("ALICLOUD_SHARED_CREDENTIALS_FILE", file.to_str().unwrap());
        let keys = [("ALICLOUD_ACCESS_KEY", "i"), ("ALICLOUD_SECRET_KEY", "s\r\n")];
        let tools = ("ALIBABA_CLOUD_REGION_ID", "cn-shanghai\n");
        let own = ("ALICLOUD_REGION", "cn-hangzhou");
        let host = ("ALIBABA_CLOUD_ENDPOINT_SLS", "cn-qingdao.log.aliyuncs.com");
        for (variables, expected) in [
            (vec![file, tools, host, own], Some("cn-hangzhou")),
            (vec![file, tools, host], Some("cn-qingdao")),
            (vec![file, tools], Some("cn-shanghai")),
            (vec![file], Some("cn-beijing")),
            // The keys are not those of the profile.
            (vec![file, keys[0], keys[1]], None),
            (vec![keys[0], keys[1]], None),
        ] {
            let environment = variables.iter().copied().collect();
            match (settings(&ProviderModel::default(), &environment, &Files::default()), expected) {
                (Ok(Settings::Known(known)), Some(expected)) => assert_eq!(known.region.as_str(), expected),
                (Err(_), None) => {}
                (other, _) => panic!("{variables:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn where_sts_is_is_read_as_the_vendors_tools_read_it() {
        let base =
            [("ALICLOUD_ACCESS_KEY", "i"), ("ALICLOUD_SECRET_KEY", "s"), ("ALICLOUD_REGION", "cn-hangzhou")];
        let ours = ("ALIBABA_CLOUD_ENDPOINT_STS", "ours.example");
        let tools = ("ALIBABA_CLOUD_STS_ENDPOINT", "tools.example");
        let region = ("ALIBABA_CLOUD_STS_REGION", "cn-shanghai");
        let inside = ("ALIBABA_CLOUD_ENDPOINT_TYPE", "vpc");
        for (variables, expected) in [
            (vec![ours, tools, region], "https://ours.example"),
            (vec![tools, region], "https://tools.example"),
            (vec![region], "https://sts.cn-shanghai.aliyuncs.com"),
            (vec![region, inside], "https://sts-vpc.cn-shanghai.aliyuncs.com"),
            (vec![inside], "https://sts-vpc.cn-hangzhou.aliyuncs.com"),
            (vec![], "https://sts.cn-hangzhou.aliyuncs.com"),
        ] {
            let environment = base.iter().chain(&variables).copied().collect();
            let Ok(Settings::Known(known)) =
                settings(&ProviderModel::default(), &environment, &Files::default())
            else {
                panic!("{variables:?}")
            };
            assert_eq!(known.sts_endpoint.to_string(), expected);
        }
    }

    #[test]
    fn an_argument_wins_over_the_environment_and_an_empty_one_does_not() {
        let environment = || Environment::from([("ALICLOUD_REGION", "cn-beijing")]);
        let given = ProviderModel { region: "cn-hangzhou".into(), ..keys() };
        assert_eq!(known(&given, &environment()).region.as_str(), "cn-hangzhou");
        let empty = ProviderModel { region: "".into(), ..keys() };
        assert_eq!(known(&empty, &environment()).region.as_str(), "cn-beijing");
    }

    #[test]
    fn the_environment_alone_is_enough() {
        let environment = Environment::from([
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "id"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "secret"),
            ("ALIBABA_CLOUD_REGION", "cn-hangzhou"),
            ("ALIBABA_CLOUD_ENDPOINT_SLS", "http://127.0.0.1:8700"),
        ]);
        let known = known(&ProviderModel::default(), &environment);
        assert_eq!(known.log_endpoint, Endpoint::parse("http://127.0.0.1:8700").ok());
        assert_eq!(known.signature, SignatureVersion::V4);
    }

    #[test]
    fn region_comes_from_the_endpoint_and_is_never_assumed() {
        let config = ProviderModel { endpoints: log("cn-shenzhen-intranet.log.aliyuncs.com"), ..keys() };
        assert_eq!(known(&config, &Environment::default()).region.as_str(), "cn-shenzhen");
        assert!(refused(&keys(), &Environment::default()).contains("No region"));
    }

    #[test]
    fn a_broken_variable_is_named() {
        let environment = Environment::from([("ALIBABA_CLOUD_ENDPOINT_SLS", "http://example.com")]);
        let config = ProviderModel { region: "cn-hangzhou".into(), ..keys() };
        let problem = refused(&config, &environment);
        assert!(problem.contains("ALIBABA_CLOUD_ENDPOINT_SLS") && problem.contains("http"), "{problem}");
    }

    #[test]
    fn services_are_reached_where_the_block_or_a_variable_says_or_in_public() {
        let environment = Environment::from([
            ("ALIBABA_CLOUD_ENDPOINT_RAM", "http://127.0.0.1:8700"),
            ("ALIBABA_CLOUD_ENDPOINT_KMS", "http://127.0.0.1:8701"),
            ("ALIBABA_CLOUD_ENDPOINT_STS", "http://127.0.0.1:8702"),
        ]);
        let config = ProviderModel { region: "cn-hangzhou".into(), ..keys() };
        let given = known(&config, &environment);
        assert_eq!(given.ram_endpoint.to_string(), "http://127.0.0.1:8700");
        assert_eq!(given.kms_endpoint.unwrap().to_string(), "http://127.0.0.1:8701");
        assert_eq!(given.sts_endpoint.to_string(), "http://127.0.0.1:8702");

        let block = EndpointsModel { ram: "ram.example.com".into(), ..EndpointsModel::default() };
        let block = Field::Known(vec![Field::Known(block)]);
        let given = known(&ProviderModel { endpoints: block, ..config }, &environment);
        assert_eq!(given.ram_endpoint.to_string(), "https://ram.example.com");

        let config = ProviderModel { region: "cn-nanjing".into(), ..keys() };
        let public = known(&config, &Environment::default());
        assert_eq!(public.ram_endpoint, Network::Public.ram());
        assert_eq!(public.kms_endpoint, None);
        assert_eq!(public.sts_endpoint.to_string(), "https://sts.aliyuncs.com");
    }

    #[test]
    fn every_malformed_endpoint_is_named_with_its_source() {
        let environment = Environment::from([
            ("ALIBABA_CLOUD_ENDPOINT_RAM", "http://example.com"),
            ("ALIBABA_CLOUD_ENDPOINT_STS", "ftp://x"),
        ]);
        let problem = refused(&ProviderModel { region: "cn-hangzhou".into(), ..keys() }, &environment);
        for part in ["endpoint of RAM", "ALIBABA_CLOUD_ENDPOINT_RAM", "endpoint of STS"] {
            assert!(problem.contains(part), "{part} is not in {problem}");
        }
    }

    #[test]
    fn rpc_requests_are_signed_as_the_block_says() {
        let signed = |rpc: Field<String>| {
            let block = SignVersionModel { rpc, ..SignVersionModel::default() };
            let sign_version = Field::Known(vec![Field::Known(block)]);
            let config = ProviderModel { sign_version, region: "cn-hangzhou".into(), ..keys() };
            known(&config, &Environment::default()).rpc_signature
        };
        assert_eq!(signed(Field::Null), rpc::SignatureVersion::Acs3HmacSha256);
        assert_eq!(signed("acs3".into()), rpc::SignatureVersion::Acs3HmacSha256);
        assert_eq!(signed("v1-hmac-sha1".into()), rpc::SignatureVersion::V1HmacSha1);
    }

    #[test]
    fn every_argument_that_is_unknown_is_named_and_no_error() {
        let Value::Object(arguments) = keys().into_object() else { panic!("it is not an object") };
        for name in arguments.keys() {
            let mut config = arguments.clone();
            config.insert(name.clone(), Value::UNKNOWN);
            let config = ProviderModel::from_object(Value::Object(config), &Path::root()).unwrap();
            match settings(&config, &Environment::default(), &Files::default()) {
                Ok(Settings::Unknown(names)) => assert_eq!(names, [name.as_str()]),
                other => panic!("{other:?}"),
            }
        }
        let block = EndpointsModel { log: Field::Unknown, ..EndpointsModel::default() };
        let config = ProviderModel { endpoints: Field::Known(vec![Field::Known(block)]), ..keys() };
        let unknown = settings(&config, &Environment::default(), &Files::default()).unwrap();
        assert!(matches!(unknown, Settings::Unknown(names) if names == ["endpoints.log"]));
    }

    #[test]
    fn secrets_are_not_printed() {
        let config = ProviderModel {
            secret_key: Field::Known("c4n4ry".into()),
            region: "cn-hangzhou".into(),
            ..keys()
        };
        let printed = format!("{:?}", known(&config, &Environment::default()));
        assert!(!printed.contains("c4n4ry"), "{printed}");
    }

    #[test]
    fn preflight_is_the_argument_else_the_environment_else_error() {
        let environment =
            |value| Environment::from([("ALICLOUD_REGION", "cn-hangzhou"), (PREFLIGHT[0], value)]);
        let of = |argument: Field<String>, value| {
            known(&ProviderModel { preflight: argument, ..keys() }, &environment(value)).preflight
        };
        assert_eq!(of(Field::Null, ""), Preflight::Error);
        assert_eq!(of(Field::Null, "off"), Preflight::Off);
        assert_eq!(of("warn".into(), "off"), Preflight::Warn);
        let says = refused(&keys(), &environment("never"));
        assert!(says.contains(PREFLIGHT[0]) && says.contains("error, warn, off"), "{says}");
    }
}
