//! A Logstore as `GetLogStore` describes it, or a metric store as `GetMetricStore` does.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::{Error, Operation};
use crate::json_object::{Object, parse_object};
use crate::names::LogstoreName;
use crate::sls::encrypt_conf::EncryptConf;
use crate::sls::telemetry_type::TelemetryType;

/// The answer of `GetLogStore` or `GetMetricStore`, with every field it came with: also those nobody here has heard of,
/// and numbers digit for digit (only an exponent gets its sign: `1e400` becomes `1e+400`). What is written back from it
/// loses nothing.
#[derive(Clone, Debug)]
pub struct LogStore {
    operation: Operation,
    /// Whose vocabulary the fields have.
    vocabulary: TelemetryType,
    fields: Map<String, Value>,
    requested_at: Duration,
}

impl LogStore {
    /// A Logstore made of fields; nothing is checked until it is read. Errors of the readers name `operation`.
    ///
    /// `requested_at` is when `GetLogStore` was sent, on the scale of [`crate::clock::Clock::monotonic`].
    pub fn from_fields(operation: Operation, fields: Map<String, Value>, requested_at: Duration) -> Self {
        Self { operation, vocabulary: TelemetryType::Logs, fields, requested_at }
    }

    /// The same fields, read as those of `GetMetricStore` or `GetLogStore`.
    #[must_use]
    pub fn with_vocabulary_of(self, telemetry_type: TelemetryType) -> Self {
        Self { vocabulary: telemetry_type, ..self }
    }

    /// Whose actions describe and update it, in the vocabulary of its fields: those of Logstores, or those of metric
    /// stores.
    pub fn read_as(&self) -> TelemetryType {
        self.vocabulary
    }

    /// When the `GetLogStore` that was answered with this was sent, on the scale of
    /// [`crate::clock::Clock::monotonic`]. The Logstore may have changed since.
    pub fn requested_at(&self) -> Duration {
        self.requested_at
    }

    /// Reads an answer of success and checks everything the readers below will be asked for, and that it is
    /// about the Logstore that was asked for.
    pub(crate) fn read(
        operation: &Operation,
        telemetry_type: TelemetryType,
        asked: &LogstoreName,
        body: &[u8],
        requested_at: Duration,
    ) -> Result<Self, Error> {
        let store = Self::from_fields(operation.clone(), parse_object(operation, body)?, requested_at)
            .with_vocabulary_of(telemetry_type);
        if store.logstore_name()? != asked.as_str() {
            let expected = format!("the text {:?}", asked.as_str());
            return Err(store.object().wrong(telemetry_type.vocabulary().name, &expected));
        }
        store.create_time()?;
        store.encrypt_conf()?;
        Ok(store)
    }

    /// `logstoreName`; `name` of a metric store.
    ///
    /// # Errors
    /// Kind `Malformed` when it is missing or not a text.
    pub fn logstore_name(&self) -> Result<&str, Error> {
        self.object().text(self.vocabulary.vocabulary().name)
    }

    /// What the store holds: `telemetryType`, which the answer of `GetMetricStore` does not have.
    pub fn telemetry_type(&self) -> TelemetryType {
        match self.fields.get("telemetryType").and_then(Value::as_str) {
            Some(text) if self.vocabulary == TelemetryType::Logs => TelemetryType::from_member(text),
            _ => self.vocabulary,
        }
    }

    /// `productType`: the product of Alibaba Cloud that the Logstore belongs to; `None` for a Logstore of the user.
    /// Characters that are not printable are replaced.
    pub fn product_type(&self) -> Option<String> {
        self.fields.get("productType").and_then(Value::as_str).filter(|text| !text.is_empty()).map(text::line)
    }

    /// `createTime`, in seconds since 1970: what tells a Logstore from a later one of the same name.
    ///
    /// # Errors
    /// Kind `Malformed` when it is missing or not a whole number.
    pub fn create_time(&self) -> Result<i64, Error> {
        self.object().integer("createTime")
    }

    /// `encrypt_conf`, `encryptConf` of a metric store; `None` when encryption was never configured. SLS leaves the
    /// field out then; `null` is taken for the same.
    ///
    /// # Errors
    /// Kind `Malformed` when it does not have the documented shape; the text names the field, what it should
    /// be and what it is.
    pub fn encrypt_conf(&self) -> Result<Option<EncryptConf>, Error> {
        let names = self.vocabulary.vocabulary().conf;
        let conf = self.object().optional_object(names.conf)?;
        conf.map(|fields| EncryptConf::read(&self.operation, names, fields)).transpose()
    }

