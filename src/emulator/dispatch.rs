//! The front door: takes a request off the wire and hands it to the service it is for.
//!
//! The body is taken off the wire before anything else, bounded in size and time, so that a refused call
//! leaves its connection usable. Nobody looks into it before the signature has been verified, except for
//! the form that may say which service is called.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper::{Request, Response};
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::sync::Semaphore;

use super::billing;
use super::body::{self, BodyError};
use super::clock::{iso_8601, rfc_1123};
use super::faults::Arrival;
use super::hosts::Hosts;
use super::http::{Answer, Call, Reply};
use super::ids::{request_id, rpc_request_id};
use super::kms;
use super::limits::Limits;
use super::link::ConnectionInfo;
use super::location;
use super::origin::{self, Refusal};
use super::ram;
use super::rpc::{self, Api, RpcCall, rpc_call};
use super::sls;
use super::state::State;
use super::sts;

/// What paths of the control API begin with. No service has any like them.
const CONTROL: &str = "/_emulator";

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed without an answer")]
pub struct ConnectionClosed;

/// Answers every request of every connection.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    state: Arc<State>,
    hosts: Arc<Hosts>,
    control: TowerToHyperService<Router>,
    limits: Limits,
    /// A permit for each byte of the bodies that are held.
    bodies: Arc<Semaphore>,
}

impl Dispatcher {
    /// A dispatcher for the services on `state`, and for the control API, under the names of `hosts`.
    pub fn new(state: &Arc<State>, control: Router, hosts: &Arc<Hosts>, limits: Limits) -> Self {
        let bodies = Arc::new(Semaphore::new(limits.all_bodies_bytes));
        let (state, hosts) = (Arc::clone(state), Arc::clone(hosts));
        Self { state, hosts, control: TowerToHyperService::new(control), limits, bodies }
    }

    /// Answers a request.
    ///
    /// # Errors
    ///
    /// [`ConnectionClosed`] when a fault wants the connection closed, or the body did not come.
    pub async fn dispatch(
        &self,
        link: ConnectionInfo,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, ConnectionClosed> {
        if is_control(request.uri().path()) {
            return self.control(link, request).await;
        }
        let (head, body) = request.into_parts();
        let body = body::read(&head.headers, Body::new(body), &self.limits, &self.bodies).await;
        let call = |body| {
            let call = Call::new(&head, body).coming_from(link.peer.ip().to_canonical(), link.secure);
            call.with_hosts(&self.hosts)
        };
        match body {
            Ok(body) => {
                let call = call(body);
                match origin::validate_call(&self.hosts, &call) {
                    Ok(()) => self.call(call).await,
                    Err(refusal) => {
                        Ok(self.refuse(&call, |service, id| service.refusal(&refusal, id, &call)))
                    }
                }
            }
            Err(BodyError::TooLarge) => {
                let (call, limit) = (call(Bytes::new()), self.limits.body_bytes);
                Ok(self.refuse(&call, |service, id| service.too_large(limit, id, &call)))
            }
            Err(error @ BodyError::Malformed) => Ok(Reply::bad_request(&error.to_string()).into_response()),
            Err(BodyError::TimedOut) => Err(ConnectionClosed),
        }
    }

    /// The control API, for those who may use it.
    async fn control(
        &self,
        link: ConnectionInfo,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, ConnectionClosed> {
        if let Err(refusal) = origin::validate_control(&self.hosts, link.peer.ip(), &request) {
            return Ok(Reply::json(403, &json!({"error": refusal.to_string()})).into_response());
        }
        let answer = tokio::time::timeout(self.limits.body_timeout, self.control.call(request));
        match answer.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(never)) => match never {},
            Err(_) => Err(ConnectionClosed),
        }
    }

    /// Answers a call that is not evaluated, in the form of the service that it was for.
    fn refuse(&self, call: &Call, reply: impl FnOnce(&Service, &str) -> Reply) -> Response<Body> {
        let service = Service::from_call(call);
        let (id_header, id) = service.new_request_id();
        self.arrived(&service, &id, call);
        let reply = dressed(&self.state, reply(&service, &id), id_header, id.clone());
        let answer = Answer::Reply(reply.clone());
        answered(&self.state, &id, &answer);
        reply.into_response()
    }

