//! Which sources of credentials there are, and in which order: what the provider block names, else the environment.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    config::{AssumeRoleModel, AssumeRoleWithOidcModel, ProviderModel, only, whole},
    environment::{Environment, Found, secret, text},
    files::Files,
    secret_text::SecretText,
};
use cloud::{
    credentials::{
        ChainConfig, CredentialSource, Credentials, CredentialsUri, EcsMetadata, GivenKeys, MetadataService,
        NamedProfile, OidcRole, ProfileSource, RoleToAssume, StsEndpoints, TokenOrigin,
    },
    endpoint::Endpoint,
    ram::RoleArn,
    sts::AssumeRole,
};
use crypto::Secret;
use schema::{Diagnostic, Field};

// Names and order follow the official provider (its documentation, "Environment variables") and, for what it has no
// names for, the official credentials libraries.
const ACCESS_KEY: [&str; 3] =
    ["ALICLOUD_ACCESS_KEY", "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABACLOUD_ACCESS_KEY_ID"];
const SECRET_KEY: [&str; 3] =
    ["ALICLOUD_SECRET_KEY", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABACLOUD_ACCESS_KEY_SECRET"];
const SECURITY_TOKEN: [&str; 3] =
    ["ALICLOUD_SECURITY_TOKEN", "ALIBABA_CLOUD_SECURITY_TOKEN", "ALIBABACLOUD_SECURITY_TOKEN"];
const PROFILE: [&str; 2] = ["ALICLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE"];
const SHARED_CREDENTIALS_FILE: [&str; 2] =
    ["ALICLOUD_SHARED_CREDENTIALS_FILE", "ALIBABA_CLOUD_CREDENTIALS_FILE"];
const ECS_ROLE_NAME: [&str; 2] = ["ALICLOUD_ECS_ROLE_NAME", "ALIBABA_CLOUD_ECS_METADATA"];
const CREDENTIALS_URI: [&str; 2] = ["ALICLOUD_CREDENTIALS_URI", "ALIBABA_CLOUD_CREDENTIALS_URI"];
const ROLE_ARN: [&str; 2] = ["ALICLOUD_ASSUME_ROLE_ARN", "ALIBABA_CLOUD_ROLE_ARN"];
const SESSION_NAME: [&str; 2] = ["ALICLOUD_ASSUME_ROLE_SESSION_NAME", "ALIBABA_CLOUD_ROLE_SESSION_NAME"];
const SESSION_EXPIRATION: [&str; 1] = ["ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION"];
const OIDC_PROVIDER_ARN: [&str; 1] = ["ALIBABA_CLOUD_OIDC_PROVIDER_ARN"];
const OIDC_TOKEN_FILE: [&str; 1] = ["ALIBABA_CLOUD_OIDC_TOKEN_FILE"];
const OIDC_TOKEN: [&str; 1] = ["ALIBABA_CLOUD_OIDC_TOKEN"];
const OIDC_ROLE_ARN: [&str; 1] = ["ALIBABA_CLOUD_ROLE_ARN"];
const OIDC_SESSION_NAME: [&str; 1] = ["ALIBABA_CLOUD_ROLE_SESSION_NAME"];
const METADATA_ENDPOINT: [&str; 1] = ["ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT"];

const PROFILES_DISABLED: &str = "ALIBABA_CLOUD_CLI_PROFILE_DISABLED";
const METADATA_DISABLED: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
const METADATA_V1_DISABLED: &str = "ALIBABA_CLOUD_IMDSV1_DISABLED";
const EXTERNAL_DISABLED: &str = "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS";

/// The session name of the official provider.
const DEFAULT_SESSION_NAME: &str = "terraform";

/// What the official provider asks for.
const DEFAULT_SESSION_SECONDS: u32 = 3600;

/// How long a session may last, in seconds (STS documentation, `AssumeRole`: no role allows more than 12 hours).
const SESSION_SECONDS: std::ops::RangeInclusive<u32> = 900..=43_200;

/// The chain that the provider block and the environment come to. Nothing is read or dialled.
///
/// # Errors
///
/// The first setting that cannot be used.
pub(super) fn chain(
    config: &ProviderModel,
    environment: &Environment,
    sts: &StsEndpoints,
) -> Result<ChainConfig, Diagnostic> {
    let settings = Settings { config, environment, sts };
    let metadata = settings.metadata()?;
    let sources = match settings.of_block(&metadata)? {
        Some(source) => vec![source],
        None => settings.of_environment(&metadata)?,
    };
    Ok(ChainConfig { sources, assume_role: settings.assume_role()? })
}

/// The region of the profile that gives the keys, and where it stands. A profile that would only be asked after other
/// sources says nothing about their account.
pub(super) fn region_of_profile(
    config: &ProviderModel,
    environment: &Environment,
    files: &Files,
) -> Option<Found> {
    let sts = StsEndpoints { configured: None, fallback: None, default: Endpoint::global_sts() };
    let chain = chain(config, environment, &sts).ok()?;
    let read = |file: &Path| files.read("The profile that gives the keys stands in", file).ok();
    let value = chain.sources.first()?.region(&read)?;
    Some(Found { value, source: "region_id of the profile that gives the keys".to_owned() })
}

struct Settings<'a> {
    config: &'a ProviderModel,
    environment: &'a Environment,
    sts: &'a StsEndpoints,
}

