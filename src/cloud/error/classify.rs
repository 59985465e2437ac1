//! Finds the kind and the reason of a refusal by the service's status, code and message.

use Code::{Any, Contains, EndsWith, Is, StartsWith};
use ErrorKind::{
    AlreadyExists, Conflict, Denied, Invalid, NotFound, Throttled, Timeout, Unauthenticated, Unexpected,
};

use crate::error::{ErrorKind, Reason};

/// One row of the table. A condition that is `None` or empty matches everything.
struct Row {
    services: &'static [&'static str],
    status: Option<u16>,
    code: Code,
    /// Texts that the message must all contain, in any letter case.
    message: &'static [&'static str],
    /// `None`: the HTTP status decides the kind.
    kind: Option<ErrorKind>,
    reason: Option<Reason>,
}

/// How a row compares the code. Letter case never counts, because the pages of the SLS documentation disagree on it
/// (`LogstoreNotExist` and `LogStoreNotExist`).
enum Code {
    Any,
    Is(&'static [&'static str]),
    StartsWith(&'static str),
    EndsWith(&'static str),
    Contains(&'static str),
}

const fn row(services: &'static [&'static str], code: Code) -> Row {
    Row { services, status: None, code, message: &[], kind: None, reason: None }
}

impl Row {
    const fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    const fn message(mut self, texts: &'static [&'static str]) -> Self {
        self.message = texts;
        self
    }

    const fn kind(mut self, kind: ErrorKind) -> Self {
        self.kind = Some(kind);
        self
    }

    const fn reason(mut self, reason: Reason) -> Self {
        self.reason = Some(reason);
        self
    }
}

const ANY: &[&str] = &[];
const SLS: &[&str] = &["SLS"];
const RAM: &[&str] = &["RAM"];
const KMS: &[&str] = &["KMS"];
const STS: &[&str] = &["STS"];
const RPC: &[&str] = &["RAM", "KMS", "STS"];

