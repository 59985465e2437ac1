//! SIGKILL at the moment when a reader was told what no writer was told yet.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};
use test_support::extent::Extent;

use crate::client::{Client, log_group};
use crate::server::Folder;

/// How often the emulator is killed in a short run.
const SHORT_RUN: u64 = 10;
/// Far more than there is time for until the emulator is killed.
const MOST_CALLS: usize = 1_000_000;
/// Bytes in a log group. Such groups share their way to the disk with the counters, and make it long.
const LOAD: usize = 1_000_000;
/// Writers of such groups.
const LOADERS: usize = 2;
const RAM: &str = "2015-05-01";
const KMS: &str = "2016-01-20";
const TRUST: &str = r#"{"Version": "1", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow",
    "Principal": {"Service": ["log.aliyuncs.com"]}}]}"#;

/// Something that is stored and counts up, one for each way to read: SLS, RAM, KMS, and the control API.
#[derive(Clone, Copy, Debug)]
enum Counter {
    /// The `ttl` of a Logstore.
    Ttl,
    /// The description of a role.
    Description,
    /// How many keys there are.
    Keys,
    /// The `ttl` of another Logstore, read past the service.
    Patched,
}

const COUNTERS: [Counter; 4] = [Counter::Ttl, Counter::Description, Counter::Keys, Counter::Patched];

impl Counter {
    /// Makes what counts, at 1.
    fn create(self, client: &mut Client) {
        match self {
            Self::Ttl => client.create_logstore("counted", None),
            Self::Description => {
                let parameters = [("RoleName", "counted"), ("AssumeRolePolicyDocument", TRUST)];
                client.rpc((RAM, "CreateRole"), &parameters);
            }
            Self::Keys => {}
            Self::Patched => client.create_logstore("patched", None),
        }
        self.write(client, 1).unwrap();
    }

    /// Counts up to `number`, which is one more than before.
    fn write(self, client: &mut Client, number: u64) -> io::Result<()> {
        let ttl = json!({"logstoreName": "counted", "ttl": number});
        let text = number.to_string();
        let response = match self {
            Self::Ttl => client.try_sls("PUT", "/logstores/counted", &ttl)?,
            Self::Description => {
                client.try_rpc((RAM, "UpdateRole"), &[("RoleName", "counted"), ("NewDescription", &text)])?
            }
            Self::Keys => client.try_rpc((KMS, "CreateKey"), &[])?,
            Self::Patched => {
                let path = "projects/proj/logstores/patched";
                client.try_control("PATCH", path, &json!({"ttl": number}).to_string())?
            }
        };
        response.expect_success();
        Ok(())
    }

    fn read(self, client: &mut Client) -> io::Result<u64> {
        let number = |value: &Value| value.as_u64().unwrap();
        Ok(match self {
            Self::Ttl => {
                let logstore = client.try_sls("GET", "/logstores/counted", &Value::Null)?;
                number(&logstore.expect_success().json()["ttl"])
            }
            Self::Description => {
                let role = client.try_rpc((RAM, "GetRole"), &[("RoleName", "counted")])?;
                let role = role.expect_success().json();
                role["Role"]["Description"].as_str().unwrap().parse().unwrap()
            }
            Self::Keys => {
                number(&client.try_rpc((KMS, "ListKeys"), &[])?.expect_success().json()["TotalCount"])
            }
            Self::Patched => {
                let logstore = client.try_control("GET", "projects/proj/logstores/patched", "")?;
                number(&logstore.expect_success().json()["ttl"])
            }
        })
    }
}

/// Counts up from `from` until the connection breaks, and says in `acknowledged` how far it is.
fn count(counter: Counter, mut client: Client, from: u64, acknowledged: Arc<AtomicU64>) -> JoinHandle<()> {
    thread::spawn(move || {
        for number in (from + 1..).take(MOST_CALLS) {
            if counter.write(&mut client, number).is_err() {
                return;
            }
            acknowledged.store(number, Ordering::SeqCst);
        }
        panic!("{counter:?}: the emulator has not been killed")
    })
}

/// Reads until the connection breaks, and says when it was told more than the writer. What it was told last.
fn watch(
    counter: Counter,
    mut client: Client,
    acknowledged: Arc<AtomicU64>,
    ahead: Sender<()>,
) -> JoinHandle<u64> {
    thread::spawn(move || {
        let mut told = 0;
        for _ in 0..MOST_CALLS {
            let Ok(number) = counter.read(&mut client) else { return told };
            told = number;
            if told > acknowledged.load(Ordering::SeqCst) {
                // After the first one the emulator is being killed.
                let _ = ahead.send(());
            }
        }
        panic!("{counter:?}: the emulator has not been killed")
    })
}

fn load(mut client: Client) -> JoinHandle<()> {
    thread::spawn(move || {
        let group = log_group("load", &"x".repeat(LOAD));
        let sent = (0..MOST_CALLS).take_while(|_| client.try_put("load", &group).is_ok()).count();
        assert!(sent < MOST_CALLS, "the emulator has not been killed");
    })
}

#[test]
fn what_a_reader_was_told_is_there_after_a_kill() {
    let extent = Extent::read(SHORT_RUN);
    let _or_replay = extent.or_replay("--test durability kill_readers");
    let folder = Folder::new();
    let mut server = folder.start();
    let mut client = server.client();
    client.create_project();
    for counter in COUNTERS {
        counter.create(&mut client);
    }
    for round in extent.rounds(1.0) {
        let mut client = server.client();
        // A new one each time, so that the file stays small.
        client.create_logstore("load", None);
        let (sender, ahead) = channel();
        let mut writers: Vec<_> = (0..LOADERS).map(|_| load(server.client())).collect();
        let readers = COUNTERS.map(|counter| {
            let from = counter.read(&mut client).unwrap();
            let acknowledged = Arc::new(AtomicU64::new(from));
            writers.push(count(counter, server.client(), from, Arc::clone(&acknowledged)));
            watch(counter, server.client(), acknowledged, sender.clone())
        });
        drop(sender);
        ahead.recv().unwrap();
        server.kill();
        for writer in writers {
            writer.join().unwrap();
        }
        server = folder.start();
        let mut client = server.client();
        for (counter, reader) in COUNTERS.into_iter().zip(readers) {
            let (told, there) = (reader.join().unwrap(), counter.read(&mut client).unwrap());
            assert!(there >= told, "round {round}: a reader was told {counter:?} {told}, and it is {there}");
        }
        client.sls("DELETE", "/logstores/load", &Value::Null).expect_success();
    }
}
