//! `alicloud_log_store_encryption` as a data source: how one Logstore is encrypted.

use std::sync::Arc;

use super::store::{self, Encryption, TELEMETRY_TYPES};
use crate::{
    errors,
    log_store_id::LogStoreId,
    name_rules,
    session::Session,
    timeouts::{self, ReadTimeoutModel},
};
use cloud::{names::Region, sls::TelemetryType};
use schema::{
    Attribute, DataSource, Diagnostic, Schema, data_source::Reading, model, resource::Context,
    validator::OneOf,
};

model! {
    /// How a Logstore is encrypted.
    pub struct OneModel {
        /// The project.
        pub project_name: String,
        /// The Logstore or metric store.
        pub logstore_name: String,
        /// The region of the project.
        pub region: String,
        /// What it holds.
        pub telemetry_type: String,
        /// The time limit.
        pub timeouts: ReadTimeoutModel,
        /// `project:logstore`.
        pub id: String,
        /// The product it belongs to.
        pub product_type: String,
        /// Whether it is configured and enabled.
        pub encrypted: bool,
        /// `enable` of the configuration.
        pub enable: bool,
        /// The mechanism.
        pub mechanism: String,
        /// The algorithm.
        pub encrypt_type: String,
        /// The key.
        pub cmk_key_id: String,
        /// The role.
        pub arn: String,
        /// The region of the key.
        pub cmk_region_id: String,
    }
}

/// The data source type `alicloud_log_store_encryption`.
#[derive(Debug)]
pub struct LogStoreEncryptionState {
    session: Arc<Session>,
}

impl LogStoreEncryptionState {
    pub(crate) fn new(session: Arc<Session>) -> LogStoreEncryptionState {
        LogStoreEncryptionState { session }
    }

    async fn try_read(&self, context: &Context, config: OneModel) -> Result<OneModel, Diagnostic> {
        let id = self.log_store_id(&config)?;
        let client = self.session.sls(&id.region)?;
        let bounds = self.session.bounds(context, &config.timeouts, |limits| &limits.read, timeouts::READ);
        let kind = config
            .telemetry_type
            .known()
            .map_or(TelemetryType::Logs, |text| TelemetryType::from_member(text));
        let found = client.get_log_or_metric_store(&bounds, &id.project, &id.logstore, Some(kind)).await;
        let found = found.and_then(|store| Encryption::of(&store)).map_err(|error| {
            errors::of_call("Cannot read the encryption of a Logstore", format_args!("Logstore {id}"), &error)
        })?;
        // What is configured must come back as it is, also where the Logstore is of another kind.
        let is_other =
            config.telemetry_type.known().is_some() && config.telemetry_type != found.telemetry_type;
        if is_other {
            return Err(of_another_kind(&id, &found));
        }
        Ok(OneModel {
            region: id.region.as_str().into(),
            id: id.to_string().into(),
            telemetry_type: found.telemetry_type,
            product_type: found.product_type,
            encrypted: found.encrypted,
            enable: found.enable,
            mechanism: found.mechanism,
            encrypt_type: found.encrypt_type,
            cmk_key_id: found.cmk_key_id,
            arn: found.arn,
            cmk_region_id: found.cmk_region_id,
            ..config
        })
    }

    /// The Logstore. The texts were validated, so that an error here is one of the framework.
    fn log_store_id(&self, config: &OneModel) -> Result<LogStoreId, Diagnostic> {
        let text = |field: &schema::Field<String>| field.known().cloned().unwrap_or_default();
        let invalid = |problem: String| Diagnostic::error("Invalid value", problem);
        let region = match config.region.known() {
            Some(region) => Region::parse(region).map_err(|error| invalid(error.to_string()))?,
            None => self.session.region()?,
        };
        LogStoreId::from_names(region, &text(&config.project_name), &text(&config.logstore_name))
            .map_err(invalid)
    }
}

fn of_another_kind(id: &LogStoreId, found: &Encryption) -> Diagnostic {
    let kind = found.telemetry_type.known().map_or("None", String::as_str);
    Diagnostic::error(
        "A Logstore holds something else",
        format!(
            "Logstore {id}: telemetry_type is {kind:?} in SLS. Configure that, or leave telemetry_type out."
        ),
    )
    .at(schema::Path::of("telemetry_type"))
}

impl DataSource for LogStoreEncryptionState {
    type Model = OneModel;

    fn type_name(&self) -> &'static str {
        "alicloud_log_store_encryption"
    }

    fn schema(&self) -> Schema {
        Schema {
            description: "How one Logstore or metric store of Alibaba Cloud Simple Log Service (SLS) is encrypted. A Logstore that was never configured is `encrypted = false`; one that does not exist is an error. Nothing is changed.\n\nOne reading is one call. For many Logstores use [alicloud_log_store_encryptions](log_store_encryptions.md), which shares one listing among them.",
            attributes: [arguments(), store::attributes()].concat(),
            ..Schema::default()
        }
    }

    async fn read(&self, context: &Context, config: OneModel) -> Reading<OneModel> {
        // On the heap: the futures of calls are large.
        match Box::pin(self.try_read(context, config)).await {
            Ok(found) => Reading::found(found),
            Err(problem) => Reading::failed(problem),
        }
    }
}

fn arguments() -> Vec<Attribute> {
    vec![
        Attribute::string("project_name")
            .required()
            .validator(name_rules::project())
            .description("The SLS project of the Logstore."),
        Attribute::string("logstore_name")
            .required()
            .validator(name_rules::logstore())
            .description("The Logstore or metric store."),
        Attribute::string("region")
            .optional()
            .computed()
            .validator(name_rules::region())
            .description("The region of the project. Default: the provider's region."),
        Attribute::string("telemetry_type")
            .optional()
            .computed()
            .validator(OneOf(&TELEMETRY_TYPES))
            .description("What it holds: `None` for logs, `Metrics` for a metric store. Left out, the provider finds out; for a metric store that takes a second call."),
        timeouts::attribute(
            "The time limit, as a duration such as `90s` or `5m`. Default: `2m`.",
            [("read", "The limit of a reading.")],
        ),
        Attribute::string("id").computed().description("`project_name:logstore_name`, as the resource has it."),
    ]
}
