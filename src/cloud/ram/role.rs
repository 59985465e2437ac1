//! Roles.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cloud::CallContext;
use crate::cloud::clock::Clock;
use crate::cloud::error::Error;
use crate::cloud::names::RoleName;
use crate::cloud::ram::client::{expect_name, list, next_marker};
use crate::cloud::ram::tag::{self, Tag};
use crate::cloud::ram::{RamClient, RoleArn};
use crate::cloud::rpc::{Call, Parameters};
use crate::cloud::shape::Object;

/// The parameters of `CreateRole`; what is `None` or empty is left to the service.
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

/// The parameters of `UpdateRole`; what is `None` stays as it is.
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

/// The parameters of `ListRoles`; what is `None` or empty is left to the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListRoles {
    /// `Marker`: [`RolePage::marker`] of the page before.
    pub marker: Option<String>,
    /// `MaxItems`: how many to give at most, 1 to 1000; the service's default is 100.
    pub max_items: Option<u32>,
    /// `Tag`: only roles that carry all of these.
    pub tags: Vec<Tag>,
}

/// A role as `CreateRole`, `GetRole` and `UpdateRole` describe it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// `RoleId`, digits.
    pub role_id: String,
    /// `RoleName`, as it was spelt at creation.
    pub role_name: RoleName,
    /// `Arn`, where RAM writes the name in lower case.
    pub arn: RoleArn,
    /// `Description`; empty when there is none.
    pub description: String,
    /// `AssumeRolePolicyDocument`, the trust policy as it was sent.
    pub assume_role_policy_document: String,
    /// `MaxSessionDuration` in seconds.
    pub max_session_duration: i64,
    /// `CreateDate` in UTC, `2015-01-23T12:33:18Z`.
    pub create_date: String,
    /// `UpdateDate`, written the same; `CreateRole` does not give it.
    pub update_date: Option<String>,
}

/// How old a role is of which all services are taken to know. It decides how often is asked, and nothing else.
const YOUNG: time::Duration = time::Duration::minutes(2);

impl Role {
    /// Whether the role was made so recently that some services may not know it, or what belongs to it.
    pub fn is_young(&self, clock: &dyn Clock) -> bool {
        is_young(Some(&self.create_date), clock)
    }
}

/// Whether a role that was made at this time, `CreateDate`, may not be known everywhere yet. One that was made at an
/// unknown time may be young.
pub(in crate::cloud) fn is_young(create_date: Option<&str>, clock: &dyn Clock) -> bool {
    let made = create_date.and_then(|date| OffsetDateTime::parse(date, &Rfc3339).ok());
    made.and_then(|made| made.checked_add(YOUNG)).is_none_or(|old| clock.now() < old)
}

/// A role as `ListRoles` describes it: without its trust policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRole {
    /// `RoleId`, digits.
    pub role_id: String,
    /// `RoleName`, as it was spelt at creation.
    pub role_name: RoleName,
    /// `Arn`, where RAM writes the name in lower case.
    pub arn: RoleArn,
    /// `Description`; empty when there is none.
    pub description: String,
    /// `CreateDate` in UTC, `2015-01-23T12:33:18Z`.
    pub create_date: String,
    /// `Tags`
    pub tags: Vec<Tag>,
}

/// One page of roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolePage {
    /// The roles on this page.
    pub roles: Vec<ListedRole>,
    /// Where the next page begins; `None` on the last one.
    pub marker: Option<String>,
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
        self.rpc.write(context, call, &|answer| Role::read(answer, name)).await
    }

    /// `GetRole`
    ///
    /// # Errors
    /// `NotFound` with code `EntityNotExist.Role`; `Malformed` when the answer is about another role or lacks what
    /// [`Role`] holds; otherwise any kind.
    pub async fn get_role(&self, context: &CallContext, name: &RoleName) -> Result<Role, Error> {
        let call = Call::new("GetRole", name.as_str(), Parameters::new().with("RoleName", name));
        self.rpc.read(context, call, &|answer| Role::read(answer, name)).await
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
        self.rpc.write(context, call, &|answer| Role::read(answer, name)).await
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

    /// `ListRoles`: one page.
    ///
    /// # Errors
    /// Any kind.
    pub async fn list_roles(&self, context: &CallContext, wanted: &ListRoles) -> Result<RolePage, Error> {
        let parameters = Parameters::new()
            .with_optional("Marker", wanted.marker.as_ref())
            .with_optional("MaxItems", wanted.max_items)
            .with_list("Tag", tag::to_json(&wanted.tags));
        let call = Call::new("ListRoles", "roles", parameters);
        let read = |answer: &Object<'_>| {
            let roles = list(answer, ("Roles", "Role"), ListedRole::read)?;
            Ok(RolePage { roles, marker: next_marker(answer)? })
        };
        self.rpc.read(context, call, &read).await
    }
}

impl Role {
    fn read(answer: &Object<'_>, asked: &RoleName) -> Result<Self, Error> {
        let role = answer.object("Role")?;
        expect_name(&role, "RoleName", asked.as_str())?;
        Ok(Self {
            role_id: role.text("RoleId")?.to_owned(),
            role_name: RoleName::answered(role.text("RoleName")?),
            arn: read_arn(&role)?,
            description: role.optional_text("Description")?.unwrap_or_default().to_owned(),
            assume_role_policy_document: role.text("AssumeRolePolicyDocument")?.to_owned(),
            max_session_duration: role.integer("MaxSessionDuration")?,
            create_date: role.text("CreateDate")?.to_owned(),
            update_date: role.optional_text("UpdateDate")?.map(str::to_owned),
        })
    }
}

impl ListedRole {
    fn read(role: &Object<'_>) -> Result<Self, Error> {
        Ok(Self {
            role_id: role.text("RoleId")?.to_owned(),
            role_name: RoleName::answered(role.text("RoleName")?),
            arn: read_arn(role)?,
            description: role.optional_text("Description")?.unwrap_or_default().to_owned(),
            create_date: role.text("CreateDate")?.to_owned(),
            tags: list(role, ("Tags", "Tag"), Tag::read)?,
        })
    }
}

/// Reads `Arn`, which must be a role's.
pub(super) fn read_arn(role: &Object<'_>) -> Result<RoleArn, Error> {
    RoleArn::parse(role.text("Arn")?).map_err(|_| role.wrong("Arn", "the ARN of a role"))
}
