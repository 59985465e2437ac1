//! The emulator under mixed load: nothing that was acknowledged is lost, and what it uses of the machine does not grow.
//!
//! Several clients, each with a project of its own, do what is drawn by a seed. The first rounds are one life of the
//! process, in which memory, threads and files are compared; in those after it the emulator is ended in the middle of
//! each, by SIGKILL or SIGTERM. A short run is a test; `scripts/soak emulator` runs it at length, with the variables
//! that [`Extent`] has.
//!
//! | variable | what it does |
//! | --- | --- |
//! | `SOAK_EMULATOR` | the program that is run in place of the one that cargo has built with the tests |

mod garbage;
mod model;
mod sizes;
mod tenant;

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use test_support::extent::Extent;
use test_support::figures::Figures;
use test_support::usage::Usage;
use test_support::waiting::{LONGEST_WAIT, wait_for};

use self::tenant::Tenant;
use crate::server::{Folder, Server, serve};

/// How many clients there are.
const CLIENTS: usize = 8;

/// The rounds of a short run.
const SHORT_RUN: u64 = 5;

/// The part of a run that is one life of the process.
const ONE_LIFE: f64 = 0.6;

/// More calls with the longest target than the log of calls keeps: it is full after them.
const FILLING: usize = 1_200;

/// What the memory of the last third may be more than that of the first: what the bodies of one call of each client
/// take while they are sent, decompressed, sealed, written and answered, and as much again for how the allocator lies.
const MEMORY_MARGIN: usize = 2 * CLIENTS * 5 * (1 << 20);

/// What a file may have more than [`FILE_FACTOR`] times the most that was stored in it at once.
const FILE_MARGIN: u64 = 64 << 20;

/// A block takes a power of two of pages, so up to twice its size, and a file grows by doubling.
const FILE_FACTOR: u64 = 4;

/// The largest file without logs.
const SMALL_FILE: u64 = 4 << 20;

/// What the clients of a round do.
pub struct Load {
    steps: usize,
    /// Whether there are quotas.
    is_throttled: bool,
    /// After so many bytes a Logstore is deleted.
    most_bytes: usize,
}

/// What there was after a round.
struct Sample {
    usage: Usage,
    /// Bytes of log groups.
    live: usize,
    /// Bytes of the file.
    file: u64,
}

struct Soak {
    folder: Folder,
    seed: PathBuf,
    random: fastrand::Rng,
    server: Server,
    tenants: Vec<Tenant>,
    is_long: bool,
    /// The sockets of an emulator that nobody calls.
    idle_sockets: usize,
    figures: Figures,
    /// What else is printed at the end.
    report: Vec<String>,
}

#[test]
fn mixed_load_loses_nothing_and_what_the_emulator_uses_does_not_grow() {
    let extent = Extent::read(SHORT_RUN);
    let _or_replay = extent.or_replay("--test durability mixed_load");
    let begun = Instant::now();
    let mut soak = Soak::start(extent);
    if extent.is_long() {
        soak.fill_log_of_calls();
    }
    let mut samples = Vec::new();
    for round in extent.rounds(ONE_LIFE) {
        soak.server.forget_peak();
        soak.round(round);
        samples.push(soak.sample());
    }
    soak.verify();
    let mut after_restarts = Vec::new();
    for round in extent.rounds(1.0 - ONE_LIFE) {
        soak.cut_round(round);
        soak.verify();
        after_restarts.push(soak.sample());
    }
    soak.empty();
    println!("{}", soak.table(&samples, begun.elapsed()));
    judge(&samples);
    judge_file(samples.iter().chain(&after_restarts));
}

impl Soak {
    fn start(extent: Extent) -> Self {
        let folder = Folder::new();
        let seed = folder.beside("seed.json");
        let user = json!({"users": [{"name": "ci", "policies": ["AdministratorAccess"]}],
            "access_keys": [{"id": "ak-root", "secret": "sk-root"},
                {"id": "ak-ci", "secret": "sk-ci", "user": "ci"}]});
        fs::write(&seed, user.to_string()).unwrap();
        let mut random = fastrand::Rng::with_seed(extent.seed);
        let (server, _) = start(&folder, &["--seed", seed.to_str().unwrap()]);
        let idle_sockets = server.usage().sockets;
        let tenants =
            (0..CLIENTS).map(|number| Tenant::new(number, random.fork(), server.client())).collect();
        Self {
            folder,
            seed,
            random,
            server,
            tenants,
            is_long: extent.is_long(),
            idle_sockets,
            figures: Figures::default(),
            report: Vec::new(),
        }
    }

