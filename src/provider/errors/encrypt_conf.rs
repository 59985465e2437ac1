//! An encryption configuration, in words.

use cloud::sls::EncryptConf;

/// A configuration in words.
pub(crate) fn describe(conf: &EncryptConf) -> String {
    let line = text::short_line;
    let key = conf.user_cmk_info.as_ref().map_or_else(
        || "the service's key".to_owned(),
        |cmk| {
            let (key, region, role) = (line(&cmk.cmk_key_id), line(&cmk.region_id), line(&cmk.arn));
            format!("KMS key {key} in {region} through role {role}")
        },
    );
    let state = if conf.enable { "enabled" } else { "disabled" };
    let algorithm = match conf.encrypt_type.as_str() {
        "" => "no encrypt_type".to_owned(),
        name => format!("encrypt_type {}", text::quote(name)),
    };
    format!("encryption {state}, {algorithm}, with {key}")
}
