//! Requests that official clients put on the wire, captured in `tests/data/wire.json`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "only tests and fuzz targets have it")]
#![cfg_attr(fuzzing, allow(dead_code, reason = "fuzz targets change requests themselves"))]

use std::fmt::Write as _;

use axum::body::Bytes;
use hyper::Request;
use serde_json::Value;

use super::http::Call;

const WIRE: &str = include_str!("../../tests/data/wire.json");

/// Where in a request a letter is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Method,
    Path,
    /// From the question mark on.
    Query,
    /// By its name, in lower case.
    Header(String),
    Body,
}

/// Every text that differs from `text` in one letter, which becomes another one of its kind.
pub fn altered(text: &str) -> impl Iterator<Item = String> {
    text.char_indices().map(move |(i, letter)| {
        let (before, after) = (&text[..i], &text[i + letter.len_utf8()..]);
        format!("{before}{}{after}", other_letter(letter))
    })
}

fn other_letter(letter: char) -> char {
    match letter {
        'a'..='y' | 'A'..='Y' | '0'..='8' => char::from_u32(u32::from(letter) + 1).unwrap(),
        'z' => 'a',
        'Z' => 'A',
        '9' => '0',
        _ => 'x',
    }
}

/// `text` as RFC 3986, section 2.3, has it: only what is unreserved is left as it is.
pub fn encoded(text: &str) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => written.push(byte.into()),
            _ => write!(written, "%{byte:02X}").unwrap(),
        }
    }
    written
}

/// `name:value` lines, as signers write them.
pub fn header_lines<'h>(headers: impl IntoIterator<Item = (&'h String, &'h String)>) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        writeln!(lines, "{name}:{value}").unwrap();
    }
    lines
}

/// A request captured off the wire; key `ak`, secret `sk`, and where there is a token `to+k/==`.
#[derive(Clone, Debug)]
pub struct Captured {
    pub name: String,
    pub scheme: String,
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Captured {
    pub fn call(&self) -> Call {
        call(&self.method, &self.target, self.headers.iter().map(|(name, value)| (name, value)), &self.body)
    }

    /// The call, if it is one: an HTTP server refuses what is none.
    pub fn parsed(&self) -> Option<Call> {
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        parsed(&self.method, &self.target, headers, &self.body)
    }

    pub fn with_header(&self, name: &str, change: impl Fn(&str) -> String) -> Self {
        let headers = self.headers.iter().map(|(header, value)| {
            let hit = header.eq_ignore_ascii_case(name);
            (header.clone(), if hit { change(value) } else { value.clone() })
        });
        let name = format!("{} with another {name}", self.name);
        Self { name, headers: headers.collect(), ..self.clone() }
    }

    /// The request with one letter changed, for every letter there is.
    pub fn changes(&self) -> Vec<(Part, Self)> {
        let mut all = Vec::new();
        let mut note = |part: Part, changed: Self| all.push((part, changed));
        for method in altered(&self.method) {
            note(Part::Method, Self { method, ..self.clone() });
        }
        let path_length = self.target.find('?').unwrap_or(self.target.len());
        for (i, target) in altered(&self.target).enumerate() {
            let part = if i < path_length { Part::Path } else { Part::Query };
            note(part, Self { target, ..self.clone() });
        }
        for (i, (name, value)) in self.headers.iter().enumerate() {
            for value in altered(value) {
                let mut changed = self.clone();
                changed.headers[i].1 = value;
                note(Part::Header(name.to_ascii_lowercase()), changed);
            }
        }
        for body in altered(&self.body) {
            note(Part::Body, Self { body, ..self.clone() });
        }
        all
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name))
    }

    pub fn is_v4(&self) -> bool {
        self.headers.iter().any(|(_, value)| value.starts_with("SLS4-"))
    }
}

/// The captured requests whose signature scheme `include` picks.
pub fn captured(include: impl Fn(&str) -> bool) -> Vec<Captured> {
    let document: Value = serde_json::from_str(WIRE).unwrap();
    let requests = document["requests"].as_array().unwrap().iter().enumerate();
    requests
        .filter(|(_, request)| include(request["scheme"].as_str().unwrap()))
        .map(|(i, request)| Captured {
            name: format!("request {i}: {} {}", request["client"], request["target"]),
            scheme: request["scheme"].as_str().unwrap().to_owned(),
            method: request["method"].as_str().unwrap().to_owned(),
            target: request["target"].as_str().unwrap().to_owned(),
            headers: serde_json::from_value(request["headers"].clone()).unwrap(),
            body: request["body"].as_str().unwrap().to_owned(),
        })
        .collect()
}

/// A call as it would come off the wire.
pub fn call<N: AsRef<str>, V: AsRef<str>>(
    method: &str,
    target: &str,
    headers: impl Iterator<Item = (N, V)>,
    body: &str,
) -> Call {
    parsed(method, target, headers, body).unwrap()
}

fn parsed<N: AsRef<str>, V: AsRef<str>>(
    method: &str,
    target: &str,
    headers: impl Iterator<Item = (N, V)>,
    body: &str,
) -> Option<Call> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(name.as_ref(), value.as_ref());
    }
    Some(Call::new(&request.body(()).ok()?.into_parts().0, Bytes::copy_from_slice(body.as_bytes())))
}
