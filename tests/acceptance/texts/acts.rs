//! How what a text asks for is done: the command, the block or the document is taken out of the text.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::rendered::Text;
use crate::harness::Scene;
use crate::replacement::log_store_resource;

/// How a remedy is followed.
pub enum Act {
    /// All separate lines are carried out in their order: commands are run, arguments and blocks written
    /// into the configuration.
    Copy,
    /// The document on a separate line is attached to this user.
    Grant(&'static str),
    /// The text says in its own words what to do.
    By(fn(&Scene, &Text)),
    /// [`By`], where what the text asks for takes the place of the command, and is not followed by it.
    Instead(fn(&Scene, &Text)),
}

pub use Act::{By, Copy, Grant, Instead};

pub const APPLY: [&str; 3] = ["apply", "-auto-approve", "-input=false"];
pub const DESTROY: [&str; 3] = ["destroy", "-auto-approve", "-input=false"];

pub fn carry_out(scene: &Scene, text: &Text, act: &Act) {
    match act {
        Copy => {
            let copied = text.to_copy();
            assert!(!copied.is_empty(), "there is nothing to copy in {text:#?}");
            for block in &copied {
                copy(scene, text, block);
            }
        }
        Grant(user) => grant(scene, text, user),
        By(act) | Instead(act) => act(scene, text),
    }
}

/// By a group, as a user has room for few policies.
fn grant(scene: &Scene, text: &Text, user: &str) {
    let policies = scene.custom_policies();
    let before = policies.iter().filter(|name| name.starts_with("printed-")).count();
    let name = format!("printed-{before}");
    scene.ram("CreatePolicy", &[("PolicyName", &name), ("PolicyDocument", &document(text))]);
    scene.ram("CreateGroup", &[("GroupName", &name)]);
    let attachment = [("PolicyName", &*name), ("PolicyType", "Custom"), ("GroupName", &name)];
    scene.ram("AttachPolicyToGroup", &attachment);
    scene.ram("AddUserToGroup", &[("UserName", user), ("GroupName", &name)]);
}

/// The one policy document of a text.
fn document(text: &Text) -> String {
    let documents: Vec<String> = text.to_copy().into_iter().filter(|block| block.starts_with('{')).collect();
    let [document] = &documents[..] else { panic!("{text:#?}") };
    document.clone()
}

/// Grants the user `nobody` the printed policies until no text asks for more. Returns the texts that asked.
pub fn grant_until_it_succeeds(scene: &Scene, command: &[&str]) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    for _ in 0..12 {
        let ran = scene.run(command);
        let texts = Text::all_of(&ran, scene);
        let asking = texts.iter().filter(|text| text.to_copy().iter().any(|block| block.starts_with('{')));
        let asking: Vec<&Text> = asking.collect();
        if asking.is_empty() {
            assert_eq!(ran.exit_code, Some(0), "{texts:#?}");
            return asked;
        }
        for text in asking {
            grant(scene, text, "nobody");
            asked.insert(text.summary().to_owned());
        }
    }
    panic!("{asked:?} never have enough");
}

/// A fault simulates a missing permission of the caller: the text grants the action that was refused.
pub fn grant_what_a_fault_refuses(scene: &Scene, text: &Text) {
    let document: Value = serde_json::from_str(&document(text)).unwrap();
    let (service, action) = document["Statement"][0]["Action"].as_str().unwrap().split_once(':').unwrap();
    let service = if service == "log" { "SLS" } else { "RAM" };
    let prose = text.prose();
    assert!(prose.contains(&format!("{service} {action} on ")) && prose.contains("was refused"), "{text:#?}");
    scene.clear_faults();
}

/// The text says to run again.
pub fn run_again(_: &Scene, text: &Text) {
    assert!(text.prose().to_lowercase().contains("run again"), "{text:#?}");
}

/// [`run_again`], after what the text says is over.
pub fn run_again_when_it_is_over(scene: &Scene, text: &Text) {
    run_again(scene, text);
    scene.clear_faults();
}

