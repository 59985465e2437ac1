//! Projects and Logstores as documents of the store.

use serde::{Deserialize, Serialize};

use super::changes::Changes;
use super::model::{Logstore, Model, Project};
use super::versioned::View;
use crate::stored::{Unreadable, Unwritable, decode, encode};
use storage::{Document, Kind, WriteBatch};

/// The name of the document that says which number a Logstore was given last.
pub const NUMBERS: &str = "numbers";

/// The numbers of Logstores, as a document.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// The number that a Logstore was given last.
    last_logstore: u64,
}

impl Model {
    /// What was written since this was last called, into a change of the store: the documents of what is
    /// there, and the removal of those of what is not.
    ///
    /// # Errors
    ///
    /// [`Unwritable`], and then everything is still to be written.
    pub fn write_changes(&mut self, batch: &mut WriteBatch) -> Result<(), Unwritable> {
        for name in &self.changes.projects {
            self.write_project(name, batch)?;
        }
        for (project, name) in &self.changes.logstores {
            self.write_logstore(project, name, batch)?;
        }
        if self.changes.last_number {
            self.write_last_number(batch)?;
        }
        self.changes = Changes::default();
        Ok(())
    }

    /// Writes all documents into a change of the store.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn write_all(&self, batch: &mut WriteBatch) -> Result<(), Unwritable> {
        self.write_last_number(batch)?;
        for (project, _) in self.projects(View::Current) {
            self.write_project(project, batch)?;
            for (name, _) in self.logstores(project, View::Current) {
                self.write_logstore(project, name, batch)?;
            }
        }
        Ok(())
    }

    /// Reads the documents of a store into a model without a history.
    ///
    /// # Errors
    ///
    /// [`Unreadable`], with the name of the document.
    pub fn from_documents(
        numbers: &Document,
        projects: &[Document],
        logstores: &[Document],
    ) -> Result<Self, Unreadable> {
        let mut model = Self::default();
        for document in projects {
            let name = &document.name;
            let unreadable = |error| Unreadable::new(format!("project {name}: {error}"));
            let project = decode::<Project>(&document.content).map_err(unreadable)?;
            model.set_project(name, project);
        }
        for document in logstores {
            let unreadable = |error| Unreadable::new(format!("Logstore {}: {error}", document.name));
            let (project, name) = document
                .name
                .split_once('/')
                .filter(|(project, _)| model.project(project, View::Current).is_some())
                .ok_or_else(|| unreadable(Unreadable::new("its project is not there")))?;
            let logstore = decode::<Logstore>(&document.content).map_err(unreadable)?;
            model.restore_logstore(project, name, logstore);
        }
        model.forget_history();
        model.last_number = decode::<Numbers>(&numbers.content)?.last_logstore;
        Ok(model)
    }

    fn write_last_number(&self, batch: &mut WriteBatch) -> Result<(), Unwritable> {
        batch.write(Kind::Account, NUMBERS, encode(&Numbers { last_logstore: self.last_number })?);
        Ok(())
    }

    fn write_project(&self, name: &str, batch: &mut WriteBatch) -> Result<(), Unwritable> {
        match self.project(name, View::Current) {
            Some(project) => batch.write(Kind::Project, name, encode(project)?),
            None => batch.remove(Kind::Project, name),
        }
        Ok(())
    }

    fn write_logstore(&self, project: &str, name: &str, batch: &mut WriteBatch) -> Result<(), Unwritable> {
        let document = format!("{project}/{name}");
        match self.logstore(project, name, View::Current) {
            Some(logstore) => batch.write(Kind::Logstore, &document, encode(logstore)?),
            None => batch.remove(Kind::Logstore, &document),
        }
        Ok(())
    }
}
