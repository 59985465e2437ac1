//! Why what a check needs could not be read.

use crate::{
    cloud::error::Error,
    provider::{errors, no_client::NoClient},
    schema::Diagnostic,
};

/// Why something could not be read. "Does not exist" and "denied" are results, not errors.
#[derive(Clone, Debug)]
pub(in crate::provider) enum ReadError {
    /// There is no client.
    NoClient(NoClient),
    /// The call failed.
    Call(Error),
}

impl ReadError {
    /// The diagnostic for the person who runs Terraform.
    pub(in crate::provider) fn diagnostic(self, summary: &'static str) -> Diagnostic {
        match self {
            ReadError::NoClient(reason) => reason.into(),
            ReadError::Call(error) => errors::of_call(summary, "KMS key and RAM role", &error),
        }
    }
}

impl From<NoClient> for ReadError {
    fn from(reason: NoClient) -> Self {
        ReadError::NoClient(reason)
    }
}
