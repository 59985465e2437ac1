//! An address that answers with credentials.

use std::fmt;
use std::time::Duration;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::context::CallContext;
use crate::credentials::answer::parse_temporary_key;
use crate::credentials::error::{OPERATION_SERVICE, shown, source_error};
use crate::credentials::source_context::UnsignedRequest;
use crate::credentials::{CredentialSource, Fetched, Fetching, SourceContext};
use crate::endpoint::{Endpoint, EndpointError};
use crate::error::{Error, Operation};
use crate::http::{HttpRequest, Method, form};
use crypto::Secret;

/// A credentials URI.
///
/// It must be HTTPS, or HTTP to this machine, because the answer is a key. Its query may contain a secret and is never
/// shown.
#[derive(Clone)]
pub struct CredentialsUri {
    endpoint: Endpoint,
    path: String,
    query: Secret,
    source: String,
}

/// Why a credentials URI cannot be used. The message never shows its query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// There is no scheme.
    #[error("A credentials URI begins with https://, or with http:// for this machine.")]
    Scheme,
    /// The host or the port.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
}

/// What a path has encoded when it is sent and shown, besides all that is not ASCII.
const NOT_SENT: &AsciiSet = &CONTROLS.add(b' ');

/// How many retries follow a temporary failure.
const MAX_RETRIES: u32 = 2;

/// Such services run beside the program; the official libraries wait 5 to 10 s.
const TIMEOUT: Duration = Duration::from_secs(5);

impl CredentialsUri {
    /// Parses a URI. `source` is the setting or profile that has it, for messages.
    ///
    /// # Errors
    /// When it is no URL, or plain HTTP to another machine.
    pub fn parse(text: &str, source: &str) -> Result<Self, UriError> {
        let (scheme, rest) = text.split_once("://").ok_or(UriError::Scheme)?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Err(UriError::Scheme);
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = address.split_at(address.find('/').unwrap_or(address.len()));
        let endpoint = Endpoint::parse(&format!("{scheme}://{authority}")).map_err(|error| {
            // The text before an @ may be a password, also if a / in it ends the host.
            let shown = format!("{scheme}://…");
            if text.contains('@') { EndpointError::Extra(shown, "a user name") } else { error }
        })?;
        Ok(Self {
            endpoint,
            path: if path.is_empty() {
                "/".to_owned()
            } else {
                utf8_percent_encode(path, NOT_SENT).to_string()
            },
            query: query.into(),
            source: source.to_owned(),
        })
    }

    async fn fetch_keys(
        &self,
        source_context: &SourceContext,
        context: &CallContext,
    ) -> Result<Fetched, Error> {
        let mut request = HttpRequest::new(Method::Get, self.endpoint.origin(), self.path.clone());
        request.query.extend(form::decode(self.query.expose()));
        request.secret = true;
        let source = self.describe();
        let operation = Operation::new(OPERATION_SERVICE, "lookup", &source);
        let plain =
            UnsignedRequest { operation: &operation, request, timeout: TIMEOUT, max_retries: MAX_RETRIES };
        let answer =
            source_context.send(context, plain).await.map_err(|error| source_error(error, &self.source))?;
        parse_temporary_key(&answer.body, &source)
    }
}

impl CredentialSource for CredentialsUri {
    fn fetch<'a>(&'a self, source_context: &'a SourceContext, context: &'a CallContext) -> Fetching<'a> {
        Box::pin(async move { self.fetch_keys(source_context, context).await.map(Some) })
    }

    fn describe(&self) -> String {
        let address = shown(format_args!("{}{}", self.endpoint, self.path));
        format!("the credentials URI {address} of {}", self.source)
    }
}

impl fmt::Debug for CredentialsUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CredentialsUri").field(&self.describe()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing::{ManualClock, Reply, ScriptedHost, ScriptedTransport, scripted_source_context};

    #[tokio::test]
    async fn the_address_is_asked_as_it_was_written() {
        const KEYS: &str = r#"{"Code":"Success","AccessKeyId":"STS.u","AccessKeySecret":"s","SecurityToken":"t","Expiration":"2026-11-20T14:00:00Z"}"#;
        let uri = CredentialsUri::parse("http://127.0.0.1:8/a/b?x=1&y=a%20b#f", "the test").unwrap();
        let transport = Arc::new(ScriptedTransport::new([Reply::answer(503, ""), Reply::answer(200, KEYS)]));
        let clock = ManualClock::new();
        let source_context = scripted_source_context(&Arc::new(ScriptedHost::default()), &transport, &clock);
        let fetched = clock.run(uri.fetch_keys(&source_context, &CallContext::default())).await.unwrap();
        assert_eq!(fetched.credentials.access_key_id, "STS.u");
        assert_eq!(transport.requests()[1].url(), "http://127.0.0.1:8/a/b?x=1&y=a%20b");
        assert!(!format!("{:?}", transport.requests()).contains("a b"));
    }

    #[test]
    fn a_path_is_sent_and_shown_in_visible_ascii() {
        let uri = CredentialsUri::parse("http://127.0.0.1:8/é \u{1b}[2J%20", "the test").unwrap();
        assert_eq!(uri.path, "/%C3%A9%20%1B[2J%20");
        assert!(uri.describe().chars().all(text::is_printable), "{}", uri.describe());
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_its_query() {
        for text in [
            "canary",
            "ftp://h/?canary",
            "http://example.com/?canary",
            "https://canary:canary@h/",
            "https://user:canary/canary@h/",
            "https://user:canary?canary@h/",
            "https://h:x/?canary",
            "canary?x=http://h/",
        ] {
            let error = CredentialsUri::parse(text, "the test").unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(!text.contains("canary"), "{text}");
        }
        let uri = CredentialsUri::parse("https://h?canary", "the test").unwrap();
        assert_eq!(uri.describe(), "the credentials URI https://h/ of the test");
    }
}
