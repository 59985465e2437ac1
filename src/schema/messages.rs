//! What the wire asks of a provider and what the provider answers, free of wire types.
//!
//! Field by field these are the messages of the plugin protocol (`terraform-protocol.md` section 5).
//! The room `plugin` converts to and from them.

use super::{Diagnostics, Path};

/// An encoded value as it travels (`DynamicValue`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Encoded {
    /// No value was sent: reads as null of the right type.
    #[default]
    Absent,
    /// A MessagePack document: what core always sends, and what we always answer.
    Msgpack(Vec<u8>),
    /// A JSON document; it cannot say "unknown".
    Json(Vec<u8>),
}

/// A stored state as core keeps it (`RawState`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawState {
    /// The JSON document; empty if there is none.
    pub json: Vec<u8>,
    /// True if the state is in the format of Terraform before 0.12.
    pub is_flatmap: bool,
}

/// Asks to configure the provider.
#[derive(Clone, Debug, Default)]
pub struct ConfigureRequest {
    /// The version of the host, for the user agent.
    pub terraform_version: String,
    /// The provider block; may hold unknown values during plan.
    pub config: Encoded,
}

/// Asks to bring a stored state to the present schema version.
#[derive(Clone, Debug, Default)]
pub struct UpgradeStateRequest {
    /// The resource type.
    pub type_name: String,
    /// The schema version the state was written with.
    pub version: i64,
    /// The stored state.
    pub raw_state: RawState,
}

