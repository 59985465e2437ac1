//! Carries encoded requests to a typed [`Resource`] and its answers back.

use std::fmt;

use futures_util::future::BoxFuture;

use super::{
    Diagnostic, Diagnostics, Model, Resource, Schema, Value,
    codec::{Codec, decode, encode, require, to_model},
    generation, json,
    messages::{
        ApplyRequest, ApplyResponse, Encoded, GenerateConfigRequest, GenerateConfigResponse, ImportRequest,
        ImportResponse, Imported, MoveRequest, MoveResponse, PlanRequest, PlanResponse, RawState,
        ReadRequest, ReadResponse, UpgradeIdentityRequest, UpgradeIdentityResponse, UpgradeStateRequest,
        UpgradeStateResponse,
    },
    planning,
    resource::{
        Context, Create, Destroyed, IdentitySchema, Import, MoveSource, Outcome, PlanCreate, PlanDestroy,
        PlanUpdate, Stored, Update,
    },
};

/// A resource of any model, as the server keeps it.
pub struct AnyResource(Box<dyn Erased>);

impl AnyResource {
    /// Wraps a resource.
    pub fn new<R: Resource>(resource: R) -> AnyResource {
        let (codec, identity) = (Codec::new(resource.schema()), resource.identity_schema());
        AnyResource(Box::new(Adapter { resource, codec, identity }))
    }

    pub(super) fn erased(&self) -> &dyn Erased {
        self.0.as_ref()
    }
}

impl fmt::Debug for AnyResource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("AnyResource").field(&self.0.type_name()).finish()
    }
}

/// [`Resource`] without its model.
pub(super) trait Erased: Send + Sync {
    fn type_name(&self) -> &'static str;
    fn schema(&self) -> &Schema;
    fn identity_schema(&self) -> Option<&IdentitySchema>;
    fn validate(&self, config: &Encoded) -> Diagnostics;
    fn upgrade(&self, request: UpgradeStateRequest) -> UpgradeStateResponse;
    fn upgrade_identity(&self, request: UpgradeIdentityRequest) -> UpgradeIdentityResponse;
    fn read<'a>(&'a self, context: &'a Context, request: ReadRequest) -> BoxFuture<'a, ReadResponse>;
    fn plan<'a>(&'a self, context: &'a Context, request: PlanRequest) -> BoxFuture<'a, PlanResponse>;
    fn apply<'a>(&'a self, context: &'a Context, request: ApplyRequest) -> BoxFuture<'a, ApplyResponse>;
    fn import<'a>(&'a self, context: &'a Context, request: ImportRequest) -> BoxFuture<'a, ImportResponse>;
    fn generate_config(&self, request: &GenerateConfigRequest) -> GenerateConfigResponse;
    fn move_from(&self, request: MoveRequest) -> MoveResponse;
    fn identity(&self, state: &Encoded) -> Option<Encoded>;
    fn encode_identity(&self, identity: &Value) -> Result<Encoded, Diagnostic>;
    fn encode_object(&self, object: Value) -> Result<Encoded, Diagnostic>;
}

struct Adapter<R> {
    resource: R,
    codec: Codec,
    identity: Option<IdentitySchema>,
}