pub fn as_with_the_first(_: &Scene, text: &Text) {
    assert!(text.prose().contains("The error of the first such Logstore says what to do"), "{text:#?}");
}

/// Applies the resource of the text.
pub fn apply(scene: &Scene, text: &Text) {
    let target = format!("-target={}", address(text));
    scene.run(&[&APPLY[..], &[&target]].concat()).succeeded();
}

pub fn apply_alone(scene: &Scene, text: &Text) {
    assert!(text.prose().contains("write the resource and apply"));
    scene.run(&APPLY).succeeded();
}

pub fn create_and_apply(scene: &Scene, text: &Text) {
    create_log_store(scene, text);
    apply(scene, text);
}

pub fn plan_again(scene: &Scene, text: &Text) {
    assert!(text.prose().contains("Run terraform plan again."));
    let target = format!("-target={}", address(text));
    scene.try_plan_with(&[&target]).expect_changes();
    scene.try_apply_plan().succeeded();
}

/// The settings that the text lists as `ttl: 45, is now 44`.
pub fn set_settings_again(scene: &Scene, text: &Text) {
    for block in text.to_copy() {
        let (name, values) = block.split_once(": ").unwrap();
        let value: Value = serde_json::from_str(values.split_once(", is now ").unwrap().0).unwrap();
        scene.patch_log_store("audit", "app", &json!({name: value}));
    }
}

pub fn keep_encrypting(scene: &Scene, text: &Text) {
    assert!(text.prose().contains("set on_destroy = \"keep\" and apply before you destroy"));
    set(scene, address(text), "on_destroy = \"keep\"");
    scene.run(&APPLY).succeeded();
}

/// Removes the `moved` block, and runs the commands of the text.
pub fn import_in_place_of_the_move(scene: &Scene, text: &Text) {
    scene.remove("moved.tf");
    for command in text.to_copy().remove(0).lines() {
        let command = command.replace("OLD_ADDRESS", "terraform_data.app");
        let command = command.replace("NEW_ADDRESS", "alicloud_log_store_encryption.app");
        run(scene, &command.replace(" ID", " audit:app"));
    }
}

/// The text has a `removed` block. It needs the provider of the Logstore, which is not at hand: the command does the
/// same.
pub fn forget_the_log_store(scene: &Scene, text: &Text) {
    let blocks = text.to_copy();
    assert!(blocks.iter().any(|block| block.starts_with("removed {\n  from = OLD_ADDRESS\n")), "{text:#?}");
    scene.remove("moved.tf");
    run(scene, "terraform state rm alicloud_log_store.old");
}

/// The text has examples of the command, of which the first one is followed with what the scene has.
pub fn import_as_the_example(scene: &Scene, text: &Text) {
    let block = text.to_copy().remove(0);
    let example = block.lines().next().unwrap();
    let (address, id) = if example.ends_with("audit-project:app-log") {
        ("alicloud_log_store_encryption.app", "audit:app")
    } else {
        scene.ram("CreateRole", &[("RoleName", "this"), ("AssumeRolePolicyDocument", TRUST)]);
        ("alicloud_ram_byok_role.this", "this")
    };
    let (command, _) = example.rsplit_once(' ').unwrap();
    run(scene, &(command.replace("ADDRESS", address) + " " + id));
}

/// Imports by the identity that a text has as its example, with the names of the scene.
pub fn import_by_the_identity_of_the_example(scene: &Scene, text: &Text) {
    let block = text.to_copy().remove(0);
    let (resource, to) = if block.contains("role_name") {
        scene.ram("CreateRole", &[("RoleName", "from-identity"), ("AssumeRolePolicyDocument", TRUST)]);
        let resource = "resource \"alicloud_ram_byok_role\" \"this\" {\n  role_name = \"from-identity\"\n}\n";
        (resource.to_owned(), "alicloud_ram_byok_role.this")
    } else {
        (super::set_up::encryption("app", ""), "alicloud_log_store_encryption.app")
    };
    let names = [
        ("sls-byok", "from-identity"),
        ("audit-project", "audit"),
        ("app-log", "app"),
        ("cn-beijing", "cn-hangzhou"),
    ];
    let block = names.iter().fold(block, |block, (example, name)| block.replace(example, name));
    scene.write("main.tf", &resource);
    scene.write("import.tf", &format!("import {{\n  to = {to}\n{block}\n}}\n"));
    scene.run(&["plan", "-input=false"]).succeeded();
}

