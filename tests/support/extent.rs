//! How long a run is whose short form is a test, and whose long form `scripts/soak` starts.

use std::env;
use std::thread;
use std::time::{Duration, Instant};

/// What a run does: so many rounds, or rounds for so many minutes.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// What the run is drawn by.
    pub seed: u64,
    rounds: Option<u64>,
    time: Option<Duration>,
}

impl Extent {
    /// What `SOAK_SEED`, `SOAK_ROUNDS` and `SOAK_MINUTES` say. Without them the run is a short one: of the seed 1, and
    /// of so many rounds.
    ///
    /// # Panics
    /// If one of them is not a number.
    pub fn read(short_run: u64) -> Self {
        let number = |name: &str| {
            let text = env::var(name).ok().filter(|text| !text.is_empty())?;
            Some(text.parse::<u64>().unwrap_or_else(|error| panic!("{name} is {text:?}: {error}")))
        };
        let time = number("SOAK_MINUTES").map(Duration::from_mins);
        let rounds = number("SOAK_ROUNDS").or_else(|| time.is_none().then_some(short_run));
        Self { seed: number("SOAK_SEED").unwrap_or(1), rounds, time }
    }

    /// Whether it lasts for minutes. Only then are times judged.
    pub fn is_long(&self) -> bool {
        self.time.is_some()
    }

    /// The numbers of the rounds of a part of the run, which has this share of its rounds or its minutes. It has one
    /// round at least. The minutes begin now.
    pub fn rounds(&self, share: f64) -> impl Iterator<Item = u64> + use<> {
        let (until, most) = self.bounds(share);
        (0..).take_while(move |number| {
            *number == 0 || (*number < most && until.is_none_or(|until| Instant::now() < until))
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of rounds is small and positive"
    )]
    fn bounds(&self, share: f64) -> (Option<Instant>, u64) {
        let most = self.rounds.map_or(u64::MAX, |rounds| (rounds as f64 * share).ceil() as u64);
        (self.time.map(|time| Instant::now() + time.mul_f64(share)), most)
    }

    /// Says how the run is played again, if it fails before this is dropped. `command` is what follows `cargo test`.
    #[must_use = "it is there until the end of the run"]
    pub fn or_replay(self, command: &'static str) -> OrReplay {
        OrReplay { extent: self, command }
    }
}

/// See [`Extent::or_replay`].
#[derive(Debug)]
pub struct OrReplay {
    extent: Extent,
    command: &'static str,
}

impl Drop for OrReplay {
    #[allow(
        clippy::print_stdout,
        reason = "it is the report of a test; in a module of tests nothing is to be allowed"
    )]
    fn drop(&mut self) {
        let Extent { seed, rounds, time } = self.extent;
        let minutes = time.map(|time| format!(" SOAK_MINUTES={}", time.as_secs() / 60)).unwrap_or_default();
        let rounds = rounds.map(|rounds| format!(" SOAK_ROUNDS={rounds}")).unwrap_or_default();
        if thread::panicking() {
            println!(
                "\nTo play it again:\n\n  SOAK_SEED={seed}{minutes}{rounds} cargo test {}\n",
                self.command
            );
        }
    }
}
