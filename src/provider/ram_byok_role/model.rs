//! The schema of `alicloud_ram_byok_role` and its attributes as a struct.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    role_registry::CreatedRole,
    timeouts::{self, TimeoutsModel},
};
use cloud::{
    names::{GroupName, PolicyName, RoleName, UserName},
    ram::{
        PolicyDocument, Role, RoleArn,
        byok_role::{
            ActualPassRole, ActualRole, AttachedPolicy, DesiredRole, KMS_POLICIES, PassRole, Principal,
            PrincipalKind, RESERVED_TAGS, same_name,
        },
    },
};
use schema::{
    Attribute, Field, Nesting, Schema, Type, Value,
    field::SetOf,
    model,
    modifier::{RequiresReplace, UseStateForUnknown},
    validator::{Between, Each, ParseWith},
};

model! {
    /// A role that Simple Log Service assumes to use KMS keys.
    pub struct RoleModel {
        /// The role's name.
        pub id: String,
        /// The role's name, as configured.
        pub role_name: String,
        /// What people read.
        pub description: String,
        /// How long a session may be, in seconds.
        pub max_session_duration: i64,
        /// The role's tags.
        pub tags: BTreeMap<String, Field<String>>,
        /// Who may hand the role to the service.
        pub pass_role: PassRoleModel,
        /// Whether a destroy detaches the policies of others.
        pub force: bool,
        /// Time limits.
        pub timeouts: TimeoutsModel,
        /// The role's ARN, as the API gives it.
        pub arn: String,
        /// The role's id.
        pub role_id: String,
        /// When the role was made.
        pub create_date: String,
        /// The trust policy, as JSON.
        pub trust_policy: String,
        /// The system policies for KMS that are attached.
        pub kms_policies: SetOf<String>,
        /// The policy that lets principals pass the role, as JSON; null where none is looked after.
        pub pass_role_policy: String,
        /// The policies that others have attached.
        pub foreign_policies: Vec<Field<ForeignPolicyModel>>,
    }
}

model! {
    /// Who may hand the role to the service, and by which policy.
    pub struct PassRoleModel {
        /// The custom policy's name.
        pub policy_name: String,
        /// RAM users.
        pub users: SetOf<String>,
        /// RAM user groups.
        pub groups: SetOf<String>,
        /// RAM roles.
        pub roles: SetOf<String>,
    }
}

model! {
    /// A policy that somebody else has attached to the role.
    pub struct ForeignPolicyModel {
        /// Its name.
        pub policy_name: String,
        /// `System` or `Custom`.
        pub policy_type: String,
    }
}

/// What people read on a role whose description is not configured. The service takes no empty one.
const DESCRIPTION: &str = "Lets Simple Log Service use KMS keys to encrypt Logstores";

/// How names of service-linked roles begin: only the services themselves make those.
const SERVICE_LINKED: &str = "AliyunServiceRoleFor";

/// Source: RAM documentation, `CreateRole`.
const SESSION_DURATION: (i64, i64) = (3_600, 43_200);

/// Source: RAM documentation, `TagResources`: characters of a key and of a value, and tags of a role.
const TAG_LIMITS: (usize, usize, usize) = (128, 256, 20);

/// How keys of tags must not begin either. Source: aliyun/terraform-provider-alicloud, issue 6191.
const NO_TAGS: [&str; 2] = ["http://", "https://"];

/// The schema.
pub(super) fn schema() -> Schema {
    Schema {
        description: "The RAM role that Simple Log Service (SLS) assumes to encrypt Logstores with a KMS key of your own (BYOK), with its trust policy, the two system policies for KMS, and the permission of RAM users to pass the role to SLS (`ram:PassRole`).",
        attributes: [configured(), computed()].concat(),
        ..Schema::default()
    }
}

