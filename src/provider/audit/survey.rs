//! The calls of an audit: which projects there are, which stores they hold, and how each is encrypted.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use super::store::Encryption;
use crate::{
    errors,
    stores::{self, ProjectStores, Wanted},
};
use cloud::{
    CallContext,
    error::Error,
    names::{LogstoreName, ProjectName, Region},
    ram::permission::matches_pattern,
    sls::{SlsClient, TelemetryType},
};

/// What is audited.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// These projects; `None` for all of each region.
    pub(super) project_names: Option<BTreeSet<ProjectName>>,
    pub(super) project_pattern: Option<String>,
    pub(super) logstore_pattern: Option<String>,
    /// What the stores hold; `None` for all.
    pub(super) telemetry_type: Option<TelemetryType>,
}

/// Makes the calls.
#[derive(Debug)]
pub(super) struct Surveyor<'a> {
    pub(super) scope: &'a Scope,
    pub(super) clients: &'a BTreeMap<Region, SlsClient>,
    pub(super) bounds: &'a CallContext,
    /// How many calls are waited for at once, at most. The dispatcher bounds how many of them are on the wire.
    pub(super) at_once: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) stores: BTreeMap<Place, Encryption>,
    pub(super) unreadable: Vec<Unreadable>,
}

/// A store: its region, its project and its name.
pub(super) type Place = (Region, String, String);

/// What could not be read: a store, or all that a project or a region holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unreadable {
    /// `None` for a project that none of several regions has.
    pub(super) region: Option<Region>,
    pub(super) project: Option<String>,
    pub(super) logstore: Option<String>,
    pub(super) code: Option<String>,
    pub(super) message: String,
}

/// Why there is no survey: no further call can succeed.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) error: Error,
    /// How many stores had been read.
    pub(super) read: usize,
    /// Of how many, if that was known.
    pub(super) of: Option<usize>,
}

/// A project in a region.
type Project = (Region, ProjectName);

/// A store to read.
type Store = (Region, ProjectName, TelemetryType, LogstoreName);

/// How often the log says how many stores have been read.
const PROGRESS_EVERY: usize = 500;

/// The outcome of listing what a project holds.
#[derive(Debug, Default)]
struct Listed {
    stores: BTreeMap<String, TelemetryType>,
    unreadable: Vec<Unreadable>,
    /// What SLS said if the project is not in the region.
    absent: Option<Error>,
}

