//! An encryption configuration, in words.

use cloud::sls::EncryptConf;

/// A configuration in words.
pub(crate) fn describe(conf: &EncryptConf) -> String {
    let key = conf.user_cmk_info.as_ref().map_or_else(
        || "the service's key".to_owned(),
        |cmk| format!("KMS key {} in {} through role {}", cmk.cmk_key_id, cmk.region_id, cmk.arn),
    );
    let state = if conf.enable { "enabled" } else { "disabled" };
    let algorithm = match conf.encrypt_type.as_str() {
        "" => "no encrypt_type".to_owned(),
        name => format!("encrypt_type {name:?}"),
    };
    format!("encryption {state}, {algorithm}, with {key}")
}
