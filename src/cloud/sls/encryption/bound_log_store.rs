//! The calls of the apply sequence, sent by a client.

use std::{future::Future, time::Duration};

use super::{
    super::{EncryptionApi, LogStore, SlsClient, TelemetryType},
    LogStoreCalls, Update,
};
use crate::{
    CallContext,
    error::Error,
    names::{LogstoreName, ProjectName},
};

/// One Logstore or metric store with the client that calls SLS and the limits of the operation.
#[derive(Clone, Debug)]
pub struct BoundLogStore<'a> {
    /// The client.
    pub client: &'a SlsClient,
    /// The limits of the operation.
    pub context: CallContext,
    /// The project of the Logstore.
    pub project: &'a ProjectName,
    /// The Logstore.
    pub logstore: &'a LogstoreName,
    /// The action that writes the configuration.
    pub api: EncryptionApi,
}

impl BoundLogStore<'_> {
    /// Waits for other work within the limits of the operation.
    ///
    /// # Errors
    /// `Cancelled` or `Timeout` when the operation ends first.
    pub async fn bounded<F: Future>(&self, work: F) -> Result<F::Output, Error> {
        self.client.within(&self.context, self.project, self.logstore, work).await
    }
}

impl LogStoreCalls for BoundLogStore<'_> {
    fn api(&self) -> EncryptionApi {
        self.api
    }

    async fn get(&self, known: Option<TelemetryType>) -> Result<LogStore, Error> {
        self.client.get_log_or_metric_store(&self.context, self.project, self.logstore, known).await
    }

    async fn final_read(&self, known: Option<TelemetryType>) -> Result<LogStore, Error> {
        let context = CallContext::for_final_read(self.client.clock());
        self.client.get_log_or_metric_store(&context, self.project, self.logstore, known).await
    }

    async fn update(&self, update: &Update) -> Result<bool, Error> {
        let (client, context) = (self.client, &self.context);
        match update {
            Update::Document { telemetry_type, body, send_by } => {
                let (project, name) = (self.project, self.logstore);
                match telemetry_type {
                    TelemetryType::Logs => {
                        client.update_log_store(context, project, name, body, *send_by).await
                    }
                    TelemetryType::Metrics => {
                        client.update_metric_store(context, project, name, body, *send_by).await
                    }
                }
            }
            Update::Encryption(conf) => {
                client.update_log_store_encryption(context, self.project, self.logstore, conf).await?;
                Ok(true)
            }
        }
    }

    async fn with_permit(&self) -> Result<Self, Error> {
        let context = self.client.with_permit(&self.context, self.project, self.logstore).await?;
        Ok(BoundLogStore { context, ..self.clone() })
    }

    async fn pause_before_retry(&self, attempt: u32, error: Error) -> Result<(), Error> {
        self.client.pause_before_retry(&self.context, attempt, &error).await
    }

    async fn sleep(&self, time: Duration) -> Result<(), Error> {
        self.bounded(self.client.clock().sleep(time)).await
    }

    fn now(&self) -> Duration {
        self.client.clock().monotonic()
    }
}