impl<R: Resource> Erased for Adapter<R> {
    fn type_name(&self) -> &'static str {
        self.resource.type_name()
    }

    fn schema(&self) -> &Schema {
        &self.codec.schema
    }

    fn identity_schema(&self) -> Option<&IdentitySchema> {
        self.identity.as_ref()
    }

    fn validate(&self, config: &Encoded) -> Diagnostics {
        self.codec.validate(config, |config| self.resource.validate(config))
    }

    fn upgrade(&self, request: UpgradeStateRequest) -> UpgradeStateResponse {
        match self.try_upgrade(&request) {
            Ok(upgraded_state) => UpgradeStateResponse { upgraded_state, diagnostics: Diagnostics::new() },
            Err(problem) => UpgradeStateResponse {
                upgraded_state: Encoded::Absent,
                diagnostics: self.codec.locate(problem),
            },
        }
    }

    fn upgrade_identity(&self, request: UpgradeIdentityRequest) -> UpgradeIdentityResponse {
        match self.try_upgrade_identity(&request) {
            Ok(upgraded_identity) => {
                UpgradeIdentityResponse { upgraded_identity, diagnostics: Diagnostics::new() }
            }
            Err(problem) => UpgradeIdentityResponse { upgraded_identity: None, diagnostics: problem.into() },
        }
    }

    fn read<'a>(&'a self, context: &'a Context, request: ReadRequest) -> BoxFuture<'a, ReadResponse> {
        Box::pin(async move {
            let (current_state, private) = (request.current_state.clone(), request.private.clone());
            let response = self.try_read(context, request).await;
            // Whatever went wrong, what was known of the object is handed back.
            response.unwrap_or_else(|diagnostics| ReadResponse {
                new_identity: self.identity(&current_state),
                new_state: current_state,
                private,
                diagnostics: self.codec.locate(diagnostics),
            })
        })
    }

    fn plan<'a>(&'a self, context: &'a Context, request: PlanRequest) -> BoxFuture<'a, PlanResponse> {
        Box::pin(async move {
            let (planned_state, planned_private) =
                (request.prior_state.clone(), request.prior_private.clone());
            let response = self.try_plan(context, request).await;
            response.unwrap_or_else(|diagnostics| PlanResponse {
                planned_state,
                planned_private,
                diagnostics: self.codec.locate(diagnostics),
                ..PlanResponse::default()
            })
        })
    }

    fn apply<'a>(&'a self, context: &'a Context, request: ApplyRequest) -> BoxFuture<'a, ApplyResponse> {
        Box::pin(async move {
            let (new_state, private) = (request.prior_state.clone(), request.planned_private.clone());
            let response = self.try_apply(context, request).await;
            response.unwrap_or_else(|diagnostics| ApplyResponse {
                new_identity: self.identity(&new_state),
                new_state,
                private,
                diagnostics: self.codec.locate(diagnostics),
            })
        })
    }

    fn import<'a>(&'a self, context: &'a Context, request: ImportRequest) -> BoxFuture<'a, ImportResponse> {
        Box::pin(async move {
            match self.try_import(context, request).await {
                Ok(imported) => ImportResponse { imported: Some(imported), diagnostics: Diagnostics::new() },
                Err(problem) => ImportResponse { imported: None, diagnostics: self.codec.locate(problem) },
            }
        })
    }

    fn move_from(&self, request: MoveRequest) -> MoveResponse {
        self.try_move(request).unwrap_or_else(|problem| MoveResponse::refused(self.codec.locate(problem)))
    }

    fn generate_config(&self, request: &GenerateConfigRequest) -> GenerateConfigResponse {
        match self.try_generate_config(request) {
            Ok(config) => GenerateConfigResponse { config, diagnostics: Diagnostics::new() },
            Err(problem) => {
                GenerateConfigResponse { config: Encoded::Absent, diagnostics: self.codec.locate(problem) }
            }
        }
    }

    /// The identity of the object that is stored like this; none where there is no object or no identity.
    fn identity(&self, state: &Encoded) -> Option<Encoded> {
        let stored = self.codec.decode(state).ok().filter(|stored| !stored.is_null())?;
        let model = to_model(stored).ok()?;
        self.identity_of(Some(&model)).ok().flatten()
    }

    /// Encodes the identity of an object that exists.
    ///
    /// # Errors
    ///
    /// The type has no identity, or a member is null or unknown.
    fn encode_identity(&self, identity: &Value) -> Result<Encoded, Diagnostic> {
        let Some(schema) = &self.identity else {
            return Err(no_identity(self.type_name()));
        };
        match schema.incomplete_member(identity) {
            Some(name) => Err(incomplete_identity(name)),
            None => encode(identity, &schema.implied_type()),
        }
    }

    /// Encodes the attributes of an object that exists.
    ///
    /// # Errors
    ///
    /// They do not fit the schema, or one is unknown.
    fn encode_object(&self, object: Value) -> Result<Encoded, Diagnostic> {
        if let Some(name) = object.unknown_members().first() {
            return Err(Diagnostic::error(
                "Listed object is incomplete",
                format!("The provider left {name} unknown. This is a bug in the provider."),
            ));
        }
        self.codec.encode(object)
    }
}

