//! Carries encoded arguments to a typed [`Function`] and its result back.

use std::fmt;

use super::{
    Function, FunctionError,
    argument::{Arguments, Returned},
    definition::Definition,
};
use crate::{
    Type, Value,
    codec::{decode, encode},
    messages::Encoded,
    validation,
};

/// A function of any signature, as the server keeps it.
pub struct AnyFunction(Box<dyn Erased>);

impl AnyFunction {
    /// Wraps a function.
    pub fn new<F: Function>(function: F) -> AnyFunction {
        let definition = define(&function);
        AnyFunction(Box::new(Adapter { function, definition }))
    }

    pub(crate) fn erased(&self) -> &dyn Erased {
        self.0.as_ref()
    }
}

impl fmt::Debug for AnyFunction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("AnyFunction").field(&self.0.name()).finish()
    }
}

/// [`Function`] without its types.
pub(crate) trait Erased: Send + Sync {
    fn name(&self) -> &'static str;
    fn definition(&self) -> &Definition;
    fn call(&self, arguments: &[Encoded]) -> Result<Encoded, FunctionError>;
}

struct Adapter<F> {
    function: F,
    definition: Definition,
}

fn define<F: Function>(function: &F) -> Definition {
    let signature = function.signature();
    let (variadic, parameters): (Vec<_>, Vec<_>) =
        signature.parameters.into_iter().zip(F::Arguments::modes()).partition(|(_, takes)| takes.many);
    Definition {
        summary: signature.summary,
        description: signature.description,
        deprecated: signature.deprecated,
        parameters,
        variadic: variadic.into_iter().next(),
        returns: signature.returns,
    }
}

impl<F: Function> Erased for Adapter<F> {
    fn name(&self) -> &'static str {
        self.function.name()
    }

    fn definition(&self) -> &Definition {
        &self.definition
    }

    fn call(&self, arguments: &[Encoded]) -> Result<Encoded, FunctionError> {
        self.count(arguments.len())?;
        let mut values = Vec::with_capacity(arguments.len());
        let mut unknown = false;
        for (index, argument) in arguments.iter().enumerate() {
            let value = self.argument(index, argument)?;
            unknown |= value.is_none();
            values.extend(value);
        }
        let result = if unknown {
            Value::UNKNOWN
        } else {
            self.function.call(F::Arguments::from_values(values)?)?.into_result()
        };
        self.result(&result)
    }
}

impl<F: Function> Adapter<F> {
    /// Checks the number of arguments, which hosts have checked against the same definition.
    fn count(&self, given: usize) -> Result<(), FunctionError> {
        let (least, most) = self.definition.arity();
        if given >= least && most.is_none_or(|most| given <= most) {
            return Ok(());
        }
        let wanted = if most.is_some() { format!("{least}") } else { format!("at least {least}") };
        Err(FunctionError::new(format!(
            "{} takes {wanted} arguments, but {given} were sent; Terraform and the provider disagree about its schema.",
            self.name()
        )))
    }

    /// Decodes the argument with that index; `None` if it is unknown where that is not taken.
    fn argument(&self, index: usize, encoded: &Encoded) -> Result<Option<Value>, FunctionError> {
        let Some((parameter, takes)) = self.definition.parameter(index) else { return Ok(None) };
        let value = decode(encoded, &parameter.of)
            .map(|value| bare(value, &parameter.of))
            .map_err(|problem| FunctionError::at(index, problem.detail))?;
        if value.is_null() && !takes.null {
            return Err(FunctionError::at(index, format!("{} must not be null.", parameter.name)));
        }
        validation::no_null_elements(&parameter.of, &value, parameter.name)
            .map_err(|problem| FunctionError::at(index, problem.detail))?;
        Ok((takes.unknown || value.is_wholly_known()).then_some(value))
    }

    /// Encodes the result, which proves that it is of the declared type.
    fn result(&self, result: &Value) -> Result<Encoded, FunctionError> {
        encode(result, &self.definition.returns).map_err(|problem| {
            FunctionError::new(format!("{} has no usable result. {}", self.name(), problem.detail))
        })
    }
}

/// A null or unknown value of the dynamic type without the type that travelled with it: it is null or
/// unknown like any other.
fn bare(value: Value, of: &Type) -> Value {
    match (of, value) {
        (Type::Dynamic, Value::Dynamic(_, inner)) if inner.is_null() || inner.is_unknown() => *inner,
        (_, value) => value,
    }
}
