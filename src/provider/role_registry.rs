//! The RAM roles that a phase of a run has planned, read or changed.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::readiness::{Principal, PrincipalKind};
use cloud::{
    names::{GroupName, RoleName},
    ram::{
        RoleArn,
        byok_role::{self, ActualRole, DesiredRole},
    },
};

/// What this phase, plan or apply, knows about roles. Names and ARNs are stored in lower case, because RAM ignores
/// letter case.
#[derive(Debug, Default)]
pub(super) struct RoleRegistry(Mutex<Roles>);

#[derive(Debug, Default)]
struct Roles {
    locks: HashMap<String, Arc<AsyncMutex<()>>>,
    stored: HashMap<String, StoredRole>,
    absent: HashSet<String>,
    creating: HashSet<String>,
    finished: HashMap<String, BTreeSet<String>>,
    waiting_for_policy: HashMap<String, PendingPassRole>,
    changed: HashSet<String>,
    removals: HashMap<String, PlannedRemoval>,
    looked_at: HashSet<(String, String)>,
    users: HashMap<String, BTreeSet<String>>,
    planned: HashMap<String, PlannedRole>,
    repaired: HashSet<String>,
    may_be_replaced: HashSet<String>,
}

/// Why a plan removes a role of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlannedRemoval {
    /// It is deleted, and a role of another name is created.
    Renamed {
        /// The other name.
        to: String,
    },
    /// It is deleted, and a role is created whose name may be the same.
    Replaced,
    /// It is deleted.
    Deleted,
}

/// What is planned for a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PlannedRole {
    /// Who may pass it after the apply, by its own policy.
    pub(super) passers: BTreeSet<byok_role::Principal>,
    /// Whether its ARN is known. That of a role that is created or repaired is known after the apply.
    pub(super) is_arn_known: bool,
}

/// A role of the state, as the refresh found it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum StoredRole {
    /// This phase has not read it.
    #[default]
    Unread,
    /// Its create was finished. These policies may be left of a run that failed later.
    Whole(BTreeSet<String>),
    /// Its create was not finished, which its description in RAM says.
    Unfinished(PartialCreate),
    /// Its create failed, but its description in RAM does not say so.
    NotMarked,
}

/// What failed runs have left of a role. It is stored beside the state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartialCreate {
    /// The role, if its create was not finished. Core takes such an object for tainted and replaces it. The plan of
    /// the create that resumes the role names it here, so that the destroy half leaves it alone.
    pub(super) role: Option<CreatedRole>,
    /// The names of PassRole policies that may have been created and that the state does not show.
    pub(super) policies: BTreeSet<String>,
    /// Set in the plan of a destroy that is not the first half of a replacement.
    pub(super) is_destroy: bool,
}

/// A role that was created without its PassRole policy, because a policy of the role it replaces has the same name.
#[derive(Clone, Debug)]
pub(super) struct PendingPassRole {
    /// Its name.
    pub(super) name: RoleName,
    /// Its ARN.
    pub(super) arn: RoleArn,
    /// The role as it should be.
    pub(super) desired: DesiredRole,
    /// The role as it is.
    pub(super) actual: ActualRole,
}

/// A role that was created, as the state shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct CreatedRole {
    /// Its id.
    pub(super) role_id: String,
    /// Its ARN.
    pub(super) arn: String,
    /// When it was created.
    pub(super) create_date: String,
}

impl RoleRegistry {
    /// Forgets everything.
    pub(super) fn begin_phase(&self) {
        let mut roles = self.locked();
        // A call that waits for a lock must get the same one.
        let locks = std::mem::take(&mut roles.locks);
        *roles = Roles { locks, ..Roles::default() };
    }

    /// Records that the state has a role of this name.
    pub(super) fn record_stored(&self, name: &str) {
        self.locked().stored.entry(name.to_lowercase()).or_default();
    }

