//! Keeps `docs/`, and the page of the module, equal to what the schemas, the table of permissions and `examples/` say,
//! and pages in Chinese equal to the English ones in all that is not prose. No link of a page leads to nothing.
//!
//! `./scripts/docs` rewrites the pages by running this test with `WRITE_DOCS=1`.

#![allow(clippy::unwrap_used, reason = "a test reports by panicking")]

mod function_page;
mod links;
mod markdown;
mod module_page;
mod page;
mod privileges_page;
mod translations;

use std::{fmt::Write as _, fs, path::Path};

use provider::{AlicloudEncryption, Environment};
use schema::ProviderServer;

#[test]
fn pages_say_what_schemas_and_examples_say() {
    let server = ProviderServer::new(AlicloudEncryption::new(Environment::default()));
    let schemas = server.schemas();
    check(
        "docs/index.md",
        &page::provider(schemas.provider, &contents(&server), &read("templates/index.md")),
    );
    for (type_name, schema) in schemas.resources {
        let template = read(&format!("templates/resources/{}.md", short(type_name)));
        let identity = schemas.identities.get(type_name).copied();
        let page = page::resource(type_name, schema, identity, &privileges_page::tables(), &template);
        check_page("resources", type_name, &page);
    }
    for (type_name, schema) in schemas.data_sources {
        let example = read(&format!("examples/data-sources/{type_name}/data-source.tf"));
        check_page("data-sources", type_name, &page::data_source(type_name, schema, &example));
    }
    for (type_name, schema) in schemas.list_resources {
        let example = read(&format!("examples/list-resources/{type_name}/list-resource.tfquery.hcl"));
        let notes = notes("list-resources", type_name);
        check_page("list-resources", type_name, &page::list_resource(type_name, schema, &example, &notes));
    }
    for (type_name, schema) in schemas.actions {
        let example = read(&format!("examples/actions/{type_name}/action.tf"));
        let notes = notes("actions", type_name);
        check_page("actions", type_name, &page::action(type_name, schema, &example, &notes));
    }
    for (name, definition) in schemas.functions {
        let example = read(&format!("examples/functions/{name}/function.tf"));
        check(&format!("docs/functions/{name}.md"), &function_page::function(name, definition, &example));
    }
    let guide = privileges_page::guide(&read("templates/guides/least-privileges.md"));
    check("docs/guides/least-privileges.md", &guide);
}

#[test]
fn the_page_of_the_module_says_what_its_files_say() {
    let file = |name: &str| format!("examples/modules/logstore-encryption/{name}");
    let source = |name| read(&file(name));
    let page = module_page::readme(&source("README.md"), &source("variables.tf"), &source("outputs.tf"));
    check(&file("README.md"), &page);
}

/// Before Terraform has a provider to ask, only the module itself can refuse a value.
#[test]
fn the_module_takes_the_algorithms_that_the_provider_takes() {
    let server = ProviderServer::new(AlicloudEncryption::new(Environment::default()));
    let schema = server.schemas().resources["alicloud_log_store_encryption"];
    let encrypt_type = schema.attributes.iter().find(|attribute| attribute.name == "encrypt_type").unwrap();
    let rule = encrypt_type.validators.iter().map(|validator| validator.rule()).collect::<String>();
    let values: Vec<&str> = rule.split('`').skip(1).step_by(2).collect();
    assert!(values.contains(&"default"), "{rule}");
    let variables = read("examples/modules/logstore-encryption/variables.tf");
    let words = variables.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains(&format!("contains([ \"{}\", ], var.encrypt_type)", values.join("\", \""))),
        "{words}"
    );
    assert!(words.contains(&format!("must be one of {}.", values.join(", "))), "{words}");
}

/// Everything that the provider has, with the first sentence of each page.
fn contents(server: &ProviderServer) -> String {
    let schemas = server.schemas();
    let of_types = [
        ("Resources", "resources", &schemas.resources),
        ("Data sources", "data-sources", &schemas.data_sources),
        ("List resources, for `terraform query`", "list-resources", &schemas.list_resources),
        ("Actions", "actions", &schemas.actions),
    ];
    let mut text = String::new();
    for (kind, folder, types) in of_types {
        let entry = |(name, schema): (&&'static str, &&schema::Schema)| {
            page::entry(&format!("{folder}/{}.md", short(name)), name, schema.description)
        };
        let entries: String = types.iter().map(entry).collect();
        let _ = write!(text, "**{kind}**\n\n{entries}\n");
    }
    let functions = schemas.functions.iter();
    let entries = functions
        .map(|(name, definition)| page::entry(&format!("functions/{name}.md"), name, definition.summary));
    text + "**Functions**\n\n" + &entries.collect::<String>()
}

#[test]
fn everything_is_described() {
    let server = ProviderServer::new(AlicloudEncryption::new(Environment::default()));
    let schemas = server.schemas();
    let of_types = [&schemas.resources, &schemas.data_sources, &schemas.list_resources, &schemas.actions];
    for schema in of_types.into_iter().flat_map(|each| each.values()).chain([&schemas.provider]) {
        let missing = page::undescribed(schema);
        assert!(missing.is_empty(), "without a description: {missing:?}");
    }
    for (type_name, identity) in schemas.identities {
        let empty = identity.attributes.iter().find(|attribute| attribute.description.is_empty());
        assert!(empty.is_none(), "{type_name} has no text for the identity's {empty:?}");
    }
    for (name, definition) in schemas.functions {
        let missing = function_page::undescribed(definition);
        assert!(missing.is_empty(), "{name} has no text for: {missing:?}");
    }
}

/// The page of a type, which has the name of the type without the prefix that all types have.
#[track_caller]
fn check_page(folder: &str, type_name: &str, expected: &str) {
    check(&format!("docs/{folder}/{}.md", short(type_name)), expected);
}

fn short(type_name: &str) -> &str {
    type_name.strip_prefix("alicloud_").unwrap_or(type_name)
}

/// The sections of a page that neither schema nor example can say; most pages have none.
fn notes(folder: &str, type_name: &str) -> String {
    let template = format!("templates/{folder}/{}.md", short(type_name));
    fs::read_to_string(root().join(template)).unwrap_or_default()
}

#[track_caller]
fn check(path: &str, expected: &str) {
    let file = root().join(path);
    if std::env::var_os("WRITE_DOCS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "{path} is out of date: run ./scripts/docs");
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
