//! Renders a schema as a page of the Terraform registry.

use std::fmt::Write;

use schema::{
    Attribute, Block, Nesting, Schema, Type, Value,
    attribute::{Kind, Nested},
    resource::IdentitySchema,
};

/// The page of the provider block. `contents` lists what the provider has.
pub fn provider(schema: &Schema, contents: &str, template: &str) -> String {
    let mut page = front_matter("alicloud-encryption Provider", "", schema.description);
    let parts = [("description", schema.description.to_owned()), ("contents", contents.to_owned())];
    page += "# alicloud-encryption Provider\n\n";
    page += &fill(template, &[&parts[..], &[("schema", schema_of(schema))]].concat());
    finish(&page)
}

/// An entry of the table of contents: a page, and the first sentence of what it describes.
pub fn entry(page: &str, name: &str, description: &str) -> String {
    let paragraph = description.lines().next().unwrap_or_default();
    let sentence = paragraph.split_inclusive(". ").next().unwrap_or_default();
    format!("- [`{name}`]({page}): {}\n", sentence.trim_end())
}

/// The page of a resource type. `tables` are the permissions that its template can show.
pub fn resource(
    type_name: &str,
    schema: &Schema,
    identity: Option<&IdentitySchema>,
    tables: &[(&str, String)],
    template: &str,
) -> String {
    let mut page = title(type_name, "Resource", schema.description);
    let identity = identity.map(identity_schema).unwrap_or_default();
    let description = schema.description.to_owned();
    let parts = [("description", description), ("schema", schema_of(schema)), ("identity", identity)];
    page += &fill(template, &[&parts[..], tables].concat());
    finish(&page)
}

/// A template with its parts in their places, which are names in double braces.
pub(super) fn fill(template: &str, parts: &[(&str, String)]) -> String {
    let mut pieces = template.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or_else(|| panic!("{{{{{piece} has no end"));
        let part = parts.iter().find(|(part, _)| *part == name);
        let (_, text) = part.unwrap_or_else(|| panic!("there is no {{{{{name}}}}}"));
        page = page + text.trim_end() + rest;
    }
    page
}

fn schema_of(schema: &Schema) -> String {
    let mut text = String::new();
    arguments(&mut text, &schema.attributes, &schema.blocks, "");
    text
}

/// The page of a data source type.
pub fn data_source(type_name: &str, schema: &Schema, example: &str) -> String {
    let mut page = opening(type_name, "Data Source", schema.description);
    code(&mut page, "## Example Usage", "terraform", example);
    page += "## Schema\n\n";
    arguments(&mut page, &schema.attributes, &schema.blocks, "");
    finish(&page)
}

/// The page of a list resource, whose schema is that of its `config` block.
pub fn list_resource(type_name: &str, schema: &Schema, example: &str, more: &str) -> String {
    let mut page = opening(type_name, "List Resource", schema.description);
    paragraph(
        &mut page,
        "`terraform query` needs Terraform 1.14. It lists at most 100 objects unless `limit` says otherwise, and does not say that there are more.",
    );
    code(&mut page, "## Example Usage", "terraform", example);
    notes(&mut page, more);
    page += "## Schema of `config`\n\n";
    arguments(&mut page, &schema.attributes, &schema.blocks, "");
    finish(&page)
}

/// The page of an action, whose schema is that of its `config` block.
pub fn action(type_name: &str, schema: &Schema, example: &str, more: &str) -> String {
    let mut page = opening(type_name, "Action", schema.description);
    paragraph(&mut page, "Actions need Terraform 1.14.");
    code(&mut page, "## Example Usage", "terraform", example);
    notes(&mut page, more);
    page += "## Schema of `config`\n\n";
    arguments(&mut page, &schema.attributes, &schema.blocks, "");
    finish(&page)
}

/// Front matter, title and description.
fn opening(type_name: &str, kind: &str, description: &str) -> String {
    let mut page = title(type_name, kind, description);
    paragraph(&mut page, description);
    page
}

/// Front matter and title.
fn title(type_name: &str, kind: &str, description: &str) -> String {
    let page = front_matter(&format!("{type_name} {kind}"), "Log Service (SLS)", description);
    format!("{page}# {type_name} ({kind})\n\n")
}

fn notes(page: &mut String, notes: &str) {
    if !notes.is_empty() {
        paragraph(page, notes.trim_end());
    }
}

fn identity_schema(identity: &IdentitySchema) -> String {
    let line = |attribute: &schema::resource::IdentityAttribute| {
        let optional = if attribute.required_for_import { "" } else { ", optional" };
        format!("- `{}` ({}{optional}) {}\n", attribute.name, type_name(&attribute.of), attribute.description)
    };
    identity.attributes.iter().map(line).collect()
}

