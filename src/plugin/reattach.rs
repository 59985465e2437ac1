//! Debug mode: a person starts the provider, and the host finds it by a variable.

use std::process;

use serde_json::json;

use super::handshake::{Address, MAJOR};

/// The variable that leads a host to a provider that already runs.
const VARIABLE: &str = "TF_REATTACH_PROVIDERS";

/// The variable and its value, ready to be pasted into a shell.
///
/// `Test` keeps the host from shutting the provider down after each phase of a run.
pub(super) fn line(source_address: &str, address: &Address) -> String {
    let providers = json!({
        source_address: {
            "Protocol": "grpc",
            "ProtocolVersion": MAJOR,
            "Pid": process::id(),
            "Test": true,
            "Addr": { "Network": address.network, "String": address.address },
        }
    });
    format!("{VARIABLE}='{providers}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_an_assignment_of_json() {
        let address = Address { network: "unix", address: "/tmp/tf1/s".to_owned() };
        let line = line("example.test/team/own", &address);
        let value = line.strip_prefix("TF_REATTACH_PROVIDERS='").unwrap().strip_suffix('\'').unwrap();
        let expected = json!({"example.test/team/own": {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": process::id(),
            "Test": true,
            "Addr": {"Network": "unix", "String": "/tmp/tf1/s"},
        }});
        assert_eq!(serde_json::from_str::<serde_json::Value>(value).unwrap(), expected);
    }
}
