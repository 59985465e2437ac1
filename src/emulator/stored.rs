//! What the documents of the store are written as: JSON, by `serde`.
//!
//! The models derive it and refuse unknown members; the documents in `tests/data/documents` hold the format, so that no
//! change of a model changes what is stored unnoticed. Secrets are in hexadecimal digits: those need no escapes, so
//! that no reader or writer of JSON keeps a copy of one aside.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use serde::de::{DeserializeOwned, Visitor};
use zeroize::Zeroizing;

/// A document is not of the form this version reads. The text says where, and shows nothing of the content.
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

/// A change was not stored. After it the emulator answers no call any more: nobody may see a value that is
/// gone after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersistError {
    /// The change cannot be encoded.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
    /// The store failed; the log says why.
    #[error("a change was not stored, and nothing is answered until a restart")]
    NotStored,
}

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

/// A secret text as hexadecimal digits, by `#[serde(with)]`.
pub mod secret {
    use serde::de::Error as _;
    use serde::{Deserializer, Serializer};
    use zeroize::Zeroizing;

    use super::{HexDigits, hex_bytes};
    use crypto::Secret;

    /// Writes the digits.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        hex_bytes::serialize(secret.expose().as_bytes(), serializer)
    }

    /// Reads the digits.
    ///
    /// # Errors
    ///
    /// Those of the deserializer, and bytes that are not UTF-8.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        let mut bytes = deserializer.deserialize_str(HexDigits)?;
        match String::from_utf8(std::mem::take(&mut *bytes)) {
            Ok(text) => Ok(Secret::from(text)),
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                Err(D::Error::custom("a secret is not UTF-8 text"))
            }
        }
    }
}

/// Bytes as hexadecimal digits, by `#[serde(with)]`.
pub mod hex_bytes {
    use serde::de::Error as _;
    use serde::{Deserializer, Serializer};
    use zeroize::Zeroizing;

    use super::HexDigits;

    /// Writes the digits.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(bytes: impl AsRef<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(hex::encode(bytes)))
    }

    /// Reads the digits. What was read on the way is wiped.
    ///
    /// # Errors
    ///
    /// Those of the deserializer, and that there are too many or too few digits.
    pub fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: for<'b> TryFrom<&'b [u8]>,
    {
        let bytes = deserializer.deserialize_str(HexDigits)?;
        T::try_from(bytes.as_slice()).map_err(|_| D::Error::custom("expected another number of digits"))
    }
}

/// A value that says the key it is found by.
pub trait Keyed {
    /// The key.
    type Key: Ord;

    /// The key it is found by.
    fn key(&self) -> Self::Key;
}

/// A map of [`Keyed`] values as the list of its values, by `#[serde(with)]`.
pub mod by_key {
    use std::collections::BTreeMap;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Keyed;

    /// Writes the values.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<V, S>(map: &BTreeMap<V::Key, V>, serializer: S) -> Result<S::Ok, S::Error>
    where
        V: Keyed + Serialize,
        S: Serializer,
    {
        serializer.collect_seq(map.values())
    }

    /// Reads the values.
    ///
    /// # Errors
    ///
    /// Those of the deserializer, and that two values have the same key.
    pub fn deserialize<'de, V, D>(deserializer: D) -> Result<BTreeMap<V::Key, V>, D::Error>
    where
        V: Keyed + Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let mut map = BTreeMap::new();
        for value in Vec::<V>::deserialize(deserializer)? {
            if map.insert(value.key(), value).is_some() {
                return Err(D::Error::custom("two of these have the same key"));
            }
        }
        Ok(map)
    }
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
    use serde::Deserialize;

    use super::*;
    use crypto::Secret;

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[serde(with = "secret")]
        secret: Secret,
        #[serde(with = "hex_bytes")]
        bytes: Vec<u8>,
    }

    #[test]
    fn secrets_are_written_in_digits_and_come_back() {
        let secret = Secret::from("quoted \" and \\ and ü");
        let form = Form { secret: secret.clone(), bytes: vec![0, 255] };
        let bytes = encode(&form).unwrap();
        assert_eq!(bytes.len(), bytes.capacity());
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.ends_with(r#""bytes":"00ff"}"#) && !text.contains("quoted"), "{text}");
        let read: Form = decode(&bytes).unwrap();
        assert_eq!((read.secret, read.bytes.as_slice()), (secret, [0, 255].as_slice()));
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
