//! Values as core sends them: MessagePack, directed by the type.
//!
//! How each type is written is in the plugin protocol's description of `DynamicValue`; unknown
//! values are extensions, which plain MessagePack leaves to the application.

mod decode;
mod encode;
mod reader;

pub use decode::decode;
pub use encode::encode;

/// The extension code of an unknown value about which nothing is promised.
const UNKNOWN: i8 = 0;

/// The extension code of an unknown value that carries promises.
const REFINED_UNKNOWN: i8 = 12;

#[cfg(test)]
pub(super) mod tests;
