//! Patterns of actions and resources: `*` matches any text, `?` any one character.

/// Whether the pattern matches the whole text, letter by letter. The time is at most proportional to the product of
/// both lengths.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Where to try again after a mismatch: the position after the latest `*` in the pattern, and the end of the text
    // that this `*` has matched so far.
    let mut retry: Option<(usize, usize)> = None;
    let (mut at, mut reached) = (0, 0);
    while let Some(letter) = text.get(reached) {
        match pattern.get(at) {
            Some('*') => {
                at += 1;
                retry = Some((at, reached));
            }
            Some(expected) if *expected == '?' || expected == letter => {
                at += 1;
                reached += 1;
            }
            _ => {
                let Some((after, taken)) = retry else { return false };
                retry = Some((after, taken + 1));
                at = after;
                reached = taken + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Which beginnings of the text the pattern reaches, one letter of the pattern after the other.
    fn by_reachable_prefixes(pattern: &str, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let mut reachable = vec![false; text.len() + 1];
        reachable[0] = true;
        for wanted in pattern.chars() {
            let mut next = vec![false; text.len() + 1];
            for end in 0..=text.len() {
                next[end] = if wanted == '*' {
                    reachable[..=end].contains(&true)
                } else {
                    end > 0 && reachable[end - 1] && (wanted == '?' || wanted == text[end - 1])
                };
            }
            reachable = next;
        }
        reachable[text.len()]
    }

    #[test]
    fn wildcards_stand_for_any_text_and_any_character() {
        #[track_caller]
        fn check(pattern: &str, text: &str, matched: bool) {
            assert_eq!(matches(pattern, text), matched, "{pattern} {text}");
        }
        check("*", "", true);
        check("kms:Describe*", "kms:DescribeKey", true);
        check("kms:?ecrypt", "kms:Decrypt", true);
        check("acs:kms:*:*:key/k", "acs:kms:cn-hangzhou:1:key/k", true);
        check("acs:kms:*:*:key/k", "acs:kms:cn-hangzhou:1:key/kk", false);
        check("kms:Decrypt", "kms:decrypt", false);
        check("", "x", false);
        check("日?", "日志", true);
    }

    proptest! {
        #[test]
        fn matching_is_reaching_the_end(pattern in "[ab*?]{0,10}", text in "[ab]{0,10}") {
            prop_assert_eq!(matches(&pattern, &text), by_reachable_prefixes(&pattern, &text));
        }

        #[test]
        fn a_text_matches_itself_and_every_shortening_by_a_star(
            text in "[a-z:/]{0,20}", cut in 0_usize..20, length in 0_usize..20
        ) {
            let start = cut.min(text.len());
            let end = (start + length).min(text.len());
            let shortened = format!("{}*{}", &text[..start], &text[end..]);
            prop_assert!(matches(&text, &text) && matches(&shortened, &text));
        }
    }
}
