//! Roles.

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::CallContext;
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Operation};
use crate::names::RoleName;
use crate::ram::tag::{self, Tag};
use crate::ram::{RamClient, RoleArn};
use crate::rpc::members::{expect_name, list, optional_text, or_default};
use crate::rpc::{Call, Parameters};

/// The parameters of `CreateRole`. A parameter that is `None` or empty is not sent.
///
/// Source: RAM documentation, `CreateRole`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRole {
    /// `RoleName`
    pub role_name: RoleName,
    /// `AssumeRolePolicyDocument`, the trust policy as JSON text. RAM keeps it as it is sent.
    pub assume_role_policy_document: String,
    /// `Description`, up to 1024 characters.
    pub description: Option<String>,
    /// `MaxSessionDuration` in seconds, 3600 to 43200.
    pub max_session_duration: Option<i64>,
    /// `Tag`, up to 20.
    pub tags: Vec<Tag>,
}

/// The parameters of `UpdateRole`. A value that is `None` does not change.
///
/// Source: RAM documentation, `UpdateRole`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateRole {
    /// `NewAssumeRolePolicyDocument`, the trust policy as JSON text.
    pub assume_role_policy_document: Option<String>,
    /// `NewDescription`. Whether an empty one clears the description is not documented.
    pub description: Option<String>,
    /// `NewMaxSessionDuration` in seconds, 3600 to 43200.
    pub max_session_duration: Option<i64>,
}

/// A role as `CreateRole`, `GetRole` and `UpdateRole` describe it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    /// `RoleId`, digits.
    pub role_id: String,
    /// `RoleName`, as it was spelt at creation.
    pub role_name: RoleName,
    /// `Arn`, in which RAM writes the name in lower case.
    pub arn: RoleArn,
    /// `Description`; empty when there is none.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
    /// `AssumeRolePolicyDocument`, the trust policy as it was sent.
    pub assume_role_policy_document: String,
    /// `MaxSessionDuration` in seconds.
    pub max_session_duration: i64,
    /// `CreateDate` in UTC, `2015-01-23T12:33:18Z`.
    pub create_date: String,
}

/// One page of the roles of the account.
///
/// Source: RAM documentation, `ListRoles`: the roles of a list come without their trust policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RolePage {
    /// The roles on this page.
    #[serde(default, deserialize_with = "list")]
    pub roles: Vec<ListedRole>,
    /// `Marker`: where the next page begins; `None` on the last one.
    #[serde(default, deserialize_with = "optional_text")]
    pub marker: Option<String>,
}

/// A role as `ListRoles` describes it, as far as it is needed here: which one it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListedRole {
    /// `RoleName`, as it was spelt at creation.
    pub role_name: RoleName,
}

/// How many pages a list of roles may have: a million roles. An account has 1,000 unless its quota is raised.
const MAX_PAGES: u32 = 1_000;

/// A role of this age is assumed to be known everywhere. This decides only how often RAM is asked.
const YOUNG: time::Duration = time::Duration::minutes(2);

impl Role {
    /// Whether the role was created so recently that some servers may not know it, its policies or its tags yet.
    pub fn is_young(&self, clock: &dyn Clock) -> bool {
        is_young(Some(&self.create_date), clock)
    }
}

/// Whether a role with this `CreateDate` may not be known everywhere yet. A role with an unknown date may be young.
pub(crate) fn is_young(create_date: Option<&str>, clock: &dyn Clock) -> bool {
    let made = create_date.and_then(|date| OffsetDateTime::parse(date, &Rfc3339).ok());
    made.and_then(|made| made.checked_add(YOUNG)).is_none_or(|old| clock.now() < old)
}

