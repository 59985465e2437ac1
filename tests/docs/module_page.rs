//! Renders the inputs and outputs of a Terraform module as tables.
//!
//! It reads HCL as `terraform fmt` lays it out, and no more of it than the blocks `variable` and `output` of the module
//! have. It fails at a line that it cannot read.

use std::fmt::Write as _;

/// A `variable` or an `output`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Block {
    name: String,
    arguments: Vec<(String, String)>,
}

impl Block {
    fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    fn description(&self) -> String {
        let description = self.argument("description");
        let text = description.unwrap_or_else(|| panic!("{} has no description", self.name));
        text.lines()
            .map(str::trim)
            .collect::<Vec<_>>()
            .join("\n")
            .replace("\n- ", "<br>• ")
            .replace('\n', " ")
    }
}

/// The README of a module, with the tables between their marks.
pub fn readme(page: &str, variables: &str, outputs: &str) -> String {
    let page = between(page, "inputs", &inputs(variables));
    between(&page, "outputs", &outputs_table(outputs))
}

fn between(page: &str, name: &str, table: &str) -> String {
    let (begin, end) = (
        format!("<!-- The {name} are written by ./scripts/docs. -->\n"),
        format!("<!-- The {name} end. -->"),
    );
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("the page has no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("the page has no {end}"));
    format!("{before}{begin}\n{table}\n{end}{after}")
}

fn inputs(source: &str) -> String {
    let mut table = "| Input | Type | Default | Description |\n| --- | --- | --- | --- |\n".to_owned();
    for block in blocks("variable", source) {
        let of = block.argument("type").unwrap_or_else(|| panic!("{} has no type", block.name));
        let of = of.lines().map(str::trim).collect::<Vec<_>>().join(", ");
        let of = of.replace("{, ", "{ ").replace(", }", " }");
        let default = block.argument("default").map_or("required".to_owned(), |value| format!("`{value}`"));
        let _ = writeln!(table, "| `{}` | `{of}` | {default} | {} |", block.name, block.description());
    }
    table
}

fn outputs_table(source: &str) -> String {
    let mut table = "| Output | Description |\n| --- | --- |\n".to_owned();
    for block in blocks("output", source) {
        let _ = writeln!(table, "| `{}` | {} |", block.name, block.description());
    }
    table
}

/// The blocks of this type. Blocks inside of them are left out.
fn blocks(kind: &str, source: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = source.lines();
    while let Some(line) = lines.next() {
        if let Some(name) =
            line.strip_prefix(&format!("{kind} \"")).and_then(|rest| rest.strip_suffix("\" {"))
        {
            let mut body = lines.by_ref().take_while(|line| *line != "}");
            blocks.push(Block { name: name.to_owned(), arguments: arguments(&mut body) });
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "{line:?} is not read");
        }
    }
    blocks
}

fn arguments<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let mut arguments = Vec::new();
    while let Some(line) = lines.next() {
        let indented = line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '));
        match indented {
            None => assert!(line.is_empty(), "{line:?} is not read"),
            Some(comment) if comment.starts_with('#') => {}
            Some(block) if !block.contains('=') => drop(nested(lines)),
            Some(argument) => {
                let (name, value) = argument.split_once('=').unwrap();
                let value = value.trim();
                let value = if value == "<<-EOT" {
                    let text: Vec<_> = lines.by_ref().take_while(|line| line.trim() != "EOT").collect();
                    text.join("\n")
                } else if value.ends_with(['{', '(', '[']) {
                    format!("{value}\n{}", nested(lines))
                } else {
                    value.trim_matches('"').to_owned()
                };
                arguments.push((name.trim().to_owned(), value));
            }
        }
    }
    arguments
}

/// The lines up to the bracket that closes what stands two columns in.
fn nested<'a>(lines: &mut impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for line in lines {
        text += line;
        if ["  }", "  )", "  ]"].iter().any(|end| line.starts_with(end)) {
            return text;
        }
        text.push('\n');
    }
    panic!("nothing closes {text:?}")
}

#[test]
fn a_module_is_read_as_terraform_lays_it_out() {
    let variables = r#"# About it.

variable "region" {
  description = "The region."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.region) > 0
    error_message = "None."
  }
}

variable "key" {
  description = <<-EOT
    The key,
    in two lines.

    - `id`: its id
  EOT
  type = object({
    id = string
    of = number
  })
  default = null
}
"#;
    let outputs = "output \"names\" {\n  description = \"Names.\"\n  value = [\n    1,\n  ]\n}\n";
    let page = "# A\n\n<!-- The inputs are written by ./scripts/docs. -->\nold\n<!-- The inputs end. -->\nB\n<!-- The outputs are written by ./scripts/docs. -->\n<!-- The outputs end. -->\n";
    let expected = "# A\n\n<!-- The inputs are written by ./scripts/docs. -->\n\n\
        | Input | Type | Default | Description |\n| --- | --- | --- | --- |\n\
        | `region` | `string` | required | The region. |\n\
        | `key` | `object({ id = string, of = number })` | `null` | The key, in two lines. <br>• `id`: its id |\n\
        \n<!-- The inputs end. -->\nB\n<!-- The outputs are written by ./scripts/docs. -->\n\n\
        | Output | Description |\n| --- | --- |\n| `names` | Names. |\n\
        \n<!-- The outputs end. -->\n";
    assert_eq!(readme(page, variables, outputs), expected);
    assert_eq!(readme(expected, variables, outputs), expected);
}

#[test]
#[should_panic(expected = "is not read")]
fn what_is_laid_out_otherwise_is_not_read() {
    inputs("variable \"a\" { type = string }\n");
}
