//! What each host can do with the provider: every row of the table on the page *Hosts* runs on the oldest, the newest
//! and the usual host. A host from the row's version on must do it, an older one must refuse it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::given::{self, THIS};
use crate::harness::{Host, Scene};

/// A row of the table.
struct Capability {
    /// What the host does.
    does: &'static str,
    /// The first Terraform that does it.
    from: (u32, u32),
}

impl Capability {
    /// Runs it on each host.
    fn on_each_host(&self, run: fn(Host, Expect)) {
        for host in Host::ALL {
            run(host, if host.version() >= self.from { Expect::Success } else { Expect::Refusal });
        }
    }

    /// The hosts that do it, in the words of a page.
    fn hosts(&self, all: &str, or_newer: &str) -> String {
        match self.from {
            (1, 6) => all.to_owned(),
            (major, minor) => format!("{major}.{minor} {or_newer}"),
        }
    }
}

/// What a row expects of a host.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// The host does it.
    Success,
    /// The host is too old, and says so.
    Refusal,
}

/// Declares the table, and a test for each row.
macro_rules! capabilities {
    ($($run:ident: $major:literal.$minor:literal, $does:literal;)*) => {
        const CAPABILITIES: &[Capability] = &[$(Capability { does: $does, from: ($major, $minor) }),*];

        mod each {
            $(
                #[test]
                fn $run() {
                    let row = super::CAPABILITIES.iter().find(|row| row.does == $does).unwrap();
                    row.on_each_host(super::$run);
                }
            )*
        }
    };
}

capabilities! {
    life_of_an_encryption: 1 . 6, "Create, plan, toggle and destroy an encryption";
    permanence: 1 . 6, "A forbidden change is an error of the plan";
    drift: 1 . 6, "A refresh shows what others have changed, `-refresh-only` stores it";
    role: 1 . 6, "Create, use and destroy a role for BYOK";
    replace_and_target: 1 . 6, "`-replace`, `taint`, `-target`";
    import_by_command: 1 . 6, "`terraform import`";
    import_block: 1 . 6, "An `import` block with an id, with the local name `alicloud`";
    import_block_of_any_local_name: 1 . 7, "An `import` block with an id, with any local name";
    generated_configuration: 1 . 6, "`plan -generate-config-out`, applied without a change";
    import_for_each: 1 . 7, "An `import` block with `for_each`";
    import_by_identity: 1 . 12, "An `import` block with an identity";
    identity_in_the_state: 1 . 12, "An identity in the state";
    state_of_an_older_host: 1 . 6, "A state that an older host has written";
    moved: 1 . 6, "A `moved` block to another name";
    removed: 1 . 7, "A `removed` block";
    functions: 1 . 8, "Functions of the provider";
    check_block: 1 . 6, "A `check` block with a data source";
    ephemeral_variable: 1 . 10, "An ephemeral variable in the provider block";
    query: 1 . 14, "`terraform query`, with generated configuration that is applied without a change";
    action: 1 . 14, "An action, by `action_trigger` and by `-invoke`";
    test_with_mocks: 1 . 7, "`terraform test` with the mock file of the provider";
}

/// A scene whose Logstore `app` of project `audit` has this configuration.
fn scene(host: Host, conf: &Value, main: &str) -> Scene {
    let scene = Scene::on(host, &given::configured(conf));
    scene.write("main.tf", main);
    scene
}

fn life_of_an_encryption(host: Host, _: Expect) {
    let scene = Scene::on(host, &given::plain());
    scene.host_starts_provider();
    scene.write("main.tf", &given::encryption("  encrypt_type = \"sm4_gcm\"\n  on_destroy = \"disable\""));
    assert_eq!(scene.apply().changes(), (1, 0, 0));
    assert_eq!(given::stored(&scene), given::service_key(true, "sm4_gcm"));
    scene.plan().expect_empty();
    scene.write(
        "main.tf",
        &given::encryption("  encrypt_type = \"sm4_gcm\"\n  on_destroy = \"disable\"\n  enable = false"),
    );
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(given::stored(&scene), given::service_key(false, "sm4_gcm"));
    assert_eq!(scene.destroy().changes(), (0, 0, 1));
    assert_eq!(given::stored(&scene), given::service_key(false, "sm4_gcm"));
}

