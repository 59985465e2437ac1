//! One resource configures a Logstore: the diagnostics for what [`Claims`] refuses, and for what a destroy does.
//!
//! [`Claims`]: crate::claims::Claims

use super::{
    model::{DISABLE, EncryptionModel},
    private::EncryptionPrivate,
    resource::LogStoreEncryption,
    role_users,
};
use crate::{
    claims::{Contradiction, Destroy, MadeAt},
    errors,
    log_store_id::LogStoreId,
};
use schema::{
    Diagnostic, Diagnostics, Path,
    resource::{DestroyPlan, PlanDestroy},
};

/// Claims the Logstore of a planned create or change; an error if that contradicts what was planned before. `made_at`
/// is that of the object that changes.
pub(super) fn claim(
    resource: &LogStoreEncryption,
    planned: &EncryptionModel,
    made_at: Option<MadeAt>,
) -> Option<Diagnostic> {
    let id = resource.known_log_store_id(planned)?.ok()?;
    let contradiction = resource.session.run_state.claims.claim(&id, made_at).err()?;
    let configures = "configures the Logstore, and another one is destroyed";
    Some(contradicts(&id, contradiction, configures).at(Path::of("logstore_name")))
}

fn contradicts(id: &LogStoreId, contradiction: Contradiction, this: &str) -> Diagnostic {
    match contradiction {
        Contradiction::Twice => configured_twice(id),
        Contradiction::Renamed => renamed(id, this),
        Contradiction::SwitchedOff => switched_off_under(id),
    }
}

/// Plans a destroy, and warns of what stays.
pub(super) fn plan_destroy(
    resource: &LogStoreEncryption,
    request: &PlanDestroy<LogStoreEncryption>,
) -> DestroyPlan<LogStoreEncryption> {
    let PlanDestroy { prior, private } = request;
    let mut plan = DestroyPlan { private: private.for_state(), diagnostics: Diagnostics::new() };
    plan.diagnostics.extend(role_users::renamed(resource, prior));
    // An id that cannot be read is an error of the destroy, where there is one.
    let Some(Ok(id)) = resource.known_log_store_id(prior) else { return plan };
    let claims = &resource.session.run_state.claims;
    let enabled = prior.enable.known().copied().unwrap_or(true);
    if !disables(prior) {
        claims.plan_to_keep(&id);
        plan.diagnostics.extend(enabled.then(|| keeps(&id)));
        return plan;
    }
    match claims.plan_to_disable(&id, private.made_at) {
        Ok(planned) => {
            let warning = if planned.sends_nothing() { stays_configured(&id) } else { may_switch_off(&id) };
            plan.diagnostics.extend(enabled.then_some(warning));
            plan.private.destroy = Some(planned);
        }
        Err(contradiction) => {
            let destroyed =
                "is destroyed with on_destroy = \"disable\", and another one configures the Logstore";
            plan.diagnostics.push(contradicts(&id, contradiction, destroyed));
        }
    }
    plan
}

/// Whether a destroy may go on and switch encryption off; otherwise the diagnostics that say why not.
///
/// # Errors
///
/// The destroy sends nothing. The diagnostics say so; there may be none.
pub(super) fn may_disable(
    resource: &LogStoreEncryption,
    id: &LogStoreId,
    private: &EncryptionPrivate,
) -> Result<(), Diagnostics> {
    match resource.session.run_state.claims.disable(id, private.destroy.as_ref()) {
        Destroy::SwitchOff => Ok(()),
        Destroy::Nothing => Err(Diagnostics::new()),
        Destroy::LeftOver => Err(left_over(id).into()),
        Destroy::NotTheLast => Err(not_the_last(id).into()),
        Destroy::Refused => Err(configured_meanwhile(id).into()),
    }
}

/// Whether destroying an object may switch encryption off.
pub(super) fn disables(state: &EncryptionModel) -> bool {
    state.on_destroy.known().is_some_and(|mode| mode == DISABLE)
}

