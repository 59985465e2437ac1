//! What to do about a failed call, in a sentence for a person.

use super::{gone::is_project_gone, permission};
use cloud::{
    credentials,
    error::{Error, ErrorKind, Reason},
    http::TransportErrorKind,
    names::Region,
    ram::RoleArn,
};

const NOT_OFFERED: &str = "The service has no such call here: this region does not offer it, the endpoint is of another service, or a name in the path is malformed. Check the endpoint, the region, and the spelling of the names.";

/// What to do about a failed call.
pub(crate) fn remedy(error: &Error) -> String {
    let words = error.reason().and_then(|reason| of_reason(reason, error)).map(str::to_owned);
    let words = words.or_else(|| of_source(error)).unwrap_or_else(|| by_kind(error));
    [Some(words), signed_region(error), skew(error)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What to do about a refusal of which the service gives the reason.
fn of_reason(reason: Reason, error: &Error) -> Option<&'static str> {
    let words = match reason {
        Reason::UnknownAccessKey => {
            "The service does not know this AccessKey. Check access_key, that the key has not been deleted, and that it is of the right site: Chinese and international accounts have different keys."
        }
        Reason::DisabledAccessKey => {
            "The AccessKey is disabled. Enable it in the RAM console, or use another."
        }
        Reason::WrongSignature => {
            "The signature is not the one the service computes: the secret does not belong to the AccessKey id, or something changed the request on its way. Check secret_key, and that no proxy rewrites requests."
        }
        Reason::ExpiredToken if error.is_renewal_refused() => {
            "The credentials were renewed, and the service says that the new ones have expired too. Check this machine's clock, and the clock of the source of the credentials."
        }
        Reason::ExpiredToken => "The temporary credentials have expired. Get new ones, and run again.",
        Reason::InvalidToken => {
            "The security token is missing, is not valid, or does not belong to the AccessKey. Check that access_key, secret_key and security_token come from the same answer, and that no token is set with a long-lived key."
        }
        Reason::ClockSkew => {
            "The service does not accept the time of the request. Set this machine's clock; NTP keeps it right."
        }
        Reason::RequestSentTwice => {
            "Something on the way sent the request twice, and the outcome of the first is not known. Look for a proxy that repeats requests, then run again."
        }
        Reason::NotOffered => NOT_OFFERED,
        Reason::NotActivated => {
            "The service is not activated for this account. Activate it once in its console, with the account that owns the resources."
        }
        Reason::InDebt => {
            "The service is switched off for this account, usually because of an overdue payment. See the billing console."
        }
        Reason::RestrictedAccount => {
            "Alibaba Cloud has restricted the account. Ask its support, with the request id."
        }
        Reason::QuotaReached => {
            "The account has reached its quota of these; waiting does not help. Delete what is no longer used, or ask for a higher quota in the Quota Center."
        }
        Reason::TooManyAttachedPolicies => {
            "The user, group or role that the policy was to be attached to has reached its limit of policies; the limit is not one of the account. Detach one of its policies."
        }
        Reason::TooManyPolicyVersions => {
            "The policy has reached its limit of versions. Delete one that is not the default version."
        }
        Reason::MalformedPolicyDocument => {
            "RAM does not accept the policy document. Check its grammar: Version must be \"1\", and every statement needs Effect and Action."
        }
        Reason::StillInUse => "Something still uses it; the message says what. Remove that, then run again.",
        Reason::UnusableKmsInstance => {
            "The KMS instance that holds the key is missing, being upgraded or not enabled. Look at its state in the KMS console, and run again when it is enabled."
        }
        Reason::DisabledKmsKey => "The key is disabled. Enable it in the KMS console, or use another.",
        Reason::KmsKeyPendingDeletion => {
            "The key is going to be deleted. If it is still needed, cancel that in the KMS console: data that was encrypted with it is lost with it."
        }
        Reason::KmsKeyPendingImport => "The key has no key material yet. Import it, or use another key.",
        Reason::ExpiredOidcToken => {
            "The OIDC token has expired. Get a new one from the identity provider, and run again."
        }
        Reason::RefusedOidcToken => {
            "STS does not accept the OIDC token. Check that it comes from the identity provider that oidc_provider_arn names, and that its audience is one of that provider's client ids."
        }
        Reason::NoSuchOidcProvider => "RAM has no such identity provider. Check oidc_provider_arn.",
        Reason::NoSuchRoleToAssume => {
            "There is no such role. Check the role's ARN where the role is named: in the provider block, the environment or the profile."
        }
        Reason::InvalidSessionSetting => {
            "STS refuses a setting of the session; its message says which. Check the role's ARN, the session name, the expiration and the policy where the role is named: in the provider block, the environment or the profile."
        }
        // What does not exist is told by its kind, with the region.
        Reason::NoSuchProject => return None,
    };
    Some(words)
}

/// The region that a request was signed for, where that may be why the signature is refused.
fn signed_region(error: &Error) -> Option<String> {
    let refused = error.service() == "SLS" && error.reason() == Some(Reason::WrongSignature);
    let region = error.region().filter(|_| refused)?;
    Some(format!(
        "The signature includes the region, and the request was signed for {region}: if the endpoint is of another region, set that region on the resource or in the provider block."
    ))
}

fn by_kind(error: &Error) -> String {
    let text = match error.kind() {
        ErrorKind::NotFound => return missing(error),
        ErrorKind::AlreadyExists => "Import the existing object, or choose another name.",
        ErrorKind::Throttled => {
            "The provider sent more calls than the service accepts. Run again, with a smaller -parallelism or max_concurrency if it happens often."
        }
        ErrorKind::Denied => return permission::advice(error),
        ErrorKind::Unauthenticated => {
            "Check the AccessKey the provider uses, its secret, that a temporary one has its security_token and has not expired, and this machine's clock."
        }
        ErrorKind::Invalid if error.status() == Some(405) => NOT_OFFERED,
        ErrorKind::Invalid => "The service does not accept the request; its message says why.",
        ErrorKind::Conflict if error.service() == "SLS" => {
            "Something else changed at the same time. Run again."
        }
        ErrorKind::Conflict => "The message says what prevents it. Remove that, then run again.",
        ErrorKind::Transport => transport(error),
        ErrorKind::Timeout => return unanswered(error),
        ErrorKind::Cancelled => "Run again to finish.",
        ErrorKind::Malformed => {
            let service = error.service();
            return format!(
                "This is not what the service documents. Check that the endpoint is one of {service} and that no proxy answers in its place."
            );
        }
        ErrorKind::Unexpected => return unexpected(error),
    };
    text.to_owned()
}

/// What to do about a source of credentials that gives none.
fn of_source(error: &Error) -> Option<String> {
    const CHOOSE: &str = "or choose another source: access_key and secret_key of the provider block, the environment variables ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or one of the others on the provider's page.";
    if error.service() == credentials::OPERATION_SERVICE {
        return match error.kind() {
            ErrorKind::Cancelled => None,
            ErrorKind::Timeout | ErrorKind::Transport => {
                Some(format!("Check that it runs and that this machine can reach it, {CHOOSE}"))
            }
            _ => Some(format!("Correct this source, {CHOOSE}")),
        };
    }
    let is_denied = error.is_about_credentials() && error.kind() == ErrorKind::Denied;
    is_denied.then(|| match error.action() {
        "AssumeRoleWithOIDC" => oidc_denied(error.target()),
        _ => assume_role_denied(error.target()),
    })
}

/// Which of the two sides is missing, STS does not say.
fn assume_role_denied(role: &str) -> String {
    let account =
        RoleArn::parse(role).map_or_else(|_| "ACCOUNT".to_owned(), |arn| arn.account_id().to_owned());
    format!(
        "STS opens a session of a role only if both sides allow it.\n\n1. The trust policy of the role must name the caller. This statement in it names the whole account {account}; if the caller is of another account, write the id of that account:\n\n  {{\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\"Principal\":{{\"RAM\":[\"acs:ram::{account}:root\"]}}}}\n\n2. A policy of the caller must allow it. This statement does:\n\n  {{\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\"Resource\":\"{role}\"}}"
    )
}

fn oidc_denied(role: &str) -> String {
    format!(
        "The trust policy of the role {role} does not accept this token. Check in it that Principal has the OIDC provider of oidc_provider_arn under Federated, and that every Condition (oidc:iss, oidc:aud, oidc:sub) matches the token: a token of another branch or environment has another oidc:sub."
    )
}

/// What to do about an answer that no table has.
fn unexpected(error: &Error) -> String {
    let service = error.service();
    match (error.status(), error.request_id()) {
        (Some(300..400), _) => format!(
            "Something between this machine and {service} answers in its place, often the login page of a network or a proxy. Check the proxy settings of the environment (HTTPS_PROXY, NO_PROXY) and the provider's endpoint."
        ),
        (_, Some(id)) => {
            format!("Run again; if it keeps happening, give the request id {id} to the support of {service}.")
        }
        (_, None) => format!(
            "Run again; if it keeps happening, check that the endpoint is one of {service}, and that no proxy answers in its place."
        ),
    }
}

/// What to do where no answer came in time.
fn unanswered(error: &Error) -> String {
    let reach = "Check that this machine can reach it: the network, the proxy settings of the environment and the endpoint.";
    format!(
        "{reach} Inside a VPC without access to the internet, set network = \"vpc\" in the provider block. If {} only answers slowly, allow more time with timeouts, or with request_timeout in the provider block. Then run again.",
        error.service()
    )
}

/// What to check when no answer came, by how far the request did.
fn transport(error: &Error) -> &'static str {
    use TransportErrorKind::{NoAuthorities, Proxy, ProxyAuthentication, Resolve, Tls};
    match error.transport() {
        Some(Resolve) => {
            "Check the region, project_name and the endpoint, which form the host name, and the DNS of this machine. Inside a VPC without access to the internet, set network = \"vpc\"."
        }
        Some(NoAuthorities) => {
            "Install the certificate authorities of this system (the package is usually called ca-certificates), or name a file of them in PEM form with ca_bundle in the provider block, or with the environment variable SSL_CERT_FILE."
        }
        Some(Tls) => {
            "If a proxy inspects TLS here, or the service is the emulator, name the file of its certificate authority with ca_bundle. If the certificate is out of date, check this machine's clock first."
        }
        Some(Proxy) => {
            "Check HTTPS_PROXY or ALL_PROXY in the environment, and that the proxy allows the host; NO_PROXY lists the hosts that are reached without it."
        }
        Some(ProxyAuthentication) => {
            "Put a user name and a password into the address: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT."
        }
        _ => {
            "Check the network, the proxy settings of the environment and the provider's endpoint, then run again."
        }
    }
}

