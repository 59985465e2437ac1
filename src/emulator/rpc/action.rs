//! Services and their actions, apart from the calls that come over the wire.

use serde_json::{Map, Value};

use super::{Api, Error, Parameters};
use crate::access::{AccessKey, Principal};
use crate::identity::Directory;
use crate::policy::ConditionContext;

/// A service whose model is an `M`.
#[derive(Debug)]
pub struct Service<M: 'static> {
    /// Which.
    pub api: Api,
    /// What it can do.
    pub actions: &'static [Action<M>],
    /// What it says to callers who may not: status, code and message.
    pub forbidden: (u16, &'static str, &'static str),
    /// What it says to callers who call too often.
    pub throttled: (u16, &'static str, &'static str),
}

/// One action.
#[derive(Debug)]
pub struct Action<M: 'static> {
    /// Its name in the API reference.
    pub name: &'static str,
    /// The resources on which the caller needs the permission `<service>:<name>`.
    pub resource: Resource<M>,
    /// What it does.
    pub run: Run<M>,
}

/// The resources on which the caller of an action needs the permission.
#[derive(Debug)]
pub enum Resource<M> {
    /// None: everyone may call it.
    NoPermission,
    /// None, and it is called without a signature.
    Anonymous,
    /// One.
    Arn(ArnOf<M>),
    /// Two; the caller needs the permission on both.
    Both(ArnOf<M>, ArnOf<M>),
}

/// The ARN of a resource that a request names.
pub type ArnOf<M> = fn(&M, &Request<'_>) -> Result<String, Error>;

impl<M> Resource<M> {
    /// The ARNs on which the caller needs the permission.
    ///
    /// # Errors
    ///
    /// The request names no resource.
    pub fn arns(&self, model: &M, request: &Request<'_>) -> Result<Vec<String>, Error> {
        match self {
            Self::NoPermission | Self::Anonymous => Ok(Vec::new()),
            Self::Arn(arn) => Ok(vec![arn(model, request)?]),
            Self::Both(one, other) => Ok(vec![one(model, request)?, other(model, request)?]),
        }
    }
}

/// What an action does; the members it answers, besides the request id.
#[derive(Debug)]
pub enum Run<M> {
    /// Changes nothing.
    Read(fn(&M, &Request<'_>) -> Outcome),
    /// Changes the model.
    Write(fn(&mut M, &Request<'_>) -> Outcome),
    /// Issues the access key of a session. The model stays as it is.
    IssueCredentials(fn(&M, &Request<'_>) -> IssuedCredentials),
}

impl<M> Run<M> {
    /// Whether the action looks something up that a stale answer can be about.
    pub fn looks_up(&self) -> bool {
        matches!(self, Self::Read(_) | Self::IssueCredentials(_))
    }
}

/// The members of an answer, or an error.
pub type Outcome = Result<Map<String, Value>, Error>;

/// The access key of a session with the members of the answer, or an error.
pub type IssuedCredentials = Result<(AccessKey, Map<String, Value>), Error>;

/// What an action is evaluated against, apart from the model.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The account everything belongs to.
    pub account_id: &'a str,
    /// The host that is addressed, with the port where there is one; empty for a call that has no wire.
    pub host: &'a str,
    /// The region that is addressed; `None` where the call does not say.
    pub named_region: Option<&'a str>,
    /// The region of what does not say another.
    pub default_region: &'a str,
    /// Seconds since the epoch.
    pub now: i64,
    /// Who calls; `None` for an anonymous call.
    pub caller: Option<&'a Principal>,
    /// The context that conditions are evaluated in.
    pub condition_context: &'a ConditionContext,
    /// What it is called with.
    pub parameters: &'a Parameters,
}

/// Carries out a reading action for a caller who is known already: another service of the cloud that acts for
/// the account. There is no wire, no signature and no ordered fault, and the caller needs the same permission
/// as anyone.
///
/// # Errors
///
/// What the service answers such a call with; `InvalidAction.NotFound` for an action that writes.
pub fn call_as<M>(
    service: &Service<M>,
    model: &M,
    directory: &Directory,
    action: &str,
    request: &Request<'_>,
) -> Outcome {
    let known = service.actions.iter().find(|known| known.name == action);
    let Some((action, Run::Read(read))) = known.map(|known| (known, &known.run)) else {
        return Err(Error::action_not_found(service.api.name(), action));
    };
    check_access(service, action, model, directory, request)?;
    read(model, request)
}

/// Checks that the caller is allowed the action on its resources.
///
/// # Errors
///
/// The error of the service for callers who may not, and for a request that names no resource.
pub fn check_access<M>(
    service: &Service<M>,
    action: &Action<M>,
    model: &M,
    directory: &Directory,
    request: &Request<'_>,
) -> Result<(), Error> {
    let Some(caller) = request.caller else { return Ok(()) };
    let name = format!("{}:{}", service.api.name(), action.name);
    let is_refused =
        |arn: &&String| !directory.decide(caller, &name, arn, request.condition_context).is_allowed();
    let arns = action.resource.arns(model, request)?;
    let Some(resource) = arns.iter().find(is_refused) else { return Ok(()) };
    tracing::debug!(caller = caller.arn(), action = name, resource, "not allowed");
    let (status, code, message) = service.forbidden;
    Err(Error::new(status, code, message))
}