fn configured_twice(id: &LogStoreId) -> Diagnostic {
    errors::of_plan(Diagnostic::error(
        "Two resources configure one Logstore",
        format!(
            "Logstore {id}: another resource of this plan configures its encryption too. The first configuration of a Logstore is permanent, and chance would decide which one is first; if the two differ in enable, each apply switches it.\n\nRemove one of the two from the configuration. If that one is in the state, take it out of there as well, which sends nothing:\n\n  terraform state rm ADDRESS\n\nNothing was sent for this resource."
        ),
    ))
}

fn renamed(id: &LogStoreId, what: &str) -> Diagnostic {
    errors::of_plan(Diagnostic::error(
        "A resource switches off what another one configures",
        format!(
            "Logstore {id}: this resource {what}. Destroying with on_destroy = \"disable\" switches encryption off, and the other resource switches it on, in no fixed order: logs could be stored in clear for a while, or permanently.\n\nIf the resource has a new name, or a new key of for_each, declare that in the configuration:\n\n  moved {{\n    from = OLD_ADDRESS\n    to   = NEW_ADDRESS\n  }}\n\nThe provider does not know the addresses. Terraform shows the new one with the error of a create, and none with that of a destroy. The old one is in the output of terraform state list and no longer in the configuration.\n\nIf no moved block can express it (an element removed from a list with count, another provider alias), take the old resource out of the state. That sends nothing, and the new one adopts the Logstore as it is:\n\n  terraform state rm OLD_ADDRESS\n\nNothing was sent for this resource."
        ),
    ))
}

fn switched_off_under(id: &LogStoreId) -> Diagnostic {
    Diagnostic::error(
        "A resource switches off what another one configures",
        format!(
            "Logstore {id}: the state has more than one object with this Logstore. One is destroyed with on_destroy = \"disable\", which could switch encryption off for one that stays.\n\nTake the resource that is destroyed out of the state, which sends nothing:\n\n  terraform state rm ADDRESS\n\nIf the destroyed object is one that a replacement left over (the plan calls it deposed), do the same with its resource and apply: it then adopts the Logstore as it is.\n\nNothing was sent for this resource."
        ),
    )
}

fn keeps(id: &LogStoreId) -> Diagnostic {
    Diagnostic::warning(
        "Destroying leaves the Logstore encrypting",
        format!(
            "Logstore {id}: on_destroy is \"keep\", so nothing is sent, and the Logstore continues to encrypt."
        ),
    )
}

fn may_switch_off(id: &LogStoreId) -> Diagnostic {
    Diagnostic::warning(
        "Destroying may switch encryption off",
        format!(
            "Logstore {id}: on_destroy is \"disable\", so destroying the last object of the state that has the Logstore sets enable = false: new logs are then stored in clear. Its mechanism, algorithm and key stay fixed. An object that a replacement left over (deposed) switches nothing off.\n\nTo leave the Logstore encrypting, set on_destroy = \"keep\" and apply before you destroy."
        ),
    )
}

fn stays_configured(id: &LogStoreId) -> Diagnostic {
    Diagnostic::warning(
        "Destroying leaves the Logstore as it is",
        format!(
            "Logstore {id}: an object that stays configures the Logstore. Destroying this one sends nothing, whatever on_destroy says."
        ),
    )
}

fn left_over(id: &LogStoreId) -> Diagnostic {
    Diagnostic::warning(
        "The Logstore stays as it is",
        format!(
            "Logstore {id}: the destroyed object is one that a replacement left over (deposed). Such an object switches nothing off, whatever on_destroy says."
        ),
    )
}

fn not_the_last(id: &LogStoreId) -> Diagnostic {
    Diagnostic::warning(
        "The Logstore stays as it is",
        format!(
            "Logstore {id}: the state had another object with this Logstore when this destroy was planned. Encryption is switched off only when the last of them is destroyed with on_destroy = \"disable\"."
        ),
    )
}

fn configured_meanwhile(id: &LogStoreId) -> Diagnostic {
    Diagnostic::error(
        "A resource switches off what another one configures",
        format!(
            "Logstore {id}: this resource is destroyed with on_destroy = \"disable\", and another resource of this apply configures the Logstore, which the plan could not know yet. Nothing was sent for this resource, and it stays in the state. Take it out of there, which sends nothing:\n\n  terraform state rm ADDRESS"
        ),
    )
}