fn configured() -> Vec<Attribute> {
    let (shortest, longest) = SESSION_DURATION;
    vec![
        Attribute::string("role_name")
            .required()
            .validator(ParseWith::new("Must have 1 to 64 letters, digits, dots and hyphens, and not begin with `AliyunServiceRoleFor`.", validate_role_name))
            .semantic_equals(same_name)
            .plan_modifier(RequiresReplace)
            .description("The name of the role. Letter case does not count. Another name replaces the role; the plan refuses that while a Logstore of the same state is encrypted through it. The plan cannot refuse it for a role that is tainted when its name changes, because Terraform does not tell the provider which role it replaces."),
        Attribute::string("description")
            .default_value(DESCRIPTION)
            .validator(ParseWith::new("Must have at most 1024 characters, without bidirectional ones and without control characters other than line ends and tabs.", validate_description))
            .description("The description that people read. An empty one is for a role that was imported without a description. The vendor does not document whether RAM takes an empty one in a change."),
        Attribute::number("max_session_duration")
            .default_value(Value::Number(shortest.into()))
            .validator(Between(shortest, longest))
            .description("How long a session of the role may be, in seconds."),
        Attribute::new("tags", Type::map(Type::String))
            .optional()
            .description("Tags of the role: at most 20, keys of at most 128 and values of at most 256 characters. Keys must not begin with `acs:`, `aliyun`, `http://` or `https://`; tags that the cloud sets itself (`acs:`, `aliyun`) are left alone and not shown."),
        Attribute::nested("pass_role", Nesting::Single, pass_role()).optional().description(
            "Who may pass the role to SLS. A RAM user needs that to configure encryption with the role. The provider makes a custom policy that allows `ram:PassRole` on this role alone, and attaches it to these principals and nobody else. If it is left out, the provider manages no such policy. The account itself needs none.",
        ),
        Attribute::bool("force").default_value(false).description(
            "Whether destroying the role first detaches policies that others have attached to it. Set it to true and apply, then destroy. If it is false, a destroy fails while there are such policies, and changes nothing.",
        ),
        timeouts::attribute(
            "Time limits of the operations, as durations such as `90s` or `5m`. Default: `2m` for `read`, `5m` for the others.",
            [
                ("create", "Time limit of a create, waiting until it is seen included."),
                ("read", "Time limit of a refresh."),
                ("update", "Time limit of a change, waiting until it is seen included."),
                ("delete", "Time limit of a destroy."),
            ],
        ),
    ]
}

fn pass_role() -> Vec<Attribute> {
    let names = |name: &'static str| Attribute::new(name, Type::set(Type::String)).optional();
    vec![
        Attribute::string("policy_name")
            .optional()
            .computed()
            .validator(ParseWith::new("Must have 1 to 128 letters, digits and hyphens.", PolicyName::parse))
            .semantic_equals(same_name)
            .description("The name of the custom policy, which must not exist. Default: `<role_name>-pass-role`, with hyphens for characters that a policy's name cannot have."),
        names("users")
            .validator(Each(ParseWith::new("Must be the name of a RAM user, without a domain.", UserName::parse)))
            .description("Names of RAM users."),
        names("groups")
            .validator(Each(ParseWith::new("Must be the name of a RAM user group.", GroupName::parse)))
            .description("Names of RAM user groups."),
        names("roles")
            .validator(Each(ParseWith::new("Must be the name of a RAM role.", RoleName::parse)))
            .description("Names of RAM roles, for example the one that a pipeline assumes."),
    ]
}

fn computed() -> Vec<Attribute> {
    let kept = |name: &'static str| Attribute::string(name).computed().plan_modifier(UseStateForUnknown);
    vec![
        kept("id").description("The name of the role."),
        kept("arn").description(
            "The ARN of the role, as RAM gives it: for `user_cmk_info.arn` of `alicloud_log_store_encryption`.",
        ),
        kept("role_id").description("The id of the role. One that is made anew under the same name has another."),
        kept("create_date").description("When the role was made (UTC, ISO 8601)."),
        Attribute::string("trust_policy").computed().description(
            "The trust policy as JSON: it lets `log.aliyuncs.com` assume the role, and nobody else. One that was changed by others is put right.",
        ),
        Attribute::new("kms_policies", Type::set(Type::String)).computed().description(
            "The system policies for KMS that are attached to the role. One that was detached by others is attached again.",
        ),
        Attribute::string("pass_role_policy").computed().description(
            "The document of the policy that allows `ram:PassRole` on this role, as JSON; null without `pass_role`.",
        ),
        Attribute::nested(
            "foreign_policies",
            Nesting::List,
            vec![
                Attribute::string("policy_name").computed().description("The name of the policy."),
                Attribute::string("policy_type").computed().description("`System` or `Custom`."),
            ],
        )
        .computed()
        .plan_modifier(UseStateForUnknown)
        .description("Policies that others have attached to the role. They are left alone."),
    ]
}

