//! Where an episode plays: the emulator behind a relay that records each call of the provider, and that knows the
//! moments at which others act. What they do happens while a call waits in the relay, so that its place among the
//! calls is known.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use test_support::Response;
use test_support::http::exchange_on;
use test_support::network::head_of;
use test_support::waiting::{LONGEST_WAIT, wait_for};

use crate::cloud::Cloud;
use crate::episode::{Act, Disturbance, Moment};
use crate::world::{ROLES, store_at};

/// A call of the provider. Points in time are numbers that grow with each event.
#[derive(Clone, Debug)]
pub struct Call {
    /// The number of the command that sent it.
    pub command: usize,
    /// The action.
    pub action: String,
    /// The Logstore, if it is about one.
    pub store: Option<usize>,
    /// The JSON body.
    pub body: Value,
    /// When it came.
    pub sent: u64,
    /// When it came, as a time.
    pub sent_at: Duration,
    /// When the emulator had answered it, or closed the connection.
    pub ended: Option<u64>,
    /// The status of the answer; `None` without one.
    pub status: Option<u16>,
    /// The JSON of the answer.
    pub answer: Value,
    /// Whether the provider was still there to take the answer.
    pub delivered: bool,
}

impl Call {
    /// Whether it changes nothing.
    pub fn is_read(&self) -> bool {
        ["Get", "List", "Describe", "AssumeRole"].iter().any(|prefix| self.action.starts_with(prefix))
    }

    /// Whether it is an answer about a Logstore that the provider has seen.
    pub fn shows(&self, store: usize) -> bool {
        self.action == "GetLogStore"
            && self.store == Some(store)
            && self.status == Some(200)
            && self.delivered
    }
}

/// What another writer has done to a Logstore.
#[derive(Clone, Debug)]
pub struct Write {
    /// The Logstore.
    pub store: usize,
    /// The members as they are since then. One of `encrypt_conf` has the name `encrypt_conf.…`.
    pub members: Map<String, Value>,
    /// Between these it happened.
    pub began: u64,
    /// See `began`.
    pub ended: u64,
}

/// Everything that has happened, in its order.
#[derive(Debug, Default)]
pub struct Log {
    now: u64,
    /// Calls of the provider.
    pub calls: Vec<Call>,
    /// Writes of others.
    pub writes: Vec<Write>,
    /// What else others have done, with the number of the command.
    pub acts: Vec<(usize, Act)>,
}

impl Log {
    fn tick(&mut self) -> u64 {
        self.now += 1;
        self.now
    }

    /// The acts during these commands that are so.
    pub fn has_act(&self, since: usize, is_so: impl Fn(&Act) -> bool) -> bool {
        self.acts.iter().any(|(command, act)| *command >= since && is_so(act))
    }
}

/// The disturbances of a round that have not happened yet, and the command that they wait for.
#[derive(Default)]
struct Waiting {
    command: usize,
    group: Option<u32>,
    disturbances: Vec<Disturbance>,
    sent: BTreeMap<String, usize>,
    answered: BTreeMap<String, usize>,
}

struct Shared {
    cloud: Cloud,
    begin: Instant,
    log: Mutex<Log>,
    waiting: Mutex<Waiting>,
    /// Held while others act: one at a time.
    acting: Mutex<()>,
    over: AtomicBool,
}

/// The relay and what it knows.
pub struct Stage {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Stage {
    /// Puts a relay before the emulator.
    pub fn new(cloud: Cloud) -> Self {
        let shared = Arc::new(Shared {
            cloud,
            begin: Instant::now(),
            log: Mutex::default(),
            waiting: Mutex::default(),
            acting: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let relay = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if relay.over.load(Ordering::SeqCst) {
                    break;
                }
                let (stream, relay) = (stream.unwrap(), Arc::clone(&relay));
                thread::spawn(move || relay.pass_on(stream));
            }
        });
        Self { shared, address }
    }

    /// Where the provider finds the services.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The emulator.
    pub fn cloud(&self) -> &Cloud {
        &self.shared.cloud
    }

    /// What has happened.
    pub fn log<T>(&self, look: impl FnOnce(&Log) -> T) -> T {
        look(&self.shared.log.lock().unwrap())
    }

    /// The number of the command that has begun last.
    pub fn command(&self) -> usize {
        self.shared.waiting.lock().unwrap().command
    }

    /// Has the disturbances wait for the calls of a command that begins.
    pub fn begin_command(&self, disturbances: &[Disturbance]) {
        let mut waiting = self.shared.waiting.lock().unwrap();
        let command = waiting.command + 1;
        *waiting = Waiting { command, disturbances: disturbances.to_vec(), ..Waiting::default() };
    }

    /// Tells whom signals go to.
    pub fn group(&self, group: u32) {
        self.shared.waiting.lock().unwrap().group = Some(group);
    }

    /// Does at once what others do at this moment.
    pub fn act_now(&self, act: &Act) {
        let _one = self.shared.acting.lock().unwrap();
        self.shared.act(act);
    }

