//! Every link of every page leads to a file and a heading that exist.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::markdown::Markdown;
use crate::root;

/// Pages that GitHub makes, seen from a file of the repository's root.
const OF_GITHUB: [&str; 1] = ["../../releases"];

#[test]
fn links_lead_to_what_exists() {
    let mut files = Vec::new();
    add_pages(root(), &mut files);
    let read = |file: PathBuf| {
        let page = Markdown::parse(&fs::read_to_string(&file).unwrap());
        (file, page)
    };
    let pages: BTreeMap<PathBuf, Markdown> = files.into_iter().map(read).collect();
    let links: usize = pages.values().map(|page| page.links.len()).sum();
    assert!(links > 100, "only {links} links were found");
    let faults: Vec<String> = pages
        .iter()
        .flat_map(|(file, page)| {
            let faults =
                page.links.iter().filter_map(|(line, link)| Some((line, fault(&pages, file, link)?)));
            faults.map(|(line, fault)| {
                format!("{}:{line}: {fault}", file.strip_prefix(root()).unwrap().display())
            })
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What is wrong with a link of a page.
fn fault(pages: &BTreeMap<PathBuf, Markdown>, file: &Path, link: &str) -> Option<String> {
    if link.starts_with("http") && link.contains("://")
        || OF_GITHUB.contains(&link) && file.parent() == Some(root())
    {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if path.is_empty() { file.to_owned() } else { plain(&file.parent()?.join(path)) };
    if !target.starts_with(root()) || !target.exists() {
        return Some(format!("{link} leads to nothing"));
    }
    let has_anchor = pages.get(&target).is_some_and(|page| page.anchors.iter().any(|each| each == anchor));
    (!anchor.is_empty() && !has_anchor).then(|| format!("{link} leads to no heading"))
}

/// The path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        if component == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(component);
        }
    }
    plain
}

/// Pages are everywhere but in what is built, in `templates`, which become pages of another folder, and in what tests
/// expect.
fn add_pages(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_str().unwrap();
        let is_left_out =
            matches!(name, "target" | "templates" | "tests") || name.starts_with('.') && name != ".github";
        if entry.file_type().unwrap().is_dir() && !is_left_out {
            add_pages(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

#[test]
fn a_link_to_nothing_is_a_fault() {
    let page = |text: &str| Markdown::parse(text);
    let pages = BTreeMap::from([
        (root().join("README.md"), page("# Title\n")),
        (root().join("docs/index.md"), page("## 安装\n")),
    ]);
    let fault = |link: &str| fault(&pages, &root().join("README.md"), link);
    for link in [
        "docs/index.md",
        "docs/index.md#安装",
        "#title",
        "examples",
        "docs/../LICENSE",
        "https://a.example",
        "../../releases",
    ] {
        assert_eq!(fault(link), None);
    }
    for link in
        ["docs/none.md", "docs/index.md#title", "#none", "LICENSE#title", "../README.md", "../../none"]
    {
        assert!(fault(link).is_some(), "{link}");
    }
}
