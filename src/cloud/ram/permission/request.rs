//! The request that policies are evaluated for.

/// A request that policies are evaluated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The action: `kms:Decrypt`.
    pub action: &'a str,
    /// The target of the action.
    pub target: Target<'a>,
}

/// What a statement is compared with besides the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// The ARN that the `Resource` of an attached policy must match.
    Resource(&'a str),
    /// The service that the `Principal` of a trust policy must name: `log.aliyuncs.com`.
    Service(&'a str),
}
