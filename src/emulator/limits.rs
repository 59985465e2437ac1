//! How long and how large what clients send may get.

use std::time::Duration;

/// Bounds on what clients send, so that none of them can hold the emulator up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a client may take to send a request's head, and may leave a kept-alive connection idle.
    pub head_timeout: Duration,
    /// How long a client may take to send a request's body.
    pub body_timeout: Duration,
    /// How long a client may take to read an answer.
    pub answer_timeout: Duration,
    /// How long a client may take over a TLS handshake.
    pub handshake_timeout: Duration,
    /// The largest head of a request, in bytes; fewer than 8192 count as so many.
    pub head_bytes: usize,
    /// The largest body of a request, in bytes.
    pub body_bytes: usize,
    /// How many connections are served at once. Further ones wait until one of these ends.
    pub connections: usize,
    /// How many bytes the bodies of requests have together, those that are still coming in included. Further bytes
    /// wait, as long as a body may take. It is more than one body has.
    pub all_bodies_bytes: usize,
}

impl Default for Limits {
    /// An idle connection lasts 75 s, nginx's default, so that pooled clients meet here what they meet at
    /// the service. Bodies have 10 MiB: what the service takes of logs in one call, and far more than any
    /// other call has. A thousand connections are about as many as a process has file descriptors for by default.
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(30),
            answer_timeout: Duration::from_mins(1),
            handshake_timeout: Duration::from_secs(10),
            head_bytes: 64 * 1024,
            body_bytes: 10 * 1024 * 1024,
            connections: 1_000,
            all_bodies_bytes: 256 * 1024 * 1024,
        }
    }
}