/// The table. The first row that matches decides the kind and the reason.
///
/// Sources: "docs" is the SLS documentation, "Common error codes" and the error tables of each operation;
/// "sdk" the tests of the official Java and Go SDKs, which assert answers of the real service; "retry" the
/// rules by which the vendor's own tools repeat calls; "HTTP" is RFC 9110 and RFC 6585. For RAM, STS and KMS, "docs"
/// is the error table of each action and the common errors of the RPC style, "tools" what the official provider
/// and public clients tell apart.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    // docs (the common table spells one of them `ProjectNotExists`), sdk. With the documented status only.
    row(SLS, Is(&["LogStoreNotExist"])).status(404).kind(NotFound),
    row(SLS, Is(&["ProjectNotExist", "ProjectNotExists"])).status(404)
        .kind(NotFound).reason(Reason::NoSuchProject),
    // docs, sdk: status 400.
    row(SLS, Is(&["LogStoreAlreadyExist", "ProjectAlreadyExist"])).kind(AlreadyExists),
    // docs: quotas of data and calls (Write-, Read-, ShardWrite-, ShardReadQuotaExceed). `ProjectQuotaExceed` (status
    // 400) is a limit on the number of objects; waiting does not help.
    row(SLS, EndsWith("QuotaExceed")).status(403).kind(Throttled),
    row(SLS, Is(&["ProjectQuotaExceed"])).reason(Reason::QuotaReached),
    // docs
    row(SLS, Is(&["ServerBusy"])).status(503).kind(Throttled),
    // retry
    row(ANY, Contains("Throttling")).kind(Throttled),
    // HTTP (RFC 6585 section 4)
    row(ANY, Any).status(429).kind(Throttled),
    // SLS uses 401 `Unauthorized` for the key and the token, and also to say that a known caller has no permission
    // (`The AccessKeyId is unauthorized.`, `denied by sts or ram, action: ...`) and that the service is switched off
    // for the account; those are matters of permission. Source: docs, row `Unauthorized`; the `denied by` text is from
    // reports of users. SLS says in the message only that a token has expired.
    row(SLS, Is(&["Unauthorized"])).status(401)
        .message(&["security token", "expired"]).kind(Unauthenticated).reason(Reason::ExpiredToken),
    row(SLS, Is(&["Unauthorized"])).status(401)
        .message(&["security token"]).kind(Unauthenticated).reason(Reason::InvalidToken),
    row(SLS, Is(&["Unauthorized"])).status(401)
        .message(&["AccessKeyId not found"]).kind(Unauthenticated).reason(Reason::UnknownAccessKey),
    row(SLS, Is(&["Unauthorized"])).status(401)
        .message(&["AccessKeyId is disabled"]).kind(Unauthenticated).reason(Reason::DisabledAccessKey),
    row(SLS, Is(&["Unauthorized"])).status(401)
        .message(&["has been forbidden"]).kind(Denied).reason(Reason::InDebt),
    row(SLS, Is(&["Unauthorized"])).status(401).kind(Denied),
    // docs: `InvalidAccessKeyId` also says that the account has not opened the service.
    row(SLS, Is(&["InvalidAccessKeyId"])).status(401)
        .message(&["has not opened"]).kind(Denied).reason(Reason::NotActivated),
    row(SLS, Is(&["InvalidAccessKeyId"])).reason(Reason::UnknownAccessKey),
    row(SLS, Is(&["SignatureNotMatch"])).reason(Reason::WrongSignature),
    // docs: the clock of the caller is wrong, or the date is missing. The kind is that of a wrong signature.
    row(SLS, Is(&["RequestTimeTooSkewed", "RequestTimeExpired", "InvalidRequestTime"])).status(400)
        .kind(Unauthenticated).reason(Reason::ClockSkew),
    // The Python SDK retries it; no page gives its status.
    row(SLS, Is(&["RequestTimeout"])).kind(Timeout),
    // Go SDK, `error_code.go`; no page describes it.
    row(SLS, Is(&["ProjectForbidden"])).kind(Denied),
    row(SLS, Is(&["InvalidMethod"])).reason(Reason::NotOffered),
    row(RPC, Is(&["InvalidAction.NotFound", "InvalidVersion"])).reason(Reason::NotOffered),
    row(ANY, Is(&["UnsupportedHTTPMethod"])).reason(Reason::NotOffered),
    // docs, for STS
    row(STS, StartsWith("AuthenticationFail.OIDCToken.Expired")).reason(Reason::ExpiredOidcToken),
    row(STS, StartsWith("AuthenticationFail.OIDCToken")).reason(Reason::RefusedOidcToken),
    row(STS, StartsWith("InvalidParameter")).reason(Reason::InvalidSessionSetting),
    row(STS, Is(&["EntityNotExist.Role"])).status(404).kind(NotFound).reason(Reason::NoSuchRoleToAssume),
    row(STS, StartsWith("EntityNotExist.OIDC")).status(404).kind(NotFound).reason(Reason::NoSuchOidcProvider),
    // docs: with the documented status only, as for SLS. `EntityNotExist.Role.Policy` (tools) says that the policy
    // is not attached to the role.
    row(&["RAM", "STS"], StartsWith("EntityNotExist.")).status(404).kind(NotFound),
    // docs; `Forbidden.ResourceNotFound` tools.
    row(KMS, Is(&["Forbidden.KeyNotFound", "Forbidden.AliasNotFound", "Forbidden.ResourceNotFound"]))
        .status(404).kind(NotFound),
    // docs (the service is not activated, the account is in debt or restricted), tools (the key's instance). A
    // permission of the caller does not change that. Their status differs from page to page.
    row(KMS, Is(&["Forbidden.KmsServiceNotEnabled"])).kind(Conflict).reason(Reason::NotActivated),
    row(KMS, Is(&["Forbidden.ProhibitedByRiskControl"])).kind(Conflict).reason(Reason::RestrictedAccount),
    row(KMS, StartsWith("Forbidden.InDebt")).kind(Conflict).reason(Reason::InDebt),
    row(KMS, StartsWith("Forbidden.DKMSInstance")).kind(Conflict).reason(Reason::UnusableKmsInstance),
    row(KMS, StartsWith("Forbidden.KMSInstance")).kind(Conflict).reason(Reason::UnusableKmsInstance),
    row(KMS, Is(&["Rejected.Disabled"])).reason(Reason::DisabledKmsKey),
    row(KMS, Is(&["Rejected.PendingDeletion"])).reason(Reason::KmsKeyPendingDeletion),
    row(KMS, Is(&["Rejected.PendingImport"])).reason(Reason::KmsKeyPendingImport),
    row(KMS, Is(&["Rejected.LimitExceeded"])).kind(Invalid).reason(Reason::QuotaReached),
    // docs: status 409. `EntityAlreadyExists.Role.Policy` (tools) says that the policy is attached already.
    row(RAM, StartsWith("EntityAlreadyExists.")).kind(AlreadyExists),
    // docs: limits on the number of objects; waiting does not help.
    row(RAM, Is(&["LimitExceeded.User.Policy", "LimitExceeded.Group.Policy", "LimitExceeded.Role.Policy"]))
        .kind(Invalid).reason(Reason::TooManyAttachedPolicies),
    row(RAM, Is(&["LimitExceeded.Policy.Version"])).kind(Invalid).reason(Reason::TooManyPolicyVersions),
    row(RAM, StartsWith("LimitExceeded.")).kind(Invalid).reason(Reason::QuotaReached),
    row(RAM, StartsWith("DeleteConflict.")).reason(Reason::StillInUse),
    row(RAM, Is(&["MalformedPolicyDocument"])).reason(Reason::MalformedPolicyDocument),
    // docs, tools: the key, the signature, the token or the clock; their status differs from page to page.
    row(RPC, Is(&["InvalidAccessKeyId.Inactive"])).kind(Unauthenticated).reason(Reason::DisabledAccessKey),
    row(RPC, StartsWith("InvalidAccessKeyId")).kind(Unauthenticated).reason(Reason::UnknownAccessKey),
    row(RPC, Is(&["InvalidSecurityToken.Expired"])).kind(Unauthenticated).reason(Reason::ExpiredToken),
    // The SLS SDK for Python and tools of the RPC services handle both; no page names their status.
    row(ANY, Is(&["SecurityTokenExpired", "SecurityToken.Expired"]))
        .kind(Unauthenticated).reason(Reason::ExpiredToken),
    row(RPC, StartsWith("InvalidSecurityToken")).kind(Unauthenticated).reason(Reason::InvalidToken),
    row(RPC, Is(&["MissingSecurityToken"])).kind(Unauthenticated).reason(Reason::InvalidToken),
    row(RPC, StartsWith("InvalidTimeStamp")).kind(Unauthenticated).reason(Reason::ClockSkew),
    row(RPC, Is(&["IllegalTimestamp"])).kind(Unauthenticated).reason(Reason::ClockSkew),
    row(RPC, Is(&["SignatureDoesNotMatch", "IncompleteSignature"]))
        .kind(Unauthenticated).reason(Reason::WrongSignature),
    // docs: the service has received the same request before. Something between the client and the service sent it
    // twice.
    row(ANY, Is(&["SignatureNonceUsed"])).kind(Unexpected).reason(Reason::RequestSentTwice),
];

