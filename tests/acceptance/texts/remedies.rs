//! Remedies, followed as they are printed: the command, the block or the document is taken out of the text.

use serde_json::Value;

use super::Printed;
use super::rendered::Text;
use crate::harness::Scene;

/// How a remedy is followed.
enum Act {
    /// Everything that stands on lines of its own is done, in its order: commands are run, arguments and blocks written
    /// into the configuration.
    Copy,
    /// The document that stands on a line of its own is attached to this user.
    Grant(&'static str),
    /// The text says in its own words what to do.
    By(fn(&Scene, &Text)),
}

use Act::{By, Copy, Grant};

/// A remedy that is followed: the situation, the summary, and how.
const FOLLOWED: &[(&str, &str, Act)] = &[
    ("refresh", "The KMS key of a Logstore is disabled", Copy),
    ("refresh", "The KMS key of a Logstore is going to be deleted", Copy),
    ("refresh", "The RAM role of a Logstore does not exist", By(copy_and_apply)),
    ("refresh", "The RAM role of a Logstore does not let SLS assume it", Copy),
    ("refresh", "The RAM role of a Logstore may not use the KMS key", Copy),
    ("refresh", "An encryption configuration is no longer shown", By(copy_and_apply)),
    (
        "first_configuration",
        "The first encryption configuration of a Logstore is permanent",
        By(set_in_provider),
    ),
    ("first_configuration", "The ECB mode shows patterns of what it encrypts", Copy),
    ("new_resources", "A Logstore has another encryption configuration", Copy),
    ("new_resources", "A Logstore does not exist yet", By(create_log_store)),
    ("new_resources", "Two resources configure one Logstore", By(remove_one_of_two)),
    ("new_resources", "The KMS key is not ready", Copy),
    ("new_resources", "The KMS key is in another region", By(use_key_of_region)),
    ("new_resources", "The RAM role is not ready", Copy),
    ("what_cannot_be_read", "Cannot read a Logstore", Grant("nobody")),
    (
        "what_cannot_be_read",
        "Not everything about the KMS key and the RAM role could be checked",
        Grant("half"),
    ),
    ("what_cannot_be_read", "Who runs this plan may not pass the RAM role", Grant("half")),
    ("what_cannot_be_read", "The KMS key and the RAM role were not checked", By(set_for_alias)),
    ("changes", "The encryption of a Logstore cannot be changed", By(configure_what_is_there)),
    ("changes", "A resource switches off what another one configures", By(say_that_it_moved)),
    ("apply", "The Logstore was read too slowly to be updated", By(set_in_provider)),
    ("apply", "SLS refuses a setting that the Logstore has", By(set_in_provider)),
    ("apply", "SLS does not offer UpdateLogStoreEncryption", By(set_for_alias)),
    ("apply", "Cannot configure the encryption of a Logstore", By(do_as_it_says)),
    ("names_known_at_apply", "Two resources configure one Logstore", By(remove_one_of_two)),
    ("new_roles", "A role of this name exists already", By(first_command)),
    ("new_roles", "The name of the ram:PassRole policy is taken", By(another_policy_name)),
    ("new_roles", "A principal of pass_role does not exist", By(remove_principals)),
    ("role_refresh", "A role whose create failed is not marked as unfinished", Copy),
    ("role_changes", "The role of a Logstore cannot get another name", By(set_on_role)),
    ("role_destroy", "Others have attached policies to a role", By(force)),
    ("accounts", "The credentials belong to another account", By(forget)),
    ("unknown_account", "Gone, or looked for in the wrong account", By(forget)),
    ("provider_not_known_yet", "Provider configuration not known yet", By(apply_region_first)),
];

/// Follows every remedy of a situation; after that the same command says none of it any more, and succeeds for the
/// resources that it was said of.
pub fn follow(situation: &str, printed: &Printed, texts: &[Text]) {
    let acts: Vec<_> = FOLLOWED.iter().filter(|(of, _, _)| *of == situation).collect();
    let mut followed = Vec::new();
    for text in texts {
        for (_, _, act) in acts.iter().filter(|(_, summary, _)| *summary == text.summary()) {
            carry_out(&printed.scene, text, act);
            followed.push(text);
        }
    }
    for (_, summary, _) in &acts {
        assert!(
            followed.iter().any(|text| text.summary() == *summary),
            "{situation} does not say {summary:?}"
        );
    }
    if followed.is_empty() {
        return;
    }
    // An error that has no remedy is said again, and is no matter here.
    let of = |address: &str| format!("-target={}", address.split('[').next().unwrap());
    let mut targets: Vec<String> = followed.iter().filter_map(|text| text.address()).map(of).collect();
    targets.sort();
    targets.dedup();
    if texts.iter().all(|text| !text.is_error() || followed.contains(&text)) {
        targets.clear();
    }
    let command: Vec<String> = printed.ran.command.split(' ').map(str::to_owned).chain(targets).collect();
    let ran = printed.scene.run(&command.iter().map(String::as_str).collect::<Vec<_>>());
    let said_again: Vec<Text> = Text::all_of(&ran, &printed.scene)
        .into_iter()
        .filter(|again| {
            followed.iter().any(|text| (text.summary(), text.address()) == (again.summary(), again.address()))
        })
        .collect();
    assert!(said_again.is_empty(), "{situation}: {said_again:#?}");
    assert_eq!(ran.exit_code, Some(0), "{situation}: {:#?}", Text::all_of(&ran, &printed.scene));
}

fn carry_out(scene: &Scene, text: &Text, act: &Act) {
    match act {
        Copy => {
            let copied = text.to_copy();
            assert!(!copied.is_empty(), "there is nothing to copy in {text:#?}");
            for block in &copied {
                copy(scene, text, block);
            }
        }
        Grant(user) => {
            let documents: Vec<String> =
                text.to_copy().into_iter().filter(|block| block.starts_with('{')).collect();
            let [document] = &documents[..] else { panic!("{text:#?}") };
            let name = format!("printed-{}", scene.custom_policies().len());
            scene.ram("CreatePolicy", &[("PolicyName", &name), ("PolicyDocument", document)]);
            let attachment = [("PolicyName", &*name), ("PolicyType", "Custom"), ("UserName", user)];
            scene.ram("AttachPolicyToUser", &attachment);
        }
        By(act) => act(scene, text),
    }
}

fn copy_and_apply(scene: &Scene, text: &Text) {
    for block in text.to_copy() {
        copy(scene, text, &block);
    }
    scene.run(&["apply", "-auto-approve", "-input=false", &format!("-target={}", address(text))]).succeeded();
}

/// The text says which argument of the provider block to set.
fn set_in_provider(scene: &Scene, text: &Text) {
    let block = scene.read("provider.tf");
    let setting = setting(text);
    let name = setting.split_whitespace().next().unwrap();
    let kept: Vec<&str> = block.lines().filter(|line| line.split_whitespace().next() != Some(name)).collect();
    let kept = kept.join("\n");
    scene.write("provider.tf", &(kept.trim_end().strip_suffix('}').unwrap().to_owned() + &setting + "\n}\n"));
}

/// [`set_in_provider`], where the provider block is the one of an alias that has the resource's label or is `dedicated`.
fn set_for_alias(scene: &Scene, text: &Text) {
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

fn create_log_store(scene: &Scene, text: &Text) {
    let name = address(text).split_once('.').unwrap().1;
    scene.put_log_store("audit", name, &serde_json::json!({}));
}

fn remove_one_of_two(scene: &Scene, _: &Text) {
    scene.write("main.tf", &scene.read("main.tf").replace("count = 2", "count = 1"));
}

fn use_key_of_region(scene: &Scene, text: &Text) {
    let prose = text.prose();
    let (_, after) = prose.split_once("set region_id = ").unwrap();
    set(scene, address(text), &format!("region_id = {}", after.split(' ').next().unwrap()));
    for block in text.to_copy() {
        copy(scene, text, &block);
    }
}

fn configure_what_is_there(scene: &Scene, text: &Text) {
    if text.prose().contains("remove user_cmk_info") {
        return set(scene, address(text), "user_cmk_info = null");
    }
    let copied = text.to_copy();
    assert_eq!(copied.len(), 1, "{text:#?}");
    copy(scene, text, &copied[0]);
}

fn say_that_it_moved(scene: &Scene, text: &Text) {
    let block = text.to_copy().into_iter().find(|block| block.starts_with("moved {")).unwrap();
    let old = "alicloud_log_store_encryption.old_name";
    append(scene, &(block.replace("OLD_ADDRESS", old).replace("NEW_ADDRESS", address(text)) + "\n"));
}

/// What the text says: grants the caller what it prints, creates the Logstore, or runs again.
fn do_as_it_says(scene: &Scene, text: &Text) {
    if text.to_copy().iter().any(|block| block.starts_with('{')) {
        carry_out(scene, text, &Grant("reader"));
    } else if text.prose().contains("This resource never creates a Logstore.") {
        create_log_store(scene, text);
    } else {
        assert!(text.prose().contains("Run again"), "{text:#?}");
    }
}

/// Sets what the text prints on the role, and applies. The caller that may delete nothing is no matter here.
fn force(scene: &Scene, text: &Text) {
    scene.write("main.tf", &scene.read("main.tf").replace("  provider = alicloud.nobody\n", ""));
    set(scene, "alicloud_ram_byok_role.foreign", &text.to_copy().pop().unwrap());
    run(scene, "terraform apply -auto-approve -input=false");
}

fn first_command(scene: &Scene, text: &Text) {
    copy(scene, text, &text.to_copy()[0]);
}

/// Takes the resource out of the state, which is the last thing that the text has.
fn forget(scene: &Scene, text: &Text) {
    let copied = text.to_copy();
    let last = copied.last().unwrap();
    assert!(last.starts_with("terraform state rm "), "{last}");
    copy(scene, text, last);
}

fn another_policy_name(scene: &Scene, text: &Text) {
    assert!(text.prose().contains("Choose another pass_role.policy_name"));
    set(scene, address(text), "pass_role = { policy_name = \"another\" }");
}

fn remove_principals(scene: &Scene, text: &Text) {
    for line in text.to_copy().iter().flat_map(|block| block.lines()) {
        let name = line.rsplit(' ').next().unwrap();
        let main =
            scene.read("main.tf").replace(&format!(", {name:?}"), "").replace(&format!("{name:?}"), "");
        scene.write("main.tf", &main);
    }
}

fn set_on_role(scene: &Scene, text: &Text) {
    let block = &text.to_copy()[0];
    assert!(block.starts_with("role_name = "), "{block}");
    set(scene, "alicloud_ram_byok_role.renamed", block);
}

fn apply_region_first(scene: &Scene, text: &Text) {
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

/// The words of a command; what stands in single quotes is one.
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
        other => panic!("{other} is no service"),
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
