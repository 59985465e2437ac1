//! What is promised about a value that is not known yet.

use super::Number;

/// Promises core makes about an unknown value; what is `None` is not promised.
///
/// They are read and may be used for better messages, and are never sent back: a provider that
/// plans a refined unknown value is bound by it at apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refinements {
    /// It will be null (`true`), or certainly will not (`false`).
    pub is_null: Option<bool>,
    /// The text will begin like this.
    pub string_prefix: Option<String>,
    /// The number will not be below this.
    pub number_lower: Option<Bound>,
    /// The number will not be above this.
    pub number_upper: Option<Bound>,
    /// The collection will have at least so many elements.
    pub length_lower: Option<i64>,
    /// The collection will have at most so many elements.
    pub length_upper: Option<i64>,
}

/// One end of a range of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The number at the end of the range.
    pub number: Number,
    /// That number itself is in the range.
    pub inclusive: bool,
}
