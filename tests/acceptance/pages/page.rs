//! A page of documentation as what is done with it.
//!
//! Blocks of `shell` are run with bash, in order. A block of `text` is an excerpt of what the last one has printed:
//! each line of it must be there, in this order; a final `...` of a line, and a line `...`, stand for what is left
//! out. Blocks of `terraform` and `hcl` are validated, each in a folder of its own. `json` and `yaml` must parse. The
//! default port of the emulator, `127.0.0.1:8700`, is replaced by that of the page's emulator, from the block on that
//! follows the one that starts it.
//!
//! Comments that begin with a lower-case letter are instructions. Before a block:
//!
//! - `file: PATH` writes the block to a file below the page's folder, for the shell after it;
//! - `exit: N` is the exit code of a block of shell; what such a block exports is forgotten with it, unless N is 0;
//! - `fragment: NAME` validates the blocks of one name together; further lines of the comment belong to them;
//! - `not run: REASON` is for what cannot be run; the test counts these.
//!
//! Anywhere:
//!
//! - `run`, and lines of shell below it, is run and not shown;
//! - `expect: TEXT` is a text that the last block of shell has printed.

use std::collections::BTreeMap;
use std::mem::take;

/// What is wrong at a line of a page.
#[derive(Debug)]
pub struct Fault {
    pub line: usize,
    pub what: String,
}

impl Fault {
    pub fn at(line: usize, what: impl Into<String>) -> Fault {
        Fault { line, what: what.into() }
    }
}

/// A block: the line on which it begins, counted from 1, and what is in it.
pub struct Block {
    pub line: usize,
    pub text: String,
}

/// Shell that is run.
pub struct Shell {
    pub block: Block,
    pub exit_code: i32,
    /// Lines that it prints.
    pub expected: Vec<Expected>,
}

/// Lines that are printed in this order.
pub struct Expected {
    /// The line of the page on which the first of them stands.
    pub line: usize,
    pub lines: Vec<String>,
}

/// A step of a page's session.
pub enum Step {
    Run(Shell),
    Write { path: String, block: Block },
}

impl Step {
    pub fn block(&self) -> &Block {
        match self {
            Step::Run(Shell { block, .. }) | Step::Write { block, .. } => block,
        }
    }
}

/// Data that must parse.
pub enum Data {
    Json(Block),
    Yaml(Block),
}

#[derive(Default)]
pub struct Page {
    pub steps: Vec<Step>,
    /// Blocks of configuration by the name of their folder.
    pub fragments: BTreeMap<String, Vec<Block>>,
    pub data: Vec<Data>,
    pub not_run: usize,
}

/// The instructions for the next block.
#[derive(Default)]
struct Instructions {
    /// Where the first of them stands.
    line: Option<usize>,
    file: Option<String>,
    exit_code: Option<i32>,
    fragment: Option<String>,
    not_run: bool,
}

#[derive(Default)]
struct Parser {
    page: Page,
    next: Instructions,
    faults: Vec<Fault>,
}

impl Page {
    /// Reads a page.
    ///
    /// # Errors
    /// All instructions and blocks that mean nothing.
    pub fn parse(text: &str) -> Result<Page, Vec<Fault>> {
        let mut parser = Parser::default();
        let mut lines = (1..).zip(text.lines());
        while let Some((number, line)) = lines.next() {
            if line.starts_with("<!--") {
                match up_to([(number, line)].into_iter().chain(lines.by_ref()), |line| line.contains("-->")) {
                    Some(comment) => parser.comment(number, &comment.join("\n")),
                    None => parser.fault(number, "this comment does not end"),
                }
            } else if let Some(language) = line.strip_prefix("```") {
                match up_to(lines.by_ref(), |line| line == "```") {
                    Some(body) => {
                        let text = body.join("\n").strip_suffix("```").unwrap_or_default().to_owned();
                        parser.block(language, Block { line: number, text });
                    }
                    None => parser.fault(number, "this block does not end"),
                }
            } else if line.contains("<!--") || line.trim_start().starts_with("```") {
                parser.fault(number, "a comment or a block begins here, but not at the start of the line");
            } else if !line.trim().is_empty() {
                parser.prose();
            }
        }
        parser.finish()
    }
}

/// The lines up to the one that ends something, which is the last of them.
fn up_to<'a>(
    lines: impl Iterator<Item = (usize, &'a str)>,
    is_end: impl Fn(&str) -> bool,
) -> Option<Vec<&'a str>> {
    let mut found = Vec::new();
    for (_, line) in lines {
        found.push(line);
        if is_end(line) {
            return Some(found);
        }
    }
    None
}

