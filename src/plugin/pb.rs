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

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::tfplugin6::{ClientCapabilities, plan_resource_change, schema::Block};

    #[test]
    fn fields_of_protocol_6_11_have_their_numbers() {
        let host = ClientCapabilities {
            store_planned_private: true,
            computed_blocks_allowed: true,
            ..ClientCapabilities::default()
        };
        assert_eq!(host.encode_to_vec(), b"\x18\x01\x20\x01");
        let block = Block { computed: true, ..Block::default() };
        assert_eq!(block.encode_to_vec(), b"\x40\x01");
        let plan = plan_resource_change::Request { planned_private: b"p".to_vec(), ..Default::default() };
        assert_eq!(plan.encode_to_vec(), b"\x4a\x01p");
    }
}
