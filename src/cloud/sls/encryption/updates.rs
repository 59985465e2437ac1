//! The updates that a sequence has sent, and which settings of other writers they have overwritten.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    super::{EncryptConf, EncryptionApi, LogStore, TelemetryType},
    merge::{conf_members, has_value, refusable_members, unmanaged_members},
    permanent_values::is_in_effect,
};

/// A setting of another writer that an update has overwritten, and that the sequence has not restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnrestoredSetting {
    /// The name of the member.
    pub member: String,
    /// The value that the other writer has set, as JSON.
    pub expected: String,
    /// The value that the Logstore has, as JSON; `null` if the member is missing.
    pub actual: String,
}

/// An update that SLS has carried out, or may carry out.
pub(super) struct SentUpdate {
    api: EncryptionApi,
    conf: EncryptConf,
    /// The read that the update was built from.
    base: LogStore,
    /// The members that were sent.
    sent: Map<String, Value>,
    /// The values that reads have shown, and that other writers have set after `base` and before SLS carried out this
    /// update. A later read of the old value does not remove one: that read may be stale.
    foreign_values: BTreeMap<String, ForeignValue>,
    /// The newest read that was recorded in `foreign_values`.
    newest_recorded: Option<LogStore>,
    status: UpdateStatus,
    /// True once a read was compared with this update to find what the update has overwritten.
    effects_checked: bool,
}

/// A value that another writer has set.
struct ForeignValue {
    value: Value,
    /// How many updates had been sent when it was read. Those updates were built without it.
    updates_sent: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum UpdateStatus {
    /// SLS has carried it out.
    Confirmed,
    /// The answer was lost: SLS may have carried it out, and may still do so.
    InDoubt,
}

/// The value of a member that other writers own. Of `encrypt_conf` or `encryptConf`, these are the members that the
/// provider does not manage.
fn value(telemetry_type: TelemetryType, fields: &Map<String, Value>, name: &str) -> Value {
    let value = fields.get(name).unwrap_or(&Value::Null);
    let names = conf_members(telemetry_type);
    if name == names.conf { unmanaged_members(names, value) } else { value.clone() }
}

/// The value of a member of a read.
fn read_value(read: &LogStore, name: &str) -> Value {
    value(read.read_as(), read.fields(), name)
}

impl SentUpdate {
    /// `UpdateLogStore` or `UpdateMetricStore` with `body`.
    pub(super) fn document(base: &LogStore, body: &Map<String, Value>, conf: &EncryptConf) -> Self {
        Self::new(EncryptionApi::UpdateLogStore, base, body.clone(), conf)
    }

    /// `UpdateLogStoreEncryption`; `encrypt_conf` is the configuration that SLS will store.
    pub(super) fn encryption(base: &LogStore, encrypt_conf: Value, conf: &EncryptConf) -> Self {
        let sent = Map::from_iter([(conf_members(base.read_as()).conf.to_owned(), encrypt_conf)]);
        Self::new(EncryptionApi::UpdateLogStoreEncryption, base, sent, conf)
    }

    fn new(api: EncryptionApi, base: &LogStore, sent: Map<String, Value>, conf: &EncryptConf) -> Self {
        Self {
            api,
            conf: conf.clone(),
            base: base.clone(),
            sent,
            foreign_values: BTreeMap::new(),
            newest_recorded: None,
            status: UpdateStatus::InDoubt,
            effects_checked: false,
        }
    }

    /// This update once SLS has confirmed it.
    pub(super) fn confirmed(self) -> Self {
        Self { status: UpdateStatus::Confirmed, ..self }
    }

    pub(super) fn uses(&self, api: EncryptionApi) -> bool {
        self.api == api
    }

    /// The members that were sent and that a server may not know: first those without a value, then those with one.
    pub(super) fn refusable_members(&self) -> (Vec<String>, Vec<String>) {
        refusable_members(self.base.read_as(), &self.sent)
    }

    /// The value of a member that was sent.
    fn sent_value(&self, name: &str) -> Value {
        value(self.base.read_as(), &self.sent, name)
    }

    /// The value of a member of the read that the update was built from.
    fn base_value(&self, name: &str) -> Value {
        read_value(&self.base, name)
    }

    /// True if the read shows every change of this update.
    pub(super) fn is_visible_in(&self, found: &LogStore) -> bool {
        is_in_effect(found, &self.conf).unwrap_or(false)
            && self.changed_members().all(|name| read_value(found, name) == self.sent_value(name))
    }

