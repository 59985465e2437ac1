//! Encryption of a Logstore at rest: which values are permanent, and how the configuration is written safely.
//!
//! Source: SLS documentation, "Data encryption" and "`UpdateLogStore`". The first configuration fixes the mechanism
//! (service key or BYOK), the algorithm and the three members of `user_cmk_info`, even if encryption is disabled in it.
//! Only `enable` can change afterwards.

mod bound_log_store;
mod merge;
mod permanent_values;
mod sequence;
#[cfg(test)]
mod tests;
mod updates;

pub use bound_log_store::BoundLogStore;
pub use permanent_values::{
    Conflict, ENCRYPT_TYPES, Mechanism, PermanentField, PermanentValues, conflicts, same_encrypt_type,
    same_role_arn,
};
pub use sequence::{
    AppliedEncryption, ApplyError, ApplyFailure, DesiredEncryption, LogStoreCalls, MAX_READ_AGE, Update,
    apply,
};
pub use updates::UnrestoredSetting;
