//! `alicloud_log_store_encryptions`: how the Logstores of projects and regions are encrypted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use super::{
    all_model::{self, AllModel},
    survey::{Scope, Stopped, Surveyor, Unreadable},
};
use crate::{errors, session::Session};
use cloud::{
    names::{ProjectName, Region},
    sls::TelemetryType,
};
use schema::{
    DataSource, Diagnostic, Diagnostics, Field, Path, Schema, data_source::Reading, field::SetOf,
    resource::Context,
};

/// How long an audit may take if `timeouts.read` does not say: 10,000 Logstores at 10 calls a second take 17 minutes.
const AUDIT: Duration = Duration::from_mins(30);

/// How many of the things that could not be read a diagnostic names.
const NAMED: usize = 10;

/// The data source type `alicloud_log_store_encryptions`.
#[derive(Debug)]
pub struct LogStoreEncryptions {
    session: Arc<Session>,
}

impl LogStoreEncryptions {
    pub(crate) fn new(session: Arc<Session>) -> LogStoreEncryptions {
        LogStoreEncryptions { session }
    }

    async fn try_read(
        &self,
        context: &Context,
        mut config: AllModel,
    ) -> Result<(AllModel, Option<Diagnostic>), Diagnostic> {
        let scope = scope(&config)?;
        let clients =
            self.regions(&config)?.into_iter().map(|region| Ok((region.clone(), self.session.sls(&region)?)));
        let clients = clients.collect::<Result<BTreeMap<_, _>, Diagnostic>>()?;
        let bounds = self.session.bounds(context, &config.timeouts, |limits| &limits.read, AUDIT);
        let at_once = self.session.max_concurrency();
        let surveyor = Surveyor { scope: &scope, clients: &clients, bounds: &bounds, at_once };
        let survey = Box::pin(surveyor.survey()).await.map_err(|stopped| stopped_early(&stopped))?;
        let mut warning = None;
        if !survey.unreadable.is_empty() {
            let detail = not_read(&survey.unreadable);
            if config.fail_on_unreadable == Field::Known(true) {
                return Err(Diagnostic::error(NOT_ALL_READ, detail).at(Path::of("fail_on_unreadable")));
            }
            warning = Some(Diagnostic::warning(NOT_ALL_READ, detail));
        }
        config.report(survey);
        Ok((config, warning))
    }

    fn regions(&self, config: &AllModel) -> Result<BTreeSet<Region>, Diagnostic> {
        match texts(&config.regions) {
            None => Ok(BTreeSet::from([self.session.region()?])),
            Some(regions) => regions
                .map(|region| Region::parse(region).map_err(|error| invalid("regions", &error.to_string())))
                .collect(),
        }
    }
}

const NOT_ALL_READ: &str = "Not every Logstore could be read";

/// What is audited. The texts were validated, so that an error here is one of the framework.
fn scope(config: &AllModel) -> Result<Scope, Diagnostic> {
    let project = |name: &String| {
        ProjectName::parse(name).map_err(|error| invalid("project_names", &error.to_string()))
    };
    let project_names =
        texts(&config.project_names).map(|names| names.map(project).collect::<Result<_, _>>());
    Ok(Scope {
        project_names: project_names.transpose()?,
        project_pattern: config.project_name_pattern.known().cloned(),
        logstore_pattern: config.logstore_name_pattern.known().cloned(),
        telemetry_type: config.telemetry_type.known().map(|text| TelemetryType::from_member(text)),
    })
}

fn texts(set: &Field<SetOf<String>>) -> Option<impl Iterator<Item = &String>> {
    set.known().map(|SetOf(elements)| elements.iter().filter_map(Field::known))
}

fn invalid(name: &'static str, problem: &str) -> Diagnostic {
    Diagnostic::error("Invalid value", format!("{name}: {problem}")).at(Path::of(name))
}

fn stopped_early(Stopped { error, read, of }: &Stopped) -> Diagnostic {
    let progress = match of {
        Some(of) => format!("{read} of {of} Logstores had been read."),
        None => "The Logstores had not been listed yet.".to_owned(),
    };
    let region = error.region().map_or_else(|| "The audit".to_owned(), |region| format!("Region {region}"));
    let problem = errors::of_call("Cannot audit Logstores", region, error);
    let detail =
        format!("{}\n\n{progress} If the time limit has passed, raise timeouts.read.", problem.detail);
    Diagnostic { detail, ..problem }
}

/// What could not be read, in words.
fn not_read(unreadable: &[Unreadable]) -> String {
    let each = unreadable.iter().map(|one| format!("{}: {}", object(one), one.message));
    format!(
        "Whether these are encrypted is not known:\n\n{}\n\nThe attribute unreadable has all of them. If permissions are missing, the guide \"Least privileges\" has the policy document of an audit.",
        errors::first_lines(each, NAMED)
    )
}

fn object(one: &Unreadable) -> String {
    let region = one.region.as_ref().map(|region| format!(" in {region}")).unwrap_or_default();
    match (&one.project, &one.logstore) {
        (Some(project), Some(logstore)) => format!("Logstore {project}:{logstore}{region}"),
        (Some(project), None) => format!("Project {project}{region}"),
        _ => format!("All projects{region}"),
    }
}

impl DataSource for LogStoreEncryptions {
    type Model = AllModel;

    fn type_name(&self) -> &'static str {
        "alicloud_log_store_encryptions"
    }

    fn schema(&self) -> Schema {
        all_model::schema()
    }

    fn validate(&self, config: &AllModel) -> Diagnostics {
        let mut diagnostics = Diagnostics::new();
        for (name, set) in [("regions", &config.regions), ("project_names", &config.project_names)] {
            if set.known().is_some_and(|SetOf(elements)| elements.is_empty()) {
                let detail = format!(
                    "{name} is empty, so nothing would be audited. Leave it out for all, or name one at least."
                );
                diagnostics.push(Diagnostic::error("Empty set", detail).at(Path::of(name)));
            }
        }
        diagnostics
    }

    async fn read(&self, context: &Context, config: AllModel) -> Reading<AllModel> {
        match self.try_read(context, config).await {
            Ok((found, warning)) => {
                Reading { found: Some(found), diagnostics: warning.into_iter().collect() }
            }
            Err(problem) => Reading::failed(problem),
        }
    }
}
