//! A profile in a file: of the official command line tool, or of the credentials libraries.

use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use time::OffsetDateTime;

use crate::context::CallContext;
use crate::credentials::cli_config::Members;
use crate::credentials::error::{operation, unusable};
use crate::credentials::{
    CredentialSource, Credentials, CredentialsUri, EcsMetadata, Fetching, GivenKeys, MetadataService,
    OidcRole, ProcessCommand, RoleSession, RoleToAssume, SourceContext, StsEndpoints, TokenOrigin,
    cli_config, host, ini,
};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::names::Region;
use crate::network::Network;
use crate::ram::RoleArn;
use crate::sts::AssumeRole;
use crypto::Secret;

/// A profile, in the first file that has it.
///
/// A file that begins with `{` is one of the command line tool, any other an INI file of the credentials libraries: one
/// environment variable, `ALIBABA_CLOUD_CREDENTIALS_FILE`, stands for both. Files are read anew whenever credentials
/// are fetched.
#[derive(Clone, Debug)]
pub struct ProfileSource {
    /// The files, in the order they are looked at; one that does not exist is passed over.
    pub files: Vec<PathBuf>,
    /// Which profile; `None` is the file's own choice: `current`, or the section `default`.
    pub name: Option<NamedProfile>,
    /// Whether it is an error that no file has the profile.
    pub required: bool,
    /// Where STS is reached.
    pub sts: StsEndpoints,
    /// How the ECS metadata service is reached.
    pub metadata: MetadataService,
    /// The session name of roles whose profile has none.
    pub session_name: String,
    /// What forbids profiles that run a command or ask an address for their keys, if anything does.
    pub external_forbidden_by: Option<String>,
}

/// A profile that is asked for by name.
#[derive(Clone, Debug)]
pub struct NamedProfile {
    /// Its name.
    pub name: String,
    /// Where it is asked for, for messages.
    pub source: String,
}

/// A profile that was found.
struct Profile<'a> {
    file: &'a Path,
    /// The content of the file, for profiles that other profiles name.
    text: &'a str,
    /// The names of the profiles that led here, this one last.
    names: Vec<String>,
    members: Members,
    settings: &'a ProfileSource,
    now: OffsetDateTime,
}

impl ProfileSource {
    /// What the profile says credentials come from; `None` when no file has it and none must.
    async fn find(
        &self,
        means: &SourceContext,
        context: &CallContext,
    ) -> Result<Option<Arc<dyn CredentialSource>>, Error> {
        let name = self.name.as_ref().map(|named| named.name.as_str());
        let mut missing = Vec::new();
        for file in &self.files {
            let source = format!("the file {}", file.display());
            let read = means.within(context, &operation(&source), means.host.read(file)).await?;
            let bytes = match read {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == IoErrorKind::NotFound => {
                    missing.push(format!("{} does not exist", file.display()));
                    continue;
                }
                Err(error) => return Err(unusable(&source, format!("it cannot be read: {error}"))),
            };
            let text = host::text(&bytes).ok_or_else(|| unusable(&source, "it is no text"))?;
            let Some((name, members)) = look_up(text, name).map_err(|problem| unusable(&source, problem))?
            else {
                missing.push(format!("{} has no such profile", file.display()));
                continue;
            };
            let now = means.clock.now();
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
    fn fetch<'a>(&'a self, means: &'a SourceContext, context: &'a CallContext) -> Fetching<'a> {
        Box::pin(async move {
            match self.find(means, context).await? {
                Some(source) => source.fetch(means, context).await,
                None => Ok(None),
            }
        })
    }

    fn region(&self, read: &dyn Fn(&Path) -> Option<Vec<u8>>) -> Option<String> {
        let name = self.name.as_ref().map(|named| named.name.as_str());
        let profile = |file: &PathBuf| look_up(host::text(&read(file)?)?, name).ok()?;
        let (_, members) = self.files.iter().find_map(profile)?;
        members.get("region_id").map(|region| region.expose().to_owned())
    }

    fn describe(&self) -> String {
        if self.files.is_empty() && self.name.is_none() {
            return "the profile in the home directory, which is not known".to_owned();
        }
        let files: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
        match &self.name {
            Some(named) => {
                format!("profile `{}` of {} in {}", named.name, named.source, files.join(" and "))
            }
            None => format!("the profile in {}", files.join(" and ")),
        }
    }
}

