//! Further connections between host and plugin: none are ever offered.

use futures_util::{StreamExt, future};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

use super::{
    pb::plugin::{ConnInfo, grpc_broker_server::GrpcBroker},
    streams,
};

/// go-plugin's broker service, which Terraform opens at most and never uses.
#[derive(Debug)]
pub(super) struct Broker {
    /// Cancelled when the server stops.
    pub(super) shutdown: CancellationToken,
}

#[tonic::async_trait]
impl GrpcBroker for Broker {
    type StartStreamStream = BoxStream<ConnInfo>;

    /// Ignores what the host offers, and ends with the host's side or with the server.
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        let unanswered = request.into_inner().filter_map(|_| future::ready(None));
        Ok(Response::new(streams::until(&self.shutdown, unanswered)))
    }
}
