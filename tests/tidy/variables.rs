//! The environment variables that the provider reads are those that its page names. `tests/docs` keeps the page equal
//! to the descriptions of the arguments.

use std::{collections::BTreeSet, fs, path::Path};

use proc_macro2::TokenTree;

use super::sources::{Sources, flat};

/// What has the form of a variable, but the provider does not read it: a value of the build, and a variable of which
/// the page says that it has no effect.
const NOT_READ: [&str; 2] = ["CARGO_PKG_VERSION", "HTTP_PROXY"];

#[test]
fn the_page_names_the_variables_that_are_read() {
    let literals = flat(&provider_code()).into_iter().filter_map(|token| match token {
        TokenTree::Literal(literal) => Some(literal.to_string().trim_matches('"').to_owned()),
        _ => None,
    });
    let read: BTreeSet<String> = literals.filter(|text| is_variable(text)).collect();
    let page = page();
    let quoted = page.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    let names = quoted.filter_map(|text| text.split('=').next()).map(str::to_owned);
    let on_page: BTreeSet<String> = names.filter(|name| is_variable(name)).collect();
    let differ: Vec<_> =
        read.symmetric_difference(&on_page).filter(|name| !NOT_READ.contains(&name.as_str())).collect();
    assert!(differ.is_empty(), "read and not on the page, or on the page and not read: {differ:?}");
}

/// The code reads a setting by its argument and the list of its variables:
/// `text(&config.region, environment, &REGION)`.
#[test]
fn the_description_of_an_argument_names_its_variables() {
    let code: String = provider_code().iter().map(|token| token.to_string().replace(' ', "")).collect();
    let code = code.replace(",)", ")");
    let page = page();
    let mut arguments = 0;
    for (list, names) in lists(&code) {
        for argument in arguments_of(list, &code) {
            let start = format!("- `{argument}` ");
            let mut lines = page.lines().filter(|line| line.starts_with(&start));
            let names_all = |line: &str| names.iter().all(|name| line.contains(&format!("`{name}`")));
            assert!(lines.any(names_all), "the description of {argument} does not name all of {names:?}");
            arguments += 1;
        }
    }
    assert!(arguments >= 21, "{arguments} arguments were found");
}

/// The code of the provider without its tests.
fn provider_code() -> Vec<TokenTree> {
    let sources = Sources::read();
    let files = sources.files().into_iter().filter(|(file, _)| file.starts_with("provider"));
    files.flat_map(|(_, code)| code.into_iter().cloned()).collect()
}

/// The constants that are lists of variables.
fn lists(code: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let lists = code.split("const").filter_map(|item| {
        let (name, rest) = item.split_once(":[&str;")?;
        let (names, _) = rest.split_once("=[")?.1.split_once(']')?;
        Some((name, names.split('"').skip(1).step_by(2).collect::<Vec<_>>()))
    });
    lists.filter(|(_, names)| names.iter().all(|name| is_variable(name)))
}

/// The arguments of which a list of variables takes the place.
fn arguments_of<'a>(list: &str, code: &'a str) -> Vec<&'a str> {
    code.match_indices(&format!(",&{list})"))
        .filter_map(|(at, _)| {
            let call = &code[..at];
            let call = call.strip_suffix("environment").map_or(call, |call| call.trim_end_matches("self."));
            let (_, argument) = call.trim_end_matches(',').rsplit_once('.')?;
            argument.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(argument)
        })
        .collect()
}

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/index.md")).unwrap()
}

/// True if the form is that of the names of variables, in capital letters.
fn is_variable(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.contains('_')
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
