//! The body of the fuzz target of this room.
#![allow(clippy::missing_panics_doc, reason = "a panic is the report")]

use super::{LONGEST_QUOTATION, is_printable, line, line_of, lines, quote};

#[cfg(test)]
#[path = "../../fuzz/corpus.rs"]
mod corpus;

/// What is shown of any text has no character that a terminal obeys, is as long as promised, and stays as it is when it
/// is made printable again. What is printable is shown as it is.
pub fn text(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    let (one_line, several) = (line(text), lines(text));
    assert!(one_line.chars().all(is_printable));
    assert_eq!(one_line.chars().count(), text.chars().count());
    assert_eq!(line(&one_line), one_line);
    let without_ends = several.replace("\r\n", "");
    assert!(without_ends.chars().all(|shown| is_printable(shown) || "\n\t".contains(shown)));
    assert_eq!(lines(&several), several);
    if text.chars().all(is_printable) {
        assert_eq!((one_line.as_str(), several.as_str()), (text, text));
    }
    for longest in [0, 5, 1000] {
        let beginning = line_of(text, longest);
        assert!(beginning.chars().all(is_printable) && beginning.chars().count() <= longest + 1);
        assert!(one_line.starts_with(beginning.strip_suffix('…').unwrap_or(&beginning)));
    }
    let quoted = quote(text);
    assert!(quoted.starts_with('"') && quoted.chars().all(is_printable));
    // An escape has ten characters at most: \u{10ffff}.
    assert!(quoted.chars().count() <= 10 * LONGEST_QUOTATION + 40);
}

#[cfg(test)]
mod tests {
    use super::corpus;

    #[test]
    fn text() {
        corpus::run("text", super::text);
    }
}
