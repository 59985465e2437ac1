//! One call to the service, from the signature to the answer.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::authentication::{authenticate, signed_region};
use super::byok::KeyAndRoleCheck;
use super::context::{Context, Request};
use super::data::{self, Compression, DataCall, DataOperation};
use super::data_key::Snapshot;
use super::model::Model;
use super::operations::{Operation, Run};
use super::permission::permission;
use super::routes::{Route, route};
use super::versioned::View;
use crate::access::{Principal, condition_context};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::faulted_call::{EvaluatedCall, run_under_fault};
use crate::faults::{Arrival, FaultTarget};
use crate::http::{Answer, Call, Reply};
use crate::identity::Directory;
use crate::json;
use crate::state::State;

/// What the request log and faults call this service.
pub const NAME: &str = "sls";

/// Bytes in a JSON body. No source has the number; this one is a guess.
const JSON_BODY_BYTES: usize = 1024 * 1024;

/// Answers a call: verifies who sent it, finds the operation, asks whether the caller may, applies what
/// was ordered to go wrong, and evaluates it. The body is read last.
pub async fn serve(state: &Arc<State>, call: &Arc<Call>, arrival: &Arrival) -> Answer {
    match evaluate(state, call, arrival).await {
        Ok(answer) => answer,
        Err(error) => Answer::Reply(error.to_reply()),
    }
}

async fn evaluate(state: &Arc<State>, call: &Arc<Call>, arrival: &Arrival) -> Result<Answer, Error> {
    let endpoint = call.endpoint();
    let region = region_of(state, call, &endpoint);
    let (directory, now) = (state.identity.current(), state.clock.unix());
    let principal = authenticate(call, |id| state.access_key(&directory, id), &state.clock, &region)?;
    state.requests.identified(&arrival.id, Some(principal.arn()), call);

    let route = route(call)?;
    let (action, resource) = permission(&route, call, &state.account_id, &region);
    if !directory.decide(&principal, &action, &resource, &condition_context(call, now)).is_allowed() {
        let arn = principal.arn();
        return Err(Error::unauthorized(format!("{arn} is not allowed to perform {action} on {resource}")));
    }
    let subject = FaultTarget {
        service: NAME,
        action: route.operation.name,
        // The logs in a Logstore have no earlier version.
        is_read: matches!(route.operation.run, Run::Read(_)),
        looks_up: route.operation.looks_up(),
        project: route.project.as_deref(),
        logstore: route.logstore.as_deref(),
    };
    let evaluation =
        Evaluation { state, call, route: &route, endpoint: &endpoint, region: &region, caller: &principal };
    run_under_fault(&evaluation, state.fault_for(subject, arrival), state).await
}

/// The region a call is for: the endpoint's, else that of the project it names, else the emulator's. At an endpoint
/// that names neither, such as an IP address, a call is for the region that it is signed for, so that a client can list
/// the projects of each.
fn region_of(state: &State, call: &Call, endpoint: &Endpoint) -> String {
    let of_project =
        |name: &str| state.sls().project(name, View::Current).map(|project| project.region.clone());
    let of_endpoint = match (&endpoint.region, &endpoint.project) {
        (Some(region), _) => Some(region.clone()),
        (None, Some(project)) => of_project(project),
        (None, None) => signed_region(call).map(str::to_owned),
    };
    of_endpoint.unwrap_or_else(|| state.region.clone())
}

/// A call that may be carried out.
struct Evaluation<'a> {
    state: &'a Arc<State>,
    call: &'a Arc<Call>,
    route: &'a Route,
    endpoint: &'a Endpoint,
    region: &'a str,
    caller: &'a Principal,
}

impl EvaluatedCall for Evaluation<'_> {
    async fn run(&self) -> Result<Reply, Error> {
        self.run_with_directory(View::Current, self.state.identity.current()).await
    }

    /// A read answers what was there before the last write, and a write looks up roles, attachments and
    /// permissions to pass roles on as before the last `writes` to them. The data plane has no earlier version to
    /// look at.
    async fn run_stale(&self, writes: usize) -> Result<Reply, Error> {
        let current = self.state.identity.current();
        if self.route.operation.is_read() {
            return self.run_with_directory(View::BeforeLastWrite, current).await;
        }
        self.run_with_directory(View::Current, self.state.identity.nth_previous(writes)).await
    }

    async fn run_unapplied(&self) -> Result<Reply, Error> {
        if let Run::Data(operation) = self.route.operation.run {
            return self.run_data(operation, false).await;
        }
        let body = self.body()?;
        let mut copy = self.state.sls().clone();
        self.apply(&mut copy, &body, View::Current, self.state.identity.current())
    }

    fn throttled(&self) -> Error {
        Error::throttled(self.route.operation.is_read())
    }
}

