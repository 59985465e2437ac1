//! A whole short life of a configuration, with everything logged: plan, apply, looks, a throttled and a refused call,
//! destroy.

use serde_json::json;

use super::search::Secrets;
use crate::harness::Scene;

/// A Logstore to encrypt, and what a service that refuses a call on it may know of the caller.
pub struct Member {
    /// The Logstore and the resource.
    pub name: String,
    /// Secrets of the caller that the service quotes.
    pub quoted: Vec<String>,
}

/// Lives it; checks that nothing failed that was not to, and that the provider's log is there.
#[track_caller]
pub fn live(scene: &Scene, members: &[Member]) -> String {
    let shown = scene.plan().expect_changes().json();
    assert_eq!(shown["resource_changes"].as_array().unwrap().len(), members.len());
    scene.fault(&json!({"action": "UpdateLogStore", "times": 2, "effect": "throttle"}));
    let applied = scene.try_apply_plan().succeeded();
    assert_eq!(applied.changes(), (u64::try_from(members.len()).unwrap(), 0, 0));
    for Member { name, .. } in members {
        assert_eq!(scene.log_store("audit", name)["encrypt_conf"]["enable"], true, "{name}");
    }
    for line in
        ["called: ", "trying again: ", "sending: ", "answered: ", "calls in all: ", "credentials found: "]
    {
        assert!(applied.stderr.contains(line), "{line}: the provider's log is not there");
    }
    let shown = scene.run(&["show", "-json"]).succeeded();
    assert!(shown.stdout.contains(&format!("audit:{}", members[0].name)));
    scene.run(&["state", "pull"]).succeeded();
    refused(scene, members);
    scene.destroy();
    applied.stderr
}

/// Every call is refused, with a text that quotes the caller's secrets.
#[track_caller]
fn refused(scene: &Scene, members: &[Member]) {
    for Member { name, quoted } in members {
        let message = format!("refused for {name}: {}", quoted.join(" and "));
        let effect = json!({"error": {"status": 403, "code": "Unauthorized", "message": message}});
        scene.fault(&json!({"action": "*", "logstore": name, "times": 1000, "effect": effect}));
    }
    let errors = scene.try_plan().failed().errors();
    for Member { name, quoted } in members {
        let hidden = vec!["[secret]"; quoted.len()].join(" and ");
        let said = format!("refused for {name}: {hidden}");
        assert!(errors.iter().any(|error| error.text().contains(&said)), "{said}: {errors:#?}");
    }
    scene.clear_faults();
}

/// Searches everything in the scene's directory, which holds what every command printed. Only the files that a test
/// itself `wrote` secrets into have them, and those do: the search finds them.
#[track_caller]
pub fn nothing_leaked(scene: &Scene, secrets: &Secrets, wrote: &[&str]) {
    assert!(secrets.len() > 0);
    for file in ["command-1.stdout", "command-1.stderr"] {
        assert!(scene.root().join(file).is_file(), "{file}");
    }
    let found = secrets.found_below(scene.root());
    let files: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(files, wrote, "{found:#?}");
}
