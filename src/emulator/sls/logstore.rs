//! The operations on Logstores.

use serde_json::{Map, Value, json};

use super::context::{Context, Outcome, Request};
use super::encryption;
use super::fields::{self, ENCRYPT_CONF};
use super::model::{Logstore, MeteringMode, Model};
use super::names::is_logstore_name;
use super::paging::Page;
use super::versioned::View;
use crate::error::Error;
use crate::target::Query;

/// Logstores in one project
/// (<https://www.alibabacloud.com/help/en/sls/product-overview/basic-resources>).
const PER_PROJECT: usize = 200;

/// The size of a list when the call does not say.
const DEFAULT_LIST_SIZE: usize = 200;

/// What a Logstore of metrics has as `telemetryType`.
pub const METRICS: &str = "Metrics";

/// CreateLogStore.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreInfoInvalid`, `LogStoreAlreadyExist`, `ProjectQuotaExceed`.
pub fn create(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project, body, context, .. } = request;
    let region = model.served_project(project, context, View::Current)?.region.clone();
    let mut logstore =
        Logstore { members: fields::created(body, context.rules, context.now)?, ..Logstore::default() };
    let name = body.get("logstoreName").and_then(Value::as_str).unwrap_or_default();
    if !is_logstore_name(name) {
        return Err(Error::logstore_info_invalid(format!("store name {name} is invalid")));
    }
    if let Some(conf) = body.get(ENCRYPT_CONF).and_then(Value::as_object) {
        let conf = encryption::ENCRYPT_CONF.parse(conf, context.rules)?;
        let conf = encryption::configured(None, &conf, &encryption::ENCRYPT_CONF)?;
        context.key_and_role_check.validate(conf.as_ref(), (project, name), &region)?;
        logstore.set_encrypt_conf(conf);
    }
    if model.logstore(project, name, View::Current).is_some() {
        return Err(Error::logstore_already_exist(name));
    }
    if model.logstores(project, View::Current).count() >= PER_PROJECT {
        return Err(Error::project_quota_exceed());
    }
    logstore.fit_shards(context.now);
    model.set_logstore(project, name, logstore);
    Ok(Value::Null)
}

/// GetLogStore.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`.
pub fn get(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, context, .. } = request;
    let logstore = existing(model, project, name, context)?;
    Ok(Value::Object(logstore.members.clone()))
}

/// UpdateLogStore.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `LogStoreInfoInvalid`, `ParameterInvalid`, `NotSupported`.
pub fn update(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, body, context, .. } = request;
    let stored = existing(model, project, name, context)?;
    let mut next = Logstore {
        members: fields::updated(&stored.members, body, context.rules, context.now)?,
        ..stored.clone()
    };
    if body.get("logstoreName").is_some_and(|sent| sent != name) {
        return Err(Error::logstore_info_invalid(format!("logstoreName is not {name}, the one in the path")));
    }
    check_mode_change(stored, &next)?;
    let conf = match body.get(ENCRYPT_CONF).and_then(Value::as_object) {
        Some(conf) => {
            let conf = encryption::ENCRYPT_CONF.parse(conf, context.rules)?;
            let conf = encryption::configured(stored.encrypt_conf(), &conf, &encryption::ENCRYPT_CONF)?;
            context.key_and_role_check.validate(conf.as_ref(), (project, name), region_of(model, project))?;
            conf
        }
        None => encryption::omitted(stored.encrypt_conf(), context.rules)?,
    };
    next.set_encrypt_conf(conf);
    model.set_logstore(project, name, next);
    Ok(Value::Null)
}

/// DeleteLogStore.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`.
pub fn delete(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, context, .. } = request;
    existing(model, project, name, context)?;
    model.remove_logstore(project, name);
    Ok(Value::Null)
}

/// ListLogStores.
///
/// # Errors
///
/// `ProjectNotExist`, and those of [`Page::from_query`].
pub fn list(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { project, query, context, .. } = request;
    project_of(model, project, context)?;
    let page = Page::from_query(query, DEFAULT_LIST_SIZE)?;
    let matching: Vec<&str> = model
        .logstores(project, context.view)
        .filter(|(name, logstore)| is_listed(name, &logstore.members, query))
        .map(|(name, _)| name)
        .collect();
    let total = matching.len();
    let names = page.select(matching);
    Ok(json!({"count": names.len(), "total": total, "logstores": names}))
}

/// `GetLogStoreMeteringMode`.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`.
pub fn get_metering_mode(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, context, .. } = request;
    let mode = existing(model, project, name, context)?.metering_mode;
    Ok(json!({"meteringMode": mode.name()}))
}

