//! Sessions of roles: what one is asked for with, and opening it.

use serde_json::{Map, Value, json};

use crate::access::{AccessKey, Principal};
use crate::clock::iso_8601;
use crate::identity::{Directory, Role, role_arn, role_of_arn};
use crate::policy::{ConditionContext, Grammar, PolicyText};
use crate::rpc::{Error, Parameters, members};
use crypto::{Secret, random_letters};

/// What STS says to callers who may not.
pub const FORBIDDEN: (u16, &str, &str) =
    (403, "NoPermission", "You are not authorized to do this action. You should be authorized by RAM.");
/// The shortest session, in seconds.
const SHORTEST: i64 = 900;
/// How long a session is where the call does not say, in seconds.
const DEFAULT_DURATION: i64 = 3_600;
/// Bytes in the policy a session is narrowed down with.
const POLICY_LENGTH: usize = 2_048;

/// A session that is asked for.
#[derive(Clone, Debug)]
pub struct AssumeRoleRequest<'p> {
    account_id: &'p str,
    /// The role's name, in any case.
    pub role: &'p str,
    session: &'p str,
    policy: Option<PolicyText>,
    duration: i64,
}

impl<'p> AssumeRoleRequest<'p> {
    /// Reads `RoleArn`, `RoleSessionName`, `Policy` and `DurationSeconds`.
    ///
    /// # Errors
    ///
    /// `MissingParameter`, and `InvalidParameter.<name>` for what is malformed.
    pub fn from_parameters(parameters: &'p Parameters) -> Result<Self, Error> {
        let (account_id, role) = role_asked_for(parameters)?;
        let session = session_name(parameters)?;
        let policy = session_policy(parameters)?;
        let duration = parameters.number("DurationSeconds")?.unwrap_or(DEFAULT_DURATION);
        Ok(Self { account_id, role, session, policy, duration })
    }

    /// The role.
    ///
    /// # Errors
    ///
    /// `EntityNotExist.Role`, also for a role of another account; `InvalidParameter.DurationSeconds` when the
    /// role's sessions are not as long.
    pub fn role_in<'d>(&self, directory: &'d Directory) -> Result<&'d Role, Error> {
        let role = directory.role(self.role).filter(|_| self.account_id == directory.account_id);
        let role = role.ok_or_else(|| {
            let message = format!("The role not exists: {}", role_arn(self.account_id, self.role));
            Error::new(404, "EntityNotExist.Role", message)
        })?;
        if (SHORTEST..=role.max_session_duration).contains(&self.duration) {
            return Ok(role);
        }
        let hours = role.max_session_duration / 3_600;
        let message = format!("The Min/Max value of DurationSeconds is 15min/{hours}hr.");
        Err(Error::new(400, "InvalidParameter.DurationSeconds", message))
    }

    /// Issues the access key of the session, and the members `Credentials` and `AssumedRoleUser` of the answer.
    pub fn issue(self, role: &Role, now: i64) -> (AccessKey, Map<String, Value>) {
        let expires = now.saturating_add(self.duration);
        let issued = TemporaryCredentials::new();
        let assumed = json!({
            "Arn": format!("{}/{}", role_arn(self.account_id, self.role), self.session),
            "AssumedRoleId": format!("{}:{}", role.id, self.session),
        });
        let (secret, token) = (issued.secret.clone(), issued.token.clone());
        let key = AccessKey::temporary(&issued.id, secret, self.principal(role), token, expires);
        let members = members(json!({
            "Credentials": {
                "AccessKeyId": issued.id,
                "AccessKeySecret": issued.secret.expose(),
                "SecurityToken": issued.token.expose(),
                "Expiration": iso_8601(expires),
            },
            "AssumedRoleUser": assumed,
        }));
        (key, members)
    }

    fn principal(self, role: &Role) -> Principal {
        Principal::RoleSession {
            account_id: self.account_id.to_owned(),
            role: role.name.clone(),
            role_id: role.id.clone(),
            session: self.session.to_owned(),
            policy: self.policy,
        }
    }
}

/// Assumes a role on behalf of a service principal. Issues no access key: the session calls within the emulator
/// only.
///
/// # Errors
///
/// Those of `AssumeRole`: `InvalidParameter.RoleArn`, `EntityNotExist.Role`, and `NoPermission` when the
/// role's trust policy does not name the service.
pub fn for_service(
    directory: &Directory,
    service: &str,
    (arn, session): (&str, &str),
    condition_context: &ConditionContext,
) -> Result<Principal, Error> {
    let (account_id, role) = role_of_arn(arn).ok_or_else(|| malformed("RoleArn"))?;
    let role_request = AssumeRoleRequest { account_id, role, session, policy: None, duration: SHORTEST };
    let role = role_request.role_in(directory)?;
    if !directory.role_trusts_service(&role.name, service, condition_context) {
        return Err(forbidden());
    }
    Ok(role_request.principal(role))
}

/// What STS says to callers who may not.
pub fn forbidden() -> Error {
    let (status, code, message) = FORBIDDEN;
    Error::new(status, code, message)
}

/// A key of a session.
struct TemporaryCredentials {
    id: String,
    secret: Secret,
    token: Secret,
}

impl TemporaryCredentials {
    fn new() -> Self {
        Self {
            id: format!("STS.NT{}", random_letters(22)),
            secret: Secret::from(random_letters(44)),
            // With the letters of base64 that need encoding, as real tokens have.
            token: Secret::from(format!("CAIS{}+/{}==", random_letters(80), random_letters(80))),
        }
    }
}

/// The account and the role in `RoleArn`.
///
/// # Errors
///
/// `MissingParameter`, `InvalidParameter.RoleArn`.
pub fn role_asked_for(parameters: &Parameters) -> Result<(&str, &str), Error> {
    role_of_arn(parameters.required("RoleArn")?).ok_or_else(|| malformed("RoleArn"))
}

/// 2 to 64 letters, digits and `.@-_`.
fn session_name(parameters: &Parameters) -> Result<&str, Error> {
    let name = parameters.required("RoleSessionName")?;
    let is_well_formed = (2..=64).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || ".@-_".contains(c));
    if is_well_formed { Ok(name) } else { Err(malformed("RoleSessionName")) }
}

fn session_policy(parameters: &Parameters) -> Result<Option<PolicyText>, Error> {
    let Some(text) = parameters.get("Policy") else { return Ok(None) };
    if text.len() > POLICY_LENGTH {
        let message = format!("The size of Policy must be smaller than {POLICY_LENGTH} bytes.");
        return Err(Error::new(400, "InvalidParameter.PolicySize", message));
    }
    let ungrammatical = |_| {
        let message = "The parameter Policy has not passed grammar check.";
        Error::new(400, "InvalidParameter.PolicyGrammar", message)
    };
    PolicyText::parse(text, Grammar::Permission).map(Some).map_err(ungrammatical)
}

/// A parameter that is not of its form.
pub fn malformed(parameter: &str) -> Error {
    let message = format!("The parameter {parameter} is wrongly formed.");
    Error::new(400, format!("InvalidParameter.{parameter}"), message)
}
