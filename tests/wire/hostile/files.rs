//! Files, commands and chains of profiles.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use test_support::waiting::within_limit;

use super::plugin::{Plugin, Told, profile, profiles};
use crate::client::pb::tfplugin6 as pb;

/// What needs credentials, and no service before it has them.
async fn need_credentials(plugin: &mut Plugin) -> Told {
    let given = json!({ "project_name": "audit", "logstore_name": "app" });
    plugin.read_data("alicloud_log_store_encryption", &given).await
}

/// Files that have no end, are too long, or cannot be read, each with what is said of it.
fn hostile_files(directory: &TempDir) -> Vec<(String, &'static str)> {
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
    let sparse = fs::File::create(path("sparse")).unwrap();
    sparse.set_len(2 << 30).unwrap();
    fs::create_dir(path("folder")).unwrap();
    drop(UnixListener::bind(path("socket")).unwrap());
    std::os::unix::fs::symlink(path("fifo"), path("link")).unwrap();
    std::os::unix::fs::symlink(path("loop"), path("loop")).unwrap();
    vec![
        (path("fifo"), "a pipe"),
        (path("link"), "a pipe"),
        (path("socket"), "a socket"),
        ("/dev/zero".to_owned(), "a device"),
        ("/dev/tty".to_owned(), "a device"),
        (path("folder"), "a directory"),
        (path("sparse"), "larger than 4 MiB"),
        (path("loop"), "cannot be read"),
    ]
}

#[tokio::test]
async fn a_hostile_ca_bundle_is_named_at_once_and_nothing_else_is_held_up() {
    let directory = tempfile::tempdir().unwrap();
    let mut plugin = Plugin::start(&[]).await;
    for (path, said) in hostile_files(&directory) {
        let told =
            plugin.configure(&json!({ "access_key": "i", "secret_key": "s", "ca_bundle": path })).await;
        told.says(&["Invalid CA bundle", "ca_bundle", &path, said]);
        plugin.assert_alive().await;
    }
    for (path, said) in hostile_files(&tempfile::tempdir().unwrap()) {
        if said == "cannot be read" {
            continue;
        }
        let mut plugin = Plugin::start(&[("SSL_CERT_FILE", &path)]).await;
        let told = plugin.configure(&json!({ "access_key": "i", "secret_key": "s" })).await;
        told.says(&["Invalid CA bundle", "SSL_CERT_FILE", &path]);
        plugin.assert_alive().await;
    }
}

/// In a folder of authorities what is no regular file is passed over, and a long one is an error.
#[tokio::test]
async fn a_hostile_file_among_the_certificates_of_the_system_is_named_or_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    for (at, (path, said)) in hostile_files(&directory).into_iter().enumerate() {
        let folder = directory.path().join(format!("certificates-{at}"));
        fs::create_dir(&folder).unwrap();
        let file = folder.join("aaaaaaaa.0");
        std::os::unix::fs::symlink(&path, &file).unwrap();
        let folders = format!("/nowhere:{}", folder.display());
        let mut plugin = Plugin::start(&[("SSL_CERT_DIR", &folders)]).await;
        let given = json!({ "access_key": "i", "secret_key": "s", "max_retries": 0,
            "endpoints": [{ "log": "https://127.0.0.1:9" }] });
        let told = plugin.configure(&given).await;
        if said.starts_with("larger") {
            told.says(&["Invalid CA bundle", "SSL_CERT_DIR", file.to_str().unwrap(), said]);
        } else {
            assert_eq!(told.text(), "", "{path}");
        }
        // The library reads them for the first connection.
        assert_ne!(need_credentials(&mut plugin).await.text(), "", "{path}");
        plugin.assert_alive().await;
    }
}

#[tokio::test]
async fn every_other_hostile_file_is_named_and_ends_no_process() {
    let directory = tempfile::tempdir().unwrap();
    for (path, said) in hostile_files(&directory) {
        let oidc = json!({ "role_arn": "acs:ram::1:role/r", "oidc_provider_arn": "acs:ram::1:oidc-provider/o",
            "oidc_token_file": path });
        let profile = profile(
            directory.path(),
            &json!({ "name": "p", "mode": "OIDC",
            "ram_role_arn": "acs:ram::1:role/r", "oidc_provider_arn": "acs:ram::1:oidc-provider/o",
            "oidc_token_file": path }),
        );
        for given in [
            json!({ "shared_credentials_file": path }),
            json!({ "assume_role_with_oidc": [oidc] }),
            json!({ "shared_credentials_file": profile }),
        ] {
            let mut plugin = Plugin::start(&[]).await;
            assert_eq!(plugin.configure(&given).await.text(), "", "{given}");
            need_credentials(&mut plugin).await.says(&[&path, said]);
            plugin.assert_alive().await;
        }
    }
}

