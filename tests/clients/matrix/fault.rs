//! What can go wrong with a request, and with which of them it does.

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No process listens: the operating system refuses the connection.
    ConnectionRefused,
    /// The connection is reset once the request is read; the service never sees it.
    ResetBefore,
    /// The connection is reset once the service has answered.
    ResetAfter,
    /// Nothing comes back, and the service never sees the request.
    SilenceBefore,
    /// Nothing comes back, although the service has answered.
    SilenceAfter,
    /// Something on the way answers with this status and nothing else.
    Status(u16),
    /// Something on the way answers with this status and a page of HTML.
    Page(u16),
    /// The service refuses, in its own form: status, code, message.
    Refusal(u16, &'static str, &'static str),
    /// The service's answer ends half-way, with the connection.
    CutOff,
    /// The service's answer says that it is shorter than it is; the rest stays on the connection.
    TooShort,
    /// The service's answer says that it is longer than it is; the rest never comes.
    TooLong,
}

/// Which requests something happens to; the first one is number 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// None of them.
    Never,
    /// This one only.
    Only(u64),
    /// This one and all after it.
    From(u64),
}

impl On {
    /// Whether it is this one's turn.
    pub fn is(self, number: u64) -> bool {
        match self {
            Self::Never => false,
            Self::Only(only) => number == only,
            Self::From(first) => number >= first,
        }
    }
}
