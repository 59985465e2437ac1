//! The body of the fuzz target of this room: names, ids and ARNs that people write.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic is the report"
)]

use std::{fmt::Display, sync::LazyLock};

use cloud::{
    endpoint::Endpoint,
    http::{CaBundle, Proxy},
    names::{GroupName, LogstoreName, PolicyName, ProjectName, Region, RoleName, UserName},
    ram::RoleArn,
    regions,
};
use futures_util::FutureExt as _;
use schema::{
    ProviderServer,
    messages::{Encoded, ImportRequest},
};
use serde_json::json;

use super::{AlicloudEncryption, Environment, duration, log_store_id, role_arn};

#[cfg(test)]
#[path = "../../fuzz/corpus.rs"]
mod corpus;

/// The longest sentence about one value, in characters.
const LONGEST_SENTENCE: usize = 2_500;

/// A text in the place of every name, id, ARN, region, duration, address and argument of a function. What is accepted
/// is kept letter by letter, or is read the same in the form that it is shown in; what is refused is told in a bounded,
/// printable sentence.
pub fn names(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    kept(text, ProjectName::parse);
    kept(text, LogstoreName::parse);
    kept(text, Region::parse);
    kept(text, RoleName::parse);
    kept(text, RoleName::parse_new);
    kept(text, PolicyName::parse);
    kept(text, UserName::parse);
    kept(text, GroupName::parse);
    kept(text, RoleArn::parse);
    if let Some(arn) = kept(text, role_arn::parse) {
        assert_eq!(text, format!("acs:ram::{}:role/{}", arn.account_id(), arn.role_name()));
        let normal = role_arn::normalize(&arn).unwrap();
        assert!(normal.is_same(&arn) && role_arn::normalize(&normal).as_ref() == Ok(&normal));
    }
    match log_store_id::parse_names(text) {
        Ok((project, logstore)) => assert_eq!(text, format!("{project}:{logstore}")),
        Err(problem) => check_sentence(&problem),
    }
    match Endpoint::parse(text) {
        Ok(endpoint) => assert_eq!(Endpoint::parse(&endpoint.to_string()).as_ref(), Ok(&endpoint)),
        Err(error) => check_sentence(&error.to_string()),
    }
    match Proxy::parse(text, text) {
        Ok(proxy) => assert!(proxy.address().chars().all(text::is_printable)),
        Err(error) => check_sentence(&error.to_string()),
    }
    if let Err(error) = CaBundle::parse(bytes) {
        check_sentence(&error.to_string());
    }
    match duration::parse(text) {
        Ok(limit) => assert!(!limit.is_zero() && limit.as_secs() <= 24 * 3600),
        Err(problem) => check_sentence(&problem),
    }
    regions::nearest(text);
    functions(text);
    imports(text);
}

/// Reads a text that is kept as it is.
fn kept<T: Display, E: Display>(text: &str, parse: fn(&str) -> Result<T, E>) -> Option<T> {
    match parse(text) {
        Ok(name) => {
            assert_eq!(name.to_string(), text);
            check_sentence(text);
            Some(name)
        }
        Err(error) => {
            check_sentence(&error.to_string());
            None
        }
    }
}

/// The provider, which nobody has configured.
static PROVIDER: LazyLock<ProviderServer> =
    LazyLock::new(|| ProviderServer::new(AlicloudEncryption::new(Environment::default())));

fn functions(text: &str) {
    let argument = Encoded::Json(serde_json::to_vec(text).unwrap());
    for name in ["log_store_id_parse", "role_arn_parse", "pass_role_policy"] {
        match PROVIDER.call_function(name, std::slice::from_ref(&argument)) {
            Ok(result) => assert_ne!(result, Encoded::Absent),
            Err(error) => {
                assert_eq!(error.argument, Some(0), "{}", error.text);
                check_sentence(&error.text);
            }
        }
    }
}

/// Imports by the text, as an id and as a part of an identity.
fn imports(text: &str) {
    let store = json!({ "project_name": "audit", "logstore_name": text, "region": "cn-hangzhou" });
    let project = json!({ "project_name": text, "logstore_name": "app", "region": text });
    let role = json!({ "role_name": text, "account_id": null });
    for (type_name, identity) in [
        ("alicloud_log_store_encryption", None),
        ("alicloud_log_store_encryption", Some(store)),
        ("alicloud_log_store_encryption", Some(project)),
        ("alicloud_ram_byok_role", None),
        ("alicloud_ram_byok_role", Some(role)),
    ] {
        let id = if identity.is_none() { text.to_owned() } else { String::new() };
        let identity = identity.map(|identity| Encoded::Json(identity.to_string().into_bytes()));
        let request =
            ImportRequest { type_name: type_name.to_owned(), id, identity: identity.unwrap_or_default() };
        let imported = PROVIDER.import_resource_state(request).now_or_never();
        let imported = imported.expect("an import asks nobody");
        for problem in &imported.diagnostics {
            check_sentence(&problem.summary);
            assert!(text::lines(&problem.detail).chars().count() <= LONGEST_SENTENCE);
        }
        assert_eq!(imported.imported.is_none(), imported.diagnostics.has_errors());
    }
}

fn check_sentence(said: &str) {
    assert!(said.chars().all(text::is_printable), "{said:?}");
    assert!(said.chars().count() <= LONGEST_SENTENCE, "{} characters", said.chars().count());
}

#[cfg(test)]
mod tests {
    use super::corpus;

    #[test]
    fn names() {
        corpus::run("names", super::names);
    }
}
