//! The host, network and clock that sources of credentials use.

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

/// The files, commands, network and clock that sources of credentials use.
#[derive(Clone, Debug)]
pub struct SourceContext {
    /// Files and commands.
    pub host: Arc<dyn Host>,
    /// What sends requests.
    pub transport: Arc<dyn HttpTransport>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where the nonces of requests to STS come from.
    pub nonces: Arc<dyn NonceSource>,
    /// When a call is repeated.
    pub retry: RetryPolicy,
    /// The longest time for one attempt of a call to STS, or for one command.
    pub request_timeout: Duration,
    /// How requests to STS are signed.
    pub signature: SignatureVersion,
}

/// A GET or PUT without a signature, with its time limit and retries.
pub(super) struct UnsignedRequest<'a> {
    pub(super) operation: &'a Operation,
    pub(super) request: HttpRequest,
    pub(super) timeout: Duration,
    /// How many retries follow a temporary failure.
    pub(super) max_retries: u32,
}

impl SourceContext {
    /// A client of STS that signs with the credentials of this provider.
    pub(super) fn sts(&self, credentials: Arc<dyn CredentialProvider>, endpoint: Endpoint) -> StsClient {
        StsClient::new(RpcConfig {
            endpoint,
            signature: self.signature,
            dispatcher: Arc::new(self.dispatcher(credentials, self.retry, self.request_timeout)),
            nonces: Arc::clone(&self.nonces),
        })
    }

    /// Sends a request without a signature.
    ///
    /// # Errors
    /// As any call. A status other than 2xx is an error that does not quote the body, which may contain secrets.
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
        let api_call =
            ApiCall { operation, build: &build, parse: &parse, request_id: |_| None, secrets: &[] };
        dispatcher.retry(context, &api_call).await
    }

    /// Waits for work that is not a call, within the limits of the operation.
    pub(super) async fn bounded<F: Future>(
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

/// The empty credentials of a request without a signature.
pub(super) fn anonymous() -> Arc<dyn CredentialProvider> {
    Arc::new(StaticCredentials::new(Credentials {
        access_key_id: String::new(),
        access_key_secret: "".into(),
        security_token: None,
        source: "no credentials".to_owned(),
    }))
}
