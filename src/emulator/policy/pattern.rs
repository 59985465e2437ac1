//! Patterns with `*` (any letters, also none) and `?` (one letter).

use std::str::Chars;

/// Whether `pattern` describes the whole of `text`. Letters of different case are different.
pub fn matches(pattern: &str, text: &str) -> bool {
    fits(pattern, text, |wanted, letter| wanted == letter)
}

/// As [`matches()`], with letters of either case alike.
pub fn matches_any_case(pattern: &str, text: &str) -> bool {
    fits(pattern, text, |wanted, letter| wanted == letter || wanted.to_lowercase().eq(letter.to_lowercase()))
}

/// Nothing is copied: every call is held against every pattern of its caller's policies.
fn fits(pattern: &str, text: &str, alike: impl Fn(char, char) -> bool) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
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
            Some(wanted) if wanted == '?' || alike(wanted, letter) => {
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
}
