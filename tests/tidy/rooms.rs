//! The rooms of `ARCHITECTURE.md`: who may use whom, and what is never where.

use std::{fs, path::PathBuf};

use super::sources::{Sources, lines, room_of, source};

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
    let sources = Sources::read();
    let breaches: Vec<String> =
        ROOMS.iter().flat_map(|room| breaches_of(room, &code_lines(&sources, room.name))).collect();
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

/// The lines of a room that are code, with a `use crate::{ … }` over several lines joined into one. Tests are left out:
/// they may do what the product must not.
fn code_lines(sources: &Sources, room: &str) -> Vec<(PathBuf, usize, String)> {
    let mut found = Vec::new();
    for (file, code) in sources.files().into_iter().filter(|(file, _)| room_of(file) == room) {
        let text = fs::read_to_string(source().join(&file)).unwrap();
        let text: Vec<&str> = text.lines().collect();
        let mut joined: Option<(usize, String)> = None;
        for number in lines(code) {
            let line = text[number - 1].split("//").next().unwrap_or_default();
            match &mut joined {
                Some((start, whole)) => {
                    whole.push_str(line);
                    if line.contains(';') {
                        found.push((file.clone(), *start, std::mem::take(whole)));
                        joined = None;
                    }
                }
                None if line.trim_start().starts_with("use crate::{") && !line.contains(';') => {
                    joined = Some((number, line.to_owned()));
                }
                None => found.push((file.clone(), number, line.to_owned())),
            }
        }
    }
    assert!(!found.is_empty(), "no code found in room {room}");
    found
}
