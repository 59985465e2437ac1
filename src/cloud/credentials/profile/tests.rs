//! Profiles of every mode, in scripted files.

use std::any::Any;

use serde_json::{Value, json};
use time::macros::datetime;

use super::*;
use crate::error::ErrorKind;
use crate::testing::{ManualClock, ScriptedHost, ScriptedTransport, scripted_source_context};

const JSON: &str = "/h/.aliyun/config.json";
const INI: &str = "/h/.alibabacloud/credentials";

fn settings(name: Option<&str>, required: bool) -> ProfileSource {
    ProfileSource {
        files: vec![JSON.into(), INI.into()],
        name: name.map(|name| NamedProfile { name: name.into(), source: "variable P".into() }),
        required,
        sts: StsEndpoints { configured: None, fallback: None, default: Endpoint::global_sts() },
        metadata: MetadataService { endpoint: Endpoint::ecs_metadata(), version_1: true },
        session_name: "usual".into(),
        external_forbidden_by: None,
    }
}

async fn find(
    settings: &ProfileSource,
    host: ScriptedHost,
) -> Result<Option<Arc<dyn CredentialSource>>, Error> {
    let transport = Arc::new(ScriptedTransport::default());
    let source_context = scripted_source_context(&Arc::new(host), &transport, &ManualClock::new());
    settings.find(&source_context, &CallContext::default()).await
}

/// The source from a file with these profiles. The current profile is `p`.
async fn of(profiles: Value) -> Result<Arc<dyn CredentialSource>, Error> {
    let text = json!({"current": "p", "profiles": profiles}).to_string();
    let found = find(&settings(None, false), ScriptedHost::with_files([(JSON, &text)])).await;
    found.map(Option::unwrap)
}

async fn problem(profiles: Value) -> String {
    let error = of(profiles).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let text = format!("{error} {error:?}");
    assert!(!text.contains("canary") && text.contains(JSON), "{text}");
    error.to_string()
}

/// The source, downcast to the expected type.
fn downcast<T: CredentialSource + Clone>(source: &Arc<dyn CredentialSource>) -> T {
    let any: &dyn Any = &**source;
    any.downcast_ref::<T>().cloned().unwrap_or_else(|| panic!("{source:?}"))
}

fn keys(source: &Arc<dyn CredentialSource>) -> (String, String, Option<String>, Option<OffsetDateTime>) {
    let GivenKeys { credentials, expiration } = downcast(source);
    let text = |secret: &Secret| secret.expose().to_owned();
    let token = credentials.security_token.as_ref().map(text);
    (credentials.access_key_id, text(&credentials.access_key_secret), token, expiration)
}

fn given(
    id: &str,
    secret: &str,
    token: Option<&str>,
    expiration: Option<OffsetDateTime>,
) -> (String, String, Option<String>, Option<OffsetDateTime>) {
    (id.to_owned(), secret.to_owned(), token.map(str::to_owned), expiration)
}

#[tokio::test]
async fn ak_and_sts_token_profiles_are_keys() {
    let plain = of(json!([{"name": "p", "mode": "AK", "access_key_id": "i", "access_key_secret": "s",
        "sts_token": "not read in this mode"}]));
    assert_eq!(keys(&plain.await.unwrap()), given("i", "s", None, None));
    let session = |expiration: i64| {
        of(json!([{"name": "p", "mode": "StsToken", "access_key_id": "i", "access_key_secret": "s",
            "sts_token": "t", "sts_expiration": expiration}]))
    };
    assert_eq!(keys(&session(0).await.unwrap()), given("i", "s", Some("t"), None));
    let end = datetime!(2026-11-20 09:00 UTC);
    assert_eq!(keys(&session(end.unix_timestamp()).await.unwrap()), given("i", "s", Some("t"), Some(end)));
}

