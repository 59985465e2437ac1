//! Keeps `docs/` equal to what the schemas, the table of permissions and `examples/` say.
//!
//! `./scripts/docs` rewrites the pages by running this test with `WRITE_DOCS=1`.

#![allow(clippy::unwrap_used, reason = "a test reports by panicking")]

mod function_page;
mod page;
mod privileges_page;

use std::{fs, path::Path};

use provider::{AlicloudEncryption, Environment};
use schema::ProviderServer;

#[test]
fn pages_say_what_schemas_and_examples_say() {
    let server = ProviderServer::new(AlicloudEncryption::new(Environment::default()));
    let schemas = server.schemas();
    check("docs/index.md", &page::provider(schemas.provider, &read("examples/provider/provider.tf")));
    for (type_name, schema) in schemas.resources {
        let example = |file| read(&format!("examples/resources/{type_name}/{file}"));
        let name = type_name.strip_prefix("alicloud_").unwrap_or(type_name);
        let notes =
            fs::read_to_string(root().join(format!("templates/resources/{name}.md"))).unwrap_or_default();
        let page = page::resource(type_name, schema, &example("resource.tf"), &notes, &example("import.sh"));
        check(&format!("docs/resources/{name}.md"), &page);
    }
    for (type_name, schema) in schemas.data_sources {
        let example = read(&format!("examples/data-sources/{type_name}/data-source.tf"));
        let name = type_name.strip_prefix("alicloud_").unwrap_or(type_name);
        check(&format!("docs/data-sources/{name}.md"), &page::data_source(type_name, schema, &example));
    }
    for (name, definition) in schemas.functions {
        let example = read(&format!("examples/functions/{name}/function.tf"));
        check(&format!("docs/functions/{name}.md"), &function_page::function(name, definition, &example));
    }
    let guide = privileges_page::guide(&read("templates/guides/least-privileges.md"));
    check("docs/guides/least-privileges.md", &guide);
}

#[test]
fn everything_is_described() {
    let server = ProviderServer::new(AlicloudEncryption::new(Environment::default()));
    let schemas = server.schemas();
    for schema in schemas.resources.values().chain(schemas.data_sources.values()).chain([&schemas.provider]) {
        let missing = page::undescribed(schema);
        assert!(missing.is_empty(), "without a description: {missing:?}");
    }
    for (name, definition) in schemas.functions {
        let missing = function_page::undescribed(definition);
        assert!(missing.is_empty(), "{name} has no text for: {missing:?}");
    }
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