fn permanence(host: Host, _: Expect) {
    let scene = Scene::on(host, &given::plain());
    scene.write("main.tf", &given::encryption("  encrypt_type = \"aes_gcm\""));
    scene.apply();
    scene.forget_calls();
    scene.write("main.tf", &given::encryption("  encrypt_type = \"sm4_gcm\""));
    let error = scene.try_plan().failed().error();
    error.at("main.tf", 4);
    scene.write(
        "main.tf",
        &given::encryption("  encrypt_type = \"sm4_gcm\"\n  on_immutable_change = \"replace\""),
    );
    let plan = scene.plan().expect_changes();
    assert_eq!(plan.actions(), [(THIS.to_owned(), "replace".to_owned())]);
    assert_eq!(scene.writes().len(), 0);
}

fn drift(host: Host, _: Expect) {
    let scene = Scene::on(host, &given::plain());
    scene.write("main.tf", &given::encryption(""));
    scene.apply();
    scene.patch_log_store("audit", "app", &json!({"encrypt_conf": given::service_key(false, "default")}));
    let plan = scene.plan().expect_changes();
    assert_eq!(plan.actions(), [(THIS.to_owned(), "update".to_owned())]);
    scene.run(&["apply", "-refresh-only", "-auto-approve", "-input=false", "-json"]).succeeded();
    assert_eq!(scene.attributes(THIS)["enable"], false);
    assert_eq!(scene.apply().changes(), (0, 1, 0));
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
}

fn role(host: Host, _: Expect) {
    let mut seed = given::plain();
    seed["keys"] = json!([{"id": "key-1", "spec": "Aliyun_AES_256", "usage": "ENCRYPT/DECRYPT",
        "state": "Enabled", "region": "cn-hangzhou"}]);
    seed["users"] = json!([{"name": "ci"}]);
    let scene = Scene::on(host, &seed);
    scene.look_at_keys_and_roles();
    let encryption = given::byok_encryption("  on_destroy = \"disable\"")
        .replace(&format!("{:?}", given::ARN), "alicloud_ram_byok_role.this.arn");
    let role = "resource \"alicloud_ram_byok_role\" \"this\" {\n  role_name = \"sls-byok\"\n  pass_role = { users = [\"ci\"] }\n}\n";
    scene.write("main.tf", &format!("{role}{encryption}"));
    assert_eq!(scene.apply().changes(), (2, 0, 0));
    assert_eq!(given::stored(&scene), given::byok(true));
    scene.plan().expect_empty();
    assert_eq!(scene.destroy().changes(), (0, 0, 2));
    assert_eq!(given::stored(&scene), given::byok(false));
}

fn replace_and_target(host: Host, _: Expect) {
    let scene = Scene::on(host, &given::plain());
    scene.write("main.tf", &given::encryption(""));
    scene.try_apply_with(&["-target", THIS]).succeeded();
    let plan = scene.try_plan_with(&["-replace", THIS]).expect_changes();
    assert_eq!(plan.actions(), [(THIS.to_owned(), "replace".to_owned())]);
    scene.run(&["taint", THIS]).succeeded();
    assert_eq!(scene.apply().changes(), (1, 0, 1));
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
}

fn import_by_command(host: Host, _: Expect) {
    let scene = scene(host, &given::byok(true), &given::byok_encryption(""));
    scene.import(THIS, "audit:app@cn-hangzhou").succeeded();
    scene.plan().expect_empty();
}

