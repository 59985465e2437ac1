//! What can be wrong with an encoded value, whatever the encoding.

use super::{Number, Path, Step, Type, Value, number::NumberError};

/// The deepest nesting of values that is read or written.
///
/// Schemas here are at most five deep, and core's language cannot write a value this deep by hand.
/// Only values of the dynamic type can nest without end; each level costs stack.
pub const MAX_DEPTH: usize = 128;

/// Bytes from core are not a value of the expected type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", place(.path))]
pub struct DecodeError {
    /// The value that could not be read.
    pub path: Path,
    /// What is wrong with it.
    pub reason: Reason,
}

/// A value of the provider cannot be sent as the type it should have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", place(.path))]
pub struct EncodeError {
    /// The value that could not be written.
    pub path: Path,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with one value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It has another type.
    #[error("{wanted} is required, but {found} was given")]
    WrongType {
        /// The required type, with its article.
        wanted: &'static str,
        /// The type found, with its article.
        found: &'static str,
    },
    /// An object lacks the attribute the path points at.
    #[error("the attribute is missing")]
    MissingAttribute,
    /// An object has the attribute the path points at, and its type has not.
    #[error("the type has no such attribute")]
    ExtraAttribute,
    /// The attribute or key the path points at comes twice.
    #[error("the key is given twice")]
    DuplicateKey,
    /// A tuple has another number of elements than its type.
    #[error("{wanted} elements are required, but {found} were given")]
    WrongLength {
        /// How many its type has.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// A number is none.
    #[error("{0}")]
    Number(#[from] NumberError),
    /// Text is not UTF-8.
    #[error("the text is not valid UTF-8")]
    NotUtf8,
    /// The type that travels with a value of the dynamic type is none.
    #[error("the type beside the value is not a type")]
    NotAType,
    /// The value is nested deeper than [`MAX_DEPTH`].
    #[error("the value is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// A collection has more elements, or a text more bytes, than the encoding can say.
    #[error("the value is too long for the encoding")]
    TooLong,
    /// The value is unknown where only known values can be.
    #[error("the value is unknown, which cannot be expressed here")]
    Unknown,
    /// The document ends before the value does.
    #[error("the document ends too early")]
    Truncated,
    /// Bytes follow the value.
    #[error("the document goes on after its end")]
    TrailingBytes,
    /// The document is not in the encoding at all.
    #[error("{0}")]
    Syntax(String),
}

impl Reason {
    /// Another type than required was found.
    pub(super) fn wrong_type(wanted: &Type, found: &Value) -> Reason {
        Reason::WrongType { wanted: name_of(wanted), found: found.kind() }
    }
}

/// What is wrong, while the way to it is still being collected from the inside out.
#[derive(Debug)]
pub(super) struct Problem {
    reason: Reason,
    /// The innermost step first.
    steps: Vec<Step>,
}

impl Problem {
    /// The same problem, seen from the value around it.
    pub(super) fn inside(mut self, step: Step) -> Problem {
        self.steps.push(step);
        self
    }

    pub(super) fn in_attribute(self, name: &str) -> Problem {
        self.inside(Step::Attribute(name.to_owned()))
    }

    pub(super) fn in_key(self, key: &str) -> Problem {
        self.inside(Step::Key(key.to_owned()))
    }

    pub(super) fn in_element(self, index: usize) -> Problem {
        self.inside(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    fn into_parts(self) -> (Path, Reason) {
        let path = self.steps.iter().rev().fold(Path::root(), |path, step| match step {
            Step::Attribute(name) => path.attribute(name),
            Step::Key(key) => path.key(key),
            Step::Index(index) => path.index(usize::try_from(*index).unwrap_or(usize::MAX)),
        });
        (path, self.reason)
    }
}

impl From<Reason> for Problem {
    fn from(reason: Reason) -> Self {
        Problem { reason, steps: Vec::new() }
    }
}

impl From<Problem> for DecodeError {
    fn from(problem: Problem) -> Self {
        let (path, reason) = problem.into_parts();
        DecodeError { path, reason }
    }
}

impl From<Problem> for EncodeError {
    fn from(problem: Problem) -> Self {
        let (path, reason) = problem.into_parts();
        EncodeError { path, reason }
    }
}

/// Counts one level of nesting.
///
/// # Errors
///
/// It is one level too many.
pub(super) fn deeper(depth: usize) -> Result<usize, Reason> {
    if depth < MAX_DEPTH { Ok(depth + 1) } else { Err(Reason::TooDeep) }
}

/// Reads decimal text as a number.
pub(super) fn number(text: &str) -> Result<Value, Problem> {
    let number: Number = text.parse().map_err(Reason::Number)?;
    Ok(Value::Number(number))
}

/// The type in a message, with its article.
pub(super) fn name_of(of: &Type) -> &'static str {
    match of {
        Type::String => "a string",
        Type::Number => "a number",
        Type::Bool => "a bool",
        Type::Dynamic => "a value with its type",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Tuple(_) => "a tuple",
        Type::Object(_) => "an object",
    }
}

/// The path as the beginning of a message; nothing for the root.
fn place(path: &Path) -> String {
    if path.steps().is_empty() { String::new() } else { format!("{path}: ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_found_deep_inside_names_the_whole_way() {
        let problem =
            Problem::from(Reason::MissingAttribute).in_attribute("arn").in_element(2).in_attribute("keys");
        let error = DecodeError::from(problem);
        assert_eq!(error.to_string(), "keys[2].arn: the attribute is missing");
    }

    #[test]
    fn a_problem_at_the_root_needs_no_place() {
        let error = EncodeError::from(Problem::from(Reason::wrong_type(&Type::String, &Value::Null)));
        assert_eq!(error.to_string(), "a string is required, but null was given");
    }
}
