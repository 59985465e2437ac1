//! The calls and their outcomes, with scripted replies and a manual clock.

mod actual;
mod bound_role;
mod create;
mod delete;
mod execute;
mod final_read;
mod retry;
mod wait;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{
    ActualRole, AttachedPolicy, BoundRole, DesiredRole, KMS_POLICIES, PassRole, Principal, PrincipalKind,
    pass_role_description,
};
use crate::CallContext;
use crate::clock::Clock as _;
use crate::http::TransportErrorKind;
use crate::names::RoleName;
use crate::ram::{PolicyDocument, RamClient, RoleArn};
use crate::signing::rpc::SignatureVersion;
use crate::testing::{ManualClock, Reply, ScriptedTransport, scripted_rpc_with};

/// A role with scripted replies.
struct Harness {
    client: RamClient,
    clock: ManualClock,
    context: CallContext,
    name: RoleName,
    transport: Arc<ScriptedTransport>,
}

impl Harness {
    /// A harness with three retries.
    fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::with_retries(3, replies)
    }

    fn with_retries(max_retries: u32, replies: impl IntoIterator<Item = Reply>) -> Self {
        let (clock, transport) = (ManualClock::new(), Arc::new(ScriptedTransport::new(replies)));
        let config = scripted_rpc_with(max_retries, &transport, &clock, SignatureVersion::Acs3HmacSha256);
        let name = RoleName::parse("sls-byok").unwrap();
        Self { client: RamClient::new(config), clock, context: CallContext::default(), name, transport }
    }

    fn role(&self) -> BoundRole<'_> {
        BoundRole { client: &self.client, clock: &self.clock, context: &self.context, name: &self.name }
    }

    /// Runs `work` to its end, and checks that it took all replies.
    async fn run<F: Future>(&self, work: F) -> F::Output {
        let output = self.clock.run(work).await;
        assert_eq!(self.transport.unused(), 0, "after {:?}", self.sent());
        output
    }

    /// The actions of the calls that were sent.
    fn sent(&self) -> Vec<String> {
        let requests = self.transport.requests();
        requests.iter().map(|request| request.headers.get("x-acs-action").unwrap().to_owned()).collect()
    }

    /// How much time has passed.
    fn elapsed(&self) -> Duration {
        self.clock.monotonic()
    }
}

fn arn() -> RoleArn {
    RoleArn::parse("acs:ram::1:role/sls-byok").unwrap()
}

pub(super) fn desired() -> DesiredRole {
    DesiredRole {
        role_name: "sls-byok".to_owned(),
        description: "For SLS".to_owned(),
        max_session_duration: 3_600,
        tags: BTreeMap::new(),
        pass_role: Some(PassRole { policy_name: "pass".to_owned(), principals: BTreeSet::from([alice()]) }),
    }
}

fn alice() -> Principal {
    Principal { kind: PrincipalKind::User, name: "alice".to_owned() }
}

/// A role without attached policies.
fn bare() -> ActualRole {
    ActualRole {
        description: "For SLS".to_owned(),
        max_session_duration: 3_600,
        trust_policy_matches: true,
        tags: BTreeMap::new(),
        attached: Vec::new(),
        pass_role: None,
    }
}

fn ok() -> Reply {
    Reply::answer(200, "{}")
}

fn answer(body: &Value) -> Reply {
    Reply::answer(200, &body.to_string())
}

fn refused(status: u16, code: &str) -> Reply {
    Reply::answer(status, &json!({"Code": code, "Message": "why"}).to_string())
}

fn lost() -> Reply {
    Reply::Fail(TransportErrorKind::Broken)
}

/// The answer about a role in which `members` replace those of the desired role.
fn role_with(members: &Value) -> Reply {
    let mut role = json!({
        "RoleId": "301", "RoleName": "sls-byok", "Arn": "acs:ram::1:role/sls-byok", "Description": "For SLS",
        "AssumeRolePolicyDocument": PolicyDocument::byok_trust().to_string(),
        "CreateDate": "2026-11-20T08:00:00Z", "MaxSessionDuration": 3600,
    });
    role.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    answer(&json!({"Role": role}))
}

fn role() -> Reply {
    role_with(&json!({}))
}

/// The PassRole policy with this document and this description.
fn policy(document: &str, description: &str) -> Reply {
    answer(&json!({
        "Policy": {"PolicyName": "pass", "PolicyType": "Custom", "Description": description, "DefaultVersion": "v1",
            "CreateDate": "2026-11-20T08:00:00Z", "UpdateDate": "2026-11-20T08:00:00Z", "AttachmentCount": 0},
        "DefaultPolicyVersion": {"VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2026-11-20T08:00:00Z",
            "PolicyDocument": document},
    }))
}

fn right_document() -> String {
    PolicyDocument::pass_role(&arn()).to_string()
}

fn our_description() -> String {
    pass_role_description(&RoleName::parse("sls-byok").unwrap())
}

/// The list of the policies that are attached to the role.
fn attached(policies: &[(&str, &str)]) -> Reply {
    let policies: Vec<Value> = policies
        .iter()
        .map(|(of, name)| {
            json!({"PolicyType": of, "PolicyName": name, "Description": "", "DefaultVersion": "v1",
                "AttachDate": "2026-11-20T08:00:00Z"})
        })
        .collect();
    answer(&json!({"Policies": {"Policy": policies}}))
}

fn both_attached() -> Reply {
    attached(&KMS_POLICIES.map(|name| ("System", name)))
}

/// The list of the users that the PassRole policy is attached to.
fn held_by(users: &[&str]) -> Reply {
    let users: Vec<Value> = users
        .iter()
        .map(|name| json!({"UserName": name, "UserId": "1", "DisplayName": "", "AttachDate": "2026-11-20T08:00:00Z"}))
        .collect();
    answer(&json!({"Users": {"User": users}, "Groups": {"Group": []}, "Roles": {"Role": []}}))
}

fn foreign() -> AttachedPolicy {
    AttachedPolicy { name: "theirs".to_owned(), is_system: false, is_pass_role: false }
}