impl Surveyor<'_> {
    /// Makes the survey: one listing for the projects of each region, one or two for what each of them holds, and one
    /// read for each store.
    ///
    /// # Errors
    ///
    /// The first error after which no call can succeed: the caller is not known, the run was cancelled, the time is
    /// over.
    pub(super) async fn survey(&self) -> Result<Survey, Stopped> {
        let mut survey = Survey::default();
        let early = |error| Stopped { error, read: 0, of: None };
        let projects = self.projects(&mut survey).await.map_err(early)?;
        tracing::info!(
            regions = self.clients.len(),
            projects = projects.len(),
            "audit: the projects are known"
        );
        let stores = self.stores(projects, &mut survey).await.map_err(early)?;
        tracing::info!(
            stores = stores.len(),
            unreadable = survey.unreadable.len(),
            "audit: the Logstores are known"
        );
        self.read_all(stores, &mut survey).await?;
        survey.unreadable.sort();
        survey.unreadable.dedup();
        Ok(survey)
    }

    async fn projects(&self, survey: &mut Survey) -> Result<Vec<Project>, Error> {
        if let Some(names) = &self.scope.project_names {
            let names =
                || names.iter().filter(|name| fits(self.scope.project_pattern.as_ref(), name.as_str()));
            return Ok(self
                .clients
                .keys()
                .flat_map(|region| names().map(|name| (region.clone(), name.clone())))
                .collect());
        }
        let mut projects = Vec::new();
        let regions: Vec<Region> = self.clients.keys().cloned().collect();
        let mut lists = stream::iter(regions)
            .map(|region| async { (Box::pin(self.client(&region).all_projects(self.bounds)).await, region) })
            .buffer_unordered(self.at_once);
        while let Some((list, region)) = lists.next().await {
            let names = match list {
                Ok(names) => names,
                Err(error) => {
                    survey.unreadable.push(self.unreadable(&region, None, None, error)?);
                    continue;
                }
            };
            for name in names.into_iter().filter(|name| fits(self.scope.project_pattern.as_ref(), name)) {
                match ProjectName::parse(&name) {
                    Ok(project) => projects.push((region.clone(), project)),
                    Err(problem) => {
                        survey.unreadable.push(unnamable(&region, name, None, problem.to_string()));
                    }
                }
            }
        }
        Ok(projects)
    }

    async fn stores(&self, projects: Vec<Project>, survey: &mut Survey) -> Result<Vec<Store>, Error> {
        let (mut stores, mut absent, mut present) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        let mut lists = stream::iter(projects)
            .map(|project| async { (Box::pin(self.list(&project)).await, project) })
            .buffer_unordered(self.at_once);
        while let Some((listed, (region, project))) = lists.next().await {
            let listed = listed?;
            match listed.absent {
                Some(error) => drop(absent.insert(project.clone(), error)),
                None => drop(present.insert(project.clone())),
            }
            survey.unreadable.extend(listed.unreadable);
            for (name, kind) in listed.stores {
                match LogstoreName::parse(&name) {
                    Ok(name) => stores.push((region.clone(), project.clone(), kind, name)),
                    Err(problem) => {
                        let project = project.to_string();
                        survey.unreadable.push(unnamable(&region, project, Some(name), problem.to_string()));
                    }
                }
            }
        }
        // A project that was listed may be gone by now. One that was asked for by its name must be somewhere.
        if self.scope.project_names.is_some() {
            absent.retain(|project, _| !present.contains(project));
            survey
                .unreadable
                .extend(absent.into_iter().map(|(project, error)| self.nowhere(&project, &error)));
        }
        Ok(stores)
    }

    /// Lists what a project holds.
    async fn list(&self, (region, project): &Project) -> Result<Listed, Error> {
        let wanted = Wanted { telemetry_type: self.scope.telemetry_type, name_part: None };
        let ProjectStores { mut found, failed } =
            match stores::list(self.client(region), self.bounds, project, wanted).await {
                Ok(stores) => stores,
                Err(error) => return Ok(Listed { absent: Some(error), ..Listed::default() }),
            };
        found.retain(|name, _| fits(self.scope.logstore_pattern.as_ref(), name));
        let unreadable =
            failed.into_iter().map(|error| self.unreadable(region, Some(project.as_str()), None, error));
        Ok(Listed { stores: found, unreadable: unreadable.collect::<Result<_, _>>()?, absent: None })
    }

    async fn read_all(&self, stores: Vec<Store>, survey: &mut Survey) -> Result<(), Stopped> {
        let (of, mut read) = (stores.len(), 0_usize);
        let mut reads = stream::iter(stores)
            .map(|store| async { (Box::pin(self.read(&store)).await, store) })
            .buffer_unordered(self.at_once);
        while let Some((found, (region, project, _, name))) = reads.next().await {
            match found {
                Ok(encryption) => {
                    let is_wanted = self.scope.telemetry_type.is_none_or(|wanted| {
                        encryption.telemetry_type.known().is_some_and(|found| found == wanted.as_str())
                    });
                    if is_wanted {
                        survey.stores.insert((region, project.to_string(), name.to_string()), encryption);
                    }
                }
                // It was deleted after it was listed.
                Err(error) if errors::is_gone(&error) => {}
                Err(error) => {
                    let unreadable =
                        self.unreadable(&region, Some(project.as_str()), Some(name.as_str()), error);
                    survey.unreadable.push(unreadable.map_err(|error| Stopped {
                        error,
                        read,
                        of: Some(of),
                    })?);
                }
            }
            read = read.saturating_add(1);
            if read.is_multiple_of(PROGRESS_EVERY) || read == of {
                tracing::info!(read, of, unreadable = survey.unreadable.len(), "audit: Logstores are read");
            }
        }
        Ok(())
    }

    async fn read(&self, (region, project, kind, name): &Store) -> Result<Encryption, Error> {
        let client = self.client(region);
        let store = client.get_log_or_metric_store(self.bounds, project, name, Some(*kind)).await?;
        Encryption::of(&store)
    }

    fn client(&self, region: &Region) -> &SlsClient {
        &self.clients[region]
    }

    /// The entry for what a failed call was to read.
    ///
    /// # Errors
    ///
    /// The error itself, if no other call can succeed.
    fn unreadable(
        &self,
        region: &Region,
        project: Option<&str>,
        logstore: Option<&str>,
        error: Error,
    ) -> Result<Unreadable, Error> {
        let is_over = self.bounds.remaining(self.client(region).clock()).is_some_and(|left| left.is_zero());
        if is_over || errors::ends_all_calls(&error) {
            return Err(error);
        }
        Ok(Unreadable {
            region: Some(region.clone()),
            project: project.map(str::to_owned),
            logstore: logstore.map(str::to_owned),
            code: error.code().map(str::to_owned),
            message: error.to_string(),
        })
    }

    /// A project that is in none of the regions.
    fn nowhere(&self, project: &ProjectName, error: &Error) -> Unreadable {
        let mut regions = self.clients.keys();
        let only = regions.next().filter(|_| regions.next().is_none());
        let message = match only {
            Some(_) => error.to_string(),
            None => format!(
                "The project is in none of the {} regions. The last answer: {error}",
                self.clients.len()
            ),
        };
        Unreadable {
            region: only.cloned(),
            project: Some(project.to_string()),
            logstore: None,
            code: error.code().map(str::to_owned),
            message,
        }
    }
}

fn fits(pattern: Option<&String>, name: &str) -> bool {
    pattern.is_none_or(|pattern| matches_pattern(pattern, name))
}

/// The entry for a project or store in a list of SLS whose name breaks the rules for names.
fn unnamable(region: &Region, project: String, logstore: Option<String>, problem: String) -> Unreadable {
    Unreadable {
        region: Some(region.clone()),
        project: Some(project),
        logstore,
        code: None,
        message: problem,
    }
}
