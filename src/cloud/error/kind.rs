//! The kinds of errors.

/// The kind of a failure, by which the caller decides what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The service answered that the object does not exist. Only documented codes have this kind. A 404 without such a
    /// code, which a proxy may send, is [`ErrorKind::Unexpected`].
    NotFound,
    /// The object to be created exists.
    AlreadyExists,
    /// The service receives too many calls; the same call can succeed later.
    Throttled,
    /// The service knows the caller, and the caller has no permission.
    Denied,
    /// The service does not know the caller, or does not accept its signature, token or clock.
    Unauthenticated,
    /// The service refused a value or the form of the request.
    Invalid,
    /// The state of the object does not allow the request.
    Conflict,
    /// No complete answer came over the network.
    Transport,
    /// No answer came in time, or the deadline of the operation passed.
    Timeout,
    /// The caller cancelled the operation.
    Cancelled,
    /// An answer of success that cannot be parsed.
    Malformed,
    /// Anything else, server faults among them.
    Unexpected,
}
