//! A call that is denied: which action on which resource, and the policy that allows it.

use serde_json::{Value, json};

use crate::privileges;
use cloud::error::Error;

/// The permissions that the caller needs, with a policy statement to paste.
pub(super) fn advice(error: &Error) -> String {
    let action = named_action(error.message()).unwrap_or_else(|| called_action(error));
    let resource = named_resource(error.message());
    let on = resource.as_ref().map(|resource| format!(" on {resource}")).unwrap_or_default();
    let resource = resource.or_else(|| called_resource(error)).unwrap_or_else(|| "*".to_owned());
    let and = match error.service() {
        "SLS" if is_about_metric_store(error) => {
            " The resource alicloud_log_store_encryption needs log:GetLogStore, and log:GetMetricStore and log:UpdateMetricStore on the metric store; for BYOK also ram:PassRole on the role."
        }
        "SLS" if !error.action().starts_with("List") => {
            " The resource alicloud_log_store_encryption needs log:GetLogStore and log:UpdateLogStore on the Logstore; for BYOK also ram:PassRole on the role."
        }
        _ => "",
    };
    format!(
        "Grant the caller {action}{on}.{and} A policy that allows it:\n\n  {}\n\n{DENIALS}",
        document(&json!([{"Effect": "Allow", "Action": action, "Resource": resource}]))
    )
}

/// The permissions that the caller needs to configure encryption with a KMS key, as a policy to paste. `arn` is that
/// of the role.
pub(super) fn advice_for_byok(error: &Error, arn: &str) -> String {
    let called_on = called_resource(error).unwrap_or_else(|| "*".to_owned());
    let called = called_action(error);
    let (mut actions, resources) = if is_about_metric_store(error) {
        let log_store = called_on.replace("/metricstore/", "/logstore/");
        (privileges::actions(privileges::METRIC_STORES), json!([log_store, called_on]))
    } else {
        (privileges::actions(privileges::ENCRYPTION), json!(called_on))
    };
    if !actions.contains(&&*called) {
        actions.push(&called);
    }
    let policy = document(&json!([
        {"Effect": "Allow", "Action": actions, "Resource": resources},
        {"Effect": "Allow", "Action": "ram:PassRole", "Resource": arn.to_lowercase()},
    ]));
    format!(
        "To configure encryption with a KMS key, the caller needs these actions on the Logstore, and ram:PassRole on the role. A policy that allows all of it:\n\n  {policy}\n\nAn alicloud_ram_byok_role grants ram:PassRole to the principals of its pass_role. {DENIALS}"
    )
}

const DENIALS: &str = "If a policy of the caller, its session or its resource directory denies it, no other policy can allow it.";

fn document(statements: &Value) -> String {
    json!({"Version": "1", "Statement": statements}).to_string()
}

/// The action a message names: `action: log:UpdateLogStore` (SLS) or `AuthAction ram:GetRole` (the member of
/// `AccessDeniedDetail`).
fn named_action(message: &str) -> Option<String> {
    let action = ["action: ", "AuthAction ", "to perform "].iter().find_map(|label| after(message, label))?;
    let (service, name) = action.split_once(':')?;
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (plain(service) && plain(name)).then(|| action.to_owned())
}

/// The resource a message names: `resource: acs:log:...`.
fn named_resource(message: &str) -> Option<String> {
    after(message, "resource: ").filter(|resource| resource.starts_with("acs:")).map(str::to_owned)
}

/// The word after `label`, without the punctuation of the sentence.
fn after<'a>(message: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(label)?;
    let word = rest.split([',', ' ', ';', ']', '"']).next()?.trim_end_matches('.');
    (!word.is_empty()).then_some(word)
}

/// The action of the call itself. The prefix of SLS is `log` (RAM documentation, "Services that work with RAM").
fn called_action(error: &Error) -> String {
    let service = if error.service() == "SLS" { "log".to_owned() } else { error.service().to_lowercase() };
    format!("{service}:{}", error.action())
}

/// The resource of a call to SLS, from `project/logstore` (SLS documentation, "Resources that can be authorized").
fn called_resource(error: &Error) -> Option<String> {
    if error.service() != "SLS" {
        return None;
    }
    let target = error.target();
    match error.action() {
        "ListProject" => return Some("acs:log:*:*:project/*".to_owned()),
        "ListLogStores" => return Some(format!("acs:log:*:*:project/{target}/logstore/*")),
        // The form of this resource is a guess.
        "ListMetricStores" => return Some(format!("acs:log:*:*:project/{target}/metricstore/*")),
        _ => {}
    }
    let kind = if is_about_metric_store(error) { "metricstore" } else { "logstore" };
    Some(match target.split_once('/') {
        Some((project, store)) => format!("acs:log:*:*:project/{project}/{kind}/{store}"),
        None => format!("acs:log:*:*:project/{target}"),
    })
}

