//! Typed arguments and results of functions.

use super::definition::ParameterMode;
use super::{Parameter, error::FunctionError};
use crate::{Field, Path, Value, field::Typed};

/// A Rust type that takes the values of one parameter.
pub trait Argument: Sized {
    /// Which values it takes.
    const MODE: ParameterMode;

    /// Takes its values from those of the call.
    ///
    /// # Errors
    ///
    /// The value is of another type than the signature says.
    fn take(values: &mut Values) -> Result<Self, FunctionError>;
}

/// The values of a call that no argument has taken yet.
#[derive(Debug)]
pub struct Values {
    values: std::vec::IntoIter<Value>,
    taken: usize,
}

/// The arguments of a function: a tuple of up to four [`Argument`]s.
pub trait Arguments: Sized + Send + 'static {
    /// As many parameters as there are arguments.
    type Parameters: IntoIterator<Item = Parameter>;

    /// Which values each argument takes.
    fn modes() -> Vec<ParameterMode>;

    /// Reads the values of a call.
    ///
    /// # Errors
    ///
    /// A value is of another type than the signature says.
    fn from_values(values: Vec<Value>) -> Result<Self, FunctionError>;
}

/// All further arguments of a call, each read as `T`: the last element of a tuple of arguments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variadic<T>(pub Vec<T>);

/// A Rust type that a function returns.
pub trait Returned {
    /// Writes the result.
    fn into_result(self) -> Value;
}

impl<T: Typed> Argument for T {
    const MODE: ParameterMode = ParameterMode { null: false, unknown: false, many: false };

    fn take(values: &mut Values) -> Result<Self, FunctionError> {
        let (index, value) = values.next();
        parse(value, index)
    }
}

impl<T: Typed> Argument for Option<T> {
    const MODE: ParameterMode = ParameterMode { null: true, unknown: false, many: false };

    fn take(values: &mut Values) -> Result<Self, FunctionError> {
        match values.next() {
            (_, Value::Null) => Ok(None),
            (index, value) => parse(value, index).map(Some),
        }
    }
}

impl<T: Typed> Argument for Field<T> {
    const MODE: ParameterMode = ParameterMode { null: true, unknown: true, many: false };

    fn take(values: &mut Values) -> Result<Self, FunctionError> {
        match values.next() {
            (_, Value::Null) => Ok(Field::Null),
            (_, Value::Unknown(_)) => Ok(Field::Unknown),
            (index, value) => parse(value, index).map(Field::Known),
        }
    }
}

impl<A: Argument> Argument for Variadic<A> {
    const MODE: ParameterMode = ParameterMode { many: true, ..A::MODE };

    fn take(values: &mut Values) -> Result<Self, FunctionError> {
        let mut all = Vec::new();
        while !values.is_empty() {
            all.push(A::take(values)?);
        }
        Ok(Variadic(all))
    }
}

impl<T: Typed> Returned for T {
    fn into_result(self) -> Value {
        self.into_value()
    }
}

impl<T: Typed> Returned for Field<T> {
    fn into_result(self) -> Value {
        self.into_value()
    }
}

impl Values {
    fn is_empty(&self) -> bool {
        self.values.as_slice().is_empty()
    }

    /// The next value and its index; null where there is none, as the number of values was checked before.
    fn next(&mut self) -> (usize, Value) {
        let index = self.taken;
        self.taken += 1;
        (index, self.values.next().unwrap_or(Value::Null))
    }
}

fn parse<T: Typed>(value: Value, index: usize) -> Result<T, FunctionError> {
    T::from_value(value, &Path::root()).map_err(|problem| FunctionError::at(index, problem.detail))
}

macro_rules! arguments {
    ($count:literal: $($argument:ident),*) => {
        impl<$($argument: Argument + Send + 'static),*> Arguments for ($($argument,)*) {
            type Parameters = [Parameter; $count];

            fn modes() -> Vec<ParameterMode> {
                vec![$($argument::MODE),*]
            }

            fn from_values(values: Vec<Value>) -> Result<Self, FunctionError> {
                let mut _values = Values { values: values.into_iter(), taken: 0 };
                Ok(($($argument::take(&mut _values)?,)*))
            }
        }
    };
}

arguments!(0:);
arguments!(1: A);
arguments!(2: A, B);
arguments!(3: A, B, C);
arguments!(4: A, B, C, D);
