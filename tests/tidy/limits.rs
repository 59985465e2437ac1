//! Comments have the width of code. No test and no measurement goes on without a limit, and no test measures time. What
//! is awaited is awaited with `test_support::waiting`; every other loop goes over something, or is one of
//! [`EXCEPTIONS`].

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::sources::{file_of, flat};

/// A file, a word, how often it stands there, and why it may.
type Exception = (&'static str, &'static str, usize, &'static str);

const EXCEPTIONS: &[Exception] = &[
    ("benches/throughput/cipher.rs", "while", 1, "it ends when its time is over"),
    (
        "src/cloud/http/reqwest_transport/tests.rs",
        "Instant",
        1,
        "a moment that is given to the code under test",
    ),
    ("src/cloud/sls/encryption/tests/interleavings/mod.rs", "loop", 1, "the scripts are counted through"),
    ("src/cloud/sls/encryption/tests/interleavings/simulated_sls.rs", "while", 1, "it uses a budget up"),
    ("src/cloud/testing/manual_clock.rs", "loop", 1, "the limits of the code under test pass by this clock"),
    ("src/emulator/quotas.rs", "Instant", 4, "moments that are given to the code under test"),
    ("src/plugin/fuzzing/answers.rs", "Instant", 3, "the clock of a runtime whose time is paused"),
    ("tests/chaos/run.rs", "Instant", 4, "a long run ends after the minutes it was given"),
    ("tests/chaos/stage.rs", "Instant", 3, "how old a read was when an update was built from it"),
    ("tests/durability/soak/mod.rs", "Instant", 3, "how long a run and a restart took is printed"),
    ("tests/clients/matrix/clock.rs", "loop", 1, "the task is aborted with the clock"),
    ("tests/clients/matrix/clock.rs", "while", 1, "each turn takes time from the limit of an operation"),
    ("tests/clients/matrix/relay.rs", "loop", 1, "the task is aborted with the relay"),
    ("tests/support/async_http.rs", "loop", 1, "what is read has a limit"),
    ("tests/support/extent.rs", "Instant", 4, "a long run ends after the minutes it was given"),
    ("tests/support/http.rs", "loop", 1, "what is read has a limit"),
    ("tests/support/waiting.rs", "Instant", 5, "the deadlines are here"),
    ("tests/support/waiting.rs", "while", 2, "the deadlines are here"),
    ("tests/wire/soak.rs", "Instant", 2, "how long a run took is printed"),
];

#[test]
fn loops_have_limits_and_time_is_not_measured() {
    let mut found = BTreeMap::new();
    for (file, code) in test_code() {
        // To measure time is what a measurement is for.
        let counts = |word: &&str| *word != "Instant" || !file.starts_with("benches");
        for word in words(&code).into_iter().filter(counts) {
            *found.entry((file.clone(), word)).or_insert(0) += 1;
        }
    }
    let allowed: BTreeMap<(String, &str), usize> =
        EXCEPTIONS.iter().map(|(file, word, count, _)| (((*file).to_owned(), *word), *count)).collect();
    assert_eq!(found, allowed, "left: what is there; right: what has a reason in EXCEPTIONS");
}

#[test]
fn a_loop_is_found_wherever_it_stands() {
    let words_of = |text: &str| words(&text.parse::<TokenStream>().unwrap().into_iter().collect::<Vec<_>>());
    assert_eq!(words_of("fn a() { if b { loop { c!(while d {}) } } }"), ["loop", "while"]);
    assert_eq!(words_of("fn a() { while let Some(b) = c { d(\"loop\") } } // loop"), Vec::<&str>::new());
    assert_eq!(words_of("fn a() { for b in 0.. { } for b in (0..).zip(c) {} for b in 0..9 {} }"), ["for"]);
    assert_eq!(words_of("use std::time::{Duration, Instant};"), ["Instant"]);
    let beside = "#[cfg(test)] pub(crate) mod tests { fn a() { loop {} } } fn b() { while c {} }";
    let beside: Vec<TokenTree> = beside.parse::<TokenStream>().unwrap().into_iter().collect();
    let inside = tests_inside(&beside);
    assert_eq!(words(&inside), ["loop"]);
    let read = |name: &str| test_code().into_iter().any(|(file, code)| file == name && !code.is_empty());
    assert!(read("src/cloud/rate_limiter/tests.rs") && read("src/emulator/quotas.rs"));
    assert!(read("src/cloud/testing/manual_clock.rs") && read("fuzz/corpus.rs"));
    assert!(read("tests/wire/main.rs") && !read("src/main.rs"));
}

/// Where sources are.
const FOLDERS: [&str; 4] = ["benches", "fuzz", "src", "tests"];

/// The formatter leaves comments as they are.
const WIDTH: usize = 120;

#[test]
fn comments_are_as_wide_as_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wide: Vec<String> = FOLDERS
        .iter()
        .flat_map(|folder| rust_files(&root.join(folder)))
        .flat_map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let lines = (1..).zip(text.lines()).filter(|(_, line)| is_wide_comment(line));
            lines.map(|(number, _)| format!("{}:{number}", file.display())).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(wide, Vec::<String>::new(), "wider than {WIDTH}");
}

