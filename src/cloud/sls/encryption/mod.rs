//! Encryption of a Logstore at rest: what is permanent about it, and how it is written safely.
//!
//! Source: SLS documentation, "Data encryption" and "`UpdateLogStore`". The mechanism (service key or
//! BYOK), the algorithm and the three members of `user_cmk_info` are fixed by the first configuration,
//! also while encryption is disabled; only `enable` can change afterwards.

mod apply;
#[cfg(test)]
mod apply_tests;
mod bound;
#[cfg(test)]
mod bound_tests;
mod merge;
mod permanence;
mod read_back;

pub use apply::{Applied, ApplyError, Failure, LogStoreCalls, MAX_AGE, Wanted, apply};
pub use bound::BoundLogStore;
pub use permanence::{
    Conflict, ENCRYPT_TYPES, Known, Mechanism, Part, conflicts, same_encrypt_type, same_role_arn,
};
pub use read_back::Loss;
