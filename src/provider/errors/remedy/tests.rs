//! Every row of the table, and what is said where there is none.

use time::Duration;

use super::*;
use cloud::error::Operation;
use cloud::http::TransportError;

fn refusal(service: &'static str, status: u16, code: &str, message: &str) -> Error {
    let operation = Operation::new(service, "GetThing", "p/l");
    Error::from_answer(&operation, status, Some(code.to_owned()), message)
}

#[track_caller]
fn check(service: &'static str, status: u16, code: &str, message: &str, words: &str) {
    let told = remedy(&refusal(service, status, code, message));
    assert!(told.contains(words), "{service} {status} {code} {message}: {told}");
}

#[test]
fn a_caller_that_is_not_accepted_gets_the_remedy_for_the_wrong_half() {
    let (key, secret, disabled) =
        ("does not know this AccessKey", "does not belong to the AccessKey id", "is disabled");
    let (expired, token) = ("have expired", "security token is missing, is not valid");
    check("SLS", 401, "Unauthorized", "AccessKeyId not found: LTAI", key);
    check("SLS", 401, "InvalidAccessKeyId", "The access key id you provided is invalid: x.", key);
    check("SLS", 401, "SignatureNotMatch", "Signature s is not matched.", secret);
    check("SLS", 401, "Unauthorized", "AccessKeyId is disabled: LTAI", disabled);
    check("SLS", 401, "Unauthorized", "The security token you provided has expired.", expired);
    check("SLS", 401, "Unauthorized", "The security token you provided is invalid.", token);
    for service in ["RAM", "KMS", "STS"] {
        check(service, 404, "InvalidAccessKeyId.NotFound", "", key);
        check(service, 403, "InvalidAccessKeyId.Inactive", "", disabled);
        check(service, 400, "SignatureDoesNotMatch", "", secret);
        check(service, 400, "IncompleteSignature", "", secret);
        check(service, 400, "InvalidSecurityToken.Expired", "", expired);
        check(service, 400, "SecurityTokenExpired", "", expired);
        check(service, 400, "SecurityToken.Expired", "", expired);
        check(service, 400, "InvalidSecurityToken.Malformed", "", token);
        check(service, 400, "MissingSecurityToken", "", token);
        check(service, 400, "SignatureNonceUsed", "", "sent the request twice");
    }
    check("STS", 400, "AuthenticationFail.OIDCToken.Expired", "", "The OIDC token has expired");
    check("STS", 400, "AuthenticationFail.OIDCToken.Invalid", "", "oidc_provider_arn");
}

#[test]
fn new_credentials_that_are_refused_too_are_a_matter_of_clocks() {
    let refused = |code| refusal("RAM", 400, code, "").with_renewal_refused();
    let words = remedy(&refused("InvalidSecurityToken.Expired").with_clock_ahead(Some(-Duration::HOUR)));
    assert!(words.contains("new ones have expired too. Check this machine's clock"), "{words}");
    assert!(words.contains("clock is 60 minutes behind"), "{words}");
    assert!(!remedy(&refused("InvalidSecurityToken.Malformed")).contains("new ones"));
}

#[test]
fn a_clock_that_is_off_is_measured() {
    let skewed = |minutes| {
        let error = refusal("SLS", 400, "RequestTimeTooSkewed", "");
        remedy(&error.with_clock_ahead(Some(Duration::minutes(minutes))))
    };
    assert!(skewed(20).contains("clock is 20 minutes ahead of the service's"), "{}", skewed(20));
    assert!(skewed(-90).contains("clock is 90 minutes behind the service's"), "{}", skewed(-90));
    assert!(
        !skewed(1).contains("minutes") && skewed(1).contains("Set this machine's clock"),
        "{}",
        skewed(1)
    );
    check("SLS", 400, "RequestTimeExpired", "", "Set this machine's clock");
    for service in ["RAM", "KMS", "STS"] {
        check(service, 400, "InvalidTimeStamp.Expired", "", "Set this machine's clock");
        check(service, 400, "IllegalTimestamp", "", "Set this machine's clock");
    }
    // A wrong signature may be one of another day.
    let error = refusal("RAM", 400, "SignatureDoesNotMatch", "").with_clock_ahead(Some(Duration::HOUR));
    assert!(remedy(&error).contains("60 minutes ahead"));
    let error = refusal("RAM", 404, "EntityNotExist.Role", "").with_clock_ahead(Some(Duration::HOUR));
    assert!(!remedy(&error).contains("minutes"));
}

#[test]
fn services_that_are_off_full_or_elsewhere_have_their_remedies() {
    check("SLS", 401, "InvalidAccessKeyId", "Your SLS service has not opened.", "is not activated");
    check("KMS", 403, "Forbidden.KmsServiceNotEnabled", "", "is not activated");
    check("SLS", 401, "Unauthorized", "Your SLS service has been forbidden.", "overdue payment");
    check("KMS", 403, "Forbidden.InDebtOverdue", "", "overdue payment");
    check("SLS", 400, "ProjectQuotaExceed", "Project Quota Exceed.", "Quota Center");
    check("RAM", 409, "LimitExceeded.Policy", "", "Quota Center");
    check("RAM", 409, "LimitExceeded.Role", "", "Quota Center");
    check("RAM", 409, "LimitExceeded.Policy.Version", "", "reached its limit of versions");
    for holder in ["User", "Group", "Role"] {
        check("RAM", 409, &format!("LimitExceeded.{holder}.Policy"), "", "not one of the account");
    }
    check("KMS", 409, "Rejected.LimitExceeded", "", "Quota Center");
    check("SLS", 403, "WriteQuotaExceed", "", "more calls than the service accepts");
    check(
        "SLS",
        405,
        "InvalidMethod",
        "invalid request method: /logstores/a.b",
        "this region does not offer it",
    );
    check("SLS", 405, "", "", "this region does not offer it");
    check("KMS", 405, "UnsupportedHTTPMethod", "", "this region does not offer it");
    check("RAM", 404, "InvalidAction.NotFound", "", "the endpoint is of another service");
}

