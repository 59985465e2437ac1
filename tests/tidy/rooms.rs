//! The rooms of `ARCHITECTURE.md`: what is never where. Which room uses which is in the `Cargo.toml` of each.

use std::{fs, path::PathBuf};

use super::sources::{Sources, lines, room_names, room_of, source};

/// A room: a folder of `src`, and the words that never occur in its code.
struct Room {
    name: &'static str,
    never: &'static [&'static str],
}

const ROOMS: [Room; 7] = [
    Room {
        name: "schema",
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
    Room { name: "plugin", never: &["reqwest", "axum", "alicloud_log", "Logstore"] },
    Room {
        name: "provider",
        never: &["tonic", "prost", "rustls", "reqwest", "hyper", "axum", "std::net", "tokio::net"],
    },
    Room { name: "cloud", never: &["tonic", "prost", "axum", "std::env", "Terraform", "terraform"] },
    Room {
        name: "crypto",
        never: &["std::fs", "std::net", "std::env", "std::time", "tokio", "tracing", "SystemTime"],
    },
    Room { name: "emulator", never: &["tonic", "reqwest", "Terraform"] },
    Room { name: "storage", never: &["std::net", "hyper", "axum", "serde_json", "std::env", "SystemTime"] },
];

#[test]
fn rooms_are_free_of_what_belongs_elsewhere() {
    let sources = Sources::read();
    let breaches: Vec<String> =
        ROOMS.iter().flat_map(|room| breaches_of(room, &code_lines(&sources, room.name))).collect();
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn every_folder_of_src_is_a_room() {
    assert_eq!(room_names(), ROOMS.iter().map(|room| room.name.to_owned()).collect());
}

#[test]
fn a_forbidden_line_is_found() {
    let line = |text: &str| vec![(PathBuf::from("x.rs"), 1, text.to_owned())];
    let cloud = ROOMS.iter().find(|room| room.name == "cloud").unwrap();
    assert_eq!(breaches_of(cloud, &line("let home = std::env::var(\"HOME\");")).len(), 1);
    assert!(breaches_of(cloud, &line("use crypto::Secret;")).is_empty());
}

fn breaches_of(room: &Room, lines: &[(PathBuf, usize, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (file, number, text) in lines {
        let breach = |rule: String| format!("{}:{number}: {rule}", file.display());
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

/// The lines of a room that are code. Tests are left out: they may do what the product must not.
fn code_lines(sources: &Sources, room: &str) -> Vec<(PathBuf, usize, String)> {
    let mut found = Vec::new();
    for (file, code) in sources.files().into_iter().filter(|(file, _)| room_of(file) == room) {
        let text = fs::read_to_string(source().join(&file)).unwrap();
        let text: Vec<&str> = text.lines().collect();
        found.extend(lines(code).into_iter().map(|number| {
            let line = text[number - 1].split("//").next().unwrap_or_default();
            (file.clone(), number, line.to_owned())
        }));
    }
    assert!(!found.is_empty(), "no code found in room {room}");
    found
}
