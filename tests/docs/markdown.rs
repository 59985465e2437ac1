//! A page of Markdown as the parts that it is made of, and where its links lead.

use std::collections::BTreeMap;

/// What is the same in every language, in the order of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Its level.
    Heading(usize),
    Block {
        language: String,
        text: String,
    },
    /// An instruction of the page convention, or a remark.
    Comment(String),
    /// `!>`, `~>` or `->`.
    CallOut(String),
    /// The cells of a row of a table.
    Row(Vec<String>),
    Image(String),
}

/// A page; lines are counted from 1.
#[derive(Default)]
pub struct Markdown {
    pub parts: Vec<(usize, Part)>,
    pub links: Vec<(usize, String)>,
    /// What `#…` of a link can name.
    pub anchors: Vec<String>,
}

impl Markdown {
    pub fn parse(text: &str) -> Markdown {
        let mut page = Markdown::default();
        let mut slugs = BTreeMap::new();
        let mut lines = (1..).zip(text.lines()).peekable();
        if lines.next_if(|(_, line)| *line == "---").is_some() {
            lines.by_ref().take_while(|(_, line)| *line != "---").for_each(drop);
        }
        while let Some((number, line)) = lines.next() {
            let start = line.trim_start();
            if let Some(language) = start.strip_prefix("```") {
                let body = lines.by_ref().map(|(_, line)| line);
                let body: Vec<&str> = body.take_while(|line| line.trim() != "```").collect();
                page.add(number, Part::Block { language: language.to_owned(), text: body.join("\n") });
            } else if start.starts_with("<!--") {
                let mut comment = vec![line];
                if !line.contains("-->") {
                    // `take_while` leaves the line out that ends it, which has nothing else.
                    comment.extend(
                        lines.by_ref().map(|(_, line)| line).take_while(|line| !line.contains("-->")),
                    );
                }
                page.add(number, Part::Comment(comment.join("\n")));
            } else if let Some(title) = heading(line) {
                page.add(number, Part::Heading(line.len() - line.trim_start_matches('#').len()));
                let slug = slug(title);
                let before = slugs.entry(slug.clone()).or_insert(0);
                page.anchors.push(if *before == 0 { slug } else { format!("{slug}-{before}") });
                *before += 1;
                page.prose(number, title);
            } else if line.starts_with('|') {
                page.add(number, Part::Row(cells(line)));
                page.prose(number, line);
            } else {
                if let Some(kind) = ["!>", "~>", "->"].into_iter().find(|kind| line.starts_with(kind)) {
                    page.add(number, Part::CallOut(kind.to_owned()));
                }
                page.prose(number, line);
            }
        }
        page
    }

    fn add(&mut self, line: usize, part: Part) {
        self.parts.push((line, part));
    }

    /// Links, pictures and `<a id="…">` of a line outside of code.
    fn prose(&mut self, number: usize, line: &str) {
        let text: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for after in text.split("<a id=\"").skip(1) {
            self.anchors.extend(after.split_once('"').map(|(anchor, _)| anchor.to_owned()));
        }
        let mut before = "";
        for part in text.split_inclusive("](") {
            if before.ends_with("](")
                && let Some((target, _)) = part.split_once(')')
            {
                self.links.push((number, target.to_owned()));
                if before.rsplit_once('[').is_some_and(|(start, _)| start.ends_with('!')) {
                    self.add(number, Part::Image(target.to_owned()));
                }
            }
            before = part;
        }
    }
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    (1..=6).contains(&level).then(|| title.strip_prefix(' ')).flatten()
}

/// The cells of a row; `\\|` does not end one.
fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_matches('|').replace("\\|", "\0");
    row.split('|').map(|cell| cell.trim().replace('\0', "\\|")).collect()
}

/// What GitHub makes of a heading.
fn slug(title: &str) -> String {
    let kept = title.trim().to_lowercase();
    let kept = kept.chars().filter(|each| each.is_alphanumeric() || matches!(each, ' ' | '-' | '_'));
    kept.collect::<String>().replace(' ', "-")
}

#[test]
fn a_page_is_taken_apart() {
    let page = Markdown::parse(
        "---\n# no heading\n---\n\n# One `two`\n\n<!-- run\n# shell\n-->\n```shell\n# code [a](b)\n```\n\n\
         ![picture](p.svg) and [link](a.md#b), `[code](c)`.\n\n~> **Note:** [x](y)\n\n\
         | a | `b\\|c` |\n| --- | --- |\n| [d](e) | f |\n\n#no heading\n\n## One two\n\n<a id=\"there\"></a>\n\n## 三、四 (five)\n",
    );
    let row = |first: &str, second: &str| Part::Row(vec![first.to_owned(), second.to_owned()]);
    let parts: Vec<Part> = page.parts.iter().map(|(_, part)| part.clone()).collect();
    assert_eq!(
        parts,
        [
            Part::Heading(1),
            Part::Comment("<!-- run\n# shell".to_owned()),
            Part::Block { language: "shell".to_owned(), text: "# code [a](b)".to_owned() },
            Part::Image("p.svg".to_owned()),
            Part::CallOut("~>".to_owned()),
            row("a", "`b\\|c`"),
            row("---", "---"),
            row("[d](e)", "f"),
            Part::Heading(2),
            Part::Heading(2),
        ]
    );
    let links: Vec<(usize, &str)> = page.links.iter().map(|(line, link)| (*line, link.as_str())).collect();
    assert_eq!(links, [(14, "p.svg"), (14, "a.md#b"), (16, "y"), (20, "e")]);
    assert_eq!(page.anchors, ["one-two", "one-two-1", "there", "三四-five"]);
}
