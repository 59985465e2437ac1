//! Sending one action of an RPC service.

use std::sync::Arc;

use serde::de::{DeserializeOwned, IgnoredAny};
use time::OffsetDateTime;

use crate::CallContext;
use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::dispatcher::{ApiCall, Dispatcher};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Operation};
use crate::http::{HttpRequest, HttpResponse, Method, form};
use crate::json_object::malformed;
use crate::nonce::NonceSource;
use crate::rpc::Parameters;
use crate::rpc::answer::{request_id, success};
use crate::signing::rpc::{SignatureVersion, date, sign};

/// The parts of a client of an RPC service.
#[derive(Clone, Debug)]
pub struct RpcConfig {
    /// The endpoint of the service.
    pub endpoint: Endpoint,
    /// How requests are signed.
    pub signature: SignatureVersion,
    /// What sends the calls.
    pub dispatcher: Arc<Dispatcher>,
    /// Where the nonces of the signatures come from.
    pub nonces: Arc<dyn NonceSource>,
}

/// A service and the version of its API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    /// The name in errors and log lines.
    pub(crate) name: &'static str,
    /// The version in every request.
    pub(crate) version: &'static str,
}

/// Sends the actions of one service.
#[derive(Debug)]
pub(crate) struct RpcClient {
    service: Service,
    config: RpcConfig,
}

/// One call of an action.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The action.
    pub(crate) action: &'static str,
    /// The object of the call, for errors and log lines.
    pub(crate) target: &'a str,
    /// Its parameters.
    pub(crate) parameters: Parameters,
    /// Whether the call has no signature.
    anonymous: bool,
    /// A secret parameter.
    secret: Option<&'a str>,
}

/// The kind of an action, which decides when it may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Read,
    ReadSecret,
    Write,
}

impl<'a> Call<'a> {
    pub(crate) fn new(action: &'static str, target: &'a str, parameters: Parameters) -> Self {
        Self { action, target, parameters, anonymous: false, secret: None }
    }

    /// A call without a signature. Its parameters prove who the caller is, and are secret.
    pub(crate) fn anonymous(action: &'static str, target: &'a str, parameters: Parameters) -> Self {
        Self { action, target, parameters, anonymous: true, secret: None }
    }

    /// Adds a parameter that neither an error nor the log shows, also if the service quotes it.
    pub(crate) fn hiding(self, secret: Option<&'a str>) -> Self {
        Self { secret, ..self }
    }
}

impl RpcClient {
    pub(crate) fn new(service: Service, config: RpcConfig) -> Self {
        Self { service, config }
    }

    /// The clock that deadlines are measured on.
    pub(crate) fn clock(&self) -> &dyn Clock {
        self.config.dispatcher.clock()
    }

    /// Waits as the retry policy says before an action that has failed with `error` is sent again.
    pub(crate) async fn pause(
        &self,
        context: &CallContext,
        attempts: u32,
        error: &Error,
    ) -> Result<(), Error> {
        self.config.dispatcher.pause_before_retry(context, attempts, error).await
    }

    /// Sends an action that changes nothing, with the retries of the policy. `take` turns the answer into the value of
    /// the call, or returns what is wrong with it.
    pub(crate) async fn read<A: DeserializeOwned, T>(
        &self,
        context: &CallContext,
        call: Call<'_>,
        take: impl Fn(A) -> Result<T, String> + Send + Sync,
    ) -> Result<T, Error> {
        self.send(context, &call, take, Manner::Read).await
    }

    /// As [`RpcClient::read`], for an answer that contains secrets: neither an error nor the log shows it.
    pub(crate) async fn read_secret<A: DeserializeOwned, T>(
        &self,
        context: &CallContext,
        call: Call<'_>,
        take: impl Fn(A) -> Result<T, String> + Send + Sync,
    ) -> Result<T, Error> {
        self.send(context, &call, take, Manner::ReadSecret).await
    }

    /// Sends an action that changes something. It is repeated only if it was not sent, or if the service throttled it.
    /// After a lost answer the error says that the action may have been applied, and the caller can read first.
    pub(crate) async fn write<A: DeserializeOwned, T>(
        &self,
        context: &CallContext,
        call: Call<'_>,
        take: impl Fn(A) -> Result<T, String> + Send + Sync,
    ) -> Result<T, Error> {
        self.send(context, &call, take, Manner::Write).await
    }

