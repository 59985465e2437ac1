//! The operations on metric stores. A metric store is a Logstore of metrics with other member names; the logs
//! in it are written and read as those of any Logstore
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-createmetricstore>).
//!
//! Its encryption follows what is known of the service: the same rules as for Logstores, except that an update without
//! `encryptConf` does not change encryption. Members with the names of Logstores, such as `encrypt_conf`, are ignored.
//! Other members that an update leaves out keep their values as well; that, the errors and the permissions are guesses.
//! So is what the operations on Logstores do with a metric store: GetLogStore shows it, with its encryption in the
//! names of Logstores, and UpdateLogStore and `UpdateLogStoreEncryption` change it as they change a Logstore.

use serde_json::{Map, Value, json};

use super::context::{Context, Outcome, Request};
use super::encryption::{self, METRIC_STORE};
use super::fields::ENCRYPT_CONF;
use super::logstore;
use super::model::{Logstore, Model};
use super::paging::Page;
use super::violation::missing;
use crate::Rules;
use crate::error::Error;

/// The size of a list when the call does not say.
const DEFAULT_LIST_SIZE: usize = 200;

/// The only kind of metrics there is.
const METRIC_TYPE: &str = "prometheus";

/// The encryption configuration.
const CONF: &str = "encryptConf";

/// Members that have the same name in a Logstore, in both directions.
const SHARED: [&str; 10] = [
    "ttl",
    "shardCount",
    "autoSplit",
    "maxSplitShard",
    "mode",
    "hot_ttl",
    "infrequentAccessTTL",
    "appendMeta",
    "shardingPolicy",
    "enable_tracking",
];

/// Members that are read only.
const READ_ONLY: [&str; 3] = ["createTime", "lastModifyTime", "processorId"];

/// `CreateMetricStore`.
///
/// # Errors
///
/// Those of CreateLogStore.
pub fn create(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { body, .. } = request;
    let name = body.get("name").ok_or_else(|| missing("name"))?;
    let mut logstore = as_logstore(body)?;
    logstore.insert("logstoreName".to_owned(), name.clone());
    logstore.insert("telemetryType".to_owned(), logstore::METRICS.into());
    let conf = configuration(None, body)?;
    logstore.extend(conf.map(|conf| (ENCRYPT_CONF.to_owned(), conf)));
    logstore::create(model, &Request { body: &logstore, ..*request })
}

/// `GetMetricStore`.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`.
pub fn get(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, context, .. } = request;
    let stored = existing(model, project, name, context)?;
    let shown = SHARED.into_iter().chain(READ_ONLY);
    let mut members: Map<String, Value> =
        shown.filter_map(|name| Some((name.to_owned(), stored.members.get(name)?.clone()))).collect();
    members.insert("name".to_owned(), name.into());
    members.insert("metricType".to_owned(), METRIC_TYPE.into());
    let conf = stored.encrypt_conf().map(|conf| METRIC_STORE.translated(conf));
    members.extend(conf.map(|conf| (CONF.to_owned(), conf)));
    Ok(Value::Object(members))
}

/// `UpdateMetricStore`: what is left out stays.
///
/// # Errors
///
/// Those of UpdateLogStore.
pub fn update(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, body, context, .. } = request;
    let stored = existing(model, project, name, context)?;
    let mut logstore = as_logstore(body)?;
    let ttl = stored.members.get("ttl").cloned();
    logstore.entry("ttl").or_insert_with(|| ttl.unwrap_or_default());
    logstore.extend(body.get("name").map(|name| ("logstoreName".to_owned(), name.clone())));
    let conf = configuration(stored.encrypt_conf(), body)?;
    logstore.extend(conf.map(|conf| (ENCRYPT_CONF.to_owned(), conf)));
    let context = &Context { rules: Rules::Lenient, ..*context };
    logstore::update(model, &Request { body: &logstore, context, ..*request })
}

/// `DeleteMetricStore`.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`.
pub fn delete(model: &mut Model, request: &Request<'_>) -> Outcome {
    let &Request { project, name, context, .. } = request;
    existing(model, project, name, context)?;
    logstore::delete(model, request)
}

/// `GetMetricStoreMeteringMode`.
///
/// # Errors
///
/// `ProjectNotExist`, `LogStoreNotExist`.
pub fn get_metering_mode(model: &Model, request: &Request<'_>) -> Outcome {
    existing(model, request.project, request.name, request.context)?;
    logstore::get_metering_mode(model, request)
}

/// `UpdateMetricStoreMeteringMode`.
///
/// # Errors
///
/// Those of `UpdateLogStoreMeteringMode`.
pub fn update_metering_mode(model: &mut Model, request: &Request<'_>) -> Outcome {
    existing(model, request.project, request.name, request.context)?;
    logstore::update_metering_mode(model, request)
}

/// `ListMetricStores`.
///
/// # Errors
///
/// `ProjectNotExist`, and those of [`Page::from_query`].
pub fn list(model: &Model, request: &Request<'_>) -> Outcome {
    let &Request { project, query, context, .. } = request;
    logstore::project_of(model, project, context)?;
    let page = Page::from_query(query, DEFAULT_LIST_SIZE)?;
    let filter = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let is_listed = |name: &str, logstore: &Logstore| {
        logstore.is_of_metrics()
            && filter("name").is_none_or(|part| name.contains(part))
            && filter("mode").is_none_or(|mode| logstore.members.get("mode").is_some_and(|own| own == mode))
    };
    let stores = model.logstores(project, context.view).filter(|(name, store)| is_listed(name, store));
    let names: Vec<&str> = stores.map(|(name, _)| name).collect();
    let total = names.len();
    let names = page.select(names);
    Ok(json!({"count": names.len(), "total": total, "metricstores": names}))
}

fn existing<'m>(
    model: &'m Model,
    project: &str,
    name: &str,
    context: &Context<'_>,
) -> Result<&'m Logstore, Error> {
    let logstore = logstore::existing(model, project, name, context)?;
    if logstore.is_of_metrics() { Ok(logstore) } else { Err(Error::logstore_not_exist(name)) }
}

/// The members of a body that a Logstore has too.
fn as_logstore(body: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
    if body.get("metricType").is_some_and(|kind| kind != METRIC_TYPE) {
        return Err(Error::logstore_info_invalid("metricType is not supported"));
    }
    let shared = body.iter().filter(|(name, _)| SHARED.contains(&name.as_str()));
    Ok(shared.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// The configuration that results from a body, with the names of Logstores; `None` if the body has none.
fn configuration(stored: Option<&Value>, body: &Map<String, Value>) -> Result<Option<Value>, Error> {
    let Some(conf) = body.get(CONF) else { return Ok(None) };
    let conf = conf.as_object().ok_or_else(|| METRIC_STORE.malformed())?;
    let conf = METRIC_STORE.parse(conf, Rules::Default)?;
    if conf.enable {
        encryption::configured(stored, &conf, &METRIC_STORE)
    } else {
        encryption::switched(stored, conf, &METRIC_STORE)
    }
}