impl<R: Resource> Adapter<R> {
    fn try_upgrade(&self, request: &UpgradeStateRequest) -> Result<Encoded, Diagnostic> {
        let stored = read_json(&request.raw_state)?;
        let present = if request.version < self.codec.schema.version {
            self.resource.upgrade(request.version, stored)?
        } else {
            stored
        };
        let value = json::decode_state(&present, self.codec.value_type())
            .map_err(|error| unreadable_state(&error.to_string()))?;
        if let Value::Object(_) = value {
            self.resource.on_state_loaded(&to_model(value.clone())?);
        }
        self.codec.encode(value)
    }

    /// A state that a host before 1.12 has written holds no identity, and no version of one: there is none to upgrade,
    /// and the next read gives it.
    fn try_upgrade_identity(&self, request: &UpgradeIdentityRequest) -> Result<Option<Encoded>, Diagnostic> {
        let Some(identity) = &self.identity else {
            return Err(no_identity(self.type_name()));
        };
        if request.raw_identity.json.is_empty() {
            return Ok(None);
        }
        let of = identity.implied_type();
        let stored: serde_json::Value = serde_json::from_slice(&request.raw_identity.json)
            .map_err(|error| unreadable_state(&format!("its identity is not valid JSON ({error})")))?;
        let stored = if request.version < identity.version {
            self.resource.upgrade_identity(request.version, stored)
        } else {
            stored
        };
        let value = json::decode_state(&stored, &of).map_err(|error| unreadable_state(&error.to_string()))?;
        match identity.missing_member(&value) {
            Some(name) => Err(unreadable_state(&format!("its identity has no {name}"))),
            None => encode(&value, &of).map(Some),
        }
    }

    async fn try_read(&self, context: &Context, request: ReadRequest) -> Result<ReadResponse, Diagnostics> {
        let state = self.codec.decode(&request.current_state)?;
        let state = to_model(require(state, self.type_name(), "current state")?)?;
        let private = read_private(&request.private)?;
        let outcome = self.resource.read(context, Stored { state, private }).await;
        if outcome.diagnostics.has_errors() {
            return Err(outcome.diagnostics);
        }
        let new_identity = self.identity_of(outcome.state.as_ref())?;
        let new_state = outcome.state.map_or(Value::Null, Model::into_object);
        Ok(ReadResponse {
            new_state: self.codec.encode(new_state)?,
            private: write_private(&outcome.private)?,
            new_identity,
            diagnostics: self.codec.locate(outcome.diagnostics),
        })
    }

    async fn try_plan(&self, context: &Context, request: PlanRequest) -> Result<PlanResponse, Diagnostics> {
        let prior = self.codec.decode(&request.prior_state)?;
        let proposed = self.codec.decode(&request.proposed_new_state)?;
        if proposed.is_null() {
            return Ok(self.plan_destroy(context, prior, &request).await?);
        }
        let config = self.codec.decode_config(&request.config)?;
        let draft = planning::plan(&self.codec.schema, &config, &prior, proposed);
        let config = to_model(config)?;
        let planned = to_model(draft.planned)?;
        let private = read_private(&request.prior_private)?;
        let planned_identity = (!prior.is_null()).then(|| request.prior_identity.clone());
        let plan = if prior.is_null() {
            // Core passes private data along with a null prior state only in a replacement.
            let replaced = (!request.prior_private.is_empty()).then_some(private);
            self.resource.plan_create(context, PlanCreate { config, planned, replaced }).await
        } else {
            let prior = to_model(prior)?;
            let requires_replace = draft.requires_replace;
            let request = PlanUpdate { config, prior, planned, private, requires_replace };
            self.resource.plan_update(context, request).await
        };
        let mut diagnostics = draft.diagnostics;
        diagnostics.extend(plan.diagnostics);
        Ok(PlanResponse {
            planned_state: self.codec.encode(plan.planned.into_object())?,
            requires_replace: plan.requires_replace,
            planned_private: write_private(&plan.private)?,
            planned_identity: planned_identity.filter(|identity| *identity != Encoded::Absent),
            diagnostics: self.codec.locate(diagnostics),
        })
    }

    async fn plan_destroy(
        &self,
        context: &Context,
        prior: Value,
        request: &PlanRequest,
    ) -> Result<PlanResponse, Diagnostic> {
        let prior = to_model(prior)?;
        let private = read_private(&request.prior_private)?;
        let plan = self.resource.plan_destroy(context, PlanDestroy { prior, private }).await;
        Ok(PlanResponse {
            planned_state: self.codec.encode(Value::Null)?,
            planned_private: write_private(&plan.private)?,
            diagnostics: self.codec.locate(plan.diagnostics),
            ..PlanResponse::default()
        })
    }

