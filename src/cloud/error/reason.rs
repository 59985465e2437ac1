//! Why a service refused a call, where its answer says so.

/// Why a service refused a call. It is finer than [`ErrorKind`](super::ErrorKind), because two refusals of one kind may
/// have different remedies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The AccessKey does not exist.
    UnknownAccessKey,
    /// The AccessKey is disabled.
    DisabledAccessKey,
    /// The signature is not the one that the service computes.
    WrongSignature,
    /// The security token has expired.
    ExpiredToken,
    /// The security token is missing, is not valid, or belongs to another AccessKey.
    InvalidToken,
    /// The time of the request differs too much from the service's.
    ClockSkew,
    /// The service received the same request before.
    RequestSentTwice,
    /// The service does not offer the call at this endpoint.
    NotOffered,
    /// The account has not activated the service.
    NotActivated,
    /// The service is switched off for the account, mostly because of an overdue payment.
    InDebt,
    /// Alibaba Cloud has restricted the account.
    RestrictedAccount,
    /// The account has reached its quota of objects of this type.
    QuotaReached,
    /// The user, group or role has reached its limit of attached policies.
    TooManyAttachedPolicies,
    /// The policy has reached its limit of versions.
    TooManyPolicyVersions,
    /// RAM does not accept the policy document.
    MalformedPolicyDocument,
    /// RAM does not delete an object that is still in use.
    StillInUse,
    /// The project does not exist in the region of the endpoint.
    NoSuchProject,
    /// The KMS instance of the key is missing, being upgraded or not enabled.
    UnusableKmsInstance,
    /// The KMS key is disabled.
    DisabledKmsKey,
    /// The KMS key is scheduled for deletion.
    KmsKeyPendingDeletion,
    /// The KMS key has no key material yet.
    KmsKeyPendingImport,
    /// The OIDC token has expired.
    ExpiredOidcToken,
    /// STS does not accept the OIDC token.
    RefusedOidcToken,
    /// RAM has no such OIDC identity provider.
    NoSuchOidcProvider,
    /// The role to assume does not exist.
    NoSuchRoleToAssume,
    /// STS refuses a setting of the session.
    InvalidSessionSetting,
}
