//! Each fuzz target has its program, its corpus, and a unit test that runs its body on stable Rust.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The most that the corpus of a target may hold, in bytes.
const LARGEST_CORPUS: u64 = 64 * 1024;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The names of what is in a folder, without the endings of files.
fn names(of: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder().join(of)).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_target_has_a_program_a_corpus_and_a_unit_test() {
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    let (_, programs) = manifest.split_once("[[bin]]").unwrap();
    let targets: BTreeSet<String> = programs
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .collect();
    assert!(targets.len() > 8, "{targets:?}");
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
    for target in &targets {
        let program = fs::read_to_string(folder().join(format!("fuzz_targets/{target}.rs"))).unwrap();
        let (before, _) = program.split_once(&format!("::fuzzing::{target}(bytes)")).unwrap();
        let (_, room) = before.rsplit_once(' ').unwrap();
        let runs = format!("corpus::run(\"{target}\", super::{target});");
        assert!(bodies_of(room).contains(&runs), "no unit test of {room} says: {runs}");
    }
}

/// The text of the fuzzing module of a room.
fn bodies_of(room: &str) -> String {
    let room = folder().join("../src").join(room);
    let file = room.join("fuzzing.rs");
    fs::read_to_string(if file.exists() { file } else { room.join("fuzzing/mod.rs") }).unwrap()
}

#[test]
fn corpora_are_small() {
    for target in names("corpus") {
        let files = fs::read_dir(folder().join("corpus").join(&target)).unwrap();
        let length: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
        assert!((1..LARGEST_CORPUS).contains(&length), "{target}: {length} bytes");
    }
}
