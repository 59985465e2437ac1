//! The schema of `alicloud_log_store_encryption` and its attributes as a struct.

use crate::{
    log_store_id::LogStoreId,
    name_rules, role_arn,
    timeouts::{self, TimeoutsModel},
};
use cloud::{
    names::Region,
    sls::{
        EncryptConf, LogStore, UserCmkInfo,
        encryption::{ENCRYPT_TYPES, Mechanism, PermanentValues, same_encrypt_type, same_role_arn},
    },
};
use schema::{
    Attribute, Field, Nesting, Schema, model,
    modifier::{RequiresReplace, RequiresReplaceIfStored, UseStateForUnknown},
    validator::{NotEmpty, OneOf, ParseWith},
};

model! {
    /// The encryption of one Logstore.
    pub struct EncryptionModel {
        /// `project:logstore`.
        pub id: String,
        /// The project.
        pub project_name: String,
        /// The Logstore in it.
        pub logstore_name: String,
        /// The region of both.
        pub region: String,
        /// Whether what is written is encrypted.
        pub enable: bool,
        /// The algorithm.
        pub encrypt_type: String,
        /// The user's own key; null for the service's key.
        pub user_cmk_info: UserCmkInfoModel,
        /// What a change of a permanent value does.
        pub on_immutable_change: String,
        /// What destroying the resource does to the Logstore.
        pub on_destroy: String,
        /// Time limits.
        pub timeouts: TimeoutsModel,
        /// `service_key` or `byok`.
        pub mechanism: String,
        /// When the Logstore was created.
        pub logstore_create_time: i64,
    }
}

model! {
    /// The user's own key.
    pub struct UserCmkInfoModel {
        /// The id of the KMS key.
        pub cmk_key_id: String,
        /// The ARN of the role the service assumes.
        pub arn: String,
        /// The region of the key.
        pub region_id: String,
    }
}

/// `on_immutable_change`: the plan fails.
pub(super) const ERROR: &str = "error";
/// `on_immutable_change`: the resource is replaced.
pub(super) const REPLACE: &str = "replace";
/// `on_destroy`: encryption is switched off.
pub(super) const DISABLE: &str = "disable";
/// `on_destroy`: encryption stays as it is.
pub(super) const KEEP: &str = "keep";

/// The schema.
pub(super) fn schema() -> Schema {
    Schema {
        description: "Encrypts an existing Logstore at rest. The provider leaves the Logstore itself, and every other setting of it, as they are.",
        attributes: vec![
            Attribute::string("project_name")
                .required()
                .validator(name_rules::project())
                .plan_modifier(RequiresReplace)
                .description("The SLS project of the Logstore."),
            Attribute::string("logstore_name")
                .required()
                .validator(name_rules::logstore())
                .plan_modifier(RequiresReplace)
                .description("The Logstore or metric store. It must exist, or be created before this resource in the same apply."),
            region("region")
                .plan_modifier(RequiresReplaceIfStored)
                .description(
                    "The region of the project. SLS finds a project only in its own region. If it is left out, it is the provider's region when the resource is created, and it stays that region when the provider's changes.",
                ),
            Attribute::bool("enable").default_value(true).description(
                "Whether SLS encrypts what is written from now on. This is the only encryption setting that can change.",
            ),
            Attribute::string("encrypt_type")
                .default_value("default")
                .validator(OneOf(&ENCRYPT_TYPES))
                .semantic_equals(same_encrypt_type)
                .description(
                    "The algorithm of the data, permanent. The vendor's pages also say encryption type for the mechanism, which is `user_cmk_info` here. Their tables name `default` (AES) and `sm4`; the page of UpdateLogStoreEncryption names the others, and `m4` instead of `sm4`. This provider reads `m4` and `sm4` as the same algorithm, so that replacing one with the other is not a change; no source says so. A plan warns of `sm4_ecb` and `aes_ecb`: the ECB mode shows patterns of what it encrypts.",
                ),
            Attribute::nested("user_cmk_info", Nesting::Single, user_cmk_info()).optional().description(
                "The KMS key of your own that encrypts the Logstore's data key (BYOK). If it is left out, SLS uses a key of its own. You cannot change this later: not the key, and not between BYOK and the service key.",
            ),
            Attribute::string("on_immutable_change")
                .default_value(ERROR)
                .validator(OneOf(&[ERROR, REPLACE]))
                .description(
                    "What a change of a permanent value does. `error` fails the plan. `replace` plans to destroy and create this resource; that works only if the Logstore itself is replaced in the same apply (`replace_triggered_by`).",
                ),
            Attribute::string("on_destroy").default_value(KEEP).validator(OneOf(&[KEEP, DISABLE])).description(
                "What destroying this resource does. `keep` sends nothing, and SLS goes on encrypting. `disable` sets `enable = false` on the Logstore, so that new logs are stored in clear. A replacement never disables encryption. See [Ownership](#ownership-destroy-removed-moved).",
            ),
            timeouts::attribute(
                "Time limits of the operations, as durations such as `90s` or `5m`. Default: `2m` for `read`, `5m` for the others.",
                TIME_LIMITS,
            ),
            Attribute::string("id").computed().plan_modifier(UseStateForUnknown).description("`<project_name>:<logstore_name>`."),
            Attribute::string("mechanism")
                .computed()
                .plan_modifier(UseStateForUnknown)
                .description("`byok` if there is a `user_cmk_info`, else `service_key`."),
            Attribute::number("logstore_create_time").computed().plan_modifier(UseStateForUnknown).description(
                "When the Logstore was created, in seconds since 1970. The provider uses it to notice that a Logstore was deleted and created again under the same name.",
            ),
        ],
        ..Schema::default()
    }
}

