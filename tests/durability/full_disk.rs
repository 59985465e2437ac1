//! A disk that takes no more: what was not stored is not shown to anyone.

use std::process::Command;

use serde_json::{Value, json};

use crate::client::{Client, log_group};
use crate::server::{Folder, Server, serve};

/// What the file may grow to, in blocks of 512 bytes: some megabytes.
const LARGEST: &str = "8192";
/// Many times what fits there.
const MOST_PUTS: usize = 1_000;
/// Bytes in a log group.
const GROUP: usize = 64 * 1024;
const RAM: &str = "2015-05-01";
const KMS: &str = "2016-01-20";
const STS: &str = "2015-04-01";

/// The emulator, started by a shell in which writes beyond [`LARGEST`] fail as on a full disk.
fn start_on_small_disk(folder: &Folder) -> Server {
    let emulator = serve(&folder.path(), &[]);
    let mut command = Command::new("/bin/sh");
    // Without the trap, the signal that comes with the error would end it.
    command.args(["-c", r#"trap "" XFSZ; ulimit -f "$0"; exec "$@""#, LARGEST]);
    command.arg(emulator.get_program()).args(emulator.get_args()).env_clear();
    Server::spawn(command)
}

/// One call of each service and of the control API that shows something stored: its status.
fn statuses(client: &mut Client) -> [u16; 6] {
    let rpc = [(RAM, "ListRoles"), (KMS, "ListKeys"), (STS, "GetCallerIdentity")];
    let [ram, kms, sts] = rpc.map(|action| client.try_rpc(action, &[]).unwrap().status);
    let sls = client.sls("GET", "/logstores/app", &Value::Null).status;
    let controlled = ["state", "projects/proj/logstores/app"];
    let [state, logstore] = controlled.map(|path| client.control("GET", path, "").status);
    [ram, kms, sts, sls, state, logstore]
}

#[test]
fn after_a_write_that_failed_nobody_is_told_anything_until_a_restart() {
    let folder = Folder::new();
    let server = start_on_small_disk(&folder);
    let mut client = server.client();
    client.create_project();
    client.create_logstore("app", None);
    let groups = (0..MOST_PUTS).map(|number| log_group(&number.to_string(), &"x".repeat(GROUP)));
    let acknowledged: Vec<_> =
        groups.take_while(|group| client.try_put("app", group).unwrap().status == 200).collect();
    assert!(!acknowledged.is_empty() && acknowledged.len() < MOST_PUTS, "{}", acknowledged.len());
    assert_eq!(statuses(&mut client), [500; 6]);
    let update = json!({"logstoreName": "app", "ttl": 77});
    assert_eq!(client.sls("PUT", "/logstores/app", &update).status, 500);
    let patch = client.control("PATCH", "projects/proj/logstores/app", &update.to_string());
    assert_eq!(patch.status, 500);
    assert_eq!(statuses(&mut client), [500; 6]);
    assert_eq!(client.control("GET", "health", "").json()["status"], "failed");
    server.kill();

    let server = folder.start();
    let mut client = server.client();
    assert_eq!(statuses(&mut client), [200; 6]);
    assert_eq!(client.sls("GET", "/logstores/app", &Value::Null).json()["ttl"], 30);
    let there = client.pull("app");
    assert!(there.starts_with(&acknowledged), "{} of {}", there.len(), acknowledged.len());
}
