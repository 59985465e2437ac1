//! The host's view of our standard streams: nothing is ever written to them this way.

use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, codegen::BoxStream};

use super::{
    pb::plugin::{StdioData, grpc_stdio_server::GrpcStdio},
    streams,
};

/// go-plugin's standard streams service. Without it hosts log a warning at each start.
#[derive(Debug)]
pub(super) struct Stdio {
    /// Cancelled when the server stops.
    pub(super) shutdown: CancellationToken,
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    type StreamStdioStream = BoxStream<StdioData>;

    async fn stream_stdio(&self, _request: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(Response::new(streams::silent(&self.shutdown)))
    }
}