/// Applies an `import` block, and expects an import without a change.
#[track_caller]
fn imports(scene: &Scene, block: &str, expect: Expect) {
    scene.write("import.tf", block);
    if expect == Expect::Refusal {
        scene.try_plan().failed();
        return;
    }
    let plan = scene.plan();
    assert_eq!(plan.ran.warnings().len(), 0);
    assert_eq!(scene.apply().changes(), (0, 0, 0));
    assert_eq!(scene.addresses(), [THIS]);
    assert_eq!(scene.writes().len(), 0);
    scene.plan().expect_empty();
}

const IMPORT_BY_ID: &str = "import {\n  to = alicloud_log_store_encryption.this\n  id = \"audit:app\"\n}\n";

fn import_block(host: Host, expect: Expect) {
    let scene = scene(host, &given::byok(true), &given::byok_encryption(""));
    imports(&scene, IMPORT_BY_ID, expect);
}

fn import_block_of_any_local_name(host: Host, expect: Expect) {
    let main = given::byok_encryption("  provider = alicloud-encryption");
    let scene = scene(host, &given::byok(true), &main);
    let provider = scene.read("provider.tf").replace("alicloud = {", "alicloud-encryption = {");
    scene
        .write("provider.tf", &provider.replace("provider \"alicloud\"", "provider \"alicloud-encryption\""));
    imports(&scene, &IMPORT_BY_ID.replace("}\n", "  provider = alicloud-encryption\n}\n"), expect);
}

fn generated_configuration(host: Host, expect: Expect) {
    let scene = scene(host, &given::byok(true), "");
    scene.write("import.tf", IMPORT_BY_ID);
    let plan = scene.try_plan_with(&["-generate-config-out=generated.tf"]);
    if expect == Expect::Refusal {
        plan.ran.failed();
        return;
    }
    configure_with_own_name(&scene, "generated.tf");
    assert_eq!(scene.apply().changes(), (0, 0, 0));
    assert_eq!(scene.writes().len(), 0);
    scene.plan().expect_empty();
}

/// Where the type does not begin with the local name, hosts write a `provider` that is not there.
fn configure_with_own_name(scene: &Scene, file: &str) {
    let generated = scene.read(file);
    let kept: Vec<_> = generated.lines().filter(|line| !line.contains(" provider ")).collect();
    scene.write(file, &kept.join("\n"));
}

fn import_for_each(host: Host, expect: Expect) {
    let main =
        given::byok_encryption("").replace("  project_name", "  for_each = toset([\"app\"])\n  project_name");
    let scene = scene(host, &given::byok(true), &main);
    let block = format!(
        "import {{\n  for_each = toset([\"app\"])\n  to = {THIS}[each.key]\n  id = \"audit:${{each.key}}\"\n}}\n"
    );
    imports(&scene, &block, expect);
}

fn import_by_identity(host: Host, expect: Expect) {
    let scene = scene(host, &given::byok(true), &given::byok_encryption(""));
    let block = format!(
        "import {{\n  to = {THIS}\n  identity = {{\n    project_name  = \"audit\"\n    logstore_name = \"app\"\n  }}\n}}\n"
    );
    imports(&scene, &block, expect);
}

fn identity_in_the_state(host: Host, expect: Expect) {
    let scene = Scene::on(host, &given::plain());
    scene.write("main.tf", &given::encryption(""));
    scene.apply();
    let identity = json!({"project_name": "audit", "logstore_name": "app", "region": "cn-hangzhou"});
    let expected = if expect == Expect::Success { identity } else { Value::Null };
    assert_eq!(scene.instance(THIS).get("identity").cloned().unwrap_or_default(), expected);
}

fn state_of_an_older_host(host: Host, _: Expect) {
    let scene = Scene::on(Host::Oldest, &given::plain());
    scene.write("main.tf", &given::encryption(""));
    scene.apply();
    scene.change_host(host);
    scene.plan().expect_empty();
    scene.write("main.tf", &given::encryption("  enable = false"));
    assert_eq!(scene.apply().changes(), (0, 1, 0));
}

