//! The official Python SDKs, as they are published, against the emulator.
//!
//! A scenario is a function of a Python file in this folder; it runs in a process of its own, with an emulator of
//! its own on `seed.json`. The interpreter is the one `CONFORMANCE_PYTHON` names; `scripts/python-environment sdks`
//! makes one that has the SDKs, and `scripts/test` uses it. Without one the tests fail.
#![cfg(test)]

mod emulator;
mod scenario;

use std::collections::BTreeSet;

/// Declares one test for each scenario, and the list of them all.
macro_rules! scenarios {
    ($($subject:ident: $($name:ident)+;)+) => {
        $(mod $subject {
            $(#[test]
            fn $name() {
                crate::scenario::run(stringify!($subject), stringify!($name));
            })+
        })+

        const SCENARIOS: &[(&str, &[&str])] = &[$((stringify!($subject), &[$(stringify!($name)),+])),+];
    };
}

scenarios! {
    byok: life_cycle_with_log_sdk life_cycle_with_sls_sdk role_and_key_have_to_be_right
        users_need_pass_role;
    encrypted_logs: a_disabled_key_stops_reads_and_writes_until_it_is_back
        a_role_that_lost_its_policies_stops_reads_and_writes encryption_switched_on_over_logs_in_clear
        every_algorithm_with_a_key_of_the_service what_was_written_before_and_after_stays_readable;
    encryption: algorithms_are_stored_as_they_are_spelt bad_configurations_are_refused
        configured_at_creation_with_log_sdk configured_later_with_log_sdk encrypt_conf_of_sls_sdk
        update_log_store_encryption;
    keys: a_key_that_is_not_enabled_seals_and_opens_nothing aliases data_keys life_cycle_with_core_sdk
        life_cycle_with_newer_sdk rotation sealing_with_a_context users_need_permission;
    lenient: log_sdk sls_sdk;
    logs: bad_log_groups_are_refused cursors pulling_a_range_of_time searching_with_log_sdk
        searching_with_sls_sdk shards written_by_log_sdk_in_every_compression
        written_by_sls_sdk_in_every_compression;
    logstores: bad_settings_are_refused life_cycle_with_log_sdk life_cycle_with_sls_sdk;
    policies: a_policy_in_use_cannot_be_deleted at_most_five_versions life_cycle_with_core_sdk
        life_cycle_with_newer_sdk the_default_version_decides_and_a_deny_wins;
    projects: bad_names_are_refused life_cycle_with_log_sdk life_cycle_with_sls_sdk
        the_proxy_of_the_environment_is_enough;
    roles: attachments bad_parameters_are_refused life_cycle_with_core_sdk life_cycle_with_newer_sdk;
    sessions: a_clock_that_was_advanced a_policy_narrows_a_session a_wrong_token an_expired_token
        assume_role_with_core_sdk get_caller_identity only_trusted_callers_assume_a_role
        rpc_calls_of_a_session sls_calls_of_a_session;
    signatures: a_wrong_secret acs3 an_unknown_key only_version_4_binds_the_region rpc_v1_of_core_sdk
        rpc_v1_of_newer_sdk rpc_v1_with_get_and_with_a_form sls_v1_hmac_sha1 sls_v1_hmac_sha256
        sls_v4_of_log_sdk sls_v4_of_sls_sdk;
    strict: log_sdk sls_sdk;
    tags: given_at_creation with_core_sdk with_newer_sdk;
    users: a_group_gives_its_members_what_it_has life_cycle_with_core_sdk life_cycle_with_newer_sdk
        policies_of_users_and_groups users_may_do_in_ram_what_they_are_allowed;
}

/// The Python files that hold no scenarios.
const HELPERS: [&str; 7] =
    ["clients.py", "control.py", "given.py", "given_logs.py", "recorder.py", "refusals.py", "run.py"];

/// A scenario that is never run would prove nothing.
#[test]
fn every_scenario_in_the_files_is_run() {
    for (subject, names) in SCENARIOS {
        let file = scenario::folder().join(subject).with_extension("py");
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let written: BTreeSet<&str> = text.lines().filter_map(scenario_in).collect();
        assert_eq!(written, names.iter().copied().collect(), "{}", file.display());
    }
    let listed: BTreeSet<String> = SCENARIOS.iter().map(|(subject, _)| format!("{subject}.py")).collect();
    let folder = std::fs::read_dir(scenario::folder()).unwrap().map(|entry| entry.unwrap().path());
    let python = folder.filter(|path| path.extension().is_some_and(|extension| extension == "py"));
    let names = python.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    let written = names.filter(|name| !HELPERS.contains(&name.as_str())).collect();
    assert_eq!(listed, written);
}

/// The name of the scenario that a line of Python begins: a function without parameters.
fn scenario_in(line: &str) -> Option<&str> {
    line.strip_prefix("def ")?.strip_suffix("():").filter(|name| !name.starts_with('_'))
}