const TRUST: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["log.aliyuncs.com"]}}]}"#;

/// The first of two commands. No import succeeds while the state has another object that cannot be read.
pub fn remove_from_state(scene: &Scene, text: &Text) {
    copy(scene, text, text.to_copy()[0].lines().next().unwrap());
}

/// The second of two commands, with the id of the object.
pub fn import_again(scene: &Scene, text: &Text) {
    let block = text.to_copy().remove(0);
    let [_, command] = block.lines().collect::<Vec<_>>()[..] else { panic!("{text:#?}") };
    let placeholder = command.rsplit(' ').next().unwrap();
    let id = match address(text) {
        "alicloud_ram_byok_role.name" => "made-here".to_owned(),
        address => format!("audit:{}", address.rsplit('.').next().unwrap()),
    };
    copy(scene, text, &command.replace(placeholder, &id));
}

/// The role that is finished is in a resource of this scene, which has to give it up before.
pub fn import_and_destroy(scene: &Scene, text: &Text) {
    const THIS: &str = "alicloud_ram_byok_role.this";
    run(scene, &format!("terraform state rm {THIS}"));
    for command in text.to_copy().iter().flat_map(|block| block.lines()) {
        let destroying = if command.contains(" destroy ") { " -auto-approve -input=false" } else { "" };
        run(scene, &(command.replace("ADDRESS", THIS) + destroying));
    }
    assert_eq!(scene.role("this"), None);
}

pub fn plan_finds_all(scene: &Scene, text: &Text) {
    assert!(text.prose().contains("Run terraform plan in a few minutes."));
    scene.clear_faults();
    scene.plan().expect_empty();
}

/// Detaches what the text lists.
pub fn detach_and_run_again(scene: &Scene, text: &Text) {
    run_again(scene, text);
    assert!(text.prose().contains("detach them"), "{text:#?}");
    for policy in text.to_copy().iter().flat_map(|block| block.lines()) {
        let (name, kind) = policy.strip_suffix(')').unwrap().split_once(" (").unwrap();
        let attachment = [("PolicyName", name), ("PolicyType", kind), ("RoleName", "this")];
        scene.ram("DetachPolicyFromRole", &attachment);
    }
}

pub fn remove_quoted_principal(scene: &Scene, text: &Text) {
    let prose = text.prose();
    let name = prose.split_once(" Remove \"").unwrap().1.split('"').next().unwrap();
    let main = scene.read("main.tf").replace(&format!(", {name:?}"), "").replace(&format!("{name:?}"), "");
    scene.write("main.tf", &main);
}

/// All roles keep their names and stay in the configuration, as texts of several of them ask.
pub fn keep_the_roles(scene: &Scene, text: &Text) {
    assert!(text.prose().contains("Keep the role"), "{text:#?}");
    let main = scene.read("main.tf").replace("-2\"", "\"");
    let removed = "resource \"alicloud_ram_byok_role\" \"removed\" {\n  role_name = \"removed\"\n}\n";
    let added = if main.contains(removed) { "" } else { removed };
    scene.write("main.tf", &(main + added));
}

/// The block that the text has, with a resource that replaces the Logstore.
pub fn replace_together(scene: &Scene, text: &Text) {
    let block = text.to_copy().remove(0);
    let lifecycle = block.replace("LOGSTORE_ADDRESS", "terraform_data.log_store");
    assert_ne!(lifecycle, block);
    append(scene, &log_store_resource(scene, "replaced", 1));
    set(scene, address(text), &lifecycle);
    apply(scene, text);
    assert_eq!(scene.log_store("audit", "replaced")["encrypt_conf"]["encrypt_type"], "aes_gcm");
}