fn moved(host: Host, _: Expect) {
    let scene = Scene::on(host, &given::plain());
    scene.write("main.tf", &given::encryption(""));
    scene.apply();
    scene.forget_calls();
    scene.write("main.tf", &given::encryption("").replace("\"this\"", "\"that\""));
    let that = "alicloud_log_store_encryption.that";
    scene.write("moved.tf", &format!("moved {{\n  from = {THIS}\n  to   = {that}\n}}\n"));
    assert_eq!(scene.apply().changes(), (0, 0, 0));
    assert_eq!(scene.addresses(), [that]);
    assert_eq!(scene.writes().len(), 0);
}

fn removed(host: Host, expect: Expect) {
    let scene = Scene::on(host, &given::plain());
    scene.write("main.tf", &given::encryption(""));
    scene.apply();
    scene.forget_calls();
    scene.write(
        "main.tf",
        &format!("removed {{\n  from = {THIS}\n  lifecycle {{\n    destroy = false\n  }}\n}}\n"),
    );
    let ran = scene.try_apply();
    if expect == Expect::Refusal {
        ran.failed();
        return;
    }
    ran.succeeded();
    assert_eq!(scene.addresses(), [] as [&str; 0]);
    assert_eq!(scene.writes().len(), 0);
}

fn functions(host: Host, expect: Expect) {
    let scene = Scene::on(host, &json!({}));
    scene.write("provider.tf", &scene.required_providers());
    scene.write("main.tf", "output \"name\" {\n  value = provider::alicloud::log_store_id_parse(\"audit:app\").logstore_name\n}\n");
    let ran = scene.try_apply();
    if expect == Expect::Refusal {
        ran.failed();
        return;
    }
    ran.succeeded();
    assert_eq!(scene.state()["outputs"]["name"]["value"], "app");
}

fn check_block(host: Host, _: Expect) {
    let scene = Scene::on(host, &given::plain());
    scene.look_at_keys_and_roles();
    scene.write(
        "main.tf",
        &format!("check \"byok\" {{\n  data \"alicloud_byok_readiness\" \"this\" {{\n    cmk_key_id = \"key-1\"\n    role_arn = {:?}\n  }}\n  assert {{\n    condition = data.alicloud_byok_readiness.this.ready\n    error_message = \"not ready\"\n  }}\n}}\n", given::ARN),
    );
    assert_eq!(scene.apply().warning().summary, "Check block assertion failed");
}

fn ephemeral_variable(host: Host, expect: Expect) {
    let scene = Scene::on(host, &given::plain());
    let provider = scene.read("provider.tf").replace("\"sk-root\"", "var.secret_key");
    let variable = "variable \"secret_key\" {\n  type = string\n  ephemeral = true\n}\n";
    scene.write("provider.tf", &format!("{provider}{variable}"));
    scene.write("main.tf", &given::encryption(""));
    scene.env("TF_VAR_secret_key", "sk-root");
    let plan = scene.try_plan_with(&[]);
    if expect == Expect::Refusal {
        plan.ran.failed();
        return;
    }
    plan.expect_changes();
    scene.try_apply_plan().succeeded();
    assert_eq!(given::stored(&scene), given::service_key(true, "default"));
}

fn query(host: Host, expect: Expect) {
    let scene = scene(host, &given::byok(true), "");
    scene.write(
        "all.tfquery.hcl",
        "list \"alicloud_log_store_encryption\" \"all\" {\n  provider = alicloud\n}\n",
    );
    let ran = scene.run(&["query", "-generate-config-out=generated.tf"]);
    if expect == Expect::Refusal {
        assert_ne!(ran.exit_code, Some(0));
        return;
    }
    ran.succeeded();
    configure_with_own_name(&scene, "generated.tf");
    assert_eq!(scene.apply().changes(), (0, 0, 0));
    assert_eq!(scene.addresses(), ["alicloud_log_store_encryption.all_0"]);
    assert_eq!(scene.writes().len(), 0);
    scene.plan().expect_empty();
}

