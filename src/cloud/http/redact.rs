//! Which parts of requests and answers are secret, and how they are masked.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::http::form::percent_encode;

/// The placeholder for a secret.
pub(super) const MASK: &str = "[secret]";

/// The members and parameters that contain secrets, in lower case: those of STS and KMS, and the signature.
const SECRET_NAMES: [&str; 9] = [
    "accesskeysecret",
    "securitytoken",
    "signature",
    "oidctoken",
    "samlassertion",
    "externalid",
    "plaintext",
    "password",
    "privatekeyplaintextblob",
];

/// The headers that sign a request or identify its sender, in lower case.
const SECRET_HEADERS: [&str; 5] = [
    "authorization",
    "proxy-authorization",
    "x-acs-security-token",
    "x-aliyun-ecs-metadata-token",
    "set-cookie",
];

/// Whether a member or parameter of this name contains a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    SECRET_NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Whether a header contains a secret; `name` in lower case.
pub(crate) fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.contains(&name)
}

/// Replaces every occurrence of `secret` by a placeholder: as it is, and percent-encoded up to twice, because services
/// quote requests so.
pub(crate) fn redact(text: &str, secret: &str) -> String {
    let mut text = text.to_owned();
    let mut spelling = secret.to_owned();
    for _ in 0..3 {
        if !spelling.is_empty() && text.contains(&spelling) {
            text = text.replace(&spelling, MASK);
        }
        spelling = percent_encode(&spelling);
    }
    text
}

/// A body for the log: JSON and forms with masked secrets, other text unchanged, and the length of a body that is not
/// text.
pub(crate) fn body(body: &[u8]) -> String {
    if let Ok(mut value) = serde_json::from_slice::<Value>(body) {
        mask(&mut value);
        return value.to_string();
    }
    match std::str::from_utf8(body) {
        Ok(text) if text.contains('=') && !text.contains(['<', ' ', '\n']) => form(text),
        Ok(text) => text.to_owned(),
        Err(_) => format!("{} bytes", body.len()),
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if is_secret_name(name) { *value = Value::from(MASK) } else { mask(value) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

fn form(text: &str) -> String {
    let masked = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret_name(&percent_decode_str(name).decode_utf8_lossy()) => {
            format!("{name}={MASK}")
        }
        _ => pair.to_owned(),
    };
    text.split('&').map(masked).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_neither_json_nor_a_form_is_shown_as_text_or_counted() {
        assert_eq!(body(b"<html>a=b</html>"), "<html>a=b</html>");
        assert_eq!(body(&[0xff, 0xfe]), "2 bytes");
        assert_eq!(body(b""), "");
    }

    #[test]
    fn quoted_secrets_are_replaced_in_every_spelling() {
        let quoted = "Token%3Da%252Fb%253D and a%2Fb%3D and a/b=";
        assert_eq!(redact(quoted, "a/b="), "Token%3D[secret] and [secret] and [secret]");
        assert_eq!(redact("text", ""), "text");
    }
}
