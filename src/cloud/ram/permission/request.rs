//! What somebody wants to do.

/// Something that somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The action: `kms:Decrypt`.
    pub action: &'a str,
    /// What policies compare besides the action.
    pub about: About<'a>,
}

/// What a statement is compared with besides the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// The resource of a policy that somebody holds: an ARN.
    Resource(&'a str),
    /// The service that a trust policy has to name in `Principal`: `log.aliyuncs.com`.
    Service(&'a str),
}
