//! The front door: takes a request off the wire and hands it to the service it is for.
//!
//! The body is taken off the wire before anything else, bounded in size and time, so that a refused call
//! leaves its connection usable. Nobody looks into it before the signature has been verified, except for
//! the form that may say which service is called.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper::{Request, Response};
use hyper_util::service::TowerToHyperService;
use serde_json::json;

use super::clock::{iso_8601, rfc_1123};
use super::faults::Release;
use super::http::{Answer, Call, Reply};
use super::ids::{request_id, rpc_request_id};
use super::kms;
use super::ram;
use super::rpc::{self, Api, RpcCall, rpc_call};
use super::sls;
use super::state::State;
use super::sts;

/// The largest body taken, in bytes: far more than any control-plane call has, and a bound on memory.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The paths of the control API. No service has any like them.
const CONTROL: &str = "/_emulator/";

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed without an answer")]
pub struct Dropped;

/// Answers every request of every connection.
#[derive(Clone)]
pub struct Dispatcher {
    state: Arc<State>,
    control: TowerToHyperService<Router>,
}

impl Dispatcher {
    /// A dispatcher for the services on `state`, and for the control API.
    pub fn new(state: &Arc<State>, control: Router) -> Self {
        Self { state: Arc::clone(state), control: TowerToHyperService::new(control) }
    }

    /// Answers a request.
    ///
    /// # Errors
    ///
    /// [`Dropped`] when a fault wants the connection closed, or the body did not come.
    pub async fn dispatch(
        &self,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Dropped> {
        if request.uri().path().starts_with(CONTROL) {
            return Ok(self.control(peer, request).await);
        }
        let (head, body) = request.into_parts();
        let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(Body::new(body), BODY_LIMIT)).await;
        let body = match read {
            Err(_) => return Err(Dropped),
            Ok(Err(_)) => {
                // Either too large, or the client is gone and will not see this.
                let error = sls::Error::post_body_too_large(BODY_LIMIT);
                return Ok(self.dressed(error.to_reply(), "x-log-requestid", request_id()));
            }
            Ok(Ok(body)) => body,
        };
        self.call(Call::new(&head, body).with_peer(peer.ip().to_canonical())).await
    }

    /// The control API, for callers on this machine only.
    async fn control(&self, peer: SocketAddr, request: Request<Incoming>) -> Response<Body> {
        if !peer.ip().to_canonical().is_loopback() {
            let error = json!({"error": "the control API answers this machine only"});
            return Reply::json(403, &error).into_response();
        }
        match self.control.call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Evaluates a call in a task of its own: as with the real services, a client that hangs up does not
    /// take back what it has sent.
    async fn call(&self, call: Call) -> Result<Response<Body>, Dropped> {
        let service = Service::of(&call);
        let (id_header, id) = service.new_request_id();
        let release = self.state.faults.next_release();
        self.arrived(&service, &id, &call);

        let (state, task_id) = (Arc::clone(&self.state), id.clone());
        let failed = service.internal_error(&id, &call);
        if state.has_failed() {
            answered(&state, &id, &Answer::Reply(failed.clone()));
            return Ok(self.dressed(failed, id_header, id));
        }
        let task = tokio::spawn(async move {
            let answer = match service {
                Service::Sls => sls::serve(&state, &task_id, &call, release).await,
                Service::Rpc(rpc) => serve_rpc(&state, &task_id, &call, &rpc, release).await,
            };
            answered(&state, &task_id, &answer);
            answer
        });
        let answer = task.await.unwrap_or_else(|error| {
            tracing::error!(%error, request_id = id, "evaluating a call failed");
            let answer = Answer::Reply(failed);
            answered(&self.state, &id, &answer);
            answer
        });
        match answer {
            Answer::Drop => Err(Dropped),
            Answer::Reply(reply) => Ok(self.dressed(reply, id_header, id)),
        }
    }

    fn arrived(&self, service: &Service, id: &str, call: &Call) {
        let (name, action) = (service.name(), service.action(call));
        let Call { method, host, path, .. } = call;
        tracing::debug!(service = name, action, request_id = id, method, host, path, "arrived");
        self.state.requests.arrived(id, iso_8601(self.state.clock.unix()), name, action, call);
    }

    /// Adds the headers every answer has.
    fn dressed(&self, reply: Reply, id_header: &'static str, id: String) -> Response<Body> {
        reply
            .with_header(id_header, id)
            .with_header("server", "alicloud-emulator".to_owned())
            .with_header("date", rfc_1123(self.state.clock.unix()))
            .into_response()
    }
}

/// Hands a call to the RPC-style service it is for.
async fn serve_rpc(state: &State, id: &str, call: &Call, rpc: &RpcCall, release: Release) -> Answer {
    match rpc.api {
        Api::Ram => rpc::serve(&ram::SERVICE, &state.identity, state, (id, call, rpc), release).await,
        Api::Sts => rpc::serve(&sts::SERVICE, &state.identity, state, (id, call, rpc), release).await,
        Api::Kms => rpc::serve(&kms::SERVICE, &state.keys, state, (id, call, rpc), release).await,
        Api::Unknown => Answer::Reply(rpc::Error::invalid_version().to_reply(rpc.api, &call.host, id)),
    }
}

fn answered(state: &State, id: &str, answer: &Answer) {
    let (status, error_code) = match answer {
        // No HTTP status is 0.
        Answer::Drop => (0, None),
        Answer::Reply(reply) => (reply.status, reply.error_code.clone()),
    };
    tracing::info!(request_id = id, status, error_code, "answered");
    state.requests.answered(id, status, error_code);
}

/// Which service a call is for.
enum Service {
    Sls,
    Rpc(RpcCall),
}

impl Service {
    fn of(call: &Call) -> Self {
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
            Self::Sls => sls::route(call).ok().map(|route| route.operation.name().to_owned()),
            Self::Rpc(rpc) => Some(rpc.action.clone()),
        }
    }

    /// What the service says when it failed itself.
    fn internal_error(&self, id: &str, call: &Call) -> Reply {
        match self {
            Self::Sls => sls::Error::internal().to_reply(),
            Self::Rpc(rpc) => rpc::Error::internal().to_reply(rpc.api, &call.host, id),
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