fn look_up(text: &str, name: Option<&str>) -> Result<Option<(String, Members)>, String> {
    let is_list = |text: &str| {
        text.strip_prefix('[').is_some_and(|rest| {
            // What looks like a heading and holds what no name of a section does.
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
    /// Its mode, or the one that its members mean where it has none: the command line tool reads such profiles so
    /// (`aliyun/aliyun-cli`, `AutoModeRecognition` in `config/profile.go`).
    fn mode(&self) -> Result<&str, Error> {
        const KEY: [&str; 2] = ["access_key_id", "access_key_secret"];
        if let Some(mode) = self.members.get("mode") {
            return Ok(mode.expose());
        }
        let has = |names: &[&str]| names.iter().all(|name| self.members.contains_key(*name));
        let has_key = has(&KEY);
        let meant = [
            ("StsToken", has_key && has(&["sts_token"])),
            ("RamRoleArn", has_key && has(&["ram_role_arn"])),
            ("AK", has_key),
            ("EcsRamRole", has(&["ram_role_name"])),
            ("External", has(&["process_command"])),
            ("OIDC", has(&["oidc_provider_arn", "oidc_token_file", "ram_role_arn"])),
            ("CloudSSO", has(&["cloud_sso_sign_in_url"])),
        ];
        let mode = meant.iter().find(|(_, is_meant)| *is_meant).map(|(mode, _)| *mode);
        let missing = "its `mode` is missing, and its members do not tell which one is meant";
        mode.ok_or_else(|| unusable(&self.describe(), missing))
    }

    /// What its mode says.
    fn source(&self) -> Result<Arc<dyn CredentialSource>, Error> {
        Ok(match self.mode()? {
            "AK" => Arc::new(self.keys(None, None)?),
            "StsToken" => {
                let token = self.needed("sts_token")?.clone();
                Arc::new(self.keys(Some(token), self.expiration()?)?)
            }
            "RamRoleArn" => {
                let keys = self.keys(self.members.get("sts_token").cloned(), None)?;
                self.session(Arc::new(keys))?
            }
            "ChainableRamRoleArn" => self.session(self.source_profile()?)?,
            "EcsRamRole" => Arc::new(self.ecs_role()),
            // The older name of a chain that begins with the role of the machine.
            "RamRoleArnWithRoleName" => self.session(Arc::new(self.ecs_role()))?,
            "OIDC" => Arc::new(self.oidc()?),
            "CredentialsURI" => {
                self.external_allowed()?;
                let uri = self.needed("credentials_uri")?;
                let parsed = CredentialsUri::parse(uri.expose(), &self.describe());
                Arc::new(parsed.map_err(|error| self.wrong("credentials_uri", &error.to_string()))?)
            }
            "External" => {
                self.external_allowed()?;
                let line = self.needed("process_command")?.clone();
                Arc::new(ProcessCommand { line, source: format!("`process_command` of {}", self.describe()) })
            }
            "CloudSSO" | "OAuth" => Arc::new(self.cached_keys()?),
            other => {
                // What cannot be the name of a mode may be a secret in the wrong place.
                let is_name = other.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
                let shown = if is_name { format!(" {other:?}") } else { String::new() };
                return Err(unusable(&self.describe(), format!("its `mode`{shown} is not supported")));
            }
        })
    }

    fn ecs_role(&self) -> EcsMetadata {
        EcsMetadata {
            role_name: self.optional("ram_role_name"),
            required: true,
            service: self.settings.metadata.clone(),
            source: self.describe(),
        }
    }

    /// The command line tool forbids commands and addresses by one switch.
    fn external_allowed(&self) -> Result<(), Error> {
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
            access_key_id: self.needed("access_key_id")?.expose().to_owned(),
            access_key_secret: self.needed("access_key_secret")?.clone(),
            security_token,
            source: self.describe(),
        };
        Ok(GivenKeys { credentials, expiration })
    }

    /// The keys that a login of the command line tool left in the file. They are not renewed here: that takes a
    /// browser.
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

    /// `sts_expiration`, in seconds since 1970; 0 stands for none.
    fn expiration(&self) -> Result<Option<OffsetDateTime>, Error> {
        let Some(text) = self.members.get("sts_expiration").filter(|text| text.expose() != "0") else {
            return Ok(None);
        };
        let date = text.expose().parse().ok().and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok());
        date.map(Some).ok_or_else(|| self.wrong("sts_expiration", "it is no time in seconds since 1970"))
    }

    fn session(&self, base: Arc<dyn CredentialSource>) -> Result<Arc<dyn CredentialSource>, Error> {
        let role = RoleToAssume {
            assume: AssumeRole {
                role_arn: self.role_arn()?,
                role_session_name: self.session_name(),
                duration_seconds: self.duration()?,
                policy: self.optional("policy"),
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
            oidc_provider_arn: self.needed("oidc_provider_arn")?.expose().to_owned(),
            token: TokenOrigin::File(self.needed("oidc_token_file")?.expose().into()),
            role_session_name: self.session_name(),
            duration_seconds: self.duration()?,
            policy: self.optional("policy"),
            endpoint: self.sts()?,
            source: self.describe(),
        })
    }

    fn role_arn(&self) -> Result<RoleArn, Error> {
        let text = self.needed("ram_role_arn")?.expose();
        RoleArn::parse(text).map_err(|error| self.wrong("ram_role_arn", &error.to_string()))
    }

    /// The Go library reads `ram_session_name`, the Python library `role_session_name`.
    fn session_name(&self) -> String {
        let given = self.optional("ram_session_name").or_else(|| self.optional("role_session_name"));
        given.unwrap_or_else(|| self.settings.session_name.clone())
    }

    fn duration(&self) -> Result<Option<u32>, Error> {
        let Some(text) = self.members.get("expired_seconds").filter(|text| text.expose() != "0") else {
            return Ok(None);
        };
        let wrong = || self.wrong("expired_seconds", "it is no number of seconds");
        text.expose().parse().map(Some).map_err(|_| wrong())
    }

    /// The endpoint that is set, else `sts_endpoint`, else the one the command line tool falls back to, else that of
    /// `sts_region` and `enable_vpc`, else the usual one.
    fn sts(&self) -> Result<Endpoint, Error> {
        let endpoints = &self.settings.sts;
        let own = self.optional("sts_endpoint").map(|text| {
            Endpoint::parse(text.trim_end_matches('/'))
                .map_err(|error| self.wrong("sts_endpoint", &error.to_string()))
        });
        let named =
            endpoints.configured.clone().map(Ok).or(own).or_else(|| endpoints.fallback.clone().map(Ok));
        match (named, self.optional("sts_region")) {
            (Some(endpoint), _) => endpoint,
            (None, None) => Ok(endpoints.default.clone()),
            (None, Some(region)) => {
                let vpc = self.optional("enable_vpc").is_some_and(|vpc| vpc == "true");
                let network = if vpc { Network::Vpc } else { Network::Public };
                let region =
                    Region::parse(&region).map_err(|error| self.wrong("sts_region", &error.to_string()));
                region.map(|region| network.sts_in(&region))
            }
        }
    }

    /// What the profile that `source_profile` names says.
    fn source_profile(&self) -> Result<Arc<dyn CredentialSource>, Error> {
        let name = self.needed("source_profile")?.expose();
        if self.names.iter().any(|seen| seen == name) {
            return Err(self.wrong("source_profile", "it leads back to where it came from"));
        }
        let found = look_up(self.text, Some(name)).map_err(|problem| unusable(&self.describe(), problem))?;
        let (name, members) = found
            .ok_or_else(|| self.wrong("source_profile", &format!("the file has no profile `{name}`")))?;
        let names = self.names.iter().cloned().chain([name]).collect();
        let Profile { file, text, settings, now, .. } = *self;
        Profile { file, text, names, members, settings, now }.source()
    }

    fn needed(&self, name: &str) -> Result<&Secret, Error> {
        let missing = || unusable(&self.describe(), format!("its `{name}` is missing"));
        self.members.get(name).ok_or_else(missing)
    }

    fn optional(&self, name: &str) -> Option<String> {
        self.members.get(name).map(|text| text.expose().to_owned())
    }

    fn wrong(&self, name: &str, why: &str) -> Error {
        unusable(&self.describe(), format!("its `{name}` cannot be used: {why}"))
    }

    fn describe(&self) -> String {
        let name = self.names.last().map_or("", String::as_str);
        format!("profile `{name}` of {}", self.file.display())
    }
}

#[cfg(test)]
mod tests;
