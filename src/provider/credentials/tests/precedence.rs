//! Every pair of neighbours in the order of precedence, where both are there: of the sources, and of the places where
//! one setting can be made.

use super::*;

/// The sources in their order: what `words` calls each, and the variables that bring it in.
const ORDER: [(&str, &[(&str, &str)]); 7] = [
    ("keys env-id", &[("ALICLOUD_ACCESS_KEY", "env-id"), ("ALICLOUD_SECRET_KEY", "c4n4ry")]),
    ("profile env-p of /h/.aliyun/config.json", &[("ALICLOUD_PROFILE", "env-p")]),
    (
        "CredentialsUri(\"the credentials URI http://127.0.0.1:1/u ",
        &[("ALICLOUD_CREDENTIALS_URI", "http://127.0.0.1:1/u")],
    ),
    ("ecs env-r ", &[("ALICLOUD_ECS_ROLE_NAME", "env-r")]),
    (
        "oidc File(\"/env-t\")",
        &[
            ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/o"),
            ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/env-t"),
            ("ALIBABA_CLOUD_ROLE_ARN", ROLE),
        ],
    ),
    ("profile - of /h/.aliyun/config.json", &[HOME]),
    ("ecs - ", &[]),
];

#[test]
fn each_source_wins_over_all_that_follow_it() {
    for (from, (first, _)) in ORDER.iter().enumerate() {
        let there = ORDER.iter().skip(from);
        // A home is what paths begin in, also that of a profile that is asked for.
        let home = (from < 5).then_some(HOME);
        let variables = there.flat_map(|(_, variables)| *variables).copied().chain(home);
        let chain = chain_of(&ProviderModel::default(), &variables.collect()).unwrap();
        let found = words(&chain);
        assert!(found[0].starts_with(first), "{first}: {found:?}");
        // A profile that is asked for stands in the place of the one that happens to be there.
        assert_eq!(found.len(), if from < 2 { 6 - from } else { 7 - from }, "{found:?}");
    }
}

/// A setting: its variables in their order, how the provider block makes it, and how it comes out.
struct Setting {
    variables: &'static [&'static str],
    /// What stands around the words that tell the places apart.
    form: &'static str,
    argument: fn(String) -> ProviderModel,
    outcome: fn(&ChainConfig) -> Option<String>,
}

impl Setting {
    /// The value that one place has; a number where the setting is one.
    fn value(&self, place: usize) -> String {
        self.form.replace('#', &place.to_string())
    }

    /// Checks that the argument wins over all variables, and each variable over those after it.
    fn check(&self) {
        let values: Vec<_> = (1..=self.variables.len()).map(|place| self.value(place)).collect();
        let pairs: Vec<_> = self.variables.iter().copied().zip(values.iter().map(String::as_str)).collect();
        for from in 0..=pairs.len() {
            // An empty text counts as not set.
            let argument = if from == 0 { self.value(0) } else { String::new() };
            let (config, rest) = ((self.argument)(argument), &pairs[from.saturating_sub(1)..]);
            let environment = rest.iter().copied().collect();
            let found = (self.outcome)(&chain_of(&config, &environment).unwrap());
            assert_eq!(found, Some(self.value(from)), "{:?} from {from} on", self.variables);
        }
    }
}

fn keys(access_key: &str, secret_key: &str, security_token: &str) -> ProviderModel {
    ProviderModel {
        access_key: access_key.into(),
        secret_key: Field::Known(secret_key.into()),
        security_token: Field::Known(security_token.into()),
        ..ProviderModel::default()
    }
}

fn oidc_block() -> AssumeRoleWithOidcModel {
    AssumeRoleWithOidcModel {
        oidc_provider_arn: "o".into(),
        role_arn: ROLE.into(),
        oidc_token: Field::Known("t".into()),
        ..AssumeRoleWithOidcModel::default()
    }
}

fn found_keys(chain: &ChainConfig) -> Option<&Credentials> {
    first::<GivenKeys>(chain).map(|keys| &keys.credentials)
}

fn found_profile(chain: &ChainConfig) -> Option<&ProfileSource> {
    first(chain)
}

fn found_oidc(chain: &ChainConfig) -> Option<&OidcRole> {
    first(chain)
}

