//! Where the clients have their key from.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloud::credentials::{CommandOutput, Host, ProcessCommand};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// How a client comes by its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It is fixed.
    Fixed,
    /// A program prints it, and another one whenever it is run.
    Printed,
}

/// More keys than any run may need, so that one that asks for too many is counted and not stopped.
const PRINTED: u64 = 10;

/// A program that prints keys of `alice`.
#[derive(Debug, Default)]
pub struct Printer {
    printed: AtomicU64,
}

impl Printer {
    /// How many keys it has printed.
    pub fn printed(&self) -> u64 {
        self.printed.load(Ordering::SeqCst)
    }

    /// The program as a source of credentials.
    pub fn source() -> ProcessCommand {
        ProcessCommand { line: "print-key".into(), source: "the printer".to_owned() }
    }
}

impl Host for Printer {
    fn read<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Zeroizing<Vec<u8>>>> {
        panic!("no file is read: {}", path.display())
    }

    fn run<'a>(&'a self, _: &'a str, _: &'a [String]) -> BoxFuture<'a, io::Result<CommandOutput>> {
        let number = self.printed.fetch_add(1, Ordering::SeqCst) + 1;
        let printed = json!({ "mode": "AK", "access_key_id": id(number), "access_key_secret": SECRET });
        let stdout = Zeroizing::new(printed.to_string().into_bytes());
        let output = CommandOutput {
            success: true,
            status: "exit status: 0".to_owned(),
            stdout,
            stderr: Zeroizing::default(),
        };
        Box::pin(std::future::ready(Ok(output)))
    }
}

const SECRET: &str = "sk-alice-printed";

fn id(number: u64) -> String {
    format!("ak-alice-{number}")
}

/// A printer, if keys are printed.
pub fn printer(given: Given) -> Option<Arc<Printer>> {
    (given == Given::Printed).then(Arc::default)
}

/// A seed that knows the keys that are printed.
pub fn with_printed_keys(mut seed: Value) -> Value {
    let keys = (1..=PRINTED).map(|number| json!({ "id": id(number), "secret": SECRET, "user": "alice" }));
    seed["access_keys"].as_array_mut().unwrap().extend(keys);
    seed
}
