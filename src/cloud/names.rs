//! Names of objects, checked against the rules of the services.

use std::fmt;

use serde::Deserialize;

/// The name of an SLS project. It is part of the host name of every call for the project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectName(String);

/// The name of a Logstore, unique in its project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogstoreName(String);

/// A region id such as `cn-hangzhou`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

/// The name of a RAM role. RAM compares names without regard to letter case and keeps the letter case that was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct RoleName(String);

/// The name of a RAM policy. RAM compares names without regard to letter case and keeps the letter case that was given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct PolicyName(String);

/// The name of a RAM user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct UserName(String);

/// The name of a RAM user group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub struct GroupName(String);

/// Why a name is refused, as a sentence for a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Too short or too long.
    #[error("The {what} {} must have {least} to {most} characters; it has {length}.", text::quote(.value))]
    Length {
        /// What was named, for example `Logstore name`.
        what: &'static str,
        /// The text that was refused.
        value: String,
        /// How many characters it has.
        length: usize,
        /// The fewest characters allowed.
        least: usize,
        /// The most characters allowed.
        most: usize,
    },
    /// A character that is not allowed.
    #[error("The {what} {} contains {found:?}; only {allowed} may occur in it.", text::quote(.value))]
    Character {
        /// What was named.
        what: &'static str,
        /// The text that was refused.
        value: String,
        /// The first character that is not allowed.
        found: char,
        /// The characters that are allowed, in words.
        allowed: &'static str,
    },
    /// A hyphen or underscore at one of its ends.
    #[error("The {what} {} must start and end with a lower-case letter or a digit.", text::quote(.value))]
    Ends {
        /// What was named.
        what: &'static str,
        /// The text that was refused.
        value: String,
    },
}

/// The rule of one kind of name.
struct Rule {
    what: &'static str,
    least: usize,
    most: usize,
    /// Whether capital letters are allowed.
    capitals: bool,
    /// Characters that are allowed in addition to letters and digits.
    inner: &'static [char],
    /// Whether the first and the last character must be lower-case letters or digits.
    plain_ends: bool,
    allowed: &'static str,
}

/// Source: SLS documentation, "`CreateProject`", parameter `projectName`.
const PROJECT: Rule = Rule {
    what: "project name",
    least: 3,
    most: 63,
    capitals: false,
    inner: &['-'],
    plain_ends: true,
    allowed: "lower-case letters, digits and hyphens",
};

/// Source: SLS documentation, "`CreateLogStore`", parameter `logstoreName`. The pages of 2021 require at least three
/// characters; the current page and the SDK that is generated from the service's model require two.
const LOGSTORE: Rule = Rule {
    what: "Logstore name",
    least: 2,
    most: 63,
    capitals: false,
    inner: &['-', '_'],
    plain_ends: true,
    allowed: "lower-case letters, digits, hyphens and underscores",
};

/// Not documented as a rule. Every published region id follows it. It is that of a DNS label (RFC 1035 section 2.3.4),
/// because the region is part of host names.
const REGION: Rule = Rule {
    what: "region",
    least: 2,
    most: 63,
    capitals: false,
    inner: &['-'],
    plain_ends: true,
    allowed: "lower-case letters, digits and hyphens",
};

/// The name of a role that exists. Source: RAM documentation, `CreateRole`: letters, digits, dots and hyphens. Names of
/// service-linked roles, and names in the documentation of ROS, have underscores; `@` was allowed earlier.
const ROLE: Rule = Rule {
    inner: &['.', '-', '_', '@'],
    allowed: "letters, digits, dots, hyphens, underscores and at signs",
    ..NEW_ROLE
};

/// The name of a role that is to be created. Source: RAM documentation, `CreateRole`.
const NEW_ROLE: Rule = Rule {
    what: "role name",
    least: 1,
    most: 64,
    capitals: true,
    inner: &['.', '-'],
    plain_ends: false,
    allowed: "letters, digits, dots and hyphens",
};

/// Source: RAM documentation, `CreatePolicy`.
const POLICY: Rule = Rule {
    what: "policy name",
    least: 1,
    most: 128,
    capitals: true,
    inner: &['-'],
    plain_ends: false,
    allowed: "letters, digits and hyphens",
};

/// Source: RAM documentation, `CreateUser`.
const USER: Rule = Rule {
    what: "user name",
    least: 1,
    most: 64,
    capitals: true,
    inner: &['.', '-', '_'],
    plain_ends: false,
    allowed: "letters, digits, dots, hyphens and underscores",
};

/// Source: RAM documentation, `CreateGroup`: letters, digits and hyphens. Dots and underscores, which names of users
/// may have, are not refused here but by RAM.
const GROUP: Rule = Rule {
    what: "group name",
    least: 1,
    most: 64,
    capitals: true,
    inner: &['.', '-', '_'],
    plain_ends: false,
    allowed: "letters, digits, dots, hyphens and underscores",
};

