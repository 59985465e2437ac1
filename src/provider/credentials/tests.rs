//! Which sources come of a provider block and an environment, in which order.

use std::any::Any;

use super::*;

mod precedence;

const ROLE: &str = "acs:ram::1:role/r";
const HOME: (&str, &str) = ("HOME", "/h");

fn chain_of(config: &ProviderModel, environment: &Environment) -> Result<ChainConfig, Diagnostic> {
    let sts = StsEndpoints { configured: None, fallback: None, default: Endpoint::global_sts() };
    chain(config, environment, &sts)
}

#[track_caller]
fn sources<const N: usize>(config: &ProviderModel, pairs: [(&str, &str); N]) -> Vec<String> {
    words(&chain_of(config, &Environment::from(pairs)).unwrap())
}

/// Each source in few words, but for the profile of a home directory that is not known: that only tells so.
fn words(chain: &ChainConfig) -> Vec<String> {
    let words = |source: &Arc<dyn CredentialSource>| {
        if let Some(GivenKeys { credentials, .. }) = known(source) {
            format!("keys {}", credentials.access_key_id)
        } else if let Some(profile) = known::<ProfileSource>(source) {
            let name = profile.name.as_ref().map_or("-", |named| named.name.as_str());
            let files: Vec<_> = profile.files.iter().map(|file| file.display().to_string()).collect();
            format!("profile {name} of {} required {}", files.join(","), profile.required)
        } else if let Some(ecs) = known::<EcsMetadata>(source) {
            format!("ecs {} v1 {}", ecs.role_name.as_deref().unwrap_or("-"), ecs.service.version_1)
        } else if let Some(oidc) = known::<OidcRole>(source) {
            format!("oidc {:?} of {}", oidc.token, oidc.source)
        } else {
            format!("{:?}", known::<CredentialsUri>(source).unwrap())
        }
    };
    chain.sources.iter().map(words).filter(|words| words != "profile - of  required false").collect()
}

/// The source, if it is one of this type.
fn known<T: CredentialSource>(source: &Arc<dyn CredentialSource>) -> Option<&T> {
    let source: &dyn Any = &**source;
    source.downcast_ref()
}

fn first<T: CredentialSource>(chain: &ChainConfig) -> Option<&T> {
    chain.sources.iter().find_map(known)
}

#[track_caller]
fn refused<const N: usize>(config: &ProviderModel, pairs: [(&str, &str); N]) -> String {
    let problem = chain_of(config, &Environment::from(pairs)).unwrap_err();
    let text = format!("{}: {}", problem.summary, problem.detail);
    assert!(!text.contains("c4n4ry"), "{text}");
    text
}

fn oidc(block: AssumeRoleWithOidcModel) -> ProviderModel {
    ProviderModel {
        assume_role_with_oidc: Field::Known(vec![Field::Known(block)]),
        ..ProviderModel::default()
    }
}

fn role(block: AssumeRoleModel) -> ProviderModel {
    ProviderModel { assume_role: Field::Known(vec![Field::Known(block)]), ..ProviderModel::default() }
}

#[test]
fn every_source_has_its_place() {
    let all = sources(
        &ProviderModel::default(),
        [
            HOME,
            ("ALICLOUD_ACCESS_KEY", "a"),
            ("ALICLOUD_SECRET_KEY", "c4n4ry"),
            ("ALICLOUD_PROFILE", "p"),
            ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://127.0.0.1:1/x?code=c4n4ry"),
            ("ALIBABA_CLOUD_ECS_METADATA", "r"),
            ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/o"),
            ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "~/t"),
            ("ALIBABA_CLOUD_ROLE_ARN", ROLE),
        ],
    );
    let uri =
        "the credentials URI http://127.0.0.1:1/x of the environment variable ALIBABA_CLOUD_CREDENTIALS_URI";
    assert_eq!(
        all,
        [
            "keys a".to_owned(),
            "profile p of /h/.aliyun/config.json,/h/.alibabacloud/credentials required true".to_owned(),
            format!("CredentialsUri({uri:?})"),
            "ecs r v1 true".to_owned(),
            "oidc File(\"/h/t\") of the environment variable ALIBABA_CLOUD_ROLE_ARN".to_owned(),
            "ecs - v1 true".to_owned(),
        ]
    );
}

