//! What was damaged is never taken for what was written.

use super::fuzzing::{files, open, opened_blocks};
use super::model::Model;
use super::{StoreError, opening};

/// Of the bytes of a file, one in so many is flipped: neighbours share a page, and with that a checksum. The
/// number has no factor in common with the lengths of entries and pages.
const EVERY: usize = 97;

/// The bytes of a small store that was closed, and what it holds.
fn small_store() -> (Vec<u8>, Model) {
    (files().closed.clone(), files().states.last().unwrap().clone())
}

/// Opens and reads: an error, or exactly what was written. Whether it was an error.
#[track_caller]
fn check(content: Vec<u8>, model: &Model, what: &str) -> bool {
    check_any(content, std::slice::from_ref(model), what)
}

#[track_caller]
fn check_any(content: Vec<u8>, states: &[Model], what: &str) -> bool {
    match open(content, opening::CHECKED_LENGTH).and_then(|store| Model::from_store(&store)) {
        Ok(read) => {
            assert!(states.contains(&read), "{what}: wrong data");
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

/// After a crash a damaged last change cannot be told from one that was being written: what was written
/// before it may be what is there.
#[test]
fn a_byte_flipped_after_a_crash_gives_an_error_or_one_of_the_last_two_states() {
    let (content, states) = (files().killed.last().unwrap(), &files().states);
    let last_two = &states[states.len() - 2..];
    assert!(!check(content.clone(), &last_two[1], "undamaged"));
    let used = content.iter().rposition(|byte| *byte != 0).unwrap();
    for place in (0..320).chain((320..=used).step_by(EVERY)) {
        let mut damaged = content.clone();
        damaged[place] ^= if place % 2 == 0 { 0xff } else { 0x01 };
        check_any(damaged, last_two, &format!("byte {place}"));
    }
}

/// In a file so long that opening it does not read it whole, a damaged block shows when it is opened.
#[test]
fn a_byte_flipped_in_a_long_file_gives_an_error_or_what_was_written_or_a_block_that_does_not_open() {
    let (content, model) = small_store();
    let used = content.iter().rposition(|byte| *byte != 0).unwrap();
    for place in (0..320).chain((320..=used).step_by(EVERY)) {
        let mut damaged = content.clone();
        damaged[place] ^= if place % 2 == 0 { 0xff } else { 0x01 };
        let Ok(read) = open(damaged, 0).and_then(|store| Model::from_store(&store)) else { continue };
        assert!(read.documents == model.documents, "byte {place}: wrong documents");
        let blocks = opened_blocks(&read);
        assert!(blocks.is_err() || blocks == opened_blocks(&model), "byte {place}: wrong blocks");
    }
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
