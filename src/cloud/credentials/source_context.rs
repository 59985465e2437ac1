//! What sources of credentials reach the world with.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::clock::Clock;
use crate::context::{CallContext, Interrupted};
use crate::credentials::{CredentialProvider, Credentials, Host, StaticCredentials};
use crate::dispatcher::{ApiCall, Dispatcher, DispatcherConfig};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Operation};
use crate::http::{HttpRequest, HttpResponse, HttpTransport};
use crate::json_object::redirect;
use crate::nonce::NonceSource;
use crate::retry::RetryPolicy;
use crate::rpc::RpcConfig;
use crate::signing::rpc::SignatureVersion;
use crate::sts::StsClient;

/// Files, commands, the network and the time, as sources of credentials see them.
#[derive(Clone, Debug)]
pub struct SourceContext {
    /// Files and commands.
    pub host: Arc<dyn Host>,
    /// What carries requests.
    pub transport: Arc<dyn HttpTransport>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where the nonces of requests to STS come from.
    pub nonces: Arc<dyn NonceSource>,
    /// When calls are repeated.
    pub retry: RetryPolicy,
    /// The longest one attempt of a call to STS, or one command, may take.
    pub request_timeout: Duration,
    /// How requests to STS are signed.
    pub signature: SignatureVersion,
}

/// A plain GET or PUT, and how patient to be about it.
pub(super) struct UnsignedRequest<'a> {
    pub(super) operation: &'a Operation,
    pub(super) request: HttpRequest,
    pub(super) timeout: Duration,
    /// How often a call that failed for a passing reason is repeated.
    pub(super) max_retries: u32,
}

impl SourceContext {
    /// A client of STS that signs with credentials of this provider.
    pub(super) fn sts(&self, credentials: Arc<dyn CredentialProvider>, endpoint: Endpoint) -> StsClient {
        StsClient::new(RpcConfig {
            endpoint,
            signature: self.signature,
            dispatcher: Arc::new(self.dispatcher(credentials, self.retry, self.request_timeout)),
            nonces: Arc::clone(&self.nonces),
        })
    }

    /// Sends a request that nobody signs and reads an answer of success.
    ///
    /// # Errors
    /// As any call; a status other than 2xx is an error that does not quote the body, which may hold secrets.
    pub(super) async fn send(
        &self,
        context: &CallContext,
        plain: UnsignedRequest<'_>,
    ) -> Result<HttpResponse, Error> {
        let UnsignedRequest { operation, request, timeout, max_retries } = plain;
        let dispatcher = self.dispatcher(anonymous(), RetryPolicy { max_retries, ..self.retry }, timeout);
        let build = |_: &Credentials, _: OffsetDateTime| Ok(request.clone());
        let parse = |response: &HttpResponse, _| match response.status {
            200..300 => Ok(response.clone()),
            status => {
                let redirect = redirect(response).map(|redirect| format!(", but {redirect}"));
                let message = format!("the answer is not one of success{}", redirect.unwrap_or_default());
                Err(Error::from_answer(operation, status, None, message))
            }
        };
        let api_call = ApiCall { operation, build: &build, parse: &parse, request_id: |_| None };
        dispatcher.retry(context, &api_call).await
    }

    /// Waits for something that is no call, within the bounds of the operation.
    pub(super) async fn within<F: Future>(
        &self,
        context: &CallContext,
        operation: &Operation,
        work: F,
    ) -> Result<F::Output, Error> {
        context.bound(&*self.clock, work).await.map_err(|why| match why {
            Interrupted::Cancelled => Error::new(ErrorKind::Cancelled, operation, "the run was interrupted"),
            Interrupted::DeadlineExceeded => {
                let message = "the time allowed for the whole operation has passed";
                Error::new(ErrorKind::Timeout, operation, message)
            }
        })
    }

    fn dispatcher(
        &self,
        credentials: Arc<dyn CredentialProvider>,
        retry: RetryPolicy,
        request_timeout: Duration,
    ) -> Dispatcher {
        Dispatcher::new(DispatcherConfig {
            credentials,
            transport: Arc::clone(&self.transport),
            clock: Arc::clone(&self.clock),
            retry,
            request_timeout,
            max_concurrency: 1,
        })
    }
}

/// The credentials of a request that nobody signs.
pub(super) fn anonymous() -> Arc<dyn CredentialProvider> {
    Arc::new(StaticCredentials::new(Credentials {
        access_key_id: String::new(),
        access_key_secret: "".into(),
        security_token: None,
        source: "nobody".to_owned(),
    }))
}
