//! Waits until RAM shows what was written. RAM is eventually consistent, and SLS reads the role from it
//! (reference: "new roles and policies may need seconds before STS and SLS see them", not documented by the vendor).

use std::time::Duration;

use super::actual::{ActualRole, is_document, principals};
use super::bound_role::{BoundRole, custom_policy};
use super::desired::DesiredRole;
use super::diff::{Step, diff};
use crate::error::{Error, ErrorKind};
use crate::ram::{PolicyDocument, RoleArn};

/// The longest wait. A role is usually visible within seconds.
const LIMIT: Duration = Duration::from_mins(1);

/// The first pause between reads. Each further one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause between reads.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// How many reads in a row must show what was written. Different servers answer, and the next one may be behind.
const READS: u32 = 2;

const ROLE: &str = "the role";
const ATTACHMENTS: &str = "the policies attached to the role";
const PASS_ROLE_POLICY: &str = "the policy that allows ram:PassRole";
const PRINCIPALS: &str = "whom the policy that allows ram:PassRole is attached to";

/// The part of the role that RAM must show after a step. `None` for tags and for removals.
fn awaited_part(step: &Step) -> Option<&'static str> {
    match step {
        Step::UpdateRole(_) => Some(ROLE),
        Step::AttachKmsPolicy(_) => Some(ATTACHMENTS),
        Step::CreatePassRolePolicy(_) | Step::CorrectPassRolePolicy(_) => Some(PASS_ROLE_POLICY),
        Step::AttachPassRole(..) => Some(PRINCIPALS),
        Step::Tag(_) | Step::Untag(_) | Step::DetachPassRole(..) | Step::DeletePassRolePolicy(_) => None,
    }
}

/// Whether RAM shows what was written.
#[derive(Debug)]
pub enum Visibility {
    /// RAM shows all of it.
    Visible,
    /// RAM does not show this part, which is named in words.
    NotVisible(&'static str),
    /// A read failed.
    Unknown(Error),
}

impl BoundRole<'_> {
    /// Waits until RAM shows what these steps have written: until two reads in a row show no difference to the desired
    /// role. The wait ends after a minute, or with the operation: chance decides whether that ends a pause or a read,
    /// so both have the same outcome.
    pub async fn wait_until_visible(
        &self,
        arn: &RoleArn,
        desired: &DesiredRole,
        written: &[Step],
    ) -> Visibility {
        let parts: Vec<&str> = written.iter().filter_map(awaited_part).collect();
        let (started, mut pause, mut agreeing) = (self.clock.monotonic(), FIRST_PAUSE, 0);
        let mut last_missing = None;
        while agreeing < READS && !parts.is_empty() {
            let actual = match self.read_parts(arn, desired, &parts).await {
                Ok(actual) => actual,
                Err(error) => {
                    let is_over = matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Cancelled);
                    return match last_missing {
                        Some(missing) if is_over => Visibility::NotVisible(missing),
                        _ => Visibility::Unknown(error),
                    };
                }
            };
            last_missing = diff(&actual, desired).iter().find_map(awaited_part);
            let Some(missing) = last_missing else {
                agreeing += 1;
                continue;
            };
            agreeing = 0;
            let elapsed = self.clock.monotonic().saturating_sub(started);
            if elapsed + pause > LIMIT || self.sleep(pause).await.is_err() {
                return Visibility::NotVisible(missing);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Visibility::Visible
    }

    /// The role with these parts as RAM shows them, and all other parts as desired.
    async fn read_parts(
        &self,
        arn: &RoleArn,
        desired: &DesiredRole,
        parts: &[&str],
    ) -> Result<ActualRole, Error> {
        let mut actual = ActualRole::as_desired(desired);
        if parts.contains(&ROLE) {
            match ignore_not_found(self.client.get_role(self.context, self.name).await)? {
                Some(role) => {
                    let ActualRole { tags, attached, pass_role, .. } = actual;
                    actual = ActualRole { tags, attached, pass_role, ..ActualRole::without_policies(&role) };
                }
                None => actual.trust_policy_matches = false,
            }
        }
        if parts.contains(&ATTACHMENTS) {
            actual.attached = ignore_not_found(self.attached().await)?.unwrap_or_default();
        }
        let Some(pass_role) = &mut actual.pass_role else { return Ok(actual) };
        let id = custom_policy(&pass_role.policy_name)?;
        if parts.contains(&PASS_ROLE_POLICY) {
            let policy = self.policy(&id).await?;
            let right = PolicyDocument::pass_role(arn);
            pass_role.document_matches = policy.is_some_and(|policy| is_document(&policy.document, &right));
        }
        if parts.contains(&PRINCIPALS) {
            let entities = self.client.list_entities_for_policy(self.context, &id).await;
            pass_role.principals = ignore_not_found(entities)?.as_ref().map(principals).unwrap_or_default();
        }
        Ok(actual)
    }
}

fn ignore_not_found<T>(outcome: Result<T, Error>) -> Result<Option<T>, Error> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        outcome => outcome.map(Some),
    }
}
