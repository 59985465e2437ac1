//! The rules of a planned change, for every pair of a stored and a planned encryption. The provider is not configured,
//! so no service can be called: the rules need the two alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::{
    log_store_encryption::model::{ERROR, UserCmkInfoModel},
    session::Session,
};
use schema::{Resource as _, diagnostic::Severity};

/// A value that a plan knows or not, with a number that is equal for spellings of the same value.
type Value = (Option<&'static str>, usize);

const ENCRYPT_TYPES: [Value; 5] =
    [(Some("default"), 0), (Some("m4"), 1), (Some("sm4"), 1), (Some("aes_gcm"), 2), (None, 9)];
const KEYS: [Value; 3] = [(Some("key-1"), 0), (Some("key-2"), 1), (None, 9)];
const ARNS: [Value; 4] = [
    (Some("acs:ram::1234567890123456:role/sls-byok"), 0),
    (Some("acs:ram::1234567890123456:role/Sls-BYOK"), 0),
    (Some("acs:ram::1234567890123456:role/other"), 1),
    (None, 9),
];
const REGIONS: [Value; 3] = [(Some("cn-hangzhou"), 0), (Some("cn-beijing"), 1), (None, 9)];

/// `user_cmk_info`.
#[derive(Clone, Copy, Debug)]
enum Cmk {
    Null,
    Unknown,
    Known { key: Value, arn: Value, region: Value },
}

/// One encryption, stored or planned.
#[derive(Clone, Copy, Debug)]
struct Given {
    enable: bool,
    encrypt_type: Value,
    cmk: Cmk,
}

impl Given {
    fn all() -> Vec<Given> {
        let mut cmks = vec![Cmk::Null, Cmk::Unknown];
        for key in KEYS {
            for arn in ARNS {
                cmks.extend(REGIONS.map(|region| Cmk::Known { key, arn, region }));
            }
        }
        let each = |encrypt_type| {
            let cmks = cmks.clone().into_iter();
            cmks.flat_map(move |cmk| [true, false].map(|enable| Given { enable, encrypt_type, cmk }))
        };
        ENCRYPT_TYPES.into_iter().flat_map(each).collect()
    }

    fn is_wholly_known(&self) -> bool {
        let known = |value: Value| value.0.is_some();
        known(self.encrypt_type)
            && match self.cmk {
                Cmk::Null => true,
                Cmk::Unknown => false,
                Cmk::Known { key, arn, region } => known(key) && known(arn) && known(region),
            }
    }

    fn model(&self, on_immutable_change: &str) -> EncryptionModel {
        let field = |value: Value| value.0.map_or(Field::Unknown, Field::from);
        EncryptionModel {
            id: "audit:app".into(),
            project_name: "audit".into(),
            logstore_name: "app".into(),
            region: "cn-hangzhou".into(),
            enable: Field::Known(self.enable),
            encrypt_type: field(self.encrypt_type),
            user_cmk_info: match self.cmk {
                Cmk::Null => Field::Null,
                Cmk::Unknown => Field::Unknown,
                Cmk::Known { key, arn, region } => Field::Known(UserCmkInfoModel {
                    cmk_key_id: field(key),
                    arn: field(arn),
                    region_id: field(region),
                }),
            },
            on_immutable_change: on_immutable_change.into(),
            on_destroy: "keep".into(),
            ..EncryptionModel::default()
        }
    }
}

/// What may not change, by the attribute that a plan names: what certainly changes, and what may.
fn changes(stored: &Given, planned: &Given) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (mut certain, mut possible) = (BTreeSet::new(), BTreeSet::new());
    let mut compare = |name, before: Value, after: Value| match after.0 {
        None => {
            possible.insert(name);
        }
        Some(_) if before.1 != after.1 => {
            certain.insert(name);
        }
        Some(_) => {}
    };
    compare("encrypt_type", stored.encrypt_type, planned.encrypt_type);
    match (stored.cmk, planned.cmk) {
        (Cmk::Known { key, arn, region }, Cmk::Known { key: new_key, arn: new_arn, region: new_region }) => {
            compare("user_cmk_info.cmk_key_id", key, new_key);
            compare("user_cmk_info.arn", arn, new_arn);
            compare("user_cmk_info.region_id", region, new_region);
        }
        (Cmk::Null, Cmk::Null) => {}
        (_, Cmk::Unknown) => {
            possible.insert("user_cmk_info");
        }
        (Cmk::Null, Cmk::Known { key, arn, region }) => {
            certain.insert("user_cmk_info");
            // The members of a new key change nothing that is stored, and may still be unknown.
            if [key, arn, region].iter().any(|member| member.0.is_none()) {
                possible.insert("user_cmk_info");
            }
        }
        _ => {
            certain.insert("user_cmk_info");
        }
    }
    (certain, possible)
}

