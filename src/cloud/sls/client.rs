//! The client: one method per action of the API.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::CallContext;
use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::dispatcher::{ApiCall, Dispatcher};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Operation};
use crate::http::{HttpRequest, HttpResponse, Method};
use crate::names::{LogstoreName, ProjectName, Region};
use crate::signing::sls::{SignatureVersion, sign};
use crate::sls::answer::{request_id, success, written};
use crate::sls::{EncryptConf, EncryptionApi, ListLogStores, LogStore, LogStorePage};

/// What an [`SlsClient`] is made of.
#[derive(Debug)]
pub struct SlsConfig {
    /// Where SLS is reached.
    pub endpoint: Endpoint,
    /// The region that signature version 4 is made for.
    pub region: Region,
    /// How requests are signed.
    pub signature: SignatureVersion,
    /// Which action writes the encryption configuration of a Logstore.
    pub encryption_api: EncryptionApi,
    /// What sends them.
    pub dispatcher: Arc<Dispatcher>,
}

/// A client of SLS.
///
/// Reads are repeated as the retry policy says, each attempt signed afresh. Writes are sent once. Every method
/// returns promptly when its [`CallContext`] is cancelled or its deadline passes, and writes one line to the
/// log.
#[derive(Debug)]
pub struct SlsClient {
    endpoint: Endpoint,
    region: Region,
    signature: SignatureVersion,
    encryption_api: EncryptionApi,
    dispatcher: Arc<Dispatcher>,
}

/// What one request asks for.
struct Ask<'a> {
    method: Method,
    project: &'a ProjectName,
    path: String,
    list: Option<&'a ListLogStores>,
    body: Vec<u8>,
}

/// Reads the body of an answer to a request that was sent at a moment of [`Clock::monotonic`].
type Parse<'a, T> = dyn Fn(&[u8], Duration) -> Result<T, Error> + Send + Sync + 'a;

const SERVICE: &str = "SLS";

/// The version every request names (SLS documentation, "Public request headers").
const API_VERSION: &str = "0.6.0";

impl SlsClient {
    /// A client; nothing is connected, loaded or asked for before the first call.
    pub fn new(config: SlsConfig) -> Self {
        let SlsConfig { endpoint, region, signature, encryption_api, dispatcher } = config;
        Self { endpoint, region, signature, encryption_api, dispatcher }
    }

    /// `GetLogStore`: describes a Logstore.
    ///
    /// # Errors
    /// `NotFound` with code `LogStoreNotExist` or `ProjectNotExist`; `Malformed` when the answer is not about this
    /// Logstore or lacks what [`LogStore`] reads; otherwise any kind.
    pub async fn get_log_store(
        &self,
        context: &CallContext,
        project: &ProjectName,
        logstore: &LogstoreName,
    ) -> Result<LogStore, Error> {
        let operation = self.operation("GetLogStore", target(project, logstore));
        let ask = Ask::read(project, path(logstore));
        self.read(context, &operation, &ask, &|body, at| LogStore::read(&operation, logstore, body, at)).await
    }

    /// `ListLogStores`: one page of the names of a project's Logstores.
    ///
    /// # Errors
    /// `NotFound` with code `ProjectNotExist`; otherwise any kind.
    pub async fn list_log_stores(
        &self,
        context: &CallContext,
        project: &ProjectName,
        list: &ListLogStores,
    ) -> Result<LogStorePage, Error> {
        let operation = self.operation("ListLogStores", project.as_str());
        let ask = Ask { list: Some(list), ..Ask::read(project, "/logstores".to_owned()) };
        self.read(context, &operation, &ask, &|body, _| LogStorePage::read(&operation, body)).await
    }

    /// `UpdateLogStore`: replaces the settings of a Logstore by `body`, a complete document.
    ///
    /// Sent once at most: between a lost answer and a second attempt somebody else may have written, so a caller reads
    /// again before it repeats, and waits with [`SlsClient::pause_before_retry`]. Not sent after `send_by`, a moment of
    /// [`Clock::monotonic`]: what the body was built from may be out of date by then. Tells whether it was sent.
    ///
    /// # Errors
    /// Any kind. [`Error::may_have_been_applied`] says whether the Logstore may have changed.
    pub async fn update_log_store(
        &self,
        context: &CallContext,
        project: &ProjectName,
        logstore: &LogstoreName,
        body: &Map<String, Value>,
        send_by: Duration,
    ) -> Result<bool, Error> {
        let operation = self.operation("UpdateLogStore", target(project, logstore));
        let ask = Ask::write(&operation, project, path(logstore), body)?;
        let build = |credentials: &Credentials, at| self.request(&operation, &ask, credentials, at);
        let parse = |response: &HttpResponse, _| written(&operation, response);
        let api_call = ApiCall { operation: &operation, build: &build, parse: &parse, request_id };
        Ok(self.dispatcher.send_once_by(context, &api_call, send_by).await?.is_some())
    }