    /// As [`RpcClient::write`], for an action whose answer has only the request id.
    pub(crate) async fn run(&self, context: &CallContext, call: Call<'_>) -> Result<(), Error> {
        self.write(context, call, |_: IgnoredAny| Ok(())).await
    }

    async fn send<A: DeserializeOwned, T>(
        &self,
        context: &CallContext,
        call: &Call<'_>,
        take: impl Fn(A) -> Result<T, String> + Send + Sync,
        manner: Manner,
    ) -> Result<T, Error> {
        let operation = Operation::new(self.service.name, call.action, call.target);
        let secret = manner == Manner::ReadSecret;
        let build = |who: &Credentials, at| {
            if call.anonymous {
                self.unsigned(&operation, &call.parameters, at)
            } else {
                let request = self.request(&operation, &call.parameters, who, at)?;
                Ok(HttpRequest { secret: secret || call.secret.is_some(), ..request })
            }
        };
        let parse = |response: &HttpResponse, _| {
            let read = success(&operation, response, secret)
                .and_then(|answer| take(answer).map_err(|problem| malformed(&operation, problem)));
            read.map_err(|error| error.with_status(response.status))
        };
        let secrets: Vec<&str> = call.secret.into_iter().collect();
        let api_call =
            ApiCall { operation: &operation, build: &build, parse: &parse, request_id, secrets: &secrets };
        match manner {
            Manner::Read | Manner::ReadSecret => self.config.dispatcher.retry(context, &api_call).await,
            Manner::Write => self.config.dispatcher.retry_unless_applied(context, &api_call).await,
        }
    }

    /// Builds and signs a request.
    ///
    /// The parameters of the action are always in the body, as a form. A policy document of 6144 characters can take
    /// 18 kB when it is percent-encoded, more than many proxies allow in an address, and proxies log addresses. Both
    /// signatures cover the body. The older SDKs can do the same; the newer ones put everything in the query.
    fn request(
        &self,
        operation: &Operation,
        parameters: &Parameters,
        credentials: &Credentials,
        at: OffsetDateTime,
    ) -> Result<HttpRequest, Error> {
        let mut request = self.form(parameters);
        self.name_action(&mut request, operation.action);
        let nonce = self.config.nonces.next();
        sign(&mut request, self.config.signature, credentials, &nonce, at).map_err(|error| {
            let message = format!("{error} (credentials from {})", credentials.source);
            Error::new(ErrorKind::Unauthenticated, operation, message).with_source(error)
        })?;
        Ok(request)
    }

    /// Builds a request without a signature. As in `aliyun/credentials-go`, the query says which call it is, and the
    /// parameters are in the body.
    fn unsigned(
        &self,
        operation: &Operation,
        parameters: &Parameters,
        at: OffsetDateTime,
    ) -> Result<HttpRequest, Error> {
        let date =
            date(at).map_err(|error| Error::new(ErrorKind::Unexpected, operation, error.to_string()))?;
        let mut request = self.form(parameters);
        request.secret = true;
        self.name_in_query(&mut request, operation.action);
        request.query.insert("Timestamp".to_owned(), date);
        request.query.insert("SignatureNonce".to_owned(), self.config.nonces.next());
        Ok(request)
    }

    fn form(&self, parameters: &Parameters) -> HttpRequest {
        let mut request = HttpRequest::new(Method::Post, self.config.endpoint.origin(), "/");
        request.headers.set("accept", "application/json");
        request.body = parameters.to_form().into_bytes();
        if !request.body.is_empty() {
            request.headers.set("content-type", form::MEDIA_TYPE);
        }
        request
    }

    fn name_action(&self, request: &mut HttpRequest, action: &str) {
        match self.config.signature {
            SignatureVersion::Acs3HmacSha256 => {
                request.headers.set("x-acs-action", action);
                request.headers.set("x-acs-version", self.service.version);
            }
            SignatureVersion::V1HmacSha1 => {
                self.name_in_query(request, action);
            }
        }
    }

    fn name_in_query(&self, request: &mut HttpRequest, action: &str) {
        for (name, value) in [("Action", action), ("Version", self.service.version), ("Format", "JSON")] {
            request.query.insert(name.to_owned(), value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
