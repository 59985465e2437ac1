//! An emulator to measure against.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use test_support::EmulatorProcess;

use crate::Failure;
use crate::layout::{Layout, PROJECT};

/// An emulator process, killed when dropped.
pub struct Emulator(EmulatorProcess);

impl Emulator {
    /// Starts an emulator that has the Logstores of `layout`, and waits until it serves. Its files are kept in
    /// `directory`.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub fn start(program: &Path, directory: &Path, layout: Layout) -> Result<Self, Failure> {
        let seed = directory.join("seed.json");
        std::fs::write(&seed, layout.seed().to_string())?;
        let mut command = EmulatorProcess::command(program);
        command.arg("--seed").arg(seed);
        Ok(Self(EmulatorProcess::start(command, &directory.join("emulator.log"))?))
    }

    /// Where it is reached.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.0.address())
    }

    /// How many calls of SLS have arrived since [`Emulator::forget_calls`].
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn calls(&self) -> Result<usize, Failure> {
        self.calls_that(|service| service == "sls")
    }

    /// How many calls of the other services have arrived since [`Emulator::forget_calls`].
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn calls_of_others(&self) -> Result<usize, Failure> {
        self.calls_that(|service| service != "sls")
    }

    fn calls_that(&self, are_of: impl Fn(&Value) -> bool) -> Result<usize, Failure> {
        let log = self.control("GET", "requests", None)?;
        let calls = log.as_array().ok_or("the log of calls is not a list")?;
        Ok(calls.iter().filter(|call| call.get("service").is_some_and(&are_of)).count())
    }

    /// How many reads of a Logstore SLS has answered, since [`Emulator::forget_calls`] and before the first update of
    /// the Logstore.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn reads_before_update(&self, log_store: &str) -> Result<usize, Failure> {
        let (path, log) = (format!("/logstores/{log_store}"), self.control("GET", "requests", None)?);
        let calls = log.as_array().ok_or("the log of calls is not a list")?.iter();
        let answered = calls.filter(|call| {
            call.get("path").is_some_and(|called| *called == *path)
                && call.get("status").is_some_and(|status| *status == 200)
        });
        let is = |call: &&Value, action| call.get("action").is_some_and(|called| called == action);
        let before = answered.take_while(|call| !is(call, "UpdateLogStore"));
        Ok(before.filter(|call| is(call, "GetLogStore")).count())
    }

    /// How many calls of each action have arrived for each Logstore since [`Emulator::forget_calls`].
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn calls_by_log_store(&self) -> Result<BTreeMap<(String, String), usize>, Failure> {
        let log = self.control("GET", "requests", None)?;
        let mut counts = BTreeMap::new();
        for call in log.as_array().ok_or("the log of calls is not a list")? {
            let text = |member: &str| call.get(member).and_then(Value::as_str).unwrap_or_default();
            if let Some(log_store) = text("path").strip_prefix("/logstores/") {
                *counts.entry((log_store.to_owned(), text("action").to_owned())).or_default() += 1;
            }
        }
        Ok(counts)
    }

    /// Sets how long a Logstore keeps its logs, as another writer does.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn set_ttl(&self, log_store: &str, ttl: u16) -> Result<(), Failure> {
        let path = format!("projects/{PROJECT}/logstores/{log_store}");
        self.control("PATCH", &path, Some(&json!({"ttl": ttl}))).map(drop)
    }

    /// How long a Logstore keeps its logs.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn ttl(&self, log_store: &str) -> Result<Option<u64>, Failure> {
        let path = format!("projects/{PROJECT}/logstores/{log_store}");
        Ok(self.control("GET", &path, None)?.get("ttl").and_then(Value::as_u64))
    }

    /// Forgets the calls.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn forget_calls(&self) -> Result<(), Failure> {
        self.control("DELETE", "requests", None).map(drop)
    }

    /// Makes every call from here on wait this long.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn delay_calls(&self, by: Duration) -> Result<(), Failure> {
        self.fault(&json!({"delay": {"ms": u64::try_from(by.as_millis())?}}))
    }

    /// Holds every call from here on, until [`Emulator::clear_faults`].
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn hold_calls(&self) -> Result<(), Failure> {
        self.fault(&json!("hold"))
    }

    /// Lets calls pass again, those that are held as well.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn clear_faults(&self) -> Result<(), Failure> {
        self.control("DELETE", "faults", None).map(drop)
    }

    /// Admits so many calls a second from here on, and after a rest so many at once; the others are throttled.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn admit_calls(&self, per_second: u16, at_once: u16) -> Result<(), Failure> {
        let quota = json!({"service": "sls", "requests_per_second": per_second, "burst": at_once});
        self.control("PUT", "quotas", Some(&quota)).map(drop)
    }

    fn fault(&self, effect: &Value) -> Result<(), Failure> {
        // More calls than any measurement makes.
        let rule = json!({"service": "sls", "action": "*", "times": 1_000_000, "effect": effect});
        self.control("POST", "faults", Some(&rule)).map(drop)
    }

    fn control(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        Ok(self.0.control(method, path, body)?)
    }
}