#[tokio::test]
async fn a_ram_role_arn_profile_has_all_parameters_of_the_role() {
    let source = of(json!([{"name": "p", "mode": "RamRoleArn", "access_key_id": "i",
        "access_key_secret": "s", "ram_role_arn": "acs:ram::1:role/r", "ram_session_name": "me",
        "expired_seconds": 900, "policy": "{}", "external_id": "e", "sts_region": "cn-shanghai",
        "enable_vpc": true}]));
    let RoleSession { base, role } = downcast(&source.await.unwrap());
    assert_eq!(keys(&base), given("i", "s", None, None));
    assert_eq!(role.assume.role_arn.as_str(), "acs:ram::1:role/r");
    assert_eq!((role.assume.role_session_name.as_str(), role.assume.duration_seconds), ("me", Some(900)));
    assert_eq!((role.assume.policy.as_deref(), role.assume.external_id), (Some("{}"), Some("e".into())));
    assert_eq!(role.endpoint.to_string(), "https://sts-vpc.cn-shanghai.aliyuncs.com");
}

#[tokio::test]
async fn a_configured_sts_endpoint_takes_precedence_over_the_profile() {
    let text = json!({"current": "p", "profiles": [{"name": "p", "mode": "RamRoleArn", "access_key_id": "i",
        "access_key_secret": "s", "ram_role_arn": "acs:ram::1:role/r", "sts_region": "cn-shanghai"}]});
    let mut settings = settings(None, false);
    settings.sts.configured = Some(Endpoint::parse("http://127.0.0.1:1").unwrap());
    let host = ScriptedHost::with_files([(JSON, &text.to_string())]);
    let RoleSession { role, .. } = downcast(&find(&settings, host).await.unwrap().unwrap());
    assert_eq!(role.endpoint.to_string(), "http://127.0.0.1:1");
    assert_eq!((role.assume.role_session_name.as_str(), role.assume.duration_seconds), ("usual", None));
}

#[tokio::test]
async fn profiles_of_roles_can_refer_to_each_other_but_not_in_a_circle() {
    let link = |name: &str, source: &str, role: &str| {
        json!({"name": name, "mode": "ChainableRamRoleArn", "source_profile": source,
            "ram_role_arn": format!("acs:ram::1:role/{role}")})
    };
    let end = json!({"name": "end", "mode": "AK", "access_key_id": "i", "access_key_secret": "canary"});
    let chain = of(json!([link("p", "q", "a"), link("q", "end", "b"), end])).await.unwrap();
    let RoleSession { base: middle, role: first } = downcast(&chain);
    let RoleSession { base, role: second } = downcast(&middle);
    assert_eq!((first.assume.role_arn.role_name(), second.assume.role_arn.role_name()), ("a", "b"));
    assert_eq!(keys(&base).0, "i");

    let circle = problem(json!([link("p", "q", "a"), link("q", "p", "b")])).await;
    assert!(circle.contains("profile `q`") && circle.contains("`source_profile`"), "{circle}");

    // p, p1, p2 and so on, each from the next; the last one has a key.
    let chain = |length: usize| {
        let name = |at: usize| if at == 0 { "p".to_owned() } else { format!("p{at}") };
        let last = json!({"name": name(length - 1), "mode": "AK", "access_key_id": "i", "access_key_secret": "canary"});
        let linked = (0..length - 1).map(|at| link(&name(at), &name(at + 1), "r"));
        Value::Array(linked.chain([last]).collect())
    };
    assert!(of(chain(16)).await.is_ok());
    for length in [17, 2_000] {
        let told = problem(chain(length)).await;
        assert!(told.contains("profile `p15`") && told.contains("16 profiles in a row"), "{told}");
    }
    let missing = problem(json!([link("p", "q", "a")])).await;
    assert!(missing.contains("no profile `q`"), "{missing}");
}

