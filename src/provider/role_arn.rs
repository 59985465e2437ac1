//! The ARN of a RAM role as a person writes it.

use cloud::{names::RoleName, ram::RoleArn};

/// A text that is not the ARN of a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must have the form acs:ram::<account id>:role/<role name>")]
pub(super) struct NotARoleArn;

/// Reads an ARN as it is written in the RAM documentation, "Policy elements". Stricter than what is taken from the
/// service's own answers: the name has to be one that a role can have.
///
/// # Errors
///
/// The text has another form, or names something else than a role.
pub(super) fn parse(text: &str) -> Result<RoleArn, NotARoleArn> {
    let arn = RoleArn::parse(text).map_err(|_| NotARoleArn)?;
    RoleName::parse(arn.role_name()).map(|_| arn).map_err(|_| NotARoleArn)
}

/// The ARN as RAM writes it: with the role's name in lower case, however the role was named.
///
/// # Errors
///
/// Those of [`parse`].
pub(super) fn normalize(arn: &RoleArn) -> Result<RoleArn, NotARoleArn> {
    parse(&format!("acs:ram::{}:role/{}", arn.account_id(), arn.role_name().to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_read_and_written_back_letter_by_letter() {
        for (account_id, role_name) in [("1234567890123456", "sls-byok"), ("1", "AliyunServiceRoleForX_y.z@")]
        {
            let text = format!("acs:ram::{account_id}:role/{role_name}");
            let arn = parse(&text).unwrap();
            assert_eq!((arn.account_id(), arn.role_name()), (account_id, role_name));
            assert_eq!(arn.to_string(), text);
        }
    }

    #[test]
    fn ram_writes_the_name_in_lower_case() {
        let arn = parse("acs:ram::1:role/AliyunLogDefaultRole").unwrap();
        assert_eq!(normalize(&arn).unwrap().as_str(), "acs:ram::1:role/aliyunlogdefaultrole");
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
            assert_eq!(parse(text), Err(NotARoleArn), "{text}");
        }
    }
}
