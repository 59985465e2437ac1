//! `AssumeRoleWithOIDC`: a session for a user of an identity provider. The call is anonymous
//! (<https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerolewithoidc>).

use serde_json::json;

use super::id_token::{IdToken, Refusal};
use super::session::{AssumeRoleRequest, forbidden, malformed};
use crate::clock::iso_8601;
use crate::identity::{Directory, OidcProvider, oidc_provider_arn};
use crate::rpc::{Error, IssuedCredentials, Request};

/// Letters in `OIDCToken`.
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 4..=20_000;

/// Issues credentials for a role of `directory` to the bearer of a token whom the role trusts. The conditions of
/// the trust policy are evaluated with `oidc:iss`, `oidc:aud` and `oidc:sub`.
pub fn assume(directory: &Directory, request: &Request<'_>) -> IssuedCredentials {
    let role_request = AssumeRoleRequest::from_parameters(request.parameters)?;
    let provider = provider(directory, request)?;
    let token = token(provider, request)?;
    let role = role_request.role_in(directory)?;
    let condition_context = request.condition_context.clone();
    let condition_context =
        condition_context.with("oidc:iss", &token.issuer).with("oidc:aud", &token.client_id);
    let arn = oidc_provider_arn(request.account_id, &provider.name);
    if !directory.role_trusts_provider(
        role_request.role,
        &arn,
        &condition_context.with("oidc:sub", &token.subject),
    ) {
        return Err(forbidden());
    }
    let (key, mut answer) = role_request.issue(role, request.now);
    answer.insert(
        "OIDCTokenInfo".to_owned(),
        json!({
            "Issuer": token.issuer,
            "Subject": token.subject,
            "ClientIds": token.audiences.join(","),
            "ExpirationTime": iso_8601(token.expires),
            "IssuanceTime": iso_8601(token.issued),
            "VerificationInfo": "Success",
        }),
    );
    Ok((key, answer))
}

/// The provider that `OIDCProviderArn` names. Status and text of the error are guesses.
fn provider<'d>(directory: &'d Directory, request: &Request<'_>) -> Result<&'d OidcProvider, Error> {
    let arn = request.parameters.required("OIDCProviderArn")?;
    let (account, name) = arn
        .strip_prefix("acs:ram::")
        .and_then(|rest| rest.split_once(":oidc-provider/"))
        .ok_or_else(|| malformed("OIDCProviderArn"))?;
    directory.oidc_provider(name).filter(|_| account == request.account_id).ok_or_else(|| {
        Error::new(404, "EntityNotExist.OIDCProvider", "The specified OIDC Provider not exists.")
    })
}

