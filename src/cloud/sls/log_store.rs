//! A Logstore as `GetLogStore` describes it.

use serde_json::{Map, Value};

use crate::cloud::error::{Error, Operation};
use crate::cloud::names::LogstoreName;
use crate::cloud::sls::encrypt_conf::EncryptConf;
use crate::cloud::sls::shape::{Object, parse_object};

/// The answer of `GetLogStore`, with every field it came with: also those nobody here has heard of, and numbers
/// digit for digit. What is written back from it loses nothing.
#[derive(Clone, Debug)]
pub struct LogStore {
    operation: Operation,
    fields: Map<String, Value>,
}

impl LogStore {
    /// A Logstore made of fields; nothing is checked until it is read. Errors of the readers name `operation`.
    pub fn from_fields(operation: Operation, fields: Map<String, Value>) -> Self {
        Self { operation, fields }
    }

    /// Reads an answer of success and checks everything the readers below will be asked for, and that it is
    /// about the Logstore that was asked for.
    pub(crate) fn read(operation: &Operation, asked: &LogstoreName, body: &[u8]) -> Result<Self, Error> {
        let store = Self::from_fields(operation.clone(), parse_object(operation, body)?);
        if store.logstore_name()? != asked.as_str() {
            let expected = format!("the text {:?}", asked.as_str());
            return Err(store.object().wrong("logstoreName", &expected));
        }
        store.create_time()?;
        store.encrypt_conf()?;
        Ok(store)
    }

    /// `logstoreName`
    ///
    /// # Errors
    /// Kind `Malformed` when it is missing or not a text.
    pub fn logstore_name(&self) -> Result<&str, Error> {
        self.object().text("logstoreName")
    }

    /// `createTime`, in seconds since 1970: what tells a Logstore from a later one of the same name.
    ///
    /// # Errors
    /// Kind `Malformed` when it is missing or not a whole number.
    pub fn create_time(&self) -> Result<i64, Error> {
        self.object().integer("createTime")
    }

    /// `encrypt_conf`; `None` when encryption was never configured. SLS leaves the field out then; `null` is
    /// taken for the same.
    ///
    /// # Errors
    /// Kind `Malformed` when it does not have the documented shape; the text names the field, what it should
    /// be and what it is.
    pub fn encrypt_conf(&self) -> Result<Option<EncryptConf>, Error> {
        let conf = self.object().optional_object("encrypt_conf")?;
        conf.map(|fields| EncryptConf::read(&self.operation, fields)).transpose()
    }

    /// Every field of the answer.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    fn object(&self) -> Object<'_> {
        Object::new(&self.operation, "", &self.fields)
    }
}
