//! Bodies of the media type `application/x-www-form-urlencoded`.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986 section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Percent-encodes as in RFC 3986, both for sending and for signing.
pub(crate) fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The value of `content-type`.
pub(crate) const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// Writes a form: sorted, names and values percent-encoded, a space as `%20`.
pub(crate) fn encode<K: AsRef<str>>(fields: &BTreeMap<K, String>) -> String {
    let pair =
        |(name, value): (&K, &String)| format!("{}={}", percent_encode(name.as_ref()), percent_encode(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// Parses a form. Both `+` and `%20` are a space, because other programs write either.
pub(crate) fn decode(form: &str) -> Vec<(String, String)> {
    let text = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = form.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (text(name), text(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    /// Short texts of any characters, the reserved ones often.
    fn fields() -> impl Strategy<Value = BTreeMap<String, String>> {
        btree_map("[a-c&=+% ~*\\PC]{1,6}", "[a-c&=+% ~*\\PC]{0,6}", 0..4)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(fields in fields()) {
            let read = decode(&encode(&fields));
            prop_assert_eq!(read, fields.into_iter().collect::<Vec<_>>());
        }

        /// The `url` crate is another reader of forms.
        #[test]
        fn another_reader_reads_the_same(fields in fields()) {
            let form = encode(&fields);
            let theirs = url::form_urlencoded::parse(form.as_bytes()).into_owned();
            prop_assert_eq!(theirs.collect::<Vec<_>>(), fields.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn spaces_are_read_in_both_spellings() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(decode("a=x+y%2A~&b&&c=x%20y"), [pair("a", "x y*~"), pair("b", ""), pair("c", "x y")]);
    }
}
