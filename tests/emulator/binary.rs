//! The binary: its one line, its exit codes, its signals.

use std::net::TcpStream;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::NamedTempFile;
use test_support::http::exchange_on;
use test_support::{EmulatorProcess, exchange};

const PROGRAM: &str = env!("CARGO_BIN_EXE_alicloud-emulator");

/// Runs it to its end.
fn run(arguments: &[&str]) -> (Output, String) {
    let output = Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    (output, stderr)
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: proj.localhost\r\n\r\n").into_bytes()
}

/// A binary that serves, killed when the test is over.
struct Serving {
    process: EmulatorProcess,
    _log: NamedTempFile,
}

impl Serving {
    fn start(arguments: &[&str]) -> Self {
        let mut command = EmulatorProcess::command(PROGRAM);
        command.args(arguments);
        let log = NamedTempFile::new().unwrap();
        Self { process: EmulatorProcess::start(command, log.path()).unwrap(), _log: log }
    }

    fn ready(&self) -> &Value {
        self.process.ready()
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.process.address()).unwrap()
    }

    /// Sends a signal and waits for the end, which is one of success, without another word on standard output.
    #[track_caller]
    fn stop(&mut self, signal: &str) {
        let (status, written) = self.process.end(signal).unwrap();
        assert_eq!((status.code(), written.as_str()), (Some(0), ""), "{signal}");
    }
}

#[test]
fn the_ready_line_is_all_there_is_on_stdout_and_signals_end_it_cleanly() {
    for signal in ["TERM", "INT"] {
        let mut serving = Serving::start(&[]);
        assert_eq!(serving.ready()["region"], "cn-hangzhou");
        assert_eq!(serving.ready()["account_id"], "1234567890123456");
        let mut idle = serving.connect();
        assert_eq!(exchange_on(&mut idle, &get("/logstores/app")).unwrap().status, 400);
        serving.stop(signal);
    }
}

/// Becomes the program of its arguments, once what SIGHUP does is set and the process id is written to a file.
const WITH_HANGUP: &str = "
import os, signal, sys
signal.signal(signal.SIGHUP, getattr(signal, sys.argv[1]))
open(sys.argv[2], 'w').write(str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
";

#[test]
fn a_hangup_ends_it_cleanly_unless_it_was_started_with_hangups_ignored() {
    let (log, id) = (NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap());
    let id = id.path().to_str().unwrap();
    let start = |hangup: &str| {
        let mut command = Command::new("python3");
        command.args(["-c", WITH_HANGUP, hangup, id, PROGRAM, "serve", "--listen", "127.0.0.1:0"]);
        EmulatorProcess::start(command, log.path()).unwrap()
    };
    let (status, written) = start("SIG_DFL").end("HUP").unwrap();
    assert_eq!((status.code(), written.as_str()), (Some(0), ""));

    let mut ignoring = start("SIG_IGN");
    let id = std::fs::read_to_string(id).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    assert_eq!(u64::from_str_radix(ignored.trim(), 16).unwrap() & 1, 1, "{status}");
    ignoring.terminate().unwrap();
}

#[test]
fn with_tls_the_authority_is_there_before_the_ready_line_and_tunnels_do_not_keep_it_from_ending() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "of an earlier start").unwrap();
    let mut serving = Serving::start(&["--tls", "--ca-out", path]);
    assert_eq!((&serving.ready()["tls"], &serving.ready()["ca_file"]), (&true.into(), &path.into()));
    let certificate = std::fs::read_to_string(&file).unwrap();
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----\n"), "{certificate}");
    assert!(!certificate.contains("PRIVATE KEY"), "{certificate}");

    let mut tunnel = serving.connect();
    let request = b"CONNECT ram.aliyuncs.com:443 HTTP/1.1\r\nHost: ram.aliyuncs.com:443\r\n\r\n";
    assert_eq!(exchange_on(&mut tunnel, request).unwrap().status, 200);
    serving.stop("TERM");
}

