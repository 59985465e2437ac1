//! Whether the policies of a principal allow an action.

use super::inputs::{Denied, EffectivePolicy, Lookup};
use cloud::ram::{
    PolicyId,
    permission::{Request, Target, Verdict, evaluate_documents},
};

/// Whether policies allow one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Evaluation {
    /// It is allowed.
    Allowed,
    /// This policy denies it.
    Denied(PolicyId),
    /// No policy allows it.
    NotAllowed,
    /// The policies do not decide it.
    Open {
        /// The end of a sentence that says why.
        why: String,
        /// The read that the caller may not do, if that is why.
        denied: Option<Denied>,
    },
}

/// What policies say about an action on a resource. One that could not be read may say anything, a denial included.
pub(super) fn evaluate(policies: &[EffectivePolicy], action: &str, resource: &str) -> Evaluation {
    let request = Request { action, target: Target::Resource(resource) };
    let denies = |policy: &&EffectivePolicy| {
        policy
            .document
            .found()
            .is_some_and(|document| evaluate_documents([document], request) == Verdict::Denied)
    };
    if let Some(policy) = policies.iter().find(denies) {
        return Evaluation::Denied(policy.id.clone());
    }
    if let Some(policy) = policies.iter().find(|policy| policy.document.found().is_none()) {
        return unread(policy);
    }
    match evaluate_documents(policies.iter().filter_map(|policy| policy.document.found()), request) {
        Verdict::Allowed => Evaluation::Allowed,
        Verdict::NotAllowed | Verdict::Denied => Evaluation::NotAllowed,
        Verdict::Undecided(doubt) => Evaluation::Open { why: doubt.to_string(), denied: None },
    }
}

fn unread(policy: &EffectivePolicy) -> Evaluation {
    let id = &policy.id;
    match &policy.document {
        Lookup::Denied(denied) => Evaluation::Open {
            why: format!("the policy {id} could not be read, because the caller lacks {}", denied.action),
            denied: Some(denied.clone()),
        },
        _ => Evaluation::Open {
            why: format!("the policy {id} cannot be read as a policy document"),
            denied: None,
        },
    }
}