    /// `UpdateLogStoreEncryption`: sets the encryption configuration of a Logstore and nothing else.
    ///
    /// Sent once, like [`SlsClient::update_log_store`].
    ///
    /// # Errors
    /// Any kind. [`Error::may_have_been_applied`] says whether the Logstore may have changed.
    pub async fn update_log_store_encryption(
        &self,
        context: &CallContext,
        project: &ProjectName,
        logstore: &LogstoreName,
        conf: &EncryptConf,
    ) -> Result<(), Error> {
        let operation = self.operation("UpdateLogStoreEncryption", target(project, logstore));
        let path = format!("{}/encryption", path(logstore));
        let ask = Ask::write(&operation, project, path, &conf.to_dedicated_json())?;
        let build = |credentials: &Credentials, at| self.request(&operation, &ask, credentials, at);
        let parse = |response: &HttpResponse, _| written(&operation, response);
        let api_call = ApiCall { operation: &operation, build: &build, parse: &parse, request_id };
        self.dispatcher.send_once(context, &api_call).await
    }

    /// The same bounds with a permit to send of its own for calls about a Logstore that follow each other closely.
    ///
    /// # Errors
    /// `Cancelled` or `Timeout` when the operation ends before there is a permit.
    pub async fn with_permit(
        &self,
        context: &CallContext,
        project: &ProjectName,
        logstore: &LogstoreName,
    ) -> Result<CallContext, Error> {
        let operation = self.operation("GetLogStore", target(project, logstore));
        self.dispatcher.with_permit(context, &operation).await
    }

    /// Waits, as the retry policy says, before a call that failed with `error` is tried again; `attempt` is
    /// how many attempts were made, from 1.
    ///
    /// # Errors
    /// `error` itself, when it is not retryable or attempts or time are used up; `Cancelled` when the
    /// operation is cancelled during the pause.
    pub async fn pause_before_retry(
        &self,
        context: &CallContext,
        attempt: u32,
        error: &Error,
    ) -> Result<(), Error> {
        self.dispatcher.pause_before_retry(context, attempt, error).await
    }

    /// Waits for something that comes before the Logstore is read.
    ///
    /// # Errors
    /// `Cancelled` or `Timeout` when the operation ends first.
    pub async fn within<F: Future>(
        &self,
        context: &CallContext,
        project: &ProjectName,
        logstore: &LogstoreName,
        work: F,
    ) -> Result<F::Output, Error> {
        let operation = self.operation("GetLogStore", target(project, logstore));
        self.dispatcher.bounded(context, &operation, false, work).await
    }

    /// Which action writes the encryption configuration of a Logstore.
    pub fn encryption_api(&self) -> EncryptionApi {
        self.encryption_api
    }

    fn operation(&self, action: &'static str, target: impl Into<String>) -> Operation {
        Operation::new(SERVICE, action, target).in_region(&self.region)
    }

    /// The clock that deadlines of a [`CallContext`] are measured on.
    pub fn clock(&self) -> &dyn Clock {
        self.dispatcher.clock()
    }

    async fn read<T>(
        &self,
        context: &CallContext,
        operation: &Operation,
        ask: &Ask<'_>,
        parse: &Parse<'_, T>,
    ) -> Result<T, Error> {
        let build = |credentials: &Credentials, at| self.request(operation, ask, credentials, at);
        let parse = |response: &HttpResponse, sent_at| {
            let body = success(operation, response)?;
            parse(body, sent_at).map_err(|error| error.with_status(response.status))
        };
        let api_call = ApiCall { operation, build: &build, parse: &parse, request_id };
        self.dispatcher.retry(context, &api_call).await
    }

    fn request(
        &self,
        operation: &Operation,
        ask: &Ask<'_>,
        credentials: &Credentials,
        at: OffsetDateTime,
    ) -> Result<HttpRequest, Error> {
        let origin = self.endpoint.project_origin(ask.project);
        let mut request = HttpRequest::new(ask.method, origin, &ask.path);
        request.query = ask.list.map(ListLogStores::query).unwrap_or_default();
        request.body.clone_from(&ask.body);
        request.headers.set("x-log-apiversion", API_VERSION);
        request.headers.set("x-log-bodyrawsize", request.body.len().to_string());
        if !request.body.is_empty() {
            request.headers.set("content-type", "application/json");
        }
        sign(&mut request, self.signature, credentials, &self.region, at).map_err(|error| {
            let message = format!("{error} (credentials from {})", credentials.source);
            Error::new(ErrorKind::Unauthenticated, operation, message).with_source(error)
        })?;
        Ok(request)
    }
}

impl<'a> Ask<'a> {
    fn read(project: &'a ProjectName, path: String) -> Self {
        Self { method: Method::Get, project, path, list: None, body: Vec::new() }
    }

    fn write(
        operation: &Operation,
        project: &'a ProjectName,
        path: String,
        body: &Map<String, Value>,
    ) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|error| {
            Error::new(ErrorKind::Invalid, operation, "the document cannot be written").with_source(error)
        })?;
        Ok(Self { method: Method::Put, project, path, list: None, body })
    }
}

fn target(project: &ProjectName, logstore: &LogstoreName) -> String {
    format!("{project}/{logstore}")
}

fn path(logstore: &LogstoreName) -> String {
    format!("/logstores/{logstore}")
}

#[cfg(test)]
mod tests;
