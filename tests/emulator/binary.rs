//! The binary: its one line, its exit codes, its signals.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde_json::Value;

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alicloud-emulator"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> (Output, String) {
    let output = command(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    (output, stderr)
}

/// A binary that serves, killed when the test is over.
struct Serving {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    ready: Value,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        let mut child =
            command(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { child, stdout, ready }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.ready["listening"].as_str().unwrap()).unwrap()
    }

    fn get(&self, path: &str) -> TcpStream {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: proj.localhost\r\n\r\n").unwrap();
        stream
    }

    /// Sends a signal and waits for the end: the exit status and what else was on stdout.
    fn stop(&mut self, signal: &str) -> (ExitStatus, String) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_ready_line_is_all_there_is_on_stdout_and_signals_end_it_cleanly() {
    for signal in ["-TERM", "-INT"] {
        let mut serving = Serving::start(&[]);
        assert_eq!(serving.ready["region"], "cn-hangzhou");
        assert_eq!(serving.ready["account_id"], "1234567890123456");
        let mut idle = serving.get("/logstores/app");
        let mut first = [0; 12];
        idle.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 400");
        let (status, rest) = serving.stop(signal);
        assert_eq!((status.code(), rest.as_str()), (Some(0), ""), "{signal}");
    }
}

#[test]
fn with_tls_the_authority_is_there_before_the_ready_line_and_tunnels_do_not_keep_it_from_ending() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "of an earlier start").unwrap();
    let mut serving = Serving::start(&["--tls", "--ca-out", path]);
    assert_eq!((&serving.ready["tls"], &serving.ready["ca_file"]), (&true.into(), &path.into()));
    let certificate = std::fs::read_to_string(&file).unwrap();
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----\n"), "{certificate}");
    assert!(!certificate.contains("PRIVATE KEY"), "{certificate}");

    let mut tunnel = serving.connect();
    write!(tunnel, "CONNECT ram.aliyuncs.com:443 HTTP/1.1\r\nHost: ram.aliyuncs.com:443\r\n\r\n").unwrap();
    let mut opened = [0; 12];
    tunnel.read_exact(&mut opened).unwrap();
    assert_eq!(&opened, b"HTTP/1.1 200");
    let (status, rest) = serving.stop("-TERM");
    assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
}

#[test]
fn without_tls_the_ready_line_does_not_speak_of_it() {
    let serving = Serving::start(&[]);
    assert_eq!((serving.ready.get("tls"), serving.ready.get("ca_file")), (None, None));
}

#[test]
fn tls_and_where_its_authority_goes_belong_together() {
    for arguments in [&["serve", "--tls"][..], &["serve", "--ca-out", "ca.pem"]] {
        let (output, stderr) = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
    }
    let (output, stderr) =
        run(&["serve", "--listen", "127.0.0.1:0", "--tls", "--ca-out", "/nonexistent/ca.pem"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let expected = "alicloud-emulator: cannot write the CA certificate to /nonexistent/ca.pem: ";
    assert!(stderr.contains(expected), "{stderr}");
}

#[test]
fn logs_go_to_stderr_and_hold_no_secret() {
    let seed = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(seed.path(), r#"{"access_keys": [{"id": "a", "secret": "canary-secret"}]}"#).unwrap();
    let mut serving = Serving::start(&["--seed", seed.path().to_str().unwrap()]);
    let mut stream = serving.get("/logstores/app?SecurityToken=canary-token");
    stream.read_exact(&mut [0; 12]).unwrap();
    serving.stop("-TERM");
    let mut log = String::new();
    serving.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("answered") && log.contains("status=400"), "{log}");
    assert!(!log.contains("canary"), "{log}");
}

#[test]
fn a_bad_seed_ends_it_with_one_clear_error() {
    let seed = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(seed.path(), "{\"projects\": [{\"name\": 5}]}").unwrap();
    let path = seed.path().to_str().unwrap();
    let (output, stderr) = run(&["serve", "--listen", "127.0.0.1:0", "--seed", path]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let expected = "$.projects[0].name: expected a string, found a number";
    assert_eq!(stderr, format!("alicloud-emulator: {path}: {expected}\n"));

    let (output, stderr) = run(&["serve", "--seed", "/nonexistent/seed.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.starts_with("alicloud-emulator: /nonexistent/seed.json: "), "{stderr}");
}

#[test]
fn it_does_not_listen_for_other_machines_by_itself() {
    let (output, stderr) = run(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("--allow-remote"), "{stderr}");
}

#[test]
fn an_address_in_use_is_an_error_that_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (output, stderr) = run(&["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains(&format!("cannot listen on {address}")), "{stderr}");
}

#[test]
fn strict_and_lenient_exclude_each_other() {
    let (output, stderr) = run(&["serve", "--strict", "--lenient"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("cannot be used with"), "{stderr}");
}

#[test]
fn version_and_help_are_there() {
    let (output, _) = run(&["--version"]);
    let version = String::from_utf8(output.stdout).unwrap();
    assert_eq!(version, format!("alicloud-emulator {}\n", env!("CARGO_PKG_VERSION")));
    let (output, _) = run(&["serve", "--help"]);
    let help = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--listen",
        "--data-dir",
        "--master-key-file",
        "--seed",
        "--strict",
        "--lenient",
        "--allow-remote",
        "--tls",
        "--ca-out",
    ] {
        assert!(help.contains(option), "{help}");
    }
}