    /// The log of calls grows up to its bounds. From then on, what grows is a leak.
    fn fill_log_of_calls(&mut self) {
        let mut client = self.server.client();
        for _ in 0..FILLING {
            let answer = client.another().exchange(&garbage::long_target("soak.localhost")).unwrap();
            assert!((400..500).contains(&answer.status), "{}", answer.text());
        }
        client.control("GET", "health", "").expect_success();
    }

    /// One round of all clients.
    fn round(&mut self, round: u64) {
        let load = self.prepare(round);
        let (sender, _steps) = channel();
        let are_done = self.work(&load, sender, |_| {});
        assert!(are_done.iter().all(|is_done| *is_done), "a connection broke without a fault");
    }

    /// A round in the middle of which the emulator is ended; then it is started again.
    fn cut_round(&mut self, round: u64) {
        let load = self.prepare(round);
        let signal = if round % 3 == 1 { "TERM" } else { "KILL" };
        let after = self.random.usize(1..=load.steps * CLIENTS / 2);
        let (sender, steps) = channel();
        self.work(&load, sender, |server| {
            assert_eq!(steps.iter().take(after).count(), after, "the clients ended by themselves");
            let log = server.end(signal);
            assert!(!log.contains("panicked"), "{log}");
        });
        let (server, time) = start(&self.folder, &["--seed", self.seed.to_str().unwrap()]);
        self.server = server;
        self.figures.count(&format!("restarts after SIG{signal}"));
        let (ms, mebibytes) = (time.as_millis(), self.file() >> 20);
        self.report.push(format!("{ms:>9}  ms until it served after SIG{signal}, file of {mebibytes} MiB"));
    }

    /// Has all clients work, and does something meanwhile; which of the clients did all of it.
    fn work(&mut self, load: &Load, steps: Sender<()>, meanwhile: impl FnOnce(&mut Server)) -> Vec<bool> {
        let Self { tenants, server, .. } = self;
        thread::scope(|scope| {
            let working: Vec<_> = tenants
                .iter_mut()
                .map(|tenant| {
                    let (client, steps) = (server.client(), steps.clone());
                    scope.spawn(move || tenant.work(client, load, &steps))
                })
                .collect();
            drop(steps);
            meanwhile(server);
            working.into_iter().map(|tenant| tenant.join().unwrap()).collect()
        })
    }

    /// Moves the clock by hours. In one round of three there are quotas.
    fn prepare(&mut self, round: u64) -> Load {
        let mut client = self.server.client();
        let seconds = self.random.u32(3_600..12 * 3_600);
        let advance = json!({"advance_seconds": seconds});
        client.control("POST", "clock", &advance.to_string()).expect_success();
        client.control("DELETE", "quotas", "").expect_success();
        let is_throttled = round % 3 == 2;
        if is_throttled {
            for service in ["sls", "kms", "ram"] {
                let quota = json!({"service": service, "requests_per_second": 50});
                client.control("PUT", "quotas", &quota.to_string()).expect_success();
            }
        }
        self.figures.count("rounds");
        self.figures.add("seconds that the clock was moved", seconds.into());
        if self.is_long {
            Load { steps: 500, is_throttled, most_bytes: 16 << 20 }
        } else {
            Load { steps: 20, is_throttled, most_bytes: 1 << 20 }
        }
    }

    /// What there is once the connections of the clients are closed.
    fn sample(&self) -> Sample {
        let usage = wait_for("the end of the connections", LONGEST_WAIT, || {
            let usage = self.server.usage();
            Ok((usage.sockets <= self.idle_sockets).then_some(usage))
        });
        let live = self.tenants.iter().map(Tenant::bytes).sum();
        Sample { usage: usage.unwrap(), live, file: self.file() }
    }

    fn file(&self) -> u64 {
        fs::metadata(self.folder.file()).unwrap().len()
    }

