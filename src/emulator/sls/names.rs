//! Name rules of projects and Logstores.

use std::ops::RangeInclusive;

/// Characters in a project's name
/// (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-createproject>).
const PROJECT_LENGTH: RangeInclusive<usize> = 3..=63;

/// Characters in a Logstore's name
/// (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-createlogstore>).
const LOGSTORE_LENGTH: RangeInclusive<usize> = 2..=63;

/// Whether a project may be called this: lower-case letters, digits and hyphens, a letter or digit at
/// both ends.
pub fn is_project_name(name: &str) -> bool {
    PROJECT_LENGTH.contains(&name.len()) && is_made_of(name, "-")
}

/// Whether a Logstore may be called this: as a project, and underscores too.
pub fn is_logstore_name(name: &str) -> bool {
    LOGSTORE_LENGTH.contains(&name.len()) && is_made_of(name, "-_")
}

fn is_made_of(name: &str, inside: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.starts_with(alphanumeric)
        && name.ends_with(alphanumeric)
        && name.chars().all(|c| alphanumeric(c) || inside.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_names() {
        for good in ["abc", "a-c", "0a9", &"a".repeat(63)] {
            assert!(is_project_name(good), "{good}");
        }
        for bad in ["", "ab", "a_c", "Abc", "-ab", "ab-", "a.c", "aéc", &"a".repeat(64)] {
            assert!(!is_project_name(bad), "{bad}");
        }
    }

    #[test]
    fn logstore_names() {
        for good in ["ab", "a_b", "a-b", "internal-operation_log", &"a".repeat(63)] {
            assert!(is_logstore_name(good), "{good}");
        }
        for bad in ["", "a", "_ab", "ab_", "aB", "a.b", "a b", &"a".repeat(64)] {
            assert!(!is_logstore_name(bad), "{bad}");
        }
    }
}
