//! Handles a refusal because the token of a call has expired.

use crate::credentials::{CredentialProvider, Credentials, Refresh};
use crate::error::Error;

/// Reports expired credentials to their provider, if the error says that they have expired. If the provider can fetch
/// others, the error becomes retryable.
pub(crate) fn on_expired_token(
    provider: &dyn CredentialProvider,
    credentials: &Credentials,
    error: Error,
) -> Error {
    if !error.is_expired_token() {
        return error;
    }
    match provider.on_expired(credentials) {
        Refresh::Impossible => error,
        Refresh::Scheduled => error.with_retryable(true),
        Refresh::AlreadyTried => {
            let said = error.message().trim_end_matches('.');
            let message = format!(
                "{said}; the credentials are new ones from {}, and the ones before them were refused too",
                credentials.source
            );
            error.with_message(message).with_renewal_refused()
        }
    }
}
