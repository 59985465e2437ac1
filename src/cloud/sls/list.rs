//! What `ListLogStores` takes and gives.

use std::collections::BTreeMap;

use crate::error::{Error, Operation};
use crate::json_object::{Object, parse_object};

/// The parameters of `ListLogStores`; what is `None` is left to the service.
///
/// Source: SLS documentation, `ListLogStores`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListLogStores {
    /// How many Logstores to skip.
    pub offset: u32,
    /// How many to give at most, up to 500.
    pub size: Option<u32>,
    /// `logstoreName`: only names that contain this text.
    pub logstore_name: Option<String>,
    /// `telemetryType`: `None` for logs, `Metrics` for metrics.
    pub telemetry_type: Option<String>,
    /// `mode`: `standard` or `query`. The service answers an unknown mode with an empty list.
    pub mode: Option<String>,
}

/// One page of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStorePage {
    /// How many Logstores match, on all pages.
    pub total: i64,
    /// The names on this page. They are what the service says, not checked against the rules for new names.
    pub logstores: Vec<String>,
}

impl ListLogStores {
    pub(crate) fn query(&self) -> BTreeMap<String, String> {
        let optional = [
            ("size", self.size.map(|size| size.to_string())),
            ("logstoreName", self.logstore_name.clone()),
            ("telemetryType", self.telemetry_type.clone()),
            ("mode", self.mode.clone()),
        ];
        let mut query = BTreeMap::from([("offset".to_owned(), self.offset.to_string())]);
        for (key, value) in optional {
            if let Some(value) = value {
                query.insert(key.to_owned(), value);
            }
        }
        query
    }
}

impl LogStorePage {
    pub(crate) fn read(operation: &Operation, body: &[u8]) -> Result<Self, Error> {
        let fields = parse_object(operation, body)?;
        let object = Object::new(operation, "", &fields);
        Ok(Self { total: object.integer("total")?, logstores: object.texts("logstores")? })
    }
}