#[tokio::test]
async fn profiles_can_refer_to_ecs_oidc_a_uri_or_a_command() {
    let ecs = of(json!([{"name": "p", "mode": "EcsRamRole", "ram_role_name": "r"}])).await.unwrap();
    let ecs: EcsMetadata = downcast(&ecs);
    assert_eq!((ecs.required, ecs.role_name.as_deref()), (true, Some("r")));

    for member in ["ram_session_name", "role_session_name"] {
        let oidc = of(json!([{"name": "p", "mode": "OIDC", "ram_role_arn": "acs:ram::1:role/r",
            "oidc_provider_arn": "acs:ram::1:oidc-provider/o", "oidc_token_file": "/t", member: "me"}]));
        let oidc: OidcRole = downcast(&oidc.await.unwrap());
        assert!(matches!(&oidc.token, TokenOrigin::File(path) if path == Path::new("/t")));
        assert_eq!(oidc.role_session_name, "me");
    }

    let uri = of(json!([{"name": "p", "mode": "CredentialsURI",
        "credentials_uri": "http://localhost:1/x?code=canary"}]));
    let uri = format!("{:?}", uri.await.unwrap());
    assert!(uri.contains("http://localhost:1/x") && !uri.contains("canary"), "{uri}");

    let command = of(json!([{"name": "p", "mode": "External", "process_command": "tool canary"}]));
    let command = format!("{:?}", command.await.unwrap());
    assert!(command.contains("process_command") && !command.contains("canary"), "{command}");
}

#[tokio::test]
async fn keys_of_a_login_are_used_until_they_expire() {
    for mode in ["CloudSSO", "OAuth"] {
        let profile = |expiration: i64| {
            json!([{"name": "p", "mode": mode, "access_key_id": "i", "access_key_secret": "canary",
                "sts_token": "canary", "sts_expiration": expiration}])
        };
        let now = datetime!(2026-11-20 08:00 UTC).unix_timestamp();
        let valid = of(profile(now + 1)).await.unwrap();
        assert_eq!(keys(&valid).0, "i");
        for expiration in [now, 0] {
            let problem = problem(profile(expiration)).await;
            assert!(problem.contains("`aliyun configure --profile p`"), "{problem}");
        }
        let never = problem(json!([{"name": "p", "mode": mode, "access_token": "canary"}])).await;
        assert!(never.contains("`aliyun configure --profile p`"), "{never}");
    }
}

#[tokio::test]
async fn the_error_names_the_member_that_is_missing_or_wrong() {
    let role = |member: &str, value: Value| {
        let mut profile = json!({"name": "p", "mode": "RamRoleArn", "access_key_id": "i",
            "access_key_secret": "canary", "ram_role_arn": "acs:ram::1:role/r"});
        profile[member] = value;
        json!([profile])
    };
    for (profiles, member) in [
        (json!([{"name": "p"}]), "`mode` is missing"),
        (json!([{"name": "p", "mode": "RsaKeyPair"}]), "`mode` \"RsaKeyPair\" is not supported"),
        (json!([{"name": "p", "mode": "canary+/="}]), "its `mode` is not supported"),
        (role("access_key_id", json!("")), "`access_key_id` is missing"),
        (role("access_key_secret", Value::Null), "`access_key_secret` is missing"),
        (role("ram_role_arn", json!("r")), "`ram_role_arn`"),
        (role("expired_seconds", json!("soon")), "`expired_seconds`"),
        (role("sts_region", json!("a/b")), "`sts_region`"),
        (
            json!([{"name": "p", "mode": "CredentialsURI", "credentials_uri": "http://h/?canary"}]),
            "`credentials_uri`",
        ),
        (
            json!([{"name": "p", "mode": "StsToken", "access_key_id": "i", "access_key_secret": "canary",
                "sts_token": "canary", "sts_expiration": "never"}]),
            "`sts_expiration`",
        ),
    ] {
        let problem = problem(profiles).await;
        assert!(problem.contains(member) && problem.contains("profile `p`"), "{problem}");
    }
}

const SECTIONS: &str = "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = s\n\
    [other]\ntype = sts\naccess_key_id = o\naccess_key_secret = s\nsecurity_token = t\n\
    [pair]\ntype = rsa_key_pair\n";

#[tokio::test]
async fn the_second_file_is_used_if_the_first_does_not_have_the_profile() {
    let json = r#"{"current":"p","profiles":[{"name":"p","mode":"AK","access_key_id":"json","access_key_secret":"s"}]}"#;
    let both = || ScriptedHost::with_files([(JSON, json), (INI, SECTIONS)]);
    let only_ini = || ScriptedHost::with_files([(INI, SECTIONS)]);
    let id = async |name: Option<&str>, host| {
        let found = find(&settings(name, name.is_some()), host).await.unwrap();
        keys(&found.unwrap()).0
    };
    assert_eq!(id(None, both()).await, "json");
    assert_eq!(id(None, only_ini()).await, "ini");
    assert_eq!(id(Some("p"), both()).await, "json");
    assert_eq!(id(Some("other"), both()).await, "o");

    let pair = find(&settings(Some("pair"), true), both()).await.unwrap_err().to_string();
    assert!(pair.contains("rsa_key_pair") && pair.contains(INI), "{pair}");
}

