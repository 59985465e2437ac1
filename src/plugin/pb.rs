//! Code generated from `proto/`: nothing outside this room sees it.

#![expect(clippy::pedantic, unused_qualifications, reason = "generated code")]

/// The Terraform plugin protocol.
pub mod tfplugin6 {
    // Not `expect`: the compiler takes what is expected to be dead for alive, and then misses it.
    #![allow(dead_code, reason = "messages that only hold the names of requests and responses")]
    tonic::include_proto!("tfplugin6");
}

/// go-plugin's helper services.
pub mod plugin {
    tonic::include_proto!("plugin");
}

/// The gRPC health protocol.
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}