/// What a text says of a value, what the configuration has, and what the text says to write.
const CORRECTIONS: [(&str, &str, &str); 33] = [
    ("telemetry_type is \"Metrics\" in SLS", "telemetry_type = \"None\"", "telemetry_type = \"Metrics\""),
    ("raise timeouts.read", "\"1ns\"", "\"5m\""),
    ("regions is empty", "  regions = []\n", ""),
    ("use the id alone: \"key-1\"", "\"acs:kms:cn-hangzhou:1234567890123456:key/key-1\"", "\"key-1\""),
    ("cmk_key_id must not be empty", "cmk_key_id = \" \"", "cmk_key_id = \"key-1\""),
    ("cmk_key_id is required", "cmk_key_id = null", "cmk_key_id = \"key-1\""),
    ("region_id: The region \"\" must have 2 to 63 characters", "region_id  = \"\"", "region_id  = \"cn\""),
    (
        "arn is \"sls-byok\": it must have the form acs:ram::<account id>:role/<role name>",
        "arn        = \"sls-byok\"",
        "arn        = \"acs:ram::1234567890123456:role/sls-byok\"",
    ),
    ("logstore_name: The Logstore name \"App\" contains 'A'; only lower-case", "\"App\"", "\"app\""),
    ("region: The region \"Hangzhou\" contains 'H'; only lower-case", "\"Hangzhou\"", "\"hangzhou\""),
    ("it must be a duration such as \"30s\"", "\"soon\"", "\"30s\""),
    ("description: it must have at most 1024 characters", "dddd\"", "ddd\""),
    ("names that begin with AliyunServiceRoleFor are of service-linked roles", "AliyunServiceRoleFor", ""),
    ("role_name: The role name \"a b\" contains ' '", "role_name = \"a b\"", "role_name = \"ab\""),
    ("policy_name: The policy name \"a.b\" contains '.'", "\"a.b\"", "\"ab\""),
    ("the key \"acs:x\" begins with \"acs:\"", "\"acs:x\"", "\"x\""),
    ("a role has at most 20 tags, not 21", ", t20 = \"\"", ""),
    ("users: The user name \"a b\" contains ' '", "[\"a b\"]", "[\"ab\"]"),
    ("Leave out the elements that are null", "[\"alice\", null]", "[\"alice\"]"),
    ("Did you mean \"aes_gcm\"?", "\"AES-GCM\"", "\"aes_gcm\""),
    ("Use one of: \"keep\", \"disable\"", "\"delete\"", "\"keep\""),
    ("Remove it from the configuration", "mechanism = \"byok\"", ""),
    ("must be a whole number from 3600 to 43200", "max_session_duration = 60", "max_session_duration = 3600"),
    ("Remove one of them", "  ecs_role_name = \"runner\"\n", ""),
    (
        "its other half is missing. Set secret_key",
        "  access_key = \"ak-root\"\n}",
        "  access_key = \"ak-root\"\n  secret_key = \"sk-root\"\n}",
    ),
    (
        "The block assume_role needs role_arn",
        "assume_role {}",
        "assume_role {\n  role_arn = \"acs:ram::1234567890123456:role/deployer\"\n}",
    ),
    ("A credentials URI begins with https://", "\"ftp://keys\"", "\"https://localhost\""),
    (
        "Set region, or one of the environment variables",
        "alias = \"no_region\"\n",
        "alias = \"no_region\"\n  region = \"cn-hangzhou\"\n",
    ),
    ("Did you mean \"cn-hangzhou\"?", "\"cn-hangzou\"", "\"cn-hangzhou\""),
    (
        "The id \"audit\" has no colon; it must have the form <project>:<logstore>",
        "(\"audit\")",
        "(\"audit:app\")",
    ),
    ("The Logstore name \"App\" contains 'A'; only lower-case", "(\"audit:App\")", "(\"audit:app\")"),
    (
        "\"acs:ram::1:user/a\" is not the ARN of a RAM role",
        "(\"acs:ram::1:user/a\")",
        "(\"acs:ram::1:role/a\")",
    ),
    (
        "as in \"acs:ram::1234567890123456:role/sls-byok\"",
        "(\"sls-byok\")",
        "(\"acs:ram::1234567890123456:role/sls-byok\")",
    ),
];

