//! Encryption of a Logstore at rest: what is permanent about it, and how it is written safely.
//!
//! Source: SLS documentation, "Data encryption" and "`UpdateLogStore`". The mechanism (service key or
//! BYOK), the algorithm and the three members of `user_cmk_info` are fixed by the first configuration,
//! also while encryption is disabled; only `enable` can change afterwards.

mod bound;
#[cfg(test)]
mod bound_tests;
#[cfg(test)]
mod interleavings;
mod merge;
mod permanence;
mod sequence;
#[cfg(test)]
mod sequence_tests;
mod updates;
#[cfg(test)]
mod window_tests;

pub use bound::BoundLogStore;
pub use permanence::{
    Conflict, ENCRYPT_TYPES, Known, Mechanism, Part, conflicts, same_encrypt_type, same_role_arn,
};
pub use sequence::{Applied, ApplyError, Failure, LogStoreCalls, MAX_AGE, Update, Wanted, apply};
pub use updates::Loss;
