//! What callers send does not make the emulator's memory grow beyond its bounds.

use prost::Message as _;
use serde_json::Value;
use test_support::date;
use test_support::log_group::LogGroup;

use crate::client::Client;
use crate::server::{Folder, Server};

/// Far less than each of these tests took before there were bounds, and far more than it takes.
const MARGIN: usize = 300 * 1024 * 1024;
/// Bytes in the largest body there may be.
const LARGEST: usize = 10 * 1024 * 1024;

/// Does something that is not to take more memory than [`MARGIN`].
#[track_caller]
fn check(server: &Server, what: impl FnOnce(&mut Client)) {
    let before = server.usage().peak;
    what(&mut server.client());
    let grown = server.usage().peak - before;
    assert!(grown < MARGIN, "{} MiB", grown / 1024 / 1024);
}

/// Each was kept, with 320 MiB, as the JSON it is.
#[test]
fn bodies_of_calls_that_are_not_signed_are_not_kept() {
    let server = Folder::new().start();
    check(&server, |client| {
        let body = vec![b"0,".as_slice(); LARGEST / 2 - 2].concat();
        let body = [b"[".as_slice(), &body, b"0]"].concat();
        let head = format!(
            "Host: proj.localhost\r\nContent-Type: application/json\r\nContent-Length: {}",
            body.len()
        );
        let request = [format!("POST /logstores HTTP/1.1\r\n{head}\r\n\r\n").as_bytes(), &body].concat();
        for _ in 0..60 {
            assert_eq!(client.exchange(&request).unwrap().status, 400);
        }
    });
}

/// Each was held, as it was sent and as it is stored, until it was durable: 40 KB on the wire took 40 MB, and 250 of
/// them more than 2 GB.
#[test]
fn log_groups_that_are_small_on_the_wire_wait_for_memory() {
    let folder = Folder::new();
    let server = folder.start();
    server.client().create_project();
    server.client().create_logstore("app", None);
    let group = LogGroup::from_messages(None, vec!["x".repeat(1_000_000); 9]).encode_to_vec();
    check(&server, |client| {
        std::thread::scope(|scope| {
            for _ in 0..48 {
                let (mut client, group) = (client.another(), &group);
                scope.spawn(move || client.try_put_compressed("app", group).unwrap().expect_success());
            }
        });
    });
}

/// A search made a copy of the source for each log: more than 1 GiB.
#[test]
fn a_search_has_the_fields_of_a_group_once() {
    let folder = Folder::new();
    let server = folder.start();
    server.client().create_project();
    server.client().create_logstore("app", None);
    let mut group = LogGroup::from_messages(Some("topic"), vec![String::new(); 20_000]);
    group.source = Some("s".repeat(60_000));
    server.client().put("app", &group.encode_to_vec());
    check(&server, |client| {
        let to = date::unix() + 100;
        let target = format!("/logstores/app?from=0&line=1&to={to}&type=log");
        let found = client.sls("GET", &target, &Value::Null).expect_success();
        assert_eq!(found.header("x-log-processed-rows"), Some("20000"));
    });
}

/// What an offset skips has to be held until the search is over.
#[test]
fn a_search_that_would_hold_too_much_is_refused() {
    let folder = Folder::new();
    let server = folder.start();
    server.client().create_project();
    server.client().create_logstore("app", None);
    let value = "x".repeat(1_000_000);
    let messages = vec![value; 9];
    let group = LogGroup::from_messages(Some("topic"), messages).encode_to_vec();
    for _ in 0..9 {
        server.client().put("app", &group);
    }
    check(&server, |client| {
        let to = date::unix() + 100;
        for (offset, status) in [(0, 200), (u64::MAX, 400)] {
            let target = format!("/logstores/app?from=0&line=1&offset={offset}&to={to}&type=log");
            assert_eq!(client.sls("GET", &target, &Value::Null).status, status, "{offset}");
        }
    });
}

/// What a page of another site can have a browser send without asking: a simple request, with a body that would take
/// hundreds of MiB as the JSON it is.
#[test]
fn what_a_page_of_another_site_sends_is_not_kept() {
    let server = Folder::new().start();
    check(&server, |client| {
        let body = [b"[".as_slice(), &b"0,".repeat(LARGEST / 2 - 2), b"0]"].concat();
        for host in ["evil.example", "proj.localhost"] {
            let head = format!(
                "POST /logstores HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.example\r\n\
                 Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            let request = [head.as_bytes(), &body].concat();
            for _ in 0..30 {
                let answer = client.another().exchange(&request).unwrap();
                assert!((400..500).contains(&answer.status), "{host}: {}", answer.status);
            }
        }
    });
}