    /// Records what a refresh has found of a role of the state, or what the destroy half of its replacement leaves to
    /// the create half.
    pub(super) fn record_read(&self, name: &str, found: StoredRole) {
        self.locked().stored.insert(name.to_lowercase(), found);
    }

    /// Waits until no other call of this process creates or deletes the role of this name.
    pub(super) async fn lock(&self, name: &str) -> OwnedMutexGuard<()> {
        let lock = Arc::clone(self.locked().locks.entry(name.to_lowercase()).or_default());
        lock.lock_owned().await
    }

    /// True if the state has a role of this name.
    pub(super) fn is_stored(&self, name: &str) -> bool {
        self.locked().stored.contains_key(&name.to_lowercase())
    }

    /// What is known of a role of this name that is in the state.
    pub(super) fn stored(&self, name: &str) -> Option<StoredRole> {
        self.locked().stored.get(&name.to_lowercase()).cloned()
    }

    /// Records a role that gets its PassRole policy once this name is free.
    pub(super) fn record_pending_pass_role(&self, policy: &str, role: PendingPassRole) {
        self.locked().waiting_for_policy.insert(policy.to_lowercase(), role);
    }

    /// The role that can get its PassRole policy now, because the policy of this name was deleted.
    pub(super) fn take_pending_pass_role(&self, policy: &str) -> Option<PendingPassRole> {
        self.locked().waiting_for_policy.remove(&policy.to_lowercase())
    }

    /// Records that RAM has answered that the role does not exist.
    pub(super) fn record_absent(&self, name: &str) {
        self.locked().absent.insert(name.to_lowercase());
    }

    /// True if RAM has answered in this phase that the role does not exist.
    pub(super) fn is_absent(&self, name: &str) -> bool {
        self.locked().absent.contains(&name.to_lowercase())
    }

    /// Records that a resource of this phase begins to create the role of this name, or resumes its create.
    pub(super) fn record_creating(&self, name: &str) {
        self.locked().creating.insert(name.to_lowercase());
    }

    /// True if a resource of this phase has begun to create the role of this name, or to resume its create.
    pub(super) fn is_being_created(&self, name: &str) -> bool {
        self.locked().creating.contains(&name.to_lowercase())
    }

    /// Records that a create of this phase has finished the role of this id, which has this PassRole policy.
    pub(super) fn record_finished(&self, role_id: &str, policy: Option<&str>) {
        let policies = policy.map(str::to_owned).into_iter().collect();
        self.locked().finished.insert(role_id.to_owned(), policies);
    }

    /// The PassRole policy, if it has one, of a role that a create of this phase has finished; `None` if none has.
    pub(super) fn finished(&self, role_id: &str) -> Option<BTreeSet<String>> {
        self.locked().finished.get(role_id).cloned()
    }

    /// Records that this run has created the role or changed what belongs to it: other services may not see that for a
    /// while.
    pub(super) fn record_changed(&self, arn: &str) {
        self.locked().changed.insert(arn.to_lowercase());
    }

    /// True if this run has created the role or changed what belongs to it.
    pub(super) fn is_changed(&self, arn: &str) -> bool {
        self.locked().changed.contains(&arn.to_lowercase())
    }

    /// Records that a plan removes a role.
    pub(super) fn record_removal(&self, arn: &str, leaving: PlannedRemoval) {
        self.locked().removals.insert(arn.to_lowercase(), leaving);
    }

    /// The role that the Logstore is encrypted through, if a plan removes it.
    pub(super) fn removed_role_of(&self, log_store: &str) -> Option<(String, PlannedRemoval)> {
        let roles = self.locked();
        let is_user = |arn: &str| roles.users.get(arn).is_some_and(|users| users.contains(log_store));
        // A Logstore has one role; if two were recorded, the one that is renamed matters most.
        let mut found: Vec<_> = roles.removals.iter().filter(|(arn, _)| is_user(arn)).collect();
        found.sort_by_key(|(arn, leaving)| {
            (!matches!(leaving, PlannedRemoval::Renamed { .. }), (*arn).clone())
        });
        found.first().map(|(arn, leaving)| ((*arn).clone(), (*leaving).clone()))
    }

