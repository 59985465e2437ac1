//! What a store holds, which decides the actions that it is addressed with and their vocabulary.

use crate::sls::encrypt_conf::{ConfMembers, OF_LOG_STORES, OF_METRIC_STORES};

/// `telemetryType`: what a Logstore holds.
///
/// A metric store is a Logstore of metrics. It has actions of its own, with other paths and member names
/// (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-createmetricstore>).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TelemetryType {
    /// `None`: logs. Values that no page describes, such as `Event`, are addressed like it.
    #[default]
    Logs,
    /// `Metrics`: a metric store.
    Metrics,
}

/// What the actions on stores of one kind are called, and what their members are.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// The first part of the path.
    pub(crate) collection: &'static str,
    /// The action that describes a store.
    pub(crate) get: &'static str,
    /// The action that replaces its settings.
    pub(crate) update: &'static str,
    /// The member that names it, and the parameter of a list that filters by it.
    pub(crate) name: &'static str,
    /// The member of a list that holds the names.
    pub(crate) names: &'static str,
    /// The members of the encryption configuration.
    pub(crate) conf: &'static ConfMembers,
}

const LOG_STORES: Vocabulary = Vocabulary {
    collection: "/logstores",
    get: "GetLogStore",
    update: "UpdateLogStore",
    name: "logstoreName",
    names: "logstores",
    conf: &OF_LOG_STORES,
};

const METRIC_STORES: Vocabulary = Vocabulary {
    collection: "/metricstores",
    get: "GetMetricStore",
    update: "UpdateMetricStore",
    name: "name",
    names: "metricstores",
    conf: &OF_METRIC_STORES,
};

impl TelemetryType {
    /// The type that a member or parameter `telemetryType` names. SLS answers with the value as it was sent (observed:
    /// `metrics`), and with an empty text where none was sent.
    pub fn from_member(text: &str) -> Self {
        if text.eq_ignore_ascii_case(Self::Metrics.as_str()) { Self::Metrics } else { Self::Logs }
    }

    /// The value of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logs => "None",
            Self::Metrics => "Metrics",
        }
    }

    /// The action that describes a store of this kind.
    pub fn get_action(self) -> &'static str {
        self.vocabulary().get
    }

    /// The action that replaces the settings of a store of this kind.
    pub fn update_action(self) -> &'static str {
        self.vocabulary().update
    }

    pub(crate) fn vocabulary(self) -> &'static Vocabulary {
        match self {
            Self::Logs => &LOG_STORES,
            Self::Metrics => &METRIC_STORES,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_is_read_whatever_its_letter_case() {
        for (text, expected) in [
            ("", TelemetryType::Logs),
            ("None", TelemetryType::Logs),
            ("Event", TelemetryType::Logs),
            ("metrics", TelemetryType::Metrics),
            ("Metrics", TelemetryType::Metrics),
        ] {
            assert_eq!(TelemetryType::from_member(text), expected, "{text}");
        }
    }
}
