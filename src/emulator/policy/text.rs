//! A policy document together with its text.

use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::document::{Document, Grammar, Malformed};

/// A policy document and the text it was read from. A clone shares both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyText(Arc<Parsed>);

#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    text: String,
    document: Document,
}

impl PolicyText {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// Those of [`Document::parse`].
    pub fn parse(text: &str, grammar: Grammar) -> Result<Self, Malformed> {
        let document = Document::parse(text, grammar)?;
        Ok(Self(Arc::new(Parsed { text: text.to_owned(), document })))
    }

    /// The text, as sent.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// What it says.
    pub fn document(&self) -> &Document {
        &self.0.document
    }

    /// Deserializes a trust policy.
    ///
    /// # Errors
    ///
    /// The value is not a string, or the string is not a trust policy.
    pub fn deserialize_trust<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, Grammar::Trust).map_err(D::Error::custom)
    }
}

impl Serialize for PolicyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PolicyText {
    /// Deserializes a permission policy; [`PolicyText::deserialize_trust`] is for the other grammar.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, Grammar::Permission).map_err(D::Error::custom)
    }
}
