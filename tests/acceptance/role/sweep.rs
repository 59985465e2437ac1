//! Every call of RAM fails once: whatever call it is, the next run gets there, and nothing is orphaned or made twice.
//!
//! Each call fails in two ways: alone, and with every call after it, as in an outage. Which of the effects it has
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
    /// A scene in which everything is ready for the operation. Failed calls are not repeated by the client.
    fn scene(self) -> Scene {
        let scene = Scene::new(&given::people());
        scene.provider("  max_retries = 0");
        scene.write("main.tf", &role_for(&["alice"], ""));
        if !matches!(self, Operation::Create) {
            scene.apply();
        }
        if matches!(self, Operation::Update) {
            let wide = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "ram:PassRole", "Resource": "*"}]});
            let document = wide.to_string();
            let version = [("PolicyName", POLICY), ("PolicyDocument", &*document), ("SetAsDefault", "true")];
            scene.ram("CreatePolicyVersion", &version);
            scene.write("main.tf", &role_for(&["bob"], "  description = \"Other\""));
        }
        scene.forget_calls();
        scene
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

/// One call that fails.
#[derive(Clone, Debug)]
struct Case {
    operation: Operation,
    /// How many calls come before it.
    skip: usize,
    effect: Value,
    /// How many calls fail.
    times: usize,
}

fn effects() -> [Value; 3] {
    let error =
        json!({"error": {"status": 500, "code": "InternalError", "message": "An internal error occurred."}});
    [error, json!("drop_before"), json!("drop_after")]
}

/// Every call of an undisturbed run, twice.
fn cases(operation: Operation) -> Vec<Case> {
    let scene = operation.scene();
    operation.run(&scene).succeeded();
    let calls = scene.ram_actions();
    operation.check_outcome(&scene);
    assert!(calls.len() >= 10, "{operation:?}: {calls:?}");
    let case = |skip: usize, effect: usize, times| Case {
        operation,
        skip,
        effect: effects()[effect % 3].clone(),
        times,
    };
    (0..calls.len()).flat_map(|skip| [case(skip, skip, 99), case(skip, skip + 1, 1)]).collect()
}

/// Checks a case; true if the disturbed run failed, and did not get over it by itself.
fn check(case: &Case) -> bool {
    let Case { operation, skip, effect, times } = case;
    let scene = operation.scene();
    let before = scene.role(given::NAME).map(|role| role.role_id);
    scene.ram_fault(&json!({"action": "*", "skip": skip, "times": times, "effect": effect}));
    let failed = operation.run(&scene).exit_code != Some(0);
    scene.clear_faults();
    let between = scene.role(given::NAME).map(|role| role.role_id).or(before);
    operation.run(&scene).succeeded();
    operation.check_outcome(&scene);
    if let Some(after) = scene.role(given::NAME) {
        assert!(between.is_none_or(|between| between == after.role_id), "another role was made");
    }
    failed
}

#[test]
fn whatever_call_fails_the_next_run_gets_there() {
    let cases: Vec<Case> =
        [Operation::Create, Operation::Update, Operation::Destroy].into_iter().flat_map(cases).collect();
    let (next, failed_runs) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            match std::panic::catch_unwind(|| check(case)) {
                Ok(failed) => drop(failed_runs.fetch_add(usize::from(failed), Ordering::Relaxed)),
                Err(_) => return Some(case.clone()),
            }
        }
        None
    };
    let failed: Vec<Case> = thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().filter_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(failed.is_empty(), "these did not get there: {failed:#?}");
    let failed_runs = failed_runs.into_inner();
    assert!(failed_runs * 2 > cases.len(), "only {failed_runs} of {} runs were disturbed", cases.len());
}
