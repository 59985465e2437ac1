//! Runs of many episodes.

use std::env;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use test_support::figures::Figures;

use crate::episode::{Episode, ROUNDS};
use crate::play::{Outcome, play};
use crate::shrink::shrink;

/// How many rounds a short run has.
const SHORT_RUN: u64 = 36;

/// Episodes wait for time limits most of the time.
const WORKERS: usize = 3;

/// What the episodes of a run are.
struct Extent {
    seed: u64,
    rounds: Option<u64>,
    until: Option<Instant>,
    without: Option<String>,
}

impl Extent {
    fn read() -> Self {
        let number = |name: &str| {
            let text = env::var(name).ok().filter(|text| !text.is_empty())?;
            Some(text.parse::<u64>().unwrap_or_else(|error| panic!("{name} is {text:?}: {error}")))
        };
        let minutes = number("CHAOS_MINUTES");
        let rounds = number("CHAOS_ROUNDS").or_else(|| minutes.is_none().then_some(SHORT_RUN));
        let until = minutes.map(|minutes| Instant::now() + Duration::from_mins(minutes));
        let without = env::var("CHAOS_WITHOUT").ok();
        Self { seed: number("CHAOS_SEED").unwrap_or(1), rounds, until, without }
    }

    /// The episode of this number, unless the run is over before.
    fn episode(&self, number: u64) -> Option<Episode> {
        let episode = Episode::draw(self.seed + number);
        if let Some(without) = &self.without {
            return (number == 0).then(|| episode.without_named(without));
        }
        let rounds = u64::try_from(ROUNDS).unwrap_or(u64::MAX);
        let is_over = self.rounds.is_some_and(|most| number * rounds >= most)
            || self.until.is_some_and(|until| Instant::now() >= until);
        (!is_over).then_some(episode)
    }
}

/// Rounds from which on everything that can be drawn has been: the rarest, a query, is drawn 14 times in a thousand.
const MANY_ROUNDS: u64 = 1_000;

#[test]
fn chaos_leaves_nothing_wrong_behind() {
    let extent = Extent::read();
    let (next, figures, failed) = (AtomicU64::new(0), Mutex::new(Figures::default()), Mutex::new(Vec::new()));
    let work = || {
        for _ in 0..u64::MAX {
            let Some(episode) = extent.episode(next.fetch_add(1, Ordering::SeqCst)) else { return };
            let Ok(outcome) = catch_unwind(|| play(&episode)) else {
                println!("the harness panicked in seed {}", episode.seed);
                failed.lock().unwrap().push(episode.seed);
                continue;
            };
            let rounds = {
                let mut figures = figures.lock().unwrap();
                figures.merge(&outcome.figures);
                figures.get("rounds")
            };
            println!("seed {} is over, {rounds} rounds", episode.seed);
            if outcome.violation.is_some() {
                let report = report(&episode, &outcome);
                // At once: a long run may be watched.
                println!("{report}");
                failed.lock().unwrap().push(episode.seed);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    let (figures, failed) = (figures.into_inner().unwrap(), failed.into_inner().unwrap());
    println!("{figures}{:>9}  violations", failed.len());
    assert!(figures.get("calls of the provider") > 0, "nothing was done");
    let missing: Vec<String> = drawn().filter(|figure| figures.get(figure) == 0).collect();
    assert!(figures.get("rounds") < MANY_ROUNDS || missing.is_empty(), "never drawn: {missing:?}");
    assert!(failed.is_empty(), "these seeds failed, see above: {failed:?}");
}

/// What a run of many rounds has drawn at least once: each operation, each act and each fault.
fn drawn() -> impl Iterator<Item = String> {
    let operations = [
        "Apply",
        "DestroyOne",
        "Import",
        "Plan",
        "Query",
        "Readopt",
        "RefreshOnly",
        "Replace",
        "SavedPlan",
        "Taint",
        "Target",
    ];
    let acts = [
        "Clock",
        "Describe",
        "Detach",
        "Interrupt",
        "KillEmulator",
        "KillProvider",
        "KillTerraform",
        "Release",
        "Toggle",
        "Write",
        "WriteConf",
    ];
    let faults = [
        "delay",
        "drop_after",
        "drop_before",
        "error",
        "hold",
        "hold_after",
        "ignore",
        "respond",
        "stale",
        "throttle",
    ];
    let operations = operations.map(|name| format!("operation: {name}"));
    let acts = acts.map(|name| format!("act: {name}"));
    operations.into_iter().chain(acts).chain(faults.map(|name| format!("fault ordered: {name}")))
}

/// A failure with the shortest episode that shows it, and how it is played again.
fn report(episode: &Episode, outcome: &Outcome) -> String {
    let Some((round, violation)) = &outcome.violation else { return String::new() };
    println!(
        "{} in round {round} of seed {}; the shortest sequence is looked for",
        violation.kind, episode.seed
    );
    let shortest = shrink(episode, violation.kind, *round);
    let played = play(&shortest);
    let (outcome, note) = match &played.violation {
        Some(_) => (&played, ""),
        None => (outcome, " (not each time)"),
    };
    let found = outcome.violation.as_ref().map(|(_, violation)| violation.found.clone()).unwrap_or_default();
    format!(
        "{} in round {round} of seed {}{note}: {found}\n\n{}\n\nTo play it again:\n\n  CHAOS_SEED={} CHAOS_WITHOUT={} cargo test --test chaos\n",
        violation.kind,
        episode.seed,
        outcome.story.join("\n"),
        episode.seed,
        shortest.left_out()
    )
}
