//! What the host prints of the provider's diagnostics, with everything constant that differs from run to run.

use crate::harness::{Ran, Scene};

/// The columns of a paragraph: the host takes 78 where it writes to no terminal, and three of them for the frame.
const PARAGRAPH: usize = 75;

/// The warning that dev overrides are in force: every command prints it.
const OF_THE_HARNESS: &str = "Provider development overrides are in effect";

/// The command that destroys in spite of an error of the plan. It does not correct the error.
pub const PAST_THE_PLAN: &str = "terraform destroy -refresh=false";

/// An error or a warning as the host prints it, without the frame.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text {
    lines: Vec<String>,
}

impl Text {
    /// The errors and warnings that a command has printed, in an order that is always the same.
    pub fn all_of(ran: &Ran, scene: &Scene) -> Vec<Text> {
        let root = scene.root().display().to_string();
        let mut texts = raw(&format!("{}\n{}", ran.stdout, ran.stderr));
        texts.retain(|text| text.summary() != OF_THE_HARNESS);
        for text in &mut texts {
            *text = text.constant(&root);
        }
        texts.sort();
        texts
    }

    /// The texts that a golden file holds.
    pub fn all_in(golden: &str) -> Vec<Text> {
        raw(golden)
    }

    /// As the host prints it.
    pub fn framed(&self) -> String {
        let line = |line: &String| format!("│ {line}").trim_end().to_owned() + "\n";
        format!("╷\n{}╵\n", self.lines.iter().map(line).collect::<String>())
    }

    /// The first line, without `Error: ` or `Warning: `.
    pub fn summary(&self) -> &str {
        let first = self.lines.first().map_or("", String::as_str);
        first.split_once(": ").map_or(first, |(_, summary)| summary)
    }

    /// Whether it is an error, not a warning.
    pub fn is_error(&self) -> bool {
        self.lines.first().is_some_and(|line| line.starts_with("Error: "))
    }

    /// The address of the resource it is about.
    pub fn address(&self) -> Option<&str> {
        self.lines.iter().find_map(|line| line.strip_prefix("  with ")?.strip_suffix(','))
    }

    /// The detail: what follows the summary and the place in the configuration.
    fn detail(&self) -> &[String] {
        let is_place = |line: &String| line.starts_with("  with ") || line.starts_with("  on ");
        let Some(place) = self.lines.iter().rposition(is_place) else { return &self.lines[1..] };
        let end = self.lines[place..].iter().position(String::is_empty).unwrap_or_default();
        &self.lines[place + end..]
    }

    /// The separate lines to copy, without the indentation: each command, document or block.
    pub fn to_copy(&self) -> Vec<String> {
        let mut blocks = Vec::new();
        for group in self.detail().split(|line| !line.starts_with("  ")) {
            if !group.is_empty() {
                blocks.push(group.iter().map(|line| &line[2..]).collect::<Vec<_>>().join("\n"));
            }
        }
        blocks.retain(|block| block != PAST_THE_PLAN);
        blocks
    }