/// SIGTERM ends it, whatever files it was given.
#[tokio::test]
async fn after_a_hostile_file_a_signal_and_the_host_still_end_it() {
    let directory = tempfile::tempdir().unwrap();
    let (fifo, _) = hostile_files(&directory).swap_remove(0);
    let mut plugin = Plugin::start(&[]).await;
    plugin.configure(&json!({ "access_key": "i", "secret_key": "s", "ca_bundle": fifo })).await;
    let stopping = plugin.provider.stop_provider(pb::stop_provider::Request {});
    within_limit("the stop", stopping).await.unwrap().unwrap();
    plugin.program.signal("TERM");
    assert_eq!(plugin.program.ended().0.code(), Some(0));
}

/// What a command of a profile comes to.
async fn command(directory: &Path, line: &str) -> (Plugin, Told) {
    let members = json!({ "name": "p", "mode": "External", "process_command": line });
    let file = profile(directory, &members);
    let mut plugin = Plugin::start(&[]).await;
    let configured = plugin.configure(&json!({ "shared_credentials_file": file })).await;
    assert_eq!(configured.text(), "");
    let told = need_credentials(&mut plugin).await;
    (plugin, told)
}

#[tokio::test]
async fn the_output_of_a_command_is_bounded() {
    let directory = tempfile::tempdir().unwrap();
    for line in ["yes CANARY", "head -c 1500000000 /dev/zero", "sh -c 'yes CANARY'"] {
        let (mut plugin, told) = command(directory.path(), line).await;
        told.says(&["process_command", "it prints more than 1 MiB"]);
        assert!(!told.text().contains("CANARY"), "{}", told.text());
        plugin.assert_alive().await;
    }
    let (mut plugin, told) =
        command(directory.path(), "sh -c 'head -c 300000000 /dev/zero >&2; exit 3'").await;
    told.says(&["process_command", "exit status: 3"]);
    assert!(told.text().len() < 4_000, "{}", told.text().len());
    plugin.assert_alive().await;
}

#[tokio::test]
async fn a_long_chain_of_profiles_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let chain: Vec<Json> = (0..2_000)
        .map(|at| {
            json!({ "name": format!("p{at}"), "mode": "ChainableRamRoleArn", "ram_role_arn": "acs:ram::1:role/r",
                "source_profile": format!("p{}", at + 1) })
        })
        .collect();
    let file = profiles(directory.path(), &chain.into());
    let mut plugin = Plugin::start(&[]).await;
    assert_eq!(plugin.configure(&json!({ "shared_credentials_file": file })).await.text(), "");
    need_credentials(&mut plugin).await.says(&["`source_profile`", "16 profiles in a row"]);
    plugin.assert_alive().await;
}

#[tokio::test]
async fn a_file_of_deep_json_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.json");
    let deep = format!("{{\"profiles\":{}", "[".repeat(1 << 20));
    fs::write(&path, deep).unwrap();
    let mut plugin = Plugin::start(&[]).await;
    let given = json!({ "shared_credentials_file": path });
    assert_eq!(plugin.configure(&given).await.text(), "");
    need_credentials(&mut plugin).await.says(&[path.to_str().unwrap()]);
    plugin.assert_alive().await;
}

/// Raises the limit of core dumps as far as it may, writes it to standard error, and becomes the program.
#[cfg(target_os = "linux")]
const WITH_CORE_DUMPS: &str = "ulimit -S -c \"$(ulimit -H -c)\"; ulimit -S -c >&2; exec \"$0\"";

/// With the limit raised by whoever starts it, it still leaves no core behind.
#[cfg(target_os = "linux")]
#[test]
fn a_process_under_a_host_leaves_no_core_dump() {
    use std::process::Stdio;

    use crate::{program, program::Program, served::COOKIE};

    let provider = program::command(&[], &[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "5,6")]);
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", WITH_CORE_DUMPS]).arg(provider.get_program()).env_clear();
    shell.envs(provider.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = Program::spawn(shell);
    let raised = program.log_line();
    if raised == "0" {
        eprintln!("This machine allows no core dumps: that the provider forbids them was not tested.");
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
    let limit = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let limit: Vec<&str> = limit.split_whitespace().skip(4).take(2).collect();
    // The hard limit is the one that the shell had, so the limit was raised before.
    assert_eq!((limit[0], limit[1] == "0"), ("0", raised == "0"), "{raised}");
    program.signal("ABRT");
    let (status, ..) = program.ended();
    let core_dumped = std::os::unix::process::ExitStatusExt::core_dumped(&status);
    assert!(!core_dumped && !status.success(), "{status}");
}
