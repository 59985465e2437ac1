//! Which resource may configure a Logstore, and which destroy may switch its encryption off.
//!
//! These are the rules for one Logstore in one phase, a plan or an apply, of one provider process:
//!
//! - One resource configures it. A second one that is planned is refused, whichever comes first.
//! - A destroy with `on_destroy = "disable"` that meets a resource which was not in the state under this Logstore
//!   (a rename without `moved`, another key of `for_each`) is refused, whichever comes first.
//! - Otherwise such a destroy switches encryption off only after all objects of the state that have the Logstore are
//!   destroyed, and never if one of them stays.
//! - An object that a replacement left over (core: deposed) never switches encryption off for itself.
//!
//! All that a provider learns about the other objects of a Logstore are the calls that core makes, in any order: each
//! object of the state is announced (`UpgradeResourceState`) before it is planned. An apply plans creates and updates
//! once more, each right before it is applied, and the destroys of leftover objects, but no other destroys: theirs have
//! to carry what the plan knew, in [`PlannedDestroy`]. If an object that stays turns up only
//! after a destroy was planned that would switch its Logstore off, that destroy cannot be changed any more, so the
//! object's own plan is refused. It is not if it was made after the one that is destroyed, by this provider: it is
//! then the successor of a leftover object, since nothing else could have made it beside the other.
//!
//! Where phases cannot be told apart ([`Span::ManyPhases`]), a second plan of a Logstore may be of the same resource.
//! Nothing is refused then, and a destroy with `on_destroy = "disable"` switches encryption off.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::log_store_id::LogStoreId;
use cloud::nonce::{NonceSource, UniqueNonces};

/// When an object was made, in microseconds since 1970: orders the objects of one Logstore.
pub(super) type MadeAt = i64;

/// What one configuration of the provider is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Span {
    /// One phase of a run. Every other command configures the provider at the beginning of each phase.
    #[default]
    OnePhase,
    /// Every phase of every run of a test file: what `terraform test` of Terraform 1.15 does (1.11 does not) if the
    /// provider block is in that file. It does not say where a phase ends, so what one call has found out must not
    /// speak for another one.
    ManyPhases,
}

/// What the resources of this phase do with each Logstore.
#[derive(Debug)]
pub(super) struct Claims {
    marks: UniqueNonces,
    phase: Mutex<Phase>,
}

#[derive(Debug, Default)]
struct Phase {
    span: Span,
    /// Tells this phase from every other, also of other processes.
    mark: String,
    /// True once something is applied. In an apply only leftover objects are planned to be destroyed, and they are not
    /// in the way of anything.
    applies: bool,
    log_stores: HashMap<LogStoreId, Uses>,
}

/// The resources that have one Logstore.
#[derive(Debug, Default)]
struct Uses {
    /// The resource that is planned to configure it.
    claim: Option<Claim>,
    /// How many objects of the state have it.
    objects: usize,
    /// How many of them are planned to be destroyed.
    destroys: usize,
    /// Those of them that may switch encryption off.
    disabling: Vec<Disabling>,
    /// How many objects were destroyed that may have switched encryption off.
    destroyed: usize,
    /// Set while a destroy has left switching off to the last of this many.
    waiting: Option<usize>,
}

/// A resource that is planned to configure a Logstore.
#[derive(Clone, Copy, Debug)]
struct Claim {
    /// Known of an object that this provider has made, and that stays.
    made_at: Option<MadeAt>,
}

/// A planned destroy that may switch encryption off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Disabling {
    /// After how many destroys.
    after: usize,
    made_at: Option<MadeAt>,
}

/// What the plan of a destroy leaves to the destroy itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDestroy {
    /// The phase of the plan. Core plans the destroy of a leftover object in the phase that applies it, and that of
    /// any other in the phase before. It gives no other sign.
    phase: String,
    /// How many objects of the Logstore have to be destroyed, this one counted, before encryption is switched off;
    /// none if another object stays that configures the Logstore.
    after: Option<usize>,
}

impl PlannedDestroy {
    /// True if the plan found that another object configures the Logstore and stays.
    pub(super) fn sends_nothing(&self) -> bool {
        self.after.is_none()
    }
}

/// Why a resource may not be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contradiction {
    /// Another resource configures the Logstore.
    Twice,
    /// A resource that was not in the state under this Logstore configures it, and one that was switches it off.
    Renamed,
    /// A destroy that was planned before would switch encryption off under an object that stays.
    SwitchedOff,
}

/// What a destroy with `on_destroy = "disable"` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destroy {
    /// It switches encryption off.
    SwitchOff,
    /// It sends nothing, and the plan said so.
    Nothing,
    /// It sends nothing: the object was left over by a replacement.
    LeftOver,
    /// It sends nothing: other objects have the Logstore too.
    NotTheLast,
    /// It is refused: a resource of this phase configures the Logstore.
    Refused,
}