/// The paths of what has no description.
pub fn undescribed(schema: &Schema) -> Vec<String> {
    let mut missing = Vec::new();
    collect_undescribed(&schema.attributes, &schema.blocks, "", &mut missing);
    missing
}

fn collect_undescribed(attributes: &[Attribute], blocks: &[Block], prefix: &str, missing: &mut Vec<String>) {
    for attribute in attributes {
        if attribute.description.is_empty() {
            missing.push(format!("{prefix}{}", attribute.name));
        }
        if let Kind::Nested(Nested { attributes, .. }) = &attribute.kind {
            collect_undescribed(attributes, &[], &format!("{prefix}{}.", attribute.name), missing);
        }
    }
    for block in blocks {
        if block.description.is_empty() {
            missing.push(format!("{prefix}{}", block.name));
        }
        collect_undescribed(&block.attributes, &block.blocks, &format!("{prefix}{}.", block.name), missing);
    }
}

pub(super) fn front_matter(title: &str, subcategory: &str, description: &str) -> String {
    let first = description.lines().next().unwrap_or_default();
    format!(
        "---\npage_title: \"{title}\"\nsubcategory: \"{subcategory}\"\ndescription: |-\n  {first}\n---\n\n<!-- Generated by ./scripts/docs from the schema, templates/ and examples/. Do not edit. -->\n\n"
    )
}

pub(super) fn paragraph(page: &mut String, text: &str) {
    let _ = write!(page, "{text}\n\n");
}

pub(super) fn code(page: &mut String, heading: &str, language: &str, text: &str) {
    let _ = write!(page, "{heading}\n\n```{language}\n{}\n```\n\n", text.trim_end());
}

pub(super) fn finish(page: &str) -> String {
    format!("{}\n", page.trim_end())
}

/// The three groups of a schema, then the schemas nested in it.
fn arguments(page: &mut String, attributes: &[Attribute], blocks: &[Block], prefix: &str) {
    let group = |wanted: fn(&Attribute) -> bool| attributes.iter().filter(move |attribute| wanted(attribute));
    list(page, "Required", group(|attribute| attribute.required), &[], prefix);
    list(page, "Optional", group(|attribute| attribute.optional), blocks, prefix);
    list(page, "Read-Only", group(|attribute| !attribute.required && !attribute.optional), &[], prefix);
    for attribute in attributes {
        if let Kind::Nested(Nested { attributes, .. }) = &attribute.kind {
            nested(page, &format!("{prefix}{}", attribute.name), attributes, &[]);
        }
    }
    for block in blocks {
        nested(page, &format!("{prefix}{}", block.name), &block.attributes, &block.blocks);
    }
}

fn list<'a>(
    page: &mut String,
    heading: &str,
    attributes: impl Iterator<Item = &'a Attribute>,
    blocks: &[Block],
    prefix: &str,
) {
    let lines: Vec<String> = attributes
        .map(|attribute| line(attribute, prefix))
        .chain(blocks.iter().map(|block| block_line(block, prefix)))
        .collect();
    if !lines.is_empty() {
        let _ = write!(page, "### {heading}\n\n{}\n", lines.concat());
    }
}

fn line(attribute: &Attribute, prefix: &str) -> String {
    let mut text = format!("- `{}` ({}) {}", attribute.name, kind(attribute), attribute.description);
    for rule in attribute.validators.iter().map(|validator| validator.rule()) {
        let _ = write!(text, " {rule}");
    }
    for rule in attribute.modifiers.iter().map(|modifier| modifier.rule()).filter(|rule| !rule.is_empty()) {
        let _ = write!(text, " {rule}");
    }
    if let Some(default) = &attribute.default {
        let _ = write!(text, " Default: `{}`.", shown(default));
    }
    if matches!(attribute.kind, Kind::Nested(_)) {
        let path = format!("{prefix}{}", attribute.name);
        let _ = write!(text, " (see [below](#nested-schema-for-{}))", anchor(&path));
    }
    text + "\n"
}

fn block_line(block: &Block, prefix: &str) -> String {
    let path = format!("{prefix}{}", block.name);
    let limit = if block.max_items > 0 { format!(", at most {}", block.max_items) } else { String::new() };
    format!(
        "- `{}` (Block{limit}) {} (see [below](#nested-schema-for-{}))\n",
        block.name,
        block.description,
        anchor(&path)
    )
}

fn nested(page: &mut String, path: &str, attributes: &[Attribute], blocks: &[Block]) {
    let _ = write!(
        page,
        "<a id=\"nested-schema-for-{}\"></a>\n\n## Nested Schema for `{path}`\n\n",
        anchor(path)
    );
    arguments(page, attributes, blocks, &format!("{path}."));
}

fn anchor(path: &str) -> String {
    path.replace(['.', '_'], "-")
}