#[test]
fn the_three_families_of_keys_have_their_order_below_the_arguments() {
    for setting in [
        Setting {
            variables: &ACCESS_KEY,
            form: "id#",
            argument: |value| keys(&value, "s", ""),
            outcome: |chain| Some(found_keys(chain)?.access_key_id.clone()),
        },
        Setting {
            variables: &SECRET_KEY,
            form: "secret#",
            argument: |value| keys("i", &value, ""),
            outcome: |chain| Some(found_keys(chain)?.access_key_secret.expose().to_owned()),
        },
        Setting {
            variables: &SECURITY_TOKEN,
            form: "token#",
            argument: |value| keys("i", "s", &value),
            outcome: |chain| Some(found_keys(chain)?.security_token.as_ref()?.expose().to_owned()),
        },
    ] {
        setting.check();
    }
}

#[test]
fn what_names_a_source_has_its_order_below_the_argument() {
    for setting in [
        Setting {
            variables: &PROFILE,
            form: "p#",
            argument: |value| ProviderModel { profile: value.as_str().into(), ..ProviderModel::default() },
            outcome: |chain| Some(found_profile(chain)?.name.as_ref()?.name.clone()),
        },
        Setting {
            variables: &SHARED_CREDENTIALS_FILE,
            form: "/f#",
            argument: |value| ProviderModel {
                shared_credentials_file: value.as_str().into(),
                ..ProviderModel::default()
            },
            outcome: |chain| Some(found_profile(chain)?.files.first()?.display().to_string()),
        },
        Setting {
            variables: &ECS_ROLE_NAME,
            form: "r#",
            argument: |value| ProviderModel {
                ecs_role_name: value.as_str().into(),
                ..ProviderModel::default()
            },
            outcome: |chain| {
                let mut ecs = chain.sources.iter().filter_map(known::<EcsMetadata>);
                ecs.find_map(|ecs| ecs.role_name.clone())
            },
        },
        Setting {
            variables: &CREDENTIALS_URI,
            form: "http://127.0.0.1:1/u#",
            argument: |value| ProviderModel {
                credentials_uri: Field::Known(value.as_str().into()),
                ..ProviderModel::default()
            },
            outcome: |chain| {
                let uri = first::<CredentialsUri>(chain)?;
                format!("{uri:?}").split(' ').find(|word| word.starts_with("http")).map(str::to_owned)
            },
        },
    ] {
        setting.check();
    }
}

#[test]
fn members_of_the_block_of_a_role_win_over_their_variables() {
    for setting in [
        Setting {
            variables: &ROLE_ARN,
            form: "acs:ram::1:role/r#",
            argument: |value| {
                role(AssumeRoleModel { role_arn: value.as_str().into(), ..AssumeRoleModel::default() })
            },
            outcome: |chain| Some(chain.assume_role.as_ref()?.assume.role_arn.as_str().to_owned()),
        },
        Setting {
            variables: &SESSION_NAME,
            form: "s#",
            argument: |value| {
                let session_name = value.as_str().into();
                role(AssumeRoleModel { role_arn: ROLE.into(), session_name, ..AssumeRoleModel::default() })
            },
            outcome: |chain| Some(chain.assume_role.as_ref()?.assume.role_session_name.clone()),
        },
        Setting {
            variables: &SESSION_EXPIRATION,
            form: "100#",
            argument: |value| {
                let session_expiration = value.parse().map_or(Field::Null, Field::Known);
                let role_arn = ROLE.into();
                role(AssumeRoleModel { role_arn, session_expiration, ..AssumeRoleModel::default() })
            },
            outcome: |chain| Some(chain.assume_role.as_ref()?.assume.duration_seconds?.to_string()),
        },
    ] {
        setting.check();
    }
}

