//! Why a function has no result.

/// Why a function has no result, for the person who wrote the expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// What is wrong and what a right argument looks like, in sentences.
    pub text: String,
    /// The argument it is about, counted from zero, those of a variadic parameter included.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// An error about the call as a whole.
    pub fn new(text: impl Into<String>) -> FunctionError {
        FunctionError { text: text.into(), argument: None }
    }

    /// An error about the argument with that index, counted from zero.
    pub fn at(argument: usize, text: impl Into<String>) -> FunctionError {
        FunctionError { text: text.into(), argument: Some(argument) }
    }
}