    fn verify(&mut self) {
        self.server.client().control("DELETE", "quotas", "").expect_success();
        let server = &self.server;
        thread::scope(|scope| {
            for tenant in &mut self.tenants {
                scope.spawn(move || tenant.verify(server.client()));
            }
        });
        self.figures.count("times that everything was compared");
    }

    /// Deletes everything, and resets: the space is given back each time.
    fn empty(&mut self) {
        let full = self.file();
        for tenant in &mut self.tenants {
            tenant.empty(self.server.client());
        }
        let is_small = || Ok(Some(self.file()).filter(|length| *length <= SMALL_FILE));
        let deleted = wait_for("a small file once everything was deleted", LONGEST_WAIT, is_small).unwrap();
        self.server.client().control("POST", "reset", "").expect_success();
        let reset = self.file();
        self.report.push(format!(
            "{full:>9}  bytes of the file, {deleted} once everything was deleted, {reset} after a reset"
        ));
        assert!(reset <= SMALL_FILE, "the file of an emulator that was reset has {reset} bytes");
    }

    /// The figures of the run.
    fn table(&self, samples: &[Sample], time: Duration) -> String {
        let mut figures = self.figures.clone();
        for tenant in &self.tenants {
            figures.merge(&tenant.figures);
        }
        let seconds = time.as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a number of calls is small")]
        let rate = figures.get("calls") as f64 / seconds;
        let thirds = samples.chunks(samples.len().div_ceil(3)).enumerate();
        let thirds: Vec<_> = thirds.map(|(number, third)| Third::of(third).to_line(number)).collect();
        format!(
            "{CLIENTS:>9}  clients\n{figures}{seconds:>9.1}  seconds\n\
             {rate:>9.0}  calls a second, comparing and restarts included\n{}\n{}",
            self.report.join("\n"),
            thirds.join("\n")
        )
    }
}

/// The most of each that there was in a third of the first life.
#[derive(Clone, Copy, Debug)]
struct Third {
    memory: usize,
    threads: usize,
    files: usize,
    live: usize,
    file: u64,
}

impl Third {
    fn of(samples: &[Sample]) -> Self {
        let most = |figure: fn(&Sample) -> usize| samples.iter().map(figure).max().unwrap();
        Self {
            memory: most(|sample| sample.usage.peak),
            threads: most(|sample| sample.usage.threads),
            files: most(|sample| sample.usage.files),
            live: most(|sample| sample.live),
            file: samples.iter().map(|sample| sample.file).max().unwrap(),
        }
    }

    fn to_line(self, number: usize) -> String {
        let Self { memory, threads, files, live, file } = self;
        format!(
            "third {}: {:>4} MiB of memory, {threads} threads, {files} files, {} MiB of logs in a file of {} MiB",
            number + 1,
            memory >> 20,
            live >> 20,
            file >> 20
        )
    }
}

/// Checks that the last third of a life took no more than the first.
fn judge(samples: &[Sample]) {
    let third = samples.len().div_ceil(3);
    let [first, last] = [&samples[..third], &samples[samples.len() - third..]].map(Third::of);
    let told = format!("{}\n{}", first.to_line(0), last.to_line(2));
    assert!(last.memory <= first.memory + MEMORY_MARGIN, "memory grows:\n{told}");
    // The blocking threads of the runtime come and go.
    assert!(last.threads <= first.threads + CLIENTS, "threads grow:\n{told}");
    assert!(last.files <= first.files, "files stay open:\n{told}");
}

/// Checks that free space of the file is used again: it is never much larger than what was stored at once.
fn judge_file<'a>(samples: impl Iterator<Item = &'a Sample>) {
    let mut most = 0;
    for sample in samples {
        most = most.max(sample.live as u64);
        let bound = FILE_FACTOR * most + FILE_MARGIN;
        assert!(sample.file <= bound, "{most} bytes of logs at most, and a file of {} bytes", sample.file);
    }
}

/// Starts the emulator: it, and how long that took.
fn start(folder: &Folder, arguments: &[&str]) -> (Server, Duration) {
    let mut command = serve(&folder.path(), arguments);
    // It would log each call.
    command.env("ALICLOUD_EMULATOR_LOG_LEVEL", "warn");
    let begun = Instant::now();
    let server = Server::spawn(command);
    (server, begun.elapsed())
}
