//! Every diagnostic that the sources can make is in a golden file, or in a list with the reason why no host shows it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::rendered::Text;
use super::{NAMES, directory};

/// The folders of `src` that make diagnostics.
const ROOMS: [&str; 3] = ["provider", "schema", "plugin"];

/// What makes a diagnostic; the summary is its first argument.
const MAKERS: [&str; 13] = [
    "Diagnostic::error(",
    "Diagnostic::warning(",
    "diagnostics.error(",
    "diagnostics.warning(",
    "sink.warn(",
    "of_call(",
    "of_call_and(",
    "warning_of_call(",
    "of_log_store_call(",
    "of_log_store_call_and(",
    "warning_of_log_store_call(",
    ".with_outage(",
    ".diagnostic(",
];

/// Where a summary is handed on that is written elsewhere: the file, and the name it has there.
const HANDED_ON: [(&str, &str); 4] = [
    ("provider/ordered_reads.rs", "summary"),
    ("provider/ram_byok_role/delete.rs", "summary"),
    ("provider/readiness/read_error.rs", "summary"),
    ("schema/diagnostic.rs", "summary"),
];

/// What no run of a host can show.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("A data source gave an unusable answer", A_BUG),
    ("A value that a call needs was not sent", BUG_OF_HOST),
    (
        "Another operation on the same role is not over",
        "two calls of one role would have to last as long as a time limit",
    ),
    ("Attribute missing", BUG_OF_HOST),
    ("Cannot read the encryption of a Logstore", "the client refuses such an answer before"),
    ("Configuration not known yet", BUG_OF_HOST),
    ("Configuration still unknown at apply", BUG_OF_HOST),
    (
        "Destroying leaves the Logstore as it is",
        "it takes two plans of one Logstore in an order that chance decides",
    ),
    ("File not read in time", "it takes a file system that does not answer for half a minute"),
    ("Identity is incomplete", A_BUG),
    ("Listed object is incomplete", A_BUG),
    ("Listing interrupted", "the oldest host of the tests, Terraform 1.11, has no query"),
    ("No resource identity", BUG_OF_HOST),
    ("New logs would not be stored encrypted", NO_ACTIONS),
    ("Not every Logstore could be verified", NO_ACTIONS),
    ("Private data cannot be written", A_BUG),
    ("Provider not configured", BUG_OF_HOST),
    (
        "SLS answers with an old version of the Logstore",
        "servers would have to answer in an order that only unit tests force",
    ),
    ("The provider panicked", A_BUG),
    ("The state does not hold the role's ARN", "a refresh comes before it"),
    ("Unknown action type", BUG_OF_HOST),
    ("Unknown data source type", BUG_OF_HOST),
    ("Unknown list resource type", BUG_OF_HOST),
    ("Unknown resource type", BUG_OF_HOST),
    ("Value cannot be read", BUG_OF_HOST),
    ("Value cannot be written", A_BUG),
    ("Value of the wrong type", BUG_OF_HOST),
    ("Value still unknown after apply", A_BUG),
    ("Verification interrupted", NO_ACTIONS),
];

const NO_ACTIONS: &str = "the host of the texts, Terraform 1.11, has no actions; `verify` shows it";
const A_BUG: &str = "it is a bug of the provider";
const BUG_OF_HOST: &str = "it is a bug of the host";

/// A summary in the sources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Summary {
    text: String,
    file: String,
}

