//! From a service's status and code to the kind of failure: one table, first match wins.

use crate::cloud::error::ErrorKind;

/// One row; what is `None` or [`Code::Any`] matches everything.
struct Row {
    /// The services it is about; empty for every one.
    services: &'static [&'static str],
    status: Option<u16>,
    code: Code,
    /// Texts of which one must occur in the message, in any letter case; empty for any message.
    message: &'static [&'static str],
    kind: ErrorKind,
}

/// How a row compares the code: always without regard to letter case, because the pages of SLS disagree on
/// it (`LogstoreNotExist` and `LogStoreNotExist`).
enum Code {
    Any,
    Is(&'static [&'static str]),
    StartsWith(&'static str),
    EndsWith(&'static str),
    Contains(&'static str),
}

/// Messages of 401 `Unauthorized` that are about the key or the token. SLS uses the same code to say that a
/// known caller has no permission (`The AccessKeyId is unauthorized.`, `denied by sts or ram, action: ...`)
/// and that the service is switched off for the account; those are matters of permission.
/// Source: SLS documentation, "Common error codes", row `Unauthorized`; the `denied by` text is from
/// reports of users.
const KEY_OR_TOKEN: &[&str] = &["security token", "AccessKeyId not found", "AccessKeyId is disabled"];

/// Codes that say, of any service, that the token has expired.
const EXPIRED: &[&str] = &["SecurityTokenExpired", "SecurityToken.Expired"];

const fn row(services: &'static [&'static str], status: Option<u16>, code: Code, kind: ErrorKind) -> Row {
    Row { services, status, code, message: &[], kind }
}

const ANY: &[&str] = &[];
const SLS: &[&str] = &["SLS"];
const RAM: &[&str] = &["RAM"];
const KMS: &[&str] = &["KMS"];
const RAM_OR_STS: &[&str] = &["RAM", "STS"];
const RPC: &[&str] = &["RAM", "KMS", "STS"];

/// Sources: "docs" is the SLS documentation, "Common error codes" and the error tables of each operation;
/// "sdk" the tests of the official Java and Go SDKs, which assert answers of the real service; "retry" the
/// rules by which the vendor's own tools repeat calls; "HTTP" is RFC 9110 and RFC 6585. For RAM, STS and KMS, "docs"
/// is the error table of each action and the common errors of the RPC style, "tools" what the official provider
/// and public clients tell apart.
const TABLE: &[Row] = &[
    // docs (the common table spells one of them `ProjectNotExists`), sdk. With the documented status only.
    row(
        SLS,
        Some(404),
        Code::Is(&["LogStoreNotExist", "ProjectNotExist", "ProjectNotExists"]),
        ErrorKind::NotFound,
    ),
    // docs, sdk: status 400.
    row(SLS, None, Code::Is(&["LogStoreAlreadyExist", "ProjectAlreadyExist"]), ErrorKind::AlreadyExists),
    // docs: quotas of data and calls (Write-, Read-, ShardWrite-, ShardReadQuotaExceed). The 400
    // `ProjectQuotaExceed` is a limit on how many things exist; waiting does not help, it stays Invalid.
    row(SLS, Some(403), Code::EndsWith("QuotaExceed"), ErrorKind::Throttled),
    // docs
    row(SLS, Some(503), Code::Is(&["ServerBusy"]), ErrorKind::Throttled),
    // retry
    row(ANY, None, Code::Contains("Throttling"), ErrorKind::Throttled),
    // HTTP (RFC 6585 section 4)
    row(ANY, Some(429), Code::Any, ErrorKind::Throttled),
    // docs
    Row {
        services: SLS,
        status: Some(401),
        code: Code::Is(&["Unauthorized"]),
        message: KEY_OR_TOKEN,
        kind: ErrorKind::Unauthenticated,
    },
    row(SLS, Some(401), Code::Is(&["Unauthorized"]), ErrorKind::Denied),
    // docs: `InvalidAccessKeyId` also says that the account has not opened the service.
    Row {
        services: SLS,
        status: Some(401),
        code: Code::Is(&["InvalidAccessKeyId"]),
        message: &["has not opened"],
        kind: ErrorKind::Denied,
    },
    // docs: the clock of the caller is off, or a date is missing: the same family as a wrong signature.
    row(
        SLS,
        Some(400),
        Code::Is(&["RequestTimeTooSkewed", "RequestTimeExpired", "InvalidRequestTime"]),
        ErrorKind::Unauthenticated,
    ),
    // The Python SDK retries it; no page gives its status.
    row(SLS, None, Code::Is(&["RequestTimeout"]), ErrorKind::Timeout),
    // Go SDK, `error_code.go`; no page describes it.
    row(SLS, None, Code::Is(&["ProjectForbidden"]), ErrorKind::Denied),
    // docs: with the documented status only, as for SLS. `EntityNotExist.Role.Policy` (tools) says that the policy
    // is not attached to the role.
    row(RAM_OR_STS, Some(404), Code::StartsWith("EntityNotExist."), ErrorKind::NotFound),
    // docs; `Forbidden.ResourceNotFound` tools.
    row(
        KMS,
        Some(404),
        Code::Is(&["Forbidden.KeyNotFound", "Forbidden.AliasNotFound", "Forbidden.ResourceNotFound"]),
        ErrorKind::NotFound,
    ),
    // docs (the service is not activated, the account is in debt or restricted), tools (the key's instance): no
    // permission of the caller changes that. Their status differs from page to page.
    row(
        KMS,
        None,
        Code::Is(&["Forbidden.KmsServiceNotEnabled", "Forbidden.ProhibitedByRiskControl"]),
        ErrorKind::Conflict,
    ),
    row(KMS, None, Code::StartsWith("Forbidden.InDebt"), ErrorKind::Conflict),
    row(KMS, None, Code::StartsWith("Forbidden.DKMSInstance"), ErrorKind::Conflict),
    row(KMS, None, Code::StartsWith("Forbidden.KMSInstance"), ErrorKind::Conflict),
    // docs: status 409. `EntityAlreadyExists.Role.Policy` (tools) says that the policy is attached already.
    row(RAM, None, Code::StartsWith("EntityAlreadyExists."), ErrorKind::AlreadyExists),
    // docs: limits on how many things exist; waiting does not help.
    row(RAM, None, Code::StartsWith("LimitExceeded."), ErrorKind::Invalid),
    row(KMS, None, Code::Is(&["Rejected.LimitExceeded"]), ErrorKind::Invalid),
    // docs, tools: the key, the signature, the token or the clock; their status differs from page to page.
    row(RPC, None, Code::StartsWith("InvalidAccessKeyId"), ErrorKind::Unauthenticated),
    row(RPC, None, Code::StartsWith("InvalidSecurityToken"), ErrorKind::Unauthenticated),
    // The SLS SDK for Python and tools of the RPC services know both; no page gives their status.
    row(ANY, None, Code::Is(EXPIRED), ErrorKind::Unauthenticated),
    row(RPC, None, Code::StartsWith("InvalidTimeStamp"), ErrorKind::Unauthenticated),
    row(
        RPC,
        None,
        Code::Is(&[
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "MissingSecurityToken",
            "IllegalTimestamp",
        ]),
        ErrorKind::Unauthenticated,
    ),
    // docs: the service has seen this very request before, so something on the way has sent it twice.
    row(RPC, None, Code::Is(&["SignatureNonceUsed"]), ErrorKind::Unexpected),
    // HTTP from here on. A 404 without a documented code is not "it does not exist": proxies and wrong
    // endpoints answer like that, and a caller may forget a thing that still exists.
    row(ANY, Some(400), Code::Any, ErrorKind::Invalid),
    row(ANY, Some(401), Code::Any, ErrorKind::Unauthenticated),
    row(ANY, Some(403), Code::Any, ErrorKind::Denied),
    row(ANY, Some(405), Code::Any, ErrorKind::Invalid),
    row(ANY, Some(408), Code::Any, ErrorKind::Timeout),
    row(ANY, Some(409), Code::Any, ErrorKind::Conflict),
    row(ANY, Some(411), Code::Any, ErrorKind::Invalid),
    row(ANY, Some(412), Code::Any, ErrorKind::Conflict),
    row(ANY, Some(413), Code::Any, ErrorKind::Invalid),
    row(ANY, Some(415), Code::Any, ErrorKind::Invalid),
];

/// The kind of a refusal; what no row knows is [`ErrorKind::Unexpected`].
pub(crate) fn classify(service: &str, status: u16, code: Option<&str>, message: &str) -> ErrorKind {
    TABLE
        .iter()
        .find(|row| row.matches(service, status, code, message))
        .map_or(ErrorKind::Unexpected, |row| row.kind)
}

/// Whether a refusal says that the token of the caller has expired: the one thing about a caller that fresh
/// credentials put right. SLS says it in words only (docs, "Common error codes", row `Unauthorized`).
pub(crate) fn says_token_expired(service: &str, code: Option<&str>, message: &str) -> bool {
    let is = |names: &'static [&str]| Code::Is(names).matches(code);
    let in_words = contains(message, "security token") && contains(message, "expired");
    is(EXPIRED)
        || (SLS.contains(&service) && is(&["Unauthorized"]) && in_words)
        || (RPC.contains(&service) && is(&["InvalidSecurityToken.Expired"]))
}

impl Row {
    fn matches(&self, service: &str, status: u16, code: Option<&str>, message: &str) -> bool {
        (self.services.is_empty() || self.services.contains(&service))
            && self.status.is_none_or(|only| only == status)
            && self.code.matches(code)
            && (self.message.is_empty() || self.message.iter().any(|text| contains(message, text)))
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
        assert_eq!(classify("SLS", status, code, message), kind, "{status} {code:?} {message}");
    }

    #[test]
    fn only_documented_codes_mean_that_a_thing_does_not_exist() {
        check(404, "LogStoreNotExist", "logstore l does not exist", ErrorKind::NotFound);
        check(404, "LogstoreNotExist", "", ErrorKind::NotFound);
        check(404, "ProjectNotExist", "The Project does not exist : p", ErrorKind::NotFound);
        check(404, "ProjectNotExists", "", ErrorKind::NotFound);
        check(404, "", "<html>404</html>", ErrorKind::Unexpected);
        check(404, "ShardNotExist", "", ErrorKind::Unexpected);
        check(500, "LogStoreNotExist", "", ErrorKind::Unexpected);
        assert_eq!(classify("KMS", 404, Some("LogStoreNotExist"), ""), ErrorKind::Unexpected);
    }

    #[test]
    fn quotas_of_calls_are_throttling_and_quotas_of_things_are_not() {
        for code in ["WriteQuotaExceed", "ReadQuotaExceed", "ShardWriteQuotaExceed", "ShardReadQuotaExceed"] {
            check(403, code, "Project write quota exceed: qps: 1", ErrorKind::Throttled);
        }
        check(503, "ServerBusy", "The server is busy, please try again later.", ErrorKind::Throttled);
        check(429, "", "", ErrorKind::Throttled);
        check(400, "Throttling.User", "", ErrorKind::Throttled);
        check(400, "ProjectQuotaExceed", "Project Quota Exceed.", ErrorKind::Invalid);
        check(503, "", "", ErrorKind::Unexpected);
    }

    #[test]
    fn a_401_is_about_the_caller_or_about_its_permission() {
        for message in [
            "The security token you provided is invalid.",
            "The security token you provided has expired.",
            "AccessKeyId not found: LTAI",
            "AccessKeyId is disabled: LTAI",
        ] {
            check(401, "Unauthorized", message, ErrorKind::Unauthenticated);
        }
        for message in [
            "The AccessKeyId is unauthorized.",
            "Your SLS service has been forbidden.",
            "denied by sts or ram, action: log:UpdateLogStore, resource: acs:log:cn-hangzhou:1:project/p/logstore/l",
        ] {
            check(401, "Unauthorized", message, ErrorKind::Denied);
        }
        check(401, "SignatureNotMatch", "Signature s is not matched.", ErrorKind::Unauthenticated);
        check(
            401,
            "InvalidAccessKeyId",
            "The access key id you provided is invalid: x.",
            ErrorKind::Unauthenticated,
        );
        check(401, "InvalidAccessKeyId", "Your SLS service has not opened.", ErrorKind::Denied);
        check(401, "", "", ErrorKind::Unauthenticated);
        check(403, "SecurityTokenExpired", "", ErrorKind::Unauthenticated);
        check(400, "SecurityToken.Expired", "", ErrorKind::Unauthenticated);
        check(400, "RequestTimeExpired", "", ErrorKind::Unauthenticated);
        check(400, "RequestTimeTooSkewed", "", ErrorKind::Unauthenticated);
    }

    #[test]
    fn a_token_that_has_expired_is_told_from_one_that_is_wrong() {
        let over = "The security token you provided has expired.";
        for (service, code, message, expired) in [
            ("SLS", "Unauthorized", over, true),
            ("SLS", "unauthorized", "security token is expired", true),
            ("SLS", "Unauthorized", "The security token you provided is invalid.", false),
            ("SLS", "Unauthorized", "Your free trial has expired.", false),
            ("SLS", "RequestTimeExpired", "", false),
            ("SLS", "SecurityTokenExpired", "", true),
            ("SLS", "SecurityToken.Expired", "", true),
            ("RAM", "Unauthorized", over, false),
            ("RAM", "InvalidSecurityToken.Expired", "", true),
            ("KMS", "SecurityTokenExpired", "", true),
            ("STS", "SecurityToken.Expired", "", true),
            ("STS", "InvalidSecurityToken.Malformed", "", false),
            ("STS", "AuthenticationFail.OIDCToken.Expired", "This JsonWebToken is expired.", false),
            ("RAM", "InvalidTimeStamp.Expired", "", false),
        ] {
            let said = says_token_expired(service, Some(code), message);
            assert_eq!(said, expired, "{service} {code} {message}");
        }
        assert!(!says_token_expired("SLS", None, over));
    }

    #[test]
    fn the_rest_follows_the_status() {
        check(400, "LogStoreAlreadyExist", "", ErrorKind::AlreadyExists);
        check(400, "LogStoreInfoInvalid", "redundant key exist in json", ErrorKind::Invalid);
        check(400, "ParameterInvalid", "", ErrorKind::Invalid);
        check(405, "InvalidMethod", "", ErrorKind::Invalid);
        check(403, "ProjectForbidden", "", ErrorKind::Denied);
        check(403, "", "", ErrorKind::Denied);
        check(409, "", "", ErrorKind::Conflict);
        check(408, "", "", ErrorKind::Timeout);
        check(400, "RequestTimeout", "", ErrorKind::Timeout);
        check(500, "InternalServerError", "", ErrorKind::Unexpected);
        check(302, "", "", ErrorKind::Unexpected);
        check(200, "", "", ErrorKind::Unexpected);
    }

    #[track_caller]
    fn check_rpc(service: &str, status: u16, code: &str, kind: ErrorKind) {
        assert_eq!(classify(service, status, Some(code), ""), kind, "{service} {status} {code}");
    }

    #[test]
    fn entities_and_keys_that_do_not_exist_are_told_from_other_404s() {
        check_rpc("RAM", 404, "EntityNotExist.Role", ErrorKind::NotFound);
        check_rpc("RAM", 404, "EntityNotExist.Policy.Version", ErrorKind::NotFound);
        check_rpc("RAM", 404, "EntityNotExist.Role.Policy", ErrorKind::NotFound);
        check_rpc("STS", 404, "EntityNotExist.Role", ErrorKind::NotFound);
        check_rpc("KMS", 404, "Forbidden.KeyNotFound", ErrorKind::NotFound);
        check_rpc("KMS", 404, "Forbidden.AliasNotFound", ErrorKind::NotFound);
        check_rpc("KMS", 404, "Forbidden.ResourceNotFound", ErrorKind::NotFound);
        check_rpc("KMS", 404, "Forbidden.KeyVersionNotFound", ErrorKind::Unexpected);
        check_rpc("RAM", 404, "InvalidAction.NotFound", ErrorKind::Unexpected);
        check_rpc("RAM", 500, "EntityNotExist.Role", ErrorKind::Unexpected);
        check_rpc("SLS", 404, "EntityNotExist.Role", ErrorKind::Unexpected);
    }

    #[test]
    fn what_exists_what_conflicts_and_what_is_full_are_told_apart() {
        check_rpc("RAM", 409, "EntityAlreadyExists.Role", ErrorKind::AlreadyExists);
        check_rpc("RAM", 409, "EntityAlreadyExists.User.Policy", ErrorKind::AlreadyExists);
        check_rpc("RAM", 409, "DeleteConflict.Role.Policy", ErrorKind::Conflict);
        check_rpc("RAM", 409, "LimitExceeded.Policy.Version", ErrorKind::Invalid);
        check_rpc("RAM", 400, "MalformedPolicyDocument", ErrorKind::Invalid);
        check_rpc("KMS", 409, "Rejected.Disabled", ErrorKind::Conflict);
        check_rpc("KMS", 409, "Rejected.LimitExceeded", ErrorKind::Invalid);
    }

    #[test]
    fn callers_of_the_rpc_services_are_unknown_denied_or_throttled() {
        for service in RPC {
            check_rpc(service, 404, "InvalidAccessKeyId.NotFound", ErrorKind::Unauthenticated);
            check_rpc(service, 403, "InvalidAccessKeyId.Inactive", ErrorKind::Unauthenticated);
            check_rpc(service, 400, "SignatureDoesNotMatch", ErrorKind::Unauthenticated);
            check_rpc(service, 400, "InvalidTimeStamp.Expired", ErrorKind::Unauthenticated);
            check_rpc(service, 400, "InvalidSecurityToken.Expired", ErrorKind::Unauthenticated);
            check_rpc(service, 400, "MissingSecurityToken", ErrorKind::Unauthenticated);
            check_rpc(service, 403, "NoPermission", ErrorKind::Denied);
            check_rpc(service, 400, "Throttling.User", ErrorKind::Throttled);
            check_rpc(service, 400, "SignatureNonceUsed", ErrorKind::Unexpected);
            check_rpc(service, 503, "ServiceUnavailable", ErrorKind::Unexpected);
        }
        check_rpc("KMS", 403, "Forbidden.NoPermission", ErrorKind::Denied);
        for code in [
            "Forbidden.KmsServiceNotEnabled",
            "Forbidden.InDebt",
            "Forbidden.InDebtOverdue",
            "Forbidden.ProhibitedByRiskControl",
            "Forbidden.DKMSInstanceNotFound",
            "Forbidden.DKMSInstanceStateInvalid",
            "Forbidden.KMSInstanceInUpgrade",
        ] {
            check_rpc("KMS", 403, code, ErrorKind::Conflict);
        }
        check_rpc("KMS", 400, "Rejected.Throttling", ErrorKind::Throttled);
    }
}