    /// Nothing more happens: faults are forgotten, held calls go on, and all calls are waited for. How many faults
    /// there were left to happen.
    pub fn calm_down(&self) -> u64 {
        let one = self.shared.acting.lock().unwrap();
        self.shared.waiting.lock().unwrap().disturbances.clear();
        drop(one);
        let left = self.cloud().control("GET", "faults", None);
        let left = left.as_array().into_iter().flatten().filter_map(|rule| rule["times"].as_u64()).sum();
        self.cloud().control("DELETE", "faults", None);
        self.cloud().control("DELETE", "quotas", None);
        let all_ended = || {
            // A call may have come in between, and be held.
            self.cloud().control("POST", "faults/release", None);
            Ok(self.log(|log| log.calls.iter().all(|call| call.ended.is_some())).then_some(()))
        };
        wait_for("the end of all calls", LONGEST_WAIT, all_ended).unwrap();
        left
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        // A thread of the relay may live on for a moment, and the emulator with it.
        self.shared.cloud.stop();
        // One more connection, so that it looks.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    /// Passes the calls of one connection on, until one of both ends closes it.
    fn pass_on(&self, mut near: TcpStream) {
        near.set_nodelay(true).unwrap();
        let mut far = None;
        // `Some` for each call: it ends with the connection.
        for _ in 0..usize::MAX {
            let Some((head, body)) = read_request(&mut near) else { return };
            let number = self.sent(&head, &body);
            let request = [head.as_bytes(), &body].concat();
            let answered = self.exchange(&mut far, &request);
            let Some(answer) = self.answered(number, answered.as_ref(), &near) else { return };
            if near.write_all(&answer).is_err() {
                return;
            }
        }
    }

    fn exchange(&self, far: &mut Option<TcpStream>, request: &[u8]) -> Option<Response> {
        let address = self.cloud.address();
        // After a restart it is elsewhere.
        let known = far.take().filter(|known| known.peer_addr().is_ok_and(|known| known == address));
        let mut connection = match known {
            Some(known) => known,
            None => TcpStream::connect(address).ok()?,
        };
        let response = exchange_on(&mut connection, request).ok()?;
        *far = Some(connection);
        Some(response)
    }

    /// Records a call, and lets others act before it is passed on.
    fn sent(&self, head: &str, body: &[u8]) -> usize {
        let (action, store) = action_of(head, body);
        let command = self.waiting.lock().unwrap().command;
        let number = {
            let mut log = self.log.lock().unwrap();
            let sent = log.tick();
            log.calls.push(Call {
                command,
                action: action.clone(),
                store,
                body: serde_json::from_slice(body).unwrap_or_default(),
                sent,
                sent_at: self.begin.elapsed(),
                ended: None,
                status: None,
                answer: Value::Null,
                delivered: false,
            });
            log.calls.len() - 1
        };
        self.disturb(&action, true);
        number
    }

    /// Records an answer, and lets others act before it is passed on. The bytes of the answer, if there is one and
    /// the provider is still there.
    fn answered(&self, number: usize, response: Option<&Response>, near: &TcpStream) -> Option<Vec<u8>> {
        let action = {
            let mut log = self.log.lock().unwrap();
            let ended = log.tick();
            let call = &mut log.calls[number];
            call.ended = Some(ended);
            if let Some(response) = response {
                call.status = Some(response.status);
                call.answer = serde_json::from_slice(&response.body).unwrap_or_default();
                call.delivered = !is_closed(near);
            }
            call.action.clone()
        };
        self.disturb(&action, false);
        response.map(bytes_of)
    }

    /// Does what is due at a call.
    fn disturb(&self, action: &str, is_sent: bool) {
        let _one = self.acting.lock().unwrap();
        let due = self.waiting.lock().unwrap().due(action, is_sent);
        for act in due {
            self.act(&act);
        }
    }

    fn act(&self, act: &Act) {
        let (command, group) = {
            let waiting = self.waiting.lock().unwrap();
            (waiting.command, waiting.group)
        };
        let began = self.log.lock().unwrap().tick();
        let written = self.carry_out(act, group);
        let mut log = self.log.lock().unwrap();
        let ended = log.tick();
        if let Some((store, members)) = written {
            log.writes.push(Write { store, members, began, ended });
        }
        log.acts.push((command, act.clone()));
    }

    /// The members of a Logstore that were set.
    fn carry_out(&self, act: &Act, group: Option<u32>) -> Option<(usize, Map<String, Value>)> {
        let cloud = &self.cloud;
        match act {
            Act::Write { store, members, signed } => {
                // The service has no such action for a member that nobody knows.
                let is_done =
                    *signed && !members.contains_key("ownerNote") && cloud.try_update(*store, members);
                if !is_done {
                    cloud.patch(*store, &json!(members));
                }
                return Some((*store, members.clone()));
            }
            // A strict server takes no such member from anyone, so nobody can have written it.
            Act::WriteConf { .. } if cloud.is_strict() => {}
            Act::WriteConf { store, value } => {
                let mut conf =
                    cloud.members(*store).get("encrypt_conf").filter(|conf| conf.is_object())?.clone();
                conf["ownerNote"] = json!(value);
                cloud.patch(*store, &json!({"encrypt_conf": conf}));
                return Some((*store, Map::from_iter([("encrypt_conf.ownerNote".to_owned(), json!(value))])));
            }
            Act::Toggle { store } => {
                let mut conf =
                    cloud.members(*store).get("encrypt_conf").filter(|conf| conf.is_object())?.clone();
                conf["enable"] = json!(conf["enable"] != true);
                cloud.patch(*store, &json!({"encrypt_conf": conf}));
            }
            Act::Detach { role } => {
                let parameters = [
                    ("RoleName", ROLES[*role]),
                    ("PolicyName", "AliyunKMSCryptoUserAccess"),
                    ("PolicyType", "System"),
                ];
                if !cloud.awaits("DetachPolicyFromRole") {
                    cloud.ram("DetachPolicyFromRole", &parameters);
                }
            }
            Act::Describe { role } => {
                if !cloud.awaits("UpdateRole") {
                    cloud.ram(
                        "UpdateRole",
                        &[("RoleName", ROLES[*role]), ("NewDescription", "by another writer")],
                    );
                }
            }
            Act::Release => {
                cloud.control("POST", "faults/release", None);
            }
            Act::Clock { hours } => {
                cloud.control("POST", "clock", Some(&json!({"advance_seconds": hours * 3600})));
            }
            Act::KillEmulator => cloud.kill_and_restart(),
            Act::KillTerraform => signal(group, "-KILL", |group| vec![group.to_string()]),
            Act::KillProvider => signal(group, "-KILL", providers),
            Act::Interrupt => signal(group, "-INT", |group| vec![format!("-{group}")]),
        }
        None
    }
}

impl Waiting {
    /// What is due at a call; it is due once.
    fn due(&mut self, action: &str, is_sent: bool) -> Vec<Act> {
        let counts = if is_sent { &mut self.sent } else { &mut self.answered };
        for name in [action, "*"] {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
        let (due, waiting) = std::mem::take(&mut self.disturbances).into_iter().partition(|disturbance| {
            let (of, nth) = match disturbance.moment {
                Moment::Sent { action, nth } if is_sent => (action, nth),
                Moment::Answered { action, nth } if !is_sent => (action, nth),
                _ => return false,
            };
            counts.get(of).is_some_and(|count| *count > nth)
        });
        self.disturbances = waiting;
        let due: Vec<Disturbance> = due;
        due.into_iter().map(|disturbance| disturbance.act).collect()
    }
}

/// Sends a signal to processes of a command, which may have ended.
fn signal(group: Option<u32>, signal: &str, processes: impl FnOnce(u32) -> Vec<String>) {
    let Some(processes) = group.map(processes).filter(|processes| !processes.is_empty()) else { return };
    let mut command = Command::new("kill");
    command.args([signal, "--"]).args(processes).stderr(Stdio::null()).status().unwrap();
}

/// The processes of a group but for its first.
fn providers(group: u32) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|process| {
            let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
            // After the name, which is in parentheses: state, parent, group.
            let of: u32 = stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()?;
            let id = process.file_name().into_string().ok()?;
            (of == group && id != group.to_string()).then_some(id)
        })
        .collect()
}

