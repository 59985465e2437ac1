//! What kind of failure an error is.

/// What kind of failure it was: what a caller decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The service answered that the thing does not exist. Only documented codes give this kind: a bare 404,
    /// as a proxy may send, is [`ErrorKind::Unexpected`].
    NotFound,
    /// The thing to be created exists.
    AlreadyExists,
    /// Too many calls; the same call can succeed later.
    Throttled,
    /// The caller is known and may not do this.
    Denied,
    /// The caller is not known, or its signature, token or clock is not accepted.
    Unauthenticated,
    /// The service refused the request as it is written.
    Invalid,
    /// The request does not fit the state the thing is in.
    Conflict,
    /// No complete answer came over the network.
    Transport,
    /// No answer came in time, or the deadline of the operation passed.
    Timeout,
    /// The caller cancelled the operation.
    Cancelled,
    /// An answer of success that cannot be read.
    Malformed,
    /// Anything else, server faults among them.
    Unexpected,
}
