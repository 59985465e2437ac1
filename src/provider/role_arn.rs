//! The ARN of a RAM role: `acs:ram::<account id>:role/<role name>`.

use std::fmt;

/// A RAM role by the parts of its ARN, letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArn {
    /// The account of the role: digits.
    pub account_id: String,
    /// Its name. RAM writes it in lower case in an ARN, however the role was named, and takes any case.
    pub role_name: String,
}

/// A text that is not the ARN of a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must have the form acs:ram::<account id>:role/<role name>")]
pub struct NotARoleArn;

impl RoleArn {
    /// Reads an ARN as it is written in the RAM documentation, "Policy elements".
    ///
    /// # Errors
    ///
    /// The text has another form, or names something else than a role.
    pub fn parse(text: &str) -> Result<RoleArn, NotARoleArn> {
        let parts = text.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(":role/"));
        let (account_id, role_name) = parts.ok_or(NotARoleArn)?;
        if !is_account_id(account_id) || !is_role_name(role_name) {
            return Err(NotARoleArn);
        }
        Ok(RoleArn { account_id: account_id.to_owned(), role_name: role_name.to_owned() })
    }

    /// The ARN as RAM writes it: with the role's name in lower case.
    #[must_use]
    pub fn as_ram_writes_it(&self) -> RoleArn {
        RoleArn { account_id: self.account_id.clone(), role_name: self.role_name.to_ascii_lowercase() }
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "acs:ram::{}:role/{}", self.account_id, self.role_name)
    }
}

fn is_account_id(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// Letters, digits, `.`, `-`, in names of service-linked roles `_`, and by an older rule `@`; at most 64.
fn is_role_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_@".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_read_and_written_back_letter_by_letter() {
        for (account_id, role_name) in [("1234567890123456", "sls-byok"), ("1", "AliyunServiceRoleForX_y.z@")]
        {
            let text = format!("acs:ram::{account_id}:role/{role_name}");
            let arn = RoleArn::parse(&text).unwrap();
            assert_eq!((arn.account_id.as_str(), arn.role_name.as_str()), (account_id, role_name));
            assert_eq!(arn.to_string(), text);
        }
    }

    #[test]
    fn ram_writes_the_name_in_lower_case() {
        let arn = RoleArn::parse("acs:ram::1:role/AliyunLogDefaultRole").unwrap();
        assert_eq!(arn.as_ram_writes_it().to_string(), "acs:ram::1:role/aliyunlogdefaultrole");
    }

    #[test]
    fn what_names_no_role_is_refused() {
        let long = format!("acs:ram::1:role/{}", "a".repeat(65));
        for text in [
            "",
            "sls-byok",
            "acs:ram::1:role/",
            "acs:ram:::role/a",
            "acs:ram::*:role/a",
            "acs:ram::1:role/a/b",
            "acs:ram::1:role/日志",
            "acs:ram::1:user/a",
            "acs:ram::1:assumed-role/a/session",
            "acs:ram:cn-hangzhou:1:role/a",
            "ACS:ram::1:role/a",
            " acs:ram::1:role/a",
            &long,
        ] {
            assert_eq!(RoleArn::parse(text), Err(NotARoleArn), "{text}");
        }
    }
}
