//! Generates the gRPC server from `proto/`, in pure Rust: neither `protoc` nor Go is needed.

use std::error::Error;

const FOLDER: &str = "../../proto";

/// What Terraform calls.
const PROVIDER: [&str; 1] = ["tfplugin6.proto"];

/// What go-plugin, which starts the process, calls.
const HELPERS: [&str; 4] = ["grpc_controller.proto", "grpc_stdio.proto", "grpc_broker.proto", "health.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let server = || tonic_prost_build::configure().build_client(false).build_transport(false).btree_map(".");
    // Default stubs turn streams into boxed ones, so they are generated only where most methods
    // are left to them.
    server().generate_default_stubs(true).compile_fds(protox::compile(PROVIDER, [FOLDER])?)?;
    server().compile_fds(protox::compile(HELPERS, [FOLDER])?)?;
    Ok(())
}
