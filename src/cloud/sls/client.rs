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
use crate::sls::list::{MAX_PAGE_SIZE, Query};
use crate::sls::listing::{NamePage, whole_list};
use crate::sls::telemetry_type::TelemetryType;
use crate::sls::{
    EncryptConf, EncryptionApi, ListLogStores, ListMetricStores, ListProject, LogStore, LogStorePage,
    ProjectPage,
};

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
    /// `None` for a call that belongs to no project.
    project: Option<&'a ProjectName>,
    path: String,
    query: Query,
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
        self.get_store(context, TelemetryType::Logs, project, logstore).await
    }

    /// `GetMetricStore`: describes a metric store.
    ///
    /// # Errors
    /// Those of [`SlsClient::get_log_store`].
    pub async fn get_metric_store(
        &self,
        context: &CallContext,
        project: &ProjectName,
        name: &LogstoreName,
    ) -> Result<LogStore, Error> {
        self.get_store(context, TelemetryType::Metrics, project, name).await
    }

    /// Describes a store by the action for what it holds: `GetLogStore` of a Logstore, and of a metric store
    /// `GetMetricStore`. `GetLogStore` is asked first, and says what the store holds, unless `known` says that it is a
    /// metric store.
    ///
    /// That `GetLogStore` describes metric stores too is a guess: a page describes `telemetryType` of `CreateLogStore`
    /// as the way to create one. Whether it shows the encryption of a metric store is not known, so that it is not
    /// asked for it.
    ///
    /// # Errors
    /// `NotFound` only if `GetLogStore` says so. `Unexpected` if `GetLogStore` shows a metric store, and
    /// `GetMetricStore` says that it does not exist. Otherwise those of `get_store`.
    pub async fn get_log_or_metric_store(
        &self,
        context: &CallContext,
        project: &ProjectName,
        store: &LogstoreName,
        known: Option<TelemetryType>,
    ) -> Result<LogStore, Error> {
        if known == Some(TelemetryType::Metrics) {
            match self.get_metric_store(context, project, store).await {
                // It may have been deleted, and created again as a Logstore.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                answer => return answer,
            }
        }
        let found = self.get_log_store(context, project, store).await?;
        if found.telemetry_type() == TelemetryType::Logs {
            return Ok(found);
        }
        match self.get_metric_store(context, project, store).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // It may have been deleted since. If not, nothing says that it is gone.
                self.get_log_store(context, project, store).await?;
                let message =
                    format!("GetLogStore shows a metric store, and GetMetricStore says: {}", error.message());
                Err(error.with_message(message).with_kind(ErrorKind::Unexpected))
            }
            answer => answer,
        }
    }

    /// `GetLogStore` or `GetMetricStore`: describes a Logstore or a metric store.
    ///
    /// # Errors
    /// `NotFound` with code `LogStoreNotExist` or `ProjectNotExist`; `Malformed` when the answer is not about this
    /// store or lacks what [`LogStore`] reads; otherwise any kind.
    async fn get_store(
        &self,
        context: &CallContext,
        telemetry_type: TelemetryType,
        project: &ProjectName,
        store: &LogstoreName,
    ) -> Result<LogStore, Error> {
        let operation = self.operation(telemetry_type.vocabulary().get, target(project, store));
        let ask = Ask::read(project, path(telemetry_type, store));
        let parse = |body: &[u8], at| LogStore::read(&operation, telemetry_type, store, body, at);
        self.read(context, &operation, &ask, &parse).await
    }

    /// `ListProject`: one page of the names of the account's projects in the client's region.
    ///
    /// # Errors
    /// Any kind.
    pub async fn list_project(
        &self,
        context: &CallContext,
        list: &ListProject,
    ) -> Result<ProjectPage, Error> {
        let operation = self.list_project_operation();
        let (method, path) = (Method::Get, "/".to_owned());
        let ask = Ask { method, project: None, path, query: list.query(), body: Vec::new() };
        self.read(context, &operation, &ask, &|body, _| ProjectPage::read(&operation, body)).await
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
        self.list_stores(context, "ListLogStores", TelemetryType::Logs, project, list.query()).await
    }

    /// `ListMetricStores`: one page of the names of a project's metric stores.
    ///
    /// # Errors
    /// `NotFound` with code `ProjectNotExist`; otherwise any kind.
    pub async fn list_metric_stores(
        &self,
        context: &CallContext,
        project: &ProjectName,
        list: &ListMetricStores,
    ) -> Result<LogStorePage, Error> {
        self.list_stores(context, "ListMetricStores", TelemetryType::Metrics, project, list.query()).await
    }

    /// The names of all projects of the account in the client's region, in order: all pages of `ListProject`.
    ///
    /// # Errors
    /// Those of [`SlsClient::list_project`]; `Malformed` when the list does not end.
    pub async fn all_projects(&self, context: &CallContext) -> Result<Vec<String>, Error> {
        whole_list(&self.list_project_operation(), async |offset| {
            let list = ListProject { offset, size: Some(MAX_PAGE_SIZE), ..ListProject::default() };
            let ProjectPage { total, projects: names } = self.list_project(context, &list).await?;
            Ok(NamePage { total, names })
        })
        .await
    }

    /// The names of the Logstores of a project, in order: all pages of `ListLogStores`. `wanted` says which; its offset
    /// and size do not count.
    ///
    /// # Errors
    /// Those of [`SlsClient::list_log_stores`]; `Malformed` when the list does not end.
    pub async fn all_log_stores(
        &self,
        context: &CallContext,
        project: &ProjectName,
        wanted: &ListLogStores,
    ) -> Result<Vec<String>, Error> {
        whole_list(&self.operation("ListLogStores", project.as_str()), async |offset| {
            let list = ListLogStores { offset, size: Some(MAX_PAGE_SIZE), ..wanted.clone() };
            let LogStorePage { total, logstores: names } =
                self.list_log_stores(context, project, &list).await?;
            Ok(NamePage { total, names })
        })
        .await
    }

    /// The names of the metric stores of a project, in order: all pages of `ListMetricStores`. `wanted` says which; its
    /// offset and size do not count.
    ///
    /// # Errors
    /// Those of [`SlsClient::list_metric_stores`]; `Malformed` when the list does not end.
    pub async fn all_metric_stores(
        &self,
        context: &CallContext,
        project: &ProjectName,
        wanted: &ListMetricStores,
    ) -> Result<Vec<String>, Error> {
        whole_list(&self.operation("ListMetricStores", project.as_str()), async |offset| {
            let list = ListMetricStores { offset, size: Some(MAX_PAGE_SIZE), ..wanted.clone() };
            let LogStorePage { total, logstores: names } =
                self.list_metric_stores(context, project, &list).await?;
            Ok(NamePage { total, names })
        })
        .await
    }

    /// `UpdateLogStore`: replaces the settings of a Logstore. See `update_store`.
    ///
    /// # Errors
    /// Those of `update_store`.
    pub async fn update_log_store(
        &self,
        context: &CallContext,
        project: &ProjectName,
        logstore: &LogstoreName,
        body: &Map<String, Value>,
        send_by: Duration,
    ) -> Result<bool, Error> {
        self.update_store(context, TelemetryType::Logs, (project, logstore), body, send_by).await
    }

    /// `UpdateMetricStore`: replaces the settings of a metric store. See `update_store`.
    ///
    /// # Errors
    /// Those of `update_store`.
    pub async fn update_metric_store(
        &self,
        context: &CallContext,
        project: &ProjectName,
        name: &LogstoreName,
        body: &Map<String, Value>,
        send_by: Duration,
    ) -> Result<bool, Error> {
        self.update_store(context, TelemetryType::Metrics, (project, name), body, send_by).await
    }

    /// `UpdateLogStore` or `UpdateMetricStore`: replaces the settings of a Logstore or metric store by `body`, a
    /// complete document in its vocabulary.
    ///
    /// Sent once at most: between a lost answer and a second attempt somebody else may have written, so a caller reads
    /// again before it repeats, and waits with [`SlsClient::pause_before_retry`]. Not sent after `send_by`, a moment of
    /// [`Clock::monotonic`]: what the body was built from may be out of date by then. Tells whether it was sent.
    ///
    /// # Errors
    /// Any kind. [`Error::may_have_been_applied`] says whether the store may have changed.
    async fn update_store(
        &self,
        context: &CallContext,
        telemetry_type: TelemetryType,
        (project, store): (&ProjectName, &LogstoreName),
        body: &Map<String, Value>,
        send_by: Duration,
    ) -> Result<bool, Error> {
        let operation = self.operation(telemetry_type.vocabulary().update, target(project, store));
        let ask = Ask::write(&operation, project, path(telemetry_type, store), body)?;
        let build = |credentials: &Credentials, at| self.request(&operation, &ask, credentials, at);
        let parse = |response: &HttpResponse, _| written(&operation, response);
        let api_call =
            ApiCall { operation: &operation, build: &build, parse: &parse, request_id, secrets: &[] };
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
        let path = format!("{}/encryption", path(TelemetryType::Logs, logstore));
        let ask = Ask::write(&operation, project, path, &conf.to_dedicated_json())?;
        let build = |credentials: &Credentials, at| self.request(&operation, &ask, credentials, at);
        let parse = |response: &HttpResponse, _| written(&operation, response);
        let api_call =
            ApiCall { operation: &operation, build: &build, parse: &parse, request_id, secrets: &[] };
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

    /// The clock that deadlines of a [`CallContext`] are measured on.
    pub fn clock(&self) -> &dyn Clock {
        self.dispatcher.clock()
    }

    fn operation(&self, action: &'static str, target: impl Into<String>) -> Operation {
        Operation::new(SERVICE, action, target).in_region(&self.region)
    }

    fn list_project_operation(&self) -> Operation {
        self.operation("ListProject", format!("the projects of {}", self.region))
    }

    async fn list_stores(
        &self,
        context: &CallContext,
        action: &'static str,
        telemetry_type: TelemetryType,
        project: &ProjectName,
        query: Query,
    ) -> Result<LogStorePage, Error> {
        let vocabulary = telemetry_type.vocabulary();
        let operation = self.operation(action, project.as_str());
        let ask = Ask { query, ..Ask::read(project, vocabulary.collection.to_owned()) };
        self.read(context, &operation, &ask, &|body, _| LogStorePage::read(&operation, vocabulary, body))
            .await
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
        let api_call = ApiCall { operation, build: &build, parse: &parse, request_id, secrets: &[] };
        self.dispatcher.retry(context, &api_call).await
    }

    fn request(
        &self,
        operation: &Operation,
        ask: &Ask<'_>,
        credentials: &Credentials,
        at: OffsetDateTime,
    ) -> Result<HttpRequest, Error> {
        let origin = match ask.project {
            Some(project) => self.endpoint.project_origin(project),
            None => self.endpoint.origin(),
        };
        let mut request = HttpRequest::new(ask.method, origin, &ask.path);
        request.query.clone_from(&ask.query);
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
        Self { method: Method::Get, project: Some(project), path, query: Query::new(), body: Vec::new() }
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
        Ok(Self { method: Method::Put, project: Some(project), path, query: Query::new(), body })
    }
}

fn target(project: &ProjectName, logstore: &LogstoreName) -> String {
    format!("{project}/{logstore}")
}

fn path(telemetry_type: TelemetryType, store: &LogstoreName) -> String {
    format!("{}/{store}", telemetry_type.vocabulary().collection)
}

#[cfg(test)]
mod tests;
