//! Remedies, followed as they are printed: which text is followed where, and which is not.

use std::collections::BTreeSet;
use std::fs;

use super::acts::*;
use super::rendered::Text;
use super::{NAMES, Printed, directory};

/// A remedy that is followed: the situation, the summary, and how.
const FOLLOWED: &[(&str, &str, Act)] = &[
    ("refresh", "The KMS key of a Logstore is disabled", Copy),
    ("refresh", "The KMS key of a Logstore is going to be deleted", Copy),
    ("refresh", "The RAM role of a Logstore does not exist", By(copy_and_apply)),
    ("refresh", "The RAM role of a Logstore does not let SLS assume it", Copy),
    ("refresh", "The RAM role of a Logstore may not use the KMS key", Copy),
    ("refresh", "A Logstore does not exist any more", By(create_and_apply)),
    ("refresh", "A Logstore is not encrypted", By(apply)),
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
    ("changes", "Replacement succeeds only together with the Logstore", Instead(replace_together)),
    ("changes", "A resource switches off what another one configures", By(say_that_it_moved)),
    ("apply", "The Logstore was read too slowly to be updated", By(set_in_provider)),
    ("apply", "SLS refuses a setting that the Logstore has", By(set_in_provider)),
    ("apply", "SLS does not offer UpdateLogStoreEncryption", By(set_for_alias)),
    ("apply", "Cannot configure the encryption of a Logstore", By(do_as_it_says)),
    ("apply", "The KMS key is not ready", Copy),
    ("apply", "The KMS key or the RAM role is not ready", By(as_with_the_first)),
    ("apply", "The encryption of a Logstore is not as it was set", By(run_again)),
    ("apply_of_an_old_plan", "A Logstore was deleted and created again", Instead(plan_again)),
    ("another_writer", "A Logstore keeps changing", By(run_again_when_it_is_over)),
    ("another_writer", "Settings of a Logstore were set back", By(set_settings_again)),
    ("destroy", "Cannot switch off the encryption of a Logstore", By(run_again_when_it_is_over)),
    ("planned_destroy", "Destroying may switch encryption off", By(keep_encrypting)),
    ("import_of_nothing", "There is no encryption configuration to import", Instead(apply_alone)),
    ("query_of_nobody", "Cannot list projects", Grant("nobody")),
    ("query_of_nobody", "Cannot list Logstores", Grant("nobody")),
    ("query_of_nobody", "Cannot list roles", Grant("nobody")),
    ("query_of_some", "Not every Logstore could be read", By(grant_what_a_fault_refuses)),
    ("query_of_some", "Not every role could be read", By(grant_what_a_fault_refuses)),
    ("malformed_identity", "Malformed import identity", Instead(import_by_the_identity_of_the_example)),
    ("malformed_import", "Malformed import id", Instead(import_as_the_example)),
    ("move_of_a_logstore", "A Logstore does not become its encryption", By(forget_the_log_store)),
    ("move_of_another_type", "Move between resource types not supported", By(import_in_place_of_the_move)),
    ("names_known_at_apply", "Two resources configure one Logstore", By(remove_one_of_two)),
    ("new_roles", "A role of this name exists already", By(first_command)),
    ("new_roles", "The name of the ram:PassRole policy is taken", By(another_policy_name)),
    ("new_roles", "A principal of pass_role does not exist", By(remove_principals)),
    ("new_roles", "Cannot find out whether a role exists", Grant("nobody")),
    ("role_refresh", "A role does not exist", By(apply)),
    ("role_refresh", "A role was deleted and created again", By(apply)),
    ("role_refresh", "A role whose create failed is not marked as unfinished", Copy),
    ("role_changes", "The role of a Logstore cannot get another name", By(set_on_role)),
    ("role_changes", "Replacing a role cuts off what is encrypted through it", By(keep_the_roles)),
    ("role_changes", "The role of a Logstore is going to be deleted", By(keep_the_roles)),
    ("role_changes", "The role of a Logstore is going to be replaced", By(keep_the_roles)),
    ("role_apply", "A principal cannot get the ram:PassRole policy", By(remove_quoted_principal)),
    ("role_apply", "A role was made while another one has its ram:PassRole policy", By(another_policy_name)),
    (
        "role_without_answers",
        "Whether a role has its description is not known",
        By(run_again_when_it_is_over),
    ),
    ("role_that_lags", "A role is not seen as it was set yet", Instead(plan_finds_all)),
    ("role_that_is_not_read_back", "Cannot read a role after it was set", By(grant_what_a_fault_refuses)),
    ("role_policy_that_stays", "Cannot delete a policy", By(grant_what_a_fault_refuses)),
    ("role_that_may_be_there", "Cannot create a role", By(run_again_when_it_is_over)),
    ("role_leftover", "A role whose create failed is finished, and stays", Instead(import_and_destroy)),
    (
        "role_destroy_that_is_disturbed",
        "Others attach policies to a role while it is deleted",
        By(detach_and_run_again),
    ),
    ("role_import", "Not the name of a role", Instead(import_as_the_example)),
    ("role_destroy", "Others have attached policies to a role", By(force)),
    ("accounts", "The credentials belong to another account", By(forget)),
    ("unknown_account", "Gone, or looked for in the wrong account", By(forget)),
    ("unknown_account", "Cannot find out the account of the credentials", By(run_again_when_it_is_over)),
    ("values", "Empty value", By(correct)),
    ("values", "Invalid value", By(correct)),
    ("values", "Missing required argument", By(correct)),
    ("values", "Null element", By(correct)),
    ("values", "Unsupported value", By(correct)),
    ("values", "Value for a read-only attribute", By(correct)),
    ("values", "Value out of range", By(correct)),
    ("functions", "Invalid function argument", By(correct)),
    ("provider_blocks", "Contradicting credentials", By(correct)),
    ("provider_blocks", "Incomplete credentials", By(correct)),
    ("provider_blocks", "Invalid setting", By(correct)),
    ("provider_blocks", "No region", By(correct)),
    ("provider_blocks", "Unknown region", By(correct)),
    ("audit", "A Logstore holds something else", By(correct)),
    ("audit", "Cannot audit Logstores", By(correct)),
    ("audit_of_nothing", "Empty set", By(correct)),
    ("readiness", "Cannot read whether encryption with a KMS key is ready", By(reach_kms)),
    ("damaged_state", "Private data cannot be read", By(remove_from_state)),
    ("damaged_state", "Stored state cannot be read", By(remove_from_state)),
    ("damaged_state", "The state does not name a Logstore", By(remove_from_state)),
    ("damaged_state", "The state does not name a role", By(remove_from_state)),
    ("damaged_state", "Private data cannot be read", By(import_again)),
    ("damaged_state", "Stored state cannot be read", By(import_again)),
    ("damaged_state", "The state does not name a Logstore", By(import_again)),
    ("damaged_state", "The state does not name a role", By(import_again)),
    ("provider_not_known_yet", "Provider configuration not known yet", By(apply_region_first)),
];

