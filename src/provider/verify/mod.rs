//! The action `alicloud_log_store_encryption_verify`: reads Logstores back, and fails the run if new logs would not be
//! stored encrypted.

mod model;
mod report;

use std::{collections::BTreeSet, sync::Arc};

use futures_util::{StreamExt, stream};

use crate::{
    log_store_id::LogStoreId,
    readiness::{self, ReadCache, Subject, read_error::ReadError, reading::Reader},
    session::Session,
    settings::Preflight,
    timeouts,
};
use cloud::{CallContext, names::Region};
use model::{LogStoreModel, VerifyModel};
use report::{Finding, Reason, Report};
use schema::{Action, Diagnostic, Diagnostics, Field, Path, Schema, action::Progress, resource::Context};

/// After how many Logstores the person who waits is told how far the verification is.
const PROGRESS_EVERY: usize = 100;

/// The action type `alicloud_log_store_encryption_verify`.
#[derive(Debug)]
pub struct LogStoreEncryptionVerify {
    session: Arc<Session>,
}

/// What is found about one Logstore.
struct Verified {
    finding: Finding,
    /// The checks of the key and the role that could not be made, each with what to do.
    open: Vec<(String, Option<String>)>,
}

impl From<Finding> for Verified {
    fn from(finding: Finding) -> Self {
        Verified { finding, open: Vec::new() }
    }
}

impl LogStoreEncryptionVerify {
    pub(super) fn new(session: Arc<Session>) -> LogStoreEncryptionVerify {
        LogStoreEncryptionVerify { session }
    }

    async fn try_invoke(
        &self,
        context: &Context,
        config: &VerifyModel,
        progress: &mut Progress<'_>,
    ) -> Result<Diagnostics, Diagnostic> {
        let ids = self.log_store_ids(config)?;
        let total = ids.len();
        if self.session.preflight() == Preflight::Off {
            progress
                .report("Keys and roles are not checked: preflight is \"off\" in the provider block")
                .await;
        }
        // Nothing is taken from earlier reads: a key or a role may be what this apply has just changed.
        let cache = ReadCache::default();
        let mut report = Report::default();
        let verify = |id: LogStoreId| async {
            let bounds =
                self.session.bounds(context, &config.timeouts, |limits| &limits.read, timeouts::READ);
            (Box::pin(self.verify(&bounds, &cache, &id)).await, id)
        };
        let mut reads = stream::iter(ids).map(verify).buffer_unordered(self.session.max_concurrency());
        while let Some((verified, id)) = reads.next().await {
            let verified = verified?;
            if context.cancel.is_cancelled() {
                return Err(interrupted(report.verified(), total));
            }
            for (detail, fix) in verified.open {
                report.add_open(detail, fix);
            }
            if let Some(line) = report.add(id, verified.finding) {
                progress.report(line).await;
            }
            let done = report.verified();
            if done.is_multiple_of(PROGRESS_EVERY) || done == total {
                progress.report(report.progress(total)).await;
            }
        }
        Ok(report.diagnostics())
    }

    /// The Logstores, each once. The texts were validated.
    fn log_store_ids(&self, config: &VerifyModel) -> Result<BTreeSet<LogStoreId>, Diagnostic> {
        let given = config.logstores.known().into_iter().flatten();
        given.map(|log_store| self.log_store_id(log_store.known())).collect()
    }

    fn log_store_id(&self, log_store: Option<&LogStoreModel>) -> Result<LogStoreId, Diagnostic> {
        let invalid = |problem: String| {
            Diagnostic::error("Invalid value", format!("logstores: {problem}")).at(Path::of("logstores"))
        };
        let log_store = log_store.ok_or_else(|| invalid("an element is null.".to_owned()))?;
        let text = |field: &Field<String>| field.known().cloned().unwrap_or_default();
        let region = match log_store.region.known() {
            Some(region) => Region::parse(region).map_err(|error| invalid(error.to_string()))?,
            None => self.session.region()?,
        };
        LogStoreId::from_names(region, &text(&log_store.project_name), &text(&log_store.logstore_name))
            .map_err(invalid)
    }

    async fn verify(
        &self,
        bounds: &CallContext,
        cache: &ReadCache,
        id: &LogStoreId,
    ) -> Result<Verified, Diagnostic> {
        let client = self.session.sls(&id.region)?;
        let read = client.get_log_or_metric_store(bounds, &id.project, &id.logstore, None).await;
        let conf = match read.and_then(|store| store.encrypt_conf()) {
            Ok(Some(conf)) => conf,
            Ok(None) => {
                return Ok(not_encrypted("no encryption configuration", Vec::new()).into());
            }
            Err(error) => return Ok(Finding::Unread(error).into()),
        };
        if !conf.enable {
            return Ok(not_encrypted("encryption is disabled (enable = false)", Vec::new()).into());
        }
        match Subject::of_conf(&id.region, &conf) {
            Some(subject) if self.session.preflight() != Preflight::Off => {
                self.verify_key_and_role(bounds, cache, &subject).await
            }
            _ => Ok(Finding::Encrypted.into()),
        }
    }

    async fn verify_key_and_role(
        &self,
        bounds: &CallContext,
        cache: &ReadCache,
        subject: &Subject,
    ) -> Result<Verified, Diagnostic> {
        let reader = Reader { session: &self.session, context: bounds, cache, waits_for_roles: false };
        // On the heap: the futures of many calls are large.
        let inputs = match Box::pin(reader.read_service_inputs(subject)).await {
            Ok(inputs) => inputs,
            Err(ReadError::NoClient(reason)) => return Err(reason.into()),
            Err(ReadError::Call(error)) => return Ok(Finding::Unread(error).into()),
        };
        let checks = readiness::service_checks(subject, &inputs);
        let outages: Vec<String> = checks.iter().filter_map(|check| Some(check.found_outage()?.1)).collect();
        let finding = if outages.is_empty() {
            Finding::Encrypted
        } else {
            not_encrypted(
                "neither readable nor writable, because the key or the role cannot be used",
                outages,
            )
        };
        let open = checks.into_iter().filter(|check| check.ok.is_none() && check.because.is_none());
        Ok(Verified { finding, open: open.map(|check| (check.detail, check.fix)).collect() })
    }
}

fn not_encrypted(what: &'static str, details: Vec<String>) -> Finding {
    Finding::NotEncrypted(Reason { what, details })
}

/// The run was interrupted.
fn interrupted(verified: usize, total: usize) -> Diagnostic {
    Diagnostic::error(
        "Verification interrupted",
        format!(
            "{verified} of {total} Logstores were verified before the run was interrupted. Nothing was changed. Run again."
        ),
    )
}

impl Action for LogStoreEncryptionVerify {
    type Model = VerifyModel;

    fn type_name(&self) -> &'static str {
        "alicloud_log_store_encryption_verify"
    }

    fn schema(&self) -> Schema {
        model::schema()
    }

    fn validate(&self, config: &VerifyModel) -> Diagnostics {
        if config.logstores.known().is_some_and(Vec::is_empty) {
            let detail = "logstores: Must name one Logstore at least: an empty list would verify nothing.";
            return Diagnostic::error("Empty value", detail).at(Path::of("logstores")).into();
        }
        Diagnostics::new()
    }

    async fn invoke(
        &self,
        context: &Context,
        config: VerifyModel,
        progress: &mut Progress<'_>,
    ) -> Diagnostics {
        self.try_invoke(context, &config, progress).await.unwrap_or_else(Diagnostics::from)
    }
}
