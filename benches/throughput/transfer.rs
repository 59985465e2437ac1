//! Sending and fetching, on a few connections at once.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use test_support::http::exchange_on;
use test_support::{EmulatorProcess, Response};

use crate::Failure;
use crate::request;

/// Connections, and shards of a Logstore.
const LANES: usize = 4;

/// Log groups asked for at once.
const BATCH: usize = 8;

/// Sends a group so many times, and tells how long that took.
///
/// # Errors
///
/// If a call fails.
pub fn put(
    emulator: &EmulatorProcess,
    logstore: usize,
    body: &[u8],
    groups: usize,
) -> Result<Duration, Failure> {
    let request = request::put_logs(&name(logstore), body);
    let begun = Instant::now();
    in_lanes(|_| {
        let mut connection = Connection::open(emulator)?;
        for _ in 0..groups / LANES {
            connection.call(&request)?;
        }
        Ok(0)
    })?;
    Ok(begun.elapsed())
}

/// Fetches all groups of a Logstore, which have to be as many as said, and tells how long that took.
///
/// # Errors
///
/// If a call fails, or there are more groups or less.
pub fn pull(emulator: &EmulatorProcess, logstore: usize, groups: usize) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let found = in_lanes(|shard| pull_shard(emulator, &name(logstore), shard, groups))?;
    let time = begun.elapsed();
    if found == groups { Ok(time) } else { Err(format!("{found} groups came back, not {groups}").into()) }
}

/// How many groups there are, which takes `most` pulls at most.
fn pull_shard(
    emulator: &EmulatorProcess,
    logstore: &str,
    shard: usize,
    most: usize,
) -> Result<usize, Failure> {
    let mut connection = Connection::open(emulator)?;
    let answer = connection.call(&request::first_cursor(logstore, shard))?;
    let answer: Value = serde_json::from_slice(&answer.body)?;
    let mut cursor = answer.get("cursor").and_then(Value::as_str).ok_or("no cursor")?.to_owned();
    let mut found = 0;
    for _ in 0..=most {
        let answer = connection.call(&request::pull_logs(logstore, shard, &cursor, BATCH))?;
        let count: usize = header(&answer, "x-log-count")?.parse()?;
        if count == 0 {
            return Ok(found);
        }
        found += count;
        header(&answer, "x-log-cursor")?.clone_into(&mut cursor);
    }
    Err(format!("after {most} pulls the end of shard {shard} has not come").into())
}

fn header<'a>(answer: &'a Response, name: &str) -> Result<&'a str, Failure> {
    answer.header(name).ok_or_else(|| format!("no {name} in the answer").into())
}

fn name(logstore: usize) -> String {
    format!("store-{logstore}")
}

/// Runs something once per lane, all at once, and adds up what comes out.
fn in_lanes(run: impl Fn(usize) -> Result<usize, Failure> + Sync) -> Result<usize, Failure> {
    let run = &run;
    let outcomes: Vec<Result<usize, String>> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| scope.spawn(move || run(lane).map_err(|failure| failure.to_string())))
            .collect();
        lanes
            .into_iter()
            .map(|lane| lane.join().unwrap_or_else(|_| Err("a lane panicked".to_owned())))
            .collect()
    });
    let mut sum = 0;
    for outcome in outcomes {
        sum += outcome?;
    }
    Ok(sum)
}

/// One connection, kept alive.
struct Connection {
    stream: TcpStream,
}

impl Connection {
    fn open(emulator: &EmulatorProcess) -> Result<Self, Failure> {
        let stream = TcpStream::connect(emulator.address())?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Sends a request and reads its answer, which has to be a success.
    fn call(&mut self, request: &[u8]) -> Result<Response, Failure> {
        let answer = exchange_on(&mut self.stream, request)?;
        match answer.status {
            200 => Ok(answer),
            status => Err(format!("{status}: {}", answer.text()).into()),
        }
    }
}