#[test]
fn without_tls_the_ready_line_does_not_speak_of_it() {
    let serving = Serving::start(&[]);
    assert_eq!((serving.ready().get("tls"), serving.ready().get("ca_file")), (None, None));
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

/// What is made has the same mode under every umask: nobody else may change what clients trust, or look at the store.
#[cfg(unix)]
#[test]
fn what_it_makes_is_its_owners_under_every_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    for umask in ["000", "022", "027", "077", "277"] {
        let root = tempfile::tempdir().unwrap();
        let log = NamedTempFile::new().unwrap();
        let at = |name: &str| root.path().join(name);
        let inner = EmulatorProcess::command(PROGRAM);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]).arg(inner.get_program());
        command.args(inner.get_args()).args(["--tls", "--ca-out"]).arg(at("ca.pem"));
        command.arg("--data-dir").arg(at("above/data"));
        let mut process = EmulatorProcess::start(command, log.path()).unwrap();
        process.terminate().unwrap();
        for (name, mode) in [
            ("above", 0o700),
            ("above/data", 0o700),
            ("above/data/emulator.redb", 0o600),
            ("above/data.master-key", 0o600),
            ("ca.pem", 0o644),
        ] {
            let found = std::fs::metadata(at(name)).unwrap().permissions().mode() & 0o7777;
            assert_eq!(format!("{found:o}"), format!("{mode:o}"), "{name} under {umask}");
        }
    }
}

#[cfg(unix)]
#[test]
fn files_that_are_links_fifos_devices_or_too_long_are_errors_at_once() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name).into_os_string().into_string().unwrap();
    std::fs::write(at("target"), "untouched").unwrap();
    std::os::unix::fs::symlink(at("target"), at("link")).unwrap();
    for fifo in ["fifo", "data.master-key"] {
        assert!(Command::new("mkfifo").arg(at(fifo)).status().unwrap().success());
    }
    // It takes no space on the disk.
    std::fs::File::create(at("long")).unwrap().set_len(3 << 30).unwrap();
    std::fs::create_dir(at("store")).unwrap();
    assert!(Command::new("mkfifo").arg(at("store/emulator.redb")).status().unwrap().success());
    let (link, fifo, data, store) = (at("link"), at("fifo"), at("data"), at("store"));
    let is_none = "it is not a regular file";
    for (arguments, said) in [
        (
            &["serve", "--tls", "--ca-out", &link][..],
            "what is there is not a regular file, and is not replaced",
        ),
        (&["serve", "--tls", "--ca-out", &fifo], "what is there is not a regular file, and is not replaced"),
        (&["serve", "--data-dir", &data, "--master-key-file", &fifo], is_none),
        (&["serve", "--data-dir", &data, "--master-key-file", "/dev/zero"], is_none),
        (&["serve", "--data-dir", &data], is_none),
        (&["serve", "--seed", &fifo], is_none),
        (&["serve", "--seed", "/dev/zero"], is_none),
        (&["serve", "--seed", &at("long")], "it is larger than 64 MiB"),
        (&["inspect", "--data-dir", &store, "proj", "app"], is_none),
    ] {
        let listen = if arguments[0] == "serve" { &["--listen", "127.0.0.1:0"][..] } else { &[] };
        let (output, stderr) = run(&[arguments, listen].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        let error = stderr.lines().last().unwrap();
        assert!(error.starts_with("alicloud-emulator: ") && error.contains(said), "{arguments:?}: {stderr}");
    }
    assert_eq!(std::fs::read_to_string(at("target")).unwrap(), "untouched");
}

