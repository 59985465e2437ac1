//! What of the model was written to and is not yet handed to the store.

use std::collections::BTreeSet;

use super::model::Model;
use super::versioned::View;
use crate::emulator::stored::{Unreadable, Unwritable};
use crate::storage::{Change, Document, Kind};

/// Projects and Logstores that were written to, by name, and the numbers of Logstores that are gone.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    projects: BTreeSet<String>,
    logstores: BTreeSet<(String, String)>,
    gone: BTreeSet<u64>,
}

impl Changes {
    /// A project was set or removed.
    pub fn project(&mut self, name: &str) {
        self.projects.insert(name.to_owned());
    }

    /// A Logstore was set or removed.
    pub fn logstore(&mut self, project: &str, name: &str) {
        self.logstores.insert((project.to_owned(), name.to_owned()));
    }

    /// A Logstore of this number is not there any more: nothing in it is ever read again.
    pub fn gone(&mut self, number: u64) {
        self.gone.insert(number);
    }
}

impl Model {
    /// What was written since this was last asked for, as a change of the store: documents of what is there,
    /// and the removal of what is not, blocks included.
    ///
    /// # Errors
    ///
    /// [`Unwritable`], and then nothing is taken.
    pub fn take_changes(&mut self) -> Result<Change, Unwritable> {
        let mut change = Change::new();
        for name in &self.changes.projects {
            self.write_project(name, &mut change)?;
        }
        for (project, name) in &self.changes.logstores {
            self.write_logstore(project, name, &mut change)?;
        }
        for number in &self.changes.gone {
            change.remove_blocks(*number);
        }
        self.changes = Changes::default();
        Ok(change)
    }

    /// Everything there is, into a change of the store.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn write_all(&self, change: &mut Change) -> Result<(), Unwritable> {
        for (project, _) in self.projects(View::Current) {
            self.write_project(project, change)?;
            for (name, _) in self.logstores(project, View::Current) {
                self.write_logstore(project, name, change)?;
            }
        }
        Ok(())
    }

    /// Reads the documents of a store. What is there has been as it is all along.
    ///
    /// # Errors
    ///
    /// [`Unreadable`], with the name of the document.
    pub fn from_documents(projects: &[Document], logstores: &[Document]) -> Result<Self, Unreadable> {
        let mut model = Self::default();
        for document in projects {
            let name = &document.name;
            let unreadable = |error| Unreadable::new(format!("project {name}: {error}"));
            let project = super::Project::from_document(&document.content).map_err(unreadable)?;
            model.set_project(name, project);
        }
        for document in logstores {
            let unreadable = |error| Unreadable::new(format!("Logstore {}: {error}", document.name));
            let (project, name) = document
                .name
                .split_once('/')
                .filter(|(project, _)| model.project(project, View::Current).is_some())
                .ok_or_else(|| unreadable(Unreadable::new("its project is not there")))?;
            let logstore = super::Logstore::from_document(&document.content).map_err(unreadable)?;
            model.set_logstore(project, name, logstore);
        }
        model.settle();
        Ok(model)
    }

    fn write_project(&self, name: &str, change: &mut Change) -> Result<(), Unwritable> {
        match self.project(name, View::Current) {
            Some(project) => change.write(Kind::Project, name, project.to_document()?.to_vec()),
            None => change.remove(Kind::Project, name),
        }
        Ok(())
    }

    fn write_logstore(&self, project: &str, name: &str, change: &mut Change) -> Result<(), Unwritable> {
        let document = format!("{project}/{name}");
        match self.logstore(project, name, View::Current) {
            Some(logstore) => change.write(Kind::Logstore, &document, logstore.to_document()?.to_vec()),
            None => change.remove(Kind::Logstore, &document),
        }
        Ok(())
    }
}
