//! Many writers at once.

use std::collections::BTreeSet;

use emulator::Rules;
use serde_json::json;

use super::{DataCall, PROTOBUF, content, group};

use crate::client::{START, TestServer};

const WRITERS: usize = 8;
const GROUPS: usize = 50;

fn text(writer: usize, number: usize) -> String {
    format!("{writer}-{number:03}")
}

/// Each writer writes its groups one after the other.
async fn write_all(bench: &TestServer, path: &'static str, query: &'static [(&'static str, &'static str)]) {
    let addr = bench.addr();
    let writers = (0..WRITERS).map(|writer| {
        tokio::spawn(async move {
            for number in 0..GROUPS {
                let mut call = DataCall::new("POST", path).header(PROTOBUF.0, PROTOBUF.1);
                for (name, value) in query {
                    call = call.query(name, value);
                }
                call.body(&group(&text(writer, number))).try_send(addr).await.unwrap().assert_done();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

fn seed(shards: u32) -> String {
    let conf = json!({"enable": true, "encrypt_type": "m4"});
    let logstore = json!({"logstoreName": "app", "shardCount": shards, "encrypt_conf": conf});
    json!({"projects": [{"name": "proj", "logstores": [logstore]}]}).to_string()
}

async fn bench(shards: u32) -> TestServer {
    TestServer::with_seed(&seed(shards), Rules::Default, START).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_or_doubled_over_many_shards() {
    let bench = bench(4).await;
    write_all(&bench, "/logstores/app/shards/lb", &[]).await;
    assert_everything_is_there_once(&bench).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_many_writers_were_told_is_stored_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let bench = TestServer::in_folder(&seed(4), folder.path()).await;
    write_all(&bench, "/logstores/app/shards/lb", &[]).await;
    bench.shutdown().await;
    assert_everything_is_there_once(&TestServer::in_folder(&seed(4), folder.path()).await).await;
}

async fn assert_everything_is_there_once(bench: &TestServer) {
    let mut all = Vec::new();
    for shard in 0..4 {
        all.extend(content(bench, shard).await);
    }
    assert_eq!(all.len(), WRITERS * GROUPS);
    let all: BTreeSet<Vec<u8>> = all.into_iter().collect();
    let expected =
        (0..WRITERS).flat_map(|writer| (0..GROUPS).map(move |number| group(&text(writer, number)))).collect();
    assert_eq!(all, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shard_keeps_the_order_of_each_writer() {
    let bench = bench(2).await;
    write_all(&bench, "/logstores/app/shards/route", &[("key", "00000000000000000000000000000000")]).await;
    let found = content(&bench, 0).await;
    assert_eq!(found.len(), WRITERS * GROUPS);
    for writer in 0..WRITERS {
        let own: Vec<Vec<u8>> = (0..GROUPS).map(|number| group(&text(writer, number))).collect();
        let found: Vec<Vec<u8>> = found.iter().filter(|group| own.contains(group)).cloned().collect();
        assert_eq!(found, own, "writer {writer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn splitting_under_load_loses_nothing_and_the_old_shard_stays_as_it_was() {
    let bench = bench(1).await;
    let splitting = async {
        let split = DataCall::new("POST", "/logstores/app/shards/0").query("action", "split");
        assert_eq!(split.send(&bench).await.status, 200);
        content(&bench, 0).await
    };
    let ((), old) = tokio::join!(write_all(&bench, "/logstores/app/shards/lb", &[]), splitting);
    assert_eq!(content(&bench, 0).await, old);
    let new = [content(&bench, 1).await, content(&bench, 2).await].concat();
    let all: BTreeSet<Vec<u8>> = old.iter().chain(&new).cloned().collect();
    assert_eq!((old.len() + new.len(), all.len()), (WRITERS * GROUPS, WRITERS * GROUPS));
}
