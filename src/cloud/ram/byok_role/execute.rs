//! Carries out the steps of a diff.

use std::collections::BTreeSet;

use super::actual::{ActualPassRole, ActualRole, AttachedPolicy, PAUSES, PassRolePolicy, is_document};
use super::bound_role::{BoundRole, custom_policy};
use super::desired::{Principal, pass_role_description, system_policy};
use super::diff::{RoleUpdate, Step};
use super::retry::WriteCheck;
use crate::error::{Error, ErrorKind};
use crate::ram::{CreatePolicy, PolicyDocument, RoleArn, Tag, UpdateRole};

/// Why a step was not carried out.
#[derive(Debug)]
pub enum StepError {
    /// The call failed.
    Call(Error),
    /// RAM did not attach the policy that lets principals pass the role to these principals, because of the principals
    /// themselves. It did attach the policy to the others.
    Principals(Vec<(Principal, Error)>),
    /// There is a policy of this name that is not ours.
    PolicyTaken {
        /// Its name.
        policy_name: String,
        /// Its document.
        document: String,
        /// The role that it lets principals pass, if it belongs to another BYOK role.
        of_role: Option<String>,
    },
}

impl From<Error> for StepError {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl BoundRole<'_> {
    /// Carries out steps in their order, and records each in `actual`. If a step fails, the steps before it stay
    /// carried out and recorded. If a principal does not exist, or can have no more policies, the policy is still
    /// attached to the other principals; the steps after that are not carried out.
    ///
    /// # Errors
    ///
    /// Why a step was not carried out. The steps after it were not tried.
    pub async fn execute(
        &self,
        arn: &RoleArn,
        steps: &[Step],
        actual: &mut ActualRole,
    ) -> Result<(), StepError> {
        let mut refused = Vec::new();
        for step in steps {
            if !refused.is_empty() && !matches!(step, Step::AttachPassRole(..)) {
                break;
            }
            match (self.execute_step(arn, step).await, step) {
                (Ok(()), _) => record_step(actual, step),
                (Err(StepError::Call(error)), Step::AttachPassRole(_, principal))
                    if is_about_principal(&error) =>
                {
                    refused.push((principal.clone(), error));
                }
                (Err(error), _) => return Err(error),
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(StepError::Principals(refused)) }
    }

    async fn execute_step(&self, arn: &RoleArn, step: &Step) -> Result<(), StepError> {
        match step {
            Step::UpdateRole(update) => self.update(update).await?,
            Step::AttachKmsPolicy(name) => self.attach(&system_policy(name)).await?,
            Step::Tag(tags) => {
                let tags: Vec<Tag> = tags.iter().map(|(key, value)| Tag::new(key, value)).collect();
                self.retry_until_known(|| self.client.tag_resources(self.context, self.name, &tags)).await?;
            }
            Step::Untag(keys) => {
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                self.retry_idempotent(|| self.client.untag_resources(self.context, self.name, &keys)).await?;
            }
            Step::CreatePassRolePolicy(name) => self.create_pass_role_policy(name, arn).await?,
            Step::CorrectPassRolePolicy(name) => self.correct_pass_role_policy(name, arn).await?,
            Step::AttachPassRole(name, to) => self.attach_to_principal(&custom_policy(name)?, to).await?,
            Step::DetachPassRole(name, from) => {
                self.detach_from_principal(&custom_policy(name)?, from).await?;
            }
            Step::DeletePassRolePolicy(name) => self.delete_pass_role_policy(name).await?,
        }
        Ok(())
    }

    async fn update(&self, update: &RoleUpdate) -> Result<(), Error> {
        let update = UpdateRole {
            assume_role_policy_document: update.trust.then(|| PolicyDocument::byok_trust().to_string()),
            description: update.description.clone(),
            max_session_duration: update.max_session_duration,
        };
        self.retry_until_known(|| self.client.update_role(self.context, self.name, &update)).await.map(drop)
    }

    /// Creates the policy. If a policy with our description exists, an earlier run whose answer or state was lost has
    /// created it; it is used, and its document is corrected if necessary.
    async fn create_pass_role_policy(&self, name: &str, arn: &RoleArn) -> Result<(), StepError> {
        let id = custom_policy(name)?;
        let desired = PolicyDocument::pass_role(arn);
        let create = CreatePolicy {
            policy_name: id.policy_name.clone(),
            policy_document: desired.to_string(),
            description: Some(pass_role_description(self.name)),
        };
        let error = match self.retry_idempotent(|| self.client.create_policy(self.context, &create)).await {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => error,
            Err(error) => return Err(error.into()),
        };
        // RAM has answered that the policy exists. A server that answers otherwise does not know it yet.
        let mut pauses = PAUSES.iter();
        let found = loop {
            match self.policy(&id).await {
                Ok(None) if self.pause_to_read_again(&mut pauses, &error).await.is_ok() => {}
                found => break found,
            }
        };
        match found {
            Ok(Some(found)) if !found.is_ours => {
                let PassRolePolicy { document, of_role, .. } = found;
                Err(StepError::PolicyTaken { policy_name: name.to_owned(), document, of_role })
            }
            Ok(Some(found)) if is_document(&found.document, &desired) => Ok(()),
            Ok(Some(_)) => Ok(self.correct_pass_role_policy(name, arn).await?),
            Ok(None) | Err(_) => Err(error.into()),
        }
    }

    /// Creates a new default version of the policy. A policy has at most five versions; RAM deletes the oldest one.
    async fn correct_pass_role_policy(&self, name: &str, arn: &RoleArn) -> Result<(), Error> {
        let id = custom_policy(name)?;
        let desired = PolicyDocument::pass_role(arn);
        let document = desired.to_string();
        let send = async || {
            let made = self.client.create_policy_version(self.context, &id.policy_name, &document).await;
            made.map(drop)
        };
        // Each version counts, so the policy is read before another one is created.
        let find = async || {
            let found = self.policy(&id).await?;
            let is_right = found.is_some_and(|found| is_document(&found.document, &desired));
            Ok(if is_right { WriteCheck::Applied(()) } else { WriteCheck::NotApplied })
        };
        self.retry_unless_done(send, find).await
    }

    /// Deletes the policy with all its versions. A policy that does not exist is a success.
    pub(super) async fn delete_pass_role_policy(&self, name: &str) -> Result<(), Error> {
        let id = custom_policy(name)?;
        self.retry_idempotent(|| self.client.delete_policy(self.context, &id.policy_name))
            .await
            .or_else(super::bound_role::ignore_not_found)
    }
}

/// Whether a policy was not attached because of the principal.
fn is_about_principal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid)
}