/// The attribute that a replacement names: members of a nested attribute have no path if one side is null.
fn replaced<'n>(names: impl Iterator<Item = &'n &'n str>) -> BTreeSet<String> {
    names.map(|name| name.split('.').next().unwrap().to_owned()).collect()
}

fn paths<'p>(paths: impl Iterator<Item = &'p Path>) -> BTreeSet<String> {
    paths.map(ToString::to_string).collect()
}

async fn plan(stored: &Given, planned: &Given, mode: &str) -> Plan<LogStoreEncryption> {
    // Each plan is one of its own: no other resource has claimed the Logstore.
    let resource = LogStoreEncryption::new(Arc::new(Session::default()));
    let (prior, planned) = (stored.model(mode), planned.model(mode));
    let request = PlanUpdate {
        config: planned.clone(),
        prior,
        planned,
        private: EncryptionPrivate::default(),
        requires_replace: Vec::new(),
    };
    resource.plan_update(&Context::default(), request).await
}

fn of_severity(plan: &Plan<LogStoreEncryption>, severity: Severity) -> Vec<&Diagnostic> {
    plan.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).collect()
}

#[tokio::test]
async fn a_change_of_a_permanent_value_is_an_error_or_a_replacement_and_nothing_else_is() {
    let all = Given::all();
    let stored: Vec<_> = all.iter().filter(|given| given.is_wholly_known()).collect();
    let mut pairs = 0;
    for (before, after) in stored.iter().flat_map(|before| all.iter().map(move |after| (before, after))) {
        pairs += 1;
        let (certain, possible) = changes(before, after);

        let plan_or_error = plan(before, after, ERROR).await;
        let errors = of_severity(&plan_or_error, Severity::Error);
        let named = paths(errors.iter().filter_map(|error| error.path.as_ref()));
        let expected: BTreeSet<String> = certain.iter().map(ToString::to_string).collect();
        assert_eq!((named, errors.len()), (expected, certain.len()), "{before:?} -> {after:?}");
        assert_eq!(plan_or_error.requires_replace, [], "{before:?} -> {after:?}");
        assert!(!plan_or_error.private.replacement, "{before:?} -> {after:?}");
        let switches_off = before.enable && !after.enable;
        let warned = of_severity(&plan_or_error, Severity::Warning);
        let summaries: Vec<_> = warned.iter().map(|warning| warning.summary.as_str()).collect();
        let expected: &[&str] =
            if switches_off { &["Encryption of a Logstore is switched off"] } else { &[] };
        assert_eq!(summaries, expected, "{before:?} -> {after:?}");

        let replacement = plan(before, after, REPLACE).await;
        assert!(!replacement.diagnostics.has_errors(), "{before:?} -> {after:?}");
        let expected = replaced(certain.iter().chain(&possible));
        assert_eq!(paths(replacement.requires_replace.iter()), expected, "{before:?} -> {after:?}");
        assert_eq!(replacement.private.replacement, !expected.is_empty(), "{before:?} -> {after:?}");
    }
    // 2 states of `enable`, 4 algorithms, and 12 keys or none, against all that can be planned.
    assert_eq!(pairs, 2 * 4 * 13 * 2 * 5 * 38);
}
