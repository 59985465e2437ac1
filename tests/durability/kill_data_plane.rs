//! SIGKILL while several writers put logs.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};
use test_support::extent::Extent;

use crate::client::{Client, log_group, topic_of};
use crate::server::{Folder, Server};

/// How often the emulator is killed in a short run.
const SHORT_RUN: u64 = 200;
/// After so many rounds another Logstore is written to, so that what is read back each time stays small.
const ROUNDS_OF_LOGSTORE: u64 = 10;
/// After so many Logstores the oldest is deleted: a project takes 200 of them.
const MOST_LOGSTORES: usize = 100;
/// Far more groups than a writer puts until the emulator is killed.
const MOST_PUTS: usize = 1_000_000;
/// Writers at the same time.
const WRITERS: usize = 4;

/// Log groups by topic.
type Groups = BTreeMap<String, Vec<u8>>;

/// What a writer sent: what was acknowledged, and the group whose answer never came.
struct Sent {
    acknowledged: Groups,
    in_doubt: Option<(String, Vec<u8>)>,
}

/// Puts group after group until the connection breaks, and tells of every acknowledgement.
fn write(
    mut client: Client,
    logstore: String,
    name: String,
    mut random: fastrand::Rng,
    acknowledgements: Sender<()>,
) -> JoinHandle<Sent> {
    thread::spawn(move || {
        let mut acknowledged = Groups::new();
        for number in 0..MOST_PUTS {
            let topic = format!("{name}-{number:06}");
            let padding: String = (0..random.usize(..3_000)).map(|_| random.alphanumeric()).collect();
            let group = log_group(&topic, &padding);
            match client.try_put(&logstore, &group) {
                Ok(response) => {
                    response.expect_success();
                    acknowledged.insert(topic, group);
                    // The receiver may have stopped counting.
                    let _ = acknowledgements.send(());
                }
                Err(_) => return Sent { acknowledged, in_doubt: Some((topic, group)) },
            }
        }
        panic!("{name}: after {MOST_PUTS} groups the emulator has not been killed")
    })
}

/// Lets writers write until `after` groups are acknowledged, then kills: what was sent.
fn round(server: Server, logstore: &str, round: u64, random: &mut fastrand::Rng) -> Vec<Sent> {
    let (sender, acknowledgements) = channel();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let name = format!("r{round:03}-w{writer}");
            write(server.client(), logstore.to_owned(), name, random.fork(), sender.clone())
        })
        .collect();
    drop(sender);
    let after = random.usize(1..=40);
    assert_eq!(acknowledgements.iter().take(after).count(), after, "the writers ended by themselves");
    // A moment that the program knows nothing of: somewhere in the work that is under way.
    for _ in 0..random.usize(..20_000) {
        std::hint::spin_loop();
    }
    server.kill();
    writers.into_iter().map(|writer| writer.join().unwrap()).collect()
}

/// Checks what is there against what was: `kept` before, and what was sent since. What is there now.
fn verify(found: Vec<Vec<u8>>, kept: &Groups, sent: &[Sent]) -> Groups {
    let mut present = Groups::new();
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    for group in found {
        let topic = topic_of(&group);
        let writer = topic.rsplit_once('-').unwrap().0.to_owned();
        let before = last.insert(writer, topic.clone());
        assert!(before.is_none_or(|before| before < topic), "{topic} is out of order or there twice");
        present.insert(topic, group);
    }
    let mut unexplained = present.clone();
    for (topic, group) in kept.iter().chain(sent.iter().flat_map(|sent| &sent.acknowledged)) {
        assert_eq!(unexplained.remove(topic).as_ref(), Some(group), "{topic} is lost or not what was sent");
    }
    for (topic, group) in sent.iter().filter_map(|sent| sent.in_doubt.as_ref()) {
        if let Some(found) = unexplained.remove(topic) {
            assert_eq!(&found, group, "{topic} is not what was sent");
        }
    }
    assert!(unexplained.is_empty(), "never sent: {:?}", unexplained.keys());
    present
}

/// Of each kind one: in clear, sealed with GCM, sealed with a MAC beside.
fn encrypt_conf(logstore: u64) -> Option<Value> {
    let encrypt_type = match logstore % 4 {
        0 => None,
        1 => Some("default"),
        2 => Some("sm4_cbc"),
        _ => Some("aes_ofb"),
    };
    encrypt_type.map(|encrypt_type| json!({"enable": true, "encrypt_type": encrypt_type}))
}

fn name_of(logstore: u64) -> String {
    format!("store-{logstore}")
}

#[test]
fn no_acknowledged_group_is_lost_over_200_kills() {
    let extent = Extent::read(SHORT_RUN);
    let _or_replay = extent.or_replay("--test durability kill_data_plane");
    let mut random = fastrand::Rng::with_seed(extent.seed);
    let folder = Folder::new();
    let mut server = folder.start();
    server.client().create_project();
    let mut contents = BTreeMap::<u64, Groups>::new();
    let (mut rounds, mut sent_in_doubt) = (0, 0);
    for number in extent.rounds(1.0) {
        let latest = number / ROUNDS_OF_LOGSTORE;
        let logstore = name_of(latest);
        if number % ROUNDS_OF_LOGSTORE == 0 {
            server.client().create_logstore(&logstore, encrypt_conf(latest));
        }
        let sent = round(server, &logstore, number, &mut random);
        rounds += 1;
        sent_in_doubt += sent.iter().filter(|sent| sent.in_doubt.is_some()).count();
        server = folder.start();
        let kept = contents.remove(&latest).unwrap_or_default();
        contents.insert(latest, verify(server.client().pull(&logstore), &kept, &sent));
        if contents.len() > MOST_LOGSTORES
            && let Some((oldest, kept)) = contents.pop_first()
        {
            verify(server.client().pull(&name_of(oldest)), &kept, &[]);
            let path = format!("/logstores/{}", name_of(oldest));
            server.client().sls("DELETE", &path, &Value::Null).expect_success();
        }
    }
    for (logstore, kept) in &contents {
        verify(server.client().pull(&name_of(*logstore)), kept, &[]);
    }
    println!("{rounds} kills, with {sent_in_doubt} writes in doubt");
    assert!(sent_in_doubt > rounds / 2, "the kills came between the writes");
}