impl Settings<'_> {
    /// The first source that the provider block names. It is the only one then: keys that a pipeline leaves in the
    /// environment must not lead to another account.
    fn of_block(&self, metadata: &MetadataService) -> Result<Option<Arc<dyn CredentialSource>>, Diagnostic> {
        let block = self.config;
        let is_text = |argument: &Field<String>| given(argument).is_some();
        let is_secret =
            |argument: &Field<SecretText>| argument.known().is_some_and(|secret| !secret.is_empty());
        if is_text(&block.access_key) || is_secret(&block.secret_key) {
            self.keys()
        } else if is_text(&block.profile) || is_text(&block.shared_credentials_file) {
            Ok(Some(source(self.profile(metadata))))
        } else if is_secret(&block.credentials_uri) {
            self.credentials_uri()
        } else if is_text(&block.ecs_role_name) {
            self.ecs_role(metadata)
        } else if only(&block.assume_role_with_oidc).is_some() {
            self.oidc()
        } else {
            Ok(None)
        }
    }

    /// The sources that the environment and this machine have.
    fn of_environment(
        &self,
        metadata: &MetadataService,
    ) -> Result<Vec<Arc<dyn CredentialSource>>, Diagnostic> {
        // A profile that is asked for comes before the sources that are asked for after it; one that only happens to
        // be there comes after all that are asked for.
        let (asked_for, found) = match self.profile(metadata) {
            profile if profile.required => (Some(source(profile)), None),
            other => (None, Some(source(other))),
        };
        let sources = [
            self.keys()?,
            asked_for,
            self.credentials_uri()?,
            self.ecs_role(metadata)?,
            self.oidc()?,
            found,
            self.ecs_instance(metadata),
        ];
        Ok(sources.into_iter().flatten().collect())
    }

    fn keys(&self) -> Result<Option<Arc<dyn CredentialSource>>, Diagnostic> {
        let id = self.text(&self.config.access_key, &ACCESS_KEY);
        let access_key_secret = secret(&self.config.secret_key, self.environment, &SECRET_KEY);
        let token = secret(&self.config.security_token, self.environment, &SECURITY_TOKEN);
        match (id, access_key_secret) {
            (Some(id), Some((access_key_secret, _))) => {
                let credentials = Credentials {
                    source: id.source,
                    access_key_id: id.value,
                    access_key_secret,
                    security_token: token.map(|(token, _)| token),
                };
                Ok(Some(source(GivenKeys { credentials, expiration: None })))
            }
            (Some(id), None) => Err(half_a_key(&id.source, "AccessKey id", "secret_key", &SECRET_KEY)),
            (None, Some((_, source))) => {
                Err(half_a_key(&source, "AccessKey secret", "access_key", &ACCESS_KEY))
            }
            (None, None) => Ok(None),
        }
    }

    fn profile(&self, metadata: &MetadataService) -> ProfileSource {
        let name = self.text(&self.config.profile, &PROFILE);
        let file = self.text(&self.config.shared_credentials_file, &SHARED_CREDENTIALS_FILE);
        let required = name.is_some() || file.is_some();
        let disabled = self.is_true(PROFILES_DISABLED);
        let home = self.environment.home();
        let files: Vec<PathBuf> = match (file, home) {
            (Some(file), home) => vec![expanded(&file.value, home)],
            (None, Some(home)) => {
                let cli = home.join(".aliyun/config.json");
                let ini = home.join(".alibabacloud/credentials");
                // Whoever names a profile wants it looked for.
                if disabled && !required { vec![ini] } else { vec![cli, ini] }
            }
            (None, None) => Vec::new(),
        };
        ProfileSource {
            files,
            name: name.map(|found| NamedProfile { name: found.value, source: found.source }),
            required,
            sts: self.sts.clone(),
            metadata: metadata.clone(),
            session_name: DEFAULT_SESSION_NAME.to_owned(),
            // The command line tool takes 1 for true here.
            external_forbidden_by: self
                .environment
                .first(&[EXTERNAL_DISABLED])
                .filter(|(_, value)| *value == "1" || value.eq_ignore_ascii_case("true"))
                .map(|(name, _)| format!("the environment variable {name}")),
        }
    }

    fn credentials_uri(&self) -> Result<Option<Arc<dyn CredentialSource>>, Diagnostic> {
        let Some((uri, origin)) = secret(&self.config.credentials_uri, self.environment, &CREDENTIALS_URI)
        else {
            return Ok(None);
        };
        let parsed = CredentialsUri::parse(uri.expose(), &origin);
        parsed.map(|uri| Some(source(uri))).map_err(|error| invalid("credentials URI", &origin, &error))
    }

    fn metadata(&self) -> Result<MetadataService, Diagnostic> {
        let endpoint = match self.text(&Field::Null, &METADATA_ENDPOINT) {
            // Its usual address may be spelt out.
            Some(found) if found.value.trim_end_matches('/') == Endpoint::ecs_metadata().to_string() => {
                Endpoint::ecs_metadata()
            }
            Some(found) => Endpoint::parse(&found.value)
                .map_err(|error| invalid("endpoint of the ECS metadata service", &found.source, &error))?,
            None => Endpoint::ecs_metadata(),
        };
        Ok(MetadataService { endpoint, version_1: !self.is_true(METADATA_V1_DISABLED) })
    }

    fn ecs_role(&self, metadata: &MetadataService) -> Result<Option<Arc<dyn CredentialSource>>, Diagnostic> {
        let Some(role) = self.text(&self.config.ecs_role_name, &ECS_ROLE_NAME) else { return Ok(None) };
        if self.is_true(METADATA_DISABLED) {
            let detail = format!(
                "The ECS role comes from {}, but {METADATA_DISABLED} forbids asking for its keys. Remove one of them.",
                role.source
            );
            return Err(Diagnostic::error("Contradicting credentials", detail));
        }
        Ok(Some(source(EcsMetadata {
            role_name: Some(role.value),
            required: true,
            service: metadata.clone(),
            source: role.source,
        })))
    }

    /// The role of the machine, whichever it is.
    fn ecs_instance(&self, metadata: &MetadataService) -> Option<Arc<dyn CredentialSource>> {
        let source = source(EcsMetadata {
            role_name: None,
            required: false,
            service: metadata.clone(),
            source: "this machine".to_owned(),
        });
        (!self.is_true(METADATA_DISABLED)).then_some(source)
    }

    fn oidc(&self) -> Result<Option<Arc<dyn CredentialSource>>, Diagnostic> {
        const BLOCK: &str = "assume_role_with_oidc";
        let unset = AssumeRoleWithOidcModel::default();
        let block = only(&self.config.assume_role_with_oidc);
        let members = block.unwrap_or(&unset);
        let provider = self.text(&members.oidc_provider_arn, &OIDC_PROVIDER_ARN);
        let role = self.text(&members.role_arn, &OIDC_ROLE_ARN);
        let token = self.oidc_token(members);
        let (Some(provider), Some(role), Some(token)) = (&provider, &role, token) else {
            let missing = [
                ("oidc_provider_arn", provider.is_none(), &OIDC_PROVIDER_ARN),
                ("role_arn", role.is_none(), &OIDC_ROLE_ARN),
            ];
            let missing = missing.into_iter().find(|(_, missing, _)| *missing);
            let (name, _, variables) = missing.unwrap_or(("oidc_token_file", true, &OIDC_TOKEN_FILE));
            return if block.is_some() { Err(incomplete(BLOCK, name, variables)) } else { Ok(None) };
        };
        let session_name = self.text(&members.role_session_name, &OIDC_SESSION_NAME);
        Ok(Some(source(OidcRole {
            role_arn: role_arn(role)?,
            oidc_provider_arn: provider.value.clone(),
            token,
            role_session_name: session_name
                .map_or_else(|| DEFAULT_SESSION_NAME.to_owned(), |found| found.value),
            duration_seconds: Some(whole(&members.session_expiration).unwrap_or(DEFAULT_SESSION_SECONDS)),
            policy: given(&members.policy),
            endpoint: self.sts_endpoint(),
            source: block.map_or_else(|| role.source.clone(), |_| format!("the block {BLOCK}")),
        })))
    }

    /// The token of the block, else the file of the block, else what the environment has.
    fn oidc_token(&self, block: &AssumeRoleWithOidcModel) -> Option<TokenOrigin> {
        let file = |found: Found| TokenOrigin::File(expanded(&found.value, self.environment.home()));
        let none = Environment::default();
        let own = secret(&block.oidc_token, &none, &[]).map(|(token, _)| TokenOrigin::Given(token));
        own.or_else(|| text(&block.oidc_token_file, &none, &[]).map(file))
            .or_else(|| {
                let token = secret(&Field::Null, self.environment, &OIDC_TOKEN);
                token.map(|(token, _): (Secret, _)| TokenOrigin::Given(token))
            })
            .or_else(|| self.text(&Field::Null, &OIDC_TOKEN_FILE).map(file))
    }

    fn assume_role(&self) -> Result<Option<RoleToAssume>, Diagnostic> {
        const BLOCK: &str = "assume_role";
        let Some(block) = only(&self.config.assume_role) else { return Ok(None) };
        let role = self.text(&block.role_arn, &ROLE_ARN);
        let role = role.ok_or_else(|| incomplete(BLOCK, "role_arn", &ROLE_ARN))?;
        let session_name = self.text(&block.session_name, &SESSION_NAME);
        Ok(Some(RoleToAssume {
            assume: AssumeRole {
                role_arn: role_arn(&role)?,
                role_session_name: session_name
                    .map_or_else(|| DEFAULT_SESSION_NAME.to_owned(), |found| found.value),
                duration_seconds: Some(self.session_seconds(block)?),
                policy: given(&block.policy),
                external_id: secret(&block.external_id, &Environment::default(), &[]).map(|(id, _)| id),
            },
            endpoint: self.sts_endpoint(),
            source: format!("the block {BLOCK}"),
        }))
    }

    fn session_seconds(&self, block: &AssumeRoleModel) -> Result<u32, Diagnostic> {
        if let Some(seconds) = whole(&block.session_expiration) {
            return Ok(seconds);
        }
        let Some(found) = self.text(&Field::Null, &SESSION_EXPIRATION) else {
            return Ok(DEFAULT_SESSION_SECONDS);
        };
        let seconds = found.value.parse().ok().filter(|seconds| SESSION_SECONDS.contains(seconds));
        let (least, most) = (SESSION_SECONDS.start(), SESSION_SECONDS.end());
        let wrong = format!("It must be a number of seconds from {least} to {most}.");
        seconds.ok_or_else(|| invalid("session expiration", &found.source, &wrong))
    }

    fn sts_endpoint(&self) -> Endpoint {
        self.sts.endpoint().clone()
    }

    fn text(&self, argument: &Field<String>, names: &[&'static str]) -> Option<Found> {
        text(argument, self.environment, names)
    }

    fn is_true(&self, name: &'static str) -> bool {
        self.environment.first(&[name]).is_some_and(|(_, value)| value.eq_ignore_ascii_case("true"))
    }
}

fn source(source: impl CredentialSource) -> Arc<dyn CredentialSource> {
    Arc::new(source)
}

fn given(argument: &Field<String>) -> Option<String> {
    argument.known().filter(|text| !text.is_empty()).cloned()
}

fn role_arn(found: &Found) -> Result<RoleArn, Diagnostic> {
    RoleArn::parse(&found.value).map_err(|error| invalid("role ARN", &found.source, &error))
}

/// A path with `~/` at its beginning as the home directory.
fn expanded(path: &str, home: Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

fn invalid(what: &str, source: &str, error: &impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error("Invalid setting", format!("The {what} comes from {source}. {error}"))
}

fn incomplete(block: &str, member: &str, variables: &[&str]) -> Diagnostic {
    let detail =
        format!("The block {block} needs {member}, or the environment variable {}.", variables.join(" or "));
    Diagnostic::error("Incomplete credentials", detail)
}

fn half_a_key(source: &str, found: &str, missing: &str, names: &[&str]) -> Diagnostic {
    let detail = format!(
        "An {found} was found in {source}, but its other half is missing. Set {missing}, or one of the environment variables {}.",
        names.join(", ")
    );
    Diagnostic::error("Incomplete credentials", detail)
}

#[cfg(test)]
mod tests;
