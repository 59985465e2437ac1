//! The rooms of `ARCHITECTURE.md`: what is never where. Which room uses which is in the `Cargo.toml` of each.

use std::{fs, path::PathBuf};

use proc_macro2::TokenTree;

use super::sources::{Module, Sources, flat, lines, room_names, room_of, source};

/// A room: a folder of `src`, and the words that never occur in its code.
struct Room {
    name: &'static str,
    never: &'static [&'static str],
}

const ROOMS: [Room; 8] = [
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
    Room { name: "text", never: &["std::fs", "std::net", "std::env", "std::time", "std::io", "Terraform"] },
];

#[test]
fn rooms_are_free_of_what_belongs_elsewhere() {
    let sources = Sources::read();
    let breaches: Vec<String> =
        ROOMS.iter().flat_map(|room| breaches_of(room, &code_lines(&sources, room.name))).collect();
    assert!(breaches.is_empty(), "{breaches:#?}");
}

/// Where the provider opens files: `cloud::file` bounds what it reads and refuses what has no end. The other one reads
/// a file of the system, and makes the folder of the socket.
const OPENS_FILES: [&str; 2] = ["cloud/file.rs", "plugin/unix_socket.rs"];

#[test]
fn the_provider_opens_files_in_one_place() {
    let sources = Sources::read();
    let files = sources.files();
    let of_provider = files.iter().filter(|(file, _)| {
        ["cloud", "crypto", "plugin", "provider", "schema", "text"].contains(&room_of(file).as_str())
    });
    let opening: Vec<&str> = of_provider
        .filter(|(_, code)| opens_files(code.iter().copied()))
        .filter_map(|(file, _)| file.to_str())
        .collect();
    assert_eq!(opening, OPENS_FILES);
    let program: proc_macro2::TokenStream =
        fs::read_to_string(source().join("main.rs")).unwrap().parse().unwrap();
    assert!(!opens_files(&program.into_iter().collect::<Vec<_>>()));
    let one: proc_macro2::TokenStream = "fn f() { let a = std::fs::read(\"a\"); }".parse().unwrap();
    assert!(opens_files(&one.into_iter().collect::<Vec<_>>()));
}

/// True if code has the names of `std` or `tokio` by which files are opened.
fn opens_files<'a>(code: impl IntoIterator<Item = &'a TokenTree>) -> bool {
    let opens = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if ["fs", "OpenOptions"].iter().any(|name| word == name));
    flat(code).iter().any(opens)
}

#[test]
fn every_folder_of_src_is_a_room() {
    assert_eq!(room_names(), ROOMS.iter().map(|room| room.name.to_owned()).collect());
}

/// A path has two parts at least: `sls::data`, `State::wait_durable`, `cloud::ram::byok_role`.
#[test]
fn architecture_names_what_is_there() {
    let sources = Sources::read();
    let page = fs::read_to_string(source().join("../ARCHITECTURE.md")).unwrap();
    let paths: Vec<Vec<&str>> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|code| code.split("::").collect::<Vec<_>>())
        .filter(|path| path.len() > 1 && path.iter().all(|name| is_name(name)))
        .collect();
    assert!(paths.len() > 20, "{paths:?}");
    let missing: Vec<_> = paths.iter().filter(|path| !is_there(&sources, path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(!is_there(&sources, &["cloud", "dispatcher", "NoSuchName"]));
    assert!(!is_there(&sources, &["cloud", "no_such_module"]));
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// True if a path ends in a module, or in one or two names that one module has in its code.
fn is_there(sources: &Sources, path: &[&str]) -> bool {
    (0..=2).any(|names| {
        let (modules, names) = path.split_at(path.len().saturating_sub(names));
        sources.modules.iter().any(|module| {
            let is_it = module.path.ends_with(&modules.iter().map(ToString::to_string).collect::<Vec<_>>());
            is_it && (names.is_empty() || names.iter().all(|name| has_word(module, name)))
        })
    })
}

fn has_word(module: &Module, wanted: &str) -> bool {
    flat(&module.code).iter().any(|token| matches!(token, TokenTree::Ident(word) if word == wanted))
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