/// Whether this is the name of a service-linked role.
pub(super) fn is_service_linked(name: &str) -> bool {
    name.to_lowercase().starts_with(&SERVICE_LINKED.to_lowercase())
}

fn validate_role_name(text: &str) -> Result<(), String> {
    if is_service_linked(text) {
        return Err(format!(
            "names that begin with {SERVICE_LINKED} are of service-linked roles, which only the services themselves make"
        ));
    }
    RoleName::parse_new(text).map(|_| ()).map_err(|error| error.to_string())
}

/// A description that is shown otherwise than it is could never be what is configured.
fn validate_description(text: &str) -> Result<(), String> {
    const LONGEST: usize = 1_024;
    let length = text.chars().count();
    if length > LONGEST {
        return Err(format!("it must have at most {LONGEST} characters, and it has {length}"));
    }
    if text::lines(text) != text {
        return Err(
            "it has bidirectional characters, or control characters other than line ends and tabs".to_owned()
        );
    }
    Ok(())
}

/// What is wrong with tags, as the end of a sentence, or nothing.
pub(super) fn tags_problem(tags: &BTreeMap<String, Field<String>>) -> Option<String> {
    let (longest_key, longest_value, most) = TAG_LIMITS;
    if tags.len() > most {
        return Some(format!("a role has at most {most} tags, not {}", tags.len()));
    }
    let too_long = |text: &str, longest: usize| text.chars().count() > longest;
    tags.iter().find_map(|(key, value)| {
        let quoted = text::quote(key);
        let starts_with = |start: &&&str| key.to_lowercase().starts_with(**start);
        if let Some(start) = RESERVED_TAGS.iter().chain(&NO_TAGS).find(starts_with) {
            return Some(format!("the key {quoted} begins with {start:?}, which the cloud keeps for itself"));
        }
        if key.is_empty() || too_long(key, longest_key) {
            return Some(format!("the key {quoted} must have 1 to {longest_key} characters"));
        }
        if !key.chars().all(text::is_printable) {
            return Some(format!("the key {quoted} has characters that are not printable"));
        }
        match value {
            Field::Known(value) if !value.chars().all(text::is_printable) => {
                Some(format!("the value of {quoted} has characters that are not printable"))
            }
            Field::Known(value) if too_long(value, longest_value) => {
                Some(format!("the value of {quoted} must have at most {longest_value} characters"))
            }
            _ => None,
        }
    })
}

/// The default name of the PassRole policy of a role. A policy's name may have fewer kinds of characters than a role's.
pub(super) fn default_policy_name(role_name: &str) -> String {
    let name: String = role_name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{name}-pass-role")
}

impl RoleModel {
    /// What the role should be, if it is wholly known.
    pub(super) fn desired(&self) -> Option<DesiredRole> {
        let role_name = self.role_name.known()?;
        let tags = match &self.tags {
            Field::Null => BTreeMap::new(),
            Field::Unknown => return None,
            Field::Known(tags) => tags
                .iter()
                .map(|(key, value)| Some((key.clone(), value.known()?.clone())))
                .collect::<Option<_>>()?,
        };
        let pass_role = match &self.pass_role {
            Field::Null => None,
            Field::Unknown => return None,
            Field::Known(pass_role) => Some(pass_role.desired(role_name)?),
        };
        Some(DesiredRole {
            role_name: role_name.clone(),
            description: self.description.known()?.clone(),
            max_session_duration: *self.max_session_duration.known()?,
            tags,
            pass_role,
        })
    }
}

