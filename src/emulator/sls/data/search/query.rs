//! The search language: words, `key:value`, `"phrases"`, `word*`, `and`, `or`, `not`, parentheses
//! (<https://www.alibabacloud.com/help/en/sls/user-guide/search-syntax>).
//!
//! What stands side by side is joined by `and`, which binds tighter than `or`. Words are found whole,
//! whatever their case.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::matching::{Entry, words};
use crate::error::Error;

/// How deep parentheses and `not` may be nested. A query is matched and dropped by recursion, so its depth must not
/// grow with its length in any other way.
const DEPTH: usize = 64;

/// A search that logs either match or do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Every log.
    All,
    /// Logs with these words, in all of a log or in one field.
    Term {
        /// The field; `None` for any.
        field: Option<String>,
        /// What is looked for there.
        term: Term,
    },
    /// Logs that all of these match.
    And(Vec<Query>),
    /// Logs that any of these matches.
    Or(Vec<Query>),
    /// Logs that do not match.
    Not(Box<Query>),
}

/// What is looked for in a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// Any value: the field must exist.
    Any,
    /// All of these words.
    Words(Vec<String>),
    /// These words one after the other.
    Phrase(Vec<String>),
    /// A word that begins so.
    Prefix(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Term(Option<String>, Term),
}

impl Query {
    /// Reads a query; an empty one and `*` match every log.
    ///
    /// # Errors
    ///
    /// `InvalidQueryString`, and `NotSupported` for an analytic statement behind `|`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut tokens = tokens(text)?.into_iter().peekable();
        if tokens.peek().is_none() {
            return Ok(Self::All);
        }
        let query = any_of(&mut tokens, 0)?;
        if tokens.next().is_some() { Err(invalid()) } else { Ok(query) }
    }

    /// Whether a log matches.
    pub fn matches(&self, entry: &Entry) -> bool {
        match self {
            Self::All => true,
            Self::Term { field, term } => term.is_in(entry, field.as_deref()),
            Self::And(all) => all.iter().all(|query| query.matches(entry)),
            Self::Or(any) => any.iter().any(|query| query.matches(entry)),
            Self::Not(query) => !query.matches(entry),
        }
    }
}

impl Term {
    fn parse(text: &str, is_quoted: bool) -> Self {
        match text.strip_suffix('*') {
            _ if is_quoted => Self::Phrase(words(text)),
            Some("") => Self::Any,
            Some(prefix) => Self::Prefix(prefix.to_lowercase()),
            None => Self::Words(words(text)),
        }
    }

    fn is_in(&self, entry: &Entry, field: Option<&str>) -> bool {
        let mut values = entry.values(field);
        match self {
            Self::Any => field.is_none() || values.next().is_some(),
            Self::Words(wanted) => {
                let found: Vec<String> = values.flat_map(words).collect();
                wanted.iter().all(|word| found.contains(word))
            }
            Self::Phrase(wanted) if wanted.is_empty() => true,
            Self::Phrase(wanted) => {
                values.any(|value| words(value).windows(wanted.len()).any(|part| part == wanted.as_slice()))
            }
            Self::Prefix(prefix) => values.flat_map(words).any(|word| word.starts_with(prefix)),
        }
    }
}

type Tokens = Peekable<IntoIter<Token>>;

fn any_of(tokens: &mut Tokens, depth: usize) -> Result<Query, Error> {
    let mut any = vec![all_of(tokens, depth)?];
    while tokens.next_if_eq(&Token::Or).is_some() {
        any.push(all_of(tokens, depth)?);
    }
    Ok(one_or(any, Query::Or))
}

fn all_of(tokens: &mut Tokens, depth: usize) -> Result<Query, Error> {
    let mut all = vec![one(tokens, depth)?];
    while !matches!(tokens.peek(), None | Some(Token::Or | Token::Close)) {
        tokens.next_if_eq(&Token::And);
        all.push(one(tokens, depth)?);
    }
    Ok(one_or(all, Query::And))
}

/// The only one of these queries, or what `joined` makes of several.
fn one_or(mut queries: Vec<Query>, joined: fn(Vec<Query>) -> Query) -> Query {
    match queries.pop() {
        Some(only) if queries.is_empty() => only,
        last => {
            queries.extend(last);
            joined(queries)
        }
    }
}

fn one(tokens: &mut Tokens, depth: usize) -> Result<Query, Error> {
    if depth > DEPTH {
        return Err(invalid());
    }
    match tokens.next() {
        Some(Token::Not) => Ok(Query::Not(Box::new(one(tokens, depth + 1)?))),
        Some(Token::Open) => {
            let query = any_of(tokens, depth + 1)?;
            tokens.next_if_eq(&Token::Close).ok_or_else(invalid)?;
            Ok(query)
        }
        Some(Token::Term(None, Term::Any)) => Ok(Query::All),
        Some(Token::Term(field, term)) => Ok(Query::Term { field, term }),
        _ => Err(invalid()),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '(' | ')' => {
                tokens.push(if first == '(' { Token::Open } else { Token::Close });
                rest.get(1..).unwrap_or_default()
            }
            '|' => return Err(Error::new(400, "NotSupported", "Analytic statements are not emulated.")),
            _ => {
                let (token, rest) = term(rest)?;
                tokens.push(token);
                rest
            }
        }
        .trim_start();
    }
    Ok(tokens)
}