    async fn try_apply(
        &self,
        context: &Context,
        request: ApplyRequest,
    ) -> Result<ApplyResponse, Diagnostics> {
        let prior = self.codec.decode(&request.prior_state)?;
        let planned = self.codec.decode(&request.planned_state)?;
        let private: R::Private = read_private(&request.planned_private)?;
        if planned.is_null() {
            let state = to_model(prior)?;
            let destroyed = self.resource.delete(context, Stored { state, private }).await;
            return Ok(self.deleted(request, destroyed)?);
        }
        let config = self.codec.decode_config(&request.config)?;
        let config = to_model(require(config, self.type_name(), "configuration")?)?;
        let planned_object = planned.clone();
        let planned = to_model(planned)?;
        let outcome = if prior.is_null() {
            self.resource.create(context, Create { config, planned, private }).await
        } else {
            let prior = to_model(prior)?;
            self.resource.update(context, Update { config, prior, planned, private }).await
        };
        Ok(self.applied(planned_object, request.planned_private, outcome)?)
    }

    fn deleted(&self, request: ApplyRequest, destroyed: Destroyed<R>) -> Result<ApplyResponse, Diagnostic> {
        let Destroyed { found, mut diagnostics } = destroyed;
        let gone = !diagnostics.has_errors();
        let new_state = match found {
            _ if gone => self.codec.encode(Value::Null)?,
            Some(found) => self.codec.encode(storable(found.into_object(), &mut diagnostics))?,
            None => request.prior_state,
        };
        Ok(ApplyResponse {
            new_identity: self.identity(&new_state),
            new_state,
            private: if gone { Vec::new() } else { request.planned_private },
            diagnostics: self.codec.locate(diagnostics),
        })
    }

    /// Answers a create or an update that was carried out. What cannot be encoded is replaced by what was planned:
    /// the object exists, and would otherwise be lost.
    ///
    /// # Errors
    ///
    /// What was planned cannot be encoded either.
    fn applied(
        &self,
        planned: Value,
        planned_private: Vec<u8>,
        outcome: Outcome<R>,
    ) -> Result<ApplyResponse, Diagnostic> {
        let mut diagnostics = outcome.diagnostics;
        let new_identity = self.identity_of(outcome.state.as_ref());
        let new_state = storable(outcome.state.map_or(Value::Null, Model::into_object), &mut diagnostics);
        let new_state = self.codec.encode(new_state).or_else(|problem| {
            diagnostics.push(problem);
            self.codec.encode(known_or_null(planned))
        })?;
        let private = write_private(&outcome.private).unwrap_or_else(|problem| {
            diagnostics.push(problem);
            planned_private
        });
        let new_identity = new_identity.unwrap_or_else(|problem| {
            diagnostics.push(problem);
            self.identity(&new_state)
        });
        Ok(ApplyResponse { new_state, private, new_identity, diagnostics: self.codec.locate(diagnostics) })
    }

    async fn try_import(&self, context: &Context, request: ImportRequest) -> Result<Imported, Diagnostic> {
        let from = match (&self.identity, &request.identity) {
            (Some(schema), identity) if request.id.is_empty() && *identity != Encoded::Absent => {
                Import::Identity(decode(identity, &schema.implied_type())?)
            }
            _ => Import::Id(request.id),
        };
        let model = self.resource.import(context, from).await?;
        let identity = self.identity_of(Some(&model))?;
        Ok(Imported {
            type_name: self.type_name().to_owned(),
            state: self.codec.encode(model.into_object())?,
            private: write_private(&R::Private::default())?,
            identity,
        })
    }

    fn try_move(&self, request: MoveRequest) -> Result<MoveResponse, Diagnostic> {
        let source = MoveSource {
            provider_address: request.source_provider_address,
            type_name: request.source_type_name,
            schema_version: request.source_schema_version,
            state: read_json_or_null(&request.source_state)?,
            private: request.source_private,
            identity: read_json_or_null(&request.source_identity)?,
        };
        let moved = self.resource.move_from(&source)?;
        Ok(MoveResponse {
            target_identity: self.identity_of(Some(&moved.state))?,
            target_state: self.codec.encode(moved.state.into_object())?,
            target_private: write_private(&moved.private)?,
            diagnostics: Diagnostics::new(),
        })
    }

