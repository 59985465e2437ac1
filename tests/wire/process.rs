//! The real binary: command line, exit codes, signals, logs.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use rustls::version::TLS13;
use schema::{Type, Value, msgpack};
use serde_json::Value as Json;
use test_support::waiting::{LONGEST_WAIT, wait_for};

use crate::{
    certificate::Host,
    client::{
        self, Handshake,
        pb::{plugin::Empty, tfplugin6 as pb},
    },
    program::{Program, command, run},
    served::COOKIE,
};

fn directory(address: &str) -> PathBuf {
    Path::new(address).parent().unwrap().to_owned()
}

#[test]
fn run_by_hand_it_explains_itself_on_standard_error_alone() {
    let output = run(&[], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("This program is a Terraform provider."));
}

#[cfg(unix)]
#[test]
fn a_host_shows_why_there_is_no_handshake() {
    let offered = ("PLUGIN_PROTOCOL_VERSIONS", "5,6");
    for (variable, said) in [
        (("PLUGIN_UNIX_SOCKET_DIR", "/nowhere|or|any|where"), "/nowhere/or/any/where"),
        (("PLUGIN_UNIX_SOCKET_GROUP", "no such group"), "PLUGIN_UNIX_SOCKET_GROUP"),
        (("PLUGIN_CLIENT_CERT", "no certificate"), "certificate"),
        (("PLUGIN_PROTOCOL_VERSIONS", "4"), "protocol 4"),
    ] {
        let output = run(&[], &[COOKIE, offered, variable]);
        assert_eq!(output.status.code(), Some(1), "{variable:?}");
        let line = String::from_utf8(output.stdout).unwrap();
        assert!(line.contains(said) && line.lines().count() == 1 && !line.contains('|'), "{line}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_directory_for_temporary_files_that_cannot_hold_a_socket_is_replaced() {
    let host = Host::new();
    let parent = tempfile::tempdir().unwrap();
    let long = parent.path().join("x".repeat(100));
    std::fs::create_dir(&long).unwrap();
    for unfit in [long.to_str().unwrap(), "/nowhere/at/all"] {
        let mut command =
            command(&[], &[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "5,6"), ("PLUGIN_CLIENT_CERT", &host.pem())]);
        command.env("TMPDIR", unfit);
        let program = Program::spawn(command);
        let handshake = program.handshake();
        let channel = client::connect_tls(&handshake, host.client(&handshake, &[&TLS13])).await.unwrap();
        client::controller(&channel).shutdown(Empty {}).await.unwrap();
        assert_eq!(program.ended().0.code(), Some(0), "{unfit}");
    }
}

#[test]
fn an_argument_it_does_not_know_gets_the_usage() {
    for arguments in [&["--nonsense"][..], &["serve"], &["--debug", "--version"]] {
        let output = run(arguments, &[]);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with(&format!("Unknown argument {}.", arguments.last().unwrap())), "{text}");
        assert!(text.contains("Usage: "), "{text}");
    }
}

#[test]
fn version_and_help_are_printed() {
    let version = run(&["--version"], &[]);
    assert_eq!(String::from_utf8(version.stdout).unwrap(), format!("{}\n", env!("CARGO_PKG_VERSION")));
    for flag in ["--help", "-h"] {
        let help = run(&[flag], &[]);
        assert!(help.status.success());
        assert!(String::from_utf8(help.stdout).unwrap().starts_with("Usage: "));
    }
}

#[tokio::test]
async fn a_host_with_its_certificate_is_served_until_it_shuts_the_process_down() {
    let host = Host::new();
    let program = Program::hosted(&[("PLUGIN_CLIENT_CERT", &host.pem())]);
    let handshake = program.handshake();
    assert_eq!(handshake.network, "unix");
    assert!(!handshake.certificate.contains('='), "base64 without padding");
    let config = host.client(&handshake, &[&TLS13]);
    let channel = client::connect_tls(&handshake, config).await.unwrap();
    let request = pb::get_provider_schema::Request {};
    let schema = client::provider(&channel).get_provider_schema(request).await.unwrap().into_inner();
    assert!(schema.resource_schemas.contains_key("alicloud_log_store_encryption"));
    let stdio = client::stdio(&channel).stream_stdio(()).await.unwrap();

    client::controller(&channel).shutdown(Empty {}).await.unwrap();
    let (status, stdout, stderr) = program.ended();
    assert_eq!((status.code(), stdout.as_str(), stderr.as_str()), (Some(0), "", ""));
    assert!(!directory(&handshake.address).exists());
    drop(stdio);
}

