//! Waits until what was written is seen: RAM is eventually consistent, and SLS asks it about the role
//! (reference: "new roles and policies may need seconds before STS and SLS see them", not documented by the vendor).

use std::collections::BTreeSet;
use std::time::Duration;

use super::bound::{BoundRole, custom_policy};
use super::observe::{is_document, is_trust_right, principals};
use super::steps::Step;
use super::wanted::{KMS_POLICIES, Wanted};
use crate::cloud::context::Interrupted;
use crate::cloud::error::{Error, ErrorKind};
use crate::cloud::ram::{PolicyDocument, RoleArn};

/// How long is waited at most. A role is usually seen within seconds; what is not seen by then is told.
const LIMIT: Duration = Duration::from_mins(1);

/// The first wait between reads that do not agree; each is twice the one before, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest wait between reads.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// How often in a row what was written last has to be read back: different servers answer, and one that knows
/// need not be the next one asked.
const AGREEING: u32 = 2;

/// What a wait came to.
#[derive(Debug)]
pub enum Settled {
    /// Everything is seen.
    Seen,
    /// Something is not seen, in words.
    NotSeen(&'static str),
    /// Nobody can say: a read is denied or failed.
    Unknown(Error),
}

/// Which parts were written and have to be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written(BTreeSet<Part>);

impl Written {
    /// That the role was made.
    pub fn role() -> Self {
        Self(BTreeSet::from([Part::Role]))
    }

    /// What these writes have changed.
    pub fn by(steps: &[Step]) -> Self {
        Self(steps.iter().filter_map(part).collect())
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// True if there is nothing to be seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn part(step: &Step) -> Option<Part> {
    match step {
        Step::UpdateRole(_) => Some(Part::Role),
        Step::AttachKmsPolicy(_) => Some(Part::Attachments),
        Step::CreatePassRolePolicy(_) | Step::CorrectPassRolePolicy(_) => Some(Part::PassRolePolicy),
        Step::AttachPassRole(..) => Some(Part::Principals),
        // Nobody waits for tags, or for what is gone.
        Step::Tag(_) | Step::Untag(_) | Step::DetachPassRole(..) | Step::DeletePassRolePolicy(_) => None,
    }
}

impl BoundRole<'_> {
    /// Waits, at most for a minute and within the bounds of the operation, until what was written is read back: each
    /// part once, in the order it was written, and the last one twice in a row.
    pub async fn settle(&self, arn: &RoleArn, wanted: &Wanted, written: &Written) -> Settled {
        let Written(parts) = written;
        let started = self.clock.monotonic();
        for (number, part) in parts.iter().enumerate() {
            let agreeing = if number + 1 == parts.len() { AGREEING } else { 1 };
            match self.settle_part(*part, arn, wanted, started, agreeing).await {
                Settled::Seen => {}
                other => return other,
            }
        }
        Settled::Seen
    }

    async fn settle_part(
        &self,
        part: Part,
        arn: &RoleArn,
        wanted: &Wanted,
        started: Duration,
        agreeing: u32,
    ) -> Settled {
        let (mut agreed, mut pause) = (0, FIRST_PAUSE);
        loop {
            match self.is_seen(part, arn, wanted).await {
                Ok(true) => agreed += 1,
                Ok(false) => agreed = 0,
                Err(error) if error.kind() == ErrorKind::NotFound => agreed = 0,
                Err(error) => return Settled::Unknown(error),
            }
            if agreed >= agreeing {
                return Settled::Seen;
            }
            if agreed > 0 {
                continue;
            }
            let elapsed = self.clock.monotonic().saturating_sub(started);
            if elapsed + pause > LIMIT {
                return Settled::NotSeen(part.in_words());
            }
            if let Err(Interrupted::Cancelled | Interrupted::DeadlineExceeded) = self.wait(pause).await {
                return Settled::NotSeen(part.in_words());
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn is_seen(&self, part: Part, arn: &RoleArn, wanted: &Wanted) -> Result<bool, Error> {
        match part {
            Part::Role => {
                let role = self.client.get_role(self.context, self.name).await?;
                Ok(is_trust_right(&role)
                    && role.description == wanted.description
                    && role.max_session_duration == wanted.max_session_duration)
            }
            Part::Attachments => {
                let attached = self.attached().await?;
                let is_attached = |name: &&str| {
                    attached.iter().any(|policy| policy.is_system && super::same_name(&policy.name, name))
                };
                Ok(KMS_POLICIES.iter().all(is_attached))
            }
            Part::PassRolePolicy => {
                let Some(pass_role) = &wanted.pass_role else { return Ok(true) };
                let id = custom_policy(&pass_role.policy_name)?;
                let policy = self.policy(&id).await?;
                let wanted = PolicyDocument::pass_role(arn);
                Ok(policy.is_some_and(|policy| is_document(&policy.document, &wanted)))
            }
            Part::Principals => {
                let Some(pass_role) = &wanted.pass_role else { return Ok(true) };
                let id = custom_policy(&pass_role.policy_name)?;
                let entities = self.client.list_entities_for_policy(self.context, &id).await?;
                Ok(pass_role.principals.is_subset(&principals(&entities)))
            }
        }
    }
}

/// What is written and seen as one, in the order it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// The role itself.
    Role,
    /// What is attached to it.
    Attachments,
    /// The document of the policy that lets principals hand the role over.
    PassRolePolicy,
    /// Whom that policy is attached to.
    Principals,
}

impl Part {
    fn in_words(self) -> &'static str {
        match self {
            Self::Role => "the role",
            Self::Attachments => "the policies attached to the role",
            Self::PassRolePolicy => "the policy that allows ram:PassRole",
            Self::Principals => "whom the policy that allows ram:PassRole is attached to",
        }
    }
}
