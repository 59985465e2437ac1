//! The sources in figures, and a draw of functions and doc comments to be read cold: `scripts/figures` prints both.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenTree};

use super::circles::{circles, uses};
use super::sources::{Sources, flat, lines, room_of, source};

/// Half of the functions have at most so many lines, nine of ten, and all.
const FUNCTION_LINES: [usize; 3] = [10, 46, 100];

/// How many functions and doc comments are drawn.
const DRAWN: usize = 20;

#[test]
fn functions_are_short_and_the_table_is_printed() {
    let sources = Sources::read();
    let files = sources.files();
    let mut rooms: BTreeMap<String, Room> = BTreeMap::new();
    for (file, code) in &files {
        let room = rooms.entry(room_of(file)).or_default();
        room.files += 1;
        room.lines += lines(code.iter().copied()).len();
        room.functions.extend(functions(code.iter().copied()).into_iter().map(|function| function.lines()));
        room.public += public_items(&flat(code.iter().copied()));
    }
    let circles = circles(&uses(&sources));
    for file in circles.iter().flatten() {
        rooms.get_mut(&room_of(file)).unwrap().in_circles += 1;
    }

    println!(
        "{:10} {:>6} {:>6} {:>10} {:>15} {:>5} {:>9}",
        "room", "files", "lines", "functions", "p50/p90/max", "pub", "in circles"
    );
    let mut all = Room::default();
    for (name, room) in &mut rooms {
        room.print(name);
        all.add(room);
    }
    all.print("all");
    let [half, most, longest] = all.spread();
    assert!(half <= FUNCTION_LINES[0] && most <= FUNCTION_LINES[1] && longest <= FUNCTION_LINES[2]);
}

/// Draws by `FIGURES_SEED`, or by 0.
#[test]
fn functions_and_doc_comments_are_drawn() {
    let seed: u64 = std::env::var("FIGURES_SEED").map_or(0, |seed| seed.parse().unwrap());
    let mut random = fastrand::Rng::with_seed(seed);
    let sources = Sources::read();
    let mut found: Vec<String> = Vec::new();
    let mut comments: Vec<String> = Vec::new();
    for (file, code) in sources.files() {
        let text = fs::read_to_string(source().join(&file)).unwrap();
        let text: Vec<&str> = text.lines().collect();
        for function in functions(code.iter().copied()).iter().filter(|function| function.lines() >= 8) {
            found.push(excerpt(&file, &text, function.first, function.last));
        }
        let last = lines(code.iter().copied()).last().copied().unwrap_or_default();
        comments.extend(
            doc_comments(&text[..last.min(text.len())])
                .map(|(first, last)| excerpt(&file, &text, first, last)),
        );
    }
    for (what, all) in [("functions", &mut found), ("doc comments", &mut comments)] {
        assert!(all.len() > DRAWN, "only {} {what}", all.len());
        random.shuffle(all);
        println!("=== {DRAWN} of {} {what}, seed {seed}", all.len());
        all.iter().take(DRAWN).for_each(|text| println!("{text}\n"));
    }
}

#[test]
fn what_counts_as_a_line_and_as_a_function() {
    let text = "/// Doc.\n#[must_use]\npub fn a() -> u8 {\n    // Comment.\n\n    f(|| {\n        1\n    })\n}\ntrait T {\n    fn b();\n    fn c() {}\n}\n";
    let sources = Sources::from_texts(&[("a", text)]);
    let code = &sources.files()[&PathBuf::from("a.rs")];
    assert_eq!(lines(code.iter().copied()).len(), 9);
    let found: Vec<usize> = functions(code.iter().copied()).iter().map(Function::lines).collect();
    assert_eq!(found, [7, 1]);
    assert_eq!(public_items(&flat(code.iter().copied())), 1);
    let text: Vec<&str> = text.lines().collect();
    assert_eq!(doc_comments(&text).collect::<Vec<_>>(), [(1, 2)]);
}

#[derive(Default)]
struct Room {
    files: usize,
    /// Lines with code: no comments, attributes and tests.
    lines: usize,
    /// The lines of each function.
    functions: Vec<usize>,
    public: usize,
    in_circles: usize,
}

impl Room {
    fn add(&mut self, other: &Room) {
        self.files += other.files;
        self.lines += other.lines;
        self.functions.extend(&other.functions);
        self.public += other.public;
        self.in_circles += other.in_circles;
    }

    /// The lines that half of the functions have at most, nine of ten, and all.
    fn spread(&mut self) -> [usize; 3] {
        self.functions.sort_unstable();
        let at = |part: usize| {
            let last = self.functions.len().saturating_sub(1);
            self.functions.get(last * part / 100).copied().unwrap_or_default()
        };
        [at(50), at(90), at(100)]
    }

    fn print(&mut self, name: &str) {
        let [half, most, longest] = self.spread();
        println!(
            "{name:10} {:6} {:6} {:10} {:>15} {:5} {:10}",
            self.files,
            self.lines,
            self.functions.len(),
            format!("{half}/{most}/{longest}"),
            self.public,
            self.in_circles
        );
    }
}

struct Function {
    first: usize,
    last: usize,
}

impl Function {
    fn lines(&self) -> usize {
        self.last + 1 - self.first
    }
}

/// The functions that have a body, from `fn` to the closing brace.
fn functions<'a>(code: impl IntoIterator<Item = &'a TokenTree>) -> Vec<Function> {
    let mut found = Vec::new();
    let mut first = None;
    for token in code {
        match token {
            TokenTree::Ident(word) if word == "fn" => first = Some(word.span().start().line),
            TokenTree::Punct(mark) if mark.as_char() == ';' => first = None,
            TokenTree::Group(group) => {
                if group.delimiter() == Delimiter::Brace
                    && let Some(first) = first.take()
                {
                    found.push(Function { first, last: group.span_close().end().line });
                }
                found.extend(functions(&group.stream().into_iter().collect::<Vec<_>>()));
            }
            _ => {}
        }
    }
    found
}

/// How many items are `pub`, also for a part of the crate only.
fn public_items(tokens: &[TokenTree]) -> usize {
    let is_word = |token: Option<&TokenTree>, words: &[&str]| match token {
        Some(TokenTree::Ident(word)) => words.contains(&word.to_string().as_str()),
        _ => false,
    };
    let items =
        ["fn", "struct", "enum", "trait", "const", "static", "type", "mod", "async", "unsafe", "union"];
    (0..tokens.len())
        .filter(|at| is_word(tokens.get(*at), &["pub"]))
        .filter(|at| {
            // A group is followed by what is in it.
            let scope = tokens[at + 1..].iter().take(5).position(|token| is_word(Some(token), &items));
            scope.is_some_and(|skipped| {
                skipped == 0 || matches!(tokens.get(at + 1), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
            })
        })
        .count()
}

/// The first and last line of each doc comment, and the line under it.
fn doc_comments<'a>(text: &'a [&str]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let is_doc = |line: &str| line.trim_start().starts_with("///");
    (0..text.len()).filter(move |at| is_doc(text[*at]) && (*at == 0 || !is_doc(text[at - 1]))).map(
        move |at| {
            let length = text[at..].iter().take_while(|line| is_doc(line)).count();
            (at + 1, (at + length + 1).min(text.len()))
        },
    )
}

fn excerpt(file: &Path, text: &[&str], first: usize, last: usize) -> String {
    format!("{}:{first}\n{}", file.display(), text[first - 1..last].join("\n"))
}
