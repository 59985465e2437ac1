//! Every block of every page of documentation, taken from the page: shell is run, configuration is validated, data is
//! parsed. Instructions stand on the page as comments, which readers do not see: [`page`] has the list.
//!
//! `PAGES=guides/testing cargo test --test acceptance pages` runs the pages whose path contains this text.

mod fragments;
pub mod page;
pub mod session;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use fragments::data_faults;
use page::{Fault, Page};
use session::Surroundings;

/// Pages with blocks that cannot be run here, and how many. Each has its reason beside it on the page.
const NOT_RUN: &[(&str, usize)] = &[
    ("README.md", 3),
    ("docs/guides/emulator.md", 1),
    ("docs/guides/official-provider.md", 5),
    ("docs/guides/policy-as-code.md", 1),
    ("docs/resources/log_store_encryption.md", 1),
];

/// How many pages are run at once.
const THREADS: usize = 3;

#[test]
fn every_block_of_every_page_is_run() {
    let wanted = std::env::var("PAGES").unwrap_or_default();
    let files: Vec<String> = page_files().into_iter().filter(|file| file.contains(&wanted)).collect();
    assert!(!files.is_empty(), "no page has {wanted:?} in its path");
    let queue = Mutex::new(files.iter());
    let next = || queue.lock().unwrap().next();
    let outcomes: Vec<(&String, Outcome)> = thread::scope(|scope| {
        let work = || std::iter::from_fn(next).map(|file| (file, try_page(file))).collect::<Vec<_>>();
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut faults: Vec<String> = Vec::new();
    let mut not_run = BTreeMap::new();
    for (file, outcome) in outcomes {
        faults.extend(outcome.faults.iter().map(|fault| format!("{file}:{}: {}", fault.line, fault.what)));
        if outcome.not_run > 0 {
            not_run.insert(file.as_str(), outcome.not_run);
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let listed: BTreeMap<&str, usize> =
        NOT_RUN.iter().copied().filter(|(file, _)| file.contains(&wanted)).collect();
    assert_eq!(not_run, listed, "left: the blocks that say `not run`; right: NOT_RUN");
}

/// What came of a page.
struct Outcome {
    faults: Vec<Fault>,
    /// How many blocks say that they cannot be run.
    not_run: usize,
}

fn try_page(file: &str) -> Outcome {
    try_text(file, &fs::read_to_string(repository().join(file)).unwrap())
}

fn try_text(file: &str, text: &str) -> Outcome {
    let page = match Page::parse(text) {
        Ok(page) => page,
        Err(faults) => return Outcome { faults, not_run: 0 },
    };
    let surroundings = Surroundings::of_page(file);
    let mut faults = surroundings.fragment_faults(&page);
    faults.extend(data_faults(&surroundings, &page.data));
    faults.extend(surroundings.session_faults(&page.steps));
    Outcome { faults, not_run: page.not_run }
}

/// The README, the pages of the registry, and what examples say of themselves. Pages in Chinese have the blocks of the
/// English ones, which tests/docs/translations.rs holds, and are not run a second time.
fn page_files() -> Vec<String> {
    let mut files = vec![repository().join("README.md")];
    for folder in ["docs", "examples"] {
        markdown_below(&repository().join(folder), &mut files);
    }
    let is_chinese = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().starts_with("zh-");
    let below = |file: PathBuf| file.strip_prefix(repository()).unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<String> = files.into_iter().filter(|file| !is_chinese(file)).map(below).collect();
    files.sort();
    files
}

fn markdown_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            markdown_below(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            files.push(path);
        }
    }
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The one fault of a page: its line, and what it says.
#[track_caller]
fn fault_of(text: &str) -> (usize, String) {
    let faults = try_text("docs/page.md", text).faults;
    assert_eq!(faults.len(), 1, "{faults:#?}");
    let fault = faults.into_iter().next().unwrap();
    (fault.line, fault.what)
}

#[track_caller]
fn passes(text: &str) {
    let faults = try_text("docs/page.md", text).faults;
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn blocks_of_shell_share_their_variables_and_their_folder_and_are_answered_yes() {
    passes(
        "\
```shell
mkdir below
cd below
export NAME=value
local_name=too
```

<!-- exit: 3 -->
```shell
echo out; echo err >&2
exit 3
```

```text
out
err
```

Some words.

<!-- file: below/data.json -->
```json
{}
```

<!-- run
cat data.json
-->
<!-- expect: {} -->

```shell
printf '%s\\n' \"a $NAME $local_name\" \"b $PWD\" c
read -r answer
echo \"$answer\"
```
<!-- expect: a value too -->

```text
b /...
...
yes
```
",
    );
}

#[test]
fn a_block_that_fails_is_a_fault_and_ends_the_page() {
    let (line, what) =
        fault_of("```shell\ntrue\n```\n\n```shell\necho before\nfalse\n```\n\n```shell\nfalse\n```\n");
    assert_eq!(line, 5);
    assert!(what.contains("exit code 1, not 0") && what.contains("before"), "{what}");
    let (line, what) = fault_of("<!-- exit: 2 -->\n```shell\ntrue\n```\n");
    assert_eq!((line, what.starts_with("exit code 0, not 2")), (2, true), "{what}");
    let (_, what) = fault_of("<!-- exit: 2 -->\n```shell\nfalse\nexit 2\n```\n");
    assert!(what.starts_with("exit code 1, not 2"), "{what}");
    let (line, what) = fault_of("Words.\n\n<!-- run\nunset_name=$missing\n-->\n");
    assert_eq!(line, 3);
    assert!(what.contains("missing: unbound variable"), "{what}");
}

#[test]
fn what_the_page_shows_and_the_command_does_not_print_is_a_fault() {
    let (line, what) = fault_of("```shell\necho one\n```\n\n<!-- expect: two -->\n");
    assert_eq!(line, 5);
    assert!(what.contains("\"two\" is not printed"), "{what}");
    let (line, what) = fault_of("```shell\nprintf '%s\\n' one two\n```\n\n```text\ntwo\none\n```\n");
    assert_eq!(line, 7);
    assert!(what.contains("\"one\" is not printed"), "{what}");
}

#[test]
fn configuration_that_does_not_validate_or_is_not_formatted_is_a_fault() {
    let (line, what) = fault_of(
        "Words.\n\n```terraform\nresource \"alicloud_log_store_encryption\" \"a\" {\n  project_name = \"audit-project\"\n}\n```\n",
    );
    assert_eq!(line, 4);
    assert!(what.contains("Missing required argument"), "{what}");
    let (line, what) = fault_of("```hcl\nlocals {\n  a   = 1\n}\n```\n");
    assert_eq!(line, 1);
    assert!(what.contains("terraform fmt"), "{what}");
    let (line, what) = fault_of(
        "```terraform\nlocals {\n  a = 1\n}\n```\n\n<!-- fragment: two -->\n```terraform\noutput \"a\" {\n  value = local.a\n}\n```\n",
    );
    assert_eq!(line, 10);
    assert!(what.contains("undeclared local value"), "{what}");
    passes(
        "\
<!-- fragment: one
locals {
  a = 1
}
-->
```terraform
output \"a\" {
  value = local.a
}
```

```terraform
list \"alicloud_ram_byok_role\" \"all\" {
  provider = alicloud-encryption
}
```

<!-- not run: nobody can -->
```hcl
neither = this
```
",
    );
}

#[test]
fn data_that_does_not_parse_is_a_fault() {
    let (line, what) = fault_of("```json\n{\n  \"a\": }\n```\n");
    assert_eq!(line, 3);
    assert!(what.contains("expected value"), "{what}");
    let (line, what) = fault_of("```yaml\na: 1\nb: [\n```\n");
    assert_eq!(line, 1);
    assert!(what.contains("YAML"), "{what}");
    let (_, what) = fault_of("```yaml\nonly a text\n```\n");
    assert!(what.contains("YAML"), "{what}");
    passes("```yaml\n- a: 1\n```\n\n```json\n[1]\n```\n");
}

#[test]
fn the_emulator_has_a_port_of_its_own_in_the_place_of_8700() {
    passes(
        "\
<!-- file: seed.json -->
```json
{\"projects\": [{\"name\": \"audit-project\", \"logstores\": [{\"logstoreName\": \"app-log\"}]}]}
```

```shell
alicloud-emulator serve --listen 127.0.0.1:8700 --seed seed.json &
```

```text
\"listening\":\"127.0.0.1:8700\"
```

```shell
curl --silent --fail http://127.0.0.1:8700/_emulator/health
```

```text
\"account_id\":\"1234567890123456\"
```

<!-- run
stop_emulator
emulator seed.json
cat >main.tf <<END
resource \"alicloud_log_store_encryption\" \"app\" {
  provider      = alicloud-encryption
  project_name  = \"audit-project\"
  logstore_name = \"app-log\"
}
terraform {
  required_providers {
    alicloud-encryption = {
      source = \"sls-encryption/alicloud-encryption\"
    }
  }
}
provider \"alicloud-encryption\" {
  region = \"cn-hangzhou\"
}
END
-->

```shell
terraform init
terraform apply
\"$TERRAFORM_NEWEST\" version
```

```text
Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
Terraform v...
```
",
    );
}
