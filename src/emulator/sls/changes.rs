//! What of the model was written to and is not yet handed to the store.

use std::collections::BTreeSet;

/// Projects and Logstores that were written to, by name, and whether a number was assigned.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub(super) projects: BTreeSet<String>,
    pub(super) logstores: BTreeSet<(String, String)>,
    pub(super) last_number: bool,
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

    /// A Logstore was given a number.
    pub fn number(&mut self) {
        self.last_number = true;
    }
}