    /// True if every member that this update changes still has the value of `base`, and the update has overwritten
    /// nothing.
    fn is_not_yet_visible_in(&self, found: &LogStore) -> bool {
        let name = conf_members(self.base.read_as()).conf;
        let conf = |read: &LogStore| read.fields().get(name).cloned().unwrap_or(Value::Null);
        let conf_is_unchanged = || conf(found) == conf(&self.base);
        let members_are_unchanged =
            || self.changed_members().all(|name| read_value(found, name) == self.base_value(name));
        let is_unchanged = (conf_is_unchanged() || !self.changes_conf()) && members_are_unchanged();
        is_unchanged && !self.is_visible_in(found) && self.overwritten(0, &[], found).is_empty()
    }

    fn changes_conf(&self) -> bool {
        let name = conf_members(self.base.read_as()).conf;
        self.base.fields().get(name) != self.sent.get(name)
    }

    /// The members of other writers that this update changes.
    fn changed_members(&self) -> impl Iterator<Item = &str> {
        self.sent.keys().map(String::as_str).filter(|name| self.sent_value(name) != self.base_value(name))
    }

    /// Records the values of other writers in a read that SLS answered before it carried out this update. True if the
    /// read shows a new one.
    ///
    /// A read that is older than `base` shows no value that was set after `base`. `updates_sent` is how many updates
    /// have been sent.
    pub(super) fn record_foreign_values(&mut self, found: &LogStore, updates_sent: usize) -> bool {
        if found.is_older_than(&self.base) {
            return false;
        }
        let is_newest = !self.newest_recorded.as_ref().is_some_and(|newest| found.is_older_than(newest));
        let mut is_new = false;
        for name in found.fields().keys() {
            let value = read_value(found, name);
            let is_foreign = value != self.base_value(name) && value != self.sent_value(name);
            if value.is_null() || !is_foreign {
                continue;
            }
            let recorded = self.foreign_values.get(name);
            if recorded.is_none_or(|recorded| is_newest && recorded.value != value) {
                is_new = true;
                self.foreign_values.insert(name.clone(), ForeignValue { value, updates_sent });
            }
        }
        if is_newest {
            self.newest_recorded = Some(found.clone());
        }
        is_new
    }

    /// The settings of other writers that this update has overwritten, each with the value to restore.
    /// `index` is the position of this update; `later` are the updates that were sent after it.
    fn overwritten(&self, index: usize, later: &[SentUpdate], found: &LogStore) -> Vec<(String, Value)> {
        let names = self.base.fields().keys().chain(self.foreign_values.keys());
        let to_restore = |name: &String| {
            // A later update that was built without the value may have overwritten it as well.
            let count = self
                .foreign_values
                .get(name)
                .map_or(0, |foreign| foreign.updates_sent.saturating_sub(index + 1));
            let built_without = later.get(..count).unwrap_or(later);
            Some((name.clone(), self.overwritten_value(name, built_without, &read_value(found, name))?))
        };
        names.filter_map(to_restore).collect()
    }

    /// The value of a member that this update has overwritten.
    ///
    /// The read may show a value that differs from the one that was sent, or another value of a member that was not
    /// sent. Another writer has set it after this update, or SLS has (counters, times): the sequence does not restore
    /// an older value then.
    fn overwritten_value(&self, name: &str, later: &[SentUpdate], found: &Value) -> Option<Value> {
        if self.api != EncryptionApi::UpdateLogStore {
            return None;
        }
        let before = self.base_value(name);
        let expected = self.foreign_values.get(name).map_or(&before, |foreign| &foreign.value);
        let is_overwritten = match self.sent.get(name).map(|_| self.sent_value(name)) {
            Some(sent) => {
                let is_ours = |update: &SentUpdate| update.sent_value(name) == *found;
                self.foreign_values.contains_key(name) && (*found == sent || later.iter().any(is_ours))
            }
            None => has_value(name, expected) && !has_value(name, found),
        };
        (is_overwritten && expected != found).then(|| expected.clone())
    }
}

/// The updates of one sequence, and the settings to restore because of them.
#[derive(Default)]
pub(super) struct Updates {
    sent: Vec<SentUpdate>,
    to_restore: BTreeMap<String, SettingToRestore>,
    /// The last read, if its staleness was unclear.
    unclear_read: Option<LogStore>,
}

/// Whether a read shows the current version of the Logstore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Staleness {
    /// It shows every update that SLS has carried out.
    Current,
    /// SLS answered it from a version that is older than an update which SLS has carried out.
    Stale,
    /// Another writer has changed the same members as an update, before or after it. Only a second read shows which.
    Unclear,
}

