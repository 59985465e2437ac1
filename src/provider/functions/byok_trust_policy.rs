//! `byok_trust_policy`: the trust policy of a role for encryption with a key of one's own.

use cloud::ram::PolicyDocument;
use schema::{
    Function, Type,
    function::{FunctionError, Parameter, Signature},
};

/// The function `byok_trust_policy`.
#[derive(Debug)]
pub struct ByokTrustPolicy;

impl Function for ByokTrustPolicy {
    type Arguments = ();
    type Returns = String;

    fn name(&self) -> &'static str {
        "byok_trust_policy"
    }

    fn signature(&self) -> Signature<[Parameter; 0]> {
        Signature {
            summary: "The trust policy of a role through which SLS uses a KMS key of your own.",
            description: "Returns the trust policy of the RAM role of `user_cmk_info.arn` as JSON: Log Service (`log.aliyuncs.com`), and nobody else, may assume the role. Give it to the role's `assume_role_policy_document`.",
            deprecated: None,
            parameters: [],
            returns: Type::String,
        }
    }

    fn call(&self, (): ()) -> Result<String, FunctionError> {
        Ok(PolicyDocument::byok_trust().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_log_service_may_assume_the_role() {
        assert_eq!(
            ByokTrustPolicy.call(()).unwrap(),
            r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["log.aliyuncs.com"]}}],"Version":"1"}"#
        );
    }
}