fn kind(attribute: &Attribute) -> String {
    let of = match &attribute.kind {
        Kind::Plain(of) => type_name(of),
        Kind::Nested(Nested { nesting: Nesting::Single, .. }) => "Attributes".to_owned(),
        Kind::Nested(Nested { nesting, .. }) => format!("Attributes {nesting:?}"),
    };
    if attribute.sensitive { format!("{of}, Sensitive") } else { of }
}

/// A type as the pages of the registry write it: `List of String`.
pub(super) fn type_name(of: &Type) -> String {
    match of {
        Type::List(of) => format!("List of {}", type_name(of)),
        Type::Set(of) => format!("Set of {}", type_name(of)),
        Type::Map(of) => format!("Map of {}", type_name(of)),
        Type::Object(_) => "Object".to_owned(),
        Type::Tuple(_) => "Tuple".to_owned(),
        Type::Bool => "Boolean".to_owned(),
        simple => capitalised(simple.to_json().as_str().unwrap_or_default()),
    }
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_page_of_a_data_source_tells_arguments_from_what_is_found() {
    let schema = Schema {
        description: "What there is.",
        attributes: vec![
            Attribute::string("name").required().description("Its name."),
            Attribute::new("found", Type::list(Type::String)).computed().description("What was found."),
        ],
        ..Schema::default()
    };
    let page = data_source("alicloud_thing", &schema, "data \"alicloud_thing\" \"this\" {}");
    let lines: Vec<_> = page.lines().collect();
    let place = |line: &str| {
        lines.iter().position(|found| *found == line).unwrap_or_else(|| panic!("{line}\n{page}"))
    };
    assert!(place("# alicloud_thing (Data Source)") < place("data \"alicloud_thing\" \"this\" {}"));
    assert!(place("### Required") < place("- `name` (String) Its name."));
    assert!(place("### Read-Only") < place("- `found` (List of String) What was found."));
    assert!(!page.contains("## Import"));
}

#[test]
fn the_page_of_a_list_resource_has_notes_and_the_arguments_of_its_block() {
    let attributes = vec![Attribute::string("prefix").optional().description("How names begin.")];
    let schema = Schema { description: "Lists things.", attributes, ..Schema::default() };
    let page =
        list_resource("alicloud_thing", &schema, "list \"alicloud_thing\" \"all\" {}", "## Permissions\n");
    let lines: Vec<_> = page.lines().collect();
    let place = |line: &str| {
        lines.iter().position(|found| *found == line).unwrap_or_else(|| panic!("{line}\n{page}"))
    };
    assert!(place("# alicloud_thing (List Resource)") < place("list \"alicloud_thing\" \"all\" {}"));
    assert!(place("## Permissions") < place("## Schema of `config`"));
    assert!(place("### Optional") < place("- `prefix` (String) How names begin."));
}

#[test]
fn the_page_of_an_action_has_notes_and_the_arguments_of_its_block() {
    let attributes = vec![Attribute::string("name").required().description("Its name.")];
    let schema = Schema { description: "Presses a thing.", attributes, ..Schema::default() };
    let page = action("alicloud_press", &schema, "action \"alicloud_press\" \"this\" {}", "## Permissions\n");
    let lines: Vec<_> = page.lines().collect();
    let place = |line: &str| {
        lines.iter().position(|found| *found == line).unwrap_or_else(|| panic!("{line}\n{page}"))
    };
    assert!(place("# alicloud_press (Action)") < place("action \"alicloud_press\" \"this\" {}"));
    assert!(place("## Permissions") < place("## Schema of `config`"));
    assert!(place("### Required") < place("- `name` (String) Its name."));
}

#[test]
fn the_page_of_a_resource_is_its_template_with_the_parts_in_their_places() {
    use schema::resource::IdentityAttribute;
    let attributes = vec![
        IdentityAttribute::required("name", "Its name."),
        IdentityAttribute::optional("region", "Where."),
    ];
    let identity = IdentitySchema { version: 0, attributes };
    let schema = Schema {
        attributes: vec![Attribute::string("name").required().description("A name.")],
        ..Schema::default()
    };
    let tables = [("permissions one", "| a |\n".to_owned())];
    let template = "{{permissions one}}\n\n## Schema\n\n{{schema}}\n\n## Identity\n\n{{identity}}\n";
    let page = resource("alicloud_thing", &schema, Some(&identity), &tables, template);
    let end = "| a |\n\n## Schema\n\n### Required\n\n- `name` (String) A name.\n\n## Identity\n\n- `name` (String) Its name.\n- `region` (String, optional) Where.\n";
    assert!(page.ends_with(end), "{page}");
}

#[test]
#[should_panic(expected = "there is no {{other}}")]
fn a_template_has_no_place_for_what_is_not_there() {
    fill("{{other}}", &[("schema", String::new())]);
}