fn user_cmk_info() -> Vec<Attribute> {
    vec![
        Attribute::string("cmk_key_id")
            .required()
            .validator(NotEmpty)
            .validator(ParseWith::new("Must be the id of a key, without its ARN and without blanks; a plan refuses an alias.", validate_key_id))
            .description("The id of the KMS key (customer master key, CMK). The key must be symmetric."),
        Attribute::string("arn")
            .required()
            .validator(ParseWith::new("Must be the ARN of a RAM role: `acs:ram::<account id>:role/<name>`.", role_arn::parse))
            .semantic_equals(same_role_arn)
            .description(
                "The ARN of the RAM role that SLS assumes to use the key. Letter case of the role name does not count.",
            ),
        region("region_id")
            .description("The region of the key, which must be that of the Logstore. If it is left out, it is that of the Logstore."),
    ]
}

/// A region that is what it was where the configuration leaves it out.
fn region(name: &'static str) -> Attribute {
    Attribute::string(name)
        .optional()
        .computed()
        .validator(name_rules::region())
        .plan_modifier(UseStateForUnknown)
}

const TIME_LIMITS: [(&str, &str); 4] = [
    ("create", "Time limit of a create, reading back included."),
    ("read", "Time limit of a refresh, and of the look at the Logstore while a create is planned."),
    ("update", "Time limit of a change, reading back included."),
    ("delete", "Time limit of a destroy, reading back included."),
];

/// Longer than any id of a key: a UUID, or `key-` and a few groups. How long one may be is not documented.
const LONGEST_KEY_ID: usize = 256;

/// The service stores the text for good as it is sent; KMS and SLS take the bare id only.
fn validate_key_id(text: &str) -> Result<(), String> {
    if let Some(("acs:kms", id)) =
        text.rsplit_once(":key/").map(|(arn, id)| (arn.get(..7).unwrap_or(arn), id))
    {
        return Err(format!("it is the ARN of a key; use the id alone: {}", text::quote(id)));
    }
    let length = text.chars().count();
    if length > LONGEST_KEY_ID {
        return Err(format!("it must have at most {LONGEST_KEY_ID} characters, and it has {length}"));
    }
    let is_blank = text.trim().is_empty();
    if !is_blank && text.contains(char::is_whitespace) {
        return Err("the id of a key has no blanks".to_owned());
    }
    Ok(())
}

impl EncryptionModel {
    /// The Logstore, if its names and its region are known. They were validated, so an error here means that the
    /// state was edited. `default` is the region of a state that has none, which an older version has written.
    pub(super) fn log_store_id(&self, default: Option<Region>) -> Option<Result<LogStoreId, String>> {
        let (project, logstore) = (self.project_name.known()?, self.logstore_name.known()?);
        let region = match &self.region {
            Field::Known(region) => Region::parse(region).map_err(|error| error.to_string()),
            Field::Null => Ok(default?),
            Field::Unknown => return None,
        };
        Some(region.and_then(|region| LogStoreId::from_names(region, project, logstore)))
    }

