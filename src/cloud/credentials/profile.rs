//! A profile in a file of the official command line tool or of the credentials libraries.

use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use time::OffsetDateTime;

use crate::context::CallContext;
use crate::credentials::cli_config::Members;
use crate::credentials::error::{operation, shown, unusable};
use crate::credentials::{
    CredentialSource, Credentials, CredentialsUri, EcsMetadata, Fetching, GivenKeys, MetadataService,
    OidcRole, ProcessCommand, RoleSession, RoleToAssume, SourceContext, StsEndpoints, TokenOrigin,
    cli_config, host, ini,
};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::file::Content;
use crate::names::Region;
use crate::network::Network;
use crate::ram::RoleArn;
use crate::sts::AssumeRole;
use crypto::Secret;

/// A profile, in the first file that has it.
///
/// A file that begins with `{` is one of the command line tool; any other is an INI file of the credentials libraries.
/// The environment variable `ALIBABA_CLOUD_CREDENTIALS_FILE` may name either. Files are read whenever credentials are
/// fetched.
#[derive(Clone, Debug)]
pub struct ProfileSource {
    /// The files, in the order they are read. A file that does not exist is skipped.
    pub files: Vec<PathBuf>,
    /// The name of the profile. `None` is the file's own choice: `current`, or the section `default`.
    pub name: Option<NamedProfile>,
    /// Whether it is an error if no file has the profile.
    pub required: bool,
    /// The endpoints of STS.
    pub sts: StsEndpoints,
    /// The ECS metadata service.
    pub metadata: MetadataService,
    /// The session name for roles whose profile has none.
    pub session_name: String,
    /// The setting that forbids profiles which run a command or call an address for their keys, if one does.
    pub external_forbidden_by: Option<String>,
}

/// A profile that a setting names.
#[derive(Clone, Debug)]
pub struct NamedProfile {
    /// Its name.
    pub name: String,
    /// The setting that names it, for messages.
    pub source: String,
}

/// The longest session of a role, in seconds (STS documentation, `AssumeRole`).
const LONGEST_SESSION: u32 = 43_200;

/// How many profiles may lead from one to the next by `source_profile`, the first one included.
const LONGEST_CHAIN: usize = 16;

/// A profile that was found.
struct Profile<'a> {
    file: &'a Path,
    /// The content of the file, in which `source_profile` is looked up.
    text: &'a str,
    /// The names of the profiles from the first one to this one, along `source_profile`.
    names: Vec<String>,
    members: Members,
    settings: &'a ProfileSource,
    now: OffsetDateTime,
}

impl ProfileSource {
    /// The source that the profile describes; `None` when no file has the profile and it is not required.
    async fn find(
        &self,
        source_context: &SourceContext,
        context: &CallContext,
    ) -> Result<Option<Arc<dyn CredentialSource>>, Error> {
        let name = self.name.as_ref().map(|named| named.name.as_str());
        let mut missing = Vec::new();
        for file in &self.files {
            let source = format!("the file {}", shown(file.display()));
            let read =
                source_context.bounded(context, &operation(&source), source_context.host.read(file)).await?;
            let bytes = match read {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == IoErrorKind::NotFound => {
                    missing.push(format!("{} does not exist", shown(file.display())));
                    continue;
                }
                Err(error) => return Err(unusable(&source, format!("it cannot be read: {error}"))),
            };
            let text = host::text(&bytes).ok_or_else(|| unusable(&source, "it is not UTF-8 text"))?;
            let Some((name, members)) =
                find_profile(text, name).map_err(|problem| unusable(&source, problem))?
            else {
                missing.push(format!("{} has no such profile", shown(file.display())));
                continue;
            };
            let now = source_context.clock.now();
            let profile = Profile { file, text, names: vec![name], members, settings: self, now };
            return profile.source().map(Some);
        }
        if self.files.is_empty() {
            missing.push("no home directory is known to look for it in".to_owned());
        }
        if self.required { Err(unusable(&self.describe(), missing.join(", "))) } else { Ok(None) }
    }
}

