//! The names of users and roles across services
//! (<https://www.alibabacloud.com/help/en/ram/user-guide/policy-elements>).

/// A user's ARN.
pub fn user_arn(account_id: &str, name: &str) -> String {
    format!("acs:ram::{account_id}:user/{name}")
}

/// A role's ARN. RAM keeps the letters of a role's name but writes its ARN in lower case.
pub fn role_arn(account_id: &str, name: &str) -> String {
    format!("acs:ram::{account_id}:role/{}", name.to_lowercase())
}

/// An identity provider's ARN.
pub fn oidc_provider_arn(account_id: &str, name: &str) -> String {
    format!("acs:ram::{account_id}:oidc-provider/{name}")
}

/// The account and the role that an ARN names; `None` if it is not the ARN of a role.
pub fn role_of_arn(arn: &str) -> Option<(&str, &str)> {
    let (account_id, name) = arn.strip_prefix("acs:ram::")?.split_once(":role/")?;
    let is_account = !account_id.is_empty() && account_id.chars().all(|c| c.is_ascii_digit());
    (is_account && !name.is_empty() && !name.contains('/')).then_some((account_id, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roles_arn_is_in_lower_case() {
        assert_eq!(role_arn("1", "AliyunLogDefaultRole"), "acs:ram::1:role/aliyunlogdefaultrole");
        assert_eq!(user_arn("1", "Alice"), "acs:ram::1:user/Alice");
    }

    #[test]
    fn role_arns_are_taken_apart() {
        assert_eq!(role_of_arn("acs:ram::12:role/BYOK"), Some(("12", "BYOK")));
        for bad in
            ["", "acs:ram::12:user/x", "acs:ram:::role/x", "acs:ram::12:role/", "acs:ram::a:role/x", "role/x"]
        {
            assert_eq!(role_of_arn(bad), None, "{bad}");
        }
    }
}
