//! What customers' keys are used under.

use std::sync::Arc;

use crate::identity::Directory;
use crate::kms::Keys;

/// Identities and keys as they are at one moment. Nobody changes them while they are used.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Roles and what they may do.
    pub directory: Arc<Directory>,
    /// The keys of KMS.
    pub keys: Arc<Keys>,
    /// Seconds since the epoch.
    pub now: i64,
}
