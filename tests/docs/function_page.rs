//! Renders the definition of a function as a page of the Terraform registry.

use std::fmt::Write;

use schema::{
    Type,
    function::{Definition, Parameter, definition::ParameterMode},
};

use crate::page::{code, finish, front_matter, paragraph, type_name};

/// The page of a function.
pub fn function(name: &str, definition: &Definition, example: &str) -> String {
    let mut page = front_matter(&format!("{name} Function"), "", definition.summary);
    let _ = write!(page, "# {name} (Function)\n\n");
    if let Some(instead) = definition.deprecated {
        let _ = write!(page, "~> **Deprecated** {instead}\n\n");
    }
    paragraph(&mut page, definition.description);
    paragraph(
        &mut page,
        "Functions of providers need Terraform 1.8 or OpenTofu 1.7. They read nothing but their arguments, and need no configuration of the provider.",
    );
    code(&mut page, "## Example Usage", "terraform", example);
    let _ = write!(page, "## Signature\n\n`{}`\n\n", signature(name, definition));
    arguments(&mut page, definition);
    result(&mut page, &definition.returns);
    finish(&page)
}

/// What of it has no description.
pub fn undescribed(definition: &Definition) -> Vec<&'static str> {
    let own = [("summary", definition.summary), ("description", definition.description)];
    let each = all(definition).map(|(parameter, _)| (parameter.name, parameter.description));
    own.into_iter().chain(each).filter(|(_, text)| text.is_empty()).map(|(name, _)| name).collect()
}

fn all(definition: &Definition) -> impl Iterator<Item = &(Parameter, ParameterMode)> {
    definition.parameters.iter().chain(&definition.variadic)
}

fn signature(name: &str, definition: &Definition) -> String {
    let parameters: Vec<String> = all(definition)
        .map(|(parameter, takes)| {
            let many = if takes.many { "..." } else { "" };
            format!("{} {}{many}", parameter.name, notation(&parameter.of))
        })
        .collect();
    format!("{name}({}) {}", parameters.join(", "), notation(&definition.returns))
}

fn arguments(page: &mut String, definition: &Definition) {
    if all(definition).next().is_none() {
        return;
    }
    page.push_str("## Arguments\n\n");
    for (position, (parameter, takes)) in all(definition).enumerate() {
        let number = position + 1;
        let (name, of) = (parameter.name, type_name(&parameter.of));
        let kind = if takes.many { format!("Variadic, {of}") } else { of };
        let null = if takes.null { " Can be null." } else { "" };
        let _ = writeln!(page, "{number}. `{name}` ({kind}) {}{null}", parameter.description);
    }
    page.push('\n');
}

/// The members of an object, which the signature does not show in lines of their own.
fn result(page: &mut String, returns: &Type) {
    let Type::Object(members) = returns else { return };
    page.push_str("## Result\n\n");
    for (name, of) in members {
        let _ = writeln!(page, "- `{name}` ({})", type_name(of));
    }
    page.push('\n');
}

/// A type in the notation of Terraform's language.
fn notation(of: &Type) -> String {
    match of {
        Type::List(of) => format!("list({})", notation(of)),
        Type::Set(of) => format!("set({})", notation(of)),
        Type::Map(of) => format!("map({})", notation(of)),
        Type::Tuple(each) => format!("tuple([{}])", each.iter().map(notation).collect::<Vec<_>>().join(", ")),
        Type::Object(members) => {
            let each: Vec<_> =
                members.iter().map(|(name, of)| format!("{name} = {}", notation(of))).collect();
            format!("object({{ {} }})", each.join(", "))
        }
        simple => simple.to_json().as_str().unwrap_or_default().to_owned(),
    }
}

#[test]
fn a_page_tells_variadic_null_and_deprecated() {
    let takes = |null, many| ParameterMode { null, unknown: false, many };
    let page = function(
        "join",
        &Definition {
            summary: "Joins words.",
            description: "Joins words to a text.",
            deprecated: Some("Use the one of the language."),
            parameters: vec![(Parameter::string("separator", "Between words."), takes(true, false))],
            variadic: Some((
                Parameter { name: "words", of: Type::list(Type::String), description: "Words." },
                takes(false, true),
            )),
            returns: Type::String,
        },
        "",
    );
    for line in [
        "`join(separator string, words list(string)...) string`",
        "1. `separator` (String) Between words. Can be null.",
        "2. `words` (Variadic, List of String) Words.",
        "~> **Deprecated** Use the one of the language.",
    ] {
        assert!(page.lines().any(|found| found == line), "{line:?} is not in\n{page}");
    }
    assert!(!page.contains("## Result"));
}
