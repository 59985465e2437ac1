//! The bodies of the fuzz targets on stable Rust: a room includes this file by its path, and its unit tests run each
//! body.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestError, TestRunner};

/// A file of so many bytes is cut off at each of them, a longer one at every second, third and so on.
const MOST_TRUNCATIONS: usize = 128;

/// Runs the body of a target on each file of its corpus, on truncations of it, on changed files and on arbitrary bytes.
pub fn run(target: &str, body: fn(&[u8])) {
    let mut seeds = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        let seed = fs::read(&file).unwrap();
        for length in (0..=seed.len()).rev().step_by(1 + seed.len() / MOST_TRUNCATIONS) {
            let fails = catch_unwind(|| body(&seed[..length])).is_err();
            assert!(!fails, "{target} fails for the first {length} bytes of {}", file.display());
        }
        seeds.push(seed);
    }
    assert!(!seeds.is_empty(), "{} is empty", folder.display());
    let changed = (select(seeds.clone()), vec(change(seeds), 1..6)).prop_map(|(mut seed, changes)| {
        for change in &changes {
            change.apply(&mut seed);
        }
        seed
    });
    let bytes = prop_oneof![3 => changed, 1 => vec(any::<u8>(), 0..512)];
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&bytes, |bytes| {
        body(&bytes);
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, bytes)) => {
            panic!("{target} fails for these bytes ({reason}): {}", bytes.escape_ascii())
        }
        Err(TestError::Abort(reason)) => panic!("{target} was not run to its end: {reason}"),
    }
}

/// One change of a file.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Delete(Index, Index),
    /// The end of another file in the place of what is behind here.
    Splice(Index, Vec<u8>, Index),
}

fn change(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 1..=u8::MAX).prop_map(|(at, bits)| Change::Flip(at, bits)),
        (at(), vec(any::<u8>(), 1..8)).prop_map(|(at, new)| Change::Insert(at, new)),
        (at(), at()).prop_map(|(one, other)| Change::Delete(one, other)),
        (at(), select(seeds), at()).prop_map(|(at, other, from)| Change::Splice(at, other, from)),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
        match self {
            Change::Flip(at, bits) => {
                let at = place(at, bytes);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bits;
                }
            }
            Change::Insert(at, new) => {
                let at = place(at, bytes);
                bytes.splice(at..at, new.iter().copied());
            }
            Change::Delete(one, other) => {
                let (one, other) = (place(one, bytes), place(other, bytes));
                bytes.drain(one.min(other)..one.max(other));
            }
            Change::Splice(at, other, from) => {
                bytes.truncate(place(at, bytes));
                bytes.extend(&other[place(from, other)..]);
            }
        }
    }
}
