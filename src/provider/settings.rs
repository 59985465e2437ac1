//! How arguments and environment variables become settings: argument, else environment, else default.

use std::{sync::Arc, time::Duration};

use super::{config::ProviderModel, duration, environment::Environment};
use crate::{
    cloud::{
        credentials::{CredentialProvider, Credentials, StaticCredentials},
        endpoint::Endpoint,
        names::Region,
        signing::sls::SignatureVersion,
    },
    crypto::Secret,
    schema::{Diagnostic, Diagnostics, Field},
};

/// The settings a provider block comes to.
#[derive(Debug)]
pub(super) enum Settings {
    /// Everything is known.
    Known(Box<KnownSettings>),
    /// These arguments are not known yet.
    Unknown(Vec<&'static str>),
}

/// Settings that are known.
#[derive(Debug)]
pub(super) struct KnownSettings {
    pub(super) credentials: Arc<dyn CredentialProvider>,
    pub(super) region: Region,
    pub(super) log_endpoint: Endpoint,
    pub(super) signature: SignatureVersion,
    pub(super) max_retries: u32,
    pub(super) request_timeout: Duration,
    pub(super) max_concurrency: usize,
    pub(super) configuration_source: Option<String>,
}

// Names and order follow the official provider (its documentation, "Environment variables").
const ACCESS_KEY: [&str; 3] =
    ["ALICLOUD_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID"];
const SECRET_KEY: [&str; 3] =
    ["ALICLOUD_SECRET_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_ACCESS_KEY_SECRET"];
const SECURITY_TOKEN: [&str; 3] =
    ["ALICLOUD_SECURITY_TOKEN", "ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABACLOUD_SECURITY_TOKEN"];
const REGION: [&str; 2] = ["ALICLOUD_REGION", "ALIBABA_CLOUD_REGION"];
const LOG_ENDPOINT: [&str; 1] = ["ALIBABA_CLOUD_ENDPOINT_SLS"];
const CONFIGURATION_SOURCE: [&str; 1] = ["TF_APPEND_USER_AGENT"];

const SIGNATURES: [(&str, SignatureVersion); 3] = [
    ("v4", SignatureVersion::V4),
    ("v1-hmac-sha256", SignatureVersion::V1HmacSha256),
    ("v1-hmac-sha1", SignatureVersion::V1HmacSha1),
];

/// Enough to outlast an outage of some seconds: with pauses that grow to 2 s, 11 s at most. Throttled calls
/// wait their turn for as long as the operation may take.
const DEFAULT_MAX_RETRIES: u32 = 8;

/// Longer than any documented answer takes, shorter than a person's patience.
const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Twice Terraform's default of ten operations at once, so that this limit is not the one that binds.
const DEFAULT_MAX_CONCURRENCY: usize = 20;
/// Settles each setting: argument, else environment, else default.
///
/// # Errors
///
/// What is missing or malformed, all of it.
pub(super) fn settings(config: &ProviderModel, environment: &Environment) -> Result<Settings, Diagnostics> {
    let unknown = unknown_arguments(config);
    if !unknown.is_empty() {
        return Ok(Settings::Unknown(unknown));
    }
    let mut problems = Diagnostics::new();
    let mut noted = |problem: Diagnostic| problems.push(problem);
    let credentials = credentials(config, environment).map_err(&mut noted).ok();
    let endpoint = log_endpoint(config, environment).map_err(&mut noted).ok();
    let region = match &endpoint {
        Some(endpoint) => region(config, environment, endpoint.as_ref()).map_err(&mut noted).ok(),
        None => None,
    };
    match (credentials, endpoint, region) {
        (Some(credentials), Some(endpoint), Some(region)) => Ok(Settings::Known(Box::new(KnownSettings {
            credentials: Arc::new(StaticCredentials::new(credentials)),
            log_endpoint: endpoint.unwrap_or_else(|| Endpoint::sls(&region)),
            region,
            signature: signature(config),
            max_retries: whole(&config.max_retries).unwrap_or(DEFAULT_MAX_RETRIES),
            request_timeout: request_timeout(config),
            max_concurrency: whole(&config.max_concurrency).unwrap_or(DEFAULT_MAX_CONCURRENCY),
            configuration_source: text(&config.configuration_source, environment, &CONFIGURATION_SOURCE)
                .map(|found| found.value),
        }))),
        _ => Err(problems),
    }
}

/// A setting and where it was found.
struct Found {
    value: String,
    source: String,
}

/// The argument, if it is set and not empty, else the first environment variable that is.
fn text(argument: &Field<String>, environment: &Environment, names: &[&'static str]) -> Option<Found> {
    match argument.known() {
        Some(value) if !value.is_empty() => {
            Some(Found { value: value.clone(), source: "the provider block".to_owned() })
        }
        _ => environment.first(names).map(|(name, value)| Found {
            value: value.to_owned(),
            source: format!("the environment variable {name}"),
        }),
    }
}

/// [`text`] for a secret.
fn secret(
    argument: &Field<Secret>,
    environment: &Environment,
    names: &[&'static str],
) -> Option<(Secret, String)> {
    match argument.known() {
        Some(value) if !value.is_empty() => Some((value.clone(), "the provider block".to_owned())),
        _ => text(&Field::Null, environment, names).map(|found| (Secret::from(found.value), found.source)),
    }
}

fn credentials(config: &ProviderModel, environment: &Environment) -> Result<Credentials, Diagnostic> {
    let id = text(&config.access_key, environment, &ACCESS_KEY);
    let access_key_secret = secret(&config.secret_key, environment, &SECRET_KEY);
    let token = secret(&config.security_token, environment, &SECURITY_TOKEN);
    match (id, access_key_secret) {
        (Some(id), Some((access_key_secret, _))) => Ok(Credentials {
            source: id.source,
            access_key_id: id.value,
            access_key_secret,
            security_token: token.map(|(token, _)| token),
        }),
        (Some(id), None) => Err(half_a_key(&id.source, "AccessKey id", "secret_key", &SECRET_KEY)),
        (None, Some((_, source))) => Err(half_a_key(&source, "AccessKey secret", "access_key", &ACCESS_KEY)),
        (None, None) => Err(Diagnostic::error(
            "No credentials",
            format!(
                "Neither the provider block nor the environment holds an AccessKey. Set access_key and secret_key, or the environment variables {} and {}.",
                ACCESS_KEY[1], SECRET_KEY[1]
            ),
        )),
    }
}

fn half_a_key(source: &str, found: &str, missing: &'static str, names: &[&str]) -> Diagnostic {
    Diagnostic::error(
        "Incomplete credentials",
        format!(
            "An {found} was found in {source}, but its other half is missing. Set {missing}, or one of the environment variables {}.",
            names.join(", ")
        ),
    )
}
fn log_endpoint(config: &ProviderModel, environment: &Environment) -> Result<Option<Endpoint>, Diagnostic> {
    let argument = match config.endpoints.known().and_then(|blocks| blocks.first()) {
        Some(Field::Known(block)) => &block.log,
        _ => &Field::Null,
    };
    let Some(found) = text(argument, environment, &LOG_ENDPOINT) else { return Ok(None) };
    Endpoint::parse(&found.value).map(Some).map_err(|error| {
        Diagnostic::error(
            "Invalid SLS endpoint",
            format!("The endpoint comes from {}. {error}", found.source),
        )
    })
}

fn region(
    config: &ProviderModel,
    environment: &Environment,
    endpoint: Option<&Endpoint>,
) -> Result<Region, Diagnostic> {
    if let Some(found) = text(&config.region, environment, &REGION) {
        return Region::parse(&found.value).map_err(|error| {
            Diagnostic::error("Invalid region", format!("The region comes from {}. {error}", found.source))
        });
    }
    endpoint.and_then(Endpoint::region_of_sls_host).ok_or_else(|| {
        Diagnostic::error(
            "No region",
            format!(
                "The region of the Logstores is not set and cannot be read from an SLS endpoint. Set region, or one of the environment variables {}.",
                REGION.join(", ")
            ),
        )
    })
}

fn signature(config: &ProviderModel) -> SignatureVersion {
    let given = match config.sign_version.known().and_then(|blocks| blocks.first()) {
        Some(Field::Known(block)) => block.sls.known().map(String::as_str),
        _ => None,
    };
    let named = SIGNATURES.iter().find(|(name, _)| Some(*name) == given);
    named.map_or(SignatureVersion::V4, |(_, version)| *version)
}

fn request_timeout(config: &ProviderModel) -> Duration {
    let given = config.request_timeout.known().and_then(|text| duration::parse(text).ok());
    given.unwrap_or(DEFAULT_REQUEST_TIMEOUT)
}

fn whole<T: TryFrom<i64>>(argument: &Field<i64>) -> Option<T> {
    argument.known().and_then(|number| T::try_from(*number).ok())
}

fn unknown_arguments(config: &ProviderModel) -> Vec<&'static str> {
    let log = match &config.endpoints {
        Field::Unknown => true,
        Field::Null => false,
        Field::Known(blocks) => blocks.iter().any(|block| match block {
            Field::Unknown => true,
            Field::Null => false,
            Field::Known(block) => block.log.is_unknown(),
        }),
    };
    let sls = match &config.sign_version {
        Field::Unknown => true,
        Field::Null => false,
        Field::Known(blocks) => blocks
            .iter()
            .any(|block| block.is_unknown() || block.known().is_some_and(|block| block.sls.is_unknown())),
    };
    [
        ("access_key", config.access_key.is_unknown()),
        ("secret_key", config.secret_key.is_unknown()),
        ("security_token", config.security_token.is_unknown()),
        ("region", config.region.is_unknown()),
        ("max_retries", config.max_retries.is_unknown()),
        ("request_timeout", config.request_timeout.is_unknown()),
        ("max_concurrency", config.max_concurrency.is_unknown()),
        ("configuration_source", config.configuration_source.is_unknown()),
        ("endpoints.log", log),
        ("sign_version.sls", sls),
    ]
    .into_iter()
    .filter_map(|(name, unknown)| unknown.then_some(name))
    .collect()
}
#[cfg(test)]
mod tests {
    use super::super::config::EndpointsModel;
    use super::*;

    fn keys() -> ProviderModel {
        ProviderModel {
            access_key: "id".into(),
            secret_key: Field::Known("secret".into()),
            ..ProviderModel::default()
        }
    }

    #[track_caller]
    fn known(config: &ProviderModel, environment: &Environment) -> KnownSettings {
        match settings(config, environment) {
            Ok(Settings::Known(known)) => *known,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn refused(config: &ProviderModel, environment: &Environment) -> String {
        let problems = settings(config, environment).unwrap_err();
        let lines = problems.iter().map(|problem| format!("{}: {}", problem.summary, problem.detail));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn log(endpoint: &str) -> Field<Vec<Field<EndpointsModel>>> {
        Field::Known(vec![Field::Known(EndpointsModel { log: endpoint.into() })])
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
        assert_eq!(known.log_endpoint, Endpoint::parse("http://127.0.0.1:8700").unwrap());
        assert_eq!(known.signature, SignatureVersion::V4);
    }

    #[test]
    fn region_comes_from_the_endpoint_and_is_never_assumed() {
        let config = ProviderModel { endpoints: log("cn-shenzhen-intranet.log.aliyuncs.com"), ..keys() };
        assert_eq!(known(&config, &Environment::default()).region.as_str(), "cn-shenzhen");
        assert!(refused(&keys(), &Environment::default()).contains("No region"));
    }

    #[test]
    fn missing_and_half_credentials_are_told_apart() {
        let none = refused(
            &ProviderModel { region: "cn-hangzhou".into(), ..ProviderModel::default() },
            &Environment::default(),
        );
        assert!(none.starts_with("No credentials"), "{none}");
        let half = ProviderModel { secret_key: Field::Null, region: "cn-hangzhou".into(), ..keys() };
        let half = refused(&half, &Environment::default());
        assert!(half.starts_with("Incomplete credentials") && !half.contains("\"id\""), "{half}");
    }

    #[test]
    fn a_broken_variable_is_named() {
        let environment = Environment::from([("ALIBABA_CLOUD_ENDPOINT_SLS", "http://example.com")]);
        let config = ProviderModel { region: "cn-hangzhou".into(), ..keys() };
        let problem = refused(&config, &environment);
        assert!(problem.contains("ALIBABA_CLOUD_ENDPOINT_SLS") && problem.contains("http"), "{problem}");
    }

    #[test]
    fn unknown_arguments_are_no_error() {
        let config = ProviderModel { access_key: Field::Unknown, endpoints: Field::Unknown, ..keys() };
        match settings(&config, &Environment::default()) {
            Ok(Settings::Unknown(names)) => assert_eq!(names, ["access_key", "endpoints.log"]),
            other => panic!("{other:?}"),
        }
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
}