fn is_about_metric_store(error: &Error) -> bool {
    error.service() == "SLS" && error.action().ends_with("MetricStore")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloud::error::Operation;

    #[track_caller]
    fn check(service: &'static str, action: &'static str, target: &str, message: &str, parts: &[&str]) {
        let operation = Operation::new(service, action, target);
        let told = advice(&Error::from_answer(&operation, 403, None, message));
        for part in parts {
            assert!(told.contains(part), "{part} is not in {told}");
        }
    }

    #[test]
    fn the_action_and_the_resource_of_the_message_are_in_the_statement() {
        let said = "denied by sts or ram, action: log:UpdateLogStore, resource: acs:log:cn-hangzhou:1:project/p/logstore/l";
        check(
            "SLS",
            "UpdateLogStore",
            "p/l",
            said,
            &[
                "Grant the caller log:UpdateLogStore on acs:log:cn-hangzhou:1:project/p/logstore/l.",
                r#"{"Action":"log:UpdateLogStore","Effect":"Allow","Resource":"acs:log:cn-hangzhou:1:project/p/logstore/l"}"#,
            ],
        );
        let said = "denied by sts or ram, action: ram:PassRole, resource: acs:ram::1:role/byok.";
        check(
            "SLS",
            "UpdateLogStore",
            "p/l",
            said,
            &[r#""Action":"ram:PassRole","Effect":"Allow","Resource":"acs:ram::1:role/byok"}"#],
        );
        let said = "You are not authorized. [AccessDeniedDetail, AuthAction ram:GetRole, NoPermissionType ImplicitDeny]";
        check(
            "RAM",
            "GetRole",
            "r",
            said,
            &["Grant the caller ram:GetRole.", r#""Action":"ram:GetRole","Effect":"Allow","Resource":"*"}"#],
        );
    }

    #[test]
    fn without_them_the_call_says_what_is_needed() {
        check(
            "SLS",
            "GetLogStore",
            "p/l",
            "no",
            &["Grant the caller log:GetLogStore.", r#""Resource":"acs:log:*:*:project/p/logstore/l""#],
        );
        check(
            "SLS",
            "UpdateMetricStore",
            "p/m",
            "no",
            &[
                "Grant the caller log:UpdateMetricStore. The resource alicloud_log_store_encryption needs log:GetLogStore, and log:GetMetricStore",
                r#""Resource":"acs:log:*:*:project/p/metricstore/m""#,
            ],
        );
        check("SLS", "GetProject", "p", "no", &[r#""Resource":"acs:log:*:*:project/p""#]);
        check("SLS", "ListProject", "all", "no", &[r#""Resource":"acs:log:*:*:project/*""#]);
        check("SLS", "ListLogStores", "p", "no", &[r#""Resource":"acs:log:*:*:project/p/logstore/*""#]);
        check("SLS", "ListMetricStores", "p", "no", &[r#""Resource":"acs:log:*:*:project/p/metricstore/*""#]);
        check(
            "KMS",
            "DescribeKey",
            "k",
            "no",
            &[r#""Action":"kms:DescribeKey","Effect":"Allow","Resource":"*""#],
        );
    }

    #[test]
    fn a_key_of_ones_own_takes_the_actions_of_what_is_written() {
        for (action, expected) in [
            (
                "UpdateLogStore",
                r#"{"Action":["log:GetLogStore","log:UpdateLogStore"],"Effect":"Allow","Resource":"acs:log:*:*:project/p/logstore/s"}"#,
            ),
            (
                "UpdateMetricStore",
                r#"{"Action":["log:GetLogStore","log:GetMetricStore","log:UpdateMetricStore"],"Effect":"Allow","Resource":["acs:log:*:*:project/p/logstore/s","acs:log:*:*:project/p/metricstore/s"]}"#,
            ),
        ] {
            let operation = Operation::new("SLS", action, "p/s");
            let error = Error::from_answer(&operation, 403, None, "no");
            let told = advice_for_byok(&error, "acs:ram::1:role/r");
            assert!(told.contains(expected), "{expected} is not in {told}");
        }
    }

    #[test]
    fn what_is_no_action_or_resource_is_not_taken_for_one() {
        let said = r#"action: "evil", resource: everything"#;
        check(
            "SLS",
            "GetLogStore",
            "p/l",
            said,
            &["Grant the caller log:GetLogStore.", "project/p/logstore/l"],
        );
        check("RAM", "GetRole", "r", "action: ", &["ram:GetRole"]);
        check("RAM", "GetRole", "r", "action: a:b\"},{c", &["\"Action\":\"a:b\""]);
    }
}