impl CredentialSource for ProfileSource {
    fn fetch<'a>(&'a self, source_context: &'a SourceContext, context: &'a CallContext) -> Fetching<'a> {
        Box::pin(async move {
            match self.find(source_context, context).await? {
                Some(source) => source.fetch(source_context, context).await,
                None => Ok(None),
            }
        })
    }

    fn region(&self, read: &dyn Fn(&Path) -> Option<Content>) -> Option<String> {
        let name = self.name.as_ref().map(|named| named.name.as_str());
        let profile = |file: &PathBuf| find_profile(host::text(&read(file)?)?, name).ok()?;
        let (_, members) = self.files.iter().find_map(profile)?;
        members.get("region_id").map(|region| region.expose().to_owned())
    }

    fn describe(&self) -> String {
        if self.files.is_empty() && self.name.is_none() {
            return "the profile in the home directory, which is not known".to_owned();
        }
        let files: Vec<String> = self.files.iter().map(|file| shown(file.display())).collect();
        match &self.name {
            Some(named) => {
                format!("profile `{}` of {} in {}", shown(&named.name), named.source, files.join(" and "))
            }
            None => format!("the profile in {}", files.join(" and ")),
        }
    }
}

fn find_profile(text: &str, name: Option<&str>) -> Result<Option<(String, Members)>, String> {
    let is_list = |text: &str| {
        text.strip_prefix('[').is_some_and(|rest| {
            // A heading of a section does not begin like this; a list of JSON does.
            rest.trim_start().starts_with(['{', '"', '['])
        })
    };
    if text.trim_start().starts_with('{') || is_list(text.trim_start()) {
        return cli_config::profile(text, name);
    }
    let name = name.unwrap_or("default");
    Ok(ini::section(text, name)?.map(|members| (name.to_owned(), members)))
}