/// The kind and the reason of a refusal.
pub(super) fn classify(
    service: &str,
    status: u16,
    code: Option<&str>,
    message: &str,
) -> (ErrorKind, Option<Reason>) {
    let row = TABLE.iter().find(|row| row.matches(service, status, code, message));
    let kind = row.and_then(|row| row.kind).unwrap_or_else(|| kind_of_status(status));
    (kind, row.and_then(|row| row.reason))
}

/// The kind of a refusal without a documented code. A 404 does not mean that the object does not exist: proxies and
/// wrong endpoints answer 404 as well, and a caller might then forget an object that exists.
fn kind_of_status(status: u16) -> ErrorKind {
    match status {
        400 | 405 | 411 | 413 | 415 => Invalid,
        401 => Unauthenticated,
        403 => Denied,
        408 => Timeout,
        409 | 412 => Conflict,
        _ => Unexpected,
    }
}

impl Row {
    fn matches(&self, service: &str, status: u16, code: Option<&str>, message: &str) -> bool {
        (self.services.is_empty() || self.services.contains(&service))
            && self.status.is_none_or(|only| only == status)
            && self.code.matches(code)
            && self.message.iter().all(|text| contains(message, text))
    }
}

impl Code {
    fn matches(&self, code: Option<&str>) -> bool {
        let code = code.unwrap_or_default();
        match self {
            Self::Any => true,
            Self::Is(names) => names.iter().any(|name| code.eq_ignore_ascii_case(name)),
            Self::StartsWith(start) => code.to_ascii_lowercase().starts_with(&start.to_ascii_lowercase()),
            Self::EndsWith(end) => code.to_ascii_lowercase().ends_with(&end.to_ascii_lowercase()),
            Self::Contains(part) => contains(code, part),
        }
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, code: &str, message: &str, kind: ErrorKind) {
        let code = (!code.is_empty()).then_some(code);
        assert_eq!(classify("SLS", status, code, message).0, kind, "{status} {code:?} {message}");
    }

