//! Which parts of requests and answers are secret, and how they are masked.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::http::decoded::Decoded;

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

/// How many encodings may lie on top of each other. Services quote parameters in a string to sign, in which they are
/// encoded twice, within JSON, within a page.
const MOST_LAYERS: usize = 5;

/// Replaces every occurrence of `secrets` by a placeholder: as they are, in encodings that services and gateways quote
/// requests in ([`Decoded`]), and in base64. A text must be redacted before it is cut.
pub(crate) fn redact(text: &str, secrets: &[&str]) -> String {
    let patterns: Vec<Vec<u8>> = secrets.iter().flat_map(|secret| spellings(secret)).collect();
    if patterns.is_empty() {
        return text.to_owned();
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut layer = Some(Decoded::of(text));
    for _ in 0..=MOST_LAYERS {
        let Some(decoded) = layer else { break };
        found.extend(patterns.iter().flat_map(|pattern| decoded.find(pattern)));
        layer = decoded.once_more();
    }
    found.sort_by_key(|place| place.start);
    let (mut masked, mut end) = (String::with_capacity(text.len()), 0);
    for place in found {
        if place.start >= end {
            masked.push_str(text.get(end..place.start).unwrap_or_default());
            masked.push_str(MASK);
        }
        end = end.max(place.end);
    }
    masked.push_str(text.get(end..).unwrap_or_default());
    masked
}

/// The beginnings that base64 has where the secret begins with the first, second or third byte of a group: how many
/// bytes stand before it, and how many characters also depend on them.
const BASE64_OFFSETS: [(usize, usize); 3] = [(0, 0), (1, 2), (2, 3)];

/// Fewer characters of base64 or hexadecimal digits are not looked for: they would be found by chance.
const SHORTEST_ENCODED: usize = 16;

/// What a secret is in a text that is decoded: itself, the part of its base64 that does not depend on what stands
/// around it, and its hexadecimal digits.
fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let encoded = BASE64_OFFSETS.iter().filter_map(|(before, dependent)| {
        let bytes = [&vec![0; *before][..], secret.as_bytes()].concat();
        let whole = bytes.len().checked_mul(8)?.checked_div(6)?;
        STANDARD_NO_PAD.encode(&bytes).get(*dependent..whole).map(str::to_owned)
    });
    let digits = [hex::encode(secret), hex::encode_upper(secret)];
    let encoded = encoded.chain(digits).filter(|part| part.len() >= SHORTEST_ENCODED);
    let all = std::iter::once(secret.to_owned()).chain(encoded);
    all.map(|spelling| Decoded::of(&spelling).bytes).filter(|bytes| !bytes.is_empty()).collect()
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_neither_json_nor_a_form_is_shown_as_text_or_counted() {
        assert_eq!(body(b"<html>a=b</html>"), "<html>a=b</html>");
        assert_eq!(body(&[0xff, 0xfe]), "2 bytes");
        assert_eq!(body(b""), "");
    }

    #[test]
    fn quoted_secrets_are_replaced_in_every_spelling() {
        let quoted = "Token%3Da%252Fb%253D and a%2Fb%3D and a/b= and a%2fb%3d, a\\/b\\u003d, a&#x2F;b&equals;, a/\r\nb=.";
        assert_eq!(
            redact(quoted, &["a/b="]),
            "Token%3D[secret] and [secret] and [secret] and [secret], [secret], [secret], [secret]."
        );
        assert_eq!(redact("text", &[""]), "text");
        assert_eq!(redact("a-b", &[]), "a-b");
        assert_eq!(redact("one two", &["one", "two"]), "[secret] [secret]");
        assert_eq!(redact("overlap", &["overl", "erlap"]), "[secret]");
        assert_eq!(redact("é-secret-é", &["-secret-"]), "é[secret]é");
    }

    /// A way to quote a text.
    #[derive(Clone, Copy, Debug)]
    enum Quoting {
        Percent,
        SmallPercent,
        Json,
        Html,
        Base64(usize),
        Wrapped,
    }

    impl Quoting {
        fn quote(self, text: &str) -> String {
            let each = |escape: fn(char) -> String| {
                text.chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { escape(c) })
                    .collect()
            };
            match self {
                Self::Percent => each(|c| format!("%{:02X}", u32::from(c))),
                Self::SmallPercent => each(|c| format!("%{:02x}", u32::from(c))),
                Self::Json => each(|c| format!("\\u{:04x}", u32::from(c))),
                Self::Html => each(|c| format!("&#{};", u32::from(c))),
                Self::Base64(before) => {
                    base64::engine::general_purpose::STANDARD.encode("x".repeat(before) + text + "tail")
                }
                Self::Wrapped => {
                    let characters: Vec<char> = text.chars().collect();
                    characters.chunks(7).map(String::from_iter).collect::<Vec<_>>().join("\r\n")
                }
            }
        }
    }

    fn quoting() -> impl Strategy<Value = Quoting> {
        prop_oneof![
            Just(Quoting::Percent),
            Just(Quoting::SmallPercent),
            Just(Quoting::Json),
            Just(Quoting::Html),
            Just(Quoting::Wrapped),
        ]
    }

    proptest! {
        /// However a service quotes a secret, the text has nothing of it but what stands around it.
        #[test]
        fn a_secret_is_masked_however_it_is_quoted(
            secret in "[A-Za-z0-9+/=_.~-]{24,60}",
            before in "[ a-z:]{0,20}",
            after in "[ a-z:]{0,20}",
            in_base64 in proptest::option::of(0_usize..3),
            layers in proptest::collection::vec(quoting(), 0..4),
        ) {
            let inner = in_base64.map_or(secret.clone(), |offset| Quoting::Base64(offset).quote(&secret));
            let quoted = layers.iter().fold(inner, |text, layer| layer.quote(&text));
            let masked = redact(&format!("{before}|{quoted}|{after}"), &[&secret]);
            let rest = masked.strip_prefix(&format!("{before}|")).and_then(|rest| rest.strip_suffix(&format!("|{after}")));
            let Some(rest) = rest else { panic!("{masked}") };
            // The neighbours of base64 stay, in as many layers as there are.
            let is_short = rest.len() <= MASK.len() + if layers.is_empty() { 12 } else { 0 };
            prop_assert!(rest.contains(MASK) && (is_short || in_base64.is_some()), "{masked}");
        }

        #[test]
        fn any_text_is_kept_but_for_what_is_masked(text: String, secret in "[a-z+/]{1,4}") {
            let masked = redact(&text, &[&secret]);
            prop_assert!(!masked.replace(MASK, "\0").contains(&secret), "{masked}");
        }
    }
}
