//! A text that must not be seen: an access key secret, a security token.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A text that is never printed.
///
/// - `Debug` shows `[secret]`, and there is neither `Display` nor `Serialize`; the text is read through
///   [`Secret::expose`] only, so every use can be found by that name.
/// - The memory is overwritten when the value is dropped.
/// - Two secrets are compared in a time that does not depend on where they differ (their lengths may show).
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself, for a signature or a request header and for nothing that is written down.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_a_placeholder_also_when_nested_and_alternate() {
        let secret = Secret::from("canary-3f9a");
        assert_eq!(format!("{secret:?}"), "[secret]");
        let nested = format!("{:#?}", Some(vec![secret]));
        assert!(nested.contains("[secret]") && !nested.contains("canary"), "{nested}");
    }

    #[test]
    fn expose_gives_the_text_back() {
        assert_eq!(Secret::from(String::from("abc")).expose(), "abc");
        assert!(Secret::from("").is_empty());
    }

    #[test]
    fn equality_is_of_the_whole_text() {
        assert_eq!(Secret::from("abc"), Secret::from("abc").clone());
        assert_ne!(Secret::from("abc"), Secret::from("abd"));
        assert_ne!(Secret::from("abc"), Secret::from("ab"));
    }
}
