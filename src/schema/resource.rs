//! The trait a managed resource implements.

use std::{fmt, future::Future};

use serde::{Serialize, de::DeserializeOwned};
use tokio_util::sync::CancellationToken;

use super::{Diagnostic, Diagnostics, Model, Path, Schema, Type, Value};

/// What every call of a resource may watch.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Cancelled when the person interrupts Terraform: the call should return soon, with what is
    /// known and an error.
    pub cancel: CancellationToken,
}

/// One managed resource type.
///
/// The framework decodes and encodes, checks values against the schema's validators, applies
/// defaults and plan modifiers, and tells create, update and destroy apart; what is left to a
/// resource is its own rules and the calls to its service.
pub trait Resource: fmt::Debug + Send + Sync + Sized + 'static {
    /// The resource's attributes as a struct.
    type Model: Model;

    /// What the resource keeps beside the state for itself. It is stored in clear: no secrets.
    type Private: Serialize + DeserializeOwned + Default + Clone + Send + Sync + 'static;

    /// The name of the resource type.
    fn type_name(&self) -> &'static str;

    /// Its schema.
    fn schema(&self) -> Schema;

    /// The schema of its identity, if it has one (protocol 6.9).
    fn identity_schema(&self) -> Option<IdentitySchema> {
        None
    }

    /// The identity of an object; asked only if there is an identity schema.
    fn identity(&self, _state: &Self::Model) -> Value {
        Value::Null
    }

    /// Checks rules between attributes of a configuration; values may be unknown.
    fn validate(&self, _config: &Self::Model) -> Diagnostics {
        Diagnostics::new()
    }

    /// Brings a state written with an older schema version to the present one.
    ///
    /// # Errors
    ///
    /// The state cannot be understood.
    fn upgrade(&self, _version: i64, state: serde_json::Value) -> Result<serde_json::Value, Diagnostic> {
        Ok(state)
    }

    /// Brings an identity stored with an older version of its schema to the present one. If a member that an import
    /// must give is null then, the host is given an error in place of the identity.
    fn upgrade_identity(&self, _version: i64, identity: serde_json::Value) -> serde_json::Value {
        identity
    }

    /// Takes over an object of another resource type, which a `moved` block names (protocol 6.5). Nothing is called:
    /// what the state there does not hold, the read that follows finds out.
    ///
    /// # Errors
    ///
    /// The object cannot be taken over, with what to do instead. So it is with every type unless a resource says
    /// otherwise.
    fn move_from(&self, source: &MoveSource) -> Result<Moved<Self>, Diagnostic> {
        Err(source.refused(self.type_name()))
    }

    /// Called with every object of the state, in each phase and before any other call about the object, also if nothing
    /// is refreshed.
    fn on_state_loaded(&self, _state: &Self::Model) {}

    /// Plans a create.
    fn plan_create(
        &self,
        context: &Context,
        request: PlanCreate<Self>,
    ) -> impl Future<Output = Plan<Self>> + Send;

    /// Plans a change of an existing object, or no change.
    fn plan_update(
        &self,
        context: &Context,
        request: PlanUpdate<Self>,
    ) -> impl Future<Output = Plan<Self>> + Send;

    /// Plans a destroy, and warns of what will be lost or left.
    fn plan_destroy(
        &self,
        context: &Context,
        request: PlanDestroy<Self>,
    ) -> impl Future<Output = DestroyPlan<Self>> + Send;

    /// Creates the object. On failure the outcome's state is what exists, with an error.
    fn create(&self, context: &Context, request: Create<Self>) -> impl Future<Output = Outcome<Self>> + Send;

    /// Reads the object. Without a state the object is gone; on failure the state stays as it was.
    fn read(&self, context: &Context, request: Stored<Self>) -> impl Future<Output = Outcome<Self>> + Send;

    /// Changes the object in place. On failure the outcome's state is what exists, with an error.
    fn update(&self, context: &Context, request: Update<Self>) -> impl Future<Output = Outcome<Self>> + Send;

    /// Destroys the object. Errors keep it in the state.
    fn delete(
        &self,
        context: &Context,
        request: Stored<Self>,
    ) -> impl Future<Output = Destroyed<Self>> + Send;

    /// The configuration that Terraform writes for an object that has none yet: on import, and for the results of a
    /// list (protocol 6.10). Planned against `state`, it must be no change.
    ///
    /// `config` is what the schema says: `state` without the values that only the provider sets, and without those that
    /// are the defaults of their attributes ([`generation`](super::generation)). A resource that knows of more that may
    /// be left out makes it null here.
    fn generate_config(&self, _state: &Self::Model, config: Self::Model) -> Self::Model {
        config
    }

    /// Turns what a person imports into a state that [`Resource::read`] can complete.
    fn import(
        &self,
        context: &Context,
        from: Import,
    ) -> impl Future<Output = Result<Self::Model, Diagnostic>> + Send;
}

