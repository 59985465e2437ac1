//! A project as `GetProject` describes it.

use serde_json::{Map, Value};

use crate::cloud::error::{Error, Operation};
use crate::cloud::names::ProjectName;
use crate::cloud::shape::{Object, parse_object};

/// The answer of `GetProject`, with every field it came with.
#[derive(Clone, Debug)]
pub struct Project {
    region: Option<String>,
    status: Option<String>,
    fields: Map<String, Value>,
}

impl Project {
    /// Reads an answer of success and checks that it is about the project that was asked for.
    pub(crate) fn read(operation: &Operation, asked: &ProjectName, body: &[u8]) -> Result<Self, Error> {
        let fields = parse_object(operation, body)?;
        let object = Object::new(operation, "", &fields);
        if object.text("projectName")? != asked.as_str() {
            return Err(object.wrong("projectName", &format!("the text {:?}", asked.as_str())));
        }
        let region = object.optional_text("region")?.map(str::to_owned);
        let status = object.optional_text("status")?.map(str::to_owned);
        Ok(Self { region, status, fields })
    }

    /// `region`, the region the project is in.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// `status`: `Normal` or `Disable`.
    pub fn status(&self) -> Option<&str> {
        self.status.as_deref()
    }

    /// Every field of the answer.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }
}
