//! [`crate::http`] in a task, over any stream: what a server in the same thread is asked with.

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::emulator_process::{control_answer, control_request};
use crate::http::{Incoming, Response};
use crate::waiting::within_limit;

/// Sends a request on a connection of its own and reads the response.
///
/// # Errors
/// As for [`exchange_on`], or if there is no connection.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Response> {
    exchange_on(&mut TcpStream::connect(address).await?, request).await
}

/// Sends a request on a stream and reads the response.
///
/// # Errors
/// If the stream fails or is closed before the response is complete, if more comes than the response, or if it is not
/// complete within [`crate::waiting::LONGEST_WAIT`].
pub async fn exchange_on<S>(stream: &mut S, request: &[u8]) -> io::Result<Response>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    within_limit("the response", async {
        stream.write_all(request).await?;
        let (mut incoming, mut chunk) = (Incoming::response_to(request), vec![0; Incoming::CHUNK]);
        // Each read adds to what a response may have at most, or is the last.
        loop {
            let read = stream.read(&mut chunk).await?;
            if let Some(response) = incoming.add(chunk.get(..read).unwrap_or_default())? {
                return Ok(response);
            }
        }
    })
    .await?
}

/// Calls the control API of the emulator at an address: `path` is what follows `/_emulator/`; no body if it is empty.
///
/// # Errors
/// If it does not answer, or not with success.
pub async fn control(address: SocketAddr, method: &str, path: &str, body: &str) -> io::Result<Value> {
    control_answer(method, path, &exchange(address, &control_request(address, method, path, body)).await?)
}
