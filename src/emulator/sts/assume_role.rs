//! `AssumeRole`

use super::session::{AssumeRoleRequest, forbidden, malformed, role_asked_for};
use crate::access::Principal;
use crate::identity::{Directory, role_arn};
use crate::policy::ConditionContext;
use crate::rpc::{Error, IssuedCredentials, Request};

/// Letters in `ExternalId`.
const EXTERNAL_ID_LENGTH: std::ops::RangeInclusive<usize> = 2..=1_224;

/// What the caller needs `sts:AssumeRole` on.
pub fn role_arn_asked_for(_: &Directory, request: &Request<'_>) -> Result<String, Error> {
    let (account_id, name) = role_asked_for(request.parameters)?;
    Ok(role_arn(account_id, name))
}

/// Issues credentials for a role of `directory` to a caller whom the role trusts.
pub fn assume(directory: &Directory, request: &Request<'_>) -> IssuedCredentials {
    let caller = request.caller.ok_or_else(Error::internal_error)?;
    let role_request = AssumeRoleRequest::from_parameters(request.parameters)?;
    let condition_context = condition_context(request)?;
    let role = role_request.role_in(directory)?;
    // The account's own keys cannot assume roles, whatever the trust policy says.
    let is_root = matches!(caller, Principal::AccountRoot { .. });
    if is_root || !directory.role_trusts_caller(role_request.role, caller, &condition_context) {
        return Err(forbidden());
    }
    Ok(role_request.issue(role, request.now))
}

