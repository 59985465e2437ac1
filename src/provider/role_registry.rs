//! What a phase of a run has found out about RAM roles.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use super::readiness::{Principal, PrincipalKind};
use crate::cloud::{
    names::{GroupName, RoleName},
    ram::{
        RoleArn,
        byok_role::{self, ActualRole, DesiredRole},
    },
};

/// What this phase, plan or apply, knows of roles. Names and ARNs are held in lower case: RAM takes letters of either
/// case for alike.
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

/// How a role of the state is planned to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PlannedRemoval {
    /// It is deleted, and a role of this other name is made.
    Renamed {
        /// The other name.
        to: String,
    },
    /// It is deleted, and a role is made whose name is not known to be another one.
    Replaced,
    /// It is deleted.
    Deleted,
}

/// What is planned for a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PlannedRole {
    /// Who may pass it then, by its own policy.
    pub(super) passers: BTreeSet<byok_role::Principal>,
    /// Whether the plan knows its ARN: that of a role which it creates or repairs is known after the apply.
    pub(super) is_arn_known: bool,
}

/// What the state and a refresh tell of a role of this name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum StoredRole {
    /// It is in the state, and was not read in this phase.
    #[default]
    Unread,
    /// Its create was finished. A run that failed later may have left policies.
    Whole(BTreeSet<String>),
    /// Its create was not finished, and RAM shows it so.
    Unfinished(PartialCreate),
    /// Its create failed, but RAM does not show it as unfinished.
    NotMarked,
}

/// What runs that failed have left of a role: stored beside its state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartialCreate {
    /// The role, if setting it up was not finished. Core takes such an object for tainted and replaces it. The plan of
    /// the create that goes on with the role names it here, so that the destroy half leaves it alone.
    pub(super) role: Option<CreatedRole>,
    /// The names of PassRole policies that may have been made and that the state does not show.
    pub(super) policies: BTreeSet<String>,
    /// Set in the plan of a destroy that is no half of a replacement, or the half that comes after the create.
    pub(super) is_destroy: bool,
}

/// A role that was made without its PassRole policy, because that of the role it replaces has its name.
#[derive(Clone, Debug)]
pub(super) struct PendingPassRole {
    /// Its name.
    pub(super) name: RoleName,
    /// Its ARN.
    pub(super) arn: RoleArn,
    /// What it should be.
    pub(super) wanted: DesiredRole,
    /// What it is.
    pub(super) observed: ActualRole,
}

/// A role that was made, as the state shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct CreatedRole {
    /// Its id.
    pub(super) role_id: String,
    /// Its ARN.
    pub(super) arn: String,
    /// When it was made.
    pub(super) create_date: String,
}

impl RoleRegistry {
    /// Forgets everything.
    pub(super) fn begin_phase(&self) {
        let mut roles = self.locked();
        // Who waits for a lock goes on waiting for the same one.
        let locks = std::mem::take(&mut roles.locks);
        *roles = Roles { locks, ..Roles::default() };
    }

    /// Notes that the state holds a role of this name.
    pub(super) fn record_stored(&self, name: &str) {
        self.locked().stored.entry(name.to_lowercase()).or_default();
    }

    /// Notes what a refresh has found of a role of the state, or what the destroy half of its replacement leaves to the
    /// create half.
    pub(super) fn record_read(&self, name: &str, found: StoredRole) {
        self.locked().stored.insert(name.to_lowercase(), found);
    }

    /// Waits until no other call of this process makes or deletes the role of this name.
    pub(super) async fn lock(&self, name: &str) -> OwnedMutexGuard<()> {
        let lock = Arc::clone(self.locked().locks.entry(name.to_lowercase()).or_default());
        lock.lock_owned().await
    }

    /// True if the state holds a role of this name.
    pub(super) fn is_stored(&self, name: &str) -> bool {
        self.locked().stored.contains_key(&name.to_lowercase())
    }

    /// What is known of a role of this name that is in the state.
    pub(super) fn stored(&self, name: &str) -> Option<StoredRole> {
        self.locked().stored.get(&name.to_lowercase()).cloned()
    }

    /// Notes a role that waits for the name of its PassRole policy.
    pub(super) fn record_pending_pass_role(&self, policy: &str, role: PendingPassRole) {
        self.locked().waiting_for_policy.insert(policy.to_lowercase(), role);
    }

