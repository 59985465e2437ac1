//! Texts from outside (services, files, configurations) in the form in which a person or a log may see them.
//!
//! A terminal obeys control characters: they clear the screen, colour text, and move the cursor over what is there.
//! Bidirectional characters show a text in another order than it has. Neither is ever shown.

#[cfg(any(test, fuzzing))]
pub mod fuzzing;

/// The longest quotation, in characters. A host shows the line of the configuration beside an error.
pub const LONGEST_QUOTATION: usize = 200;

/// The sign in place of a character that is not shown: U+FFFD.
pub const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// Whether a character can be shown on one line. Those that cannot are control characters (C0, DEL, C1), line and
/// paragraph separators, and the marks, embeddings, overrides and isolates of bidirectional text (Unicode Standard
/// Annex 9).
pub fn is_printable(character: char) -> bool {
    let is_bidirectional = matches!(character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !(character.is_control() || is_bidirectional || matches!(character, '\u{2028}' | '\u{2029}'))
}

/// A text as one line. White space is a space, any other character that is not printable is [`REPLACEMENT`].
pub fn line(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// The first `longest` characters of a text as one line, with `…` if there are more.
pub fn line_of(text: &str, longest: usize) -> String {
    let mut characters = text.chars();
    let mut line: String = characters.by_ref().take(longest).map(shown).collect();
    if characters.next().is_some() {
        line.push('…');
    }
    line
}

/// The beginning of a text as one line, as long as a quotation may be.
pub fn short_line(text: &str) -> String {
    line_of(text, LONGEST_QUOTATION)
}

/// A text of several lines. Line ends (LF and CR LF) and tabs are kept, any other character that is not printable is
/// replaced as in [`line()`].
pub fn lines(text: &str) -> String {
    let mut rest = text.chars().peekable();
    let mut lines = String::with_capacity(text.len());
    while let Some(character) = rest.next() {
        let is_kept = match character {
            '\r' => rest.peek() == Some(&'\n'),
            '\n' | '\t' => true,
            _ => false,
        };
        lines.push(if is_kept { character } else { shown(character) });
    }
    lines
}

/// A text in quotation marks, with escapes for what is not printable. Of a longer text than [`LONGEST_QUOTATION`] it
/// has the beginning, and says how long the whole is.
pub fn quote(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTATION) {
        None => format!("{text:?}"),
        Some((end, _)) => {
            let (beginning, length) = (text.get(..end).unwrap_or_default(), text.chars().count());
            format!("{beginning:?}… ({length} characters)")
        }
    }
}

fn shown(character: char) -> char {
    match character {
        _ if is_printable(character) => character,
        '\u{2028}' | '\u{2029}' => ' ',
        _ if character.is_whitespace() => ' ',
        _ => REPLACEMENT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The characters that must never be shown, one by one.
    fn hostile() -> Vec<char> {
        let ranges = ['\0'..='\x1f', '\x7f'..='\u{9f}', '\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
        let single = ['\u{61c}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}'];
        ranges.into_iter().flatten().chain(single).collect()
    }

    fn is_shown_in_lines(text: &str) -> bool {
        text.replace("\r\n", "")
            .chars()
            .all(|character| is_printable(character) || "\n\t".contains(character))
    }

    #[test]
    fn no_hostile_character_is_printable() {
        for character in hostile() {
            assert!(!is_printable(character), "{character:?}");
            let text = format!("a{character}b");
            for shown in [line(&text), line_of(&text, 9), quote(&text)] {
                assert!(shown.chars().all(is_printable), "{shown:?}");
            }
            assert!(is_shown_in_lines(&lines(&text)), "{character:?}");
        }
    }

    #[test]
    fn what_people_write_stays() {
        for text in ["日志库 a-b_c", "naïve — “quoted” 🙂", "{\"a\": [1]}"] {
            assert_eq!((line(text).as_str(), lines(text).as_str()), (text, text));
        }
        assert_eq!(lines("a\r\n\tb\rc\r"), "a\r\n\tb c ");
        assert_eq!(line("a\nb\u{1b}[2Jc\u{202e}"), "a b\u{fffd}[2Jc\u{fffd}");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(line_of("日志库", 3), "日志库");
        assert_eq!(line_of("日志库", 2), "日志…");
        let long = "志".repeat(LONGEST_QUOTATION + 1);
        let quoted = quote(&long);
        assert!(quoted.ends_with("志\"… (201 characters)") && quoted.chars().count() < 230, "{quoted}");
        assert_eq!(quote("a\"b"), r#""a\"b""#);
    }
}
