//! `alicloud_log_store_encryption` as a list resource: the Logstores and metric stores that have an encryption
//! configuration.

use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::{import, model::EncryptionModel, read, resource::LogStoreEncryption};
use crate::{
    errors,
    log_store_id::LogStoreId,
    name_rules,
    ordered_reads::{Failure, Listing},
    role_arn,
    session::Session,
    stores::{self, ProjectStores, Wanted},
};
use cloud::{
    CallContext,
    names::{LogstoreName, ProjectName, Region},
    sls::{
        EncryptConf, SlsClient, TelemetryType,
        encryption::{Mechanism, same_role_arn},
    },
};
use schema::{
    Attribute, Diagnostic, Diagnostics, ListResource, Path, Resource as _, Schema,
    list_resource::{List, ListSink, Listed},
    model,
    resource::Context,
    validator::{NotEmpty, OneOf, ParseWith},
};

model! {
    /// Which Logstores are listed.
    pub struct ListModel {
        /// The region of the projects.
        pub region: String,
        /// The project; null for all.
        pub project_name: String,
        /// A part of the names of Logstores.
        pub logstore_name: String,
        /// The mechanism.
        pub mechanism: String,
        /// Whether what is written is encrypted.
        pub enable: bool,
        /// The key.
        pub cmk_key_id: String,
        /// The role.
        pub role_arn: String,
    }
}

const DESCRIPTION: &str = "The Logstores and metric stores of a region that have an encryption configuration, for `terraform query`. Logstores that were never configured are not listed, because there is nothing to import; the data source `alicloud_log_store_encryptions` has them too.\n\nThe order is that of project and name, so that two queries write the same file. Logstores that cannot be read do not keep the others from being listed: one warning at the end names them. It is an error only if nothing can be listed.\n\nThe calls are a page of `ListProject` for 500 projects, unless `project_name` is given, a page of `ListLogStores` and one of `ListMetricStores` for 500 Logstores of a project, and one `GetLogStore` or `GetMetricStore` for each of them. `include_resource` and `-generate-config-out` need no further calls. Filters other than `project_name` and `logstore_name` do not save any: the configuration has to be read to compare it.";

/// The values of `mechanism`.
const MECHANISMS: [&str; 2] = [Mechanism::ServiceKey.as_str(), Mechanism::Byok.as_str()];

/// The list resource `alicloud_log_store_encryption`.
#[derive(Debug)]
pub struct LogStoreEncryptionList {
    resource: LogStoreEncryption,
}

impl LogStoreEncryptionList {
    pub(crate) fn new(session: Arc<Session>) -> LogStoreEncryptionList {
        LogStoreEncryptionList { resource: LogStoreEncryption::new(session) }
    }
}

impl ListResource for LogStoreEncryptionList {
    type Config = ListModel;
    type Resource = EncryptionModel;

    fn type_name(&self) -> &'static str {
        self.resource.type_name()
    }

    fn schema(&self) -> Schema {
        Schema { description: DESCRIPTION, attributes: attributes(), ..Schema::default() }
    }

    async fn list(
        &self,
        context: &Context,
        request: List<ListModel>,
        sink: &mut ListSink<'_, EncryptionModel>,
    ) -> Result<(), Diagnostics> {
        let List { config, include_resource, .. } = request;
        let region = match config.region.known() {
            Some(region) => Region::parse(region).map_err(|error| invalid("region", &error.to_string()))?,
            None => self.resource.session.region().map_err(Diagnostic::from)?,
        };
        let client = self.resource.session.sls(&region).map_err(Diagnostic::from)?;
        let lister = Lister { resource: &self.resource, context, client, region, config, include_resource };
        let at_once = self.resource.session.max_concurrency();
        let projects = lister.projects().boxed().await?;
        let lister = &lister;
        let stores = stream::iter(projects)
            .map(|project| lister.stores(project).boxed())
            .buffered(at_once.max(1))
            .flat_map(stream::iter);
        let reads = stores.map(|store| lister.read(store).boxed());
        Listing { at_once, warning: "Not every Logstore could be read" }.send(reads, sink).await
    }
}

/// A Logstore of a list, or why there may be more of them.
type Store = Result<(LogStoreId, TelemetryType), Failure>;

/// One listing.
struct Lister<'a> {
    resource: &'a LogStoreEncryption,
    context: &'a Context,
    client: SlsClient,
    region: Region,
    config: ListModel,
    include_resource: bool,
}

const CANNOT_LIST: &str = "Cannot list Logstores";

