//! Key Management Service, 2016-01-20: keys and their states, aliases, and what keys are used for
//! (<https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/api-kms-2016-01-20-overview>).

mod actions;
mod alias;
mod cryptography;
mod error;
mod input;
mod key;
mod key_policy;
mod key_state;
mod model;
mod paging;
mod permission;
mod rotation;
mod rotation_policy;
mod sealing;
pub(super) mod seeding;
#[cfg(test)]
mod stored_tests;
mod tag;
#[cfg(test)]
mod tests;

pub use actions::SERVICE;
pub use model::{Alias, Key, KeyState, Keys};
