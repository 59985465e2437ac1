//! The store against a plain model: through any changes, reopenings, and crashes of a simulated disk.

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseResult, TestRunner};

use super::extent::Extent;
use super::model::{KINDS, LOGSTORES, Model, SHARDS};
use super::simulated_disk::Disk;
use super::{BlockAddress, Kind, MasterKey, Store, StoreError, WriteBatch, opening};

const NAMES: [&str; 3] = ["", "a", "a/b"];

#[derive(Clone, Debug)]
enum Step {
    Write(Kind, &'static str, Vec<u8>),
    Remove(Kind, &'static str),
    Append(u64, u32, Vec<u8>),
    RemoveBlocks(u64),
    Clear,
}

fn any_step() -> impl Strategy<Value = Step> {
    let kind = || prop::sample::select(&KINDS[..]);
    let name = || prop::sample::select(&NAMES[..]);
    let bytes = || (any::<u8>(), 0_usize..9_000).prop_map(|(byte, length)| vec![byte; length]);
    prop_oneof![
        6 => (kind(), name(), bytes()).prop_map(|(kind, name, content)| Step::Write(kind, name, content)),
        2 => (kind(), name()).prop_map(|(kind, name)| Step::Remove(kind, name)),
        9 => (0..LOGSTORES, 0..SHARDS, bytes()).prop_map(|(logstore, shard, block)| {
            Step::Append(logstore, shard, block)
        }),
        1 => (0..LOGSTORES).prop_map(Step::RemoveBlocks),
        1 => Just(Step::Clear),
    ]
}

type Steps = Vec<Step>;

fn any_changes(most: usize) -> impl Strategy<Value = Vec<Steps>> {
    prop::collection::vec(prop::collection::vec(any_step(), 1..4), 1..most)
}

/// The change of these steps, to a store that holds this.
fn change(steps: &[Step], model: &Model) -> WriteBatch {
    let mut batch = WriteBatch::new();
    for step in steps {
        match step {
            Step::Write(kind, name, content) => batch.write(*kind, name, content.clone()),
            Step::Remove(kind, name) => batch.remove(*kind, name),
            Step::RemoveBlocks(logstore) => batch.remove_blocks(*logstore),
            Step::Clear => batch.clear(),
            Step::Append(..) => {}
        }
    }
    let mut after = model.clone();
    after.apply(&batch);
    for step in steps {
        if let Step::Append(logstore, shard, block) = step {
            let blocks = after.shards.entry((*logstore, *shard)).or_default();
            let position = blocks.len() as u64;
            blocks.push(block.clone());
            batch.append(BlockAddress { logstore: *logstore, shard: *shard, position }, block.clone());
        }
    }
    batch
}

fn key() -> MasterKey {
    MasterKey::from_bytes([9; 32])
}

fn wait(committed: super::Committed) -> Result<(), StoreError> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(committed.wait())
}

/// Opens a store as a file that is read whole, or as one that is too long for that.
fn open(disk: &Disk, is_long: bool) -> Result<Store, StoreError> {
    let checked_length = if is_long { 0 } else { opening::CHECKED_LENGTH };
    Store::from_opened(opening::open_disk(disk.clone(), Path::new("disk"), &key(), checked_length)?)
}

/// Submits changes, a number of them before the first is waited for. What the store held before and after
/// each of them, and how many were acknowledged.
fn submit_all(store: &Store, mut model: Model, batches: &[Steps], at_once: usize) -> (Vec<Model>, usize) {
    let mut states = vec![model.clone()];
    let mut results = Vec::new();
    for together in batches.chunks(at_once) {
        let mut waiting = Vec::new();
        for steps in together {
            let batch = change(steps, &model);
            model.apply(&batch);
            states.push(model.clone());
            waiting.push(store.submit(batch));
        }
        results.extend(waiting.into_iter().map(wait));
    }
    let acknowledged = results.iter().take_while(|result| result.is_ok()).count();
    assert!(results[acknowledged..].iter().all(Result::is_err), "an answer after a failure");
    (states, acknowledged)
}

/// How many cases a round has. A short run has one round.
const CASES: u32 = 24;

/// Checks that something holds for what is drawn, as long as the run lasts.
fn check<S: Strategy>(
    command: &'static str,
    drawn: impl Fn() -> S,
    holds: impl Fn(S::Value) -> TestCaseResult,
) {
    let extent = Extent::read(1);
    let _or_replay = extent.or_replay(command);
    let mut cases = 0;
    for round in extent.rounds(1.0) {
        let rng_seed = RngSeed::Fixed(extent.seed.wrapping_add(round));
        // A seed stays what a failure is found again by.
        let config = Config { cases: CASES, rng_seed, failure_persistence: None, ..Config::default() };
        let outcome = TestRunner::new(config).run(&drawn(), &holds);
        outcome.unwrap_or_else(|error| panic!("round {round}: {error}"));
        cases += CASES;
    }
    println!("{cases} cases");
}

#[test]
fn a_store_holds_what_was_written_also_when_opened_again() {
    let drawn = || prop::collection::vec(any_changes(8), 1..4);
    check("-p storage opened_again", drawn, |sessions| {
        let folder = tempfile::tempdir().unwrap();
        let memory = Store::in_memory().unwrap();
        let mut model = Model::default();
        for session in sessions {
            let store = Store::open(folder.path(), &key()).unwrap();
            prop_assert_eq!(Model::from_store(&store).unwrap(), model.clone());
            let (states, acknowledged) = submit_all(&store, model.clone(), &session, 8);
            prop_assert_eq!(acknowledged, session.len());
            submit_all(&memory, model, &session, 1);
            model = states.last().unwrap().clone();
            prop_assert_eq!(Model::from_store(&store).unwrap(), model.clone());
            prop_assert_eq!(Model::from_store(&memory).unwrap(), model.clone());
        }
        Ok(())
    });
}

/// The power goes at any operation of the disk, also while an earlier crash is being repaired. What was not synced is
/// there, is not, or is torn; the end of the file may be cut off.
#[test]
fn after_a_crash_acknowledged_changes_are_there_and_others_whole_or_absent() {
    let session = || (any_changes(8), 1_usize..4, 0_usize..120, any::<u64>(), any::<bool>());
    let drawn = || prop::collection::vec(session(), 1..5);
    check("-p storage after_a_crash", drawn, |sessions| {
        let disk = Disk::default();
        drop(opening::create_disk(disk.clone(), &key()).unwrap());
        let mut model = Model::default();
        for (batches, at_once, power, seed, is_long) in sessions {
            disk.power_for(power);
            let (states, acknowledged) = match open(&disk, is_long) {
                Ok(store) => submit_all(&store, model.clone(), &batches, at_once),
                Err(error) => {
                    prop_assert!(matches!(error, StoreError::Io(_)), "{error}");
                    (vec![model.clone()], 0)
                }
            };
            disk.crash(seed);
            let after = Model::from_store(&open(&disk, is_long).unwrap()).unwrap();
            prop_assert!(states[acknowledged..].contains(&after), "{acknowledged} were acknowledged");
            model = after;
        }
        Ok(())
    });
}