/// The context that the conditions of trust policies are evaluated in: that of the call, and `sts:ExternalId`.
fn condition_context(request: &Request<'_>) -> Result<ConditionContext, Error> {
    let condition_context = request.condition_context.clone();
    let Some(id) = request.parameters.get("ExternalId") else { return Ok(condition_context) };
    let is_well_formed = EXTERNAL_ID_LENGTH.contains(&id.len())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c));
    if is_well_formed {
        Ok(condition_context.with("sts:ExternalId", id))
    } else {
        Err(malformed("ExternalId"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::SERVICE;
    use super::*;
    use crate::access::{KeyError, usable};
    use crate::policy::{ConditionContext, Grammar, PolicyText};
    use crate::rpc::testing::{ACCOUNT, START, ServiceHarness};
    use crate::{Clock, Seed};

    const DEPLOYER: (&str, &str) = ("RoleArn", "acs:ram::1234567890123456:role/Deployer");
    const SESSION: (&str, &str) = ("RoleSessionName", "s1");

    /// `alice`, whom `Deployer` trusts, and `byok`, which trusts a service.
    fn bench() -> ServiceHarness<Directory> {
        let trust = |principal: Value| {
            json!({"Version": "1", "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}]})
        };
        let seed = json!({
            "users": [{"name": "alice"}],
            "roles": [
                {"name": "Deployer", "max_session_duration": 7200, "policies": ["AliyunLogFullAccess"],
                    "assume_role_policy_document": trust(json!({"RAM": [format!("acs:ram::{ACCOUNT}:root")]}))},
                {"name": "byok", "assume_role_policy_document": trust(json!({"Service": ["log.aliyuncs.com"]}))}],
        });
        let directory = Seed::from_json(&seed.to_string(), &Clock::fixed(START)).unwrap().directory;
        let mut bench = ServiceHarness::new(SERVICE, directory);
        bench.caller = Principal::User { account_id: ACCOUNT.to_owned(), name: "alice".to_owned() };
        bench
    }

    #[test]
    fn a_session_signs_with_its_own_key_until_it_expires() {
        let mut bench = bench();
        let answer = bench.done("AssumeRole", &[DEPLOYER, SESSION, ("DurationSeconds", "900")]);
        assert_eq!(answer["AssumedRoleUser"]["Arn"], "acs:ram::1234567890123456:role/deployer/s1");
        let credentials = &answer["Credentials"];
        assert_eq!(credentials["Expiration"], "2026-11-20T08:15:00Z");
        let text = |name: &str| credentials[name].as_str().unwrap();
        let (id, token) = (text("AccessKeyId"), text("SecurityToken"));
        assert!(id.starts_with("STS."), "{id}");
        let named = || bench.sessions.get(id).cloned();
        let key = usable(named(), Some(token), START + 899).unwrap();
        assert_eq!(key.secret.expose(), text("AccessKeySecret"));
        assert_eq!(key.principal.arn(), "acs:ram::1234567890123456:assumed-role/deployer/s1");
        assert!(
            bench
                .model
                .decide(&key.principal, "log:GetProject", "x", &ConditionContext::default())
                .is_allowed()
        );
        for (token, now, why) in [
            (Some(token), START + 900, KeyError::ExpiredToken),
            (Some("other"), START, KeyError::InvalidToken),
            (None, START, KeyError::MissingToken),
        ] {
            assert_eq!(usable(named(), token, now).map(|key| key.principal).unwrap_err(), why);
        }
    }

    #[test]
    fn only_callers_whom_the_role_trusts_assume_it() {
        let mut bench = bench();
        let byok = ("RoleArn", "acs:ram::1234567890123456:role/byok");
        bench.refused("AssumeRole", &[byok, SESSION], 403, "NoPermission");
        bench.caller = Principal::AccountRoot { account_id: ACCOUNT.to_owned() };
        bench.refused("AssumeRole", &[DEPLOYER, SESSION], 403, "NoPermission");
    }

    #[test]
    fn bad_parameters_have_their_own_codes() {
        let mut bench = bench();
        let long_policy = "x".repeat(2_049);
        let long_name = "x".repeat(65);
        for (name, value, status, code) in [
            ("RoleArn", "byok", 400, "InvalidParameter.RoleArn"),
            ("RoleArn", "acs:ram::1234567890123456:role/none", 404, "EntityNotExist.Role"),
            ("RoleArn", "acs:ram::99:role/deployer", 404, "EntityNotExist.Role"),
            ("RoleSessionName", "s", 400, "InvalidParameter.RoleSessionName"),
            ("RoleSessionName", "a b", 400, "InvalidParameter.RoleSessionName"),
            ("RoleSessionName", &long_name, 400, "InvalidParameter.RoleSessionName"),
            ("RoleSessionName", "", 400, "MissingParameter"),
            ("DurationSeconds", "899", 400, "InvalidParameter.DurationSeconds"),
            ("DurationSeconds", "7201", 400, "InvalidParameter.DurationSeconds"),
            ("Policy", "{}", 400, "InvalidParameter.PolicyGrammar"),
            ("Policy", &long_policy, 400, "InvalidParameter.PolicySize"),
            ("ExternalId", "x", 400, "InvalidParameter.ExternalId"),
            ("ExternalId", "a b", 400, "InvalidParameter.ExternalId"),
        ] {
            let mut parameters = vec![DEPLOYER, SESSION];
            parameters.retain(|(known, _)| *known != name);
            parameters.push((name, value));
            bench.refused("AssumeRole", &parameters, status, code);
        }
    }

    #[test]
    fn an_external_id_is_what_the_trust_policy_may_ask_for() {
        let mut bench = bench();
        let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"RAM": [format!("acs:ram::{ACCOUNT}:root")]},
            "Condition": {"StringEquals": {"sts:ExternalId": "third-party/7"}}}]});
        let trust = PolicyText::parse(&trust.to_string(), Grammar::Trust).unwrap();
        bench.model.roles.get_mut("deployer").unwrap().trust = trust;
        for parameters in [vec![DEPLOYER, SESSION], vec![DEPLOYER, SESSION, ("ExternalId", "other")]] {
            bench.refused("AssumeRole", &parameters, 403, "NoPermission");
        }
        bench.done("AssumeRole", &[DEPLOYER, SESSION, ("ExternalId", "third-party/7")]);
    }

    #[test]
    fn callers_learn_who_they_are() {
        let mut bench = bench();
        let user = bench.done("GetCallerIdentity", &[]);
        assert_eq!((&user["IdentityType"], &user["UserId"]), (&json!("RAMUser"), &user["PrincipalId"]));
        bench.caller = Principal::AccountRoot { account_id: ACCOUNT.to_owned() };
        let root = bench.done("GetCallerIdentity", &[]);
        let expected = json!({"IdentityType": "Account", "AccountId": ACCOUNT, "UserId": ACCOUNT,
            "PrincipalId": ACCOUNT, "Arn": "acs:ram::1234567890123456:root"});
        assert_eq!(root, expected);
        let role = bench.model.role("deployer").unwrap();
        bench.caller = Principal::RoleSession {
            account_id: ACCOUNT.to_owned(),
            role: role.name.clone(),
            role_id: role.id.clone(),
            session: "s1".to_owned(),
            policy: None,
        };
        let role = bench.done("GetCallerIdentity", &[]);
        assert_eq!(role["Arn"], "acs:ram::1234567890123456:assumed-role/deployer/s1");
        assert_eq!(role["PrincipalId"], format!("{}:s1", role["RoleId"].as_str().unwrap()));
        assert!(role.get("UserId").is_none());
    }
}