/// Writes a value that the text allows.
pub fn correct(scene: &Scene, text: &Text) {
    let prose = text.prose();
    let correction = CORRECTIONS.iter().find(|(says, _, _)| prose.contains(says));
    let (_, wrong, right) = correction.unwrap_or_else(|| panic!("{text:#?}"));
    let main = scene.read("main.tf");
    assert!(main.contains(wrong), "{text:#?}");
    scene.write("main.tf", &main.replacen(wrong, right, 1));
}

/// The endpoint of KMS is one that answers.
pub fn reach_kms(scene: &Scene, text: &Text) {
    assert!(text.prose().contains("the provider's endpoint, then run again"));
    let closed = scene.read("closed.tf");
    let (_, rest) = closed.split_once("kms = \"").unwrap();
    let url = rest.split('"').next().unwrap().to_owned();
    scene.write("closed.tf", &closed.replace(&url, &scene.endpoint()));
}

pub fn copy_and_apply(scene: &Scene, text: &Text) {
    for block in text.to_copy() {
        copy(scene, text, &block);
    }
    apply(scene, text);
}

/// The text says which argument of the provider block to set.
pub fn set_in_provider(scene: &Scene, text: &Text) {
    let block = scene.read("provider.tf");
    let setting = setting(text);
    let name = setting.split_whitespace().next().unwrap();
    let kept: Vec<&str> = block.lines().filter(|line| line.split_whitespace().next() != Some(name)).collect();
    let kept = kept.join("\n");
    scene.write("provider.tf", &(kept.trim_end().strip_suffix('}').unwrap().to_owned() + &setting + "\n}\n"));
}

/// [`set_in_provider`], where the provider block is the one of an alias that has the resource's label or is
/// `dedicated`.
pub fn set_for_alias(scene: &Scene, text: &Text) {
    let setting = setting(text);
    let name = setting.split_whitespace().next().unwrap();
    let label = address(text).split_once('.').unwrap().1.replace("not_offered", "dedicated");
    let file = if label == "dedicated" { "dedicated.tf" } else { "aliases.tf" };
    let (blocks, alias) = (scene.read(file), format!("  alias = {label:?}\n"));
    let (before, after) = blocks.split_once(&alias).unwrap();
    let after: Vec<&str> =
        after.lines().filter(|line| line.split_whitespace().next() != Some(name)).collect();
    scene.write(file, &format!("{before}{alias}  {setting}\n{}\n", after.join("\n")));
}

/// The `name = value` of the provider block that the text names, on a line of its own or in a sentence.
fn setting(text: &Text) -> String {
    let own = text.to_copy().into_iter().find(|block| block.contains(" = "));
    own.unwrap_or_else(|| {
        let prose = text.prose();
        let (before, after) = prose.split_once(" = ").unwrap();
        let value = after.split([',', ' ']).next().unwrap().trim_end_matches('.');
        format!("{} = {value}", before.rsplit(' ').next().unwrap())
    })
}

pub fn create_log_store(scene: &Scene, text: &Text) {
    let name = address(text).split_once('.').unwrap().1;
    scene.put_log_store("audit", name, &serde_json::json!({}));
}

pub fn remove_one_of_two(scene: &Scene, _: &Text) {
    scene.write("main.tf", &scene.read("main.tf").replace("count = 2", "count = 1"));
}