/// An object as it is stored.
#[derive(Debug)]
pub struct Stored<R: Resource> {
    /// Its attributes.
    pub state: R::Model,
    /// The resource's own data about it.
    pub private: R::Private,
}

/// Asks to plan a create.
#[derive(Debug)]
pub struct PlanCreate<R: Resource> {
    /// The configuration.
    pub config: R::Model,
    /// The plan after defaults and modifiers; computed attributes are unknown.
    pub planned: R::Model,
    /// If this is the create half of a replacement: the private data that the plan of the existing object returned.
    /// `None` for a tainted object, although it is replaced too, and in the plan that Terraform repeats at apply.
    pub replaced: Option<R::Private>,
}

/// Asks to plan a change.
#[derive(Debug)]
pub struct PlanUpdate<R: Resource> {
    /// The configuration.
    pub config: R::Model,
    /// The object as it is.
    pub prior: R::Model,
    /// The plan after defaults and modifiers.
    pub planned: R::Model,
    /// The resource's own data about the object.
    pub private: R::Private,
    /// The values whose change needs a new object, as far as the modifiers say.
    pub requires_replace: Vec<Path>,
}

/// Asks to plan a destroy.
#[derive(Debug)]
pub struct PlanDestroy<R: Resource> {
    /// The object as it is.
    pub prior: R::Model,
    /// The resource's own data about it.
    pub private: R::Private,
}

/// A planned create or change.
#[derive(Debug)]
pub struct Plan<R: Resource> {
    /// The object as it will be.
    pub planned: R::Model,
    /// The resource's own data for apply.
    pub private: R::Private,
    /// The values whose change needs a new object.
    pub requires_replace: Vec<Path>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// A planned destroy.
#[derive(Debug)]
pub struct DestroyPlan<R: Resource> {
    /// The resource's own data for apply.
    pub private: R::Private,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// Asks to carry out a planned create.
#[derive(Debug)]
pub struct Create<R: Resource> {
    /// The configuration, wholly known.
    pub config: R::Model,
    /// The plan.
    pub planned: R::Model,
    /// The resource's own data from the plan.
    pub private: R::Private,
}

/// Asks to carry out a planned change.
#[derive(Debug)]
pub struct Update<R: Resource> {
    /// The configuration, wholly known.
    pub config: R::Model,
    /// The object as it was when the plan was made.
    pub prior: R::Model,
    /// The plan.
    pub planned: R::Model,
    /// The resource's own data from the plan.
    pub private: R::Private,
}

/// What is there after a call.
#[derive(Debug)]
pub struct Outcome<R: Resource> {
    /// The object, or `None` if there is none.
    pub state: Option<R::Model>,
    /// The resource's own data about it.
    pub private: R::Private,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

/// How a destroy ended.
#[derive(Debug)]
pub struct Destroyed<R: Resource> {
    /// What was found of an object that was not destroyed, with an error; `None` keeps it as it was.
    pub found: Option<R::Model>,
    /// Errors and warnings.
    pub diagnostics: Diagnostics,
}

impl<R: Resource> From<Diagnostics> for Destroyed<R> {
    fn from(diagnostics: Diagnostics) -> Self {
        Destroyed { found: None, diagnostics }
    }
}

/// An object of another resource type, as it is stored.
#[derive(Clone, Debug, Default)]
pub struct MoveSource {
    /// The address of its provider: `registry.terraform.io/aliyun/alicloud`.
    pub provider_address: String,
    /// Its resource type.
    pub type_name: String,
    /// The schema version its state was written with.
    pub schema_version: i64,
    /// Its state; nothing is known of its schema here.
    pub state: serde_json::Value,
    /// What its provider stored beside the state.
    pub private: Vec<u8>,
    /// Its identity; null if it has none.
    pub identity: serde_json::Value,
}

impl MoveSource {
    /// A text of the state by the name that it has there, or by one that it had before; `None` if it is absent or
    /// empty.
    pub fn text(&self, name: &str, former: &str) -> Option<&str> {
        let text = |name: &str| self.state.get(name)?.as_str().filter(|text| !text.is_empty());
        text(name).or_else(|| text(former))
    }

