//! The contents of an account as documents of the store: one for each thing in it, so that a write is as large as what
//! it changes.

use serde::{Deserialize, Serialize};

use super::directory::Directory;
use crate::stored::{Unreadable, Unwritable, decode, encode};
use storage::{Document, Kind, WriteBatch};

/// The name of the document that says whose contents these are.
const ACCOUNT: &str = "account";

/// Whose contents these are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredAccount {
    account_id: String,
    alias: Option<String>,
}

impl Directory {
    /// Writes into a change of the store what is not as it was in `before`.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn write_changes(&self, before: &Self, batch: &mut WriteBatch) -> Result<(), Unwritable> {
        const KIND: Kind = Kind::Identity;
        if (&self.account_id, &self.account_alias) != (&before.account_id, &before.account_alias) {
            let (account_id, alias) = (self.account_id.clone(), self.account_alias.clone());
            batch.write(KIND, ACCOUNT, encode(&StoredAccount { account_id, alias })?);
        }
        self.access_keys.write_changes(&before.access_keys, KIND, batch)?;
        self.users.write_changes(&before.users, KIND, batch)?;
        self.groups.write_changes(&before.groups, KIND, batch)?;
        self.roles.write_changes(&before.roles, KIND, batch)?;
        self.oidc_providers.write_changes(&before.oidc_providers, KIND, batch)?;
        self.policies.write_changes(&before.policies, KIND, batch)?;
        self.attached.write_changes(&before.attached, KIND, batch)
    }

    /// Reads the documents of a store.
    ///
    /// # Errors
    ///
    /// [`Unreadable`], with the name of the document.
    pub fn from_documents(documents: &[Document]) -> Result<Self, Unreadable> {
        let (mut directory, mut is_whole) = (Self::default(), false);
        for document in documents {
            let name = &document.name;
            let unreadable = |error| Unreadable::new(format!("{name}: {error}"));
            if name == ACCOUNT {
                let account: StoredAccount = decode(&document.content).map_err(unreadable)?;
                (directory.account_id, directory.account_alias) = (account.account_id, account.alias);
                is_whole = true;
            } else if !directory.add_document(document).map_err(unreadable)? {
                return Err(Unreadable::new(format!("nothing is known of documents like {name:?}")));
            }
        }
        if is_whole {
            Ok(directory)
        } else {
            Err(Unreadable::new(format!("the document {ACCOUNT:?} is not there")))
        }
    }

    fn add_document(&mut self, document: &Document) -> Result<bool, Unreadable> {
        Ok(self.access_keys.add_document(document)?
            || self.users.add_document(document)?
            || self.groups.add_document(document)?
            || self.roles.add_document(document)?
            || self.oidc_providers.add_document(document)?
            || self.policies.add_document(document)?
            || self.attached.add_document(document)?)
    }
}