#[test]
fn every_diagnostic_of_the_sources_is_in_a_golden_file() {
    let printed: BTreeSet<String> = golden_files()
        .iter()
        .flat_map(|file| Text::all_in(&fs::read_to_string(file).unwrap()))
        .map(|text| text.summary().to_owned())
        .collect();
    let mut problems = Vec::new();
    let summaries = summaries(&mut problems);
    for summary in &summaries {
        let is_printed = printed.contains(&summary.text);
        let is_listed = NOT_SHOWN.iter().any(|(text, _)| *text == summary.text);
        match (is_printed, is_listed) {
            (false, false) => {
                problems.push(format!("{}: {:?} is in no golden file", summary.file, summary.text));
            }
            (true, true) => {
                problems.push(format!("{:?} is in a golden file and listed as not shown", summary.text));
            }
            _ => {}
        }
    }
    for (text, _) in NOT_SHOWN {
        if !summaries.iter().any(|summary| summary.text == *text) {
            problems.push(format!("{text:?} is listed as not shown, but nothing makes it"));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn every_diagnostic_has_a_row_on_the_page_about_troubleshooting() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/troubleshooting.md");
    let page = fs::read_to_string(page).unwrap();
    let rows: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    let is_bug =
        |text: &str| NOT_SHOWN.iter().any(|(bug, why)| *bug == text && [A_BUG, BUG_OF_HOST].contains(why));
    let missing: Vec<Summary> = summaries(&mut Vec::new())
        .into_iter()
        .filter(|summary| !is_bug(&summary.text) && !rows.contains(summary.text.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_golden_file_is_that_of_a_situation() {
    let files: BTreeSet<String> =
        golden_files().iter().map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(files, NAMES.iter().map(|name| (*name).to_owned()).collect());
}

fn golden_files() -> Vec<PathBuf> {
    files_in(&directory(), "txt")
}

/// Every summary of the sources. A first argument that cannot be resolved is a problem.
fn summaries(problems: &mut Vec<String>) -> BTreeSet<Summary> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    let mut handed_on: BTreeSet<(String, String)> = BTreeSet::new();
    for path in ROOMS.iter().flat_map(|room| files_in(&source.join(room), "rs")) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if stem == "tests"
            || stem.ends_with("_tests")
            || path.components().any(|part| part.as_os_str() == "tests")
        {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("\nmod tests {").next().unwrap_or_default();
        let file = path.strip_prefix(&source).unwrap().to_string_lossy().into_owned();
        for argument in MAKERS.iter().flat_map(|maker| arguments(text, maker)) {
            let summary = |text: String| Summary { text, file: file.clone() };
            match argument_of(argument) {
                Argument::Text(text) => drop(found.insert(summary(text))),
                Argument::Name(name) => {
                    let written = written_as(text, &name);
                    if written.is_empty() {
                        handed_on.insert((file.clone(), name));
                    }
                    found.extend(written.into_iter().map(summary));
                }
                Argument::Format => {
                    problems.push(format!("{file}: hosts group equal summaries, so none is a format"));
                }
                Argument::Other => {}
            }
        }
    }
    let known: BTreeSet<(String, String)> =
        HANDED_ON.iter().map(|(file, name)| ((*file).to_owned(), (*name).to_owned())).collect();
    for (file, name) in handed_on.symmetric_difference(&known) {
        problems.push(format!(
            "{file}: a summary comes as {name}, which must be in HANDED_ON only if it is not a text here"
        ));
    }
    found
}

/// The text behind each call of a maker, without comments and longer names.
fn arguments<'a>(text: &'a str, maker: &'a str) -> impl Iterator<Item = &'a str> {
    let is_call = move |at: usize| {
        let before = &text[..at];
        let line = before.rsplit('\n').next().unwrap_or_default();
        let is_longer =
            before.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !maker.starts_with('.');
        !is_longer && !line.contains("fn ") && !line.trim_start().starts_with("//")
    };
    text.match_indices(maker)
        .filter(move |(at, _)| is_call(*at))
        .map(move |(at, _)| text[at + maker.len()..].trim_start())
}

enum Argument {
    /// A text.
    Text(String),
    /// A text that is made.
    Format,
    /// The name of a constant or variable.
    Name(String),
    /// An empty list of arguments.
    Other,
}

fn argument_of(text: &str) -> Argument {
    let text = text.trim_start_matches('&').trim_start();
    if text.starts_with("format!(") {
        return Argument::Format;
    }
    if let Some(literal) = literal(text) {
        return Argument::Text(literal);
    }
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if name.is_empty() { Argument::Other } else { Argument::Name(name) }
}

/// The text that begins here, up to its closing quote. Summaries have no escapes.
fn literal(text: &str) -> Option<String> {
    let (literal, _) = text.strip_prefix('"')?.split_once('"')?;
    Some(literal.to_owned())
}

/// The texts that a name stands for in a file: as a constant, by `let`, or as the first member of a tuple.
fn written_as(text: &str, name: &str) -> Vec<String> {
    let constant = [format!("const {name}: &str = "), format!("let {name} = ")];
    let of_constant = constant
        .iter()
        .flat_map(|begin| text.match_indices(begin.as_str()).map(|(at, found)| (at, found.len())));
    let mut texts: Vec<String> = of_constant
        .filter_map(|(at, length)| match argument_of(text[at + length..].trim_start()) {
            Argument::Text(text) => Some(text),
            Argument::Name(_) | Argument::Format | Argument::Other => None,
        })
        .collect();
    if texts.is_empty() && text.contains(&format!("let ({name}, ")) {
        let is_tuple = |at: usize| !text[..at].ends_with(|c: char| c.is_alphanumeric() || "_!>".contains(c));
        let tuples = text.match_indices('(').filter(|(at, _)| is_tuple(*at));
        texts = tuples.filter_map(|(at, _)| literal(text[at + 1..].trim_start())).collect();
        texts.retain(|text| text.contains(' ') && !text.contains(" --") && !text.ends_with('.'));
    }
    texts
}

fn files_in(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries
        .flat_map(|path| if path.is_dir() { files_in(&path, extension) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}
