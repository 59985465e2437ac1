//! A world in which the cloud gives answers that are listed, and in which there is nothing else.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloud::clock::Clock;
use cloud::credentials::{CommandOutput, Host};
use cloud::file::Content;
use cloud::http::{Headers, HttpRequest, HttpResponse, HttpTransport, TransportError, TransportErrorKind};
use futures_util::future::{BoxFuture, ready};
use provider::World;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::time::Instant;

/// The statuses that the kind of an answer chooses from.
const STATUSES: [u16; 16] = [200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 408, 409, 429, 500, 502, 503];

/// The answers that are left.
#[derive(Debug)]
pub(super) struct Answers(Mutex<VecDeque<HttpResponse>>);

impl Answers {
    /// A world with these answers, each with the choice of its status. It has no files and no commands, and the time of
    /// the runtime in which this is called.
    pub(super) fn world<'a>(answers: impl Iterator<Item = (u8, &'a [u8])>) -> World {
        let answers = answers.map(|(choice, body)| HttpResponse {
            status: STATUSES[usize::from(choice) % STATUSES.len()],
            headers: Headers::default(),
            body: body.to_vec(),
        });
        World {
            read_file: no_file,
            host: Arc::new(Nothing),
            transport: Some(Arc::new(Answers(Mutex::new(answers.collect())))),
            clock: Arc::new(Paused(Instant::now())),
        }
    }
}

impl HttpTransport for Answers {
    fn send<'a>(&'a self, _request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        let none_left = || TransportError::new(TransportErrorKind::Connect, "no answer is left");
        Box::pin(ready(self.0.lock().unwrap().pop_front().ok_or_else(none_left)))
    }
}

/// A machine without files and commands.
#[derive(Debug)]
struct Nothing;

fn no_file(_path: &Path) -> io::Result<Content> {
    Err(io::ErrorKind::NotFound.into())
}

impl Host for Nothing {
    fn read<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Content>> {
        Box::pin(ready(no_file(path)))
    }

    fn run<'a>(
        &'a self,
        _program: &'a str,
        _arguments: &'a [String],
    ) -> BoxFuture<'a, io::Result<CommandOutput>> {
        Box::pin(ready(Err(io::ErrorKind::NotFound.into())))
    }
}

/// The clock of a paused runtime, and when it began.
#[derive(Debug)]
struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-11-20 08:00:00 UTC) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
