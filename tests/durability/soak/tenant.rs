//! One client with a project, a key and roles of its own.

use std::collections::BTreeSet;
use std::io;
use std::sync::mpsc::Sender;

use prost::Message as _;
use serde_json::{Value, json};
use test_support::figures::Figures;
use test_support::log_group::{LogGroup, LogGroupList};
use test_support::{Key, Response, date};

use super::model::{Change, FAULTS, Groups, KINDS, Model, Settings, Shown, differences, hash_of, name_of};
use super::{Load, garbage};
use crate::client::{Client, cursor, position_of, topic_of};

const RAM: &str = "2015-05-01";
const KMS: &str = "2016-01-20";
const STS: &str = "2015-04-01";

/// Shards of each Logstore.
const SHARDS: u32 = 2;

/// What decides whether a role may use a key.
const KMS_POLICY: [(&str, &str); 2] = [("PolicyName", "AliyunKMSCryptoUserAccess"), ("PolicyType", "System")];

/// One client.
pub struct Tenant {
    name: String,
    random: fastrand::Rng,
    model: Model,
    /// The change whose answer never came.
    doubt: Option<Change>,
    /// How many names were given.
    names: u64,
    key_id: String,
    role_arn: String,
    /// A session of this round.
    session: Option<Key>,
    /// What it has done.
    pub figures: Figures,
}

