//! What credentials are read from: files, the output of commands, and answers.

use std::io;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::{BoxFuture, ready};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Answering, SECOND, check_error, check_line, rpc_config, run, within};
use crate::credentials::{
    CommandOutput, CredentialSource, CredentialsUri, EcsMetadata, Host, MetadataService, OidcRole,
    ProcessCommand, ProfileSource, SourceContext, StaticCredentials, StsEndpoints, TokenOrigin,
};
use crate::endpoint::Endpoint;
use crate::http::{Headers, HttpResponse};
use crate::names::Region;
use crate::ram::RoleArn;
use crate::retry::RetryPolicy;
use crate::signing::rpc::SignatureVersion;
use crate::sts::StsClient;
use crate::testing::{ManualClock, NumberedNonces};
use crate::{Dispatcher, DispatcherConfig};

/// The profiles of every source.
const PROFILES: &str = "/profiles";

/// A file with profiles; behind a zero byte what commands print, services answer and other files hold. Each source
/// finds credentials that a request can be signed with, or that cannot be sent; or it says why not in an error that is
/// bounded, printable, and has nothing of the keys.
pub fn credential_files(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (profiles, rest) = (&bytes[..end], bytes.get(end + 1..).unwrap_or_default());
    let keys = keys(bytes, [profiles, rest]);
    let transport =
        Answering::new(HttpResponse { status: 200, headers: Headers::default(), body: rest.to_vec() });
    let clock = ManualClock::new();
    let source_context = SourceContext {
        host: Arc::new(Files { profiles: profiles.to_vec(), rest: rest.to_vec() }),
        transport: transport.clone(),
        clock: Arc::new(clock.clone()),
        nonces: Arc::new(NumberedNonces::default()),
        retry: RetryPolicy { max_retries: 1, base: SECOND, cap: SECOND },
        request_timeout: 10 * SECOND,
        signature: SignatureVersion::Acs3HmacSha256,
    };
    let text = String::from_utf8_lossy(profiles);
    // The path of an address is shown.
    let address = if keys.is_empty() { &*text } else { "" };
    for source in sources(&text, address) {
        let context = within(&clock, 30 * SECOND);
        match run(&clock, source.fetch(&source_context, &context)) {
            Ok(None) => {}
            Ok(Some(fetched)) => {
                let dispatcher = Arc::new(Dispatcher::new(DispatcherConfig {
                    credentials: Arc::new(StaticCredentials::new(fetched.credentials)),
                    transport: transport.clone(),
                    clock: Arc::new(clock.clone()),
                    retry: RetryPolicy { max_retries: 0, ..RetryPolicy::default() },
                    request_timeout: 10 * SECOND,
                    max_concurrency: 1,
                }));
                let sts = StsClient::new(rpc_config(&dispatcher));
                if let Err(error) = run(&clock, sts.get_caller_identity(&within(&clock, SECOND))) {
                    check_error(&error);
                }
            }
            Err(error) => {
                check_error(&error);
                let said = format!("{error} {error:?}");
                for key in &keys {
                    assert!(!said.contains(key), "{key} of the input is in {said}");
                }
            }
        }
        let region = source.region(&|path| (path == Path::new(PROFILES)).then(|| profiles.to_vec().into()));
        if let Some(Err(error)) = region.as_deref().map(Region::parse) {
            check_line(&error.to_string());
        }
    }
}

/// Every kind of source, some with a command and an address of the input.
fn sources(line: &str, address: &str) -> Vec<Box<dyn CredentialSource>> {
    let endpoint = Endpoint::parse("http://127.0.0.1:8700").unwrap();
    let metadata = MetadataService { endpoint: endpoint.clone(), version_1: true };
    let source = "the fuzz target".to_owned();
    let command = |line: &str| ProcessCommand { line: line.into(), source: source.clone() };
    let mut sources: Vec<Box<dyn CredentialSource>> = vec![
        Box::new(ProfileSource {
            files: vec![PROFILES.into()],
            name: None,
            required: true,
            sts: StsEndpoints { configured: None, fallback: None, default: endpoint.clone() },
            metadata: metadata.clone(),
            session_name: "terraform".to_owned(),
            external_forbidden_by: None,
        }),
        Box::new(EcsMetadata { role_name: None, required: true, service: metadata, source: source.clone() }),
        Box::new(OidcRole {
            role_arn: RoleArn::parse("acs:ram::1:role/ci").unwrap(),
            oidc_provider_arn: "acs:ram::1:oidc-provider/ci".to_owned(),
            token: TokenOrigin::File("/token".into()),
            role_session_name: "terraform".to_owned(),
            duration_seconds: None,
            policy: None,
            endpoint,
            source: source.clone(),
        }),
        Box::new(command("keys")),
        Box::new(command(line)),
    ];
    for address in ["http://127.0.0.1:8700/keys?a=b", address] {
        match CredentialsUri::parse(address, &source) {
            Ok(uri) => sources.push(Box::new(uri)),
            Err(error) => check_line(&error.to_string()),
        }
    }
    sources
}

/// A machine with one file of profiles. Every other file, and what a command prints, is the rest of the input.
#[derive(Debug)]
struct Files {
    profiles: Vec<u8>,
    rest: Vec<u8>,
}

impl Host for Files {
    fn read<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Zeroizing<Vec<u8>>>> {
        let content = if path == Path::new(PROFILES) { &self.profiles } else { &self.rest };
        Box::pin(ready(Ok(Zeroizing::new(content.clone()))))
    }

    fn run<'a>(
        &'a self,
        _program: &'a str,
        _arguments: &'a [String],
    ) -> BoxFuture<'a, io::Result<CommandOutput>> {
        let success = self.rest.first() != Some(&b'!');
        Box::pin(ready(Ok(CommandOutput {
            status: "exit status: 3".to_owned(),
            success,
            stdout: Zeroizing::new(self.rest.clone()),
            stderr: Zeroizing::new([b"no: ", &self.rest[..]].concat()),
        })))
    }
}

/// The names that secret values have in profiles and in answers.
const SECRET_NAMES: [&str; 6] =
    ["access_key_secret", "sts_token", "security_token", "external_id", "AccessKeySecret", "SecurityToken"];

/// A shorter beginning of a key may also stand elsewhere by chance.
const BEGINNING: usize = 12;

/// The beginnings of the secret values in the input. One that also stands elsewhere may be shown as what it is there,
/// and so may one of several words: no key is.
fn keys(input: &[u8], parts: [&[u8]; 2]) -> Vec<String> {
    let mut found = Vec::new();
    for part in parts {
        match serde_json::from_slice(part) {
            Ok(json) => of_json(&json, &mut found),
            Err(_) => of_lines(&String::from_utf8_lossy(part), &mut found),
        }
    }
    let beginnings = found.iter().filter_map(|key| key.trim().get(..BEGINNING));
    let times = |key: &str| input.windows(BEGINNING).filter(|window| *window == key.as_bytes()).count();
    let is_word = |key: &&str| !key.contains(char::is_whitespace);
    beginnings.filter(is_word).filter(|key| times(key) == 1).map(str::to_owned).collect()
}

fn of_json(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(key) if SECRET_NAMES.contains(&name.as_str()) => found.push(key.clone()),
                    _ => of_json(member, found),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                of_json(item, found);
            }
        }
        _ => {}
    }
}

fn of_lines(text: &str, found: &mut Vec<String>) {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    found
        .extend(pairs.filter(|(name, _)| SECRET_NAMES.contains(&name.trim())).map(|(_, key)| key.to_owned()));
}
