//! `alicloud_byok_readiness`: whether a KMS key and a role can serve to encrypt Logstores.

mod model;

use std::sync::Arc;

use super::{
    readiness::{self, Principal, ReadCache, Subject, reading::Reader},
    role_arn,
    session::Session,
    timeouts,
};
use cloud::names::Region;
use model::ReadinessModel;
use schema::{DataSource, Diagnostic, Field, Path, Schema, data_source::Reading, resource::Context};

/// The data source type `alicloud_byok_readiness`.
#[derive(Debug)]
pub struct ByokReadiness {
    session: Arc<Session>,
}

impl ByokReadiness {
    pub(super) fn new(session: Arc<Session>) -> ByokReadiness {
        ByokReadiness { session }
    }

    async fn try_read(
        &self,
        context: &Context,
        mut config: ReadinessModel,
    ) -> Result<ReadinessModel, Diagnostic> {
        let subject = self.subject(&config)?;
        let bounds = self.session.bounds(context, &config.timeouts, |limits| &limits.read, timeouts::READ);
        // Nothing is taken from earlier readings: the key or the role may be what this apply has just changed.
        let cache = ReadCache::default();
        let reader =
            Reader { session: &self.session, context: &bounds, cache: &cache, waits_for_roles: false };
        let summary = "Cannot read whether encryption with a KMS key is ready";
        // On the heap: the futures of many calls are large.
        let inputs =
            Box::pin(reader.read_inputs(&subject)).await.map_err(|error| error.diagnostic(summary))?;
        config.region_id = subject.region.as_str().into();
        config.report(readiness::checks(&subject, &inputs));
        Ok(config)
    }

    /// What is asked about. The texts were validated, so that an error here is one of the framework.
    fn subject(&self, config: &ReadinessModel) -> Result<Subject, Diagnostic> {
        let wrong = |name: &'static str, problem: String| {
            Diagnostic::error("Invalid value", format!("{name}: {problem}.")).at(Path::of(name))
        };
        let text = |field: &Field<String>| field.known().cloned().unwrap_or_default();
        let role =
            role_arn::parse(&text(&config.role_arn)).map_err(|error| wrong("role_arn", error.to_string()))?;
        let region = match config.region_id.known() {
            Some(region) => Region::parse(region).map_err(|error| wrong("region_id", error.to_string()))?,
            None => self.session.region()?,
        };
        let principal = config.principal.known().map(|arn| Principal::parse(arn)).transpose();
        let principal = principal.map_err(|error| wrong("principal", error.to_string()))?;
        Ok(Subject {
            key_id: Some(text(&config.cmk_key_id)),
            role: Some(role),
            region,
            log_store_region: None,
            encrypt_type: None,
            principal,
        })
    }
}

impl DataSource for ByokReadiness {
    type Model = ReadinessModel;

    fn type_name(&self) -> &'static str {
        "alicloud_byok_readiness"
    }

    fn schema(&self) -> Schema {
        model::schema()
    }

    async fn read(&self, context: &Context, config: ReadinessModel) -> Reading<ReadinessModel> {
        match self.try_read(context, config).await {
            Ok(found) => Reading::found(found),
            Err(problem) => Reading::failed(problem),
        }
    }
}