#[test]
fn logs_go_to_stderr_and_hold_no_secret() {
    let seed = NamedTempFile::new().unwrap();
    std::fs::write(seed.path(), r#"{"access_keys": [{"id": "a", "secret": "canary-secret"}]}"#).unwrap();
    let mut serving = Serving::start(&["--seed", seed.path().to_str().unwrap()]);
    exchange(serving.process.address(), &get("/logstores/app?SecurityToken=canary-token")).unwrap();
    serving.stop("TERM");
    let log = serving.process.log();
    assert!(log.contains("answered") && log.contains("status=400"), "{log}");
    assert!(!log.contains("canary"), "{log}");
}

/// The characters that a terminal obeys (C0, DEL, C1), that end a line, and that turn a text around.
fn hostile_characters() -> Vec<char> {
    let ranges = ['\0'..='\x1f', '\x7f'..='\u{9f}', '\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
    let single = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}'];
    ranges.into_iter().flatten().chain(single).collect()
}

#[test]
fn no_caller_writes_into_the_log_what_a_terminal_obeys_or_a_line_of_its_own() {
    let mut serving = Serving::start(&["--log-level", "debug"]);
    let hostile = hostile_characters();
    for character in &hostile {
        let bytes = character.to_string().into_bytes();
        let encoded = bytes.iter().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        for path in [format!("/?Action=a{encoded}FORGED"), format!("/logstores/a{encoded}FORGED")] {
            exchange(serving.process.address(), &get(&path)).unwrap();
        }
    }
    serving.stop("TERM");
    let log = serving.process.log();
    for line in log.lines() {
        assert!(line.starts_with("20") && !line.contains(hostile.as_slice()), "{line:?}");
    }
    for character in &hostile {
        let escaped = format!("a{}FORGED", character.escape_debug());
        assert!(log.contains(&format!("action={escaped}")), "{escaped} is not in {log}");
    }
}

#[test]
fn the_log_has_calls_at_the_level_debug_only() {
    for (variable, arguments, has_calls) in [
        (None, &[][..], false),
        (Some(""), &[], false),
        (Some("info"), &[], false),
        (Some("debug"), &[], true),
        (Some("debug"), &["--log-level", "info"], false),
        (Some("off"), &["--log-level", "debug"], true),
        (Some("unknown"), &["--log-level", "warn"], false),
    ] {
        let mut command = EmulatorProcess::command(PROGRAM);
        command.args(arguments).env_remove("ALICLOUD_EMULATOR_LOG_LEVEL");
        command.envs(variable.map(|level| ("ALICLOUD_EMULATOR_LOG_LEVEL", level)));
        let log = NamedTempFile::new().unwrap();
        let mut process = EmulatorProcess::start(command, log.path()).unwrap();
        exchange(process.address(), &get("/logstores/app")).unwrap();
        process.terminate().unwrap();
        let log = process.log();
        assert_eq!(log.contains("answered"), has_calls, "{variable:?} {arguments:?}: {log}");
        assert_eq!(log.is_empty(), !has_calls, "{variable:?} {arguments:?}: {log}");
    }
}

#[test]
fn a_level_that_is_not_one_is_an_error_that_names_where_it_is() {
    let (output, stderr) = run(&["serve", "--log-level", "loud"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("--log-level"), "{stderr}");
    let mut command = Command::new(PROGRAM);
    let output = command.arg("serve").env("ALICLOUD_EMULATOR_LOG_LEVEL", "loud").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let expected = "alicloud-emulator: ALICLOUD_EMULATOR_LOG_LEVEL: \"loud\" is not one of off, error, warn, info, debug\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
}

#[test]
fn a_bad_seed_ends_it_with_one_clear_error() {
    let seed = NamedTempFile::new().unwrap();
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
fn an_address_that_is_none_is_an_error_that_names_it() {
    for address in ["8700", "localhost", "127.0.0.1:port", "127.0.0.1:70000"] {
        let (output, stderr) = run(&["serve", "--listen", address]);
        assert_eq!(output.status.code(), Some(1), "{address}");
        assert!(stderr.contains(&format!("cannot listen on {address}: ")), "{stderr}");
    }
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
        "--log-level",
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