pub fn use_key_of_region(scene: &Scene, text: &Text) {
    let prose = text.prose();
    let (_, after) = prose.split_once("set region_id = ").unwrap();
    set(scene, address(text), &format!("region_id = {}", after.split(' ').next().unwrap()));
    for block in text.to_copy() {
        copy(scene, text, &block);
    }
}

pub fn configure_what_is_there(scene: &Scene, text: &Text) {
    if text.prose().contains("remove user_cmk_info") {
        return set(scene, address(text), "user_cmk_info = null");
    }
    let copied = text.to_copy();
    assert_eq!(copied.len(), 1, "{text:#?}");
    copy(scene, text, &copied[0]);
}

pub fn say_that_it_moved(scene: &Scene, text: &Text) {
    let block = text.to_copy().into_iter().find(|block| block.starts_with("moved {")).unwrap();
    let old = "alicloud_log_store_encryption.old_name";
    append(scene, &(block.replace("OLD_ADDRESS", old).replace("NEW_ADDRESS", address(text)) + "\n"));
}

/// What the text says: grants the caller what it prints, creates the Logstore, or runs again.
pub fn do_as_it_says(scene: &Scene, text: &Text) {
    if text.to_copy().iter().any(|block| block.starts_with('{')) {
        carry_out(scene, text, &Grant("reader"));
    } else if text.prose().contains("This resource never creates a Logstore.") {
        create_log_store(scene, text);
    } else {
        assert!(text.prose().contains("Run again"), "{text:#?}");
    }
}

/// Sets what the text prints on the role, and applies. The caller that may delete nothing does not matter here.
pub fn force(scene: &Scene, text: &Text) {
    scene.write("main.tf", &scene.read("main.tf").replace("  provider = alicloud.nobody\n", ""));
    set(scene, "alicloud_ram_byok_role.foreign", &text.to_copy().pop().unwrap());
    run(scene, "terraform apply -auto-approve -input=false");
}

pub fn first_command(scene: &Scene, text: &Text) {
    copy(scene, text, &text.to_copy()[0]);
}

/// Takes the resource out of the state, which is the last thing that the text has.
pub fn forget(scene: &Scene, text: &Text) {
    let copied = text.to_copy();
    let last = copied.last().unwrap();
    assert!(last.starts_with("terraform state rm "), "{last}");
    copy(scene, text, last);
}

pub fn another_policy_name(scene: &Scene, text: &Text) {
    assert!(text.prose().to_lowercase().contains("choose another pass_role.policy_name"));
    set(scene, address(text), "pass_role = { policy_name = \"another\" }");
}

pub fn remove_principals(scene: &Scene, text: &Text) {
    for line in text.to_copy().iter().flat_map(|block| block.lines()) {
        let name = line.rsplit(' ').next().unwrap();
        let main =
            scene.read("main.tf").replace(&format!(", {name:?}"), "").replace(&format!("{name:?}"), "");
        scene.write("main.tf", &main);
    }
}

pub fn set_on_role(scene: &Scene, text: &Text) {
    let block = &text.to_copy()[0];
    assert!(block.starts_with("role_name = "), "{block}");
    set(scene, "alicloud_ram_byok_role.renamed", block);
}

pub fn apply_region_first(scene: &Scene, text: &Text) {
    let command = text.to_copy()[0].replace("ADDRESS", "terraform_data.region");
    run(scene, &(command + " -auto-approve -input=false"));
}

fn run(scene: &Scene, command: &str) {
    let words = words(command);
    assert_eq!(words[0], "terraform", "{command}");
    scene.run(&words[1..].iter().map(String::as_str).collect::<Vec<_>>()).succeeded();
}

