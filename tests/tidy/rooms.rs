//! The rooms of `ARCHITECTURE.md`: who may use whom, and what is never where.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A room: a folder of `src`, the rooms it may use, and the outside words that never occur in it.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
    never: &'static [&'static str],
}

const ROOMS: [Room; 7] = [
    Room {
        name: "schema",
        may_use: &[],
        never: &[
            "tonic",
            "prost",
            "rustls",
            "reqwest",
            "hyper",
            "axum",
            "std::env",
            "std::net",
            "std::fs",
            "tokio::net",
            "Logstore",
        ],
    },
    Room { name: "plugin", may_use: &["schema"], never: &["reqwest", "axum", "alicloud_log", "Logstore"] },
    Room {
        name: "provider",
        may_use: &["schema", "cloud", "crypto"],
        never: &["tonic", "prost", "rustls", "reqwest", "hyper", "axum", "std::net", "tokio::net"],
    },
    Room {
        name: "cloud",
        may_use: &["crypto"],
        never: &["tonic", "prost", "axum", "std::env", "Terraform", "terraform"],
    },
    Room {
        name: "crypto",
        may_use: &[],
        never: &["std::fs", "std::net", "std::env", "std::time", "tokio", "tracing", "SystemTime"],
    },
    Room { name: "emulator", may_use: &["crypto", "storage"], never: &["tonic", "reqwest", "Terraform"] },
    Room {
        name: "storage",
        may_use: &["crypto"],
        never: &["std::net", "hyper", "axum", "serde_json", "std::env", "SystemTime"],
    },
];

#[test]
fn rooms_use_only_what_they_may() {
    let breaches: Vec<String> =
        ROOMS.iter().flat_map(|room| breaches_of(room, &code_lines(room.name))).collect();
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn every_folder_of_src_is_a_room() {
    let mut folders: Vec<String> = fs::read_dir(source())
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir() && entry.file_name() != "bin")
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut rooms: Vec<&str> = ROOMS.iter().map(|room| room.name).collect();
    rooms.sort_unstable();
    assert_eq!(folders, rooms);
}

#[test]
fn a_forbidden_line_is_found() {
    let line = |text: &str| vec![(PathBuf::from("x.rs"), 1, text.to_owned())];
    let cloud = ROOMS.iter().find(|room| room.name == "cloud").unwrap();
    assert_eq!(breaches_of(cloud, &line("use crate::emulator::Emulator;")).len(), 1);
    assert_eq!(breaches_of(cloud, &line("use crate::{provider, crypto};")).len(), 1);
    assert_eq!(breaches_of(cloud, &line("let home = std::env::var(\"HOME\");")).len(), 1);
    assert!(breaches_of(cloud, &line("use crate::crypto::Secret;")).is_empty());
}

fn breaches_of(room: &Room, lines: &[(PathBuf, usize, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, number, text) in lines {
        let breach = |rule: String| format!("{}:{number}: {rule}", file.display());
        for other in rooms_named(text) {
            if other != room.name && !room.may_use.contains(&other) {
                found.push(breach(format!("{} must not use {other}", room.name)));
            }
        }
        for word in room.never {
            if begins_word(text, word) {
                found.push(breach(format!("{word} has no place in {}", room.name)));
            }
        }
    }
    found
}

/// True if `word` occurs in `text` and is not the tail of a longer word: `monotonic` is not `tonic`.
fn begins_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The rooms a line reaches by `crate::room` or `crate::{room, …}`.
fn rooms_named(line: &str) -> Vec<&'static str> {
    let names = ROOMS.iter().map(|room| room.name);
    let Some((_, after)) = line.split_once("crate::") else { return Vec::new() };
    names
        .filter(|name| {
            let listed = after.starts_with('{')
                && after.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == *name);
            let direct = after
                .strip_prefix(name)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'));
            listed || direct
        })
        .collect()
}

/// The lines of a room that are code, with a `use crate::{ … }` over several lines joined into one.
fn code_lines(room: &str) -> Vec<(PathBuf, usize, String)> {
    let mut lines = Vec::new();
    for file in rust_files(&source().join(room)) {
        let text = fs::read_to_string(&file).unwrap();
        let mut joined: Option<(usize, String)> = None;
        for (index, line) in product_lines(&file, &text) {
            let line = line.split("//").next().unwrap_or_default();
            match &mut joined {
                Some((start, whole)) => {
                    whole.push_str(line);
                    if line.contains(';') {
                        lines.push((file.clone(), *start, std::mem::take(whole)));
                        joined = None;
                    }
                }
                None if line.trim_start().starts_with("use crate::{") && !line.contains(';') => {
                    joined = Some((index + 1, line.to_owned()));
                }
                None => lines.push((file.clone(), index + 1, line.to_owned())),
            }
        }
    }
    assert!(!lines.is_empty(), "no code found in room {room}");
    lines
}

/// The numbered lines of a file that are no tests: those may do what the product must not.
fn product_lines<'a>(file: &Path, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    let all_tests = name == "tests" || name.ends_with("_tests");
    text.lines().enumerate().take_while(move |(_, line)| !all_tests && *line != "mod tests {")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}