    fn try_generate_config(&self, request: &GenerateConfigRequest) -> Result<Encoded, Diagnostic> {
        let state = require(self.codec.decode(&request.state)?, self.type_name(), "state")?;
        let config = to_model(generation::configuration(&self.codec.schema, state.clone()))?;
        self.codec.encode(self.resource.generate_config(&to_model(state)?, config).into_object())
    }

    fn identity_of(&self, state: Option<&R::Model>) -> Result<Option<Encoded>, Diagnostic> {
        match (&self.identity, state) {
            (Some(schema), Some(state)) => {
                let identity = self.resource.identity(state);
                match schema.missing_member(&identity) {
                    Some(name) => Err(incomplete_identity(name)),
                    None => encode(&identity, &schema.implied_type()).map(Some),
                }
            }
            _ => Ok(None),
        }
    }
}

fn read_private<P: serde::de::DeserializeOwned + Default>(bytes: &[u8]) -> Result<P, Diagnostic> {
    if bytes.is_empty() {
        return Ok(P::default());
    }
    serde_json::from_slice(bytes).map_err(|error| {
        Diagnostic::error(
            "Private data cannot be read",
            format!(
                "What the provider stored beside the state of this resource is damaged: {error}. {REIMPORT}"
            ),
        )
    })
}

/// Writes private data. The result is never empty: that is how a later plan tells a replacement from
/// a create.
fn write_private<P: serde::Serialize>(private: &P) -> Result<Vec<u8>, Diagnostic> {
    serde_json::to_vec(private).map_err(|error| {
        Diagnostic::error(
            "Private data cannot be written",
            format!("{error}. This is a bug in the provider."),
        )
    })
}

/// What to do about an object whose stored data cannot be used.
const REIMPORT: &str = "Take the resource out of the state, which changes nothing in the cloud, and import it again:\n\n  terraform state rm ADDRESS\n  terraform import ADDRESS ID";

fn unreadable_state(why: &str) -> Diagnostic {
    Diagnostic::error(
        "Stored state cannot be read",
        format!("The state of this resource cannot be used: {why}. {REIMPORT}"),
    )
}

/// Reads what a host has stored.
fn read_json(stored: &RawState) -> Result<serde_json::Value, Diagnostic> {
    if stored.is_flatmap {
        return Err(unreadable_state("it was written by a Terraform older than 0.12"));
    }
    serde_json::from_slice(&stored.json)
        .map_err(|error| unreadable_state(&format!("it is not valid JSON ({error})")))
}

/// Reads what a host has stored; null if it sent nothing.
fn read_json_or_null(stored: &RawState) -> Result<serde_json::Value, Diagnostic> {
    if *stored == RawState::default() { Ok(serde_json::Value::Null) } else { read_json(stored) }
}

/// Hosts accept an identity with a null in it, and find nothing by it.
fn incomplete_identity(member: &str) -> Diagnostic {
    Diagnostic::error(
        "Identity is incomplete",
        format!("{member} of the identity is null or unknown. This is a bug in the provider."),
    )
}

fn no_identity(type_name: &str) -> Diagnostic {
    Diagnostic::error("No resource identity", format!("{type_name} has no identity."))
}

/// An object as it can be stored; a value that is unknown makes an error.
fn storable(object: Value, diagnostics: &mut Diagnostics) -> Value {
    if object.is_wholly_known() {
        return object;
    }
    diagnostics.error(
        "Value still unknown after apply",
        "The provider left a value unknown; it is stored as null. This is a bug in the provider.",
    );
    known_or_null(object)
}

fn known_or_null(value: Value) -> Value {
    match value {
        Value::Unknown(_) => Value::Null,
        Value::List(elements) => Value::List(elements.into_iter().map(known_or_null).collect()),
        Value::Set(elements) => Value::Set(elements.into_iter().map(known_or_null).collect()),
        Value::Map(members) => {
            Value::Map(members.into_iter().map(|(key, member)| (key, known_or_null(member))).collect())
        }
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, member)| (name, known_or_null(member))).collect())
        }
        Value::Dynamic(of, value) => Value::Dynamic(of, Box::new(known_or_null(*value))),
        known => known,
    }
}