    /// True the first time that this removed role is looked up in this project.
    pub(super) fn is_first_lookup(&self, arn: &str, project: &str) -> bool {
        self.locked().looked_at.insert((arn.to_lowercase(), project.to_owned()))
    }

    /// Notes what is planned for the role of this name.
    pub(super) fn record_planned(&self, name: &str, planned: PlannedRole) {
        self.locked().planned.insert(name.to_lowercase(), planned);
    }

    /// True if the planned policy of the role lets this principal, or one of its groups, pass it. The provider manages
    /// roles of the caller's account only.
    pub(super) fn lets_pass(&self, role: &RoleArn, principal: &Principal, groups: &[GroupName]) -> bool {
        let own = match &principal.kind {
            PrincipalKind::Account => return true,
            PrincipalKind::User(name) => (byok_role::PrincipalKind::User, name.clone()),
            PrincipalKind::Role(name) => (byok_role::PrincipalKind::Role, name.clone()),
        };
        let groups = groups.iter().map(|group| (byok_role::PrincipalKind::Group, group.as_str().to_owned()));
        let mut holders = groups.chain([own]).map(|(kind, name)| byok_role::Principal { kind, name });
        principal.account_id == role.account_id()
            && self
                .locked()
                .planned
                .get(&role.role_name().to_lowercase())
                .is_some_and(|planned| holders.any(|holder| planned.passers.contains(&holder)))
    }

    /// The names, in lower case, of the roles whose ARN is known after the apply.
    pub(super) fn with_unknown_arn(&self) -> BTreeSet<String> {
        let roles = self.locked();
        let without = roles.planned.iter().filter(|(_, planned)| !planned.is_arn_known);
        without.map(|(name, _)| name.clone()).collect()
    }

    /// Records that the plan repairs what SLS needs of the role: its trust policy, or the policies attached to it.
    pub(super) fn record_repaired(&self, arn: &str) {
        self.locked().repaired.insert(arn.to_lowercase());
    }

    /// True if the plan repairs what SLS needs of the role.
    pub(super) fn is_repaired(&self, arn: &str) -> bool {
        self.locked().repaired.contains(&arn.to_lowercase())
    }

    /// Records that a Logstore is encrypted through the role.
    pub(super) fn record_user(&self, arn: &str, log_store: &str) {
        self.locked().users.entry(arn.to_lowercase()).or_default().insert(log_store.to_owned());
    }

    /// Records whether the Logstore may be replaced in the same apply, so that its role may change.
    pub(super) fn record_may_be_replaced(&self, log_store: &str, may_be: bool) {
        let marked = &mut self.locked().may_be_replaced;
        marked.remove(log_store);
        marked.extend(may_be.then(|| log_store.to_owned()));
    }

    /// The Logstores that are known to be encrypted through the role, except those that may be replaced.
    pub(super) fn permanent_users_of(&self, arn: &str) -> Vec<String> {
        let mut users = self.users_of(arn);
        let roles = self.locked();
        users.retain(|user| !roles.may_be_replaced.contains(user));
        users
    }

    /// The Logstores that are known to be encrypted through the role.
    pub(super) fn users_of(&self, arn: &str) -> Vec<String> {
        self.locked().users.get(&arn.to_lowercase()).into_iter().flatten().cloned().collect()
    }

    /// A panic elsewhere does not make these maps wrong: each change is one insertion.
    fn locked(&self) -> MutexGuard<'_, Roles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "acs:ram::1:role/sls-byok";