/// A word, `field:word` or a phrase at the start of a text, and what is behind it. The name of a field may
/// have colons in it only when it begins with `__tag__:`.
fn term(text: &str) -> Result<(Token, &str), Error> {
    let (first, is_quoted, rest) = atom(text)?;
    let Some(behind) = rest.strip_prefix(':') else {
        return Ok((
            operator(first, is_quoted).unwrap_or_else(|| Token::Term(None, Term::parse(first, is_quoted))),
            rest,
        ));
    };
    let (second, second_is_quoted, rest) = atom(behind.trim_start())?;
    match rest.strip_prefix(':') {
        Some(behind) if first == "__tag__" => {
            let (value, is_quoted, rest) = atom(behind.trim_start())?;
            Ok((Token::Term(Some(format!("{first}:{second}")), Term::parse(value, is_quoted)), rest))
        }
        Some(_) => Err(invalid()),
        None => Ok((Token::Term(Some(first.to_owned()), Term::parse(second, second_is_quoted)), rest)),
    }
}

fn operator(word: &str, is_quoted: bool) -> Option<Token> {
    if is_quoted {
        return None;
    }
    match word.to_ascii_lowercase().as_str() {
        "and" => Some(Token::And),
        "or" => Some(Token::Or),
        "not" => Some(Token::Not),
        _ => None,
    }
}

/// A bare or quoted text, whether it was quoted, and what is behind it.
fn atom(text: &str) -> Result<(&str, bool, &str), Error> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (inside, rest) = quoted.split_once('"').ok_or_else(invalid)?;
        return Ok((inside, true, rest));
    }
    let end = text.find(|c: char| c.is_whitespace() || "():|\"".contains(c)).unwrap_or(text.len());
    match text.split_at(end) {
        ("", _) => Err(invalid()),
        (word, rest) => Ok((word, false, rest)),
    }
}

fn invalid() -> Error {
    Error::new(400, "InvalidQueryString", "query string is invalid.")
}

#[cfg(test)]
mod tests {
    use super::super::matching::entries;
    use super::*;

    /// A log of topic `web` with the tag `host: alpha`, `method: GET`, `path: /a/b.html` and
    /// `message: Connection was refused`.
    fn entry() -> Entry {
        let field = |number: u8, bytes: &[u8]| {
            let length = u8::try_from(bytes.len()).unwrap();
            [&[number << 3 | 2, length], bytes].concat()
        };
        let pair = |key: &str, value: &str| [field(1, key.as_bytes()), field(2, value.as_bytes())].concat();
        let contents = [("method", "GET"), ("path", "/a/b.html"), ("message", "Connection was refused")]
            .map(|(k, v)| field(2, &pair(k, v)));
        let log = [vec![8, 5], contents.concat()].concat();
        let group = [field(1, &log), field(3, b"web"), field(6, &pair("host", "alpha"))].concat();
        entries(&group).unwrap().next().unwrap().unwrap()
    }

    #[track_caller]
    fn check(query: &str, expected: bool) {
        assert_eq!(Query::parse(query).unwrap().matches(&entry()), expected, "{query}");
    }

    #[test]
    fn words_are_found_whole_in_any_field_and_case() {
        for query in ["", "*", " * ", "get", "REFUSED", "b.html", "web", "alpha", "conn*", "/a/b.html"] {
            check(query, true);
        }
        for query in ["refuse", "html", "post", "onn*", "method"] {
            check(query, false);
        }
    }

    #[test]
    fn a_field_narrows_the_search() {
        for query in
            ["method:get", "method: get", "method:G*", "method:*", "__topic__:web", "__tag__:host:alpha"]
        {
            check(query, true);
        }
        for query in ["message:get", "nothing:*", "method:post", "__tag__:host:beta", "Method:get"] {
            check(query, false);
        }
    }

    #[test]
    fn phrases_want_their_words_in_a_row() {
        check("\"connection was\"", true);
        check("message:\"was refused\"", true);
        check("\"connection refused\"", false);
        check("message:\"connection|refused\"", false);
    }

    #[test]
    fn and_binds_tighter_than_or() {
        check("get and refused", true);
        check("get refused", true);
        check("get post", false);
        check("get OR post and nothing", true);
        check("(get or post) and nothing", false);
        check("not post", true);
        check("get not refused", false);
        check("not (post or refused)", false);
        check("\"and\"", false);
    }

    /// A body has room for millions of words.
    #[test]
    fn a_query_of_many_words_is_not_deep() {
        for joined in [" ", " and ", " or "] {
            let query = Query::parse(&vec!["get"; 300_000].join(joined)).unwrap();
            assert!(query.matches(&entry()), "{joined:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for query in ["(get", "get)", "and get", "get and", "not", "\"get", "a:b:c", ":a", "a:", "()"] {
            assert_eq!(Query::parse(query).unwrap_err().code, "InvalidQueryString", "{query}");
        }
        let deep = format!("{}a{}", "(".repeat(1000), ")".repeat(1000));
        assert_eq!(Query::parse(&deep).unwrap_err().code, "InvalidQueryString");
        assert_eq!(Query::parse("* | select 1").unwrap_err().code, "NotSupported");
    }
}
