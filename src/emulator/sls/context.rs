//! What a call is evaluated against, apart from the model.

use serde_json::{Map, Value};

use super::byok::KeyAndRoleCheck;
use super::model::{Model, Project};
use super::versioned::View;
use crate::Rules;
use crate::error::Error;
use crate::target::Query;

/// What a call is evaluated against, apart from the model.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The account everything belongs to.
    pub account_id: &'a str,
    /// The region of the addressed endpoint, or the emulator's own where the endpoint does not say.
    pub region: &'a str,
    /// Whether the endpoint itself names the region, so that it serves no other.
    pub region_is_named: bool,
    /// How strictly bodies are read.
    pub rules: Rules,
    /// Seconds since the epoch.
    pub now: i64,
    /// What reads see.
    pub view: View,
    /// What validates the key and the role of an encryption configuration.
    pub key_and_role_check: KeyAndRoleCheck<'a>,
}

/// What an operation on the model is called with.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The project in the host, if it names one.
    pub host_project: Option<&'a str>,
    /// The project in the host, or nothing.
    pub project: &'a str,
    /// The Logstore or metric store in the path, or nothing.
    pub name: &'a str,
    /// The shard in the path, or 0.
    pub shard: u32,
    /// The query.
    pub query: &'a Query,
    /// The description that came with it.
    pub body: &'a Map<String, Value>,
    /// The same as text, as it was sent.
    pub text: &'a str,
    /// Everything else.
    pub context: &'a Context<'a>,
}

/// The body of an answer, null for none and a string for a text, or an error.
pub type Outcome = Result<Value, Error>;

impl Model {
    /// A project that the call's endpoint serves.
    ///
    /// # Errors
    ///
    /// `ProjectNotExist`, also for a project of another region.
    pub fn served_project(&self, name: &str, context: &Context<'_>, view: View) -> Result<&Project, Error> {
        self.project_in(name, Some(context.region).filter(|_| context.region_is_named), view)
    }
}