/// What to check when something does not exist.
fn missing(error: &Error) -> String {
    let words = match error.service() {
        "KMS" => "Check the key's id and its region: a key is only found in its own region.",
        "RAM" => {
            "Check the name, and that the provider's AccessKey belongs to the account it should exist in."
        }
        "STS" => "Check the role's ARN.",
        _ if is_project_gone(error) => {
            let region = error.region().map_or_else(|| "one region".to_owned(), Region::to_string);
            return format!(
                "The provider asked SLS in {region} for the project, and a project is only found in its own region. Check project_name, and set region on the resource if the project is in another one."
            );
        }
        _ => "Check project_name and logstore_name. This resource never creates a Logstore.",
    };
    words.to_owned()
}

/// How far the clocks are apart, where that may be why the caller was not accepted.
fn skew(error: &Error) -> Option<String> {
    /// SLS accepts a signed request for 15 minutes, by its documentation, and the RPC services seem to as well; a
    /// third of it is worth a word.
    const WORTH_A_WORD: i64 = 300;
    let ahead = error.clock_ahead().filter(|_| error.kind() == ErrorKind::Unauthenticated)?;
    let seconds = ahead.whole_seconds();
    if seconds.abs() < WORTH_A_WORD {
        return None;
    }
    let side = if seconds > 0 { "ahead of" } else { "behind" };
    Some(format!("This machine's clock is {} minutes {side} the service's.", (seconds.abs() + 30) / 60))
}

#[cfg(test)]
mod tests;