    /// Says that it cannot become an object of the type `target`, and how to import it in place of that.
    pub fn refused(&self, target: &str) -> Diagnostic {
        Diagnostic::error(
            "Move between resource types not supported",
            format!(
                "{target} cannot take over a {} of provider {}. Remove the moved block, take the object out of the state under its old address, and import it under the new one:\n\n  terraform state rm OLD_ADDRESS\n  terraform import NEW_ADDRESS ID",
                self.type_name, self.provider_address
            ),
        )
    }
}

/// An object that was taken over from another resource type.
#[derive(Debug)]
pub struct Moved<R: Resource> {
    /// Its attributes, as far as they are known.
    pub state: R::Model,
    /// The resource's own data about it.
    pub private: R::Private,
}

/// What a person gave to import an object.
#[derive(Clone, Debug)]
pub enum Import {
    /// The id of `terraform import` or of an `import` block.
    Id(String),
    /// The identity of an `import` block.
    Identity(Value),
}

/// The schema of a resource identity (protocol 6.9).
#[derive(Clone, Debug)]
pub struct IdentitySchema {
    /// The version identities are stored with.
    pub version: i64,
    /// Its attributes.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of a resource identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// Its name.
    pub name: &'static str,
    /// Its type: string, number, bool or a list of one of them.
    pub of: Type,
    /// An import by identity must give it.
    pub required_for_import: bool,
    /// An import by identity may leave it to the provider.
    pub optional_for_import: bool,
    /// What it means.
    pub description: &'static str,
}

impl IdentityAttribute {
    /// A text that an import by identity must give.
    pub fn required(name: &'static str, description: &'static str) -> Self {
        IdentityAttribute {
            name,
            of: Type::String,
            required_for_import: true,
            optional_for_import: false,
            description,
        }
    }

    /// A text that an import by identity may leave to the provider.
    pub fn optional(name: &'static str, description: &'static str) -> Self {
        IdentityAttribute {
            required_for_import: false,
            optional_for_import: true,
            ..Self::required(name, description)
        }
    }
}

impl IdentitySchema {
    /// The first member that an import must give, and that is null or unknown in this identity.
    pub fn missing_member(&self, identity: &Value) -> Option<&'static str> {
        let required = self.attributes.iter().filter(|attribute| attribute.required_for_import);
        required.map(|attribute| attribute.name).find(|name| is_missing(identity.attribute(name)))
    }

    /// The first member that is null or unknown in this identity.
    pub fn incomplete_member(&self, identity: &Value) -> Option<&'static str> {
        let mut names = self.attributes.iter().map(|attribute| attribute.name);
        names.find(|name| is_missing(identity.attribute(name)))
    }

    /// The type of an identity of this schema.
    pub fn implied_type(&self) -> Type {
        Type::Object(
            self.attributes
                .iter()
                .map(|attribute| (attribute.name.to_owned(), attribute.of.clone()))
                .collect(),
        )
    }
}

fn is_missing(member: &Value) -> bool {
    member.is_null() || member.is_unknown()
}
