//! The functions of the provider under test.

use schema::{
    Field, Function, Type, Value,
    function::{AnyFunction, FunctionError, Parameter, Signature, Variadic},
};

pub fn all() -> Vec<AnyFunction> {
    vec![AnyFunction::new(Half), AnyFunction::new(Join), AnyFunction::new(Echo), AnyFunction::new(Wrong)]
}

/// Panics in `half`.
pub const UNLUCKY: i64 = 13;

/// Takes known values only.
#[derive(Debug)]
struct Half;

impl Function for Half {
    type Arguments = (i64,);
    type Returns = i64;

    fn name(&self) -> &'static str {
        "half"
    }

    fn signature(&self) -> Signature<[Parameter; 1]> {
        Signature {
            summary: "Half of it.",
            description: "Half of an even number.",
            deprecated: Some("use the operator"),
            parameters: [Parameter { name: "number", of: Type::Number, description: "An even number." }],
            returns: Type::Number,
        }
    }

    fn call(&self, (number,): (i64,)) -> Result<i64, FunctionError> {
        assert!(number != UNLUCKY, "asked to panic");
        if number % 2 == 0 { Ok(number / 2) } else { Err(FunctionError::at(0, "number must be even.")) }
    }
}

/// Takes null for one argument and everything for the others, of which there may be any number.
#[derive(Debug)]
struct Join;

impl Function for Join {
    type Arguments = (Option<String>, Variadic<Field<String>>);
    type Returns = Field<String>;

    fn name(&self) -> &'static str {
        "join"
    }

    fn signature(&self) -> Signature<[Parameter; 2]> {
        Signature {
            summary: "",
            description: "",
            deprecated: None,
            parameters: [Parameter::string("separator", ""), Parameter::string("words", "")],
            returns: Type::String,
        }
    }

    fn call(
        &self,
        (separator, Variadic(words)): (Option<String>, Variadic<Field<String>>),
    ) -> Result<Field<String>, FunctionError> {
        if let Some(index) = words.iter().position(|word| *word == Field::from("")) {
            return Err(FunctionError::at(1 + index, "a word is empty."));
        }
        if words.iter().any(Field::is_unknown) {
            return Ok(Field::Unknown);
        }
        let known: Vec<&str> = words.iter().filter_map(Field::known).map(String::as_str).collect();
        let joined = known.join(separator.as_deref().unwrap_or(","));
        Ok(if known.is_empty() { Field::Null } else { Field::from(joined) })
    }
}

/// Takes and returns a value of any type.
#[derive(Debug)]
struct Echo;

impl Function for Echo {
    type Arguments = (Field<Value>,);
    type Returns = Field<Value>;

    fn name(&self) -> &'static str {
        "echo"
    }

    fn signature(&self) -> Signature<[Parameter; 1]> {
        Signature {
            summary: "",
            description: "",
            deprecated: None,
            parameters: [Parameter { name: "value", of: Type::Dynamic, description: "" }],
            returns: Type::Dynamic,
        }
    }

    fn call(&self, (value,): (Field<Value>,)) -> Result<Field<Value>, FunctionError> {
        Ok(value)
    }
}

/// Returns something else than it says.
#[derive(Debug)]
struct Wrong;

impl Function for Wrong {
    type Arguments = ();
    type Returns = String;

    fn name(&self) -> &'static str {
        "wrong"
    }

    fn signature(&self) -> Signature<[Parameter; 0]> {
        Signature {
            summary: "",
            description: "",
            deprecated: None,
            parameters: [],
            returns: Type::list(Type::String),
        }
    }

    fn call(&self, (): ()) -> Result<String, FunctionError> {
        Ok("text".to_owned())
    }
}