/// An address cannot be broken into lines.
fn is_wide_comment(line: &str) -> bool {
    let words = line.trim_start();
    words.starts_with("//") && words.split_whitespace().count() > 2 && line.chars().count() > WIDTH
}

#[test]
fn a_wide_comment_is_found() {
    assert!(is_wide_comment(&format!("    // {}", "a word ".repeat(20))));
    assert!(!is_wide_comment(&format!("/// (<https://example.com/{}>).", "a".repeat(120))));
    assert!(!is_wide_comment(&format!("let a = {:?};", "a word ".repeat(20))));
}

/// The words that need a reason: a loop that nothing in its head limits, and what measures time.
fn words(code: &[TokenTree]) -> Vec<&'static str> {
    let tokens = flat(code);
    let is = |at: usize, word: &str| matches!(tokens.get(at), Some(TokenTree::Ident(found)) if found == word);
    let is_dot = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(mark)) if mark.as_char() == '.');
    let is_block = |at: usize| matches!(tokens.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace);
    let word_at = |at| {
        let is_endless = is(at, "in") && is_dot(at + 2) && is_dot(at + 3) && is_block(at + 4);
        let is_while = is(at, "while") && !is(at + 1, "let");
        let found = [
            (is(at, "loop"), "loop"),
            (is_while, "while"),
            (is_endless, "for"),
            (is(at, "Instant"), "Instant"),
        ];
        found.into_iter().find_map(|(is_there, word)| is_there.then_some(word))
    };
    (0..tokens.len()).filter_map(word_at).collect()
}

/// The code of all tests and measurements, by the file it stands in.
fn test_code() -> Vec<(String, Vec<TokenTree>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = FOLDERS.map(|folder| rust_files(&root.join(folder))).concat();
    let files: Vec<(PathBuf, Vec<TokenTree>)> = files.into_iter().map(read).collect();
    let of_tests: Vec<PathBuf> = files.iter().flat_map(|(file, code)| test_modules(file, code)).collect();
    let code = files.into_iter().map(|(file, code)| {
        let is_of_tests = !file.starts_with(root.join("src"))
            || of_tests.iter().any(|module| file == *module || file.starts_with(folder_of(module)));
        let code = if is_of_tests { code } else { tests_inside(&code) };
        (file.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), code)
    });
    code.collect()
}

fn read(file: PathBuf) -> (PathBuf, Vec<TokenTree>) {
    let tokens: TokenStream = fs::read_to_string(&file).unwrap().parse().unwrap();
    (file, tokens.into_iter().collect())
}

/// Where the modules are that stand in a file of a module.
fn folder_of(file: &Path) -> PathBuf {
    if file.ends_with("mod.rs") { file.parent().unwrap().to_owned() } else { file.with_extension("") }
}

/// The files of the modules that a file declares under one of [`TESTS`].
fn test_modules(file: &Path, code: &[TokenTree]) -> Vec<PathBuf> {
    let declared = after_cfg_test(code).filter(|(_, body)| !matches!(body, TokenTree::Group(_)));
    declared.map(|(name, _)| file_of(file, &name.to_string())).collect()
}

/// The modules that stand under one of [`TESTS`] in the code itself.
fn tests_inside(code: &[TokenTree]) -> Vec<TokenTree> {
    let bodies = after_cfg_test(code).map(|(_, body)| body.clone());
    bodies.filter(|body| matches!(body, TokenTree::Group(_))).collect()
}

/// What makes a module one of tests.
const TESTS: [&str; 2] = ["[cfg(test)]", "[cfg(any(test,fuzzing))]"];

/// The name of each module under one of [`TESTS`], and its body or the semicolon in its place.
fn after_cfg_test(code: &[TokenTree]) -> impl Iterator<Item = (&TokenTree, &TokenTree)> {
    let is = |token: &TokenTree, text: &str| token.to_string().replace(' ', "") == text;
    let is_of_tests = move |at: &usize| TESTS.iter().any(|attribute| is(&code[*at], attribute));
    (0..code.len()).filter(is_of_tests).filter_map(move |at| {
        // What may stand before `mod`: `pub`, `(crate)`.
        let word = (at + 1..code.len().min(at + 4)).find(|at| is(&code[*at], "mod"))?;
        Some((code.get(word + 1)?, code.get(word + 2)?))
    })
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // `fuzz` is a package of its own, which may have been built there.
            if !path.ends_with("fuzz/target") {
                files.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