/// What [`a_role_needs_no_more_than_the_texts_say`] follows.
const GRANTED: [&str; 4] =
    ["Cannot read a role", "Cannot create a role", "Cannot configure a role", "Cannot delete a role"];

/// The remedies that the tests do not follow, and why not.
const NOT_FOLLOWED: &[(&str, &str)] = &[
    ("A Logstore already has an encryption configuration", STATES),
    ("A role belongs to somebody else", STATES),
    ("An update got no answer and may still be carried out", STATES),
    ("Destroying a role cuts off what is encrypted through it", STATES),
    ("Destroying leaves the Logstore encrypting", STATES),
    ("Encryption of a Logstore is switched off", STATES),
    ("Invalid CA bundle", NAMES_THE_VALUE),
    ("Invalid endpoint", NAMES_THE_VALUE),
    ("Invalid environment variable", NAMES_THE_VALUE),
    ("Invalid preflight", NAMES_THE_VALUE),
    ("Invalid proxy", NAMES_THE_VALUE),
    ("Invalid region", NAMES_THE_VALUE),
    ("KMS gives nobody access to the key of a Logstore", CONSOLE),
    ("Service-linked roles are not managed here", STATES),
    ("The KMS key of a Logstore does not exist", LOST),
    ("The KMS key of a Logstore has no key material", CONSOLE),
    ("The KMS key of a Logstore is not enabled", CONSOLE),
    ("The Logstore stays as it is", STATES),
    ("The old Logstore keeps its encryption", STATES),
    ("The policies of others are going to be detached from a role", STATES),
];