macro_rules! name {
    ($name:ident, $rule:ident) => {
        impl $name {
            /// Checks the text against the service's rule.
            ///
            /// # Errors
            /// A [`NameError`] that says which part of the rule is broken.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                $rule.check(text)?;
                Ok(Self(text.to_owned()))
            }

            /// The name as the service writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(ProjectName, PROJECT);
name!(LogstoreName, LOGSTORE);
name!(Region, REGION);
name!(RoleName, ROLE);
name!(PolicyName, POLICY);

impl RoleName {
    /// Checks the name of a role that is to be created. RAM allows fewer characters in it than service-linked roles and
    /// older roles have.
    ///
    /// # Errors
    /// A [`NameError`] that says which part of the rule is broken.
    pub fn parse_new(text: &str) -> Result<Self, NameError> {
        NEW_ROLE.check(text)?;
        Ok(Self(text.to_owned()))
    }
}

name!(UserName, USER);
name!(GroupName, GROUP);

macro_rules! ram_name {
    ($name:ident) => {
        impl $name {
            /// Whether both are the same name for RAM, which ignores letter case.
            pub fn is_same(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }

            /// A name in an answer of the service, without a check. Deserializing does not check it either.
            pub fn from_answer(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

ram_name!(RoleName);
ram_name!(PolicyName);
ram_name!(UserName);
ram_name!(GroupName);

impl Rule {
    fn check(&self, text: &str) -> Result<(), NameError> {
        let plain = |c: char| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || (self.capitals && c.is_ascii_uppercase())
        };
        let (what, value) = (self.what, text.to_owned());
        if let Some(found) = text.chars().find(|c| !plain(*c) && !self.inner.contains(c)) {
            return Err(NameError::Character { what, value, found, allowed: self.allowed });
        }
        let length = text.chars().count();
        if !(self.least..=self.most).contains(&length) {
            return Err(NameError::Length { what, value, length, least: self.least, most: self.most });
        }
        if self.plain_ends && (!text.starts_with(plain) || !text.ends_with(plain)) {
            return Err(NameError::Ends { what, value });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused<T: fmt::Debug>(parsed: Result<T, NameError>, sentence: &str) {
        assert_eq!(parsed.unwrap_err().to_string(), sentence);
    }

    #[test]
    fn names_within_the_rules_are_kept_unchanged() {
        for name in ["abc", "0-0", "cloudfirewall-project-1234567890123456-cn-hangzhou", &"a".repeat(63)] {
            assert_eq!(ProjectName::parse(name).unwrap().as_str(), name);
        }
        for name in ["ab", "internal-operation_log", "0_0", &"a".repeat(63)] {
            assert_eq!(LogstoreName::parse(name).unwrap().to_string(), name);
        }
        for name in ["Sls-Byok", "AliyunServiceRoleForSls_1.x", "-", &"a".repeat(64)] {
            assert_eq!(RoleName::parse(name).unwrap().as_str(), name);
            assert_eq!(UserName::parse(name).unwrap().as_str(), name);
            assert_eq!(GroupName::parse(name).unwrap().as_str(), name);
        }
        for name in ["AliyunKMSReadOnlyAccess", "-", &"a".repeat(128)] {
            assert_eq!(PolicyName::parse(name).unwrap().as_str(), name);
        }
        for name in ["cn-hangzhou", "cn-hzjbp", "ap-northeast-1", "cn-shanghai-finance-1-pub"] {
            assert_eq!(Region::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        refused(ProjectName::parse("ab"), "The project name \"ab\" must have 3 to 63 characters; it has 2.");
        refused(LogstoreName::parse("a"), "The Logstore name \"a\" must have 2 to 63 characters; it has 1.");
        refused(LogstoreName::parse(""), "The Logstore name \"\" must have 2 to 63 characters; it has 0.");
        assert!(LogstoreName::parse(&"a".repeat(64)).is_err());
        assert!(ProjectName::parse(&"a".repeat(64)).is_err());
    }

    #[test]
    fn the_error_names_the_first_character_that_is_not_allowed() {
        refused(
            ProjectName::parse("my_project"),
            "The project name \"my_project\" contains '_'; only lower-case letters, digits and hyphens may occur in it.",
        );
        for name in ["App", "a.b", "a/b", "a b", "../x", "日志", "a\nb", "app:log", "a%2f"] {
            assert!(matches!(LogstoreName::parse(name), Err(NameError::Character { .. })), "{name}");
        }
    }

    #[test]
    fn ram_names_have_their_own_rules() {
        refused(
            PolicyName::parse("pass_role"),
            "The policy name \"pass_role\" contains '_'; only letters, digits and hyphens may occur in it.",
        );
        refused(RoleName::parse(""), "The role name \"\" must have 1 to 64 characters; it has 0.");
        for name in ["a b", "a/b", "日志", "a:b"] {
            assert!(RoleName::parse(name).is_err() && UserName::parse(name).is_err(), "{name}");
            assert!(GroupName::parse(name).is_err() && PolicyName::parse(name).is_err(), "{name}");
        }
        assert!(PolicyName::parse(&"a".repeat(129)).is_err());
    }

    #[test]
    fn a_new_role_name_may_have_fewer_characters_than_an_existing_one() {
        for name in ["AliyunServiceRoleForX_y", "a@b"] {
            assert!(RoleName::parse(name).is_ok(), "{name}");
            assert!(matches!(RoleName::parse_new(name), Err(NameError::Character { .. })), "{name}");
        }
        assert_eq!(RoleName::parse_new("Sls.byok-1"), RoleName::parse("Sls.byok-1"));
    }

    #[test]
    fn ram_names_are_the_same_in_any_letter_case() {
        let name = |text| RoleName::parse(text).unwrap();
        assert!(name("Sls-Byok").is_same(&name("sls-bYOK")));
        assert!(!name("Sls-Byok").is_same(&name("sls-byok2")));
        assert_ne!(name("Sls-Byok"), name("sls-byok"), "== compares the letter case");
    }

    #[test]
    fn sls_names_start_and_end_with_a_letter_or_digit() {
        refused(
            LogstoreName::parse("_app"),
            "The Logstore name \"_app\" must start and end with a lower-case letter or a digit.",
        );
        for name in ["-abc", "abc-"] {
            assert!(matches!(ProjectName::parse(name), Err(NameError::Ends { .. })), "{name}");
            assert!(matches!(Region::parse(name), Err(NameError::Ends { .. })), "{name}");
        }
    }
}