    /// Sets the regions that are left out: that of the Logstore to `default`, that of the key to the Logstore's.
    pub(super) fn complete_regions(&mut self, config: &EncryptionModel, default: Option<Region>) {
        if let (true, true, Some(region)) = (config.region.is_null(), self.region.is_unknown(), default) {
            self.region = region.as_str().into();
        }
        if let (Field::Known(cmk), Field::Known(configured)) =
            (&mut self.user_cmk_info, &config.user_cmk_info)
            && cmk.region_id.is_unknown()
            && configured.region_id.is_null()
        {
            cmk.region_id = self.region.clone();
        }
    }

    /// Whether a change of a permanent value replaces the resource, together with its Logstore.
    pub(super) fn may_be_replaced(&self) -> bool {
        self.on_immutable_change.known().is_some_and(|mode| mode == REPLACE)
    }

    /// What is known of the permanent values.
    pub(super) fn permanent(&self) -> PermanentValues<'_> {
        let cmk = self.user_cmk_info.known();
        PermanentValues {
            mechanism: match self.user_cmk_info {
                Field::Null => Some(Mechanism::ServiceKey),
                Field::Known(_) => Some(Mechanism::Byok),
                Field::Unknown => None,
            },
            encrypt_type: self.encrypt_type.known().map(String::as_str),
            cmk_key_id: cmk.and_then(|cmk| cmk.cmk_key_id.known()).map(String::as_str),
            arn: cmk.and_then(|cmk| cmk.arn.known()).map(String::as_str),
            region_id: cmk.and_then(|cmk| cmk.region_id.known()).map(String::as_str),
        }
    }

    /// The configuration as the service takes it, if it is wholly known.
    pub(super) fn encrypt_conf(&self) -> Option<EncryptConf> {
        let user_cmk_info = match &self.user_cmk_info {
            Field::Null => None,
            Field::Unknown => return None,
            Field::Known(cmk) => Some(UserCmkInfo {
                cmk_key_id: cmk.cmk_key_id.known()?.clone(),
                arn: cmk.arn.known()?.clone(),
                region_id: cmk.region_id.known()?.clone(),
            }),
        };
        Some(EncryptConf {
            enable: *self.enable.known()?,
            encrypt_type: self.encrypt_type.known()?.clone(),
            user_cmk_info,
        })
    }

    /// Sets the computed values that follow from the configured ones.
    pub(super) fn derive(&mut self) {
        if let (Some(project), Some(logstore)) = (self.project_name.known(), self.logstore_name.known()) {
            self.id = Field::Known(format!("{project}:{logstore}"));
        }
        if let Some(mechanism) = self.permanent().mechanism {
            self.mechanism = mechanism.as_str().into();
        }
    }

    /// Takes over what the service says. A spelling that means the same stays as it was, so that it makes
    /// no diff; every value that differs in meaning becomes the service's.
    pub(super) fn observe(&mut self, conf: &EncryptConf, create_time: i64) {
        self.enable = Field::Known(conf.enable);
        // A configuration that is off may come without its algorithm: what was known of it stands.
        if !conf.encrypt_type.is_empty() {
            keep_or_set(&mut self.encrypt_type, &conf.encrypt_type, same_encrypt_type);
        }
        self.user_cmk_info = match &conf.user_cmk_info {
            None => Field::Null,
            Some(found) => {
                let mut cmk = self.user_cmk_info.known().cloned().unwrap_or_default();
                cmk.cmk_key_id = Field::Known(found.cmk_key_id.clone());
                keep_or_set(&mut cmk.arn, &found.arn, same_role_arn);
                cmk.region_id = Field::Known(found.region_id.clone());
                Field::Known(cmk)
            }
        };
        self.logstore_create_time = Field::Known(create_time);
        self.derive();
    }

    /// Sets what an imported state lacks to the defaults, so that the plan after an import is empty.
    pub(super) fn complete_import(&mut self) {
        if self.on_immutable_change.is_null() {
            self.on_immutable_change = ERROR.into();
        }
        if self.on_destroy.is_null() {
            self.on_destroy = KEEP.into();
        }
    }
}

