//! A secret that a configuration holds.

use std::ops::Deref;

use crypto::Secret;
use schema::{Diagnostic, Path, Value, field::Typed};

/// A secret that a configuration holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SecretText(Secret);

impl<T: Into<Secret>> From<T> for SecretText {
    fn from(secret: T) -> Self {
        Self(secret.into())
    }
}

impl Deref for SecretText {
    type Target = Secret;

    fn deref(&self) -> &Secret {
        &self.0
    }
}

impl Typed for SecretText {
    fn from_value(value: Value, path: &Path) -> Result<Self, Diagnostic> {
        String::from_value(value, path).map(Self::from)
    }

    fn into_value(self) -> Value {
        Value::String(self.expose().to_owned())
    }
}