impl RoleModel {
    /// What the role was when it was last read.
    pub(super) fn to_actual(&self) -> ActualRole {
        let tags = self.tags.known().cloned().unwrap_or_default();
        let tags = tags.into_iter().filter_map(|(key, value)| Some((key, value.known()?.clone())));
        let kms = self.kms_policies.known().map(known_names).unwrap_or_default();
        let attached =
            kms.into_iter().map(|name| AttachedPolicy { name, is_system: true, is_pass_role: false });
        ActualRole {
            description: self.description.known().cloned().unwrap_or_default(),
            max_session_duration: self.max_session_duration.known().copied().unwrap_or_default(),
            trust_policy_matches: self.trust_policy.known().is_some_and(|text| *text == trust_policy()),
            tags: tags.collect(),
            attached: attached.collect(),
            pass_role: self.observed_pass_role(),
        }
    }

    fn observed_pass_role(&self) -> Option<ActualPassRole> {
        let document = self.pass_role_policy.known()?;
        let pass_role = self.pass_role.known()?.desired(self.role_name.known()?)?;
        let arn = RoleArn::parse(self.arn.known()?).ok();
        Some(ActualPassRole {
            policy_name: pass_role.policy_name,
            document_matches: arn.is_some_and(|arn| *document == pass_role_policy(&arn)),
            principals: pass_role.principals,
        })
    }

    /// Sets the attributes of the role itself from RAM's answer.
    pub(super) fn observe_role(&mut self, role: &Role) {
        self.arn = role.arn.as_str().into();
        self.role_id = role.role_id.as_str().into();
        self.create_date = role.create_date.as_str().into();
    }

    /// The state of a planned role to which nothing is attached yet, as far as anybody knows.
    pub(super) fn bare(mut self, left: &CreatedRole) -> Self {
        let text = |text: &String| if text.is_empty() { Field::Null } else { text.as_str().into() };
        self.arn = text(&left.arn);
        self.role_id = text(&left.role_id);
        self.create_date = text(&left.create_date);
        self.kms_policies = set_of([]);
        self.pass_role_policy = Field::Null;
        self.foreign_policies = Field::Known(Vec::new());
        self.pass_role = Field::Null;
        self
    }

    /// Takes `pass_role` out of the state unless its policy is known to be ours, and gives the name of the policy,
    /// which may be there all the same.
    pub(super) fn forget_pass_role_unless(&mut self, is_ours: bool) -> Option<String> {
        if is_ours {
            return None;
        }
        match std::mem::replace(&mut self.pass_role, Field::Null) {
            Field::Known(pass_role) => pass_role.policy_name.known().cloned(),
            _ => None,
        }
    }

    /// Takes over what the role is. A text that means the same as what it should be is written as that is, so that it
    /// makes no difference. `document` is the document in force of the PassRole policy.
    pub(super) fn observe(&mut self, found: &ActualRole, trust: &str, document: Option<&str>) {
        self.description = found.description.as_str().into();
        self.max_session_duration = Field::Known(found.max_session_duration);
        self.trust_policy = if found.trust_policy_matches { trust_policy().into() } else { trust.into() };
        self.kms_policies = set_of(found.kms_policies());
        self.foreign_policies = foreign_policies(found.foreign_policies());
        if !(found.tags.is_empty() && self.tags.is_null()) {
            let tags = found.tags.iter().map(|(key, value)| (key.clone(), Field::Known(value.clone())));
            self.tags = Field::Known(tags.collect());
        }
        if let Field::Known(pass_role) = &mut self.pass_role {
            match &found.pass_role {
                Some(found) => {
                    let spelt = pass_role.policy_name.known();
                    if !spelt.is_some_and(|name| same_name(name, &found.policy_name)) {
                        pass_role.policy_name = found.policy_name.as_str().into();
                    }
                    pass_role.observe(&found.principals);
                }
                None => pass_role.observe(&BTreeSet::new()),
            }
        }
        self.pass_role_policy = match &found.pass_role {
            None => Field::Null,
            Some(found) if found.document_matches => match self.arn.known().map(|arn| RoleArn::parse(arn)) {
                Some(Ok(arn)) => pass_role_policy(&arn).into(),
                _ => document.map_or(Field::Null, Field::from),
            },
            Some(_) => document.map_or(Field::Null, Field::from),
        };
    }
}

