//! Patterns with `*` (any letters, also none) and `?` (one letter).

/// Whether `pattern` describes the whole of `text`. Letters of different case are different.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where to go on when what follows the last `*` turns out not to fit: with one letter more for it.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(letter) = text.get(at_text) {
        match pattern.get(at_pattern) {
            Some('*') => {
                retry = Some((at_pattern + 1, at_text + 1));
                at_pattern += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == letter => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => match retry {
                Some((after_star, from)) => {
                    (at_pattern, at_text) = (after_star, from);
                    retry = Some((after_star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at_pattern).all(|wanted| *wanted == '*')
}

/// As [`matches()`], with letters of either case alike.
pub fn matches_any_case(pattern: &str, text: &str) -> bool {
    matches(&pattern.to_lowercase(), &text.to_lowercase())
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
