//! The updates a sequence has sent, and what they did to the settings that other writers own.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    super::{EncryptConf, EncryptionApi, LogStore},
    merge::{ENCRYPT_CONF, has_value, unmanaged},
    permanence::in_effect,
};

/// A setting that an update set back, and that was not restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The name of the member.
    pub member: String,
    /// The value it should have, as JSON.
    pub before: String,
    /// The value it has, as JSON; `null` if it is gone.
    pub after: String,
}

/// An update that was, or may have been, carried out.
pub(super) struct SentUpdate {
    api: EncryptionApi,
    conf: EncryptConf,
    /// What it was built from.
    base: LogStore,
    /// What was sent.
    sent: Map<String, Value>,
    /// What other writers have set after `base` and before this was carried out, as far as a read showed it. A later
    /// read of the old value, which may be out of date, does not undo it.
    others: BTreeMap<String, Other>,
    /// The newest read that showed some of it.
    newest_before: Option<LogStore>,
    carried_out: CarriedOut,
    /// True once the effects of this update were looked for.
    is_observed: bool,
}

/// A value that another writer has set.
struct Other {
    value: Value,
    /// How many updates had been sent when it was read: those were built without it.
    sent: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CarriedOut {
    /// SLS confirmed it.
    Confirmed,
    /// The answer was lost: it may have been, or may still be.
    InDoubt,
}

/// The value of a member, as far as it is not this sequence's own: of `encrypt_conf` only the members nobody here
/// manages.
fn value(fields: &Map<String, Value>, name: &str) -> Value {
    let value = fields.get(name).unwrap_or(&Value::Null);
    if name == ENCRYPT_CONF { unmanaged(value) } else { value.clone() }
}

impl SentUpdate {
    /// `UpdateLogStore` with `body`.
    pub(super) fn document(base: &LogStore, body: &Map<String, Value>, conf: &EncryptConf) -> Self {
        Self::new(EncryptionApi::UpdateLogStore, base, body.clone(), conf)
    }

    /// `UpdateLogStoreEncryption`; `members` is the configuration as it will be stored.
    pub(super) fn encryption(base: &LogStore, members: Value, conf: &EncryptConf) -> Self {
        let sent = Map::from_iter([(ENCRYPT_CONF.to_owned(), members)]);
        Self::new(EncryptionApi::UpdateLogStoreEncryption, base, sent, conf)
    }

    fn new(api: EncryptionApi, base: &LogStore, sent: Map<String, Value>, conf: &EncryptConf) -> Self {
        Self {
            api,
            conf: conf.clone(),
            base: base.clone(),
            sent,
            others: BTreeMap::new(),
            newest_before: None,
            carried_out: CarriedOut::InDoubt,
            is_observed: false,
        }
    }

    /// The same update once SLS has confirmed it.
    pub(super) fn confirmed(self) -> Self {
        Self { carried_out: CarriedOut::Confirmed, ..self }
    }

    pub(super) fn is_of(&self, api: EncryptionApi) -> bool {
        self.api == api
    }

    /// What was sent.
    pub(super) fn body(&self) -> &Map<String, Value> {
        &self.sent
    }

    /// True if everything that this update changes is as it was sent.
    pub(super) fn is_shown_by(&self, found: &LogStore) -> bool {
        in_effect(found, &self.conf).unwrap_or(false)
            && self.changed().all(|name| value(found.fields(), name) == value(&self.sent, name))
    }

    /// True if everything that this update changes still has the value from before, and nothing is set back.
    fn is_before(&self, found: &LogStore) -> bool {
        let conf = |fields: &Map<String, Value>| fields.get(ENCRYPT_CONF).cloned().unwrap_or(Value::Null);
        let conf_is_old = || conf(found.fields()) == conf(self.base.fields());
        let members_are_old =
            || self.changed().all(|name| value(found.fields(), name) == value(self.base.fields(), name));
        let is_old = (conf_is_old() || !self.changes_conf()) && members_are_old();
        is_old && !self.is_shown_by(found) && self.losses(0, &[], found).is_empty()
    }