    #[test]
    fn only_documented_codes_are_not_found() {
        check(404, "LogStoreNotExist", "logstore l does not exist", NotFound);
        check(404, "LogstoreNotExist", "", NotFound);
        check(404, "ProjectNotExist", "The Project does not exist : p", NotFound);
        check(404, "ProjectNotExists", "", NotFound);
        check(404, "", "<html>404</html>", Unexpected);
        check(404, "ShardNotExist", "", Unexpected);
        check(500, "LogStoreNotExist", "", Unexpected);
        assert_eq!(classify("KMS", 404, Some("LogStoreNotExist"), "").0, Unexpected);
    }

    #[test]
    fn quotas_of_calls_are_throttled_and_quotas_of_objects_are_not() {
        for code in ["WriteQuotaExceed", "ReadQuotaExceed", "ShardWriteQuotaExceed", "ShardReadQuotaExceed"] {
            check(403, code, "Project write quota exceed: qps: 1", Throttled);
        }
        check(503, "ServerBusy", "The server is busy, please try again later.", Throttled);
        check(429, "", "", Throttled);
        check(400, "Throttling.User", "", Throttled);
        check(400, "ProjectQuotaExceed", "Project Quota Exceed.", Invalid);
        check(503, "", "", Unexpected);
    }

    #[test]
    fn a_401_is_unauthenticated_or_denied() {
        for message in [
            "The security token you provided is invalid.",
            "The security token you provided has expired.",
            "AccessKeyId not found: LTAI",
            "AccessKeyId is disabled: LTAI",
        ] {
            check(401, "Unauthorized", message, Unauthenticated);
        }
        for message in [
            "The AccessKeyId is unauthorized.",
            "Your SLS service has been forbidden.",
            "denied by sts or ram, action: log:UpdateLogStore, resource: acs:log:cn-hangzhou:1:project/p/logstore/l",
        ] {
            check(401, "Unauthorized", message, Denied);
        }
        check(401, "SignatureNotMatch", "Signature s is not matched.", Unauthenticated);
        check(401, "InvalidAccessKeyId", "The access key id you provided is invalid: x.", Unauthenticated);
        check(401, "InvalidAccessKeyId", "Your SLS service has not opened.", Denied);
        check(401, "", "", Unauthenticated);
        check(403, "SecurityTokenExpired", "", Unauthenticated);
        check(400, "SecurityToken.Expired", "", Unauthenticated);
        check(400, "RequestTimeExpired", "", Unauthenticated);
        check(400, "RequestTimeTooSkewed", "", Unauthenticated);
    }

    #[test]
    fn an_expired_token_has_another_reason_than_an_invalid_one() {
        let expired_message = "The security token you provided has expired.";
        for (service, code, message, expired) in [
            ("SLS", "Unauthorized", expired_message, true),
            ("SLS", "unauthorized", "security token is expired", true),
            ("SLS", "Unauthorized", "The security token you provided is invalid.", false),
            ("SLS", "Unauthorized", "Your free trial has expired.", false),
            ("SLS", "RequestTimeExpired", "", false),
            ("SLS", "SecurityTokenExpired", "", true),
            ("SLS", "SecurityToken.Expired", "", true),
            ("RAM", "Unauthorized", expired_message, false),
            ("RAM", "InvalidSecurityToken.Expired", "", true),
            ("KMS", "SecurityTokenExpired", "", true),
            ("STS", "SecurityToken.Expired", "", true),
            ("STS", "InvalidSecurityToken.Malformed", "", false),
            ("STS", "AuthenticationFail.OIDCToken.Expired", "This JsonWebToken is expired.", false),
            ("RAM", "InvalidTimeStamp.Expired", "", false),
        ] {
            let (_, reason) = classify(service, 401, Some(code), message);
            assert_eq!(reason == Some(Reason::ExpiredToken), expired, "{service} {code} {message}");
        }
        assert_eq!(classify("SLS", 401, None, expired_message).1, None);
    }

    #[test]
    fn every_row_is_the_first_to_match_something() {
        for (position, row) in TABLE.iter().enumerate() {
            let code = match row.code {
                Any => "",
                Is(names) => names[names.len() - 1],
                StartsWith(part) | EndsWith(part) | Contains(part) => part,
            };
            let service = row.services.first().copied().unwrap_or("KMS");
            let (status, message) = (row.status.unwrap_or(400), row.message.join(" "));
            let first = TABLE.iter().position(|row| row.matches(service, status, Some(code), &message));
            assert_eq!(first, Some(position), "{service} {status} {code} {message}");
        }
    }