    /// The role that waits for the name of this policy, which was deleted.
    pub(super) fn take_pending_pass_role(&self, policy: &str) -> Option<PendingPassRole> {
        self.locked().waiting_for_policy.remove(&policy.to_lowercase())
    }

    /// Notes that RAM said there is no such role.
    pub(super) fn record_absent(&self, name: &str) {
        self.locked().absent.insert(name.to_lowercase());
    }

    /// True if RAM said in this phase that there is no such role.
    pub(super) fn is_absent(&self, name: &str) -> bool {
        self.locked().absent.contains(&name.to_lowercase())
    }

    /// Notes that a resource of this phase begins to make the role of this name, or to finish it.
    pub(super) fn record_creating(&self, name: &str) {
        self.locked().creating.insert(name.to_lowercase());
    }

    /// True if a resource of this phase has begun to make the role of this name, or to finish it: it is not another
    /// one's then.
    pub(super) fn is_being_created(&self, name: &str) -> bool {
        self.locked().creating.contains(&name.to_lowercase())
    }

    /// Notes that a create of this phase has finished the role of this id, which has this PassRole policy.
    pub(super) fn record_finished(&self, role_id: &str, policy: Option<&str>) {
        let policies = policy.map(str::to_owned).into_iter().collect();
        self.locked().finished.insert(role_id.to_owned(), policies);
    }

    /// The PassRole policy, if it has one, of a role that a create of this phase has finished; `None` if none has.
    pub(super) fn finished(&self, role_id: &str) -> Option<BTreeSet<String>> {
        self.locked().finished.get(role_id).cloned()
    }

    /// Notes that this run has made the role or changed what belongs to it: other services may not see it for a
    /// while.
    pub(super) fn record_changed(&self, arn: &str) {
        self.locked().changed.insert(arn.to_lowercase());
    }

    /// True if this run has made the role or changed what belongs to it.
    pub(super) fn is_changed(&self, arn: &str) -> bool {
        self.locked().changed.contains(&arn.to_lowercase())
    }

    /// Notes how a role is planned to go.
    pub(super) fn record_removal(&self, arn: &str, leaving: PlannedRemoval) {
        self.locked().removals.insert(arn.to_lowercase(), leaving);
    }

    /// The role that the Logstore is encrypted through, and how that role is planned to go; `None` if it stays.
    pub(super) fn removed_role_of(&self, log_store: &str) -> Option<(String, PlannedRemoval)> {
        let roles = self.locked();
        let is_user = |arn: &str| roles.users.get(arn).is_some_and(|users| users.contains(log_store));
        // A Logstore has one role; where two were noted, the one that is renamed matters most.
        let mut found: Vec<_> = roles.removals.iter().filter(|(arn, _)| is_user(arn)).collect();
        found.sort_by_key(|(arn, leaving)| {
            (!matches!(leaving, PlannedRemoval::Renamed { .. }), (*arn).clone())
        });
        found.first().map(|(arn, leaving)| ((*arn).clone(), (*leaving).clone()))
    }

    /// True the first time that a role that goes and a project are asked about together.
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

    /// The names, in lower case, of the roles whose ARN is only known once the plan is applied.
    pub(super) fn with_unknown_arn(&self) -> BTreeSet<String> {
        let roles = self.locked();
        let without = roles.planned.iter().filter(|(_, planned)| !planned.is_arn_known);
        without.map(|(name, _)| name.clone()).collect()
    }

    /// Notes that the plan repairs what SLS needs of the role: its trust policy, or the policies attached to it.
    pub(super) fn record_repaired(&self, arn: &str) {
        self.locked().repaired.insert(arn.to_lowercase());
    }

    /// True if the plan repairs what SLS needs of the role.
    pub(super) fn is_repaired(&self, arn: &str) -> bool {
        self.locked().repaired.contains(&arn.to_lowercase())
    }

    /// Notes that a Logstore is encrypted through the role.
    pub(super) fn record_user(&self, arn: &str, log_store: &str) {
        self.locked().users.entry(arn.to_lowercase()).or_default().insert(log_store.to_owned());
    }

    /// Notes whether the Logstore may be replaced in the same apply, so that its role may change.
    pub(super) fn record_may_be_replaced(&self, log_store: &str, may_be: bool) {
        let marked = &mut self.locked().may_be_replaced;
        marked.remove(log_store);
        marked.extend(may_be.then(|| log_store.to_owned()));
    }

    /// The Logstores that are known to be encrypted through the role, but for those that may be replaced.
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