    fn changes_conf(&self) -> bool {
        self.base.fields().get(ENCRYPT_CONF) != self.sent.get(ENCRYPT_CONF)
    }

    /// The members that this update changes besides the configuration.
    fn changed(&self) -> impl Iterator<Item = &str> {
        self.sent
            .keys()
            .map(String::as_str)
            .filter(|name| value(&self.sent, name) != value(self.base.fields(), name))
    }

    /// Records a read that was answered before this update was carried out; true if it shows something new.
    ///
    /// A read of a version older than the one this update was built from says nothing of other writers. `sent` is how
    /// many updates have been sent.
    pub(super) fn observe_before(&mut self, found: &LogStore, sent: usize) -> bool {
        if found.is_older_than(&self.base) {
            return false;
        }
        let is_newest = !self.newest_before.as_ref().is_some_and(|newest| found.is_older_than(newest));
        let mut is_new = false;
        for name in found.fields().keys() {
            let value = value(found.fields(), name);
            let is_known =
                value == self::value(self.base.fields(), name) || value == self::value(&self.sent, name);
            if value.is_null() || is_known {
                continue;
            }
            let known = self.others.get(name);
            if known.is_none_or(|known| is_newest && known.value != value) {
                is_new = true;
                self.others.insert(name.clone(), Other { value, sent });
            }
        }
        if is_newest {
            self.newest_before = Some(found.clone());
        }
        is_new
    }

    /// The settings of others that this update has set back, each with the value it should have.
    /// `later` are the updates that were sent after this one, which is the one at `index`.
    fn losses(&self, index: usize, later: &[SentUpdate], found: &LogStore) -> Vec<(String, Value)> {
        let names = self.base.fields().keys().chain(self.others.keys());
        let lost = |name: &String| {
            // A later update that was built without what is known now may have set it back as well.
            let built_without = self.others.get(name).map_or(0, |other| other.sent.saturating_sub(index + 1));
            let without = later.get(..built_without).unwrap_or(later);
            Some((name.clone(), self.lost(name, without, &value(found.fields(), name))?))
        };
        names.filter_map(lost).collect()
    }

    /// The value that this update took away from a member.
    ///
    /// A member that differs although it was sent, or that has another value though it was not sent, was changed by
    /// another writer after this update, or by the service itself (counters, times): that value stands.
    fn lost(&self, name: &str, later: &[SentUpdate], found: &Value) -> Option<Value> {
        if self.api != EncryptionApi::UpdateLogStore {
            return None;
        }
        let before = value(self.base.fields(), name);
        let expected = self.others.get(name).map_or(&before, |other| &other.value);
        let set_back = match self.sent.get(name).map(|_| value(&self.sent, name)) {
            Some(sent) => {
                let is_ours = |update: &SentUpdate| value(&update.sent, name) == *found;
                self.others.contains_key(name) && (*found == sent || later.iter().any(is_ours))
            }
            None => has_value(name, expected) && !has_value(name, found),
        };
        (set_back && expected != found).then(|| expected.clone())
    }
}

/// The updates of one sequence, and what has to be restored because of them.
#[derive(Default)]
pub(super) struct Updates {
    sent: Vec<SentUpdate>,
    losses: BTreeMap<String, Lost>,
    /// The last read, if it was unclear whether it was of before or after an update.
    unclear: Option<LogStore>,
}

/// Whether a read shows the Logstore as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Currency {
    /// It does.
    Current,
    /// It was answered before an update that is known to be carried out.
    OutOfDate,
    /// Another writer has changed what an update changes, before or after it: only a second read tells.
    Unclear,
}

/// A setting to restore.
struct Lost {
    /// The value it should have.
    expected: Value,
    /// The value an update has left it with.
    left: Value,
}

impl Updates {
    /// Adds an update that was, or may have been, carried out.
    pub(super) fn push(&mut self, sent: SentUpdate) {
        self.sent.push(sent);
    }