    #[test]
    fn other_refusals_are_classified_by_status() {
        check(400, "LogStoreAlreadyExist", "", AlreadyExists);
        check(400, "LogStoreInfoInvalid", "redundant key exist in json", Invalid);
        check(400, "ParameterInvalid", "", Invalid);
        check(405, "InvalidMethod", "", Invalid);
        check(403, "ProjectForbidden", "", Denied);
        check(403, "", "", Denied);
        check(409, "", "", Conflict);
        check(408, "", "", Timeout);
        check(400, "RequestTimeout", "", Timeout);
        check(500, "InternalServerError", "", Unexpected);
        check(302, "", "", Unexpected);
        check(200, "", "", Unexpected);
    }

    #[track_caller]
    fn check_rpc(service: &str, status: u16, code: &str, kind: ErrorKind) {
        assert_eq!(classify(service, status, Some(code), "").0, kind, "{service} {status} {code}");
    }

    #[test]
    fn missing_entities_and_keys_are_not_found_and_other_404s_are_not() {
        check_rpc("RAM", 404, "EntityNotExist.Role", NotFound);
        check_rpc("RAM", 404, "EntityNotExist.Policy.Version", NotFound);
        check_rpc("RAM", 404, "EntityNotExist.Role.Policy", NotFound);
        check_rpc("STS", 404, "EntityNotExist.Role", NotFound);
        check_rpc("KMS", 404, "Forbidden.KeyNotFound", NotFound);
        check_rpc("KMS", 404, "Forbidden.AliasNotFound", NotFound);
        check_rpc("KMS", 404, "Forbidden.ResourceNotFound", NotFound);
        check_rpc("KMS", 404, "Forbidden.KeyVersionNotFound", Unexpected);
        check_rpc("RAM", 404, "InvalidAction.NotFound", Unexpected);
        check_rpc("RAM", 500, "EntityNotExist.Role", Unexpected);
        check_rpc("SLS", 404, "EntityNotExist.Role", Unexpected);
    }

    #[test]
    fn existing_conflicting_and_full_objects_have_different_kinds() {
        check_rpc("RAM", 409, "EntityAlreadyExists.Role", AlreadyExists);
        check_rpc("RAM", 409, "EntityAlreadyExists.User.Policy", AlreadyExists);
        check_rpc("RAM", 409, "DeleteConflict.Role.Policy", Conflict);
        check_rpc("RAM", 409, "LimitExceeded.Policy.Version", Invalid);
        check_rpc("RAM", 400, "MalformedPolicyDocument", Invalid);
        check_rpc("KMS", 409, "Rejected.Disabled", Conflict);
        check_rpc("KMS", 409, "Rejected.LimitExceeded", Invalid);
    }

    #[test]
    fn refusals_of_the_rpc_services_are_classified_by_code() {
        for service in RPC {
            check_rpc(service, 404, "InvalidAccessKeyId.NotFound", Unauthenticated);
            check_rpc(service, 403, "InvalidAccessKeyId.Inactive", Unauthenticated);
            check_rpc(service, 400, "SignatureDoesNotMatch", Unauthenticated);
            check_rpc(service, 400, "InvalidTimeStamp.Expired", Unauthenticated);
            check_rpc(service, 400, "InvalidSecurityToken.Expired", Unauthenticated);
            check_rpc(service, 400, "MissingSecurityToken", Unauthenticated);
            check_rpc(service, 403, "NoPermission", Denied);
            check_rpc(service, 400, "Throttling.User", Throttled);
            check_rpc(service, 400, "SignatureNonceUsed", Unexpected);
            check_rpc(service, 503, "ServiceUnavailable", Unexpected);
        }
        check_rpc("KMS", 403, "Forbidden.NoPermission", Denied);
        for code in [
            "Forbidden.KmsServiceNotEnabled",
            "Forbidden.InDebt",
            "Forbidden.InDebtOverdue",
            "Forbidden.ProhibitedByRiskControl",
            "Forbidden.DKMSInstanceNotFound",
            "Forbidden.DKMSInstanceStateInvalid",
            "Forbidden.KMSInstanceInUpgrade",
        ] {
            check_rpc("KMS", 403, code, Conflict);
        }
        check_rpc("KMS", 400, "Rejected.Throttling", Throttled);
    }
}
