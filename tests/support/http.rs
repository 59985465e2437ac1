//! HTTP/1.1 as bytes: the tests send what no proper client would, and look at all that comes back.

use std::io::{self, Read as _, Write as _};
use std::mem;
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

    /// Checks that SLS has done what was asked and says nothing.
    ///
    /// # Panics
    /// If it has not.
    #[track_caller]
    pub fn assert_done(&self) {
        assert_eq!((self.status, self.text().as_str()), (200, ""));
        assert_eq!(self.header("content-length"), Some("0"));
        assert_eq!(self.header("content-type"), None);
    }

    /// Checks an error of SLS.
    ///
    /// # Panics
    /// If it is not this one.
    #[track_caller]
    pub fn assert_error(&self, status: u16, code: &str, message: &str) {
        self.assert_error_code(status, code);
        assert_eq!(self.json().get("errorMessage").and_then(Value::as_str), Some(message));
    }

    /// Checks an error of SLS, whatever its message is.
    ///
    /// # Panics
    /// If it is not this one.
    #[track_caller]
    pub fn assert_error_code(&self, status: u16, code: &str) {
        let body = self.json();
        let found = (self.status, body.get("errorCode").and_then(Value::as_str));
        assert_eq!(found, (status, Some(code)), "{body}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("x-log-requestid").map(str::len), Some(24), "{:?}", self.headers);
    }

    /// Checks an error of an RPC service, whatever its message is.
    ///
    /// # Panics
    /// If it is not this one.
    #[track_caller]
    pub fn assert_rpc_error(&self, status: u16, code: &str) {
        let body = self.json();
        let member = |name: &str| body.get(name).and_then(Value::as_str);
        assert_eq!((self.status, member("Code")), (status, Some(code)), "{body}");
        assert_eq!(member("RequestId"), self.header("x-acs-request-id"));
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

/// A response of which not all has come yet.
pub(crate) struct Incoming {
    /// A 2xx answer to `CONNECT` has no body, one to `HEAD` never has.
    method: Vec<u8>,
    /// The head, and how many bytes of body it announces.
    head: Option<(Response, usize)>,
    /// What belongs to the head, and from then on to the body.
    received: Vec<u8>,
}

impl Incoming {
    /// How many bytes are read at once.
    pub const CHUNK: usize = 64 * 1024;

    /// Longer heads and bodies are errors, so that whoever reads comes to an end: far more than the emulator sends.
    const LONGEST: usize = 64 * 1024 * 1024;

    pub fn response_to(request: &[u8]) -> Self {
        let method = request.split(|byte| *byte == b' ').next().unwrap_or_default().to_vec();
        Self { method, head: None, received: Vec::new() }
    }

    /// Takes what was read, which is nothing once the connection is closed; gives the response when it is complete.
    ///
    /// # Errors
    /// If the connection is closed too early, or if this is not one response.
    pub fn add(&mut self, read: &[u8]) -> io::Result<Option<Response>> {
        if read.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.received.extend_from_slice(read);
        if self.head.is_none() {
            let Some(end) = self.received.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
                return self.at_most(Self::LONGEST).map(|()| None);
            };
            let body = self.received.split_off(end + 4);
            let head = mem::replace(&mut self.received, body);
            self.head = Some(self.parse_head(&String::from_utf8_lossy(&head))?);
        }
        let Some((mut response, length)) = self.head.take() else { return Ok(None) };
        self.at_most(length)?;
        if self.received.len() < length {
            self.head = Some((response, length));
            return Ok(None);
        }
        response.body = mem::take(&mut self.received);
        Ok(Some(response))
    }

    fn parse_head(&self, head: &str) -> io::Result<(Response, usize)> {
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let response =
            Response { status: status.ok_or_else(|| invalid("no status", head))?, headers, body: Vec::new() };
        let has_no_body = self.method == b"HEAD" || self.method == b"CONNECT" && response.status / 100 == 2;
        if has_no_body {
            return Ok((response, 0));
        }
        let length = response.header("content-length").and_then(|length| length.parse().ok());
        let length = length.filter(|length| *length <= Self::LONGEST);
        let length = length.ok_or_else(|| invalid("no length, or one that is too large", head))?;
        Ok((response, length))
    }

    fn at_most(&self, length: usize) -> io::Result<()> {
        if self.received.len() > length {
            return Err(invalid("more than the response", &String::from_utf8_lossy(&self.received)));
        }
        Ok(())
    }
}

fn invalid(what: &str, received: &str) -> io::Error {
    let begin: String = received.chars().take(1000).collect();
    io::Error::new(io::ErrorKind::InvalidData, format!("{what}: {begin}"))
}

/// Sends a request on a connection of its own and reads the response.
///
/// # Errors
/// As for [`exchange_on`], or if there is no connection.
pub fn exchange(address: SocketAddr, request: &[u8]) -> io::Result<Response> {
    exchange_on(&mut TcpStream::connect(address)?, request)
}

/// Sends a request on a connection and reads the response.
///
/// # Errors
/// If the connection fails, is closed before the response is complete, or is silent for 30 seconds; if more comes than
/// the response.
pub fn exchange_on(connection: &mut TcpStream, request: &[u8]) -> io::Result<Response> {
    connection.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    connection.write_all(request)?;
    let (mut incoming, mut chunk) = (Incoming::response_to(request), vec![0; Incoming::CHUNK]);
    // Each read adds to what a response may have at most, or is the last.
    loop {
        let read = connection.read(&mut chunk)?;
        if let Some(response) = incoming.add(chunk.get(..read).unwrap_or_default())? {
            return Ok(response);
        }
    }
}