impl Evaluation<'_> {
    /// Carries the call out.
    async fn run_with_directory(&self, view: View, directory: Arc<Directory>) -> Result<Reply, Error> {
        if let Run::Data(operation) = self.route.operation.run {
            return self.run_data(operation, true).await;
        }
        let body = self.body()?;
        let mut model = self.state.sls();
        let outcome = self.apply(&mut model, &body, view, directory);
        self.state.submit_changes(&mut model).map_err(|_| Error::internal_server_error())?;
        outcome
    }

    async fn run_data(&self, operation: DataOperation, is_applied: bool) -> Result<Reply, Error> {
        check_body_headers(self.call, self.route.operation)?;
        let call = DataCall {
            state: Arc::clone(self.state),
            call: Arc::clone(self.call),
            project: self.route.project.clone().unwrap_or_default(),
            logstore: self.route.logstore.clone().unwrap_or_default(),
            shard: self.route.shard.unwrap_or_default(),
            region: self.endpoint.region.clone(),
            is_applied,
        };
        data::serve(operation, call).await
    }

    /// The JSON body of an operation that takes one.
    fn body(&self) -> Result<Map<String, Value>, Error> {
        check_body_headers(self.call, self.route.operation)?;
        if !self.route.operation.takes_body {
            return Ok(Map::new());
        }
        read_body(&self.call.body)
    }

    fn apply(
        &self,
        model: &mut Model,
        body: &Map<String, Value>,
        view: View,
        directory: Arc<Directory>,
    ) -> Result<Reply, Error> {
        let snapshot = &Snapshot { directory, ..self.state.snapshot() };
        let now = snapshot.now;
        let key_and_role_check = KeyAndRoleCheck {
            snapshot,
            caller: self.caller,
            condition_context: &condition_context(self.call, now),
            looks_up: self.state.references_must_exist(),
        };
        let context = &Context {
            account_id: &self.state.account_id,
            region: self.region,
            region_is_named: self.endpoint.region.is_some(),
            rules: self.state.rules,
            now,
            view,
            key_and_role_check,
        };
        let request = &Request {
            host_project: self.route.project.as_deref(),
            project: self.route.project.as_deref().unwrap_or_default(),
            name: self.route.logstore.as_deref().unwrap_or_default(),
            shard: self.route.shard.unwrap_or_default(),
            query: &self.call.query,
            body,
            text: std::str::from_utf8(&self.call.body).unwrap_or_default(),
            context,
        };
        let answer = match self.route.operation.run {
            Run::Read(read) => read(model, request)?,
            Run::Write(write) => write(model, request)?,
            Run::Data(_) => return Err(Error::internal_server_error()),
        };
        Ok(match answer {
            Value::Null => Reply::empty(),
            Value::String(text) => Reply::raw(200, "application/json", text.into_bytes()),
            answer => Reply::json(200, &answer),
        })
    }
}

/// Reads a JSON body. What it holds is kept and answered, so that it is far smaller than one of logs may be.
fn read_body(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.len() > JSON_BODY_BYTES {
        return Err(Error::post_body_too_large(JSON_BODY_BYTES));
    }
    match json::parse(body) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(Error::post_body_invalid()),
    }
}

/// Checks what the service wants to know about a body before it reads it.
fn check_body_headers(call: &Call, operation: &Operation) -> Result<(), Error> {
    let raw_size = call.header("x-log-bodyrawsize");
    if raw_size.is_some_and(|size| size.parse::<u64>().is_err()) {
        return Err(Error::invalid_body_raw_size());
    }
    if let Some(kind) = call.header("x-log-compresstype").filter(|kind| !kind.is_empty()) {
        Compression::from_name(kind).ok_or_else(|| Error::invalid_compress_type(kind))?;
        raw_size.ok_or_else(Error::missing_body_raw_size)?;
    }
    if call.body.is_empty() {
        return Ok(());
    }
    match call.header("content-type").map(media_type) {
        None | Some("") => {
            let message = "Content-Type does not exist in http header when body is not empty.";
            Err(Error::new(400, "MissingContentType", message))
        }
        Some(content_type) if content_type == operation.content_type() => Ok(()),
        Some(other) => {
            Err(Error::new(415, "InvalidContentType", format!("Content-Type {other} is unsupported.")))
        }
    }
}

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_an_object_without_repetition_and_of_limited_size() {
        let of_length = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - r#"{"a":""}"#.len()));
        for body in ["{}", r#"{"ttl":1,"encrypt_conf":{"enable":true}}"#, &of_length(JSON_BODY_BYTES)] {
            read_body(body.as_bytes()).unwrap();
        }
        for (body, code) in [
            ("", "PostBodyInvalid"),
            ("[]", "PostBodyInvalid"),
            (r#"{"ttl":1,"ttl":2}"#, "PostBodyInvalid"),
            (r#"{"encrypt_conf":{"enable":false,"enable":true}}"#, "PostBodyInvalid"),
            (r#"{"tags":[{"key":"a","key":"b"}]}"#, "PostBodyInvalid"),
            (&of_length(JSON_BODY_BYTES + 1), "PostBodyTooLarge"),
        ] {
            let error = read_body(body.as_bytes()).unwrap_err();
            assert_eq!((error.status, error.code.as_str()), (400, code));
        }
    }
}