#[test]
fn what_nobody_asked_for_is_looked_for_last_and_can_be_switched_off() {
    let nothing = ProviderModel::default();
    let profile = "profile - of /h/.aliyun/config.json,/h/.alibabacloud/credentials required false";
    assert_eq!(sources(&nothing, [HOME]), [profile, "ecs - v1 true"]);
    assert_eq!(sources(&nothing, []), ["ecs - v1 true"]);
    let off = [
        HOME,
        ("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "True"),
        ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"),
    ];
    assert_eq!(sources(&nothing, off), ["profile - of /h/.alibabacloud/credentials required false"]);
    let only_2 = [("ALIBABA_CLOUD_IMDSV1_DISABLED", "true")];
    assert_eq!(sources(&nothing, only_2), ["ecs - v1 false"]);
}

#[test]
fn a_file_that_is_named_is_the_only_one() {
    let file = ("ALIBABA_CLOUD_CREDENTIALS_FILE", "~/c");
    let off = ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    let found = sources(&ProviderModel::default(), [HOME, file, off]);
    assert_eq!(found, ["profile - of /h/c required true"]);
    let config = ProviderModel { shared_credentials_file: "/d".into(), ..ProviderModel::default() };
    assert_eq!(sources(&config, [HOME, file, off]), ["profile - of /d required true"]);
}

#[test]
fn half_a_key_is_refused() {
    let half = ProviderModel { access_key: "i".into(), ..ProviderModel::default() };
    let text = refused(&half, []);
    assert!(text.starts_with("Incomplete credentials") && text.contains("the provider block"), "{text}");
    let text = refused(&ProviderModel::default(), [("ALICLOUD_SECRET_KEY", "c4n4ry")]);
    assert!(text.contains("ALICLOUD_SECRET_KEY") && text.contains("ALICLOUD_ACCESS_KEY"), "{text}");
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let nothing = ProviderModel::default();
    for (name, value) in [
        ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://example.com/?c4n4ry"),
        ("ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", "http://example.com"),
    ] {
        let text = refused(&nothing, [(name, value)]);
        assert!(text.contains(name), "{text}");
    }
    let off = ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    let text = refused(&nothing, [off, ("ALICLOUD_ECS_ROLE_NAME", "r")]);
    assert!(text.contains("ALICLOUD_ECS_ROLE_NAME") && text.contains("_DISABLED"), "{text}");
    let text = refused(
        &role(AssumeRoleModel { role_arn: ROLE.into(), ..AssumeRoleModel::default() }),
        [("ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION", "soon")],
    );
    assert!(text.contains("ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION"), "{text}");
}

#[test]
fn the_metadata_service_can_be_elsewhere() {
    for (value, address) in
        [("http://127.0.0.1:9", "http://127.0.0.1:9"), ("http://100.100.100.200/", "http://100.100.100.200")]
    {
        let environment = Environment::from([("ALIBABA_CLOUD_ECS_METADATA_SERVICE_ENDPOINT", value)]);
        let chain = chain_of(&ProviderModel::default(), &environment).unwrap();
        let ecs = first::<EcsMetadata>(&chain).unwrap();
        assert_eq!(ecs.service.endpoint.to_string(), address);
    }
}

#[test]
fn a_block_needs_what_it_stands_for_and_the_environment_alone_all_of_it() {
    let off = ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    let text = refused(&oidc(AssumeRoleWithOidcModel::default()), [off]);
    assert!(text.contains("assume_role_with_oidc needs oidc_provider_arn"), "{text}");
    let block = AssumeRoleWithOidcModel {
        oidc_provider_arn: "o".into(),
        role_arn: ROLE.into(),
        ..AssumeRoleWithOidcModel::default()
    };
    let text = refused(&oidc(block.clone()), [off]);
    assert!(text.contains("needs oidc_token_file"), "{text}");
    let token = Field::Known("c4n4ry".into());
    let whole = oidc(AssumeRoleWithOidcModel { oidc_token: token, ..block });
    let found = sources(&whole, [off, ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/t")]);
    assert_eq!(found, ["oidc Given([secret]) of the block assume_role_with_oidc"]);

    let some = [off, ("ALIBABA_CLOUD_ROLE_ARN", ROLE), ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/t")];
    assert!(sources(&ProviderModel::default(), some).is_empty());
    let text = refused(&role(AssumeRoleModel::default()), [off]);
    assert!(text.contains("assume_role needs role_arn"), "{text}");
}

#[test]
fn a_role_is_assumed_only_with_its_block() {
    let pairs = [("ALICLOUD_ASSUME_ROLE_ARN", ROLE), ("ALIBABA_CLOUD_ROLE_SESSION_NAME", "s")];
    let environment = Environment::from(pairs);
    assert!(chain_of(&ProviderModel::default(), &environment).unwrap().assume_role.is_none());

    let block = AssumeRoleModel {
        external_id: Field::Known("e".into()),
        policy: "".into(),
        ..AssumeRoleModel::default()
    };
    let assume = chain_of(&role(block), &environment).unwrap().assume_role.unwrap().assume;
    assert_eq!((assume.role_arn.as_str(), assume.role_session_name.as_str()), (ROLE, "s"));
    assert_eq!((assume.duration_seconds, assume.external_id), (Some(3600), Some("e".into())));
    assert_eq!(assume.policy, None);

    let block = AssumeRoleModel {
        role_arn: "acs:ram::1:role/own".into(),
        session_expiration: Field::Known(900),
        ..AssumeRoleModel::default()
    };
    let assume = chain_of(&role(block), &environment).unwrap().assume_role.unwrap().assume;
    assert_eq!((assume.role_arn.role_name(), assume.duration_seconds), ("own", Some(900)));
}

#[test]
fn no_secret_is_printed() {
    let token = Field::Known("c4n4ry-token".into());
    let keys = ProviderModel {
        access_key: "a".into(),
        secret_key: Field::Known("c4n4ry".into()),
        security_token: token.clone(),
        ..ProviderModel::default()
    };
    let uri = ProviderModel {
        credentials_uri: Field::Known("https://h/?c4n4ry".into()),
        ..ProviderModel::default()
    };
    let oidc = oidc(AssumeRoleWithOidcModel {
        oidc_provider_arn: "o".into(),
        role_arn: ROLE.into(),
        oidc_token: token,
        ..AssumeRoleWithOidcModel::default()
    });
    for config in [keys, uri, oidc] {
        let chain = chain_of(&config, &Environment::default()).unwrap();
        assert_eq!(chain.sources.len(), 1);
        let text = format!("{chain:?} {config:?}");
        assert!(!text.contains("c4n4ry"), "{text}");
    }
}