#[tokio::test]
async fn a_profile_that_no_file_has_is_an_error_only_if_it_is_configured() {
    let none = find(&settings(None, false), ScriptedHost::default()).await.unwrap();
    assert!(none.is_none(), "{none:?}");
    let host = ScriptedHost::with_files([(INI, SECTIONS)]);
    let error = find(&settings(Some("gone"), true), host).await.unwrap_err().to_string();
    for part in ["profile `gone` of variable P", "config.json does not exist", "credentials has no such"] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_parsed_is_an_error() {
    for text in ["{canary", "canary", "{\"profiles\":1}"] {
        let host = ScriptedHost::with_files([(JSON, text), (INI, SECTIONS)]);
        let error = find(&settings(None, false), host).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(JSON) && !text.contains("canary"), "{text}");
    }
}

/// The members and their mode. If there are members of several modes, the order of the vendor's tool decides.
#[tokio::test]
async fn a_profile_without_a_mode_has_the_mode_of_its_members() {
    let key = json!({"access_key_id": "i", "access_key_secret": "s"});
    let arn = json!({"ram_role_arn": "acs:ram::1:role/demo"});
    let with = |parts: &[&Value]| {
        let mut profile = json!({"name": "p", "mode": ""});
        for part in parts {
            profile.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
        }
        json!([profile])
    };
    let token = json!({"sts_token": "t"});
    let ecs = json!({"ram_role_name": "ecs"});
    let command = json!({"process_command": "tool"});
    let oidc = json!({"oidc_provider_arn": "a", "oidc_token_file": "/t"});
    for (parts, meant) in [
        (vec![&key], "GivenKeys"),
        (vec![&key, &token, &arn], "GivenKeys"),
        (vec![&key, &arn], "RoleSession"),
        (vec![&ecs, &command], "EcsMetadata"),
        (vec![&command], "ProcessCommand"),
        (vec![&oidc, &arn], "OidcRole"),
    ] {
        let source = format!("{:?}", of(with(&parts)).await.unwrap());
        assert!(source.starts_with(meant), "{parts:?}: {source}");
    }
    let session = of(with(&[&key, &token])).await.unwrap();
    assert_eq!(keys(&session), given("i", "s", Some("t"), None));
    assert!(problem(with(&[&arn])).await.contains("`mode` is missing"));
}

#[tokio::test]
async fn the_mode_ram_role_arn_with_role_name_is_a_role_assumed_with_the_instance_role() {
    let source = of(json!([{"name": "p", "mode": "RamRoleArnWithRoleName", "ram_role_name": "ecs",
        "ram_role_arn": "acs:ram::1:role/demo", "ram_session_name": "s"}]));
    let RoleSession { base, role } = downcast(&source.await.unwrap());
    let ecs: EcsMetadata = downcast(&base);
    assert_eq!((ecs.role_name.as_deref(), ecs.required), (Some("ecs"), true));
    assert_eq!(role.assume.role_session_name, "s");
}

#[tokio::test]
async fn uris_and_commands_in_profiles_can_be_forbidden() {
    for (member, mode) in [("process_command", "External"), ("credentials_uri", "CredentialsURI")] {
        let text =
            json!({"profiles": [{"name": "default", "mode": mode, member: "http://127.0.0.1/canary"}]});
        let host = || ScriptedHost::with_files([(JSON, &text.to_string())]);
        find(&settings(None, false), host()).await.unwrap();
        let forbidden =
            ProfileSource { external_forbidden_by: Some("the variable X".into()), ..settings(None, false) };
        let error = find(&forbidden, host()).await.unwrap_err().to_string();
        assert!(error.contains("which the variable X forbids") && !error.contains("canary"), "{error}");
    }
}