impl Parser {
    fn comment(&mut self, line: usize, comment: &str) {
        let Some(inside) = comment.strip_prefix("<!--").and_then(|rest| rest.trim_end().strip_suffix("-->"))
        else {
            return self.fault(line, "nothing may follow a comment on its last line");
        };
        let (first, body) = inside.trim().split_once('\n').unwrap_or((inside.trim(), ""));
        let body = if body.is_empty() { String::new() } else { format!("{body}\n") };
        if !first.starts_with(char::is_lowercase) {
            return;
        }
        let (name, value) = first.split_once(": ").unwrap_or((first, ""));
        let value = value.trim().to_owned();
        match (name, value.is_empty(), body.is_empty()) {
            ("run", true, false) => self.shell(Block { line, text: body }, 0),
            ("expect", false, true) => self.expect(Expected { line, lines: vec![value] }),
            ("file", false, true) => self.instruction(line).file = Some(value),
            ("fragment", false, _) => {
                if !body.is_empty() {
                    let block = Block { line: line + 1, text: body };
                    self.page.fragments.entry(value.clone()).or_default().push(block);
                }
                self.instruction(line).fragment = Some(value);
            }
            ("not run", false, true) => self.instruction(line).not_run = true,
            ("exit", false, true) => match value.parse() {
                Ok(code) => self.instruction(line).exit_code = Some(code),
                Err(error) => self.fault(line, format!("{value:?} is not an exit code: {error}")),
            },
            _ => self.fault(line, format!("{first:?} is not an instruction")),
        }
    }

    fn block(&mut self, language: &str, block: Block) {
        let line = block.line;
        let Instructions { file, exit_code, fragment, not_run, .. } = take(&mut self.next);
        if exit_code.is_some() && (language != "shell" || file.is_some()) {
            self.fault(line, "only shell has an exit code");
        }
        if not_run {
            self.page.not_run += 1;
            return;
        }
        if let Some(path) = file {
            return self.page.steps.push(Step::Write { path, block });
        }
        match language {
            "shell" => self.shell(block, exit_code.unwrap_or(0)),
            "text" => {
                let lines = block.text.lines().map(str::to_owned).collect();
                self.expect(Expected { line: line + 1, lines });
            }
            "terraform" | "hcl" => {
                let name = fragment.unwrap_or_else(|| format!("line-{line}"));
                self.page.fragments.entry(name).or_default().push(block);
            }
            "json" => self.page.data.push(Data::Json(block)),
            "yaml" => self.page.data.push(Data::Yaml(block)),
            other => self.fault(line, format!("nothing is known that is done with a block of {other:?}")),
        }
    }

    fn shell(&mut self, block: Block, exit_code: i32) {
        self.page.steps.push(Step::Run(Shell { block, exit_code, expected: Vec::new() }));
    }

    fn expect(&mut self, expected: Expected) {
        let last = self.page.steps.iter_mut().rev().find_map(|step| match step {
            Step::Run(shell) => Some(shell),
            Step::Write { .. } => None,
        });
        match last {
            Some(shell) => shell.expected.push(expected),
            None => self.fault(expected.line, "no block of shell that could print this stands before it"),
        }
    }

    fn instruction(&mut self, line: usize) -> &mut Instructions {
        self.next.line.get_or_insert(line);
        &mut self.next
    }

    /// Instructions stand directly before their block.
    fn prose(&mut self) {
        if let Some(line) = take(&mut self.next).line {
            self.fault(line, "this instruction stands before no block");
        }
    }

    fn finish(mut self) -> Result<Page, Vec<Fault>> {
        self.prose();
        let after_last_run =
            self.page.steps.iter().rev().take_while(|step| matches!(step, Step::Write { .. })).count();
        if after_last_run > 0
            && let Some(Step::Write { block, .. }) = self.page.steps.last()
        {
            self.faults.push(Fault::at(block.line, "no shell uses this file"));
        }
        if self.faults.is_empty() { Ok(self.page) } else { Err(self.faults) }
    }

    fn fault(&mut self, line: usize, what: impl Into<String>) {
        self.faults.push(Fault::at(line, what));
    }
}

#[test]
fn what_means_nothing_is_a_fault() {
    let fault = |text: &str| {
        let faults = Page::parse(text).err().unwrap_or_default();
        let told: Vec<String> =
            faults.iter().map(|fault| format!("{}: {}", fault.line, fault.what)).collect();
        told.join("\n")
    };
    for (text, expected) in [
        ("<!-- fragments: a -->\n", "1: \"fragments: a\" is not an instruction"),
        ("<!-- run -->\n", "1: \"run\" is not an instruction"),
        ("<!-- not run -->\n", "1: \"not run\" is not an instruction"),
        ("<!-- exit: one -->\n", "1: \"one\" is not an exit code: invalid digit found in string"),
        ("<!-- exit: 1 -->\n```json\n{}\n```\n", "2: only shell has an exit code"),
        ("\n<!-- file: a -->\nWords.\n", "2: this instruction stands before no block"),
        ("<!-- file: a -->\n", "1: this instruction stands before no block"),
        ("<!-- file: a -->\n```hcl\n```\n", "2: no shell uses this file"),
        ("<!-- expect: a -->\n", "1: no block of shell that could print this stands before it"),
        ("```text\na\n```\n", "2: no block of shell that could print this stands before it"),
        ("```sh\ntrue\n```\n", "1: nothing is known that is done with a block of \"sh\""),
        ("```\na\n```\n", "1: nothing is known that is done with a block of \"\""),
        ("- a\n  ```shell\n", "2: a comment or a block begins here, but not at the start of the line"),
        ("<!-- run\ntrue\n", "1: this comment does not end"),
        ("```shell\ntrue\n", "1: this block does not end"),
        ("<!-- run\ntrue\n--> words\n", "1: nothing may follow a comment on its last line"),
        ("<!-- Words for writers. -->\n", ""),
    ] {
        assert_eq!(fault(text), expected, "{text}");
    }
}
