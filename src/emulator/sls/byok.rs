//! What a configuration with a customer's key refers to: the role, the key, and whether the caller may pass the
//! role (<https://www.alibabacloud.com/help/en/sls/user-guide/data-encryption>).

use serde_json::Value;

use super::data_key::{CustomerKey, Owner, Snapshot};
use super::encryption::user_cmk_info_of;
use crate::access::Principal;
use crate::error::Error;
use crate::identity::{role_arn, role_of_arn};
use crate::policy::ConditionContext;

/// Validates the key and the role of an encryption configuration.
#[derive(Clone, Copy, Debug)]
pub struct KeyAndRoleCheck<'a> {
    /// Where role, key and permissions are looked up.
    pub snapshot: &'a Snapshot,
    /// Who writes the configuration.
    pub caller: &'a Principal,
    /// The context that conditions on the caller are evaluated in.
    pub condition_context: &'a ConditionContext,
    /// Whether role and key are looked up. The caller's permission is always checked.
    pub looks_up: bool,
}

impl KeyAndRoleCheck<'_> {
    /// Validates a configuration that is about to be stored for a Logstore in `region`. Role and key must be
    /// usable where encryption is switched on. It can be switched off without them.
    ///
    /// # Errors
    ///
    /// `Unauthorized` for a caller without `ram:PassRole` on the role; `ParameterInvalid` if the role cannot be
    /// assumed, or the key not be used through it. No source has the service's own codes for these.
    pub fn validate(
        &self,
        conf: Option<&Value>,
        (project, logstore): (&str, &str),
        region: &str,
    ) -> Result<(), Error> {
        let Some(conf) = conf else { return Ok(()) };
        let Some(info) = &user_cmk_info_of(conf) else { return Ok(()) };
        self.check_pass_role(&info.arn)?;
        let is_on = conf.get("enable").and_then(Value::as_bool).unwrap_or_default();
        if !(self.looks_up && is_on) {
            return Ok(());
        }
        if info.region_id != region {
            return Err(Error::parameter_invalid(format!(
                "The key {} is said to be in {}, and the Logstore is in {region}.",
                info.cmk_key_id, info.region_id
            )));
        }
        let (project, logstore) = (project.to_owned(), logstore.to_owned());
        let owner = &Owner { project, logstore, number: 0, user_cmk_info: None };
        let key = CustomerKey { snapshot: self.snapshot, owner, info };
        key.describe()
            .and_then(|()| key.generate())
            .map_err(|error| Error::parameter_invalid(error.message))?;
        Ok(())
    }

    fn check_pass_role(&self, arn: &str) -> Result<(), Error> {
        let arn = role_of_arn(arn).map_or_else(|| arn.to_owned(), |(account, name)| role_arn(account, name));
        if self
            .snapshot
            .directory
            .decide(self.caller, "ram:PassRole", &arn, self.condition_context)
            .is_allowed()
        {
            return Ok(());
        }
        let caller = self.caller.arn();
        Err(Error::unauthorized(format!("{caller} is not allowed to perform ram:PassRole on {arn}")))
    }
}
