//! HTTP/1.1 as bytes: the tests send what no proper client would, and look at all that comes back.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// How long the emulator may take to answer, which it does from memory.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// A response.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Name and value of each header, in their order.
    pub headers: Vec<(String, String)>,
    /// As many bytes as `Content-Length` says.
    pub body: Vec<u8>,
}

impl Response {
    /// The response that `received` begins with; `None` while it is not complete. An answer to `HEAD` has no body.
    pub fn parse(received: &[u8], is_of_head: bool) -> Option<Self> {
        let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let (head, rest) = (received.get(..end)?, received.get(end + 4..)?);
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut response = Self { status, headers, body: Vec::new() };
        if !is_of_head {
            let length =
                response.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            response.body = rest.get(..length)?.to_vec();
        }
        Some(response)
    }

    /// The value of the first header of this name, in any letter case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The response, which must be one of success.
    ///
    /// # Panics
    /// If its status is not 200.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "often only the assertion is wanted")]
    pub fn expect_success(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text());
        self
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is not JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Sends a request on a connection of its own and reads the response.
///
/// # Errors
/// If the connection fails, is closed before the response is complete, or is silent for 30 seconds.
pub fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Response> {
    exchange_on(&mut TcpStream::connect(address)?, request)
}

/// Sends a request on a connection and reads the response.
///
/// # Errors
/// As for [`exchange`].
pub fn exchange_on(connection: &mut TcpStream, request: &[u8]) -> io::Result<Response> {
    connection.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    connection.write_all(request)?;
    let (mut received, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let read = connection.read(&mut chunk)?;
        received.extend(chunk.iter().take(read));
        match Response::parse(&received, request.starts_with(b"HEAD ")) {
            Some(response) => return Ok(response),
            None if read == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            None => {}
        }
    }
}
