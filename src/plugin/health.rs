//! The gRPC health protocol, by which hosts ask whether we are still there.

use futures_util::{StreamExt, future, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, codegen::BoxStream};

use super::{
    pb::health::{
        HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server::Health,
    },
    streams,
};

/// The services that are healthy: go-plugin's name for a plugin, and the process as a whole.
const SERVING: [&str; 2] = ["plugin", ""];

/// The health of the process: it serves, or it is gone.
#[derive(Debug)]
pub(super) struct HealthService {
    /// Cancelled when the server stops.
    pub(super) shutdown: CancellationToken,
}

#[tonic::async_trait]
impl Health for HealthService {
    type WatchStream = BoxStream<HealthCheckResponse>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        if SERVING.contains(&request.get_ref().service.as_str()) {
            Ok(Response::new(response(ServingStatus::Serving)))
        } else {
            Err(Status::not_found("no such service"))
        }
    }

    /// Says the state once, since it does not change, and stays open.
    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<BoxStream<HealthCheckResponse>>, Status> {
        let known = SERVING.contains(&request.get_ref().service.as_str());
        let status = if known { ServingStatus::Serving } else { ServingStatus::ServiceUnknown };
        let once = stream::once(future::ready(Ok(response(status)))).chain(stream::pending());
        Ok(Response::new(streams::until(&self.shutdown, once)))
    }
}

fn response(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}
