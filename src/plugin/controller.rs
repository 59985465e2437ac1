//! Ends the process when the host says so.

use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::pb::plugin::{Empty, grpc_controller_server::GrpcController};

/// go-plugin's controller service.
#[derive(Debug)]
pub(super) struct Controller {
    /// Cancelled to stop the server.
    pub(super) shutdown: CancellationToken,
}

#[tonic::async_trait]
impl GrpcController for Controller {
    /// Begins the stop and answers: the server finishes the calls it has, this one among them.
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        tracing::debug!("the host asked to shut down");
        self.shutdown.cancel();
        Ok(Response::new(Empty {}))
    }
}