/// A setting to restore.
struct SettingToRestore {
    /// The value that the other writer has set.
    expected: Value,
    /// The value that an update has overwritten it with.
    actual: Value,
}

impl Updates {
    /// Adds an update that SLS has carried out, or may carry out.
    pub(super) fn push(&mut self, sent: SentUpdate) {
        self.sent.push(sent);
    }

    /// True if there is no update that SLS has carried out or may carry out.
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// True if a read does not show an update that SLS has carried out. That update may have overwritten a value which
    /// the read shows, so the values are recorded.
    pub(super) fn record_if_stale(&mut self, found: &LogStore) -> bool {
        let (mut is_stale, sent) = (false, self.sent.len());
        for update in self.sent.iter_mut().filter(|update| update.status == UpdateStatus::Confirmed) {
            if update.is_not_yet_visible_in(found) {
                is_stale = true;
                update.effects_checked &= !update.record_foreign_values(found, sent);
            }
        }
        is_stale
    }

    /// Compares a read with the updates that SLS has carried out. Records the values of a stale read.
    pub(super) fn staleness(&mut self, found: &LogStore) -> Staleness {
        if self.record_if_stale(found) {
            return Staleness::Stale;
        }
        let sent = self.sent.len();
        let is_unchecked =
            |update: &&mut SentUpdate| update.status == UpdateStatus::Confirmed && !update.effects_checked;
        let all_visible = self.sent.iter_mut().filter(is_unchecked).all(|update| update.is_visible_in(found));
        match self.unclear_read.take() {
            None if !all_visible => {
                self.unclear_read = Some(found.clone());
                Staleness::Unclear
            }
            Some(earlier) if all_visible => {
                for update in self.sent.iter_mut().filter(is_unchecked) {
                    update.record_foreign_values(&earlier, sent);
                }
                Staleness::Current
            }
            _ => Staleness::Current,
        }
    }

    /// Compares a read that is not stale with the updates, and records which settings of other writers they have
    /// overwritten. Only this function decides what the sequence restores, or reports when it ends without restoring.
    pub(super) fn record_effects(&mut self, found: &LogStore) {
        // A setting that a writer has changed since, this sequence included, needs no restoring.
        self.to_restore.retain(|name, setting| read_value(found, name) == setting.actual);
        let sent = self.sent.len();
        for index in 0..sent {
            let Some((update, later)) = self.sent.get_mut(index..).and_then(<[_]>::split_first_mut) else {
                break;
            };
            if update.effects_checked {
                continue;
            }
            let overwritten = update.overwritten(index, later, found);
            // An overwritten setting shows that SLS has carried out an update in doubt. So do the values that the
            // update sets, if no later update has sent the same ones.
            let is_carried_out = !overwritten.is_empty() || (later.is_empty() && update.is_visible_in(found));
            if update.status == UpdateStatus::InDoubt && !is_carried_out {
                // If SLS carries it out later, it overwrites what other writers change until then.
                update.record_foreign_values(found, sent);
                continue;
            }
            (update.effects_checked, update.status) = (true, UpdateStatus::Confirmed);
            for (name, expected) in overwritten {
                let actual = read_value(found, &name);
                self.to_restore.insert(name, SettingToRestore { expected, actual });
            }
        }
    }

    /// True if there is a setting to restore.
    pub(super) fn has_settings_to_restore(&self) -> bool {
        !self.to_restore.is_empty()
    }

    /// The members that the next update restores, each with its value.
    pub(super) fn to_restore(&self) -> Map<String, Value> {
        self.to_restore.iter().map(|(name, setting)| (name.clone(), setting.expected.clone())).collect()
    }

    /// The settings that the sequence has not restored, for an error message.
    pub(super) fn unrestored(&self) -> Vec<UnrestoredSetting> {
        let unrestored = |(member, setting): (&String, &SettingToRestore)| UnrestoredSetting {
            member: member.clone(),
            expected: setting.expected.to_string(),
            actual: setting.actual.to_string(),
        };
        self.to_restore.iter().map(unrestored).collect()
    }

    /// True if no read was compared with an update that SLS has confirmed.
    pub(super) fn any_confirmed_is_unchecked(&self) -> bool {
        self.sent.iter().any(|update| update.status == UpdateStatus::Confirmed && !update.effects_checked)
    }

    /// True if SLS may still carry out an update that it never answered.
    pub(super) fn any_is_in_doubt(&self) -> bool {
        self.sent.iter().any(|update| update.status == UpdateStatus::InDoubt)
    }
}
