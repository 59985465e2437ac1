//! What follows when a service says that the token of a call has expired.

use crate::credentials::{CredentialProvider, Credentials, Refresh};
use crate::error::Error;

/// Tells the provider of the credentials if an answer says that they have expired, and the error what follows: a call
/// that was refused for that reason can be repeated if others follow.
pub(crate) fn on_expired_token(
    provider: &dyn CredentialProvider,
    credentials: &Credentials,
    error: Error,
) -> Error {
    if !error.is_expired_token() {
        return error;
    }
    match provider.refused(credentials) {
        Refresh::Impossible => error,
        Refresh::Scheduled => error.with_retryable(true),
        Refresh::AlreadyTried => {
            let said = error.message().trim_end_matches('.');
            let message = format!(
                "{said}; the credentials are new ones from {}, and the ones before them were refused too",
                credentials.source
            );
            error.with_message(message).with_refused_anew()
        }
    }
}
