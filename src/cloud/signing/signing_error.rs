//! Why a request cannot be signed.

use time::OffsetDateTime;

/// A request that cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// A value with characters that cannot be sent in a header.
    #[error("the {0} has characters that cannot be sent in a header; check where the credentials come from")]
    HeaderValue(&'static str),
    /// A date outside the years that a header can contain.
    #[error("the clock says {0}, which cannot be written in a request; set the clock of this machine")]
    Date(OffsetDateTime),
}

/// Accepts only visible ASCII (RFC 9110 section 5.5 without white space and `obs-text`): keys and tokens have no other
/// characters, and a line break would begin another header.
pub(super) fn check_header_value(what: &'static str, value: &str) -> Result<(), SigningError> {
    let visible = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic());
    if visible { Ok(()) } else { Err(SigningError::HeaderValue(what)) }
}
