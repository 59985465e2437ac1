//! Every text of the provider, whole, as a host prints it: a change of wording is a change of a golden file.
//!
//! A situation is a scene and one command of the host. What it prints is compared with `texts/<situation>.txt`;
//! `UPDATE_EXPECT=1 cargo test --test acceptance texts` writes the files again. Then the remedies are followed as
//! they are printed ([`remedies`]). [`complete`] holds the files against the sources.

mod acts;
mod complete;
mod encryption;
mod query;
mod remedies;
mod rendered;
mod role;
mod set_up;
mod settings;

use std::path::{Path, PathBuf};

use expect_test::expect_file;

use crate::harness::{Ran, Scene};
use rendered::Text;

/// A command of the host in a situation, and what it did.
struct Printed {
    scene: Scene,
    ran: Ran,
}

impl Printed {
    /// Runs this command.
    fn by(scene: Scene, command: &[&str]) -> Printed {
        let ran = scene.run(command);
        Printed { scene, ran }
    }

    fn by_plan(scene: Scene) -> Printed {
        Printed::by(scene, &["plan", "-input=false"])
    }

    fn by_apply(scene: Scene) -> Printed {
        Printed::by(scene, &["apply", "-auto-approve", "-input=false"])
    }
}

/// Makes a test of each situation, and the list of their names.
macro_rules! situations {
    ($($module:ident::$name:ident),* $(,)?) => {
        /// All of them.
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                check(stringify!($name), &$module::$name());
            }
        )*
    };
}

situations![
    encryption::refresh,
    encryption::another_refresh,
    encryption::first_configuration,
    encryption::new_resources,
    encryption::what_cannot_be_read,
    encryption::changes,
    encryption::apply,
    encryption::apply_of_an_old_plan,
    encryption::another_writer,
    encryption::destroy,
    encryption::destroy_of_twins,
    encryption::planned_destroy,
    encryption::names_known_at_apply,
    encryption::import_of_nothing,
    encryption::malformed_import,
    query::query_of_nobody,
    query::query_of_some,
    query::malformed_identity,
    encryption::move_of_another_type,
    encryption::move_of_a_logstore,
    role::new_roles,
    role::role_refresh,
    role::role_changes,
    role::role_apply,
    role::role_without_answers,
    role::role_that_lags,
    role::role_that_is_not_read_back,
    role::role_that_is_begun,
    role::role_policy_that_stays,
    role::role_that_may_be_there,
    role::role_leftover,
    role::role_destroy,
    role::role_destroy_that_is_disturbed,
    role::role_import,
    role::service_linked_role,
    settings::values,
    settings::provider_blocks,
    settings::environment,
    settings::accounts,
    settings::unknown_account,
    settings::provider_not_known_yet,
    settings::readiness,
    settings::audit,
    settings::audit_of_nothing,
    settings::functions,
    settings::damaged_state,
];

/// Compares what was printed with the golden file.
fn check(name: &str, printed: &Printed) {
    let texts = Text::all_of(&printed.ran, &printed.scene);
    assert!(!texts.is_empty(), "`{}` printed no error and no warning", printed.ran.command);
    let golden: Vec<String> = texts.iter().map(Text::framed).collect();
    expect_file![directory().join(format!("{name}.txt"))].assert_eq(&golden.join("\n"));
    remedies::follow(name, printed, &texts);
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance/texts")
}

#[test]
fn a_destroy_without_a_refresh_goes_past_an_error_of_the_plan() {
    let Printed { scene, ran } = encryption::changes();
    let texts = Text::all_of(&ran, &scene);
    assert!(texts.iter().any(|text| text.prose().contains(rendered::PAST_THE_PLAN)));
    let command: Vec<&str> = rendered::PAST_THE_PLAN.split(' ').skip(1).collect();
    scene.run(&["destroy", "-auto-approve"]).failed();
    scene.run(&[&command[..], &["-auto-approve"]].concat()).succeeded();
}
