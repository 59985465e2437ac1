//! The official SDKs for Python and Node.js, as they are published, against the emulator.
//!
//! A scenario is a function of a Python file in this folder, or of a JavaScript file in the folder `node`; it runs in a
//! process of its own, with an emulator of its own on `seed.json`. The interpreters are those that `CONFORMANCE_PYTHON`
//! and `CONFORMANCE_NODE` name; `scripts/python-environment sdks` and `scripts/node-environment` make such that have
//! the SDKs, and `scripts/test` uses them. Without them the tests fail.
#![cfg(test)]

mod emulator;
mod scenario;

/// Declares one test for each scenario of a language, and the list of them all.
macro_rules! scenarios {
    ($language:ident: $($subject:ident: $($name:ident)+;)+) => {
        $(mod $subject {
            $(#[test]
            fn $name() {
                crate::scenario::$language.run(stringify!($subject), stringify!($name));
            })+
        })+

        /// A scenario that is never run would prove nothing.
        #[test]
        fn every_scenario_in_the_files_is_run() {
            crate::scenario::$language
                .check_list(&[$((stringify!($subject), &[$(stringify!($name)),+])),+]);
        }
    };
}

scenarios! {
    PYTHON:
    byok: life_cycle_with_log_sdk life_cycle_with_sls_sdk role_and_key_have_to_be_right
        users_need_pass_role;
    encrypted_logs: a_disabled_key_stops_reads_and_writes_until_it_is_back
        a_role_that_lost_its_policies_stops_reads_and_writes encryption_switched_on_over_logs_in_clear
        every_algorithm_with_a_key_of_the_service what_was_written_before_and_after_stays_readable;
    encryption: algorithms_are_stored_as_they_are_spelt bad_configurations_are_refused
        configured_at_creation_with_log_sdk configured_later_with_log_sdk encrypt_conf_of_sls_sdk
        update_log_store_encryption;
    endpoints: a_call_without_an_endpoint found_in_location;
    indexes: bad_indexes_are_refused life_cycle_with_log_sdk life_cycle_with_sls_sdk;
    keys: a_key_that_is_not_enabled_seals_and_opens_nothing aliases data_keys life_cycle_with_core_sdk
        life_cycle_with_newer_sdk rotation sealing_with_a_context users_need_permission;
    lenient: log_sdk sls_sdk;
    logs: bad_log_groups_are_refused cursors pulling_a_range_of_time searching_with_log_sdk
        searching_with_sls_sdk shards written_by_log_sdk_in_every_compression
        written_by_sls_sdk_in_every_compression;
    logstores: bad_settings_are_refused life_cycle_with_log_sdk life_cycle_with_sls_sdk;
    not_served: the_guide_lists_every_operation_that_is_not_served;
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

mod node {
    scenarios! {
        NODE:
        keys: a_context_that_the_newer_sdk_sends_is_refused
            a_disabled_key_stops_reads_and_writes_until_it_is_back life_cycle_with_newer_sdk
            life_cycle_with_older_sdk;
        log: an_update_without_the_encryption_is_refused calls_that_are_signed_wrongly_are_refused
            life_cycle_of_a_project_and_a_logstore logs_are_written_and_read;
        roles: life_cycle_with_newer_sdk life_cycle_with_older_sdk;
        sessions: assumed_with_newer_sdk assumed_with_pop_core assumed_with_sts_sdk;
        sls: encryption_with_a_key_of_the_customer encryption_with_a_key_of_the_service
            life_cycle_of_a_project_and_a_logstore logs_are_read_in_every_compression_that_it_knows
            update_log_store_encryption;
    }
}
