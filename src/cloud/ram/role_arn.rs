//! The ARN of a role.

use std::fmt;

use serde::Deserialize;

/// The ARN of a RAM role: `acs:ram::<account id>:role/<role name>`, in the letter case that was given.
///
/// RAM compares role names without regard to letter case, and its answers have the name in lower case. So the ARNs of
/// one role can differ: [`RoleArn::is_same`] compares the roles, `==` the letters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct RoleArn {
    text: String,
    /// The byte index at which the role name begins.
    name_at: usize,
}

/// A text that is not the ARN of a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not the ARN of a RAM role; it should look like acs:ram::1234567890123456:role/name.", text::quote(.0))]
pub struct RoleArnError(String);

const SERVICE: &str = "acs:ram::";
const ROLE: &str = ":role/";

impl RoleArn {
    /// Parses an ARN.
    ///
    /// # Errors
    /// [`RoleArnError`] when it is not `acs:ram::`, digits, `:role/` and a name without `/`.
    pub fn parse(text: &str) -> Result<Self, RoleArnError> {
        let wrong = || RoleArnError(text.to_owned());
        let rest = text.strip_prefix(SERVICE).ok_or_else(wrong)?;
        let (account, name) = rest.split_once(ROLE).ok_or_else(wrong)?;
        let digits = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | ':' | '*' | '?');
        if !digits || name.is_empty() || !name.chars().all(plain) {
            return Err(wrong());
        }
        Ok(Self { text: text.to_owned(), name_at: text.len() - name.len() })
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The id of the account that the role belongs to.
    pub fn account_id(&self) -> &str {
        self.text.get(SERVICE.len()..self.name_at - ROLE.len()).unwrap_or_default()
    }

    /// The name of the role as it is in the ARN. In ARNs of RAM it is in lower case.
    pub fn role_name(&self) -> &str {
        self.text.get(self.name_at..).unwrap_or_default()
    }

    /// Whether both are ARNs of the same role for RAM, which ignores the letter case of the name.
    pub fn is_same(&self, other: &Self) -> bool {
        self.account_id() == other.account_id() && self.role_name().eq_ignore_ascii_case(other.role_name())
    }
}

impl TryFrom<String> for RoleArn {
    type Error = RoleArnError;

    fn try_from(text: String) -> Result<Self, RoleArnError> {
        Self::parse(&text)
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_an_account_and_a_name_and_is_kept_unchanged() {
        let arn = RoleArn::parse("acs:ram::1234567890123456:role/Sls-Byok").unwrap();
        assert_eq!((arn.account_id(), arn.role_name()), ("1234567890123456", "Sls-Byok"));
        assert_eq!(arn.to_string(), "acs:ram::1234567890123456:role/Sls-Byok");
    }

    #[test]
    fn arns_that_differ_in_the_letter_case_of_the_name_are_of_the_same_role() {
        let arn = |text| RoleArn::parse(text).unwrap();
        let one = arn("acs:ram::1:role/Sls-Byok");
        assert!(one.is_same(&arn("acs:ram::1:role/sls-byok")));
        assert!(!one.is_same(&arn("acs:ram::2:role/Sls-Byok")));
        assert!(!one.is_same(&arn("acs:ram::1:role/sls-byok2")));
        assert_ne!(one, arn("acs:ram::1:role/sls-byok"), "== compares the letter case");
    }

    #[test]
    fn a_text_that_is_not_the_arn_of_a_role_is_refused() {
        for text in [
            "",
            "acs:ram::1:role/",
            "acs:ram:::role/x",
            "acs:ram::*:role/x",
            "acs:ram::1:role/*",
            "acs:ram::1:role/a/b",
            "acs:ram::1:role/a b",
            "acs:ram::1:user/x",
            "ACS:ram::1:role/x",
            "acs:ram:cn-hangzhou:1:role/x",
            " acs:ram::1:role/x",
            "acs:ram::1:assumed-role/x/s",
        ] {
            assert!(RoleArn::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            RoleArn::parse("x").unwrap_err().to_string(),
            "\"x\" is not the ARN of a RAM role; it should look like acs:ram::1234567890123456:role/name."
        );
    }
}