/// Does what one block of a text is.
fn copy(scene: &Scene, text: &Text, block: &str) {
    if block.starts_with("terraform ") && block.contains('\n') {
        return block.lines().for_each(|line| copy(scene, text, line));
    }
    let words = words(block);
    let first: Vec<&str> = words.iter().map(String::as_str).take(3).collect();
    match first[..] {
        ["terraform", ..] => {
            run(scene, &block.replace("ADDRESS", address(text)));
        }
        ["aliyun", service, action] => {
            let answer = call(scene, service, action, &words[3..]);
            // The text says that the command prints the id to use.
            if let Some(id) = answer["KeyMetadata"]["KeyId"].as_str() {
                set(scene, address(text), &format!("cmk_key_id = {id:?}"));
            }
        }
        ["resource" | "moved", ..] => {
            // The line with `provider` is for a configuration that calls the provider so.
            let lines = block.lines().filter(|line| !line.contains("= alicloud-encryption"));
            append(scene, &(lines.collect::<Vec<_>>().join("\n") + "\n"));
        }
        // The other way, past the check.
        ["preflight", ..] => assert!(text.prose().contains("To go on regardless"), "{text:#?}"),
        _ => set(scene, address(text), block),
    }
}

fn address(text: &Text) -> &str {
    text.address().unwrap_or_else(|| panic!("{text:#?} has no address"))
}

/// The words of a command; a text in single quotes is one word.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in command.split('\'').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// A call as the command line tool makes it, of `--Name value` and so on.
fn call(scene: &Scene, service: &str, action: &str, options: &[String]) -> Value {
    let parameters: Vec<(&str, &str)> =
        options.chunks(2).map(|pair| (pair[0].strip_prefix("--").unwrap(), pair[1].as_str())).collect();
    let of_service: Vec<_> = parameters.into_iter().filter(|(name, _)| *name != "RegionId").collect();
    match service {
        "kms" => scene.kms(action, &of_service),
        "ram" => scene.ram(action, &of_service),
        other => panic!("{other} is not a service"),
    }
}

fn append(scene: &Scene, block: &str) {
    scene.write("main.tf", &(scene.read("main.tf") + block));
}

/// Writes an argument or a block into a resource, in the place of the one that is there.
pub fn set(scene: &Scene, address: &str, argument: &str) {
    let (kind, label) = address.split_once('.').unwrap();
    let label = label.split('[').next().unwrap();
    let main = scene.read("main.tf");
    let begin = main.find(&format!("resource {kind:?} {label:?} {{\n")).unwrap();
    let end = begin + main[begin..].find("\n}\n").unwrap();
    let name = argument.split_whitespace().next().unwrap();
    let lines: Vec<&str> = main[begin..end].lines().collect();
    let is_it = |line: &&str| line.split_whitespace().next() == Some(name);
    let (before, after) = match lines.iter().position(is_it) {
        None => (&lines[..], &lines[lines.len()..]),
        Some(at) => {
            let mut depth = 0;
            let mut lasts = |line: &&str| {
                depth += line.matches(['{', '[']).count();
                depth -= line.matches(['}', ']']).count();
                depth > 0
            };
            let length = lines[at..].iter().take_while(|line| lasts(line)).count() + 1;
            (&lines[..at], &lines[at + length..])
        }
    };
    let argument: Vec<String> = argument.lines().map(|line| format!("  {line}")).collect();
    let argument = argument.iter().map(String::as_str).collect::<Vec<_>>();
    let block = [before, &argument, after].concat().join("\n");
    scene.write("main.tf", &format!("{}{block}{}", &main[..begin], &main[end..]));
}

#[test]
fn an_argument_takes_the_place_of_the_one_that_is_there() {
    let scene = Scene::new(&serde_json::json!({}));
    scene.write("main.tf", "resource \"a\" \"b\" {\n  x = 1\n  y = {\n    z = 2\n  }\n}\n");
    set(&scene, "a.b", "y = {\n  z = 3\n}");
    set(&scene, "a.b[0]", "z = 4");
    set(&scene, "a.b", "w = 5");
    let expected = "resource \"a\" \"b\" {\n  x = 1\n  y = {\n  z = 4\n  }\n  w = 5\n}\n";
    assert_eq!(scene.read("main.tf"), expected);
}
