//! Generates Rust from `proto/`, in pure Rust: neither `protoc` nor Go is needed.
//!
//! The server side goes to `OUT_DIR` for `src/plugin/pb.rs`. The client side goes to
//! `OUT_DIR/client`, which only the tests in `tests/wire` read: the product has no gRPC client.

use std::{env, error::Error, fs, path::PathBuf};

/// What Terraform calls.
const PROVIDER: [&str; 1] = ["proto/tfplugin6.proto"];

/// What go-plugin, which starts the process, calls.
const HELPERS: [&str; 4] = [
    "proto/grpc_controller.proto",
    "proto/grpc_stdio.proto",
    "proto/grpc_broker.proto",
    "proto/health.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let provider = protox::compile(PROVIDER, ["proto"])?;
    let helpers = protox::compile(HELPERS, ["proto"])?;

    let server = || tonic_prost_build::configure().build_client(false).build_transport(false).btree_map(".");
    // Default stubs turn streams into boxed ones, so they are generated only where most methods
    // are left to them.
    server().generate_default_stubs(true).compile_fds(provider.clone())?;
    server().compile_fds(helpers.clone())?;

    let client_dir = PathBuf::from(env::var("OUT_DIR")?).join("client");
    fs::create_dir_all(&client_dir)?;
    let client = || tonic_prost_build::configure().build_server(false).btree_map(".").out_dir(&client_dir);
    client().compile_fds(provider)?;
    client().compile_fds(helpers)?;
    Ok(())
}
