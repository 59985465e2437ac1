//! Requests and answers of HTTP/1.1 as they lie on a connection.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::TcpStream;

/// Neither the clients nor the emulator send longer heads.
const MOST_LINES: usize = 100;

/// A request or an answer with a `Content-Length`.
#[derive(Clone, Debug)]
pub struct Message {
    /// The lines of the head, without their ends.
    lines: Vec<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Message {
    /// An answer.
    pub fn answer(status: u16, headers: &[(&str, &str)], body: Vec<u8>) -> Self {
        let mut lines = vec![format!("HTTP/1.1 {status} Relayed")];
        lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
        Self { lines, body }
    }

    /// A request without a body.
    pub fn request<'h>(line: &str, headers: impl Iterator<Item = (&'h str, &'h str)>) -> Self {
        let mut lines = vec![line.to_owned()];
        lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
        Self { lines, body: Vec::new() }
    }

    /// Reads one; `None` where the connection ends before it begins.
    pub async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let mut message = Self { lines: Vec::new(), body: Vec::new() };
        for _ in 0..MOST_LINES {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                assert!(message.lines.is_empty(), "a head that ends half-way: {message:?}");
                return Ok(None);
            }
            match line.trim_end() {
                "" => return message.with_body_of(stream).await.map(Some),
                line => message.lines.push(line.to_owned()),
            }
        }
        panic!("a head of more than {MOST_LINES} lines: {message:?}");
    }

    /// Reads the body that the head announces.
    async fn with_body_of(mut self, stream: &mut BufReader<TcpStream>) -> io::Result<Self> {
        assert!(self.header("transfer-encoding").is_none(), "a length is expected: {self:?}");
        let length = self.header("content-length").map_or(0, |length| length.parse().unwrap());
        self.body = vec![0; length];
        stream.read_exact(&mut self.body).await?;
        Ok(self)
    }

    /// The first line.
    pub fn first_line(&self) -> &str {
        &self.lines[0]
    }

    /// A header's value; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.lines.iter().skip(1).filter_map(|line| line.split_once(':'));
        headers
            .filter(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
            .next_back()
    }

    /// As it goes over the wire.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.with_length(self.body.len(), &self.body)
    }

    /// As it goes over the wire with another length and another body.
    pub fn with_length(&self, length: usize, body: &[u8]) -> Vec<u8> {
        let is_length = |line: &&String| line.to_ascii_lowercase().starts_with("content-length:");
        let mut lines: Vec<&str> =
            self.lines.iter().filter(|line| !is_length(line)).map(String::as_str).collect();
        let length = format!("content-length: {length}");
        lines.extend([length.as_str(), "", ""]);
        let head = lines.join("\r\n");
        [head.as_bytes(), body].concat()
    }
}
