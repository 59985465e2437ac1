//! What a pipeline reaches beside the cloud: where states are kept, and where GitHub gives tokens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use test_support::identity;
use time::OffsetDateTime;

use super::account::{AUDIENCE, System};
use crate::harness::Server;

/// The password of whoever may read states.
pub const READER: (&str, &str) = ("reader", "c4n4ry-of-the-reader");
/// The password of whoever may write them too.
pub const WRITER: (&str, &str) = ("writer", "c4n4ry-of-the-writer");

/// What a job of GitLab has.
pub const JOB: (&str, &str) = ("gitlab-ci-token", "c4n4ry-of-the-job");

/// Keeps states by their paths, as Terraform's backend `http` asks for them.
pub struct States {
    server: Server,
    states: Arc<Mutex<BTreeMap<String, String>>>,
}

impl States {
    pub fn start() -> States {
        let states = Arc::<Mutex<BTreeMap<String, String>>>::default();
        let kept = Arc::clone(&states);
        let server = Server::start_reading(move |head, body| {
            let mut words = head.split(' ');
            let (method, target) = (words.next().unwrap(), words.next().unwrap());
            let path = target.split('?').next().unwrap();
            let is = |(name, password): (&str, &str)| {
                let code = STANDARD.encode(format!("{name}:{password}"));
                head.contains(&format!("Authorization: Basic {code}\r\n"))
            };
            let may_write = is(WRITER) || is(JOB);
            match method {
                _ if !is(READER) && !may_write => (401, String::new()),
                "GET" => {
                    kept.lock().unwrap().get(path).map_or((404, String::new()), |state| (200, state.clone()))
                }
                _ if !may_write => (403, String::new()),
                "POST" if !path.ends_with("/lock") => {
                    kept.lock().unwrap().insert(path.to_owned(), body.to_owned());
                    (200, String::new())
                }
                // Locks and unlocks.
                _ => (200, String::new()),
            }
        });
        States { server, states }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Each state by its path: the addresses of its managed resources' instances.
    pub fn instances(&self) -> BTreeMap<String, Vec<String>> {
        let states = self.states.lock().unwrap();
        let read = |state: &String| -> Value { serde_json::from_str(state).unwrap() };
        states.iter().map(|(path, state)| (path.clone(), keys(&read(state)))).collect()
    }
}

fn keys(state: &Value) -> Vec<String> {
    let resources =
        state["resources"].as_array().unwrap().iter().filter(|resource| resource["mode"] == "managed");
    let instances = resources.flat_map(|resource| resource["instances"].as_array().unwrap());
    instances.map(|instance| instance["index_key"].as_str().unwrap_or_default().to_owned()).collect()
}

/// A token of a system about whom it runs a job for.
pub fn token(system: System, subject: &str) -> String {
    let expires = OffsetDateTime::now_utc().unix_timestamp() + 300;
    identity::token_of(system.issuer(), AUDIENCE, subject, expires)
}

/// The permission to ask GitHub for a token.
pub const REQUEST_TOKEN: &str = "c4n4ry-of-the-request";

/// Gives tokens about a subject, as GitHub does.
pub fn tokens(subject: &str) -> Server {
    let subject = subject.to_owned();
    Server::start(move |head| {
        let is_for_the_audience = head.starts_with(&format!("GET /?api-version=2.0&audience={AUDIENCE} "));
        let is_permitted = head.contains(&format!("Authorization: bearer {REQUEST_TOKEN}\r\n"));
        match (is_permitted, is_for_the_audience) {
            (false, _) => (401, String::new()),
            (true, false) => (400, String::new()),
            (true, true) => (200, json!({"value": token(System::GitHub, &subject)}).to_string()),
        }
    })
}
