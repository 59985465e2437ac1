//! What a Logstore or metric store says about its encryption, and the attributes for it.

use cloud::{
    error::Error,
    sls::{LogStore, TelemetryType},
};
use schema::{Attribute, Field};

/// What the reads of the two data sources have in common.
#[derive(Debug, Default)]
pub(super) struct Encryption {
    pub(super) telemetry_type: Field<String>,
    pub(super) product_type: Field<String>,
    pub(super) encrypted: Field<bool>,
    pub(super) enable: Field<bool>,
    pub(super) mechanism: Field<String>,
    pub(super) encrypt_type: Field<String>,
    pub(super) cmk_key_id: Field<String>,
    pub(super) arn: Field<String>,
    pub(super) cmk_region_id: Field<String>,
}

impl Encryption {
    /// What an answer says. Logs are encrypted only if a configuration is there **and** enabled.
    ///
    /// # Errors
    ///
    /// The answer is malformed.
    pub(super) fn of(store: &LogStore) -> Result<Encryption, Error> {
        let mut found = Encryption {
            telemetry_type: store.telemetry_type().as_str().into(),
            product_type: store.product_type().map_or(Field::Null, Field::from),
            encrypted: Field::Known(false),
            ..Encryption::default()
        };
        let Some(conf) = store.encrypt_conf()? else { return Ok(found) };
        found.encrypted = Field::Known(conf.enable);
        found.enable = Field::Known(conf.enable);
        found.mechanism = conf.mechanism().as_str().into();
        found.encrypt_type =
            Some(conf.encrypt_type).filter(|text| !text.is_empty()).map_or(Field::Null, Field::from);
        if let Some(cmk) = conf.user_cmk_info {
            found.cmk_key_id = cmk.cmk_key_id.into();
            found.arn = cmk.arn.into();
            found.cmk_region_id = cmk.region_id.into();
        }
        Ok(found)
    }
}

/// The attributes of [`Encryption`] that are only ever read.
pub(super) fn attributes() -> Vec<Attribute> {
    let text = |name| Attribute::string(name).computed();
    vec![
        text("product_type").description(
            "The product of Alibaba Cloud that the Logstore belongs to, as SLS names it; null for a Logstore of your own, and for a metric store.",
        ),
        Attribute::bool("encrypted").computed().description(
            "True if what is written now is encrypted: encryption is configured and enabled. False if it was never configured, and if it is disabled.",
        ),
        Attribute::bool("enable")
            .computed()
            .description("`enable` of the configuration; null if encryption was never configured."),
        text("mechanism").description("`service_key` or `byok`; null if encryption was never configured."),
        text("encrypt_type").description("The algorithm; null if encryption was never configured, and if SLS does not tell it."),
        text("cmk_key_id").description("The id of the KMS key; null without a key of your own."),
        text("arn").description("The ARN of the RAM role that SLS assumes to use the key; null without a key of your own."),
        text("cmk_region_id").description("The region of the key; null without a key of your own."),
    ]
}

/// The values of `telemetry_type`.
pub(super) const TELEMETRY_TYPES: [&str; 2] = [TelemetryType::Logs.as_str(), TelemetryType::Metrics.as_str()];
