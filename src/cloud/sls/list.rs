//! What `ListProject`, `ListLogStores` and `ListMetricStores` take and give, a page at a time.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::{Error, Operation};
use crate::json_object::{Object, parse_object};
use crate::sls::telemetry_type::{TelemetryType, Vocabulary};

/// The most names that a page holds: of all three actions (SLS documentation, parameter `size`).
pub const MAX_PAGE_SIZE: u32 = 500;

/// The parameters of `ListProject`; what is `None` is left to the service.
///
/// Source: SLS documentation, `ListProject`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListProject {
    /// How many projects to skip.
    pub offset: u32,
    /// How many to give at most, up to [`MAX_PAGE_SIZE`].
    pub size: Option<u32>,
    /// `projectName`: only names that contain this text.
    pub project_name: Option<String>,
}

/// The parameters of `ListLogStores`; what is `None` is left to the service.
///
/// Source: SLS documentation, `ListLogStores`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListLogStores {
    /// How many Logstores to skip.
    pub offset: u32,
    /// How many to give at most, up to [`MAX_PAGE_SIZE`].
    pub size: Option<u32>,
    /// `logstoreName`: only names that contain this text.
    pub logstore_name: Option<String>,
    /// `telemetryType`: only Logstores of logs, or only those of metrics.
    pub telemetry_type: Option<TelemetryType>,
    /// `mode`: `standard` or `query`. The service answers an unknown mode with an empty list.
    pub mode: Option<String>,
}

/// The parameters of `ListMetricStores`; what is `None` is left to the service.
///
/// Source: SLS documentation, `ListMetricStores`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListMetricStores {
    /// How many metric stores to skip.
    pub offset: u32,
    /// How many to give at most, up to [`MAX_PAGE_SIZE`].
    pub size: Option<u32>,
    /// `name`: only names that contain this text.
    pub name: Option<String>,
}

/// One page of the names of projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectPage {
    /// How many projects match, on all pages.
    pub total: i64,
    /// The names on this page. They are what the service says, not checked against the rules for new names.
    pub projects: Vec<String>,
}

/// One page of the names of Logstores or metric stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStorePage {
    /// How many match, on all pages.
    pub total: i64,
    /// The names on this page. They are what the service says, not checked against the rules for new names.
    pub logstores: Vec<String>,
}

/// The query of a request.
pub(crate) type Query = BTreeMap<String, String>;

fn query<const OPTIONAL: usize>(offset: u32, optional: [(&str, Option<String>); OPTIONAL]) -> Query {
    let given = optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    given.chain([("offset".to_owned(), offset.to_string())]).collect()
}

fn size(size: Option<u32>) -> (&'static str, Option<String>) {
    ("size", size.map(|size| size.to_string()))
}

impl ListProject {
    pub(crate) fn query(&self) -> Query {
        query(self.offset, [size(self.size), ("projectName", self.project_name.clone())])
    }
}

impl ListLogStores {
    pub(crate) fn query(&self) -> Query {
        let telemetry_type = self.telemetry_type.map(|of| of.as_str().to_owned());
        query(
            self.offset,
            [
                size(self.size),
                ("logstoreName", self.logstore_name.clone()),
                ("telemetryType", telemetry_type),
                ("mode", self.mode.clone()),
            ],
        )
    }
}

impl ListMetricStores {
    pub(crate) fn query(&self) -> Query {
        query(self.offset, [size(self.size), ("name", self.name.clone())])
    }
}

impl ProjectPage {
    pub(crate) fn read(operation: &Operation, body: &[u8]) -> Result<Self, Error> {
        let fields = parse_object(operation, body)?;
        let object = Object::new(operation, "", &fields);
        let projects = object.objects("projects")?.into_iter().enumerate();
        let name = |(index, project): (usize, &Map<String, Value>)| {
            Object::new(operation, format!("projects[{index}]"), project)
                .text("projectName")
                .map(str::to_owned)
        };
        Ok(Self { total: object.integer("total")?, projects: projects.map(name).collect::<Result<_, _>>()? })
    }
}

impl LogStorePage {
    pub(crate) fn read(operation: &Operation, of: &Vocabulary, body: &[u8]) -> Result<Self, Error> {
        let fields = parse_object(operation, body)?;
        let object = Object::new(operation, "", &fields);
        Ok(Self { total: object.integer("total")?, logstores: object.texts(of.names)? })
    }
}