/// Records in `actual` what a step has changed.
fn record_step(actual: &mut ActualRole, step: &Step) {
    match step {
        Step::UpdateRole(update) => {
            actual.trust_policy_matches |= update.trust;
            if let Some(description) = &update.description {
                actual.description.clone_from(description);
            }
            actual.max_session_duration = update.max_session_duration.unwrap_or(actual.max_session_duration);
        }
        Step::AttachKmsPolicy(name) => {
            actual.attached.push(AttachedPolicy {
                name: (*name).to_owned(),
                is_system: true,
                is_pass_role: false,
            });
        }
        Step::Tag(tags) => actual.tags.extend(tags.clone()),
        Step::Untag(keys) => actual.tags.retain(|key, _| !keys.contains(key)),
        Step::CreatePassRolePolicy(name) => {
            // A policy of another name stays recorded until it is deleted.
            actual.pass_role.get_or_insert_with(|| ActualPassRole {
                policy_name: name.clone(),
                document_matches: true,
                principals: BTreeSet::new(),
            });
        }
        Step::CorrectPassRolePolicy(name) => {
            if let Some(pass_role) = pass_role_named(actual, name) {
                pass_role.document_matches = true;
            }
        }
        Step::AttachPassRole(name, principal) => {
            if let Some(pass_role) = pass_role_named(actual, name) {
                pass_role.principals.insert(principal.clone());
            }
        }
        Step::DetachPassRole(name, principal) => {
            if let Some(pass_role) = pass_role_named(actual, name) {
                pass_role.principals.remove(principal);
            }
        }
        Step::DeletePassRolePolicy(name) => {
            if pass_role_named(actual, name).is_some() {
                actual.pass_role = None;
            }
        }
    }
}

fn pass_role_named<'o>(actual: &'o mut ActualRole, name: &str) -> Option<&'o mut ActualPassRole> {
    actual.pass_role.as_mut().filter(|pass_role| super::same_name(&pass_role.policy_name, name))
}
