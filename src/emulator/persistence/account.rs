//! The account and its clock as documents of the store.

use serde::{Deserialize, Serialize};

use crate::seed::Seed;
use crate::stored::{Unreadable, Unwritable, decode, encode};
use storage::{Document, Kind, WriteBatch};

/// The name of the document about the account.
const ONLY: &str = "all";
/// The name of the document about the clock.
const CLOCK: &str = "clock";

/// The account.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredAccount {
    pub account_id: String,
    pub region: String,
    pub references_must_exist: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredClock {
    advanced_seconds: i64,
}

/// Writes the account into a change.
///
/// # Errors
///
/// [`Unwritable`]
pub fn write(contents: &Seed, batch: &mut WriteBatch) -> Result<(), Unwritable> {
    let account = StoredAccount {
        account_id: contents.account_id.clone(),
        region: contents.region.clone(),
        references_must_exist: contents.references_must_exist,
    };
    batch.write(Kind::Account, ONLY, encode(&account)?);
    Ok(())
}

/// Writes how far the clock was moved into a change, in seconds.
///
/// # Errors
///
/// [`Unwritable`]
pub fn write_clock(advanced_seconds: i64, batch: &mut WriteBatch) -> Result<(), Unwritable> {
    batch.write(Kind::Account, CLOCK, encode(&StoredClock { advanced_seconds })?);
    Ok(())
}

/// The account and how far its clock was moved, in seconds; `None` where nothing was ever stored.
///
/// # Errors
///
/// [`Unreadable`]
pub fn from_documents(documents: &[Document]) -> Result<Option<(StoredAccount, i64)>, Unreadable> {
    if documents.is_empty() {
        return Ok(None);
    }
    let clock: StoredClock = decode(&find_document(documents, CLOCK)?.content)?;
    Ok(Some((decode(&find_document(documents, ONLY)?.content)?, clock.advanced_seconds)))
}

/// The document of a name.
///
/// # Errors
///
/// That it is not there.
pub fn find_document<'d>(documents: &'d [Document], name: &str) -> Result<&'d Document, Unreadable> {
    let document = documents.iter().find(|document| document.name == name);
    document.ok_or_else(|| Unreadable::new(format!("the document {name:?} is not there")))
}