const STATES: &str = "it says what happens, and asks for nothing";
const NAMES_THE_VALUE: &str = "it names the wrong value, where it comes from and what may stand there";
const CONSOLE: &str = "what it asks for is done in a console of the cloud";
const LOST: &str = "nothing brings the key back";

#[test]
fn every_text_is_followed_or_has_a_reason_why_not() {
    let mut problems = Vec::new();
    let is_followed = |summary: &str| {
        FOLLOWED.iter().any(|(_, followed, _)| *followed == summary) || GRANTED.contains(&summary)
    };
    let texts: Vec<Text> = NAMES
        .iter()
        .flat_map(|name| Text::all_in(&fs::read_to_string(directory().join(format!("{name}.txt"))).unwrap()))
        .collect();
    for text in &texts {
        let reason = NOT_FOLLOWED.iter().find(|(summary, _)| *summary == text.summary());
        // The one thing to copy that a text may have besides leads past a check, and mends nothing.
        let to_copy = text.to_copy().into_iter().find(|block| !block.starts_with("preflight = "));
        match (is_followed(text.summary()), reason) {
            (false, None) => problems.push(format!("{:?} is followed nowhere", text.summary())),
            (true, Some(_)) => problems.push(format!("{:?} is followed, and listed as not", text.summary())),
            (false, Some(_)) if to_copy.as_deref().is_some_and(is_remedy) => {
                problems.push(format!("{:?} has something to copy: {to_copy:?}", text.summary()));
            }
            _ => {}
        }
    }
    for (summary, _) in NOT_FOLLOWED {
        if !texts.iter().any(|text| text.summary() == *summary) {
            problems.push(format!("{summary:?} is listed, but no golden file has it"));
        }
    }
    problems.sort();
    problems.dedup();
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Whether a separate line is a command, an argument, a block or a document. The other separate lines are lists.
fn is_remedy(block: &str) -> bool {
    let begins = ["terraform ", "aliyun ", "resource ", "moved ", "lifecycle ", "{"];
    block.contains(" = ") || begins.iter().any(|begin| block.starts_with(begin))
}

/// Follows every remedy of a situation; after that the same command says none of it any more, and succeeds for the
/// resources that it was said of.
pub fn follow(situation: &str, printed: &Printed, texts: &[Text]) {
    let acts = FOLLOWED.iter().filter(|(of, _, _)| *of == situation);
    let mut to_repeat = Vec::new();
    for (_, summary, act) in acts {
        let said: Vec<&Text> = texts.iter().filter(|text| text.summary() == *summary).collect();
        assert!(!said.is_empty(), "{situation} does not say {summary:?}");
        for text in &said {
            carry_out(&printed.scene, text, act);
        }
        if !matches!(act, Instead(_)) {
            to_repeat.extend(said);
        }
    }
    if to_repeat.is_empty() {
        return;
    }
    // An error without a remedy is shown again, which does not matter here.
    let is_whole = texts.iter().all(|text| !text.is_error() || to_repeat.contains(&text));
    let addresses = to_repeat.iter().filter_map(|text| text.address());
    let of_resources = addresses.filter(|address| !is_whole && !address.starts_with("provider["));
    let of = |address: &str| format!("-target={}", address.split('[').next().unwrap());
    let targets: BTreeSet<String> = of_resources.map(of).collect();
    let is_judged = is_whole || !targets.is_empty();
    let command: Vec<String> = printed.ran.command.split(' ').map(str::to_owned).chain(targets).collect();
    let ran = printed.scene.run(&command.iter().map(String::as_str).collect::<Vec<_>>());
    let said_again: Vec<Text> = Text::all_of(&ran, &printed.scene)
        .into_iter()
        .filter(|again| {
            to_repeat
                .iter()
                .any(|text| (text.summary(), text.address()) == (again.summary(), again.address()))
        })
        .collect();
    assert!(said_again.is_empty(), "{situation}: {said_again:#?}");
    if is_judged {
        assert_eq!(ran.exit_code, Some(0), "{situation}: {:#?}", Text::all_of(&ran, &printed.scene));
    }
}

#[test]
fn a_role_needs_no_more_than_the_texts_say() {
    let scene = super::role::role_of_nobody();
    let seen: BTreeSet<String> =
        [DESTROY, APPLY].iter().flat_map(|command| grant_until_it_succeeds(&scene, command)).collect();
    assert_eq!(seen, GRANTED.map(str::to_owned).into());
}