fn read_request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let head = head_of(stream)?;
    let length = head.lines().filter_map(|line| line.split_once(": ")).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or_default()];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// True if the other end has closed the connection. It sends nothing before it has an answer.
fn is_closed(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    !matches!(peeked, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

fn bytes_of(response: &Response) -> Vec<u8> {
    let headers: Vec<String> =
        response.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 {} X\r\n{}\r\n", response.status, headers.concat());
    [head.as_bytes(), &response.body].concat()
}

/// The action of a request, and the Logstore that it is about.
fn action_of(head: &str, body: &[u8]) -> (String, Option<usize>) {
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let header = |wanted: &str| {
        let mut headers = head.lines().filter_map(|line| line.split_once(": "));
        headers.find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then_some(value))
    };
    if let Some(action) = header("x-acs-action") {
        return (action.to_owned(), None);
    }
    let body = String::from_utf8_lossy(body);
    let mut parameters = query.split('&').chain(body.split('&'));
    if let Some(action) = parameters.find_map(|pair| pair.strip_prefix("Action=")) {
        return (action.to_owned(), None);
    }
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let store = parts.get(1).and_then(|name| store_at(header("host").unwrap_or_default(), name));
    let action = match (method, &parts[..]) {
        ("GET", ["logstores"]) => "ListLogStores",
        ("GET", ["logstores", _]) => "GetLogStore",
        ("PUT", ["logstores", _]) => "UpdateLogStore",
        ("PUT", ["logstores", _, "encryption"]) => "UpdateLogStoreEncryption",
        ("GET", _) => "GetAnything",
        _ => "WriteAnything",
    };
    (action.to_owned(), store)
}