fn keep_or_set(field: &mut Field<String>, found: &str, same: fn(&str, &str) -> bool) {
    if !field.known().is_some_and(|known| same(known, found)) {
        *field = found.into();
    }
}

/// The encryption configuration in an answer of `GetLogStore`.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    /// The configuration; `None` if there never was one.
    pub(super) conf: Option<EncryptConf>,
    /// The Logstore's `createTime`.
    pub(super) create_time: i64,
}

impl Observed {
    /// Reads a Logstore. An algorithm that this provider does not know is kept as the service writes it.
    ///
    /// # Errors
    ///
    /// The answer is malformed.
    pub(super) fn from_log_store(log_store: &LogStore) -> Result<Observed, String> {
        let conf = log_store.encrypt_conf().map_err(|error| error.to_string())?;
        let create_time = log_store.create_time().map_err(|error| error.to_string())?;
        Ok(Observed { conf, create_time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "acs:ram::1234567890123456:role/Sls-Byok";

    fn byok(encrypt_type: &str, arn: &str) -> EncryptionModel {
        EncryptionModel {
            project_name: "audit".into(),
            logstore_name: "app".into(),
            enable: Field::Known(true),
            encrypt_type: encrypt_type.into(),
            user_cmk_info: Field::Known(UserCmkInfoModel {
                cmk_key_id: "k-1".into(),
                arn: arn.into(),
                region_id: "cn-hangzhou".into(),
            }),
            ..EncryptionModel::default()
        }
    }

    #[test]
    fn another_spelling_of_the_same_stays_as_it_was() {
        let mut model = byok("m4", ARN);
        let mut found = byok("sm4", &ARN.to_lowercase()).encrypt_conf().unwrap();
        found.enable = false;
        model.observe(&found, 7);
        let expected = EncryptionModel {
            enable: Field::Known(false),
            logstore_create_time: Field::Known(7),
            id: "audit:app".into(),
            mechanism: "byok".into(),
            ..byok("m4", ARN)
        };
        assert_eq!(model, expected);
    }

    #[test]
    fn an_algorithm_that_is_not_told_stays_as_it_was() {
        let mut model = byok("aes_gcm", ARN);
        let mut found = model.encrypt_conf().unwrap();
        (found.enable, found.encrypt_type) = (false, String::new());
        model.observe(&found, 7);
        assert_eq!((model.enable, model.encrypt_type), (Field::Known(false), "aes_gcm".into()));
    }

    #[test]
    fn a_drifted_leaf_shows_as_exactly_that_leaf() {
        let mut model = byok("default", ARN);
        let mut found = model.encrypt_conf().unwrap();
        if let Some(cmk) = &mut found.user_cmk_info {
            cmk.region_id = "cn-beijing".into();
        }
        model.observe(&found, 7);
        let cmk = model.user_cmk_info.known().unwrap();
        assert_eq!(cmk.region_id, "cn-beijing".into());
        assert_eq!(cmk.arn, ARN.into());
        assert_eq!(model.encrypt_type, "default".into());
    }

    #[test]
    fn arns_of_anything_but_a_role_are_refused() {
        for arn in [ARN, "acs:ram::1:role/aliyunlogdefaultrole", "acs:ram::1:role/AliyunServiceRoleForSls_x"]
        {
            assert!(role_arn::parse(arn).is_ok(), "{arn}");
        }
        for arn in [
            "",
            "x",
            "acs:ram::1:user/x",
            "acs:ram:::role/x",
            "acs:ram::1:role/",
            "acs:ram::1:role/a b",
            "arn:aws:iam::1:role/x",
        ] {
            assert!(role_arn::parse(arn).is_err(), "{arn}");
        }
    }

    #[test]
    fn nothing_is_claimed_about_unknown_values() {
        let model = EncryptionModel { user_cmk_info: Field::Unknown, ..byok("default", ARN) };
        assert_eq!(model.permanent().mechanism, None);
        assert_eq!(model.encrypt_conf(), None);
    }
}
