//! The schema of `alicloud_log_store_encryptions` and its attributes as structs.

use super::{
    store::{self, Encryption, TELEMETRY_TYPES},
    survey::{Place, Survey, Unreadable},
};
use crate::{
    name_rules,
    timeouts::{self, ReadTimeoutModel},
};
use schema::{
    Attribute, Field, Nesting, Schema, Type,
    field::SetOf,
    model,
    validator::{Each, NotEmpty, OneOf},
};

model! {
    /// How the Logstores of projects and regions are encrypted.
    pub struct AllModel {
        /// The regions.
        pub regions: SetOf<String>,
        /// The projects.
        pub project_names: SetOf<String>,
        /// Which of the projects.
        pub project_name_pattern: String,
        /// Which of the Logstores.
        pub logstore_name_pattern: String,
        /// What the Logstores hold.
        pub telemetry_type: String,
        /// Whether what cannot be read is an error.
        pub fail_on_unreadable: bool,
        /// The time limit.
        pub timeouts: ReadTimeoutModel,
        /// The Logstores.
        pub logstores: Vec<Field<LogStoreModel>>,
        /// What could not be read.
        pub unreadable: Vec<Field<UnreadableModel>>,
        /// How many Logstores were read.
        pub total: i64,
        /// How many of them are encrypted.
        pub encrypted_total: i64,
        /// How many of them are not.
        pub in_clear_total: i64,
        /// How many entries `unreadable` has.
        pub unreadable_total: i64,
    }
}

model! {
    /// How one Logstore is encrypted.
    pub struct LogStoreModel {
        /// `project:logstore`.
        pub id: String,
        /// The region.
        pub region: String,
        /// The project.
        pub project_name: String,
        /// The Logstore or metric store.
        pub logstore_name: String,
        /// What it holds.
        pub telemetry_type: String,
        /// The product it belongs to.
        pub product_type: String,
        /// Whether it is configured and enabled.
        pub encrypted: bool,
        /// `enable` of the configuration.
        pub enable: bool,
        /// The mechanism.
        pub mechanism: String,
        /// The algorithm.
        pub encrypt_type: String,
        /// The key.
        pub cmk_key_id: String,
        /// The role.
        pub arn: String,
        /// The region of the key.
        pub cmk_region_id: String,
    }
}

model! {
    /// Something that could not be read.
    pub struct UnreadableModel {
        /// The region.
        pub region: String,
        /// The project.
        pub project_name: String,
        /// The Logstore.
        pub logstore_name: String,
        /// The code of the service.
        pub code: String,
        /// What went wrong.
        pub message: String,
    }
}

const DESCRIPTION: &str = "How the Logstores and metric stores of whole regions, or of some projects, are encrypted, and what could not be read. Nothing is changed.\n\nIt is made for audits: a `check` that fails when logs are written in clear, `for_each` over what is not encrypted, and reports. `examples/audit` has all three.\n\n`encrypted` is true only where encryption is configured **and** enabled. A Logstore whose encryption is disabled is written in clear.\n\nThe order of `logstores` is that of region, project and name, so that two readings of the same Logstores are equal. A Logstore that several arguments name is in it once. What cannot be read does not keep the rest from being read: it is listed in `unreadable`, and a warning says so. With `fail_on_unreadable` it is an error. The reading ends at an error that each further call would meet too: refused credentials, the time limit, an interrupt.\n\nThe calls are as few as SLS allows: a page of `ListProject` for 500 projects of a region, a page of `ListLogStores` and one of `ListMetricStores` for 500 Logstores of a project, and one `GetLogStore` or `GetMetricStore` for each Logstore, because the lists have nothing but names. `max_concurrency` of the provider block bounds how many calls are under way at once. The provider slows down when SLS throttles, and tries again.\n\nThe guide [Least privileges](../guides/least-privileges.md) has the permissions that the caller needs, and a policy document to copy.";

/// The schema.
pub(super) fn schema() -> Schema {
    Schema { description: DESCRIPTION, attributes: [arguments(), found()].concat(), ..Schema::default() }
}

