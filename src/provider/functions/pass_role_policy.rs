//! `pass_role_policy`: the policy of whoever hands a role to SLS.

use super::role_arn_argument;
use crate::role_arn::normalize;
use cloud::ram::PolicyDocument;
use schema::{
    Function, Type,
    function::{FunctionError, Parameter, Signature},
};

/// The function `pass_role_policy`.
#[derive(Debug)]
pub struct PassRolePolicy;

impl Function for PassRolePolicy {
    type Arguments = (String,);
    type Returns = String;

    fn name(&self) -> &'static str {
        "pass_role_policy"
    }

    fn signature(&self) -> Signature<[Parameter; 1]> {
        Signature {
            summary: "The policy that lets its holder pass one role to SLS.",
            description: "Returns a policy as JSON that allows `ram:PassRole` on this role and no other: what the identity needs that runs Terraform and sets `user_cmk_info`. The resource is the ARN with the role's name in lower case, as RAM writes it, whatever the case of the argument.",
            deprecated: None,
            parameters: [Parameter::string(
                "role_arn",
                "The ARN of the RAM role, such as `acs:ram::1234567890123456:role/sls-byok`.",
            )],
            returns: Type::String,
        }
    }

    fn call(&self, (arn,): (String,)) -> Result<String, FunctionError> {
        let role = role_arn_argument::parse(&arn)?;
        // RAM compares the resource of a policy with the ARN in its own form, which is in lower case.
        let role = normalize(&role).map_err(|problem| FunctionError::at(0, problem.to_string()))?;
        Ok(PolicyDocument::pass_role(&role).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_role_may_be_passed_named_as_ram_does() {
        let policy = PassRolePolicy.call(("acs:ram::1234567890123456:role/Sls-Byok".to_owned(),)).unwrap();
        assert_eq!(
            policy,
            r#"{"Statement":[{"Action":"ram:PassRole","Effect":"Allow","Resource":"acs:ram::1234567890123456:role/sls-byok"}],"Version":"1"}"#
        );
    }

    #[test]
    fn what_is_no_role_is_an_error_at_the_argument() {
        // A pattern would let every role be passed.
        for arn in ["*", "acs:ram::*:role/*", "acs:ram::1:role/*"] {
            assert_eq!(PassRolePolicy.call((arn.to_owned(),)).unwrap_err().argument, Some(0));
        }
    }
}