#[test]
fn things_that_do_not_exist_or_are_in_use_have_their_remedies() {
    check("SLS", 404, "LogStoreNotExist", "", "Check project_name and logstore_name.");
    check("SLS", 404, "ProjectNotExist", "", "set region on the resource if the project is in another one");
    check("RAM", 404, "EntityNotExist.Role", "", "Check the name, and");
    check("KMS", 404, "Forbidden.KeyNotFound", "", "Check the key's id and its region");
    check("STS", 404, "EntityNotExist.Role", "", "Check the role's ARN");
    check("RAM", 409, "DeleteConflict.Role.Policy", "", "Something still uses it");
    check("RAM", 400, "MalformedPolicyDocument", "", "Check its grammar");
    check("KMS", 409, "Rejected.Disabled", "", "The key is disabled");
    check("KMS", 409, "Rejected.PendingDeletion", "", "is going to be deleted");
    check("KMS", 409, "Rejected.PendingImport", "", "no key material yet");
}

#[test]
fn a_denial_comes_with_the_statement_that_allows_it() {
    check("SLS", 403, "ProjectForbidden", "", "log:UpdateLogStore on the Logstore");
    check("SLS", 401, "Unauthorized", "The AccessKeyId is unauthorized.", "\"Action\":\"log:GetThing\"");
    check("RAM", 403, "NoPermission", "", "Grant the caller ram:GetThing.");
    check("KMS", 403, "Forbidden.NoPermission", "", "Grant the caller kms:GetThing.");
}

/// A role that STS does not let the caller assume: the remedy names both sides.
#[test]
fn a_source_that_refuses_is_told_with_what_is_missing_where() {
    const ROLE: &str = "acs:ram::1234567890123456:role/deploy";
    let refused = |action, code: &str, kind| {
        let operation = Operation::new("STS", action, ROLE);
        let status = if code.starts_with("EntityNotExist") { 404 } else { 403 };
        let error = Error::from_answer(&operation, status, Some(code.to_owned()), "no");
        remedy(&error.with_kind(kind).about_credentials())
    };
    let told = refused("AssumeRole", "NoPermission", ErrorKind::Denied);
    for part in [
        "trust policy of the role",
        "\n\n  {\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\"Principal\":{\"RAM\":[\"acs:ram::1234567890123456:root\"]}}\n\n",
        "\n\n  {\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\"Resource\":\"acs:ram::1234567890123456:role/deploy\"}",
    ] {
        assert!(told.contains(part), "{told}");
    }
    let told = refused("AssumeRoleWithOIDC", "NoPermission", ErrorKind::Denied);
    assert!(told.contains("oidc:sub") && told.contains("trust policy of the role acs:ram"), "{told}");
    let unknown = refused("AssumeRole", "EntityNotExist.Role", ErrorKind::Unauthenticated);
    assert!(unknown.contains("There is no such role"), "{unknown}");
    let session = refused("AssumeRole", "InvalidParameter.RoleSessionName", ErrorKind::Unauthenticated);
    assert!(session.contains("the session name"), "{session}");
    let provider = refused("AssumeRoleWithOIDC", "EntityNotExist.OIDCProvider", ErrorKind::Unauthenticated);
    assert!(provider.contains("oidc_provider_arn"), "{provider}");

    let lookup = Operation::new(credentials::OPERATION_SERVICE, "lookup", "there");
    for (kind, part) in [
        (ErrorKind::Unauthenticated, "Correct this source"),
        (ErrorKind::Unexpected, "Correct this source"),
        (ErrorKind::Timeout, "that this machine can reach it"),
        (ErrorKind::Transport, "that this machine can reach it"),
    ] {
        let told = remedy(&Error::new(kind, &lookup, "no"));
        assert!(told.contains(part) && told.contains("ALIBABA_CLOUD_ACCESS_KEY_ID"), "{told}");
    }
}

/// Nobody is asked for a request id that there is none of.
#[test]
fn an_answer_that_nobody_expects_is_told_with_what_there_is_to_it() {
    let operation = Operation::new("SLS", "GetLogStore", "p/l");
    let of = |status| Error::from_answer(&operation, status, None, "m");
    let known = remedy(&of(500).with_request_id(Some("R1".to_owned())));
    assert!(known.contains("request id R1"), "{known}");
    for status in [302, 404, 500, 502] {
        assert!(!remedy(&of(status)).contains("request id"), "{status}");
    }
    assert!(remedy(&of(302)).contains("login page"));
}

#[test]
fn what_stands_between_here_and_the_service_is_told_apart() {
    use TransportErrorKind::{Broken, Connect, NoAuthorities, Proxy, ProxyAuthentication, Resolve, Tls};
    for (kind, words) in [
        (Resolve, "network = \"vpc\""),
        (Tls, "ca_bundle"),
        (NoAuthorities, "ca-certificates"),
        (Proxy, "Check HTTPS_PROXY or ALL_PROXY"),
        (ProxyAuthentication, "USER:PASSWORD@HOST"),
        (Connect, "Check the network"),
        (Broken, "Check the network"),
    ] {
        let operation = Operation::new("SLS", "GetLogStore", "p/l");
        let error =
            Error::new(ErrorKind::Transport, &operation, "why").with_source(TransportError::new(kind, "why"));
        assert!(remedy(&error).contains(words), "{kind:?}: {}", remedy(&error));
    }
}
