//! What was damaged is never taken for what was written.

use std::path::Path;

use super::model_tests::Model;
use super::simulated_disk::Disk;
use super::{BlockAddress, Change, Kind, MasterKey, Store, StoreError, opening};

/// Bytes at whose flipping is looked, of the several hundred thousand a file has. Neighbours share a page,
/// and with that a checksum.
const EVERY: usize = 97;

fn key() -> MasterKey {
    MasterKey::from_bytes([9; 32])
}

fn open(content: Vec<u8>) -> Result<Store, StoreError> {
    Store::of(opening::open_disk(Disk::with(content), Path::new("disk"), &key())?, &key())
}

/// The bytes of a small store that was closed, and what it holds.
fn small_store() -> (Vec<u8>, Model) {
    let disk = Disk::default();
    let store = Store::of(opening::create_disk(disk.clone(), &key()).unwrap(), &key()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut model = Model::default();
    for position in 0..4 {
        let mut change = Change::new();
        change.write(Kind::Identity, "", vec![1; 500]);
        change.write(Kind::Project, &format!("project {position}"), vec![2; 50]);
        change.append(BlockAddress { logstore: 1, shard: 0, position }, vec![3; 700]);
        model.apply(&change);
        runtime.block_on(store.submit(change).wait()).unwrap();
    }
    store.close();
    (disk.content(), model)
}

/// Opens and reads: an error, or exactly what was written. Whether it was an error.
#[track_caller]
fn check(content: Vec<u8>, model: &Model, what: &str) -> bool {
    match open(content).and_then(|store| Model::of(&store)) {
        Ok(read) => {
            assert!(read == *model, "{what}: wrong data");
            false
        }
        Err(StoreError::Corrupt { .. } | StoreError::Version { .. } | StoreError::WrongMasterKey(_)) => true,
        Err(error) => panic!("{what}: {error:?}"),
    }
}

#[test]
fn a_flipped_byte_gives_an_error_or_what_was_written() {
    let (content, model) = small_store();
    assert!(!check(content.clone(), &model, "undamaged"));
    let used = content.iter().rposition(|byte| *byte != 0).unwrap();
    // The header byte by byte: it says where everything else is.
    let places = (0..320).chain((320..=used).step_by(EVERY));
    let (mut noticed, mut checked) = (0, 0);
    for place in places {
        let mut damaged = content.clone();
        damaged[place] ^= if place % 2 == 0 { 0xff } else { 0x01 };
        noticed += usize::from(check(damaged, &model, &format!("byte {place}")));
        checked += 1;
    }
    assert!(noticed * 20 > checked, "{noticed} of {checked} were noticed: too few for the file to be read");
}

#[test]
fn a_truncated_file_gives_an_error_or_what_was_written() {
    let (content, model) = small_store();
    for length in (0..content.len()).step_by(4_096).chain([1, 319, 320, content.len() - 1]) {
        check(content[..length].to_vec(), &model, &format!("{length} bytes"));
    }
    let longer = [content, vec![0; 4_096]].concat();
    check(longer, &model, "longer");
}

#[test]
fn pages_in_the_place_of_others_give_an_error_or_what_was_written() {
    const PAGE: usize = 4_096;
    let (content, model) = small_store();
    let pages = content.len() / PAGE;
    let used: Vec<usize> = (0..pages)
        .filter(|page| content[page * PAGE..(page + 1) * PAGE].iter().any(|byte| *byte != 0))
        .collect();
    for (from, to) in used.iter().zip(used.iter().skip(1)) {
        let mut damaged = content.clone();
        damaged.copy_within(from * PAGE..(from + 1) * PAGE, to * PAGE);
        check(damaged, &model, &format!("page {from} in the place of {to}"));
    }
}