fn action(host: Host, expect: Expect) {
    let scene = Scene::on(host, &given::plain());
    let verify = "action.alicloud_log_store_encryption_verify.this";
    let trigger = format!(
        "  lifecycle {{\n    action_trigger {{\n      events  = [after_create]\n      actions = [{verify}]\n    }}\n  }}"
    );
    let action = format!(
        "action \"alicloud_log_store_encryption_verify\" \"this\" {{\n  config {{\n    logstores = [{THIS}]\n  }}\n}}\n"
    );
    scene.write("main.tf", &(given::encryption(&trigger) + &action));
    let ran = scene.try_apply();
    if expect == Expect::Refusal {
        ran.failed();
        return;
    }
    assert_eq!(ran.succeeded().errors().len(), 0);
    scene.forget_calls();
    scene.try_apply_with(&["-invoke", verify]).succeeded();
    assert!(scene.actions().contains(&"GetLogStore".to_owned()));
}

fn test_with_mocks(host: Host, expect: Expect) {
    let scene = Scene::on(host, &json!({}));
    scene.remove("provider.tf");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/testing");
    for folder in ["mocks", "tests"] {
        fs::create_dir(scene.path(folder)).unwrap();
    }
    for file in ["main.tf", "mocks/alicloud-encryption.tfmock.hcl", "tests/encryption.tftest.hcl"] {
        fs::copy(example.join(file), scene.path(file)).unwrap();
    }
    let ran = scene.run(&["test"]);
    match expect {
        Expect::Success => drop(ran.succeeded()),
        Expect::Refusal => drop(ran.failed()),
    }
    assert_eq!(scene.calls().len(), 0);
}

/// The pages of the guide, and the line before and after the table.
const PAGE: &str = "docs/guides/hosts.md";
const CHINESE_PAGE: &str = "docs/guides/zh-hosts.md";
const TABLE: (&str, &str) =
    ("<!-- The table is written by the acceptance tests. -->\n", "\n<!-- The table ends. -->");

#[test]
fn the_table_of_the_page_is_what_the_tests_run() {
    let (before, table, after) = page(PAGE);
    let expected = table_of_capabilities();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(in_repository(PAGE), format!("{before}{}{expected}{}{after}", TABLE.0, TABLE.1)).unwrap();
    } else {
        assert_eq!(table, expected, "UPDATE_EXPECT=1 cargo test --test acceptance hosts writes the table");
    }
}

/// What the rows say is a translator's; tests/docs holds that there are as many.
#[test]
fn the_table_in_chinese_has_the_versions_that_the_tests_run() {
    let (_, table, _) = page(CHINESE_PAGE);
    let versions = table.lines().skip(2).map(|row| row.rsplit('|').nth(1).unwrap().trim().to_owned());
    let expected = CAPABILITIES.iter().map(|row| row.hosts("所有版本", "及更高版本"));
    assert_eq!(versions.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{CHINESE_PAGE}");
}

/// What stands before the table of a page, the table, and what stands after it.
fn page(path: &str) -> (String, String, String) {
    let page = fs::read_to_string(in_repository(path)).unwrap();
    let (before, rest) = page.split_once(TABLE.0).unwrap();
    let (table, after) = rest.split_once(TABLE.1).unwrap();
    (before.to_owned(), table.to_owned(), after.to_owned())
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn table_of_capabilities() -> String {
    let rows =
        CAPABILITIES.iter().map(|row| format!("| {} | {} |\n", row.does, row.hosts("all", "or newer")));
    format!("| what | Terraform |\n| --- | --- |\n{}", rows.collect::<String>())
}