/// The trust policy of a BYOK role, as it is written.
pub(super) fn trust_policy() -> String {
    PolicyDocument::byok_trust().to_string()
}

/// The attribute `pass_role_policy` of a role whose PassRole policy is as it should be.
pub(super) fn expected_pass_role_policy(pass_role: &Field<PassRoleModel>, arn: &RoleArn) -> Field<String> {
    if pass_role.is_null() { Field::Null } else { pass_role_policy(arn).into() }
}

/// The policy that allows `ram:PassRole` on a role, as it is written.
fn pass_role_policy(arn: &RoleArn) -> String {
    PolicyDocument::pass_role(arn).to_string()
}

impl PassRoleModel {
    fn desired(&self, role_name: &str) -> Option<PassRole> {
        let mut principals = BTreeSet::new();
        for (kind, names) in self.names() {
            let SetOf(names) = match names {
                Field::Null => continue,
                Field::Unknown => return None,
                Field::Known(names) => names,
            };
            for name in names {
                principals.insert(Principal { kind, name: name.known()?.clone() });
            }
        }
        let policy_name = match &self.policy_name {
            Field::Unknown => return None,
            Field::Null => default_policy_name(role_name),
            Field::Known(name) => name.clone(),
        };
        Some(PassRole { policy_name, principals })
    }

    /// The names of each kind of principal.
    fn names(&self) -> [(PrincipalKind, &Field<SetOf<String>>); 3] {
        [
            (PrincipalKind::User, &self.users),
            (PrincipalKind::Group, &self.groups),
            (PrincipalKind::Role, &self.roles),
        ]
    }

    /// Sets who the policy is attached to. A name that differs only in letter case stays as it was, even if it is
    /// written in several ways.
    pub(super) fn observe(&mut self, principals: &BTreeSet<Principal>) {
        for (kind, names) in [
            (PrincipalKind::User, &mut self.users),
            (PrincipalKind::Group, &mut self.groups),
            (PrincipalKind::Role, &mut self.roles),
        ] {
            let known: Vec<String> = names.known().map(known_names).unwrap_or_default();
            let found = principals.iter().filter(|principal| principal.kind == kind);
            let found: Vec<Field<String>> = found
                .flat_map(|principal| {
                    let spelt = known.iter().filter(|name| same_name(name, &principal.name));
                    let mut spelt: Vec<Field<String>> = spelt.cloned().map(Field::Known).collect();
                    if spelt.is_empty() {
                        spelt.push(Field::Known(principal.name.clone()));
                    }
                    spelt
                })
                .collect();
            if !(found.is_empty() && names.is_null()) {
                *names = Field::Known(SetOf(found));
            }
        }
    }
}

fn known_names(names: &SetOf<String>) -> Vec<String> {
    names.0.iter().filter_map(Field::known).cloned().collect()
}

/// A set of texts.
pub(super) fn set_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Field<SetOf<String>> {
    Field::Known(SetOf(texts.into_iter().map(Field::from).collect()))
}

/// Both policies for KMS, as they should be attached.
pub(super) fn kms_policies() -> Field<SetOf<String>> {
    set_of(KMS_POLICIES)
}

/// Policies of others, by name.
pub(super) fn foreign_policies<'a>(
    policies: impl Iterator<Item = &'a AttachedPolicy>,
) -> Field<Vec<Field<ForeignPolicyModel>>> {
    let mut policies: Vec<&AttachedPolicy> = policies.collect();
    policies.sort_unstable();
    let model = |policy: &AttachedPolicy| {
        Field::Known(ForeignPolicyModel {
            policy_name: policy.name.as_str().into(),
            policy_type: policy.policy_type().into(),
        })
    };
    Field::Known(policies.into_iter().map(model).collect())
}