#[test]
fn members_of_the_block_of_oidc_win_over_their_variables() {
    for setting in [
        Setting {
            variables: &OIDC_PROVIDER_ARN,
            form: "o#",
            argument: |value| {
                oidc(AssumeRoleWithOidcModel { oidc_provider_arn: value.as_str().into(), ..oidc_block() })
            },
            outcome: |chain| Some(found_oidc(chain)?.oidc_provider_arn.clone()),
        },
        Setting {
            variables: &OIDC_ROLE_ARN,
            form: "acs:ram::1:role/r#",
            argument: |value| {
                oidc(AssumeRoleWithOidcModel { role_arn: value.as_str().into(), ..oidc_block() })
            },
            outcome: |chain| Some(found_oidc(chain)?.role_arn.as_str().to_owned()),
        },
        Setting {
            variables: &OIDC_SESSION_NAME,
            form: "s#",
            argument: |value| {
                oidc(AssumeRoleWithOidcModel { role_session_name: value.as_str().into(), ..oidc_block() })
            },
            outcome: |chain| Some(found_oidc(chain)?.role_session_name.clone()),
        },
    ] {
        setting.check();
    }
}

#[test]
fn a_token_wins_over_a_file_and_the_block_over_the_environment() {
    let block = |token: &str, file: &str| {
        oidc(AssumeRoleWithOidcModel {
            oidc_token: Field::Known(token.into()),
            oidc_token_file: file.into(),
            ..oidc_block()
        })
    };
    let token = ("ALIBABA_CLOUD_OIDC_TOKEN", "env-token");
    let file = ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/env-file");
    for (config, variables, wins) in [
        (block("token", "/file"), &[token, file][..], "token"),
        (block("", "/file"), &[token, file], "/file"),
        (block("", ""), &[token, file], "env-token"),
        (block("", ""), &[file], "/env-file"),
    ] {
        let chain = chain_of(&config, &variables.iter().copied().collect()).unwrap();
        let found = match &found_oidc(&chain).unwrap().token {
            TokenOrigin::Given(token) => token.expose().to_owned(),
            TokenOrigin::File(file) => file.display().to_string(),
        };
        assert_eq!(found, wins);
    }
}

/// The sources that a provider block can name, in their order, and what `words` calls each.
fn of_block() -> [(&'static str, ProviderModel); 6] {
    let named = |name: &str| Field::<String>::from(name);
    let none = ProviderModel::default;
    [
        ("keys block-id", keys("block-id", "s", "")),
        ("profile block-p of", ProviderModel { profile: named("block-p"), ..none() }),
        ("profile - of /block-f", ProviderModel { shared_credentials_file: named("/block-f"), ..none() }),
        (
            "CredentialsUri(\"the credentials URI http://127.0.0.1:1/block ",
            ProviderModel { credentials_uri: Field::Known("http://127.0.0.1:1/block".into()), ..none() },
        ),
        ("ecs block-r ", ProviderModel { ecs_role_name: named("block-r"), ..none() }),
        ("oidc Given(", oidc(oidc_block())),
    ]
}

#[test]
fn each_source_of_the_block_is_the_only_one_whatever_the_environment_has() {
    for (named, block) in of_block() {
        for (of_environment, variables) in ORDER {
            // A profile of the environment would be of the file that the block names.
            let other = variables.iter().copied().filter(|(name, _)| *name != "ALICLOUD_PROFILE");
            let found = words(&chain_of(&block, &other.chain([HOME]).collect()).unwrap());
            assert!(matches!(&found[..], [only] if only.starts_with(named)), "{of_environment}: {found:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_source_of_the_environment_is_no_matter_to_one_of_the_block() {
    let broken = [("ALICLOUD_SECRET_KEY", "c4n4ry"), ("ALICLOUD_CREDENTIALS_URI", "http://example.com/")];
    for (named, block) in of_block().into_iter().filter(|(named, _)| !named.starts_with("keys")) {
        for variable in
            broken.iter().filter(|(name, _)| !(named.starts_with("Cred") && name.ends_with("URI")))
        {
            let found = words(&chain_of(&block, &[*variable, HOME].into_iter().collect()).unwrap());
            assert_eq!(found.len(), 1, "{named}");
        }
    }
}

#[test]
fn a_role_of_the_block_is_assumed_with_the_keys_of_either_place() {
    let block = role(AssumeRoleModel { role_arn: ROLE.into(), ..AssumeRoleModel::default() });
    for (first, variables) in ORDER {
        let chain = chain_of(&block, &variables.iter().copied().chain([HOME]).collect()).unwrap();
        assert!(chain.assume_role.is_some(), "{first}");
        assert!(words(&chain)[0].starts_with(first) || first.starts_with("ecs -"), "{first}");
    }
}