fn arguments() -> Vec<Attribute> {
    let texts = |name| Attribute::new(name, Type::set(Type::String)).optional();
    let pattern = |name| Attribute::string(name).optional().validator(NotEmpty);
    vec![
        texts("regions")
            .validator(Each(name_rules::region()))
            .description("The regions. Left out, it is the provider's region. An empty set is an error: it would audit nothing."),
        texts("project_names")
            .validator(Each(name_rules::project()))
            .description("The projects, each of which is looked for in each of `regions`. Left out, it is every project of these regions. A project that is in none of them is in `unreadable`. An empty set is an error: it would audit nothing."),
        pattern("project_name_pattern").description(
            "Only projects whose whole name has this form: `*` stands for any text, `?` for one character. It is the form of the resources of RAM policies. It is no regular expression, because one that is not anchored matches more, and one that is anchored wrongly less, than it seems to; for a regular expression filter the result: `[for l in data.alicloud_log_store_encryptions.all.logstores : l if can(regex(\"^waf-\", l.project_name))]`.",
        ),
        pattern("logstore_name_pattern").description("Only Logstores whose whole name has this form, written like `project_name_pattern`."),
        Attribute::string("telemetry_type")
            .optional()
            .validator(OneOf(&TELEMETRY_TYPES))
            .description("Only Logstores of logs (`None`), or only metric stores (`Metrics`). Left out, it is both."),
        Attribute::bool("fail_on_unreadable")
            .default_value(false)
            .description("Whether it is an error, instead of a warning, if something cannot be read."),
        timeouts::attribute(
            "The time limit, as a duration such as `30m` or `1h`. Default: `30m`. It is for all calls together.",
            [("read", "The limit of a reading.")],
        ),
    ]
}

fn found() -> Vec<Attribute> {
    let number = |name| Attribute::number(name).computed();
    vec![
        Attribute::nested("logstores", Nesting::List, log_store())
            .computed()
            .description("The Logstores and metric stores that were read, in the order of region, project and name."),
        Attribute::nested("unreadable", Nesting::List, unreadable())
            .computed()
            .description("What could not be read, in the same order."),
        number("total").description("How many Logstores and metric stores were read."),
        number("encrypted_total").description("How many of them are encrypted."),
        number("in_clear_total").description("How many of them are not: encryption was never configured, or it is disabled."),
        number("unreadable_total").description("How many entries `unreadable` has. An entry may stand for a project or a region, so that it is not known how many Logstores could not be read."),
    ]
}

fn log_store() -> Vec<Attribute> {
    let text = |name| Attribute::string(name).computed();
    let names = vec![
        text("id").description("`project_name:logstore_name`."),
        text("region").description("The region of the project."),
        text("project_name").description("The project."),
        text("logstore_name").description("The Logstore or metric store."),
        text("telemetry_type").description("What it holds: `None` for logs, `Metrics` for a metric store."),
    ];
    [names, store::attributes()].concat()
}

fn unreadable() -> Vec<Attribute> {
    let text = |name| Attribute::string(name).computed();
    vec![
        text("region").description("The region; null for a project that is in none of several regions."),
        text("project_name")
            .description("The project; null if the projects of the region could not be listed."),
        text("logstore_name")
            .description("The Logstore; null if the Logstores of the project could not be listed."),
        text("code").description("The error code of SLS; null if the error is not an answer of SLS."),
        text("message").description("What went wrong, with the request id."),
    ]
}

impl AllModel {
    /// Sets what was found.
    pub(super) fn report(&mut self, survey: Survey) {
        let count = |count: usize| Field::Known(i64::try_from(count).unwrap_or(i64::MAX));
        let encrypted = survey.stores.values().filter(|store| store.encrypted == Field::Known(true)).count();
        self.total = count(survey.stores.len());
        self.encrypted_total = count(encrypted);
        self.in_clear_total = count(survey.stores.len().saturating_sub(encrypted));
        self.unreadable_total = count(survey.unreadable.len());
        self.logstores =
            Field::Known(survey.stores.into_iter().map(|store| Field::Known(store.into())).collect());
        let unreadable = survey.unreadable.into_iter().map(|unreadable| Field::Known(unreadable.into()));
        self.unreadable = Field::Known(unreadable.collect());
    }
}

impl From<(Place, Encryption)> for LogStoreModel {
    fn from(((region, project, name), found): (Place, Encryption)) -> LogStoreModel {
        LogStoreModel {
            id: format!("{project}:{name}").into(),
            region: region.as_str().into(),
            project_name: project.into(),
            logstore_name: name.into(),
            telemetry_type: found.telemetry_type,
            product_type: found.product_type,
            encrypted: found.encrypted,
            enable: found.enable,
            mechanism: found.mechanism,
            encrypt_type: found.encrypt_type,
            cmk_key_id: found.cmk_key_id,
            arn: found.arn,
            cmk_region_id: found.cmk_region_id,
        }
    }
}

impl From<Unreadable> for UnreadableModel {
    fn from(unreadable: Unreadable) -> UnreadableModel {
        let text = |text: Option<String>| text.map_or(Field::Null, Field::Known);
        UnreadableModel {
            region: text(unreadable.region.map(|region| region.to_string())),
            project_name: text(unreadable.project),
            logstore_name: text(unreadable.logstore),
            code: text(unreadable.code),
            message: unreadable.message.into(),
        }
    }
}