#[tokio::test]
async fn under_a_host_an_interrupt_is_ignored_and_a_request_to_terminate_is_not() {
    let mut program = Program::hosted(&[("TF_LOG", "debug")]);
    let handshake = program.handshake();
    // Several times: a process that had begun to stop might still serve once.
    for _ in 0..10 {
        program.signal("INT");
        program.wait_for_log("interrupted");
        let channel = client::connect(&handshake).await;
        client::provider(&channel).get_metadata(pb::get_metadata::Request {}).await.unwrap();
    }
    program.signal("TERM");
    let (status, ..) = program.ended();
    assert_eq!(status.code(), Some(0));
    assert!(!directory(&handshake.address).exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_provider_whose_host_was_killed_ends_and_removes_its_directory() {
    for connected in [false, true] {
        let mut host = Program::under_a_shell();
        let provider = host.log_line();
        let handshake = host.handshake();
        let mut channel = None;
        if connected {
            let opened = client::connect(&handshake).await;
            client::provider(&opened).get_metadata(pb::get_metadata::Request {}).await.unwrap();
            channel = Some(opened);
        }
        host.signal("KILL");
        let is_over = || Ok((!directory(&handshake.address).exists()).then_some(()));
        let over = wait_for("the end of the provider after that of its host", LONGEST_WAIT, is_over);
        if over.is_err() {
            Command::new("kill").args(["-KILL", &provider]).status().unwrap();
        }
        over.unwrap();
        // Its standard output ends with it.
        host.ended();
        drop(channel);
    }
}

#[tokio::test]
async fn debug_mode_prints_a_variable_and_ends_with_an_interrupt() {
    let program = Program::start(&["--debug"], &[]);
    let value = program.line.strip_prefix("TF_REATTACH_PROVIDERS='").unwrap().strip_suffix('\'').unwrap();
    let providers: Json = serde_json::from_str(value).unwrap();
    let provider = &providers[provider::SOURCE_ADDRESS];
    assert_eq!(provider["Protocol"], "grpc");
    assert_eq!(provider["ProtocolVersion"], 6);
    assert_eq!(provider["Pid"], program.id());
    assert_eq!(provider["Test"], true);
    let address = provider["Addr"]["String"].as_str().unwrap().to_owned();
    let handshake = Handshake {
        network: provider["Addr"]["Network"].as_str().unwrap().to_owned(),
        address: address.clone(),
        certificate: String::new(),
    };
    let channel = client::connect(&handshake).await;
    client::provider(&channel).get_metadata(pb::get_metadata::Request {}).await.unwrap();
    program.signal("INT");
    let (status, ..) = program.ended();
    assert_eq!(status.code(), Some(0));
    assert!(!directory(&address).exists());
}

/// The provider block with a secret in it and nothing else, in the shape its schema asks for.
async fn block_with_secret(
    provider: &mut pb::provider_client::ProviderClient<tonic::transport::Channel>,
) -> pb::DynamicValue {
    let schema =
        provider.get_provider_schema(pb::get_provider_schema::Request {}).await.unwrap().into_inner();
    let block = schema.provider.unwrap().block.unwrap();
    let given = |name: &str| match name {
        "access_key" | "secret_key" => Value::from("canary"),
        "region" => Value::from("cn-hangzhou"),
        _ => Value::Null,
    };
    // Types do not matter for null, nor for an empty list of blocks.
    let attributes =
        block.attributes.iter().map(|attribute| (attribute.name.clone(), given(&attribute.name)));
    let blocks = block.block_types.iter().map(|block| (block.type_name.clone(), Value::List(vec![])));
    let members: std::collections::BTreeMap<String, Value> = attributes.chain(blocks).collect();
    let of = members.iter().map(|(name, value)| {
        let of = if matches!(value, Value::List(_)) { Type::list(Type::Bool) } else { Type::String };
        (name.clone(), of)
    });
    let of = Type::Object(of.collect());
    pb::DynamicValue { msgpack: msgpack::encode(&Value::Object(members), &of).unwrap(), json: vec![] }
}

#[tokio::test]
async fn logs_are_lines_hosts_read_and_hold_no_secret() {
    let program = Program::hosted(&[("TF_LOG_PROVIDER", "trace"), ("TF_LOG", "off")]);
    let channel = client::connect(&program.handshake()).await;
    let mut provider = client::provider(&channel);
    let config = Some(block_with_secret(&mut provider).await);
    let validate = pb::validate_provider_config::Request { config: config.clone() };
    provider.validate_provider_config(validate).await.unwrap();
    let configure = pb::configure_provider::Request { config, ..Default::default() };
    let configured = provider.configure_provider(configure).await.unwrap().into_inner();
    assert_eq!(configured.diagnostics, []);
    client::controller(&channel).shutdown(Empty {}).await.unwrap();

    let (_, _, log) = program.ended();
    assert!(!log.contains("canary"), "{log}");
    let lines: Vec<Json> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let called = lines.iter().any(|line| line["rpc"] == "ConfigureProvider" && line["@level"] == "debug");
    assert!(called, "{log}");
    for line in lines {
        assert!(line["@message"].is_string() && line["@module"].is_string(), "{line}");
        let time = line["@timestamp"].as_str().unwrap();
        let fraction = time.split_once('.').unwrap().1;
        assert!(fraction.len() == 7 && fraction.ends_with('Z'), "{time}");
    }
}

#[tokio::test]
async fn without_a_wish_for_logs_nothing_is_written() {
    let program = Program::hosted(&[]);
    let channel = client::connect(&program.handshake()).await;
    client::provider(&channel).get_metadata(pb::get_metadata::Request {}).await.unwrap();
    client::controller(&channel).shutdown(Empty {}).await.unwrap();
    let (status, stdout, stderr) = program.ended();
    assert_eq!((status.code(), stdout.as_str(), stderr.as_str()), (Some(0), "", ""));
}
