//! How long the emulator takes until it serves again, by how much is stored and by how it ended.

use std::fs;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use test_support::extent::Extent;
use test_support::waiting::{LONGEST_WAIT, wait_for};

use super::start;
use crate::client::{Client, log_group, position_of};
use crate::server::{Folder, Server};

/// Mebibytes of logs.
const SHORT_RUN: [u64; 2] = [2, 8];
const LONG_RUN: [u64; 5] = [64, 256, 512, 1024, 2048];

/// Bytes in a log group.
const GROUP: usize = 1 << 20;

/// Writers at the same time.
const WRITERS: u64 = 4;

/// How many are acknowledged before the emulator is killed while it writes.
const PUTS_BEFORE_KILL: usize = 10;

/// Far more than there is time for until then.
const MOST_PUTS: u64 = 1_000_000;

/// How long the file is not written to before it counts as idle: longer than the store waits with a checkpoint.
const IDLE: Duration = Duration::from_secs(1);

/// How long a restart may take at any size, unless the emulator was killed while it wrote: that has redb read the whole
/// file (see `storage::opening`).
const LONGEST_RESTART: Duration = Duration::from_secs(1);

#[test]
fn everything_is_there_again_at_each_size_however_the_emulator_ended() {
    let extent = Extent::read(1);
    let _or_replay = extent.or_replay("--test durability at_each_size");
    let folder = Folder::new();
    let (mut server, _) = start(&folder, &[]);
    let mut client = server.client();
    client.create_project();
    client.create_logstore("store", Some(json!({"enable": true, "encrypt_type": "default"})));
    // Enough that two groups are never alike on the disk, and fast to draw.
    let mut random = fastrand::Rng::with_seed(extent.seed);
    let value: String = (0..GROUP - 100).map(|_| random.alphanumeric()).collect();
    let group = log_group("topic", &value);
    let sizes = if extent.is_long() { &LONG_RUN[..] } else { &SHORT_RUN };
    println!(
        "ms until it served, by MiB of logs: SIGKILL, idle | SIGKILL, while it wrote | SIGTERM | MiB of memory"
    );
    let mut present = 0;
    for size in sizes {
        let each = size.saturating_sub(present).div_ceil(WRITERS);
        present += write(&mut server, &group, each, |_, _| {});
        wait_until_idle(&folder);
        let killed = restart(&folder, &mut server, "KILL");
        assert_eq!(length(&mut server.client()), present);

        present += write(&mut server, &group, MOST_PUTS, |server, puts| {
            assert_eq!(puts.iter().take(PUTS_BEFORE_KILL).count(), PUTS_BEFORE_KILL);
            server.end("KILL");
        });
        let cut = start_again(&folder, &mut server);
        let there = length(&mut server.client());
        assert!((present..=present + WRITERS).contains(&there), "{there} of {present}");
        present = there;

        present += write(&mut server, &group, 1, |_, _| {});
        let stopped = restart(&folder, &mut server, "TERM");
        assert_eq!(length(&mut server.client()), present);
        let [killed_ms, cut_ms, stopped_ms] = [killed, cut, stopped].map(|time| time.as_millis());
        let memory = server.usage().peak >> 20;
        println!("{size:>5}: {killed_ms:>5} | {cut_ms:>5} | {stopped_ms:>5} | {memory}");
        if extent.is_long() {
            assert!(killed.max(stopped) < LONGEST_RESTART, "a restart at {size} MiB took too long");
        }
    }
}

/// Has writers put a group so many times each, and does something meanwhile that is told of each: how many were
/// acknowledged. A writer stops when the emulator is gone.
fn write(
    server: &mut Server,
    group: &[u8],
    times: u64,
    meanwhile: impl FnOnce(&mut Server, &Receiver<()>),
) -> u64 {
    let (sender, puts) = channel();
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (client, sender) = (server.client(), sender.clone());
                scope.spawn(move || put_all(client, group, times, &sender))
            })
            .collect();
        drop(sender);
        meanwhile(server, &puts);
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    })
}

fn put_all(mut client: Client, group: &[u8], times: u64, told: &Sender<()>) -> u64 {
    let mut acknowledged = 0;
    for _ in 0..times {
        let Ok(answer) = client.try_put("store", group) else { break };
        answer.expect_success();
        acknowledged += 1;
        // The receiver may have stopped counting.
        let _ = told.send(());
    }
    acknowledged
}

/// How many groups there are.
fn length(client: &mut Client) -> u64 {
    let answer = client.sls("GET", "/logstores/store/shards/0?from=end&type=cursor", &Value::Null);
    position_of(answer.expect_success().json()["cursor"].as_str().unwrap())
}

/// Waits until nothing is written to the file any more, the checkpoint included.
fn wait_until_idle(folder: &Folder) {
    let is_idle = || {
        let modified = fs::metadata(folder.file())?.modified()?;
        Ok(modified.elapsed().is_ok_and(|age| age > IDLE).then_some(()))
    };
    wait_for("a file that is not written to", LONGEST_WAIT, is_idle).unwrap();
}

/// Ends the emulator and starts it again: how long it took until it served.
fn restart(folder: &Folder, server: &mut Server, signal: &str) -> Duration {
    server.end(signal);
    start_again(folder, server)
}

fn start_again(folder: &Folder, server: &mut Server) -> Duration {
    let (started, time) = start(folder, &[]);
    *server = started;
    time
}
