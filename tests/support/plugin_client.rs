//! The gRPC client of a plugin, generated from `proto/`.

#![allow(missing_docs, clippy::all, clippy::pedantic, unused_qualifications, reason = "generated code")]

pub mod tfplugin6 {
    include!(concat!(env!("OUT_DIR"), "/tfplugin6.rs"));
}

pub mod plugin {
    include!(concat!(env!("OUT_DIR"), "/plugin.rs"));
}

pub mod health {
    include!(concat!(env!("OUT_DIR"), "/grpc.health.v1.rs"));
}
