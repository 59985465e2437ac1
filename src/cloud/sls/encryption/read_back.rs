//! Compares a Logstore after an update with what it was before, member by member.

use serde_json::{Map, Value};

use super::merge::{ENCRYPT_CONF, is_accepted};

/// A member that our update took away and that could not be put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// Its name.
    pub member: String,
    /// Its value before the update, as JSON.
    pub before: String,
    /// Its value after the update, as JSON; `null` if it is gone.
    pub after: String,
}

/// What the Logstore looked like around one update.
pub(super) struct Around<'a> {
    /// Read before the update; what the update was built from.
    pub(super) before: &'a Map<String, Value>,
    /// Sent.
    pub(super) sent: &'a Map<String, Value>,
    /// Read while the update was under way and not yet carried out, if it took long.
    pub(super) during: Option<&'a Map<String, Value>>,
    /// Read after the update.
    pub(super) after: &'a Map<String, Value>,
}

impl Around<'_> {
    /// The members to put right, each with the value it should have.
    ///
    /// - Another writer changed a member before our update was carried out, and our update set it back:
    ///   its value is the one seen during the update.
    /// - Our update did not carry a member and the service reset it: its value is the one from before.
    /// - What an earlier round put right did not take: its value is the one that was sent.
    ///
    /// A member that differs although we sent it, or that has another value though we did not send it, was
    /// changed by another writer after us, or by the service itself (counters, times): that value stands.
    pub(super) fn to_restore(&self) -> Map<String, Value> {
        let names =
            self.before.keys().chain(self.sent.keys()).chain(self.during.into_iter().flat_map(Map::keys));
        names.filter_map(|name| Some((name.clone(), self.restored(name)?))).collect()
    }

    fn restored(&self, name: &str) -> Option<Value> {
        if name == ENCRYPT_CONF {
            return None;
        }
        let value = |of: &Map<String, Value>| of.get(name).cloned().unwrap_or(Value::Null);
        let (before, after) = (value(self.before), value(self.after));
        if let Some(sent) = self.sent.get(name)
            && *sent != before
            && after == before
        {
            return Some(sent.clone());
        }
        let expected = self.during.map_or_else(|| before.clone(), value);
        if expected.is_null() || expected == after {
            return None;
        }
        let our_doing = match self.sent.get(name) {
            Some(sent) => expected != before && after == *sent,
            None => after.is_null() || is_accepted(name),
        };
        our_doing.then_some(expected)
    }

    /// The members that are to be restored, told for a person.
    pub(super) fn losses(&self, restore: &Map<String, Value>) -> Vec<Loss> {
        restore
            .iter()
            .map(|(member, value)| Loss {
                member: member.clone(),
                before: value.to_string(),
                after: self.after.get(member).unwrap_or(&Value::Null).to_string(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(members) => members,
            other => panic!("{other}"),
        }
    }

    #[track_caller]
    fn check(before: Value, sent: Value, during: Option<Value>, after: Value, restore: Value) {
        let (before, sent, after) = (object(before), object(sent), object(after));
        let during = during.map(object);
        let around = Around { before: &before, sent: &sent, during: during.as_ref(), after: &after };
        assert_eq!(around.to_restore(), object(restore));
    }

    #[test]
    fn nothing_is_restored_when_nothing_moved() {
        check(
            json!({"ttl": 30}),
            json!({"ttl": 30}),
            Some(json!({"ttl": 30})),
            json!({"ttl": 30}),
            json!({}),
        );
    }

    #[test]
    fn a_change_that_we_set_back_is_put_right_from_what_the_other_writer_set() {
        let during = Some(json!({"ttl": 90}));
        check(json!({"ttl": 30}), json!({"ttl": 30}), during, json!({"ttl": 30}), json!({"ttl": 90}));
    }

    #[test]
    fn a_member_another_writer_added_is_put_right_too() {
        let during = Some(json!({"ttl": 30, "hot_ttl": 7}));
        // The update did not carry it and the service dropped it: only `during` knows of it.
        check(json!({"ttl": 30}), json!({"ttl": 30}), during, json!({"ttl": 30}), json!({"hot_ttl": 7}));
    }

    #[test]
    fn a_value_that_was_just_put_right_is_not_undone() {
        check(
            json!({"ttl": 30}),
            json!({"ttl": 90}),
            Some(json!({"ttl": 30})),
            json!({"ttl": 90}),
            json!({}),
        );
    }

    #[test]
    fn a_repair_that_did_not_take_is_found_out() {
        check(json!({}), json!({"invented": 1}), None, json!({}), json!({"invented": 1}));
    }

    #[test]
    fn a_change_after_our_update_stands() {
        check(json!({"ttl": 30}), json!({"ttl": 30}), None, json!({"ttl": 90}), json!({}));
    }

    #[test]
    fn a_member_that_our_update_left_out_and_the_service_dropped_is_put_right() {
        check(json!({"invented": 1}), json!({}), None, json!({}), json!({"invented": 1}));
        check(
            json!({"mode": "query"}),
            json!({}),
            None,
            json!({"mode": "standard"}),
            json!({"mode": "query"}),
        );
    }

    #[test]
    fn what_the_service_counts_stands() {
        check(json!({"lastModifyTime": 1}), json!({}), None, json!({"lastModifyTime": 2}), json!({}));
    }
}
