//! Requests and answers, with a scripted transport.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::CallContext;
use crate::error::ErrorKind;
use crate::http::form;
use crate::names::{PolicyName, RoleName};
use crate::ram::{CreateRole, PolicyId, Role, RolePage, Tag, TagPage, UpdateRole};
use crate::signing::rpc::SignatureVersion;
use crate::testing::{ManualClock, Reply, ScriptedTransport, scripted_rpc};

struct Harness {
    ram: RamClient,
    transport: Arc<ScriptedTransport>,
    context: CallContext,
}

impl Harness {
    fn new(answers: impl IntoIterator<Item = Value>) -> Self {
        let replies = answers.into_iter().map(|answer| Reply::answer(200, &answer.to_string()));
        let transport = Arc::new(ScriptedTransport::new(replies));
        let config = scripted_rpc(&transport, &ManualClock::new(), SignatureVersion::Acs3HmacSha256);
        Self { ram: RamClient::new(config), transport, context: CallContext::default() }
    }

    /// The action and the parameters of the one request.
    #[track_caller]
    fn sent(&self) -> (String, Value) {
        let [request] = &self.transport.requests()[..] else { panic!("not one request") };
        let parameters = form::decode(std::str::from_utf8(&request.body).unwrap());
        let parameters = parameters.into_iter().map(|(name, value)| (name, Value::from(value)));
        (request.headers.get("x-acs-action").unwrap().to_owned(), parameters.collect())
    }
}

fn demo() -> RoleName {
    RoleName::parse("Demo").unwrap()
}

fn role() -> Value {
    json!({ "RoleId": "1", "RoleName": "Demo", "Arn": "acs:ram::1:role/demo", "AssumeRolePolicyDocument": "{}",
        "CreateDate": "2026-11-20T08:00:00Z", "MaxSessionDuration": 3600 })
}

async fn get_role(role: Value) -> Result<Role, Error> {
    let harness = Harness::new([json!({ "RequestId": "R", "Role": role })]);
    harness.ram.get_role(&harness.context, &demo()).await
}

#[tokio::test]
async fn a_role_is_parsed_and_unknown_members_are_ignored() {
    let mut more = role();
    more["IsServiceLinkedRole"] = false.into();
    more["New"] = json!({ "a": [1] });
    let read = get_role(more).await.unwrap();
    assert_eq!((read.arn.as_str(), read.description.as_str()), ("acs:ram::1:role/demo", ""));
    assert_eq!(read.max_session_duration, 3600);
}

#[tokio::test]
async fn the_error_names_a_member_that_is_missing_or_has_another_type() {
    for name in ["RoleId", "RoleName", "Arn", "AssumeRolePolicyDocument", "CreateDate", "MaxSessionDuration"]
    {
        for wrong in [None, Some(Value::Null), Some(json!([]))] {
            let mut role = role();
            role.as_object_mut().unwrap().remove(name);
            if let Some(value) = wrong {
                role[name] = value;
            }
            let error = get_role(role).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed);
            let missing = format!("`Role`: missing field `{name}`");
            let named =
                error.message() == missing || error.message().starts_with(&format!("`Role.{name}`: "));
            assert!(named, "{error}");
        }
    }
    let mut other = role();
    other["Arn"] = "acs:ram::1:user/demo".into();
    let error = get_role(other).await.unwrap_err();
    assert!(error.message().starts_with("`Role.Arn`: \"acs:ram::1:user/demo\" is not the ARN"), "{error}");
}

#[tokio::test]
async fn an_answer_about_another_role_is_malformed_but_another_letter_case_is_not() {
    let named = |name: &str| {
        let mut role = role();
        role["RoleName"] = name.into();
        role
    };
    assert_eq!(get_role(named("dEMO")).await.unwrap().role_name.as_str(), "dEMO");
    let error = get_role(named("other")).await.unwrap_err();
    assert_eq!(error.message(), "`Role.RoleName` should be \"Demo\"; found \"other\"");
}

#[tokio::test]
async fn parameters_that_are_none_are_not_sent() {
    let create = CreateRole {
        role_name: demo(),
        assume_role_policy_document: "{}".into(),
        description: None,
        max_session_duration: None,
        tags: vec![],
    };
    let harness = Harness::new([json!({ "Role": role() })]);
    harness.ram.create_role(&harness.context, &create).await.unwrap();
    let parameters = json!({ "RoleName": "Demo", "AssumeRolePolicyDocument": "{}" });
    assert_eq!(harness.sent(), ("CreateRole".to_owned(), parameters));

    let update = UpdateRole { description: Some(String::new()), ..UpdateRole::default() };
    let harness = Harness::new([json!({ "Role": role() })]);
    harness.ram.update_role(&harness.context, &demo(), &update).await.unwrap();
    assert_eq!(
        harness.sent(),
        ("UpdateRole".to_owned(), json!({ "RoleName": "Demo", "NewDescription": "" }))
    );
}