/// The configured endpoint, `sts_endpoint`, the endpoint for the vendor's tools, `sts_region`, and the endpoint that is
/// called.
#[tokio::test]
async fn the_sts_endpoint_is_chosen_in_the_order_of_the_vendors_tools() {
    for (configured, own, of_tools, region, asked) in [
        (Some("c.example"), Some("o.example"), Some("t.example"), Some("cn-beijing"), "https://c.example"),
        (None, Some("o.example"), Some("t.example"), Some("cn-beijing"), "https://o.example"),
        (None, Some("https://o.example/"), None, None, "https://o.example"),
        (None, None, Some("t.example"), Some("cn-beijing"), "https://t.example"),
        (None, None, None, Some("cn-beijing"), "https://sts.cn-beijing.aliyuncs.com"),
        (None, None, None, None, "https://sts.aliyuncs.com"),
    ] {
        let parse = |text: &str| Endpoint::parse(text).unwrap();
        let text = json!({"profiles": [{"name": "default", "mode": "RamRoleArn", "access_key_id": "i",
            "access_key_secret": "s", "ram_role_arn": "acs:ram::1:role/demo", "sts_endpoint": own,
            "sts_region": region}]});
        let settings = ProfileSource {
            sts: StsEndpoints {
                configured: configured.map(parse),
                fallback: of_tools.map(parse),
                default: Endpoint::global_sts(),
            },
            ..settings(None, false)
        };
        let host = ScriptedHost::with_files([(JSON, &text.to_string())]);
        let RoleSession { role, .. } = downcast(&find(&settings, host).await.unwrap().unwrap());
        assert_eq!(role.endpoint.to_string(), asked);
    }
    let wrong = json!([{"name": "p", "mode": "RamRoleArn", "access_key_id": "i", "access_key_secret": "s",
        "ram_role_arn": "acs:ram::1:role/demo", "sts_endpoint": "http://sts.example"}]);
    assert!(problem(wrong).await.contains("`sts_endpoint`"));
}

#[tokio::test]
async fn byte_order_marks_and_line_ends_are_ignored() {
    let of_tool = "{\"profiles\":[{\"name\":\"default\",\"mode\":\"AK\",\"access_key_id\":\"i\\r\\n\",\"access_key_secret\":\" s\\n\"}]}";
    let of_libraries = "[default]\r\ntype = access_key\r\naccess_key_id = i\r\naccess_key_secret = s\r\n";
    for (file, text) in [(JSON, of_tool), (INI, of_libraries)] {
        for mark in ["", "\u{feff}"] {
            let host = ScriptedHost::with_files([(file, &format!("{mark}{text}"))]);
            let source = find(&settings(None, false), host).await.unwrap().unwrap();
            assert_eq!(keys(&source), given("i", "s", None, None), "{file}");
        }
    }
}

#[tokio::test]
async fn a_file_with_a_json_list_is_an_error() {
    for text in [r#"[{"name":"default"}]"#, " [ [1] ]", r#"["default"]"#, "\u{feff}[\n{"] {
        let host = ScriptedHost::with_files([(JSON, text)]);
        let error = find(&settings(None, false), host).await.unwrap_err().to_string();
        assert!(error.contains(JSON) && error.contains("not a JSON object"), "{error}");
    }
    let heading = ScriptedHost::with_files([(JSON, "[other]\n")]);
    assert!(find(&settings(None, false), heading).await.unwrap().is_none());
}

#[test]
fn the_region_is_that_of_the_used_profile() {
    let region = |name: Option<&str>, text: &str| {
        settings(name, false)
            .region(&|file| (file == Path::new(JSON)).then(|| text.as_bytes().to_vec().into()))
    };
    let text = "\u{feff}{\"current\":\"a\",\"profiles\":[{\"name\":\"a\",\"region_id\":\"cn-beijing\\n\"},{\"name\":\"b\"}]}";
    assert_eq!(region(None, text).as_deref(), Some("cn-beijing"));
    for (name, text) in [(Some("b"), text), (Some("c"), text), (None, "{"), (None, "[{}]"), (None, "")] {
        assert_eq!(region(name, text), None, "{name:?} {text}");
    }
}
