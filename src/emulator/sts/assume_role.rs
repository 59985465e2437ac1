//! `AssumeRole`

use std::sync::Arc;

use serde_json::json;

use super::actions::FORBIDDEN;
use crate::crypto::Secret;
use crate::emulator::access::{AccessKey, Principal, SessionPolicy};
use crate::emulator::clock::iso_8601;
use crate::emulator::identity::{Directory, Role, role_arn, role_of_arn};
use crate::emulator::rpc::{Error, Outcome, Parameters, Request, answer};

/// The shortest session, in seconds.
const SHORTEST: i64 = 900;
/// How long a session is where the call does not say, in seconds.
const DEFAULT_DURATION: i64 = 3_600;
/// Bytes in the policy a session is narrowed down with.
const POLICY_LENGTH: usize = 2_048;

/// What the caller needs `sts:AssumeRole` on.
pub fn role_arn_asked_for(_: &Directory, request: &Request<'_>) -> Result<String, Error> {
    let (account_id, name) = role_asked_for(request.parameters)?;
    Ok(role_arn(account_id, name))
}

/// Opens a session of a role, for a caller whom the role trusts.
pub fn assume(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    let caller = request.caller.ok_or_else(Error::internal)?;
    let (account_id, name) = role_asked_for(parameters)?;
    let session = session_name(parameters)?;
    let policy = session_policy(parameters)?;
    let role = directory.role(name).filter(|_| account_id == request.account_id).ok_or_else(|| {
        Error::new(404, "EntityNotExist.Role", format!("The role not exists: {}", role_arn(account_id, name)))
    })?;
    let duration = duration(parameters, role)?;
    // The account's own keys cannot assume roles, whoever the role trusts.
    let is_root = matches!(caller, Principal::AccountRoot { .. });
    if is_root || !directory.role_trusts_caller(name, caller, request.facts) {
        let (status, code, message) = FORBIDDEN;
        return Err(Error::new(status, code, message));
    }
    let assumed = json!({
        "Arn": format!("{}/{session}", role_arn(account_id, name)),
        "AssumedRoleId": format!("{}:{session}", role.id),
    });
    let principal = Principal::RoleSession {
        account_id: account_id.to_owned(),
        role: role.name.clone(),
        role_id: role.id.clone(),
        session: session.to_owned(),
        policy,
    };
    let expires = request.now.saturating_add(duration);
    let issued = Issued::new();
    let key = AccessKey::of_session(issued.secret.clone(), principal, issued.token.clone(), expires);
    directory.access_keys.retain(|_, key| !key.is_over_for_long(request.now));
    directory.access_keys.insert(issued.id.clone(), key);
    answer(json!({
        "Credentials": {
            "AccessKeyId": issued.id,
            "AccessKeySecret": issued.secret.expose(),
            "SecurityToken": issued.token.expose(),
            "Expiration": iso_8601(expires),
        },
        "AssumedRoleUser": assumed,
    }))
}

/// A key of a session. Nothing real is behind it: it need not be hard to guess, only new.
struct Issued {
    id: String,
    secret: Secret,
    token: Secret,
}

impl Issued {
    fn new() -> Self {
        let letters = |length: usize| (0..length).map(|_| fastrand::alphanumeric()).collect::<String>();
        Self {
            id: format!("STS.NT{}", letters(22)),
            secret: Secret::from(letters(44)),
            // With the letters of base64 that need encoding, as real tokens have.
            token: Secret::from(format!("CAIS{}+/{}==", letters(80), letters(80))),
        }
    }
}

fn role_asked_for(parameters: &Parameters) -> Result<(&str, &str), Error> {
    role_of_arn(parameters.required("RoleArn")?).ok_or_else(|| malformed("RoleArn"))
}

/// 2 to 64 letters, digits and `.@-_`.
fn session_name(parameters: &Parameters) -> Result<&str, Error> {
    let name = parameters.required("RoleSessionName")?;
    let is_well_formed = (2..=64).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || ".@-_".contains(c));
    if is_well_formed { Ok(name) } else { Err(malformed("RoleSessionName")) }
}

fn session_policy(parameters: &Parameters) -> Result<Option<Arc<SessionPolicy>>, Error> {
    let Some(text) = parameters.get("Policy") else { return Ok(None) };
    if text.len() > POLICY_LENGTH {
        let message = format!("The size of Policy must be smaller than {POLICY_LENGTH} bytes.");
        return Err(Error::new(400, "InvalidParameter.PolicySize", message));
    }
    let ungrammatical = |_| {
        let message = "The parameter Policy has not passed grammar check.";
        Error::new(400, "InvalidParameter.PolicyGrammar", message)
    };
    SessionPolicy::parse(text).map(|policy| Some(Arc::new(policy))).map_err(ungrammatical)
}

fn duration(parameters: &Parameters, role: &Role) -> Result<i64, Error> {
    let longest = role.max_session_duration;
    match parameters.number("DurationSeconds")?.unwrap_or(DEFAULT_DURATION) {
        duration if (SHORTEST..=longest).contains(&duration) => Ok(duration),
        _ => {
            let hours = longest / 3_600;
            let message = format!("The Min/Max value of DurationSeconds is 15min/{hours}hr.");
            Err(Error::new(400, "InvalidParameter.DurationSeconds", message))
        }
    }
}

fn malformed(parameter: &str) -> Error {
    let message = format!("The parameter {parameter} is wrongly formed.");
    Error::new(400, format!("InvalidParameter.{parameter}"), message)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::SERVICE;
    use super::*;
    use crate::emulator::access::{Unusable, usable};
    use crate::emulator::policy::Facts;
    use crate::emulator::rpc::testing::{ACCOUNT, Bench, START};
    use crate::emulator::{Clock, Seed};

    const DEPLOYER: (&str, &str) = ("RoleArn", "acs:ram::1234567890123456:role/Deployer");
    const SESSION: (&str, &str) = ("RoleSessionName", "s1");

    /// `alice`, whom `Deployer` trusts, and `byok`, which trusts a service.
    fn bench() -> Bench<Directory> {
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
        let mut bench = Bench::new(SERVICE, directory);
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
        let keys = &bench.model.access_keys;
        let key = usable(keys, id, Some(token), START + 899).unwrap();
        assert_eq!(key.secret.expose(), text("AccessKeySecret"));
        assert_eq!(key.principal.arn(), "acs:ram::1234567890123456:assumed-role/deployer/s1");
        assert!(bench.model.decide(&key.principal, "log:GetProject", "x", &Facts::default()).is_allowed());
        for (token, now, why) in [
            (Some(token), START + 900, Unusable::ExpiredToken),
            (Some("other"), START, Unusable::InvalidToken),
            (None, START, Unusable::MissingToken),
        ] {
            assert_eq!(usable(keys, id, token, now).map(|key| &key.principal).unwrap_err(), why);
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
        ] {
            let mut parameters = vec![DEPLOYER, SESSION];
            parameters.retain(|(known, _)| *known != name);
            parameters.push((name, value));
            bench.refused("AssumeRole", &parameters, status, code);
        }
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