impl Profile<'_> {
    /// Its mode, or, if it has none, the mode that its members imply. The command line tool does the same
    /// (`aliyun/aliyun-cli`, `AutoModeRecognition` in `config/profile.go`).
    fn mode(&self) -> Result<&str, Error> {
        const KEY: [&str; 2] = ["access_key_id", "access_key_secret"];
        if let Some(mode) = self.members.get("mode") {
            return Ok(mode.expose());
        }
        let has = |names: &[&str]| names.iter().all(|name| self.members.contains_key(*name));
        let has_key = has(&KEY);
        let implied = [
            ("StsToken", has_key && has(&["sts_token"])),
            ("RamRoleArn", has_key && has(&["ram_role_arn"])),
            ("AK", has_key),
            ("EcsRamRole", has(&["ram_role_name"])),
            ("External", has(&["process_command"])),
            ("OIDC", has(&["oidc_provider_arn", "oidc_token_file", "ram_role_arn"])),
            ("CloudSSO", has(&["cloud_sso_sign_in_url"])),
        ];
        let mode = implied.iter().find(|(_, is_implied)| *is_implied).map(|(mode, _)| *mode);
        let missing = "its `mode` is missing, and its members do not tell which one is meant";
        mode.ok_or_else(|| unusable(&self.describe(), missing))
    }

    /// The source that its mode describes.
    fn source(&self) -> Result<Arc<dyn CredentialSource>, Error> {
        Ok(match self.mode()? {
            "AK" => Arc::new(self.keys(None, None)?),
            "StsToken" => {
                let token = self.required_member("sts_token")?.clone();
                Arc::new(self.keys(Some(token), self.expiration()?)?)
            }
            "RamRoleArn" => {
                let keys = self.keys(self.members.get("sts_token").cloned(), None)?;
                self.session(Arc::new(keys))?
            }
            "ChainableRamRoleArn" => self.session(self.source_profile()?)?,
            "EcsRamRole" => Arc::new(self.ecs_role()),
            // The older name of a chain that begins with the role of the ECS instance.
            "RamRoleArnWithRoleName" => self.session(Arc::new(self.ecs_role()))?,
            "OIDC" => Arc::new(self.oidc()?),
            "CredentialsURI" => {
                self.check_external_allowed()?;
                let uri = self.required_member("credentials_uri")?;
                let parsed = CredentialsUri::parse(uri.expose(), &self.describe());
                Arc::new(parsed.map_err(|error| self.invalid_member("credentials_uri", &error.to_string()))?)
            }
            "External" => {
                self.check_external_allowed()?;
                let line = self.required_member("process_command")?.clone();
                Arc::new(ProcessCommand { line, source: format!("`process_command` of {}", self.describe()) })
            }
            "CloudSSO" | "OAuth" => Arc::new(self.cached_keys()?),
            other => {
                // A text that cannot be the name of a mode may be a misplaced secret, so it is not shown.
                let is_name = other.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
                let shown = if is_name { format!(" {}", text::quote(other)) } else { String::new() };
                return Err(unusable(&self.describe(), format!("its `mode`{shown} is not supported")));
            }
        })
    }

    fn ecs_role(&self) -> EcsMetadata {
        EcsMetadata {
            role_name: self.optional_member("ram_role_name"),
            required: true,
            service: self.settings.metadata.clone(),
            source: self.describe(),
        }
    }

    /// The command line tool has one switch that forbids both commands and addresses.
    fn check_external_allowed(&self) -> Result<(), Error> {
        match &self.settings.external_forbidden_by {
            None => Ok(()),
            Some(what) => {
                let problem = format!("its keys come from outside the file, which {what} forbids");
                Err(unusable(&self.describe(), problem))
            }
        }
    }

    fn keys(
        &self,
        security_token: Option<Secret>,
        expiration: Option<OffsetDateTime>,
    ) -> Result<GivenKeys, Error> {
        let credentials = Credentials {
            access_key_id: self.required_member("access_key_id")?.expose().to_owned(),
            access_key_secret: self.required_member("access_key_secret")?.clone(),
            security_token,
            source: self.describe(),
        };
        Ok(GivenKeys { credentials, expiration })
    }

    /// The keys that a login of the command line tool has written to the file. They cannot be renewed here, because
    /// that needs a browser.
    fn cached_keys(&self) -> Result<GivenKeys, Error> {
        let login = || {
            let name = self.names.last().map_or("", String::as_str);
            let problem = format!(
                "it holds no keys that are valid now; log in with `aliyun configure --profile {name}`"
            );
            unusable(&self.describe(), problem)
        };
        let expiration = self.expiration()?.filter(|expiration| *expiration > self.now).ok_or_else(login)?;
        let token = self.members.get("sts_token").cloned().ok_or_else(login)?;
        self.keys(Some(token), Some(expiration)).map_err(|_| login())
    }

    /// `sts_expiration`, in seconds since 1970; 0 means that there is none.
    fn expiration(&self) -> Result<Option<OffsetDateTime>, Error> {
        let Some(text) = self.members.get("sts_expiration").filter(|text| text.expose() != "0") else {
            return Ok(None);
        };
        let date = text.expose().parse().ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        date.map(Some)
            .ok_or_else(|| self.invalid_member("sts_expiration", "it is not a time in seconds since 1970"))
    }

    fn session(&self, base: Arc<dyn CredentialSource>) -> Result<Arc<dyn CredentialSource>, Error> {
        let role = RoleToAssume {
            assume: AssumeRole {
                role_arn: self.role_arn()?,
                role_session_name: self.session_name(),
                duration_seconds: self.duration()?,
                policy: self.optional_member("policy"),
                external_id: self.members.get("external_id").cloned(),
            },
            endpoint: self.sts()?,
            source: self.describe(),
        };
        Ok(Arc::new(RoleSession { base, role }))
    }

    fn oidc(&self) -> Result<OidcRole, Error> {
        Ok(OidcRole {
            role_arn: self.role_arn()?,
            oidc_provider_arn: self.required_member("oidc_provider_arn")?.expose().to_owned(),
            token: TokenOrigin::File(self.required_member("oidc_token_file")?.expose().into()),
            role_session_name: self.session_name(),
            duration_seconds: self.duration()?,
            policy: self.optional_member("policy"),
            endpoint: self.sts()?,
            source: self.describe(),
        })
    }

    fn role_arn(&self) -> Result<RoleArn, Error> {
        let text = self.required_member("ram_role_arn")?.expose();
        RoleArn::parse(text).map_err(|error| self.invalid_member("ram_role_arn", &error.to_string()))
    }

    /// The Go library reads `ram_session_name`, the Python library `role_session_name`.
    fn session_name(&self) -> String {
        let given =
            self.optional_member("ram_session_name").or_else(|| self.optional_member("role_session_name"));
        given.unwrap_or_else(|| self.settings.session_name.clone())
    }

    fn duration(&self) -> Result<Option<u32>, Error> {
        let Some(text) = self.members.get("expired_seconds").filter(|text| text.expose() != "0") else {
            return Ok(None);
        };
        let seconds = text.expose().parse().ok().filter(|seconds| *seconds <= LONGEST_SESSION);
        let wrong = || self.invalid_member("expired_seconds", "it is not a number of seconds up to 43200");
        seconds.map(Some).ok_or_else(wrong)
    }

    /// The first of these that is set: the configured endpoint, `sts_endpoint`, the fallback for the command line tool,
    /// the endpoint of `sts_region` and `enable_vpc`, the default.
    fn sts(&self) -> Result<Endpoint, Error> {
        let endpoints = &self.settings.sts;
        let own = self.optional_member("sts_endpoint").map(|text| {
            Endpoint::parse(text.trim_end_matches('/'))
                .map_err(|error| self.invalid_member("sts_endpoint", &error.to_string()))
        });
        let named =
            endpoints.configured.clone().map(Ok).or(own).or_else(|| endpoints.fallback.clone().map(Ok));
        match (named, self.optional_member("sts_region")) {
            (Some(endpoint), _) => endpoint,
            (None, None) => Ok(endpoints.default.clone()),
            (None, Some(region)) => {
                let vpc = self.optional_member("enable_vpc").is_some_and(|vpc| vpc == "true");
                let network = if vpc { Network::Vpc } else { Network::Public };
                let region = Region::parse(&region)
                    .map_err(|error| self.invalid_member("sts_region", &error.to_string()));
                region.map(|region| network.sts_in(&region))
            }
        }
    }

    /// The source that the profile in `source_profile` describes.
    fn source_profile(&self) -> Result<Arc<dyn CredentialSource>, Error> {
        let name = self.required_member("source_profile")?.expose();
        if self.names.iter().any(|seen| seen == name) {
            return Err(self.invalid_member("source_profile", "it leads back to where it came from"));
        }
        if self.names.len() >= LONGEST_CHAIN {
            let problem =
                format!("it is the last of {LONGEST_CHAIN} profiles in a row, and no more are followed");
            return Err(self.invalid_member("source_profile", &problem));
        }
        let found =
            find_profile(self.text, Some(name)).map_err(|problem| unusable(&self.describe(), problem))?;
        let (name, members) = found.ok_or_else(|| {
            self.invalid_member("source_profile", &format!("the file has no profile `{}`", shown(name)))
        })?;
        let names = self.names.iter().cloned().chain([name]).collect();
        let Profile { file, text, settings, now, .. } = *self;
        Profile { file, text, names, members, settings, now }.source()
    }

    fn required_member(&self, name: &str) -> Result<&Secret, Error> {
        let missing = || unusable(&self.describe(), format!("its `{name}` is missing"));
        self.members.get(name).ok_or_else(missing)
    }

    fn optional_member(&self, name: &str) -> Option<String> {
        self.members.get(name).map(|text| text.expose().to_owned())
    }

    fn invalid_member(&self, name: &str, why: &str) -> Error {
        unusable(&self.describe(), format!("its `{name}` cannot be used: {why}"))
    }

    fn describe(&self) -> String {
        let name = self.names.last().map_or("", String::as_str);
        format!("profile `{}` of {}", shown(name), shown(self.file.display()))
    }
}

#[cfg(test)]
mod tests;