impl Default for Claims {
    fn default() -> Self {
        let claims = Claims { marks: UniqueNonces::default(), phase: Mutex::default() };
        claims.begin_phase(Span::OnePhase);
        claims
    }
}

impl Claims {
    /// Forgets everything.
    pub(super) fn begin_phase(&self, span: Span) {
        *self.locked() = Phase { span, mark: self.marks.next(), ..Phase::default() };
    }

    /// Notes an object of the state that has this Logstore. Core announces each object once in a phase.
    pub(super) fn announce(&self, id: &LogStoreId) {
        self.locked().uses(id).objects += 1;
    }

    /// Notes that something is applied in this phase.
    pub(super) fn record_apply(&self) {
        self.locked().applies = true;
    }

    /// Claims a Logstore for a resource that is planned to configure it. `made_at` is known of an object that this
    /// provider has made, and that stays.
    ///
    /// # Errors
    ///
    /// It contradicts what was planned before.
    pub(super) fn claim(&self, id: &LogStoreId, made_at: Option<MadeAt>) -> Result<(), Contradiction> {
        let mut phase = self.locked();
        if phase.span == Span::ManyPhases {
            return Ok(());
        }
        let applies = phase.applies;
        let uses = phase.uses(id);
        if uses.claim.replace(Claim { made_at }).is_some() {
            Err(Contradiction::Twice)
        } else if applies || uses.disabling.is_empty() {
            Ok(())
        } else {
            uses.contradiction()
        }
    }

    /// Notes a destroy that sends nothing, because of `on_destroy = "keep"`.
    pub(super) fn plan_to_keep(&self, id: &LogStoreId) {
        self.locked().uses(id).destroys += 1;
    }

    /// Plans a destroy with `on_destroy = "disable"`.
    ///
    /// # Errors
    ///
    /// It contradicts a resource that was planned before.
    pub(super) fn plan_to_disable(
        &self,
        id: &LogStoreId,
        made_at: Option<MadeAt>,
    ) -> Result<PlannedDestroy, Contradiction> {
        let mut phase = self.locked();
        let (mark, applies) = (phase.mark.clone(), phase.applies);
        if phase.span == Span::ManyPhases {
            return Ok(PlannedDestroy { phase: mark, after: Some(1) });
        }
        let uses = phase.uses(id);
        uses.destroys += 1;
        if uses.claim.is_some() {
            if !applies {
                uses.contradiction()?;
            }
            return Ok(PlannedDestroy { phase: mark, after: None });
        }
        let after = uses.objects;
        uses.disabling.push(Disabling { after, made_at });
        Ok(PlannedDestroy { phase: mark, after: Some(after) })
    }

    /// Decides what the destroy of an object with `on_destroy = "disable"` does. Without `planned` the host has not
    /// asked to plan it.
    pub(super) fn disable(&self, id: &LogStoreId, planned: Option<&PlannedDestroy>) -> Destroy {
        let mut phase = self.locked();
        if phase.span == Span::ManyPhases {
            return Destroy::SwitchOff;
        }
        let is_of_this_phase = planned.is_some_and(|planned| planned.phase == phase.mark);
        let uses = phase.uses(id);
        let after = planned.map_or(Some(1), |planned| planned.after);
        let Some(after) = after else { return Destroy::Nothing };
        uses.destroyed += 1;
        if is_of_this_phase {
            return match uses.waiting {
                Some(waiting) if waiting <= uses.destroyed && uses.claim.is_none() => {
                    uses.waiting = None;
                    Destroy::SwitchOff
                }
                _ => Destroy::LeftOver,
            };
        }
        if uses.destroyed < after {
            uses.waiting = Some(after);
            return Destroy::NotTheLast;
        }
        if uses.claim.is_some() { Destroy::Refused } else { Destroy::SwitchOff }
    }

    /// A panic elsewhere does not make the maps wrong: no change leaves them half done.
    fn locked(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Phase {
    fn uses(&mut self, id: &LogStoreId) -> &mut Uses {
        self.log_stores.entry(id.clone()).or_default()
    }
}

impl Uses {
    /// Whether the claim contradicts the destroys that switch encryption off.
    fn contradiction(&self) -> Result<(), Contradiction> {
        let Some(claim) = self.claim else { return Ok(()) };
        if self.destroys + 1 > self.objects {
            // All objects of the state that have the Logstore are destroyed: the one that configures it is new.
            return Err(Contradiction::Renamed);
        }
        // An object that was made before the one that stays is left over: nothing else makes a second one.
        let is_left_over =
            |object: &Disabling| matches!((object.made_at, claim.made_at), (Some(a), Some(b)) if a < b);
        let switches_off = |object: &Disabling| object.after <= self.destroys && !is_left_over(object);
        if self.disabling.iter().any(switches_off) { Err(Contradiction::SwitchedOff) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