/// `UpdateLogStoreMeteringMode`.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `ParameterInvalid`, `NotSupported`.
pub fn update_metering_mode(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, body, context, .. } = request;
    let mut logstore = existing(model, project, name, context)?.clone();
    logstore.metering_mode = body
        .get("meteringMode")
        .and_then(Value::as_str)
        .and_then(MeteringMode::from_name)
        .ok_or_else(|| Error::parameter_invalid("[meteringMode] key is missing or not supported"))?;
    check_metering_mode(&logstore)?;
    model.set_logstore(project, name, logstore);
    Ok(Value::Null)
}

/// `UpdateLogStoreEncryption`.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`, `LogStoreInfoInvalid`, `ParameterInvalid`.
pub fn update_encryption(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, body, context, .. } = request;
    let mut logstore = existing(model, project, name, context)?.clone();
    let conf = encryption::ENCRYPTION_API.parse(body, context.rules)?;
    let conf = encryption::switched(logstore.encrypt_conf(), conf, &encryption::ENCRYPTION_API)?;
    context.key_and_role_check.validate(conf.as_ref(), (project, name), region_of(model, project))?;
    logstore.set_encrypt_conf(conf);
    logstore.members.insert("lastModifyTime".to_owned(), context.now.into());
    model.set_logstore(project, name, logstore);
    Ok(Value::Null)
}

/// An existing Logstore, in a project that the call's endpoint serves.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`.
pub fn existing<'a>(
    model: &'a Model,
    project: &str,
    name: &str,
    context: &Context<'_>,
) -> Result<&'a Logstore, Error> {
    project_of(model, project, context)?;
    model.logstore(project, name, context.view).ok_or_else(|| Error::logstore_not_exist(name))
}

/// Checks that the project exists. If an earlier version is read, it is that of the Logstore: the project must
/// exist in either version.
///
/// # Errors
///
/// `ProjectNotExist`
pub fn project_of(model: &Model, project: &str, context: &Context<'_>) -> Result<(), Error> {
    let current = model.served_project(project, context, View::Current);
    current.or_else(|_| model.served_project(project, context, context.view)).map(|_| ())
}

/// The region of an existing project.
fn region_of<'m>(model: &'m Model, project: &str) -> &'m str {
    model.project(project, View::Current).map_or("", |project| &project.region)
}

/// A standard Logstore that is charged by function cannot be given another mode; the other way is open.
fn check_mode_change(stored: &Logstore, next: &Logstore) -> Result<(), Error> {
    let by_function = stored.metering_mode == MeteringMode::ChargeByFunction;
    if by_function && stored.is_standard() && !next.is_standard() {
        let message = "The logstore mode or telemetryType is not supported for current metering mode.";
        return Err(Error::new(400, "NotSupported", message));
    }
    Ok(())
}

/// Only standard Logstores are charged by what is written. The text is that of the function tests of the vendor's Java
/// SDK, which run on the real service; the code is a guess.
fn check_metering_mode(logstore: &Logstore) -> Result<(), Error> {
    let by_function = logstore.metering_mode == MeteringMode::ChargeByFunction;
    if by_function || (logstore.is_standard() && !logstore.is_of_metrics()) {
        return Ok(());
    }
    let message = "The metring mode is not supported for current mode or telemetryType.";
    Err(Error::new(400, "NotSupported", message))
}

/// Whether a Logstore matches the filters of a list. An empty filter matches all.
fn is_listed(name: &str, members: &Map<String, Value>, query: &Query) -> bool {
    let filter = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let telemetry_type = match text("telemetryType") {
        "" => "None",
        other => other,
    };
    filter("logstoreName").is_none_or(|part| name.contains(part))
        && filter("telemetryType").is_none_or(|wanted| wanted.eq_ignore_ascii_case(telemetry_type))
        && filter("mode").is_none_or(|wanted| wanted == text("mode"))
}

impl Logstore {
    /// Whether it is a metric store.
    pub fn is_of_metrics(&self) -> bool {
        let kind = self.members.get("telemetryType").and_then(Value::as_str);
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case(METRICS))
    }

    fn is_standard(&self) -> bool {
        self.members.get("mode").is_some_and(|mode| mode == "standard")
    }
}

impl MeteringMode {
    fn name(self) -> &'static str {
        match self {
            Self::ChargeByFunction => "ChargeByFunction",
            Self::ChargeByDataIngest => "ChargeByDataIngest",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::ChargeByFunction, Self::ChargeByDataIngest].into_iter().find(|mode| mode.name() == name)
    }
}