/// The state in the present schema version.
#[derive(Clone, Debug, Default)]
pub struct UpgradeStateResponse {
    /// The upgraded state.
    pub upgraded_state: Encoded,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// Asks to refresh an object.
#[derive(Clone, Debug, Default)]
pub struct ReadRequest {
    /// The resource type.
    pub type_name: String,
    /// What was known of the object.
    pub current_state: Encoded,
    /// The provider's own data about it.
    pub private: Vec<u8>,
    /// Its identity, from hosts that know identities.
    pub current_identity: Encoded,
}

/// What is there.
#[derive(Clone, Debug, Default)]
pub struct ReadResponse {
    /// The object, or null if it is gone.
    pub new_state: Encoded,
    /// The provider's own data about it.
    pub private: Vec<u8>,
    /// Its identity, if the type has one.
    pub new_identity: Option<Encoded>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// Asks what a change would do.
#[derive(Clone, Debug, Default)]
pub struct PlanRequest {
    /// The resource type.
    pub type_name: String,
    /// The object as it is; null for a create.
    pub prior_state: Encoded,
    /// Core's merge of configuration and prior state; null for a destroy.
    pub proposed_new_state: Encoded,
    /// The configuration; null for a destroy.
    pub config: Encoded,
    /// The provider's own data about the object, or what the first plan of a replacement returned.
    pub prior_private: Vec<u8>,
    /// Its identity, from hosts that know identities.
    pub prior_identity: Encoded,
}

/// What a change would do.
#[derive(Clone, Debug, Default)]
pub struct PlanResponse {
    /// The object as it will be.
    pub planned_state: Encoded,
    /// The values whose change needs a new object.
    pub requires_replace: Vec<Path>,
    /// The provider's own data for apply.
    pub planned_private: Vec<u8>,
    /// The identity as it will be, if the type has one and it is known.
    pub planned_identity: Option<Encoded>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// Asks to carry out a plan.
#[derive(Clone, Debug, Default)]
pub struct ApplyRequest {
    /// The resource type.
    pub type_name: String,
    /// The object as it is; null for a create.
    pub prior_state: Encoded,
    /// The object as it was planned; null for a destroy.
    pub planned_state: Encoded,
    /// The configuration; null for a destroy.
    pub config: Encoded,
    /// The provider's own data from the plan.
    pub planned_private: Vec<u8>,
    /// The planned identity, from hosts that know identities.
    pub planned_identity: Encoded,
}

/// What is there after an apply, whether it succeeded or not.
#[derive(Clone, Debug, Default)]
pub struct ApplyResponse {
    /// The object as it is, or null if there is none.
    pub new_state: Encoded,
    /// The provider's own data about it.
    pub private: Vec<u8>,
    /// Its identity, if the type has one.
    pub new_identity: Option<Encoded>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// Asks for an existing object by its id or its identity.
#[derive(Clone, Debug, Default)]
pub struct ImportRequest {
    /// The resource type.
    pub type_name: String,
    /// The id the person typed; empty if an identity is given.
    pub id: String,
    /// The identity, from hosts that know identities.
    pub identity: Encoded,
}

/// The object to read next.
#[derive(Clone, Debug, Default)]
pub struct ImportResponse {
    /// The imported object, exactly one unless there are errors.
    pub imported: Option<Imported>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// An imported object, as far as its id describes it.
#[derive(Clone, Debug, Default)]
pub struct Imported {
    /// The resource type.
    pub type_name: String,
    /// The object with the attributes that the id gives; all others are null.
    pub state: Encoded,
    /// The provider's own data about it.
    pub private: Vec<u8>,
    /// Its identity, if the type has one.
    pub identity: Option<Encoded>,
}

/// Asks for the configuration of an object that has none yet.
#[derive(Clone, Debug, Default)]
pub struct GenerateConfigRequest {
    /// The resource type.
    pub type_name: String,
    /// The object as it is.
    pub state: Encoded,
}

/// A configuration that plans no change of the object.
#[derive(Clone, Debug, Default)]
pub struct GenerateConfigResponse {
    /// The configuration; what it need not hold is null. Absent after an error.
    pub config: Encoded,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// Asks to read a data source.
#[derive(Clone, Debug, Default)]
pub struct DataReadRequest {
    /// The data source type.
    pub type_name: String,
    /// The configuration; hosts wait with the request until it is wholly known, unless they allow deferral.
    pub config: Encoded,
    /// The host lets the provider answer that the reading has to wait (protocol 6.6).
    pub deferral_allowed: bool,
}

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct DataReadResponse {
    /// The arguments with what was found; absent after an error.
    pub state: Encoded,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
    /// The reading has to wait, because the configuration is not wholly known; only where that is allowed.
    pub config_unknown: bool,
}

impl DataReadResponse {
    /// Nothing could be read.
    pub fn failed(diagnostics: impl Into<Diagnostics>) -> DataReadResponse {
        DataReadResponse { diagnostics: diagnostics.into(), ..DataReadResponse::default() }
    }
}

/// Asks to list the objects of a resource type.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// The resource type.
    pub type_name: String,
    /// The `config` block, wholly known. Without one, hosts send an object of nulls.
    pub config: Encoded,
    /// The host wants the attributes of each object.
    pub include_resource: bool,
    /// How many objects the host takes.
    pub limit: i64,
}

/// One object of a list, or something about the whole list.
#[derive(Clone, Debug, Default)]
pub struct ListEvent {
    /// The name by which a person knows the object.
    pub display_name: String,
    /// Its identity; none in an event about the whole list.
    pub identity: Option<Encoded>,
    /// Its attributes, if the host asked for them.
    pub resource: Option<Encoded>,
    /// Errors and warnings. An error makes the host throw away the whole list.
    pub diagnostics: Diagnostics,
}

impl ListEvent {
    /// Something about the whole list.
    pub fn about_the_list(diagnostics: Diagnostics) -> ListEvent {
        ListEvent { diagnostics, ..ListEvent::default() }
    }
}

/// Something about an action that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionEvent {
    /// A line for the person who waits.
    Progress(String),
    /// The end: exactly one, as the last event.
    Completed(Diagnostics),
}

/// Asks to take over an object of another resource type.
#[derive(Clone, Debug, Default)]
pub struct MoveRequest {
    /// The address of the provider the object comes from.
    pub source_provider_address: String,
    /// The resource type it has there.
    pub source_type_name: String,
    /// The schema version its state was written with.
    pub source_schema_version: i64,
    /// Its state there.
    pub source_state: RawState,
    /// What its provider stored beside the state.
    pub source_private: Vec<u8>,
    /// Its identity there; empty if it has none.
    pub source_identity: RawState,
    /// The resource type it shall have here.
    pub target_type_name: String,
}

/// The object in its new resource type.
#[derive(Clone, Debug, Default)]
pub struct MoveResponse {
    /// Its state; absent after an error.
    pub target_state: Encoded,
    /// The provider's own data about it.
    pub target_private: Vec<u8>,
    /// Its identity, if the type has one.
    pub target_identity: Option<Encoded>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

impl MoveResponse {
    /// The object is not taken over.
    pub fn refused(diagnostics: impl Into<Diagnostics>) -> MoveResponse {
        MoveResponse { diagnostics: diagnostics.into(), ..MoveResponse::default() }
    }
}

/// Asks to bring a stored identity to the present identity schema version.
#[derive(Clone, Debug, Default)]
pub struct UpgradeIdentityRequest {
    /// The resource type.
    pub type_name: String,
    /// The identity schema version it was written with.
    pub version: i64,
    /// The stored identity.
    pub raw_identity: RawState,
}

/// The identity in the present version.
#[derive(Clone, Debug, Default)]
pub struct UpgradeIdentityResponse {
    /// The upgraded identity.
    pub upgraded_identity: Option<Encoded>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}