/// The token in `OIDCToken`. The statuses, and the text for a token that is not valid, are guesses.
fn token(provider: &OidcProvider, request: &Request<'_>) -> Result<IdToken, Error> {
    let token = request.parameters.required("OIDCToken")?;
    if !TOKEN_LENGTH.contains(&token.len()) {
        return Err(malformed("OIDCToken"));
    }
    IdToken::verify(token, provider, request.now).map_err(|refusal| match refusal {
        Refusal::Expired => {
            Error::new(400, "AuthenticationFail.OIDCToken.Expired", "This JsonWebToken is expired.")
        }
        Refusal::Invalid => {
            Error::new(400, "AuthenticationFail.OIDCToken.Invalid", "This JsonWebToken is invalid.")
        }
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::Value;

    use super::super::SERVICE;
    use super::*;
    use crate::access::usable;
    use crate::rpc::testing::{START, ServiceHarness};
    use crate::{Clock, Seed};
    use crypto::hmac_sha256;

    const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

    /// `deployer`, which trusts tokens of `ci` for one repository, and `byok`, which trusts a service.
    fn bench() -> ServiceHarness<Directory> {
        let trust = |principal: Value, condition: Value| {
            json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                "Principal": principal, "Condition": condition}]})
        };
        let provider = json!({"Federated": ["acs:ram::1234567890123456:oidc-provider/ci"]});
        let condition = json!({"StringEquals": {"oidc:aud": "sts", "oidc:iss": "https://ci.example"},
            "StringLike": {"oidc:sub": "repo:acme/*"}});
        let seed = json!({
            "oidc_providers": [{"name": "ci", "issuer": "https://ci.example", "client_ids": ["sts"],
                "keys": [{"kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET)}]}],
            "roles": [
                {"name": "deployer", "assume_role_policy_document": trust(provider, condition)},
                {"name": "byok", "assume_role_policy_document":
                    trust(json!({"Service": ["log.aliyuncs.com"]}), json!({}))}],
        });
        let directory = Seed::from_json(&seed.to_string(), &Clock::fixed(START)).unwrap().directory;
        ServiceHarness::new(SERVICE, directory)
    }

    fn token(subject: &str) -> String {
        let claims = json!({"iss": "https://ci.example", "aud": "sts", "sub": subject, "exp": START + 600,
            "iat": START});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&json!({"alg": "HS256"})), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(hmac_sha256(SECRET, message.as_bytes()));
        format!("{message}.{signature}")
    }

    fn parameters<'a>(token: &'a str, change: (&'a str, &'a str)) -> Vec<(&'a str, &'a str)> {
        let mut parameters = vec![
            ("RoleArn", "acs:ram::1234567890123456:role/deployer"),
            ("OIDCProviderArn", "acs:ram::1234567890123456:oidc-provider/CI"),
            ("OIDCToken", token),
            ("RoleSessionName", "run-1"),
        ];
        parameters.retain(|(name, _)| *name != change.0);
        parameters.push(change);
        parameters
    }

    #[test]
    fn the_bearer_of_a_token_gets_a_session_that_signs() {
        let mut bench = bench();
        let token = token("repo:acme/logs");
        let answer = bench.done("AssumeRoleWithOIDC", &parameters(&token, ("DurationSeconds", "900")));
        assert_eq!(answer["AssumedRoleUser"]["Arn"], "acs:ram::1234567890123456:role/deployer/run-1");
        assert_eq!(
            answer["OIDCTokenInfo"],
            json!({"Issuer": "https://ci.example", "Subject": "repo:acme/logs", "ClientIds": "sts",
                "ExpirationTime": "2026-11-20T08:10:00Z", "IssuanceTime": "2026-11-20T08:00:00Z",
                "VerificationInfo": "Success"})
        );
        let text = |name: &str| answer["Credentials"][name].as_str().unwrap();
        let (id, token) = (text("AccessKeyId"), text("SecurityToken"));
        let key = usable(bench.sessions.get(id).cloned(), Some(token), START + 899).unwrap();
        assert_eq!(key.principal.arn(), "acs:ram::1234567890123456:assumed-role/deployer/run-1");
    }

    #[test]
    fn only_bearers_whom_the_role_trusts_get_one() {
        let mut bench = bench();
        let (good, bad) = (token("repo:acme/logs"), token("repo:other/logs"));
        let byok = ("RoleArn", "acs:ram::1234567890123456:role/byok");
        bench.refused("AssumeRoleWithOIDC", &parameters(&good, byok), 403, "NoPermission");
        bench.refused("AssumeRoleWithOIDC", &parameters(&bad, ("Policy", "")), 403, "NoPermission");
    }

    #[test]
    fn every_cause_has_its_code() {
        let mut bench = bench();
        let token = token("repo:acme/logs");
        let long = "x".repeat(20_001);
        let account = "acs:ram::1234567890123456";
        for (name, value, status, code) in [
            ("OIDCToken", "junk", 400, "AuthenticationFail.OIDCToken.Invalid"),
            ("OIDCToken", "x", 400, "InvalidParameter.OIDCToken"),
            ("OIDCToken", &long, 400, "InvalidParameter.OIDCToken"),
            ("OIDCToken", "", 400, "MissingParameter"),
            ("OIDCProviderArn", "", 400, "MissingParameter"),
            ("OIDCProviderArn", "ci", 400, "InvalidParameter.OIDCProviderArn"),
            ("OIDCProviderArn", &format!("{account}:oidc-provider/x"), 404, "EntityNotExist.OIDCProvider"),
            ("OIDCProviderArn", "acs:ram::9:oidc-provider/ci", 404, "EntityNotExist.OIDCProvider"),
            ("RoleArn", &format!("{account}:role/none"), 404, "EntityNotExist.Role"),
            ("RoleSessionName", "x", 400, "InvalidParameter.RoleSessionName"),
        ] {
            bench.refused("AssumeRoleWithOIDC", &parameters(&token, (name, value)), status, code);
        }
        bench.now += 600;
        let expired = parameters(&token, ("Policy", ""));
        let error =
            bench.refused("AssumeRoleWithOIDC", &expired, 400, "AuthenticationFail.OIDCToken.Expired");
        assert_eq!(error.message, "This JsonWebToken is expired.");
    }
}
