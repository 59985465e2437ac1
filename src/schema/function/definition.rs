//! What a function takes and returns, in words and types.

use crate::Type;

/// Which values a parameter takes besides known ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParameterMode {
    /// Null.
    pub null: bool,
    /// Unknown values, also inside of a collection or object.
    pub unknown: bool,
    /// Any number of values, none included.
    pub many: bool,
}

/// What a function takes, what it returns and what it is for.
#[derive(Clone, Debug)]
pub struct Signature<P> {
    /// What it is for, in one line.
    pub summary: &'static str,
    /// What it is for and how it behaves, in Markdown.
    pub description: &'static str,
    /// Why it should not be used any more, if so.
    pub deprecated: Option<&'static str>,
    /// The parameters in order, the variadic one last.
    pub parameters: P,
    /// The type of the result.
    pub returns: Type,
}

/// One parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name: lower-case letters, digits and underscores.
    pub name: &'static str,
    /// The type of its values; of each value, if it is variadic.
    pub of: Type,
    /// What it means, in Markdown.
    pub description: &'static str,
}

/// A function as it is announced.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What it is for, in one line.
    pub summary: &'static str,
    /// What it is for and how it behaves, in Markdown.
    pub description: &'static str,
    /// Why it should not be used any more, if so.
    pub deprecated: Option<&'static str>,
    /// The parameters that take one value each, in order.
    pub parameters: Vec<(Parameter, ParameterMode)>,
    /// The parameter that takes all further values, none included.
    pub variadic: Option<(Parameter, ParameterMode)>,
    /// The type of the result.
    pub returns: Type,
}

impl Parameter {
    /// A text parameter.
    pub fn string(name: &'static str, description: &'static str) -> Parameter {
        Parameter { name, of: Type::String, description }
    }
}

impl Definition {
    /// The parameter that takes the argument with that index.
    pub fn parameter(&self, index: usize) -> Option<&(Parameter, ParameterMode)> {
        self.parameters.get(index).or(self.variadic.as_ref())
    }

    /// How many arguments a call must have at least, and at most if there is a limit.
    pub fn arity(&self) -> (usize, Option<usize>) {
        let least = self.parameters.len();
        (least, self.variadic.is_none().then_some(least))
    }
}