    fn unfinished() -> StoredRole {
        let role = CreatedRole { role_id: "301".to_owned(), arn: ARN.to_owned(), ..CreatedRole::default() };
        let policies = BTreeSet::from(["pass".to_owned()]);
        StoredRole::Unfinished(PartialCreate { role: Some(role), policies, is_destroy: false })
    }

    #[test]
    fn letter_case_does_not_count() {
        let roles = RoleRegistry::default();
        roles.record_read("Sls-Byok", unfinished());
        roles.record_absent("Other");
        roles.record_changed("acs:ram::1:role/Sls-Byok");
        roles.record_removal("acs:ram::1:role/Sls-Byok", PlannedRemoval::Replaced);
        roles.record_user("acs:ram::1:role/Sls-Byok", "audit:app");
        assert!(roles.is_stored("sls-byok") && !roles.is_stored("other"));
        assert_eq!(roles.stored("sls-byok"), Some(unfinished()));
        assert!(roles.is_absent("other") && !roles.is_absent("sls-byok"));
        assert!(roles.is_changed(ARN));
        assert_eq!(roles.removed_role_of("audit:app"), Some((ARN.to_owned(), PlannedRemoval::Replaced)));
        assert_eq!(roles.users_of(ARN), ["audit:app"]);
    }

    /// Whichever of the two is planned first: one of them knows of the other.
    #[test]
    fn the_second_of_a_role_that_goes_and_its_user_knows() {
        let leaving = PlannedRemoval::Renamed { to: "other".to_owned() };
        let roles = RoleRegistry::default();
        roles.record_user(ARN, "audit:app");
        roles.record_removal(ARN, leaving.clone());
        assert_eq!(roles.permanent_users_of(ARN), ["audit:app"]);
        let roles = RoleRegistry::default();
        roles.record_removal(ARN, leaving.clone());
        assert_eq!(roles.permanent_users_of(ARN), [""; 0]);
        roles.record_user(ARN, "audit:app");
        assert_eq!(roles.removed_role_of("audit:app"), Some((ARN.to_owned(), leaving)));
        assert_eq!(roles.removed_role_of("audit:other"), None);
    }

    #[test]
    fn a_logstore_that_may_be_replaced_is_no_permanent_user() {
        let roles = RoleRegistry::default();
        roles.record_user(ARN, "audit:app");
        roles.record_may_be_replaced("audit:app", true);
        assert_eq!((roles.permanent_users_of(ARN).len(), roles.users_of(ARN).len()), (0, 1));
        roles.record_may_be_replaced("audit:app", false);
        assert_eq!(roles.permanent_users_of(ARN), ["audit:app"]);
    }

    #[test]
    fn what_was_read_counts_whatever_else_is_noted_of_the_state() {
        let roles = RoleRegistry::default();
        roles.record_stored("sls-byok");
        assert_eq!(roles.stored("sls-byok"), Some(StoredRole::Unread));
        roles.record_read("sls-byok", unfinished());
        roles.record_stored("sls-byok");
        assert_eq!(roles.stored("sls-byok"), Some(unfinished()));
        roles.record_read("sls-byok", StoredRole::NotMarked);
        assert_eq!(roles.stored("sls-byok"), Some(StoredRole::NotMarked));
    }

    #[tokio::test]
    async fn a_role_is_made_and_deleted_by_one_at_a_time() {
        let roles = RoleRegistry::default();
        let held = roles.lock("Sls-Byok").await;
        roles.begin_phase();
        let mut other = std::pin::pin!(roles.lock("sls-byok"));
        assert!(futures_util::poll!(&mut other).is_pending());
        drop(held);
        drop(other.await);
    }

    #[test]
    fn a_phase_begins_with_nothing_known() {
        let roles = RoleRegistry::default();
        roles.record_stored("sls-byok");
        roles.record_user(ARN, "audit:app");
        roles.begin_phase();
        assert!(!roles.is_stored("sls-byok"));
        assert!(roles.users_of(ARN).is_empty());
    }
}
