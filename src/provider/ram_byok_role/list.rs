//! `alicloud_ram_byok_role` as a list resource: the roles that SLS may assume.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::{FutureExt as _, StreamExt as _, stream};

use super::{
    model::{RoleModel, is_service_linked},
    read,
    resource::{self, RamByokRole},
};
use crate::{
    errors,
    ordered_reads::{Failure, Listing},
    readiness::role::names_sls,
    session::Session,
};
use cloud::{
    CallContext,
    error::Error,
    names::RoleName,
    ram::{RamClient, Tag, byok_role::BoundRole},
};
use schema::{
    Attribute, Diagnostic, Diagnostics, Field, ListResource, Resource as _, Schema, Type,
    list_resource::{List, ListSink, Listed},
    model,
    resource::Context,
    validator::NotEmpty,
};

model! {
    /// Which roles are listed.
    pub struct ListModel {
        /// How their names begin.
        pub name_prefix: String,
        /// The tags that they carry.
        pub tags: BTreeMap<String, Field<String>>,
    }
}

const DESCRIPTION: &str = "The RAM roles whose trust policy names Simple Log Service (`log.aliyuncs.com`), for `terraform query`. Other roles are not listed: to import one and apply would replace its trust policy. An apply also removes whatever else a listed role trusts: look at `trust_policy` in the plan before you apply. Service-linked roles are not listed either.\n\nThe order is that of the names, so that two queries write the same file. Roles that cannot be read do not keep the others from being listed: one warning at the end names them. It is an error only if nothing can be listed.\n\nThe calls are a page of `ListRoles` for 1,000 roles, and one `GetRole` for each role whose name fits, because the list has no trust policies. With `include_resource` or `-generate-config-out` three more follow for each role that is listed (`ListPoliciesForRole`, `ListTagResources`, `GetPolicy`), and one more where it has a policy of `pass_role` (`ListEntitiesForPolicy`).";

/// The list resource `alicloud_ram_byok_role`.
#[derive(Debug)]
pub struct RamByokRoleList {
    resource: RamByokRole,
}

impl RamByokRoleList {
    pub(crate) fn new(session: Arc<Session>) -> RamByokRoleList {
        RamByokRoleList { resource: RamByokRole::new(session) }
    }
}

impl ListResource for RamByokRoleList {
    type Config = ListModel;
    type Resource = RoleModel;

    fn type_name(&self) -> &'static str {
        self.resource.type_name()
    }

    fn schema(&self) -> Schema {
        Schema { description: DESCRIPTION, attributes: attributes(), ..Schema::default() }
    }

    async fn list(
        &self,
        context: &Context,
        request: List<ListModel>,
        sink: &mut ListSink<'_, RoleModel>,
    ) -> Result<(), Diagnostics> {
        let List { config, include_resource, .. } = request;
        let client = self.resource.session.ram().map_err(Diagnostic::from)?;
        let lister = Lister { resource: &self.resource, context, client: &client, include_resource };
        let names = lister.names(&config).boxed().await?;
        let lister = &lister;
        let reads = stream::iter(names).map(|name| lister.read(name).boxed());
        let at_once = self.resource.session.max_concurrency();
        Listing { at_once, warning: "Not every role could be read" }.send(reads, sink).await
    }
}

/// One listing.
struct Lister<'a> {
    resource: &'a RamByokRole,
    context: &'a Context,
    client: &'a RamClient,
    include_resource: bool,
}

const CANNOT_LIST: &str = "Cannot list roles";

impl Lister<'_> {
    /// The names of the roles that may be listed, in order.
    ///
    /// # Errors
    ///
    /// They cannot be listed.
    async fn names(&self, config: &ListModel) -> Result<Vec<RoleName>, Diagnostic> {
        let tags = config.tags.known().into_iter().flatten();
        let tags: Vec<Tag> = tags.filter_map(|(key, value)| Some(Tag::new(key, value.known()?))).collect();
        let names = self.client.all_roles(&self.bounds(), &tags).await;
        let mut names = names.map_err(|error| errors::of_call(CANNOT_LIST, "The account", &error))?;
        // RAM compares names without letter case.
        let lower = |name: &RoleName| name.as_str().to_lowercase();
        let prefix = config.name_prefix.known().map(|prefix| prefix.to_lowercase()).unwrap_or_default();
        names.retain(|name| lower(name).starts_with(&prefix) && !is_service_linked(name.as_str()));
        names.sort_by_key(lower);
        names.dedup();
        Ok(names)
    }

    /// What a list shows of a role; `None` if SLS may not assume it.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    async fn read(&self, name: RoleName) -> Result<Option<Listed<RoleModel>>, Failure> {
        match self.try_read(&name).await {
            // It was deleted after it was listed.
            Err(error) if errors::is_gone(&error) && error.action() == "GetRole" => Ok(None),
            outcome => {
                outcome.map_err(|error| Failure::of_call(CANNOT_LIST, format_args!("Role {name}"), &error))
            }
        }
    }

    async fn try_read(&self, name: &RoleName) -> Result<Option<Listed<RoleModel>>, Error> {
        let bounds = self.bounds();
        let role = self.client.get_role(&bounds, name).await?;
        if !names_sls(&role.assume_role_policy_document) {
            return Ok(None);
        }
        let mut state = RoleModel { role_name: role.role_name.as_str().into(), ..RoleModel::default() };
        let display_name = role.role_name.to_string();
        if self.include_resource {
            let clock = self.client.clock();
            let bound = BoundRole { client: self.client, clock, context: &bounds, name };
            let policy_name = resource::pass_role_policy_name(&state, true);
            let found = bound.read_belongings(role, policy_name.as_deref()).await?;
            state = read::new_state(&state, found, true);
        } else {
            state.observe_role(&role);
        }
        Ok(Some(Listed {
            display_name,
            identity: self.resource.identity(&state),
            resource: self.include_resource.then_some(state),
        }))
    }

    /// The bounds of one read, as a refresh has them.
    fn bounds(&self) -> CallContext {
        self.resource.session.default_read_bounds(self.context)
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::string("name_prefix")
            .optional()
            .validator(NotEmpty)
            .description("Only roles whose name begins with this text. Letter case does not count."),
        Attribute::new("tags", Type::map(Type::String))
            .optional()
            .description("Only roles that carry all of these tags."),
    ]
}
