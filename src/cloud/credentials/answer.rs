//! The answer of sources that return temporary keys over HTTP: ECS metadata and credentials URIs.

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::credentials::error::unusable;
use crate::credentials::{Credentials, Fetched};
use crate::error::Error;

/// Parses `Code`, `AccessKeyId`, `AccessKeySecret`, `SecurityToken` and `Expiration`. All of them are required, as in
/// the official Python library. No error quotes a value.
pub(super) fn parse_temporary_key(body: &[u8], source: &str) -> Result<Fetched, Error> {
    let Ok(fields) = serde_json::from_slice::<Map<String, Value>>(body) else {
        let problem = format!("its answer of {} bytes is not a JSON object", body.len());
        return Err(unusable(source, problem));
    };
    let text = |name: &str| match fields.get(name).and_then(Value::as_str) {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(unusable(source, format!("`{name}` is missing in its answer"))),
    };
    if text("Code")? != "Success" {
        return Err(unusable(source, "`Code` of its answer is not \"Success\""));
    }
    Ok(Fetched {
        credentials: Credentials {
            access_key_id: text("AccessKeyId")?.to_owned(),
            access_key_secret: text("AccessKeySecret")?.into(),
            security_token: Some(text("SecurityToken")?.into()),
            source: source.to_owned(),
        },
        expiration: Some(parse_date(text("Expiration")?).ok_or_else(|| {
            unusable(source, "`Expiration` of its answer is not a date such as 2026-01-01T00:00:00Z")
        })?),
    })
}

/// Parses a date such as `2026-01-01T00:00:00Z`.
pub(super) fn parse_date(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const WHOLE: &str = r#"{"Code":"Success","AccessKeyId":"STS.a","AccessKeySecret":"canary-1","SecurityToken":"canary-2","Expiration":"2026-11-20T09:00:00Z","LastUpdated":"x"}"#;

    #[test]
    fn a_complete_answer_is_parsed() {
        let read = parse_temporary_key(WHOLE.as_bytes(), "there").unwrap();
        assert_eq!(read.credentials.access_key_id, "STS.a");
        assert_eq!(read.credentials.access_key_secret, "canary-1".into());
        assert_eq!(read.credentials.security_token, Some("canary-2".into()));
        assert_eq!(read.expiration, Some(datetime!(2026-11-20 09:00 UTC)));
    }

    #[test]
    fn each_member_is_required_and_no_error_quotes_one() {
        for (from, to, named) in [
            ("Success", "canary-3", "`Code`"),
            ("\"AccessKeyId\":\"STS.a\"", "\"AccessKeyId\":\"\"", "`AccessKeyId`"),
            ("\"AccessKeySecret\"", "\"x\"", "`AccessKeySecret`"),
            ("\"SecurityToken\"", "\"x\"", "`SecurityToken`"),
            ("\"Expiration\"", "\"x\"", "`Expiration`"),
            ("2026-11-20T09:00:00Z", "canary-4", "`Expiration`"),
            ("{", "[{", "not a JSON object"),
        ] {
            let error = parse_temporary_key(WHOLE.replacen(from, to, 1).as_bytes(), "there").unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(named) && text.contains("there"), "{text}");
            assert!(!text.contains("canary"), "{text}");
        }
    }
}