impl Tenant {
    /// A client, and what it has from the start.
    pub fn new(number: usize, random: fastrand::Rng, mut client: Client) -> Self {
        let name = format!("soak-{number}");
        let key = client.rpc((KMS, "CreateKey"), &[]);
        let (byok, reader) = (format!("byok-{number}"), format!("reader-{number}"));
        let root = json!({"RAM": ["acs:ram::1234567890123456:root"]});
        for (role, principal) in [(&byok, json!({"Service": ["log.aliyuncs.com"]})), (&reader, root)] {
            let trust = json!({"Version": "1",
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}]});
            let trust = trust.to_string();
            client.rpc((RAM, "CreateRole"), &[("RoleName", role), ("AssumeRolePolicyDocument", &trust)]);
        }
        let read_only =
            [("RoleName", &*reader), ("PolicyName", "AliyunLogReadOnlyAccess"), ("PolicyType", "System")];
        client.rpc((RAM, "AttachPolicyToRole"), &read_only);
        let mut tenant = Self {
            role_arn: format!("acs:ram::1234567890123456:role/{byok}"),
            key_id: key["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned(),
            model: Model { key_is_on: true, ..Model::default() },
            name,
            random,
            doubt: None,
            names: 0,
            session: None,
            figures: Figures::default(),
        };
        tenant.change(&mut client, Change::PermitRole(true), false).unwrap();
        tenant
    }

    /// Bytes of the log groups that are there.
    pub fn bytes(&self) -> usize {
        self.model.stores.values().map(|store| store.bytes).sum()
    }

    /// Does so many steps, and tells of each; `false` if the emulator was gone before.
    pub fn work(&mut self, client: Client, load: &Load, steps: &Sender<()>) -> bool {
        // The clock may have been moved since.
        self.session = None;
        let mut client = client.in_project(&self.name);
        let is_done = (0..load.steps).all(|_| {
            let step = self.step(&mut client, load);
            assert!(!step.as_ref().is_err_and(is_timeout), "{}: {step:?}", self.name);
            // The receiver may have stopped counting.
            let _ = steps.send(());
            step.is_ok()
        });
        self.figures.add("calls", client.calls());
        is_done
    }

    /// One step, drawn.
    fn step(&mut self, client: &mut Client, load: &Load) -> io::Result<()> {
        if !self.model.has_project {
            return self.change(client, Change::CreateProject, load.is_throttled);
        }
        let store = self.random.usize(..KINDS.len());
        if !self.model.stores.contains_key(&store) {
            let settings = Settings { ttl: 30, enable: KINDS[store].is_some() };
            return self.change(client, Change::Create(store, settings), load.is_throttled);
        }
        if self.model.stores[&store].bytes > load.most_bytes {
            return self.change(client, Change::Delete(store), load.is_throttled);
        }
        let Settings { ttl, enable } = self.model.stores[&store].settings;
        match self.random.usize(..1000) {
            ..450 => {
                let put = self.draw_put(store);
                self.change(client, put, load.is_throttled)
            }
            450..600 => self.pull(client, store, load),
            600..660 => self.search(client, store, load),
            660..720 => self.list(client, load),
            720..770 => {
                let settings = Settings { ttl: 1 + ttl % 3650, enable };
                self.change(client, Change::Update(store, settings), load.is_throttled)
            }
            770..800 => {
                let settings = Settings { ttl, enable: !enable && KINDS[store].is_some() };
                self.change(client, Change::Update(store, settings), load.is_throttled)
            }
            800..810 => self.change(client, Change::Delete(store), load.is_throttled),
            810..830 => {
                let is_on = !self.model.key_is_on;
                self.change(client, Change::SwitchKey(is_on), load.is_throttled)
            }
            830..850 => {
                let is_permitted = !self.model.role_is_permitted;
                self.change(client, Change::PermitRole(is_permitted), load.is_throttled)
            }
            850..870 => self.rotate(client, load),
            870..890 => self.come_and_go(client, load),
            890..920 => self.read_as_session(client, load),
            920..960 => self.disturb(client),
            960..995 if !load.is_throttled => self.change_under_fault(client, store),
            960..995 => Ok(()),
            _ => self.change(client, Change::DeleteProject, load.is_throttled),
        }
    }

    /// A log group of about as many bytes as logs have: mostly some kilobytes, seldom up to a megabyte.
    fn draw_put(&mut self, store: usize) -> Change {
        let most = [8 << 10, 8 << 10, 64 << 10, 64 << 10, 64 << 10, 1 << 20][self.random.usize(..6)];
        let topic = self.new_name("topic");
        let line: String = (0..100).map(|_| self.random.alphanumeric()).collect();
        let lines = (0..=self.random.usize(..most) / 110).map(|number| format!("{number:08} {line}"));
        let group = LogGroup::from_messages(Some(&topic), lines).encode_to_vec();
        Change::Put { store, topic, group, compresses: self.random.u8(..3) > 0 }
    }

    /// Makes a change. Refused is only what has to be.
    fn change(&mut self, client: &mut Client, change: Change, is_throttled: bool) -> io::Result<()> {
        let succeeds = match &change {
            Change::Put { store, .. } if self.model.stores[store].settings.enable => {
                self.model.can_open(*store)
            }
            _ => true,
        };
        self.doubt = Some(change);
        let answer = self.send(client, self.doubt.as_ref().unwrap())?;
        let change = self.doubt.take().unwrap();
        if self.is_throttled(&answer, is_throttled) {
            return Ok(());
        }
        self.expect(&answer, succeeds, &change.to_string());
        if answer.status == 200 {
            self.model.apply(&change);
        }
        self.figures.count(if matches!(change, Change::Put { .. }) { "puts" } else { "changes" });
        Ok(())
    }

    fn send(&self, client: &mut Client, change: &Change) -> io::Result<Response> {
        match change {
            Change::CreateProject => {
                client.try_sls("POST", "/", &json!({"projectName": self.name, "description": ""}))
            }
            // The service's own `DeleteProject` wants an empty project.
            Change::DeleteProject => client.try_control("DELETE", &format!("projects/{}", self.name), ""),
            Change::Create(store, settings) => {
                client.try_sls("POST", "/logstores", &self.document(*store, *settings))
            }
            Change::Update(store, settings) => {
                client.try_sls("PUT", &path(*store), &self.document(*store, *settings))
            }
            Change::Delete(store) => client.try_sls("DELETE", &path(*store), &Value::Null),
            Change::Put { store, group, compresses: true, .. } => {
                client.try_put_compressed(&name_of(*store), group)
            }
            Change::Put { store, group, .. } => client.try_put(&name_of(*store), group),
            Change::SwitchKey(is_on) => {
                let action = if *is_on { "EnableKey" } else { "DisableKey" };
                client.try_rpc((KMS, action), &[("KeyId", &self.key_id)])
            }
            Change::PermitRole(is_permitted) => {
                let action = if *is_permitted { "AttachPolicyToRole" } else { "DetachPolicyFromRole" };
                client.try_rpc((RAM, action), &[&[("RoleName", self.role())], &KMS_POLICY[..]].concat())
            }
        }
    }

    fn document(&self, store: usize, Settings { ttl, enable }: Settings) -> Value {
        let mut document = json!({"logstoreName": name_of(store), "ttl": ttl, "shardCount": SHARDS});
        if let Some((encrypt_type, is_own)) = KINDS[store] {
            document["encrypt_conf"] = json!({"enable": enable, "encrypt_type": encrypt_type});
            if is_own {
                document["encrypt_conf"]["user_cmk_info"] =
                    json!({"cmk_key_id": self.key_id, "arn": self.role_arn, "region_id": "cn-hangzhou"});
            }
        }
        document
    }

    /// Makes a change that a fault of its own project meets: the answer is the fault's.
    fn change_under_fault(&mut self, client: &mut Client, store: usize) -> io::Result<()> {
        let fault = FAULTS[self.random.usize(..FAULTS.len())];
        // Not one that the key decides about.
        let store = store % 3;
        if !self.model.stores.contains_key(&store) {
            return Ok(());
        }
        let (action, change) = if self.random.bool() {
            ("PutLogs", self.draw_put(store))
        } else {
            let Settings { ttl, enable } = self.model.stores[&store].settings;
            ("UpdateLogStore", Change::Update(store, Settings { ttl: 1 + ttl % 3650, enable }))
        };
        let rule = json!({"service": "sls", "action": action, "project": self.name,
            "logstore": name_of(store), "effect": fault.effect()});
        client.try_control("POST", "faults", &rule.to_string())?.expect_success();
        self.doubt = Some(change.clone());
        match self.send(client, &change) {
            Ok(answer) => {
                assert_eq!(Some(answer.status), fault.status(), "{fault:?} {action}: {}", answer.text());
            }
            Err(error) => {
                assert!(!is_timeout(&error), "{fault:?} {action}: {error}");
                // The emulator may be gone: that this call is answered tells that it is not.
                client.try_control("GET", "health", "")?.expect_success();
                assert_eq!(fault.status(), None, "{fault:?} {action}: {error}");
            }
        }
        self.doubt = None;
        if fault.applies() {
            self.model.apply(&change);
        }
        self.figures.count("changes under a fault");
        Ok(())
    }

    /// Pulls from anywhere: everything that comes was sent.
    fn pull(&mut self, client: &mut Client, store: usize, load: &Load) -> io::Result<()> {
        let shard = self.random.u32(..SHARDS);
        let end_target = format!("/logstores/{}/shards/{shard}?from=end&type=cursor", name_of(store));
        let answer = client.try_sls("GET", &end_target, &Value::Null)?;
        if self.is_throttled(&answer, load.is_throttled) || !self.expect_readable(&answer, store) {
            return Ok(());
        }
        let end = position_of(answer.json()["cursor"].as_str().unwrap());
        let from = self.random.u64(..=end);
        let answer = client.try_pull(&name_of(store), shard, &cursor(from))?;
        if self.is_throttled(&answer, load.is_throttled) || !self.expect_readable(&answer, store) {
            return Ok(());
        }
        let groups = LogGroupList::decode(answer.body.as_slice()).unwrap().groups;
        assert_eq!(groups.is_empty(), from == end, "{from} of {end}");
        let known = &self.model.store(store).groups;
        for group in &groups {
            let topic = topic_of(group);
            assert_eq!(known.get(&topic), Some(&hash_of(group)), "{topic} was not sent so");
        }
        self.figures.add("groups pulled", groups.len() as u64);
        self.figures.count("reads");
        Ok(())
    }

    fn search(&mut self, client: &mut Client, store: usize, load: &Load) -> io::Result<()> {
        let to = date::unix() + 100;
        let target = format!("{}?from=0&line=10&to={to}&type=log", path(store));
        let answer = client.try_sls("GET", &target, &Value::Null)?;
        if !self.is_throttled(&answer, load.is_throttled) && self.expect_readable(&answer, store) {
            let is_empty = self.model.store(store).groups.is_empty();
            assert_eq!(answer.json().as_array().unwrap().is_empty(), is_empty);
            self.figures.count("searches");
        }
        Ok(())
    }

    fn list(&mut self, client: &mut Client, load: &Load) -> io::Result<()> {
        let answer = client.try_sls("GET", "/logstores?offset=0&size=100", &Value::Null)?;
        if !self.is_throttled(&answer, load.is_throttled) {
            self.expect(&answer, true, "ListLogStores");
            let listed: BTreeSet<usize> =
                answer.json()["logstores"].as_array().unwrap().iter().map(number_of).collect();
            assert_eq!(self.model.stores.keys().copied().collect::<BTreeSet<_>>(), listed);
        }
        for action in [(KMS, "ListKeys"), (RAM, "ListRoles")] {
            let answer = client.try_rpc(action, &[])?;
            if !self.is_throttled(&answer, load.is_throttled) {
                self.expect(&answer, true, action.1);
            }
        }
        client.try_control("GET", &format!("state?filter={}", self.name), "")?.expect_success();
        self.figures.count("lists");
        Ok(())
    }

    /// Has the key rotate, or rotate no more.
    fn rotate(&mut self, client: &mut Client, load: &Load) -> io::Result<()> {
        let key_id = self.key_id.clone();
        let is_on = if self.random.bool() { "true" } else { "false" };
        let parameters =
            [("KeyId", key_id.as_str()), ("EnableAutomaticRotation", is_on), ("RotationInterval", "365d")];
        self.call(client, (KMS, "UpdateRotationPolicy"), &parameters, load).map(drop)
    }

    /// Makes a user, a policy and a key, and deletes them; of the key, only that is begun.
    fn come_and_go(&mut self, client: &mut Client, load: &Load) -> io::Result<()> {
        let name = self.new_name("name");
        if self.call(client, (RAM, "CreateUser"), &[("UserName", &name)], load)?.is_some() {
            self.call(client, (RAM, "DeleteUser"), &[("UserName", &name)], load)?;
        }
        let document =
            r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "log:*", "Resource": "*"}]}"#;
        let policy = [("PolicyName", name.as_str()), ("PolicyDocument", document)];
        if self.call(client, (RAM, "CreatePolicy"), &policy, load)?.is_some() {
            self.call(client, (RAM, "DeletePolicy"), &policy[..1], load)?;
        }
        if let Some(key) = self.call(client, (KMS, "CreateKey"), &[], load)? {
            let key = key["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
            let parameters = [("KeyId", key.as_str()), ("PendingWindowInDays", "7")];
            self.call(client, (KMS, "ScheduleKeyDeletion"), &parameters, load)?;
        }
        Ok(())
    }

    /// Reads a Logstore as a session of its role, which it assumes where it has none of this round.
    fn read_as_session(&mut self, client: &mut Client, load: &Load) -> io::Result<()> {
        let session = match self.session.take() {
            Some(session) if self.random.bool() => session,
            _ => {
                let user = Key::new("ak-ci", "sk-ci");
                let arn = self.role_arn.replace("/byok-", "/reader-");
                let parameters = [("RoleArn", arn.as_str()), ("RoleSessionName", "soak")];
                let answer =
                    client.as_key(user, |client| client.try_rpc((STS, "AssumeRole"), &parameters))?;
                if self.is_throttled(&answer, load.is_throttled) {
                    return Ok(());
                }
                self.expect(&answer, true, "AssumeRole");
                self.figures.count("sessions");
                Key::from_session(&answer.json())
            }
        };
        let read = |client: &mut Client| client.try_sls("GET", "/logstores?offset=0&size=1", &Value::Null);
        let answer = client.as_key(session.clone(), read)?;
        if !self.is_throttled(&answer, load.is_throttled) {
            self.expect(&answer, true, "ListLogStores as a session");
        }
        self.session = Some(session);
        Ok(())
    }

    /// Sends what nobody signed.
    fn disturb(&mut self, client: &mut Client) -> io::Result<()> {
        let request = garbage::draw(&mut self.random, &self.name);
        // On a connection that is closed if the emulator does not want the body.
        if let Ok(answer) = client.another().exchange(&request) {
            assert!((400..500).contains(&answer.status), "{}: {}", answer.status, answer.text());
            self.figures.count("refused calls without a signature");
        } else {
            client.try_control("GET", "health", "")?.expect_success();
            self.figures.count("connections closed without an answer");
        }
        Ok(())
    }

    /// A call that succeeds, unless a quota refuses it.
    fn call(
        &mut self,
        client: &mut Client,
        action: (&str, &str),
        parameters: &[(&str, &str)],
        load: &Load,
    ) -> io::Result<Option<Value>> {
        let answer = client.try_rpc(action, parameters)?;
        if self.is_throttled(&answer, load.is_throttled) {
            return Ok(None);
        }
        self.expect(&answer, true, action.1);
        self.figures.count("changes");
        Ok(Some(answer.json()))
    }

    /// Whether a quota refuses the call, in a round that has one.
    fn is_throttled(&mut self, answer: &Response, may_be: bool) -> bool {
        let is_throttled = may_be
            && matches!(answer.status, 400 | 403)
            && ["QuotaExceed", "Throttling"].iter().any(|word| answer.text().contains(word));
        self.figures.add("throttled", is_throttled.into());
        is_throttled
    }

    /// Checks the answer of a call that succeeds, or that needs the client's key while it cannot be used.
    #[track_caller]
    fn expect(&self, answer: &Response, succeeds: bool, what: &str) {
        let statuses: &[u16] = if succeeds { &[200] } else { &[400, 401] };
        let text = answer.text();
        assert!(statuses.contains(&answer.status), "{}: {what}: {} {text:.2000}", self.name, answer.status);
    }

    /// The same for a read of logs; whether there is something to look at.
    #[track_caller]
    fn expect_readable(&self, answer: &Response, store: usize) -> bool {
        let there = &self.model.stores[&store];
        // With encryption off again, a call reads blocks in clear, and perhaps one that is sealed.
        let may_be_either = !there.settings.enable && there.is_sealed && !self.model.can_open(store);
        if !may_be_either {
            let succeeds = !there.settings.enable || self.model.can_open(store);
            self.expect(answer, succeeds, "a read");
        } else if answer.status != 200 {
            self.expect(answer, false, "a read");
        }
        answer.status == 200
    }

    /// Checks that everything that was acknowledged is there, and nothing that was not sent. What was under way when
    /// the emulator was ended is there whole or not at all. The key can be used after that.
    pub fn verify(&mut self, client: Client) {
        let mut client = client.in_project(&self.name);
        let before = self.model.clone();
        let mut after = self.model.clone();
        let doubt = self.doubt.take();
        if let Some(change) = &doubt {
            after.apply(change);
        }

        let doubt = doubt.map(|change| change.to_string());

        let key = client.rpc((KMS, "DescribeKey"), &[("KeyId", &self.key_id)]);
        let key_is_on = key["KeyMetadata"]["KeyState"] == "Enabled";
        assert!([before.key_is_on, after.key_is_on].contains(&key_is_on), "{}: {doubt:?}", self.name);
        let policies = client.rpc((RAM, "ListPoliciesForRole"), &[("RoleName", self.role())]);
        let is_permitted = policies["Policies"]["Policy"] != json!([]);
        let allowed = [before.role_is_permitted, after.role_is_permitted];
        assert!(allowed.contains(&is_permitted), "{}: {doubt:?}", self.name);
        for (is_so, change) in
            [(key_is_on, Change::SwitchKey(true)), (is_permitted, Change::PermitRole(true))]
        {
            if !is_so {
                self.send(&mut client, &change).unwrap().expect_success();
            }
        }

        let there = self.look(&mut client);
        let has_project = there.is_some();
        assert!([before.has_project, after.has_project].contains(&has_project), "{}: {doubt:?}", self.name);
        let [before, after] = [before, after].map(|model| Model {
            key_is_on: true,
            role_is_permitted: true,
            has_project,
            ..model
        });
        let there = there.unwrap_or_default();
        self.model = if there == after.shown() { after } else { before };
        let expected = self.model.shown();
        assert!(there == expected, "{}, {doubt:?}: {}", self.name, differences(&expected, &there));
    }

    /// What of the model can be read; `None` if the project is not there.
    fn look(&self, client: &mut Client) -> Option<Shown> {
        let listed = client.sls("GET", "/logstores?offset=0&size=100", &Value::Null);
        if listed.status == 404 {
            listed.assert_error_code(404, "ProjectNotExist");
            return None;
        }
        let listed = listed.expect_success().json();
        let stores: BTreeSet<usize> = listed["logstores"].as_array().unwrap().iter().map(number_of).collect();
        let shown = stores.into_iter().map(|store| {
            let document = client.sls("GET", &path(store), &Value::Null).expect_success().json();
            let enable = document["encrypt_conf"]["enable"].as_bool().unwrap_or_default();
            let settings = Settings { ttl: document["ttl"].as_u64().unwrap(), enable };
            let expected = self.document(store, settings);
            assert_eq!(document.get("encrypt_conf"), expected.get("encrypt_conf"), "{}", name_of(store));
            let mut groups = Groups::new();
            for group in (0..SHARDS).flat_map(|shard| client.pull_shard(&name_of(store), shard)) {
                let topic = topic_of(&group);
                assert_eq!(groups.insert(topic.clone(), hash_of(&group)), None, "{topic} is there twice");
            }
            (store, (settings, groups))
        });
        Some(shown.collect())
    }

    /// Deletes every Logstore.
    pub fn empty(&mut self, client: Client) {
        let mut client = client.in_project(&self.name);
        for store in self.model.stores.keys().copied().collect::<Vec<_>>() {
            self.change(&mut client, Change::Delete(store), false).unwrap();
        }
    }

    /// The name of the role that may use the key.
    fn role(&self) -> &str {
        self.role_arn.rsplit_once('/').unwrap().1
    }

    fn new_name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!("{}-{kind}-{:08}", self.name, self.names)
    }
}

/// Whether no answer came, and the connection is still there.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

fn path(store: usize) -> String {
    format!("/logstores/{}", name_of(store))
}

/// The place in [`KINDS`] of a Logstore that was listed.
fn number_of(listed: &Value) -> usize {
    listed.as_str().and_then(|name| name.strip_prefix("store-")?.parse().ok()).unwrap()
}
