//! Every call of RAM fails once: whatever call it is, the next run gets there, and nothing is orphaned or made twice.
//!
//! Each call fails with every call after it, as in an outage, and every second one alone. Which of the effects it has
//! changes from call to call: all of them at every call would take three times as long.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use super::given::{self, POLICY, role_for};
use crate::harness::{Ran, Scene};

/// How many scenes are worked on at once.
const WORKERS: usize = 3;

/// An operation to be disturbed.
#[derive(Clone, Copy, Debug)]
enum Operation {
    /// The role with a PassRole policy for one user.
    Create,
    /// Another description and another user, and the PassRole policy widened by somebody.
    Update,
    /// All of it goes.
    Destroy,
}

impl Operation {
    /// In the order of the role's life: each begins where the one before has ended.
    const ALL: [Operation; 3] = [Operation::Create, Operation::Update, Operation::Destroy];

    /// Makes everything ready for the operation.
    fn prepare(self, scene: &Scene) {
        match self {
            Operation::Create => scene.write("main.tf", &role_for(&["alice"], "")),
            Operation::Update => {
                let wide = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*"}]});
                let document = wide.to_string();
                let version =
                    [("PolicyName", POLICY), ("PolicyDocument", &*document), ("SetAsDefault", "true")];
                scene.ram("CreatePolicyVersion", &version);
                scene.write("main.tf", &role_for(&["bob"], "  description = \"Other\""));
            }
            Operation::Destroy => {}
        }
        scene.forget_calls();
    }

    fn run(self, scene: &Scene) -> Ran {
        match self {
            Operation::Create | Operation::Update => scene.try_apply(),
            Operation::Destroy => scene.run(&["destroy", "-auto-approve", "-input=false", "-json"]),
        }
    }

    #[track_caller]
    fn check_outcome(self, scene: &Scene) {
        match self {
            Operation::Create => given::is_whole(scene, &["user alice"]),
            Operation::Update => {
                given::is_whole(scene, &["user bob"]);
                assert_eq!(given::stored(scene).description, "Other");
            }
            Operation::Destroy => given::is_gone(scene),
        }
    }
}

/// One call of each operation that fails.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// How many calls come before it.
    skip: usize,
    /// Which of the [`effects`].
    effect: usize,
    /// How many calls fail.
    times: usize,
}

fn effects() -> [Value; 3] {
    let error =
        json!({"error": {"status": 500, "code": "InternalError", "message": "An internal error occurred."}});
    [error, json!("drop_before"), json!("drop_after")]
}

/// A scene without a role. The client does not repeat failed calls.
fn scene() -> Scene {
    let scene = Scene::new(&given::people());
    scene.provider("  max_retries = 0");
    scene
}

/// Every call of the longest undisturbed operation, and every second one of them alone.
fn cases() -> Vec<Case> {
    let scene = scene();
    let mut longest = 0;
    for operation in Operation::ALL {
        operation.prepare(&scene);
        operation.run(&scene).succeeded();
        let calls = scene.ram_actions();
        operation.check_outcome(&scene);
        assert!(calls.len() >= 10, "{operation:?}: {calls:?}");
        longest = longest.max(calls.len());
    }
    let case = |skip: usize, effect: usize, times| Case { skip, effect: effect % 3, times };
    let outages = (0..longest).map(|skip| case(skip, skip, 99));
    let alone = (0..longest).step_by(2).map(|skip| case(skip, skip + 1, 1));
    outages.chain(alone).collect()
}

/// Checks a case in every operation, one after the other. Returns two counts: the runs that failed, and the runs that
/// met the fault.
fn check(case: Case) -> [usize; 2] {
    let Case { skip, effect, times } = case;
    let scene = scene();
    let mut counts = [0, 0];
    for operation in Operation::ALL {
        operation.prepare(&scene);
        let before = scene.role(given::NAME).map(|role| role.role_id);
        scene.forget_calls();
        scene.ram_fault(&json!({"action": "*", "skip": skip, "times": times, "effect": effects()[effect]}));
        let failed = operation.run(&scene).exit_code != Some(0);
        scene.clear_faults();
        let is_disturbed = failed || scene.ram_actions().len() > skip;
        counts = [counts[0] + usize::from(failed), counts[1] + usize::from(is_disturbed)];
        let between = scene.role(given::NAME).map(|role| role.role_id).or(before);
        // One that was not disturbed is done.
        if is_disturbed {
            operation.run(&scene).succeeded();
        }
        operation.check_outcome(&scene);
        if let Some(after) = scene.role(given::NAME) {
            assert!(between.is_none_or(|between| between == after.role_id), "another role was made");
        }
    }
    counts
}

#[test]
fn whatever_call_fails_the_next_run_gets_there() {
    let cases = cases();
    let next = AtomicUsize::new(0);
    let counts = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            match std::panic::catch_unwind(|| check(*case)) {
                Ok(of_case) => {
                    for (count, of_case) in counts.iter().zip(of_case) {
                        count.fetch_add(of_case, Ordering::Relaxed);
                    }
                }
                Err(_) => return Some(*case),
            }
        }
        None
    };
    let failed: Vec<Case> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "these did not get there: {failed:#?}");
    let [failed_runs, disturbed_runs] = counts.map(AtomicUsize::into_inner);
    assert!(failed_runs * 2 > disturbed_runs, "only {failed_runs} of {disturbed_runs} runs failed");
    assert!(
        disturbed_runs > cases.len(),
        "only {disturbed_runs} runs were disturbed by {} cases",
        cases.len()
    );
}
