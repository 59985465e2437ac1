//! Folders that are not served, and a disk that is full.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::client::{log_group, topic_of};
use crate::server::{Folder, Server, serve};

/// A folder with a Logstore in clear, and a log in it.
fn folder() -> Folder {
    let folder = Folder::new();
    let server = folder.start();
    let mut client = server.client();
    client.create_project();
    client.create_logstore("app", None);
    client.put("app", &log_group("topic", "canary-in-clear"));
    server.stop();
    folder
}

#[test]
fn another_master_key_is_refused_and_the_file_untouched() {
    let folder = folder();
    let before = fs::read(folder.file()).unwrap();
    let other = folder.beside("other-key");
    fs::write(&other, "5a".repeat(32)).unwrap();
    let (_, stderr) = folder.refused(&["--master-key-file", other.to_str().unwrap()]);
    assert!(stderr.contains("the master key does not fit what is stored in"), "{stderr}");
    assert_eq!(fs::read(folder.file()).unwrap(), before);
    assert_eq!(folder.start().client().pull("app").len(), 1);
}

#[test]
fn without_its_master_key_a_folder_is_refused_and_no_new_key_made() {
    let folder = folder();
    let key = folder.beside("data.master-key");
    let text = fs::read_to_string(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let (_, stderr) = folder.refused(&[]);
    assert!(stderr.contains(key.to_str().unwrap()) && stderr.lines().count() == 1, "{stderr}");
    assert!(!key.exists());
    let mut command = serve(&folder.path(), &[]);
    command.env("ALICLOUD_EMULATOR_MASTER_KEY", text.trim_end());
    assert_eq!(Server::spawn(command).client().pull("app").len(), 1);
}

#[cfg(unix)]
#[test]
fn the_master_key_is_its_owners_and_not_in_the_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    let key = folder.beside("data.master-key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["emulator.redb"]);
}

#[test]
fn a_second_process_is_refused_and_the_first_goes_on() {
    let folder = folder();
    let server = folder.start();
    let (_, stderr) = folder.refused(&[]);
    assert!(stderr.contains("is in use by another process") && stderr.lines().count() == 1, "{stderr}");
    let inspected = folder.inspect(&["proj", "app"]);
    let stderr = String::from_utf8(inspected.stderr).unwrap();
    assert_eq!(inspected.status.code(), Some(1));
    assert!(stderr.contains("an emulator is using this folder"), "{stderr}");
    assert_eq!(server.client().pull("app").len(), 1);
}

#[test]
fn a_flipped_byte_is_noticed() {
    let folder = folder();
    let mut bytes = fs::read(folder.file()).unwrap();
    let canary = b"canary-in-clear";
    let places: Vec<_> =
        bytes.windows(canary.len()).enumerate().filter(|(_, window)| window == canary).collect();
    let places: Vec<usize> = places.into_iter().map(|(place, _)| place).collect();
    assert!(!places.is_empty(), "a block in clear is in clear");
    for place in places {
        bytes[place] ^= 1;
    }
    fs::write(folder.file(), &bytes).unwrap();
    // The page's checksum may be looked at when the file is opened, the block's MAC when it is read.
    if let Err(error) = Server::try_spawn(serve(&folder.path(), &[])) {
        assert!(error.to_string().contains("is not what was written"), "{error}");
        return;
    }
    let response = folder.start().client().try_pull("app", 0, "MA==").unwrap();
    assert_eq!(response.status, 500, "{}", response.text());
}

/// The largest file that a process may write, in the units of `ulimit -f`: 4 or 8 MiB.
const LARGEST: &str = "8192";

#[cfg(unix)]
#[test]
fn after_a_write_that_failed_nothing_is_answered_until_a_restart() {
    let folder = folder();
    let path = folder.path();
    let mut command = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {LARGEST}; exec \"$0\" \"$@\"");
    let inner = serve(&path, &[]);
    command.args(["-c", &script]).arg(inner.get_program()).args(inner.get_args());
    let server = Server::spawn(command);
    let mut client = server.client();
    let padding = "x".repeat(300_000);
    let (mut acknowledged, mut is_full) = (vec!["topic".to_owned()], false);
    for number in 0..100 {
        let topic = format!("t{number}");
        match client.try_put("app", &log_group(&topic, &padding)).unwrap().status {
            200 => acknowledged.push(topic),
            status => {
                assert_eq!(status, 500);
                is_full = true;
                break;
            }
        }
    }
    assert!(is_full, "100 groups were put");
    for (method, target, body) in [
        ("GET", "/logstores/app", Value::Null),
        ("POST", "/logstores", json!({"logstoreName": "more", "ttl": 1, "shardCount": 1})),
    ] {
        assert_eq!(client.sls(method, target, &body).status, 500, "{method} {target}");
    }
    let call = client.try_rpc(("2015-05-01", "CreateUser"), &[("UserName", "alice")]).unwrap();
    assert_eq!((call.status, call.json()["Code"].as_str()), (500, Some("InternalError")));
    assert_eq!(client.control("GET", "health", "").json()["status"], "failed");
    server.kill();
    let server = folder.start();
    let mut client = server.client();
    let found: Vec<String> = client.pull("app").iter().map(|group| topic_of(group)).collect();
    assert_eq!(found[..acknowledged.len()], acknowledged[..]);
    assert!(found.len() <= acknowledged.len() + 1, "{found:?}");
    assert_eq!(client.sls("GET", "/logstores/more", &Value::Null).status, 404);
}