#[tokio::test]
async fn all_given_parameters_are_sent() {
    let create = CreateRole {
        role_name: demo(),
        assume_role_policy_document: "{}".into(),
        description: Some("日志".into()),
        max_session_duration: Some(7200),
        tags: vec![Tag::new("k", "v"), Tag::new("empty", "")],
    };
    let harness = Harness::new([json!({ "Role": role() })]);
    harness.ram.create_role(&harness.context, &create).await.unwrap();
    let (_, parameters) = harness.sent();
    assert_eq!(
        parameters,
        json!({ "RoleName": "Demo", "AssumeRolePolicyDocument": "{}", "Description": "日志",
            "MaxSessionDuration": "7200", "Tag": r#"[{"Key":"k","Value":"v"},{"Key":"empty","Value":""}]"# })
    );

    let version = json!({ "VersionId": "v2", "IsDefaultVersion": true, "CreateDate": "d" });
    let harness = Harness::new([json!({ "PolicyVersion": version })]);
    let pass = PolicyName::parse("pass").unwrap();
    harness.ram.create_policy_version(&harness.context, &pass, "{}").await.unwrap();
    let (_, parameters) = harness.sent();
    assert_eq!(
        parameters,
        json!({ "PolicyName": "pass", "PolicyDocument": "{}", "SetAsDefault": "true",
            "RotateStrategy": "DeleteOldestNonDefaultVersionWhenLimitExceeded" })
    );
}

#[tokio::test]
async fn a_page_of_tags_has_the_token_of_the_next() {
    let page = async |answer: Value, token: Option<&str>| {
        let harness = Harness::new([answer]);
        let page = harness.ram.list_tag_resources(&harness.context, &demo(), token).await;
        page.map(|page| (page, harness.sent().1))
    };
    let tag = json!({ "ResourceName": "Demo", "TagKey": "k", "TagValue": null });
    let (first, _) = page(json!({ "NextToken": "m", "TagResources": [tag] }), None).await.unwrap();
    assert_eq!(first, TagPage { tags: vec![Tag::new("k", "")], next_token: Some("m".to_owned()) });
    let (last, sent) = page(json!({ "NextToken": "" }), Some("m")).await.unwrap();
    assert_eq!(last, TagPage { tags: vec![], next_token: None });
    let parameters = json!({ "ResourceType": "role", "ResourceNames": r#"["Demo"]"#, "PageSize": "100",
        "NextToken": "m" });
    assert_eq!(sent, parameters);
    let error = page(json!({ "TagResources": [tag, {}] }), None).await.unwrap_err();
    assert_eq!(error.message(), "`TagResources[1]`: missing field `TagKey`");
    let error = page(json!({ "TagResources": {} }), None).await.unwrap_err();
    assert_eq!(error.message(), "`TagResources`: invalid type: map, expected a sequence");
}

#[tokio::test]
async fn a_list_of_roles_is_read_to_its_end() {
    let page = |names: &[&str], marker: Option<&str>| {
        let roles: Vec<_> = names.iter().map(|name| json!({ "RoleName": name, "New": 1 })).collect();
        json!({ "IsTruncated": marker.is_some(), "Marker": marker, "Roles": { "Role": roles } })
    };
    let harness = Harness::new([page(&["a", "B"], Some("m")), page(&["c"], None)]);
    let names = harness.ram.all_roles(&harness.context, &[]).await.unwrap();
    assert_eq!(names.iter().map(RoleName::as_str).collect::<Vec<_>>(), ["a", "B", "c"]);
    let sent =
        harness.transport.requests().into_iter().map(|request| String::from_utf8(request.body).unwrap());
    assert_eq!(sent.collect::<Vec<_>>(), ["MaxItems=1000", "Marker=m&MaxItems=1000"]);

    let harness = Harness::new([json!({ "Roles": null })]);
    let listed = harness.ram.list_roles(&harness.context, &[Tag::new("team", "audit")], None).await.unwrap();
    assert_eq!(listed, RolePage::default());
    let parameters = json!({ "MaxItems": "1000", "Tag": r#"[{"Key":"team","Value":"audit"}]"# });
    assert_eq!(harness.sent(), ("ListRoles".to_owned(), parameters));

    let harness = Harness::new(vec![page(&[], Some("m")); 1_000]);
    let error = harness.ram.all_roles(&harness.context, &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Malformed, "the list has more than 1000 pages"));
}

#[tokio::test]
async fn policies_of_an_unknown_type_are_malformed() {
    let policy = json!({ "PolicyName": "p", "PolicyType": "custom" });
    let harness = Harness::new([json!({ "Policies": { "Policy": [policy] } })]);
    let error = harness.ram.list_policies_for_role(&harness.context, &demo()).await.unwrap_err();
    let said = "`Policies.Policy[0]`: unknown variant `custom`, expected `System` or `Custom`";
    assert_eq!(error.message(), said);
}

#[tokio::test]
async fn untagging_without_keys_sends_no_call() {
    let harness = Harness::new([]);
    harness.ram.untag_resources(&harness.context, &demo(), &[]).await.unwrap();
    assert!(harness.transport.requests().is_empty());
}

#[tokio::test]
async fn errors_about_attachments_name_role_and_policy() {
    let transport = Arc::new(ScriptedTransport::new([Reply::answer(
        409,
        r#"{"Code":"EntityAlreadyExists.Role.Policy","Message":"The policy has already been attached to the role."}"#,
    )]));
    let config = scripted_rpc(&transport, &ManualClock::new(), SignatureVersion::Acs3HmacSha256);
    let policy = PolicyId::system(PolicyName::parse("AliyunKMSReadOnlyAccess").unwrap());
    let attach = RamClient::new(config);
    let error = attach.attach_policy_to_role(&CallContext::default(), &policy, &demo()).await.unwrap_err();
    assert_eq!(error.target(), "Demo (System/AliyunKMSReadOnlyAccess)");
    assert!(crate::ram::is_already_attached(&error));
}