    /// Evaluates a call in a task of its own: as with the real services, a client that hangs up does not
    /// take back what it has sent. It is answered once everything that it may have seen or written is durable.
    async fn call(&self, call: Call) -> Result<Response<Body>, ConnectionClosed> {
        let service = Service::from_call(&call);
        let (id_header, id) = service.new_request_id();
        let releases = self.state.faults.releases();
        let arrival = Arrival { id: id.clone(), sequence: self.arrived(&service, &id, &call), releases };

        let (state, task_id) = (Arc::clone(&self.state), id.clone());
        let failed = service.internal_error(&id, &call);
        let failed = Answer::Reply(dressed(&state, failed, id_header, id.clone()));
        let failed_by_panic = failed.clone();
        let call = Arc::new(call);
        let task = tokio::spawn(async move {
            let answer = match service {
                _ if state.is_poisoned() => failed.clone(),
                Service::Sls => sls::serve(&state, &call, &arrival).await,
                Service::Rpc(rpc) => serve_rpc(&state, (&call, &rpc), &arrival).await,
            };
            let answer = match answer {
                // The time is one of the things that were seen.
                Answer::Reply(reply) => Answer::Reply(dressed(&state, reply, id_header, task_id.clone())),
                Answer::Drop => Answer::Drop,
            };
            let answer = if state.wait_durable().await.is_ok() { answer } else { failed };
            answered(&state, &task_id, &answer);
            answer
        });
        let answer = task.await.unwrap_or_else(|error| {
            tracing::error!(%error, request_id = id, "evaluating a call failed");
            answered(&self.state, &id, &failed_by_panic);
            failed_by_panic
        });
        match answer {
            Answer::Drop => Err(ConnectionClosed),
            Answer::Reply(reply) => Ok(reply.into_response()),
        }
    }

    /// Notes a call; its number in the log of calls.
    fn arrived(&self, service: &Service, id: &str, call: &Call) -> u64 {
        let (name, action) = (service.name(), service.action(call));
        let Call { method, host, path, .. } = call;
        tracing::debug!(service = name, action, request_id = id, method, host, path, "arrived");
        self.state.requests.arrived(id, iso_8601(self.state.clock.unix()), name, action, call)
    }
}

/// Adds the headers every answer has.
fn dressed(state: &State, reply: Reply, id_header: &'static str, id: String) -> Reply {
    reply
        .with_header(id_header, id)
        .with_header("server", "alicloud-emulator".to_owned())
        .with_header("date", rfc_1123(state.clock.unix()))
}

fn is_control(path: &str) -> bool {
    path.strip_prefix(CONTROL).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Hands a call to the RPC-style service it is for.
async fn serve_rpc(state: &State, (call, rpc): (&Call, &RpcCall), arrival: &Arrival) -> Answer {
    match rpc.api {
        Api::Ram => rpc::serve(&ram::SERVICE, &state.identity, state, (call, rpc), arrival).await,
        Api::Sts => rpc::serve(&sts::SERVICE, &state.identity, state, (call, rpc), arrival).await,
        Api::Kms => rpc::serve(&kms::SERVICE, &state.keys, state, (call, rpc), arrival).await,
        Api::Location => rpc::serve(&location::SERVICE, &state.identity, state, (call, rpc), arrival).await,
        Api::Billing => rpc::serve(&billing::SERVICE, &state.identity, state, (call, rpc), arrival).await,
        Api::SlsActivation => {
            rpc::serve(&sls::ACTIVATION, &state.identity, state, (call, rpc), arrival).await
        }
        Api::Unknown => Answer::Reply(rpc.refusal(&rpc::Error::invalid_version(), &call.host, &arrival.id)),
    }
}

fn answered(state: &State, id: &str, answer: &Answer) {
    let (status, error) = match answer {
        // No HTTP status is 0.
        Answer::Drop => (0, None),
        Answer::Reply(reply) => (reply.status, reply.error.as_deref()),
    };
    tracing::debug!(request_id = id, status, error_code = error.map(|error| &error.code), "answered");
    state.requests.answered(id, status, error);
}

/// Which service a call is for.
enum Service {
    Sls,
    Rpc(RpcCall),
}

impl Service {
    fn from_call(call: &Call) -> Self {
        rpc_call(call).map_or(Self::Sls, Self::Rpc)
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Sls => sls::NAME,
            Self::Rpc(rpc) => rpc.api.name(),
        }
    }

    fn action(&self, call: &Call) -> Option<String> {
        match self {
            Self::Sls => sls::route(call).ok().map(|route| route.operation.name.to_owned()),
            Self::Rpc(rpc) => Some(rpc.action.clone()),
        }
    }

    /// What the emulator says to a call that it gives to no service, in the form of this one.
    fn refusal(&self, refusal: &Refusal, id: &str, call: &Call) -> Reply {
        match self {
            Self::Sls => refusal.to_error().to_reply(),
            Self::Rpc(rpc) => rpc.refusal(&refusal.to_error(), &call.host, id),
        }
    }

    /// What the service says when it failed itself.
    fn internal_error(&self, id: &str, call: &Call) -> Reply {
        match self {
            Self::Sls => sls::Error::internal_error().to_reply(),
            Self::Rpc(rpc) => rpc.refusal(&rpc::Error::internal_error(), &call.host, id),
        }
    }

    /// What the service says to a body that is larger than `limit` bytes.
    fn too_large(&self, limit: usize, id: &str, call: &Call) -> Reply {
        match self {
            Self::Sls => sls::Error::post_body_too_large(limit).to_reply(),
            Self::Rpc(rpc) => rpc.refusal(&rpc::Error::body_too_large(limit), &call.host, id),
        }
    }

    /// A new request id, and the header it is answered in.
    fn new_request_id(&self) -> (&'static str, String) {
        match self {
            Self::Sls => ("x-log-requestid", request_id()),
            Self::Rpc(_) => ("x-acs-request-id", rpc_request_id()),
        }
    }
}