    /// The detail as running text.
    pub fn prose(&self) -> String {
        self.detail().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The same with constant request ids, ports, times and paths. A paragraph in which something of another length has
    /// come is wrapped again, as the host would.
    fn constant(&self, root: &str) -> Text {
        let mut lines = Vec::new();
        for paragraph in paragraphs(&self.lines) {
            let same_length: Vec<String> = paragraph.iter().map(|line| with_constant_words(line)).collect();
            let running = same_length.join(" ");
            let other_length = with_constant_effort(&running.replace(root, "/tmp/scene"));
            if other_length == running {
                lines.extend(same_length);
            } else if running.starts_with(' ') {
                lines.push(other_length);
            } else {
                lines.extend(wrapped(&other_length));
            }
        }
        Text { lines }
    }
}

/// The framed texts in what a command prints.
fn raw(printed: &str) -> Vec<Text> {
    let (mut texts, mut open) = (Vec::new(), None::<Vec<String>>);
    for line in without_colours(printed).lines() {
        match (line.chars().next(), &mut open) {
            (Some('╷'), _) => open = Some(Vec::new()),
            (Some('╵'), Some(_)) => texts.extend(open.take().map(|lines| Text { lines })),
            (Some('│'), Some(lines)) => {
                let rest = &line['│'.len_utf8()..];
                lines.push(rest.strip_prefix(' ').unwrap_or(rest).trim_end().to_owned());
            }
            _ => {}
        }
    }
    for text in &mut texts {
        let end = text.lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        text.lines.truncate(end);
    }
    texts
}

fn without_colours(printed: &str) -> String {
    let mut parts = printed.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// The lines, joined as the host wraps them: indented lines, and items of a list, are separate.
fn paragraphs(lines: &[String]) -> Vec<&[String]> {
    let alone = |line: &String| line.is_empty() || line.starts_with(' ');
    let (mut found, mut begin) = (Vec::new(), 0);
    for at in 1..=lines.len() {
        let ends =
            lines.get(at).is_none_or(|line| alone(line) || line.starts_with("- ")) || alone(&lines[at - 1]);
        if ends {
            found.push(&lines[begin..at]);
            begin = at;
        }
    }
    found
}

/// Request ids, signatures, ports and times of day, each replaced by one of its length.
fn with_constant_words(line: &str) -> String {
    let words = line.split(' ').map(|word| {
        let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_id =
            matches!(core.len(), 24 | 36 | 64) && core.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        let is_time = core.len() >= 20 && core.ends_with('Z') && core.contains('T') && core.contains(':');
        if is_id || is_time {
            let zero = |c: char| if c.is_ascii_hexdigit() { '0' } else { c };
            return word.replace(core, &core.chars().map(zero).collect::<String>());
        }
        with_either(&with_constant_port(word))
    });
    words.collect::<Vec<_>>().join(" ")
}

fn with_constant_port(word: &str) -> String {
    const HOST: &str = "127.0.0.1:";
    let Some((before, after)) = word.split_once(HOST) else { return word.to_owned() };
    let digits = after.chars().take_while(char::is_ascii_digit).count();
    format!("{before}{HOST}{}{}", "0".repeat(digits), &after[digits..])
}

/// Of `one_of[0]` and `one_of[1]`, and of the Logstores `one-of-0` and `one-of-1`, chance says which one is printed.
fn with_either(word: &str) -> String {
    ["one_of[", "one-of-"].iter().fold(word.to_owned(), |word, name| match word.split_once(name) {
        Some((before, after)) if after.starts_with(['0', '1']) => format!("{before}{name}N{}", &after[1..]),
        _ => word,
    })
}

/// How long a call took, the last item in brackets: `(HTTP 500, 2 attempts, 312 ms)`.
fn with_constant_effort(text: &str) -> String {
    let mut constant = String::new();
    let mut rest = text;
    while let Some(at) = [" ms)", " s)"].iter().filter_map(|unit| rest.find(unit)).min() {
        let (before, after) = rest.split_at(at);
        let number = before.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        constant += number;
        let close = after.find(')').unwrap_or_default();
        constant += if number.len() == before.len() { &after[..close] } else { "10 ms" };
        rest = &after[close..];
    }
    with_constant_attempts(&(constant + rest))
}

/// How many attempts a time limit has left room for.
fn with_constant_attempts(text: &str) -> String {
    let Some((before, after)) = text.split_once(" attempts, ") else { return text.to_owned() };
    let other = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_many = before[other.len()..].parse::<u32>().is_ok_and(|number| number > 2);
    format!("{} attempts, {after}", if is_many { format!("{other}several") } else { before.to_owned() })
}

/// A paragraph, wrapped as the host does.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= PARAGRAPH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[test]
fn what_differs_between_runs_is_constant_and_wrapped_as_the_host_does() {
    let lines = [
        "Error: Cannot read a Logstore",
        "",
        "Logstore audit:app: it failed: \"no\" (HTTP 500, request id",
        "6A0B5C1D2E3F405162738495, 2 attempts, 312 ms). In /tmp/acc-x1/home. More.",
        "",
        "  http://127.0.0.1:40001/ before 2026-11-28T10:00:00Z",
    ];
    let text = Text { lines: lines.map(str::to_owned).to_vec() };
    let constant = [
        "Error: Cannot read a Logstore",
        "",
        "Logstore audit:app: it failed: \"no\" (HTTP 500, request id",
        "000000000000000000000000, 2 attempts, 10 ms). In /tmp/scene/home. More.",
        "",
        "  http://127.0.0.1:00000/ before 0000-00-00T00:00:00Z",
    ];
    assert_eq!(text.constant("/tmp/acc-x1").lines, constant);
    assert_eq!(text.to_copy(), ["http://127.0.0.1:40001/ before 2026-11-28T10:00:00Z"]);
    // Of the host itself, as it prints it.
    let of_host = "Invalid value for \"path\" parameter: no file exists at \"nope\"; this function works only with files that are distributed as part of the configuration source code, so if this file will be created by a resource in this configuration you must instead obtain this result from an attribute of that resource.";
    assert_eq!(
        wrapped(of_host),
        [
            "Invalid value for \"path\" parameter: no file exists at \"nope\"; this function",
            "works only with files that are distributed as part of the configuration",
            "source code, so if this file will be created by a resource in this",
            "configuration you must instead obtain this result from an attribute of that",
            "resource.",
        ]
    );
}
