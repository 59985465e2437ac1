//! What the documents of the store are written as: JSON, in forms of their own beside each model.
//!
//! A form says every member by name and refuses others, so that a model may change without what is stored
//! changing with it. Secrets are in hexadecimal digits: those need no escapes, so that no reader or writer
//! of JSON keeps a copy of one aside.

use std::fmt;
use std::io::{self, Write};

use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::crypto::Secret;

/// A document is not of the form this version reads. The text says where, and nothing of what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    /// Something that is not as it should be.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

/// A form that JSON has no words for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a document cannot be written as JSON")]
pub struct Unwritable;

/// Writes a form out, into a buffer that is wiped when it is dropped.
///
/// # Errors
///
/// [`Unwritable`]
pub fn encode<T: Serialize>(form: &T) -> Result<Zeroizing<Vec<u8>>, Unwritable> {
    // A buffer that grows leaves what it held where it was: it is made as large as it has to be.
    let mut length = Length(0);
    serde_json::to_writer(&mut length, form).map_err(|_| Unwritable)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *bytes, form).map_err(|_| Unwritable)?;
    Ok(bytes)
}

/// Reads a form.
///
/// # Errors
///
/// [`Unreadable`]
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Unreadable> {
    // The reader's own text would show what it found, a secret perhaps.
    serde_json::from_slice(bytes).map_err(|error| {
        Unreadable(format!("line {} column {} is not of the expected form", error.line(), error.column()))
    })
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A secret text in a form.
pub struct StoredSecret(pub Secret);

impl Serialize for StoredSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_hex(self.0.expose().as_bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for StoredSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut bytes = deserialize_hex(deserializer)?;
        match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Ok(Self(Secret::from(text))),
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                Err(D::Error::custom("a secret is no text"))
            }
        }
    }
}

/// Secret bytes in a form.
pub struct StoredBytes(pub Zeroizing<Vec<u8>>);

impl Serialize for StoredBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_hex(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for StoredBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_hex(deserializer).map(Self)
    }
}

fn serialize_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&Zeroizing::new(hex::encode(bytes)))
}

fn deserialize_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<Vec<u8>>, D::Error> {
    deserializer.deserialize_str(HexDigits)
}

/// Reads hexadecimal digits where they stand, without a copy of them.
struct HexDigits;

impl Visitor<'_> for HexDigits {
    type Value = Zeroizing<Vec<u8>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("hexadecimal digits")
    }

    fn visit_str<E: serde::de::Error>(self, digits: &str) -> Result<Self::Value, E> {
        hex::decode(digits).map(Zeroizing::new).map_err(|_| E::custom("expected hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        secret: StoredSecret,
        bytes: StoredBytes,
    }

    #[test]
    fn secrets_are_written_in_digits_and_come_back() {
        let secret = Secret::from("quoted \" and \\ and ü");
        let form =
            Form { secret: StoredSecret(secret.clone()), bytes: StoredBytes(Zeroizing::new(vec![0, 255])) };
        let bytes = encode(&form).unwrap();
        assert_eq!(bytes.len(), bytes.capacity());
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.ends_with(r#""bytes":"00ff"}"#) && !text.contains("quoted"), "{text}");
        let read: Form = decode(&bytes).unwrap();
        assert_eq!((read.secret.0, read.bytes.0.as_slice()), (secret, [0, 255].as_slice()));
    }

    #[test]
    fn what_cannot_be_read_is_not_shown() {
        for text in [
            r#"{"secret": "canary", "bytes": ""}"#,
            r#"{"secret": "ff", "bytes": ""}"#,
            r#"{"secret": "61", "bytes": "", "canary": 1}"#,
            r#"{"secret": "canary"#,
            r#"{"secret": "61"}"#,
        ] {
            let error = decode::<Form>(text.as_bytes()).err().unwrap().to_string();
            assert!(error.starts_with("line 1 column ") && !error.contains("canary"), "{error}");
        }
    }
}
