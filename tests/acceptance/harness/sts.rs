//! Sessions of roles, opened as somebody else would beside Terraform.

use super::{Scene, rpc};

/// A session: a key that ends.
#[derive(Clone, Debug)]
pub struct Session {
    /// `AccessKeyId`
    pub id: String,
    /// `AccessKeySecret`
    pub secret: String,
    /// `SecurityToken`
    pub token: String,
    /// `Expiration`, as STS writes it.
    pub expiration: String,
}

impl Scene {
    /// Opens a session of a role with a key: id and secret.
    #[track_caller]
    pub fn open_session(&self, key: (&str, &str), role_arn: &str) -> Session {
        let parameters = [("RoleArn", role_arn), ("RoleSessionName", "acceptance")];
        let (status, answer) = rpc::call(self.address(), rpc::STS, key, "AssumeRole", &parameters);
        assert_eq!(status, 200, "AssumeRole of {role_arn}: {answer}");
        let text = |name: &str| answer["Credentials"][name].as_str().unwrap().to_owned();
        Session {
            id: text("AccessKeyId"),
            secret: text("AccessKeySecret"),
            token: text("SecurityToken"),
            expiration: text("Expiration"),
        }
    }
}
