//! One call to an RPC-style service, from the signature to the answer.

use serde_json::{Map, Value};

use super::action::{Action, IssuedCredentials, Request, Resource, Run, Service, check_access};
use super::{Error, RpcCall, authenticate};
use crate::access::{Principal, condition_context};
use crate::faulted_call::{EvaluatedCall, run_under_fault};
use crate::faults::{Arrival, FaultTarget};
use crate::http::{Answer, Call, Reply};
use crate::persistence::{self, Persisted};
use crate::snapshots::Snapshots;
use crate::state::State;

/// Answers a call: verifies who sent it, finds the action, asks whether the caller may, applies what was
/// ordered to go wrong, and evaluates it.
pub async fn serve<M: Clone + Persisted>(
    service: &Service<M>,
    store: &Snapshots<M>,
    state: &State,
    (call, rpc): (&Call, &RpcCall),
    arrival: &Arrival,
) -> Answer {
    let answer = Box::pin(evaluate(service, store, state, (call, rpc), arrival)).await;
    answer.unwrap_or_else(|error| Answer::Reply(rpc.refusal(&error, &call.host, &arrival.id)))
}

async fn evaluate<M: Clone + Persisted>(
    service: &Service<M>,
    store: &Snapshots<M>,
    state: &State,
    (call, rpc): (&Call, &RpcCall),
    arrival: &Arrival,
) -> Result<Answer, Error> {
    let directory = state.identity.current();
    let now = state.clock.unix();
    let action = service.actions.iter().find(|action| action.name == rpc.action);
    let caller = match action.map(|action| &action.resource) {
        Some(Resource::Anonymous) => None,
        _ => Some(authenticate(
            call,
            &rpc.parameters,
            |id| state.access_key(&directory, id),
            &state.nonces,
            &state.clock,
        )?),
    };
    state.requests.identified(&arrival.id, caller.as_ref().map(Principal::arn), call);
    rpc.parameters.check()?;
    let action = action.ok_or_else(|| Error::action_not_found(service.api.name(), &rpc.action))?;
    let named_region =
        region_of_host(&call.host).or_else(|| rpc.parameters.get("RegionId").map(str::to_owned));
    let request = Request {
        account_id: &state.account_id,
        host: &call.host,
        named_region: named_region.as_deref(),
        default_region: &state.region,
        now,
        caller: caller.as_ref(),
        condition_context: &condition_context(call, now),
        parameters: &rpc.parameters,
    };
    check_access(service, action, &store.current(), &directory, &request)?;
    let subject = FaultTarget {
        service: service.api.name(),
        action: action.name,
        is_read: matches!(action.run, Run::Read(_)),
        looks_up: action.run.looks_up(),
        project: None,
        logstore: None,
    };
    let evaluation = Evaluation { service, store, state, action, request: &request, id: &arrival.id };
    run_under_fault(&evaluation, state.fault_for(subject, arrival), state).await
}

/// The region in a host of the form `kms.<region>.aliyuncs.com`.
fn region_of_host(host: &str) -> Option<String> {
    let host = crate::endpoint::without_port(host).to_ascii_lowercase();
    let (service, region) = host.strip_suffix(".aliyuncs.com")?.split_once('.')?;
    let is_service = ["kms", "kms-vpc", "sts", "sts-vpc"].contains(&service);
    (is_service && !region.contains('.')).then(|| region.to_owned())
}

/// A call that may be carried out.
struct Evaluation<'a, M: 'static> {
    service: &'a Service<M>,
    store: &'a Snapshots<M>,
    state: &'a State,
    action: &'a Action<M>,
    request: &'a Request<'a>,
    id: &'a str,
}

impl<M: Clone + Persisted> EvaluatedCall for Evaluation<'_, M> {
    async fn run(&self) -> Result<Reply, Error> {
        let written = match self.action.run {
            Run::Read(read) => return self.reply(read(&self.store.current(), self.request)?),
            Run::Write(write) => {
                let submit = |before: &M, next: &M| self.submit(before, next);
                self.store.write(|model| write(model, self.request), submit)
            }
            Run::IssueCredentials(issue) => self.issue(|| issue(&self.store.current(), self.request)),
        };
        self.reply(written?)
    }

    /// A write is as any; of a session that is opened, role, trust and the caller's permission are looked up as
    /// before the last writes.
    async fn run_stale(&self, writes: usize) -> Result<Reply, Error> {
        let seen = self.store.nth_previous(writes);
        let issued = match self.action.run {
            Run::Read(read) => return self.reply(read(&seen, self.request)?),
            Run::Write(_) => return self.run().await,
            Run::IssueCredentials(issue) => {
                let directory = self.state.identity.nth_previous(writes);
                check_access(self.service, self.action, &seen, &directory, self.request)?;
                self.issue(|| issue(&seen, self.request))
            }
        };
        self.reply(issued?)
    }

    async fn run_unapplied(&self) -> Result<Reply, Error> {
        let model = &mut M::clone(&self.store.current());
        let members = match self.action.run {
            Run::Read(read) => read(model, self.request)?,
            Run::Write(write) => write(model, self.request)?,
            Run::IssueCredentials(issue) => issue(model, self.request)?.1,
        };
        self.reply(members)
    }

    fn throttled(&self) -> Error {
        let (status, code, message) = self.service.throttled;
        Error::new(status, code, message)
    }
}

impl<M: Clone + Persisted> Evaluation<'_, M> {
    fn issue(&self, issue: impl FnOnce() -> IssuedCredentials) -> Result<Map<String, Value>, Error> {
        self.state.sessions.issue(&self.state.store, self.request.now, issue)
    }

    fn submit(&self, before: &M, next: &M) -> Result<(), Error> {
        persistence::submit(before, next, &self.state.store).map_err(|_| Error::internal_error())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every way of running a call ends in a result")]
    fn reply(&self, mut members: Map<String, Value>) -> Result<Reply, Error> {
        members.insert("RequestId".to_owned(), self.id.into());
        Ok(Reply::json(200, &Value::Object(members)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regional_hosts_name_a_region() {
        assert_eq!(region_of_host("kms.cn-beijing.aliyuncs.com:443").as_deref(), Some("cn-beijing"));
        assert_eq!(region_of_host("KMS-VPC.eu-west-1.aliyuncs.com").as_deref(), Some("eu-west-1"));
        for host in ["ram.aliyuncs.com", "sts.aliyuncs.com", "localhost:8700", "127.0.0.1", "kms.localhost"] {
            assert_eq!(region_of_host(host), None, "{host}");
        }
    }
}