impl Lister<'_> {
    /// The projects, in order.
    ///
    /// # Errors
    ///
    /// They cannot be listed.
    async fn projects(&self) -> Result<Vec<Result<ProjectName, Failure>>, Diagnostic> {
        if let Some(name) = self.config.project_name.known() {
            let project =
                ProjectName::parse(name).map_err(|error| invalid("project_name", &error.to_string()))?;
            return Ok(vec![Ok(project)]);
        }
        let names = self.client.all_projects(&self.bounds()).await;
        let names = names.map_err(|error| {
            errors::of_call("Cannot list projects", format_args!("Region {}", self.region), &error)
        })?;
        let project = |name: String| {
            ProjectName::parse(&name).map_err(|error| Failure::Unreadable {
                object: format!("Project {name}"),
                problem: error.to_string(),
            })
        };
        Ok(names.into_iter().map(project).collect())
    }

    /// The stores of a project, in order.
    async fn stores(&self, project: Result<ProjectName, Failure>) -> Vec<Store> {
        let project = match project {
            Ok(project) => project,
            Err(failure) => return vec![Err(failure)],
        };
        let is_named = self.config.project_name.known().is_some();
        let object = || format!("Project {project} in {}", self.region);
        let failed = |error| Failure::of_call(CANNOT_LIST, object(), error);
        let failed_list = |error| Failure::Final(errors::of_call(CANNOT_LIST, object(), error));
        let name_part = self.config.logstore_name.known().map(String::as_str);
        let wanted = Wanted { telemetry_type: None, name_part };
        let ProjectStores { found, failed: errors } =
            match stores::list(&self.client, &self.bounds(), &project, wanted).await {
                Ok(stores) => stores,
                Err(error) if is_named => return vec![Err(failed_list(&error))],
                // It was deleted after it was listed.
                Err(_) => return Vec::new(),
            };
        let found = found.into_iter().map(|(name, kind)| match LogstoreName::parse(&name) {
            Ok(logstore) => {
                Ok((LogStoreId { region: self.region.clone(), project: project.clone(), logstore }, kind))
            }
            Err(error) => Err(Failure::Unreadable {
                object: format!("Logstore {project}:{name}"),
                problem: error.to_string(),
            }),
        });
        // What one of the two lists has is listed if the other one cannot be read.
        if let (true, [error, _]) = (is_named, &errors[..]) {
            return vec![Err(failed_list(error))];
        }
        errors.iter().map(|error| Err(failed(error))).chain(found).collect()
    }

    /// What a list shows of a store; `None` if it is not wanted.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    async fn read(&self, store: Store) -> Result<Option<Listed<EncryptionModel>>, Failure> {
        let (id, kind) = store?;
        match self.try_read(&id, kind).await {
            // It was deleted after it was listed.
            Err(error) if errors::is_gone(&error) => Ok(None),
            outcome => outcome.map_err(|error| {
                Failure::of_call(CANNOT_LIST, format_args!("Logstore {id} in {}", id.region), &error)
            }),
        }
    }

    async fn try_read(
        &self,
        id: &LogStoreId,
        kind: TelemetryType,
    ) -> Result<Option<Listed<EncryptionModel>>, cloud::error::Error> {
        let (bounds, kind) = (self.bounds(), Some(kind));
        let store = self.client.get_log_or_metric_store(&bounds, &id.project, &id.logstore, kind).await?;
        let conf = store.encrypt_conf()?.filter(|conf| self.is_wanted(conf));
        let Some(conf) = conf else { return Ok(None) };
        let state = read::new_state(&import::bare(id), id, &conf, store.create_time()?);
        Ok(Some(Listed {
            display_name: display_name(id, &conf),
            identity: self.resource.identity(&state),
            resource: self.include_resource.then_some(state),
        }))
    }

    fn is_wanted(&self, conf: &EncryptConf) -> bool {
        let ListModel { mechanism, enable, cmk_key_id, role_arn, .. } = &self.config;
        let cmk = conf.user_cmk_info.as_ref();
        mechanism.known().is_none_or(|wanted| wanted == conf.mechanism().as_str())
            && enable.known().is_none_or(|wanted| *wanted == conf.enable)
            && cmk_key_id.known().is_none_or(|wanted| cmk.is_some_and(|cmk| cmk.cmk_key_id == *wanted))
            && role_arn.known().is_none_or(|wanted| cmk.is_some_and(|cmk| same_role_arn(&cmk.arn, wanted)))
    }

    /// The bounds of one read, as a refresh has them.
    fn bounds(&self) -> CallContext {
        self.resource.session.default_read_bounds(self.context)
    }
}

/// The Logstore, and what is worth knowing of its encryption at a glance.
fn display_name(id: &LogStoreId, conf: &EncryptConf) -> String {
    let told =
        [conf.mechanism().as_str(), conf.encrypt_type.as_str(), if conf.enable { "" } else { "disabled" }];
    let told: Vec<&str> = told.into_iter().filter(|text| !text.is_empty()).collect();
    format!("{}/{} ({})", id.project, id.logstore, told.join(", "))
}

fn invalid(name: &'static str, problem: &str) -> Diagnostic {
    Diagnostic::error("Invalid value", format!("{name}: {problem}")).at(Path::of(name))
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::string("region")
            .optional()
            .validator(name_rules::region())
            .description("The region of the projects. Left out, it is the provider's region."),
        Attribute::string("project_name")
            .optional()
            .validator(name_rules::project())
            .description("The project. Left out, it is every project of the region."),
        Attribute::string("logstore_name")
            .optional()
            .validator(NotEmpty)
            .description("Only Logstores whose name contains this text."),
        Attribute::string("mechanism")
            .optional()
            .validator(OneOf(&MECHANISMS))
            .description("Only Logstores with this mechanism: a key of the service, or one of your own."),
        Attribute::bool("enable").optional().description(
            "Only Logstores whose configuration is enabled, or only those whose configuration is disabled.",
        ),
        Attribute::string("cmk_key_id")
            .optional()
            .validator(NotEmpty)
            .description("Only Logstores that are encrypted with this KMS key: what depends on the key."),
        Attribute::string("role_arn")
            .optional()
            .validator(ParseWith::new(
                "Must be the ARN of a RAM role: `acs:ram::<account id>:role/<name>`.",
                role_arn::parse,
            ))
            .description(
                "Only Logstores whose key SLS uses through this RAM role: what depends on the role.",
            ),
    ]
}
