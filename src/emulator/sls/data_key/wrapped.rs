//! A wrapped data key, and its owner.

use serde::{Deserialize, Serialize};

use crate::sls::encryption::UserCmkInfo;
use crate::stored::hex_bytes;

/// The wrapped data key of a Logstore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum WrappedDataKey {
    /// Under a key of the service's own.
    Service {
        /// The sealed key.
        #[serde(with = "hex_bytes")]
        wrapped: Vec<u8>,
    },
    /// Under the customer's key.
    Byok {
        /// What KMS `GenerateDataKey` answered as `CiphertextBlob`.
        ciphertext_blob: String,
    },
}

/// The Logstore a data key belongs to, as it was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The project's name.
    pub project: String,
    /// The Logstore's name.
    pub logstore: String,
    /// The Logstore's number.
    pub number: u64,
    /// The customer's key, if its encryption configuration names one.
    pub user_cmk_info: Option<UserCmkInfo>,
}
