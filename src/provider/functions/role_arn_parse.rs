//! `role_arn_parse`: the account and the name in the ARN of a role.

use std::collections::BTreeMap;

use super::role_arn_argument;
use schema::{
    Function, Type,
    function::{FunctionError, Parameter, Signature},
    model,
};

/// The function `role_arn_parse`.
#[derive(Debug)]
pub struct RoleArnParse;

model! {
    /// A role by the parts of its ARN.
    pub struct RoleParts {
        /// The account of the role.
        pub account_id: String,
        /// Its name, as the ARN has it.
        pub role_name: String,
    }
}

impl Function for RoleArnParse {
    type Arguments = (String,);
    type Returns = RoleParts;

    fn name(&self) -> &'static str {
        "role_arn_parse"
    }

    fn signature(&self) -> Signature<[Parameter; 1]> {
        Signature {
            summary: "The account and the role that an ARN names.",
            description: "Takes the ARN of a RAM role apart: `acs:ram::<account id>:role/<role name>`. Returns an object with `account_id` and `role_name`, both as the ARN has them. RAM writes the name in lower case in ARNs, so it can differ in case from the name the role was created with; RAM takes either.",
            deprecated: None,
            parameters: [Parameter::string(
                "arn",
                "The ARN of a RAM role, such as `acs:ram::1234567890123456:role/sls-byok`.",
            )],
            returns: Type::Object(BTreeMap::from([
                ("account_id".to_owned(), Type::String),
                ("role_name".to_owned(), Type::String),
            ])),
        }
    }

    fn call(&self, (arn,): (String,)) -> Result<RoleParts, FunctionError> {
        let arn = role_arn_argument::parse(&arn)?;
        Ok(RoleParts { account_id: arn.account_id().into(), role_name: arn.role_name().into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::Field;

    #[test]
    fn both_parts_are_returned_as_they_are_written() {
        let parts = RoleArnParse.call(("acs:ram::0123:role/Sls-Byok".to_owned(),)).unwrap();
        // An account is text: as a number it would lose its zero.
        assert_eq!(parts.account_id, Field::from("0123"));
        assert_eq!(parts.role_name, Field::from("Sls-Byok"));
    }

    #[test]
    fn what_is_no_role_is_an_error_at_the_argument_that_shows_one() {
        let error = RoleArnParse.call(("acs:ram::1:user/alice".to_owned(),)).unwrap_err();
        assert_eq!(error.argument, Some(0));
        for says in ["\"acs:ram::1:user/alice\"", "\"acs:ram::1234567890123456:role/sls-byok\""] {
            assert!(error.text.contains(says), "{}", error.text);
        }
    }
}