impl RamClient {
    /// `CreateRole`
    ///
    /// # Errors
    /// `AlreadyExists` with code `EntityAlreadyExists.Role`; `Invalid` with code `MalformedPolicyDocument`,
    /// `InvalidParameter.*` or `LimitExceeded.Role`; otherwise any kind.
    pub async fn create_role(&self, context: &CallContext, create: &CreateRole) -> Result<Role, Error> {
        let name = &create.role_name;
        let parameters = Parameters::new()
            .with("RoleName", name)
            .with("AssumeRolePolicyDocument", &create.assume_role_policy_document)
            .with_optional("Description", create.description.as_ref())
            .with_optional("MaxSessionDuration", create.max_session_duration)
            .with_list("Tag", tag::to_json(&create.tags));
        let call = Call::new("CreateRole", name.as_str(), parameters);
        self.rpc.write(context, call, role_named(name)).await
    }

    /// `GetRole`
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Role`; `Malformed` when the answer is about another role or lacks what
    /// [`Role`] holds; otherwise any kind.
    pub async fn get_role(&self, context: &CallContext, name: &RoleName) -> Result<Role, Error> {
        let call = Call::new("GetRole", name.as_str(), Parameters::new().with("RoleName", name));
        self.rpc.read(context, call, role_named(name)).await
    }

    /// `ListRoles`: one page of the roles that carry all of these tags, that of a [`RolePage::marker`] or the first.
    ///
    /// # Errors
    /// Any kind.
    pub async fn list_roles(
        &self,
        context: &CallContext,
        tags: &[Tag],
        marker: Option<&str>,
    ) -> Result<RolePage, Error> {
        let parameters = Parameters::new()
            .with("MaxItems", 1_000)
            .with_optional("Marker", marker)
            .with_list("Tag", tag::to_json(tags));
        self.rpc.read(context, Call::new("ListRoles", ALL_ROLES, parameters), Ok).await
    }

    /// The names of all roles that carry all of these tags, in the order of RAM: all pages of `ListRoles`.
    ///
    /// # Errors
    /// Those of [`RamClient::list_roles`]; `Malformed` when the list does not end.
    pub async fn all_roles(&self, context: &CallContext, tags: &[Tag]) -> Result<Vec<RoleName>, Error> {
        let (mut names, mut marker) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let page = self.list_roles(context, tags, marker.as_deref()).await?;
            names.extend(page.roles.into_iter().map(|role| role.role_name));
            marker = page.marker;
            if marker.is_none() {
                return Ok(names);
            }
        }
        let operation = Operation::new("RAM", "ListRoles", ALL_ROLES);
        Err(Error::new(ErrorKind::Malformed, &operation, format!("the list has more than {MAX_PAGES} pages")))
    }

    /// `UpdateRole`
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Role`; `Invalid` as for [`RamClient::create_role`]; otherwise any kind.
    pub async fn update_role(
        &self,
        context: &CallContext,
        name: &RoleName,
        update: &UpdateRole,
    ) -> Result<Role, Error> {
        let parameters = Parameters::new()
            .with("RoleName", name)
            .with_optional("NewAssumeRolePolicyDocument", update.assume_role_policy_document.as_ref())
            .with_optional("NewDescription", update.description.as_ref())
            .with_optional("NewMaxSessionDuration", update.max_session_duration);
        let call = Call::new("UpdateRole", name.as_str(), parameters);
        self.rpc.write(context, call, role_named(name)).await
    }

    /// `DeleteRole`
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Role`; `Conflict` with code `DeleteConflict.Role.Policy` while policies
    /// are attached; otherwise any kind.
    pub async fn delete_role(&self, context: &CallContext, name: &RoleName) -> Result<(), Error> {
        let call = Call::new("DeleteRole", name.as_str(), Parameters::new().with("RoleName", name));
        self.rpc.run(context, call).await
    }
}

/// What calls about the roles of the account name in logs and errors.
const ALL_ROLES: &str = "the roles of the account";

/// The answer of the actions that describe a role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoleAnswer {
    role: Role,
}

/// Takes the role from an answer, and checks that it is the requested one.
fn role_named(asked: &RoleName) -> impl Fn(RoleAnswer) -> Result<Role, String> + '_ {
    move |RoleAnswer { role }| {
        expect_name("Role.RoleName", role.role_name.as_str(), asked.as_str()).map(|()| role)
    }
}
