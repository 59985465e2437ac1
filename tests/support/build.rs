//! Generates the gRPC client of a plugin that `plugin_client` holds: the product has none.

use std::error::Error;

const FOLDER: &str = "../../proto";

const FILES: [&str; 5] =
    ["tfplugin6.proto", "grpc_broker.proto", "grpc_controller.proto", "grpc_stdio.proto", "health.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let client = tonic_prost_build::configure().build_server(false).btree_map(".");
    client.compile_fds(protox::compile(FILES, [FOLDER])?)?;
    Ok(())
}
