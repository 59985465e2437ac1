//! Policies of keys in KMS instances. They are kept, and decide nothing: what callers may do is decided by their own.

use serde_json::{Value, json};

use super::{Keys, error, input};
use crate::rpc::{Error, Outcome, Parameters, Request, answer, empty_answer};

/// Bytes in the policy of a key
/// (<https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-setkeypolicy>).
const LENGTH: usize = 32_768;
/// The only name that a policy can have.
const NAME: &str = "default";

/// `Policy`: a JSON object.
///
/// # Errors
///
/// `InvalidParameter`
pub fn policy(parameters: &Parameters) -> Result<Option<&str>, Error> {
    let Some(text) = input::json(parameters, "Policy")? else { return Ok(None) };
    match serde_json::from_str(text) {
        Ok(Value::Object(_)) if text.len() <= LENGTH => Ok(Some(text)),
        _ => Err(error::invalid("Policy")),
    }
}

/// `SetKeyPolicy`
pub fn set(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    check_name(request.parameters)?;
    let policy = policy(request.parameters)?.ok_or_else(|| Error::missing_parameter("Policy"))?;
    let key = keys.required_mut(request)?;
    if key.instance.is_none() {
        return Err(error::unsupported_operation());
    }
    key.policy = Some(policy.to_owned());
    empty_answer()
}

/// `GetKeyPolicy`: the one that was set, else one by which the account may do everything, which is a guess.
pub fn get(keys: &Keys, request: &Request<'_>) -> Outcome {
    check_name(request.parameters)?;
    let key = keys.required(request)?;
    if key.instance.is_none() {
        return Err(error::unsupported_operation());
    }
    let everything = || {
        let account = format!("acs:ram::{}:*", request.account_id);
        json!({"Version": "1", "Statement": [{"Sid": "kms default key policy", "Effect": "Allow",
            "Principal": {"RAM": [account]}, "Action": ["kms:*"], "Resource": ["*"]}]})
        .to_string()
    };
    answer(json!({"Policy": key.policy.clone().unwrap_or_else(everything)}))
}

fn check_name(parameters: &Parameters) -> Result<(), Error> {
    match parameters.get("PolicyName") {
        None | Some(NAME) => Ok(()),
        Some(_) => Err(error::invalid("PolicyName")),
    }
}
