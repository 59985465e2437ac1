//! Why what a check needs could not be read.

use crate::{errors, no_client::NoClient};
use cloud::error::Error;
use schema::Diagnostic;

/// Why something could not be read. "Does not exist" and "denied" are results, not errors.
#[derive(Clone, Debug)]
pub(crate) enum ReadError {
    /// There is no client.
    NoClient(NoClient),
    /// The call failed.
    Call(Error),
}

impl ReadError {
    /// The diagnostic for the person who runs Terraform.
    pub(crate) fn diagnostic(self, summary: &'static str) -> Diagnostic {
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
