//! The client.

use serde::Deserialize;

use crate::CallContext;
use crate::error::Error;
use crate::kms::KeyMetadata;
use crate::rpc::{Call, Parameters, RpcClient, RpcConfig, Service};

/// A client of KMS in one region.
///
/// The retry policy decides whether a read is repeated; each attempt has its own signature. Every method returns
/// promptly when its [`CallContext`] is cancelled or its deadline passes, and writes one line to the log.
#[derive(Debug)]
pub struct KmsClient {
    rpc: RpcClient,
}

const KMS: Service = Service { name: "KMS", version: "2016-01-20" };

impl KmsClient {
    /// A client. It connects and loads nothing before the first call.
    pub fn new(config: RpcConfig) -> Self {
        Self { rpc: RpcClient::new(KMS, config) }
    }

    /// `DescribeKey`: the state and the usage of a key. `key_id` is the id of a key of this region, or an alias,
    /// `alias/...`.
    ///
    /// # Errors
    /// `NotFound` with code `Forbidden.KeyNotFound`, `Forbidden.AliasNotFound` or `Forbidden.ResourceNotFound`;
    /// `Conflict` where KMS is not activated, the account is in debt or restricted, or the key's instance is not ready;
    /// otherwise any kind.
    pub async fn describe_key(&self, context: &CallContext, key_id: &str) -> Result<KeyMetadata, Error> {
        let call = Call::new("DescribeKey", key_id, Parameters::new().with("KeyId", key_id));
        self.rpc.read(context, call, |KeyAnswer { key_metadata }| Ok(key_metadata)).await
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyAnswer {
    key_metadata: KeyMetadata,
}
