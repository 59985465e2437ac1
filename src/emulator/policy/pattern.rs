//! Patterns with `*` (any letters, also none) and `?` (one letter).

use std::str::Chars;

/// How many letters of a text are compared. No resource has as many in its name; of a call that names one which has,
/// the beginning decides, so that what a caller sends does not make the work long.
const COMPARED: usize = 1_024;

/// Whether `pattern` describes the whole of `text`. Letters of different case are different.
pub fn matches(pattern: &str, text: &str) -> bool {
    fits(pattern, text, |wanted, letter| wanted == letter)
}

/// As [`matches()`], with letters of either case alike.
pub fn matches_any_case(pattern: &str, text: &str) -> bool {
    fits(pattern, text, |wanted, letter| wanted == letter || wanted.to_lowercase().eq(letter.to_lowercase()))
}

/// Nothing is copied: every call is held against every pattern of its caller's policies. A letter of the text is
/// compared with a letter of the pattern once at most: only what follows the last `*` is ever tried again, one letter
/// further on.
fn fits(pattern: &str, text: &str, mut alike: impl FnMut(char, char) -> bool) -> bool {
    let compared = text.char_indices().nth(COMPARED).and_then(|(end, _)| text.get(..end));
    let (mut pattern, mut text) = (pattern.chars(), compared.unwrap_or(text).chars());
    // Where to go on when what follows the last `*` turns out not to fit: with one letter more for it.
    let mut retry: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let (mut pattern_behind, mut text_behind) = (pattern.clone(), text.clone());
        let Some(letter) = text_behind.next() else { return pattern.all(|wanted| wanted == '*') };
        match pattern_behind.next() {
            Some('*') => {
                retry = Some((pattern_behind.clone(), text_behind));
                pattern = pattern_behind;
            }
            Some(wanted) if alike(wanted, letter) || wanted == '?' => {
                (pattern, text) = (pattern_behind, text_behind);
            }
            _ => match &mut retry {
                Some((after_star, from)) => {
                    (pattern, text) = (after_star.clone(), from.clone());
                    from.next();
                }
                None => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "log:GetLogStore"),
            ("log:Get*", "log:GetLogStore"),
            ("log:*Store", "log:GetLogStore"),
            ("*a*b", "aabab"),
            ("?b", "äb"),
            ("acs:log:*:*:project/p/*", "acs:log:cn-hangzhou:1:project/p/logstore/app"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("", "a"), ("?", ""), ("log:Get", "log:GetLogStore"), ("log:get*", "log:GetX"), ("*a*b", "aba")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
        assert!(matches_any_case("LOG:get*", "log:GetLogStore"));
    }

    /// How many letters were compared.
    fn steps(pattern: &str, text: &str) -> usize {
        let mut steps = 0;
        fits(pattern, text, |wanted, letter| {
            steps += 1;
            wanted == letter
        });
        steps
    }

    /// What a matcher that tries every way to share the text among the stars would never come to an end with.
    #[test]
    fn hostile_patterns_take_no_more_steps_than_letters_by_letters() {
        let repeated = |part: &str, times: usize| part.repeat(times);
        let text = repeated("a", 1_000);
        for pattern in [
            repeated("a*", 1_000) + "b",
            repeated("*a", 1_000) + "b",
            format!("*{}b", repeated("a", 500)),
            repeated(&format!("*{}", repeated("a", 30)), 30) + "b",
            repeated("*?", 999) + "b",
            format!("*{}b", repeated("?", 500)),
            repeated("*", 2_000) + "b",
            repeated("a?*", 300) + "b*b",
        ] {
            assert!(!matches(&pattern, &text), "{pattern}");
            let steps = steps(&pattern, &text);
            assert!(steps <= pattern.len() * text.len(), "{steps} steps for {pattern}");
        }
    }

    /// The longest policy against a name of any length.
    #[test]
    fn the_work_does_not_grow_with_a_text_that_is_longer_than_any_name() {
        let pattern = format!("*{}b", "a".repeat(500));
        let steps =
            [COMPARED, COMPARED * 10, COMPARED * 1_000].map(|length| steps(&pattern, &"a".repeat(length)));
        assert_eq!((steps[0], steps[0]), (steps[1], steps[2]));
        assert!(steps[0] <= COMPARED * COMPARED, "{}", steps[0]);
        assert!(matches("acs:*", &format!("acs:{}", "a".repeat(1 << 20))));
        assert!(
            !matches("acs:*b", &format!("acs:{}b", "a".repeat(1 << 20))),
            "only the beginning is compared"
        );
    }
}
