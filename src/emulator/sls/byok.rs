//! What a configuration with a customer's key refers to: the role, the key, and whether the caller may
//! hand the role over (<https://www.alibabacloud.com/help/en/sls/user-guide/data-encryption>).

use serde_json::Value;

use super::encryption::{UserCmkInfo, user_cmk_info_of};
use crate::emulator::access::{Principal, facts_of_service};
use crate::emulator::error::Error;
use crate::emulator::identity::{Directory, Role, role_arn, role_of_arn};
use crate::emulator::kms::{KeyState, Keys};
use crate::emulator::policy::Facts;

/// What roles name in their trust policy to let the service assume them.
pub const SERVICE: &str = "log.aliyuncs.com";

/// The name of the service's sessions. No source has the real one.
pub const SESSION: &str = "aliyun-log";

/// What the role must allow the service to do with the key.
const KEY_ACTIONS: [&str; 3] = ["kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"];

/// Where references are looked up, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct References<'a> {
    /// Roles, and what the caller may do.
    pub directory: &'a Directory,
    /// Keys.
    pub keys: &'a Keys,
    /// Who writes the configuration.
    pub caller: &'a Principal,
    /// What conditions on the caller are held against.
    pub facts: &'a Facts,
    /// Whether role and key have to be there. The caller's permission is always asked for.
    pub must_exist: bool,
    /// Seconds since the epoch.
    pub now: i64,
}

impl References<'_> {
    /// Checks a configuration that is about to be stored for a Logstore in `region`. Role and key must be
    /// right where encryption is switched on; it can be switched off also when they no longer are.
    ///
    /// # Errors
    ///
    /// `Unauthorized` for a caller without `ram:PassRole` on the role; `ParameterInvalid` with the first
    /// thing that is wrong with role or key. No source has the service's own codes for these.
    pub fn check(&self, conf: Option<&Value>, region: &str) -> Result<(), Error> {
        let Some(conf) = conf else { return Ok(()) };
        let Some(info) = user_cmk_info_of(conf) else { return Ok(()) };
        self.check_pass_role(&info.arn)?;
        let is_on = conf.get("enable").and_then(Value::as_bool).unwrap_or_default();
        if !(self.must_exist && is_on) {
            return Ok(());
        }
        let role = self.check_role(&info.arn)?;
        let key_arn = self.check_key(&info, region)?;
        self.check_role_may_use_key(role, &key_arn)
    }

    fn check_pass_role(&self, arn: &str) -> Result<(), Error> {
        let arn = role_of_arn(arn).map_or_else(|| arn.to_owned(), |(account, name)| role_arn(account, name));
        if self.directory.decide(self.caller, "ram:PassRole", &arn, self.facts).is_allowed() {
            return Ok(());
        }
        let caller = self.caller.arn();
        Err(Error::unauthorized(format!("{caller} is not allowed to perform ram:PassRole on {arn}")))
    }

    /// The role, which is the account's and trusts the service.
    fn check_role(&self, arn: &str) -> Result<&Role, Error> {
        let invalid = |why: &str| Error::parameter_invalid(format!("The role {arn} {why}."));
        let (account_id, name) = role_of_arn(arn).ok_or_else(|| invalid("is not the ARN of a role"))?;
        let role = self.directory.role(name).filter(|_| account_id == self.directory.account_id);
        let role = role.ok_or_else(|| invalid("does not exist"))?;
        if !self.directory.role_trusts_service(name, SERVICE, &facts_of_service(self.now)) {
            return Err(invalid(&format!("does not trust {SERVICE}")));
        }
        Ok(role)
    }

    /// The ARN of the key, which is in the Logstore's region, enabled and symmetric.
    fn check_key(&self, info: &UserCmkInfo, region: &str) -> Result<String, Error> {
        let id = &info.cmk_key_id;
        let invalid = |why: String| Error::parameter_invalid(format!("The key {id} {why}."));
        if info.region_id != region {
            let why = format!("is said to be in {}, and the Logstore is in {region}", info.region_id);
            return Err(invalid(why));
        }
        let key = self
            .keys
            .key(id, Some(region), self.now)
            .ok_or_else(|| invalid(format!("does not exist in {region}")))?;
        if key.state != KeyState::Enabled {
            return Err(invalid(format!("is in state {}", key.state.name())));
        }
        if !key.encrypts() {
            return Err(invalid(format!("is of {} for {}: it encrypts no data", key.spec, key.usage)));
        }
        Ok(key.arn(&self.directory.account_id))
    }

    fn check_role_may_use_key(&self, role: &Role, key_arn: &str) -> Result<(), Error> {
        let service = Principal::RoleSession {
            account_id: self.directory.account_id.clone(),
            role: role.name.clone(),
            role_id: role.id.clone(),
            session: SESSION.to_owned(),
            policy: None,
        };
        let facts = facts_of_service(self.now);
        let may = |action: &str| self.directory.decide(&service, action, key_arn, &facts).is_allowed();
        match KEY_ACTIONS.into_iter().find(|action| !may(action)) {
            None => Ok(()),
            Some(action) => Err(Error::parameter_invalid(format!(
                "The role {} is not allowed to perform {action} on {key_arn}.",
                role.name
            ))),
        }
    }
}