    /// True if this answer is of an older version of the Logstore than another one, by `lastModifyTime`. False where
    /// that cannot be told.
    pub fn is_older_than(&self, other: &LogStore) -> bool {
        let modified = |of: &LogStore| of.fields.get("lastModifyTime").and_then(Value::as_i64);
        modified(self).zip(modified(other)).is_some_and(|(ours, theirs)| ours < theirs)
    }

    /// Every field of the answer.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    fn object(&self) -> Object<'_> {
        Object::new(&self.operation, "", &self.fields)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;
    use crate::sls::UserCmkInfo;

    fn read(body: &str) -> Result<LogStore, Error> {
        read_as(TelemetryType::Logs, body)
    }

    fn read_as(telemetry_type: TelemetryType, body: &str) -> Result<LogStore, Error> {
        let operation = Operation::new("SLS", telemetry_type.vocabulary().get, "p/app");
        let name = LogstoreName::parse("app").unwrap();
        LogStore::read(&operation, telemetry_type, &name, body.as_bytes(), Duration::ZERO)
    }

    fn with_conf(conf: &Value) -> Result<LogStore, Error> {
        read(&json!({ "logstoreName": "app", "createTime": 1, "encrypt_conf": conf }).to_string())
    }

    #[track_caller]
    fn malformed(read: Result<LogStore, Error>, message: &str) {
        let error = read.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Malformed, message));
        assert!(!error.is_retryable() && error.may_have_been_applied());
    }

    #[test]
    fn every_field_is_kept_and_numbers_digit_for_digit() {
        let body = r#"{"createTime":1700000000,"logstoreName":"app","new":{"x":1.50,"y":1e400,"z":12345678901234567890123}}"#;
        let store = read(body).unwrap();
        assert_eq!(serde_json::to_string(store.fields()).unwrap(), body.replace("1e400", "1e+400"));
        assert_eq!(store.fields()["new"]["z"].to_string(), "12345678901234567890123");
    }

    #[test]
    fn encryption_that_was_never_configured_is_none() {
        assert_eq!(read(r#"{"logstoreName":"app","createTime":1}"#).unwrap().encrypt_conf().unwrap(), None);
        assert_eq!(with_conf(&Value::Null).unwrap().encrypt_conf().unwrap(), None);
    }

    #[test]
    fn both_mechanisms_are_read_and_written_the_same() {
        let service = json!({ "enable": true, "encrypt_type": "default" });
        let byok = json!({ "enable": false, "encrypt_type": "m4", "user_cmk_info":
            { "cmk_key_id": "key", "arn": "acs:ram::1:role/Role", "region_id": "cn-hangzhou" } });
        for conf in [&service, &byok] {
            let read = with_conf(conf).unwrap().encrypt_conf().unwrap().unwrap();
            assert_eq!(read.to_json(), *conf);
        }
        let info = with_conf(&byok).unwrap().encrypt_conf().unwrap().unwrap().user_cmk_info.unwrap();
        let (cmk_key_id, arn, region_id) =
            ("key".into(), "acs:ram::1:role/Role".into(), "cn-hangzhou".into());
        assert_eq!(info, UserCmkInfo { cmk_key_id, arn, region_id });
    }

    #[test]
    fn what_names_no_key_is_the_key_of_the_service() {
        for info in [json!(null), json!({}), json!({ "cmk_key_id": "", "arn": "", "region_id": "" })] {
            let conf = json!({ "enable": true, "encrypt_type": "default", "user_cmk_info": info });
            assert_eq!(with_conf(&conf).unwrap().encrypt_conf().unwrap().unwrap().user_cmk_info, None);
        }
        let off = with_conf(&json!({ "enable": false })).unwrap().encrypt_conf().unwrap().unwrap();
        assert_eq!((off.enable, off.encrypt_type.as_str()), (false, ""));
    }

    #[test]
    fn answers_that_are_not_this_logstore_are_malformed() {
        malformed(
            read("<html>login</html>"),
            "it should be a JSON object; found 18 bytes that begin with \"<html>login</html>\"",
        );
        malformed(read(""), "it should be a JSON object; found an empty body");
        malformed(read("[]"), "it should be a JSON object; found a list");
        malformed(read("null"), "it should be a JSON object; found null");
        malformed(
            read(r#"{"logstoreName":"app","createTime":1"#),
            "it should be a JSON object; found 36 bytes that begin with \
             \"{\\\"logstoreName\\\":\\\"app\\\",\\\"createTime\\\":1\"",
        );
        malformed(read(r#"{"createTime":1}"#), "`logstoreName` should be a text; found nothing");
        malformed(
            read(r#"{"logstoreName":"other","createTime":1}"#),
            "`logstoreName` should be the text \"app\"; found the text \"other\"",
        );
        malformed(read(r#"{"logstoreName":"app"}"#), "`createTime` should be a whole number; found nothing");
        malformed(
            read(r#"{"logstoreName":"app","createTime":"1"}"#),
            "`createTime` should be a whole number; found the text \"1\"",
        );
        malformed(
            read(r#"{"logstoreName":"app","createTime":1.5}"#),
            "`createTime` should be a whole number; found the number 1.5",
        );
    }

    #[test]
    fn a_configuration_of_another_shape_is_malformed() {
        malformed(
            with_conf(&json!("default")),
            "`encrypt_conf` should be an object; found the text \"default\"",
        );
        malformed(with_conf(&json!({})), "`encrypt_conf.enable` should be true or false; found nothing");
        malformed(
            with_conf(&json!({ "enable": "true", "encrypt_type": "default" })),
            "`encrypt_conf.enable` should be true or false; found the text \"true\"",
        );
        malformed(
            with_conf(&json!({ "enable": true })),
            "`encrypt_conf.encrypt_type` should be a text; found nothing",
        );
        malformed(
            with_conf(&json!({ "enable": false, "encrypt_type": 4 })),
            "`encrypt_conf.encrypt_type` should be a text; found the number 4",
        );
        malformed(
            with_conf(&json!({ "enable": true, "encrypt_type": "m4", "user_cmk_info": [] })),
            "`encrypt_conf.user_cmk_info` should be an object; found a list",
        );
        malformed(
            with_conf(
                &json!({ "enable": true, "encrypt_type": "m4", "user_cmk_info": { "cmk_key_id": "k", "arn": "a" } }),
            ),
            "`encrypt_conf.user_cmk_info.region_id` should be a text; found nothing",
        );
    }
    #[test]
    fn a_metric_store_has_names_of_its_own() {
        let conf = json!({ "enable": true, "encryptType": "m4", "userCmkInfo":
            { "cmkKeyId": "key", "arn": "acs:ram::1:role/Role", "regionId": "cn-hangzhou" } });
        let body = json!({ "name": "app", "createTime": 1, "encryptConf": conf }).to_string();
        let store = read_as(TelemetryType::Metrics, &body).unwrap();
        assert_eq!(store.encrypt_conf().unwrap().unwrap().to_metric_store_json(), conf);
        assert_eq!((store.telemetry_type(), store.logstore_name().unwrap()), (TelemetryType::Metrics, "app"));
        // The names of Logstores mean nothing there, and the other way round.
        let foreign =
            json!({ "name": "app", "createTime": 1, "encrypt_conf": { "enable": true } }).to_string();
        assert_eq!(read_as(TelemetryType::Metrics, &foreign).unwrap().encrypt_conf().unwrap(), None);
        malformed(read(&body), "`logstoreName` should be a text; found nothing");
        malformed(
            read_as(TelemetryType::Metrics, &body.replace("regionId", "region_id")),
            "`encryptConf.userCmkInfo.regionId` should be a text; found nothing",
        );
        malformed(
            read_as(TelemetryType::Metrics, &body.replace("\"app\"", "\"other\"")),
            "`name` should be the text \"app\"; found the text \"other\"",
        );
    }

    #[test]
    fn kind_and_owner_are_read_where_the_answer_has_them() {
        let store =
            |members: &str| read(&format!(r#"{{"logstoreName":"app","createTime":1{members}}}"#)).unwrap();
        for (members, kind, product) in [
            ("", TelemetryType::Logs, None),
            (r#","telemetryType":"","productType":"""#, TelemetryType::Logs, None),
            (r#","telemetryType":"metrics","productType":"aliyun""#, TelemetryType::Metrics, Some("aliyun")),
        ] {
            assert_eq!(
                (store(members).telemetry_type(), store(members).product_type().as_deref()),
                (kind, product)
            );
        }
    }
}
