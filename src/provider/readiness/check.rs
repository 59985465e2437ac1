//! What is checked, and the outcome of a check.

use super::inputs::{Denied, grant_reads};
use super::principal::Principal;
use crate::role_arn;
use cloud::{names::Region, ram::RoleArn, sls::EncryptConf};

/// The service that assumes the role.
pub(super) const SERVICE: &str = "log.aliyuncs.com";

/// What is checked. What is not known is not checked.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The id of the KMS key, as configured.
    pub(crate) key_id: Option<String>,
    /// The role that SLS assumes.
    pub(crate) role: Option<RoleArn>,
    /// The region the key should be in: that of the Logstore.
    pub(crate) region: Region,
    /// The region of the Logstore, where that is known by itself.
    pub(crate) log_store_region: Option<Region>,
    /// The algorithm, `encrypt_type`, where one is configured: which key fits best depends on it.
    pub(crate) encrypt_type: Option<String>,
    /// Who configures encryption; `None` is the caller.
    pub(crate) principal: Option<Principal>,
}

/// The outcome of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// Which check it is, for configurations to pick it by.
    pub(crate) name: &'static str,
    /// Whether it is as it has to be; `None` if that could not be found out.
    pub(crate) ok: Option<bool>,
    /// What was found.
    pub(crate) detail: String,
    /// What to do; `None` where nothing is to be done.
    pub(crate) fix: Option<String>,
    /// The check that leaves this one open, by its own outcome.
    pub(crate) because: Option<&'static str>,
    /// Whether it is open because the caller may not read what it takes.
    pub(crate) is_denied: bool,
    /// What has happened to a Logstore that is configured already; `None` for what cannot come to be afterwards.
    pub(crate) outage: Option<&'static str>,
    /// What to do about that, where it is something else than `fix`.
    pub(crate) outage_fix: Option<&'static str>,
}

impl Subject {
    /// The key and the role that a Logstore of this region is encrypted with; `None` with a key of the service.
    pub(crate) fn of_conf(log_store_region: &Region, conf: &EncryptConf) -> Option<Subject> {
        let cmk = conf.user_cmk_info.as_ref()?;
        Some(Subject {
            key_id: Some(cmk.cmk_key_id.clone()),
            role: role_arn::parse(&cmk.arn).ok(),
            region: Region::parse(&cmk.region_id).ok()?,
            log_store_region: Some(log_store_region.clone()),
            encrypt_type: Some(conf.encrypt_type.clone()),
            principal: None,
        })
    }
}

impl Check {
    /// What has happened to a Logstore that is configured already, if the check failed: its summary, and what was found
    /// with what to do.
    pub(crate) fn found_outage(&self) -> Option<(&'static str, String)> {
        let summary = self.outage.filter(|_| self.ok == Some(false))?;
        let fix = self.outage_fix.or(self.fix.as_deref()).unwrap_or_default();
        Some((summary, format!("{} {fix}", self.detail)))
    }

    pub(super) fn passed(name: &'static str, detail: impl Into<String>) -> Check {
        Check { ok: Some(true), ..Check::open(name, detail, None) }
    }

    /// Open because of another check.
    pub(super) fn blocked_by(name: &'static str, other: &'static str) -> Check {
        let detail = format!("Not known, because {other} is not known to be fulfilled.");
        Check { because: Some(other), ..Check::open(name, detail, None) }
    }

    pub(super) fn failed(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Check {
        Check { ok: Some(false), ..Check::open(name, detail, Some(fix.into())) }
    }

    pub(super) fn with_outage(self, outage: &'static str) -> Check {
        Check { outage: Some(outage), ..self }
    }

    pub(super) fn with_outage_fix(self, fix: &'static str) -> Check {
        Check { outage_fix: Some(fix), ..self }
    }

    pub(super) fn open(name: &'static str, detail: impl Into<String>, fix: Option<String>) -> Check {
        Check {
            name,
            ok: None,
            detail: detail.into(),
            fix,
            because: None,
            is_denied: false,
            outage: None,
            outage_fix: None,
        }
    }

    /// Open because the caller may not read `what`.
    pub(super) fn unread(name: &'static str, what: &str, denied: &Denied) -> Check {
        let detail = format!("{what} could not be read: the caller lacks {}.", denied.action);
        Check { is_denied: true, ..Check::open(name, detail, Some(grant_reads())) }
    }
}