    /// True if no update was, or may have been, carried out.
    pub(super) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }

    /// True if a read does not show an update that is known to be carried out. It was answered before that, so what it
    /// shows may have been set back by the update, and is recorded.
    pub(super) fn is_out_of_date(&mut self, found: &LogStore) -> bool {
        let (mut is_out_of_date, sent) = (false, self.sent.len());
        for update in self.sent.iter_mut().filter(|update| update.carried_out == CarriedOut::Confirmed) {
            if update.is_before(found) {
                is_out_of_date = true;
                update.is_observed &= !update.observe_before(found, sent);
            }
        }
        is_out_of_date
    }

    /// Whether a read shows the Logstore as it is, as far as the updates that are known to be carried out tell.
    pub(super) fn currency(&mut self, found: &LogStore) -> Currency {
        if self.is_out_of_date(found) {
            return Currency::OutOfDate;
        }
        let sent = self.sent.len();
        let is_unseen =
            |update: &&mut SentUpdate| update.carried_out == CarriedOut::Confirmed && !update.is_observed;
        let all_shown = self.sent.iter_mut().filter(is_unseen).all(|update| update.is_shown_by(found));
        match self.unclear.take() {
            None if !all_shown => {
                self.unclear = Some(found.clone());
                Currency::Unclear
            }
            Some(earlier) if all_shown => {
                for update in self.sent.iter_mut().filter(is_unseen) {
                    update.observe_before(&earlier, sent);
                }
                Currency::Current
            }
            _ => Currency::Current,
        }
    }

    /// Finds out, from a read that is not out of date, what the updates did to the settings of others. The one place
    /// that decides what is restored, or told when the sequence ends without that.
    pub(super) fn observe(&mut self, found: &LogStore) {
        // What somebody has changed since, a restore of our own included, is not to be restored any more.
        self.losses.retain(|name, lost| value(found.fields(), name) == lost.left);
        let sent = self.sent.len();
        for index in 0..sent {
            let Some((update, later)) = self.sent.get_mut(index..).and_then(<[_]>::split_first_mut) else {
                break;
            };
            if update.is_observed {
                continue;
            }
            let lost = update.losses(index, later, found);
            // What an update in doubt has set back is a sign of it, and so is what it sets, if no other sent the same.
            let is_seen = !lost.is_empty() || (later.is_empty() && update.is_shown_by(found));
            if update.carried_out == CarriedOut::InDoubt && !is_seen {
                // What other writers change until it is carried out, it would set back.
                update.observe_before(found, sent);
                continue;
            }
            (update.is_observed, update.carried_out) = (true, CarriedOut::Confirmed);
            for (name, expected) in lost {
                let left = value(found.fields(), &name);
                self.losses.insert(name, Lost { expected, left });
            }
        }
    }

    /// True if something has to be restored.
    pub(super) fn has_losses(&self) -> bool {
        !self.losses.is_empty()
    }

    /// The members to restore with the next update, each with the value it should have.
    pub(super) fn to_restore(&self) -> Map<String, Value> {
        self.losses.iter().map(|(name, lost)| (name.clone(), lost.expected.clone())).collect()
    }

    /// The settings that were set back and not restored, for a person.
    pub(super) fn losses(&self) -> Vec<Loss> {
        let loss = |(member, lost): (&String, &Lost)| Loss {
            member: member.clone(),
            before: lost.expected.to_string(),
            after: lost.left.to_string(),
        };
        self.losses.iter().map(loss).collect()
    }

    /// True if the effects of an update that SLS confirmed were not looked for.
    pub(super) fn any_confirmed_is_unseen(&self) -> bool {
        self.sent.iter().any(|update| update.carried_out == CarriedOut::Confirmed && !update.is_observed)
    }

    /// True if an update that was never answered may still be carried out.
    pub(super) fn any_may_still_be_carried_out(&self) -> bool {
        self.sent.iter().any(|update| update.carried_out == CarriedOut::InDoubt)
    }
}
