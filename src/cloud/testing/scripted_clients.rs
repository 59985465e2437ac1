//! Configurations of clients that send to a [`ScriptedTransport`].

use std::sync::Arc;
use std::time::Duration;

use crate::credentials::{Credentials, SourceContext, StaticCredentials};
use crate::endpoint::Endpoint;
use crate::retry::RetryPolicy;
use crate::rpc::RpcConfig;
use crate::signing::rpc::SignatureVersion;
use crate::testing::{ManualClock, NumberedNonces, ScriptedHost, ScriptedTransport};
use crate::{Dispatcher, DispatcherConfig};

/// A key whose secret is `canary-secret`.
pub fn credentials(id: &str, token: Option<&str>) -> Credentials {
    Credentials {
        access_key_id: id.into(),
        access_key_secret: "canary-secret".into(),
        security_token: token.map(Into::into),
        source: "test".into(),
    }
}

/// The configuration of a client of an RPC service: key `ak`, secret `canary-secret`, token `canary-token+/=`, three
/// retries with pauses of 1 to 4 seconds, ten seconds for an attempt.
///
/// # Panics
/// Never: the endpoint is a valid one.
pub fn scripted_rpc(
    transport: &Arc<ScriptedTransport>,
    clock: &ManualClock,
    signature: SignatureVersion,
) -> RpcConfig {
    scripted_rpc_with(3, transport, clock, signature)
}

/// As [`scripted_rpc`], with another number of retries.
///
/// # Panics
/// Never: the endpoint is a valid one.
pub fn scripted_rpc_with(
    max_retries: u32,
    transport: &Arc<ScriptedTransport>,
    clock: &ManualClock,
    signature: SignatureVersion,
) -> RpcConfig {
    let second = Duration::from_secs(1);
    let dispatcher = Dispatcher::new(DispatcherConfig {
        credentials: Arc::new(StaticCredentials::new(credentials("ak", Some("canary-token+/=")))),
        transport: transport.clone(),
        clock: Arc::new(clock.clone()),
        retry: RetryPolicy { max_retries, base: second, cap: second * 4 },
        request_timeout: second * 10,
        max_concurrency: 4,
    });
    RpcConfig {
        endpoint: Endpoint::parse("http://127.0.0.1:8700").unwrap(),
        signature,
        dispatcher: Arc::new(dispatcher),
        nonces: Arc::new(NumberedNonces::default()),
    }
}

/// The context of sources of credentials, with scripted replies; three retries, ten seconds for an attempt.
pub fn scripted_source_context(
    host: &Arc<ScriptedHost>,
    transport: &Arc<ScriptedTransport>,
    clock: &ManualClock,
) -> SourceContext {
    let second = Duration::from_secs(1);
    SourceContext {
        host: host.clone(),
        transport: transport.clone(),
        clock: Arc::new(clock.clone()),
        nonces: Arc::new(NumberedNonces::default()),
        retry: RetryPolicy { max_retries: 3, base: second, cap: second * 4 },
        request_timeout: second * 10,
        signature: SignatureVersion::Acs3HmacSha256,
    }
}
