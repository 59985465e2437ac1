//! Holds each page in Chinese to the English one: headings, blocks, instructions, call-outs, tables and pictures are
//! the same in the same order. What the blocks do is therefore tested with the English page alone. A cell of a table
//! without a word of Chinese, such as the text of an error, is that of the English page.

use std::fs;

use crate::markdown::{Markdown, Part};
use crate::root;

/// Pages in Chinese without an English one, each with its reason. They have no blocks, because nothing would run them.
const CHINESE_ONLY: &[(&str, &str)] = &[
    ("zh-glossary.md", "the terms of the other pages"),
    ("zh-least-privileges.md", "a guide to the English page, most of which is generated"),
];

#[test]
fn a_page_in_chinese_has_what_the_english_one_has() {
    let guides = root().join("docs/guides");
    let names = fs::read_dir(&guides).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pairs = vec![("README.zh-CN.md".to_owned(), "README.md".to_owned())];
    for name in names.filter(|name| name.starts_with("zh-")) {
        let chinese = format!("docs/guides/{name}");
        let text = fs::read_to_string(root().join(&chinese)).unwrap();
        // Registries list guides by it.
        assert!(text.contains("\nsubcategory: \"简体中文\"\n"), "{chinese} has another subcategory");
        if !CHINESE_ONLY.iter().any(|(only, _)| *only == name) {
            let english = name.trim_start_matches("zh-");
            pairs.push((chinese, format!("docs/guides/{english}")));
        }
    }
    let faults: Vec<String> = pairs
        .iter()
        .filter_map(|(chinese, english)| {
            let page =
                |path: &str| fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
            let difference = difference(&page(chinese), &page(english))?;
            Some(format!("{chinese} is not like {english}: {difference}"))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn pages_without_an_english_one_have_no_blocks() {
    for (name, reason) in CHINESE_ONLY {
        let text = fs::read_to_string(root().join("docs/guides").join(name)).unwrap();
        let is_block = |(_, part): &(usize, Part)| matches!(part, Part::Block { .. });
        assert!(!Markdown::parse(&text).parts.iter().any(is_block), "{name}, {reason}, has a block");
    }
}

/// The first part that differs, with its place on both pages.
fn difference(chinese: &str, english: &str) -> Option<String> {
    let (chinese, english) = (Markdown::parse(chinese).parts, Markdown::parse(english).parts);
    let longest = chinese.len().max(english.len());
    (0..longest).find_map(|at| {
        let (chinese, english) = (chinese.get(at), english.get(at));
        let same = match (chinese, english) {
            (Some((_, Part::Row(chinese))), Some((_, Part::Row(english)))) => {
                is_translation(chinese, english)
            }
            _ => chinese.map(|(_, part)| part) == english.map(|(_, part)| part),
        };
        let shown = |part: Option<&(usize, Part)>| {
            part.map_or("the page ends".to_owned(), |(line, part)| format!("line {line} is {part:?}"))
        };
        (!same).then(|| format!("{}, where in English {}", shown(chinese), shown(english)))
    })
}

fn is_translation(chinese: &[String], english: &[String]) -> bool {
    let is_chinese = |cell: &str| {
        cell.chars().any(|each| matches!(each, '\u{3001}'..='\u{9fff}' | '\u{ff01}'..='\u{ff60}'))
    };
    let mut cells = chinese.iter().zip(english);
    chinese.len() == english.len() && cells.all(|(cell, in_english)| cell == in_english || is_chinese(cell))
}

#[test]
fn every_difference_is_found() {
    const ENGLISH: &str = "# A\n\n<!-- file: a -->\n```json\n{}\n```\n\n!> **Warning:** b\n\n| a |\n| --- |\n| b |\n\n![c](c.svg)\n";
    let found = |from: &str, to: &str| {
        assert!(ENGLISH.contains(from), "{from}");
        difference(&ENGLISH.replace(from, to), ENGLISH)
    };
    assert_eq!(found("**Warning:** b", "**警告：** 二"), None);
    assert_eq!(found("| b |", "| 二 |"), None);
    assert_eq!(
        found("# A", "## 一").as_deref(),
        Some("line 1 is Heading(2), where in English line 1 is Heading(1)")
    );
    for (from, to) in [
        ("{}", "[]"),
        ("```json", "```yaml"),
        ("<!-- file: a -->", "<!-- file: b -->"),
        ("<!-- file: a -->\n", ""),
        ("!> ", "~> "),
        ("!> ", ""),
        ("| b |\n", ""),
        ("| a |", "| 一 | 二 |"),
        ("| b |", "| c |"),
        ("![c](c.svg)", "![三](d.svg)"),
        ("![c](c.svg)\n", "![三](c.svg)\n\n## 四\n"),
    ] {
        assert!(found(from, to).is_some(), "{from:?} became {to:?}");
    }
    let end = found("![c](c.svg)", "").unwrap();
    assert!(end.starts_with("the page ends, where in English line 14 is Image"), "{end}");
}
