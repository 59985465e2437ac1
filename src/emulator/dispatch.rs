//! The front door: takes a request off the wire and hands it to the service it is for.

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
use super::http::{Answer, Call, Reply};
use super::ids::{request_id, rpc_request_id};
use super::state::State;
use super::{sls, unserved};

/// The largest body taken, in bytes. `PutLogs`, the largest call of SLS, takes up to 10 MB.
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
        self.call(Call::new(&head, body)).await
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
        let rpc = unserved::rpc_call(&call);
        let (id_header, id) = match rpc {
            None => ("x-log-requestid", request_id()),
            Some(_) => ("x-acs-request-id", rpc_request_id()),
        };
        let (service, action) = match &rpc {
            None => (sls::NAME, sls::route(&call).ok().map(|route| route.operation.name().to_owned())),
            Some(rpc) => (rpc.service.name(), Some(rpc.action.clone())),
        };
        tracing::debug!(
            service,
            action,
            request_id = id,
            method = call.method,
            host = call.host,
            path = call.path,
            "arrived"
        );
        self.state.requests.arrived(&id, iso_8601(self.state.clock.unix()), service, action, &call);

        let (state, task_id) = (Arc::clone(&self.state), id.clone());
        let task = tokio::spawn(async move {
            match rpc {
                None => sls::serve(&state, &task_id, &call).await,
                Some(rpc) => Answer::Reply(rpc.not_served(&call.host, &task_id)),
            }
        });
        let answer = task.await.unwrap_or_else(|error| {
            tracing::error!(%error, request_id = id, "evaluating a call failed");
            Answer::Reply(sls::Error::internal().to_reply())
        });
        match answer {
            Answer::Drop => {
                self.state.requests.answered(&id, 0, None);
                tracing::info!(service, request_id = id, "dropped");
                Err(Dropped)
            }
            Answer::Reply(reply) => {
                self.state.requests.answered(&id, reply.status, reply.error_code.clone());
                let error_code = reply.error_code.as_deref().unwrap_or_default();
                tracing::info!(service, request_id = id, status = reply.status, error_code, "answered");
                Ok(self.dressed(reply, id_header, id))
            }
        }
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
