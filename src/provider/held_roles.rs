//! What a phase of a run has found out about RAM roles.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What this phase, plan or apply, knows of roles. Names and ARNs are held in lower case: RAM takes letters of either
/// case for alike.
#[derive(Debug, Default)]
pub(super) struct HeldRoles(Mutex<Roles>);

#[derive(Debug, Default)]
struct Roles {
    known: HashMap<String, KnownRole>,
    absent: HashSet<String>,
    to_finish: HashMap<String, String>,
    new: HashSet<String>,
    replaced: HashSet<String>,
    users: HashMap<String, BTreeSet<String>>,
}

/// A role of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KnownRole {
    /// Its id.
    pub(super) role_id: String,
    /// Whether setting it up was not finished.
    pub(super) is_incomplete: bool,
}

impl HeldRoles {
    /// Forgets everything.
    pub(super) fn begin_phase(&self) {
        *self.open() = Roles::default();
    }

    /// Notes a role of the state that was read.
    pub(super) fn note(&self, name: &str, role_id: &str, is_incomplete: bool) {
        let role = KnownRole { role_id: role_id.to_owned(), is_incomplete };
        self.open().known.insert(name.to_lowercase(), role);
    }

    /// A role of the state that was read in this phase.
    pub(super) fn known(&self, name: &str) -> Option<KnownRole> {
        self.open().known.get(&name.to_lowercase()).cloned()
    }

    /// Notes that RAM said there is no such role.
    pub(super) fn note_absent(&self, name: &str) {
        self.open().absent.insert(name.to_lowercase());
    }

    /// True if RAM said in this phase that there is no such role.
    pub(super) fn is_absent(&self, name: &str) -> bool {
        self.open().absent.contains(&name.to_lowercase())
    }

    /// Notes a role whose create was not finished, and which the create half of its replacement goes on with.
    pub(super) fn note_to_finish(&self, name: &str, role_id: &str) {
        self.open().to_finish.insert(name.to_lowercase(), role_id.to_owned());
    }

    /// The id of the role that is to be finished, if there is one of this name.
    pub(super) fn to_finish(&self, name: &str) -> Option<String> {
        self.open().to_finish.get(&name.to_lowercase()).cloned()
    }

    /// Notes that this run has made the role or changed what belongs to it: other services may not see it for a
    /// while.
    pub(super) fn note_new(&self, arn: &str) {
        self.open().new.insert(arn.to_lowercase());
    }

    /// True if this run has made the role or changed what belongs to it.
    pub(super) fn is_new(&self, arn: &str) -> bool {
        self.open().new.contains(&arn.to_lowercase())
    }

    /// Notes that the role is planned to be replaced.
    pub(super) fn note_replaced(&self, arn: &str) {
        self.open().replaced.insert(arn.to_lowercase());
    }

    /// True if the role is planned to be replaced.
    pub(super) fn is_replaced(&self, arn: &str) -> bool {
        self.open().replaced.contains(&arn.to_lowercase())
    }

    /// Notes that a Logstore is encrypted through the role.
    pub(super) fn note_user(&self, arn: &str, log_store: &str) {
        self.open().users.entry(arn.to_lowercase()).or_default().insert(log_store.to_owned());
    }

    /// The Logstores that are known to be encrypted through the role.
    pub(super) fn users_of(&self, arn: &str) -> Vec<String> {
        self.open().users.get(&arn.to_lowercase()).into_iter().flatten().cloned().collect()
    }

    /// A panic elsewhere does not make these maps wrong: each change is one insertion.
    fn open(&self) -> MutexGuard<'_, Roles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "acs:ram::1:role/sls-byok";

    #[test]
    fn letter_case_does_not_count() {
        let roles = HeldRoles::default();
        roles.note("Sls-Byok", "301", true);
        roles.note_absent("Other");
        roles.note_to_finish("Sls-Byok", "301");
        roles.note_new("acs:ram::1:role/Sls-Byok");
        roles.note_replaced("acs:ram::1:role/Sls-Byok");
        roles.note_user("acs:ram::1:role/Sls-Byok", "audit:app");
        assert_eq!(
            roles.known("sls-byok").unwrap(),
            KnownRole { role_id: "301".to_owned(), is_incomplete: true }
        );
        assert!(roles.is_absent("other") && !roles.is_absent("sls-byok"));
        assert_eq!(roles.to_finish("SLS-BYOK").as_deref(), Some("301"));
        assert!(roles.is_new(ARN) && roles.is_replaced(ARN));
        assert_eq!(roles.users_of(ARN), ["audit:app"]);
    }

    #[test]
    fn a_phase_begins_with_nothing_known() {
        let roles = HeldRoles::default();
        roles.note("sls-byok", "301", false);
        roles.note_user(ARN, "audit:app");
        roles.begin_phase();
        assert_eq!(roles.known("sls-byok"), None);
        assert!(roles.users_of(ARN).is_empty());
    }
}
