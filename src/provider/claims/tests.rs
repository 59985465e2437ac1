//! Every order of the calls about up to three objects of one Logstore.

use std::{collections::BTreeSet, sync::LazyLock};

use super::*;
use cloud::names::Region;

/// What a run does with one object, or one resource that is not in the state yet, of the Logstore. Everything that is
/// destroyed has `on_destroy = "disable"`, unless the name says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Actor {
    /// In the state and in the configuration, without a change.
    Stays,
    /// The same, with a change.
    Changes,
    /// The same, but replaced, the old object being destroyed first.
    Replaced,
    /// The same, the new object being created first.
    ReplacedCreateFirst,
    /// The same, but tainted: core tells the provider of a create alone.
    Tainted,
    /// In the configuration only.
    New,
    /// In the state only.
    Leaves,
    /// The same, with `on_destroy = "keep"`.
    LeavesKept,
    /// Left over by a replacement.
    LeftOver,
    /// In the state only, and taken out of it without a destroy.
    Forgotten,
}

use Actor::*;

const ACTORS: [Actor; 10] =
    [Stays, Changes, Replaced, ReplacedCreateFirst, Tainted, New, Leaves, LeavesKept, LeftOver, Forgotten];

impl Actor {
    fn configures(self) -> bool {
        matches!(self, Stays | Changes | Replaced | ReplacedCreateFirst | Tainted | New)
    }

    /// What stays was made after what is left over, and before what leaves.
    fn made_at(self) -> MadeAt {
        match self {
            LeftOver => 1,
            Leaves => 3,
            _ => 2,
        }
    }

    fn plan_steps(self) -> &'static [Step] {
        match self {
            Stays | Changes | Replaced | ReplacedCreateFirst => &[Step::Announce, Step::Update],
            Tainted => &[Step::Announce, Step::Create],
            New => &[Step::Create],
            Leaves | LeftOver => &[Step::Announce, Step::PlanDestroy],
            LeavesKept => &[Step::Announce, Step::PlanToKeep],
            Forgotten => &[Step::Announce],
        }
    }

    fn apply_steps(self) -> &'static [Step] {
        match self {
            Stays | Forgotten => &[],
            Changes => &[Step::Announce, Step::UpdateApplied],
            Replaced | Tainted => &[Step::Announce, Step::Keep, Step::CreateApplied],
            ReplacedCreateFirst => &[Step::CreateApplied, Step::DestroyLeftOver],
            New => &[Step::CreateApplied],
            Leaves => &[Step::Announce, Step::Destroy],
            LeavesKept => &[Step::Announce, Step::Keep],
            LeftOver => &[Step::DestroyLeftOver],
        }
    }

    /// The steps of an apply with a pause between what is planned once more and applying it.
    fn apply_steps_with_a_pause(self) -> &'static [Step] {
        match self {
            Changes => &[Step::Announce, Step::Update, Step::Apply],
            Replaced | Tainted => &[Step::Announce, Step::Keep, Step::Create, Step::Apply],
            ReplacedCreateFirst => &[Step::Create, Step::Apply, Step::PlanDestroy, Step::Destroy],
            New => &[Step::Create, Step::Apply],
            LeftOver => &[Step::Announce, Step::PlanDestroy, Step::Destroy],
            other => other.apply_steps(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Announce,
    Update,
    Create,
    PlanDestroy,
    PlanToKeep,
    Keep,
    Destroy,
    /// Planned in an apply, and applied right after it.
    UpdateApplied,
    CreateApplied,
    Apply,
    /// All three calls about a leftover object in an apply, which core makes one right after the other.
    DestroyLeftOver,
}

/// How a phase ended: what its destroys did, or that a call was refused.
#[derive(Clone, Debug, Default)]
struct Ended {
    planned: Vec<Option<PlannedDestroy>>,
    destroys: Vec<Destroy>,
    refused: bool,
}

fn log_store(name: &str) -> LogStoreId {
    LogStoreId::from_names(Region::parse("cn-hangzhou").unwrap(), "audit", name).unwrap()
}

static ID: LazyLock<LogStoreId> = LazyLock::new(|| log_store("app"));

/// Runs the calls of a phase in that order: each entry is the actor whose next step it is.
fn run(
    actors: &[Actor],
    steps: fn(Actor) -> &'static [Step],
    order: &[usize],
    planned: &[Option<PlannedDestroy>],
) -> Ended {
    let claims = Claims::default();
    let mut next = vec![0; actors.len()];
    let mut ended = Ended { planned: planned.to_vec(), ..Ended::default() };
    for &at in order {
        let actor = actors[at];
        let step = steps(actor)[next[at]];
        next[at] += 1;
        let claim = |made_at| claims.claim(&ID, made_at).is_ok();
        let accepted = match step {
            Step::Announce => {
                claims.announce(&ID);
                true
            }
            Step::Update => claim(Some(actor.made_at())),
            Step::Create => claim(None),
            Step::UpdateApplied | Step::CreateApplied | Step::Apply => {
                let made_at = (step == Step::UpdateApplied).then(|| actor.made_at());
                let accepted = step == Step::Apply || claim(made_at);
                claims.record_apply();
                accepted
            }
            Step::PlanToKeep => {
                claims.plan_to_keep(&ID);
                true
            }
            Step::Keep => {
                claims.record_apply();
                true
            }
            Step::PlanDestroy => {
                if steps(actor)[0] != Step::Announce {
                    claims.announce(&ID);
                }
                let plan = claims.plan_to_disable(&ID, Some(actor.made_at()));
                ended.planned[at] = plan.clone().ok();
                plan.is_ok()
            }
            Step::Destroy => {
                claims.record_apply();
                ended.destroys.push(claims.disable(&ID, ended.planned[at].as_ref()));
                true
            }
            Step::DestroyLeftOver => {
                claims.announce(&ID);
                let plan = claims.plan_to_disable(&ID, Some(actor.made_at()));
                claims.record_apply();
                ended.destroys.push(claims.disable(&ID, plan.as_ref().ok()));
                plan.is_ok()
            }
        };
        ended.refused |= !accepted;
    }
    ended.refused |= ended.destroys.contains(&Destroy::Refused);
    ended
}

/// Every order of the steps that keeps those of one actor in theirs.
fn orders(actors: &[Actor], steps: fn(Actor) -> &'static [Step]) -> Vec<Vec<usize>> {
    fn extend(left: &mut [usize], order: &mut Vec<usize>, found: &mut Vec<Vec<usize>>) {
        if left.iter().all(|count| *count == 0) {
            return found.push(order.clone());
        }
        for at in 0..left.len() {
            if left[at] > 0 {
                left[at] -= 1;
                order.push(at);
                extend(left, order, found);
                order.pop();
                left[at] += 1;
            }
        }
    }
    let mut left: Vec<usize> = actors.iter().map(|actor| steps(*actor).len()).collect();
    let mut found = Vec::new();
    extend(&mut left, &mut Vec::new(), &mut found);
    found
}

/// Every choice of one to three actors.
fn casts() -> Vec<Vec<Actor>> {
    let mut casts = Vec::new();
    for (a, first) in ACTORS.iter().enumerate() {
        casts.push(vec![*first]);
        for (b, second) in ACTORS.iter().enumerate().skip(a) {
            casts.push(vec![*first, *second]);
            casts.extend(ACTORS[b..].iter().map(|third| vec![*first, *second, *third]));
        }
    }
    casts
}

/// What has to come of a plan, whatever the order of its calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Refused,
    Accepted,
    /// Only what an apply may do is promised.
    Either,
}

fn expected(actors: &[Actor]) -> Expected {
    let count = |wanted: fn(Actor) -> bool| actors.iter().filter(|actor| wanted(**actor)).count();
    let disabling = count(|actor| matches!(actor, Leaves | LeftOver));
    let only = |others: fn(Actor) -> bool| actors.iter().all(|actor| others(*actor));
    match count(Actor::configures) {
        0 => Expected::Accepted,
        1 if disabling == 0 => Expected::Accepted,
        // An object and what its replacements left over.
        1 if only(|actor| {
            matches!(actor, Stays | Changes | Replaced | ReplacedCreateFirst | LeftOver | LeavesKept)
        }) =>
        {
            Expected::Accepted
        }
        // Renamed, and everything under the old name goes.
        1 if only(|actor| matches!(actor, New | Leaves | LeftOver)) => Expected::Refused,
        1 => Expected::Either,
        _ => Expected::Refused,
    }
}

#[test]
fn whatever_the_order_of_calls_nothing_is_switched_off_under_an_object_that_stays() {
    let (mut plans, mut applies) = (0_usize, 0_usize);
    for actors in casts() {
        let mut accepted: Vec<Vec<Option<PlannedDestroy>>> = Vec::new();
        let mut seen = BTreeSet::new();
        for order in orders(&actors, Actor::plan_steps) {
            plans += 1;
            let nothing = vec![None; actors.len()];
            let plan = run(&actors, Actor::plan_steps, &order, &nothing);
            let wanted = match expected(&actors) {
                Expected::Refused => plan.refused,
                Expected::Accepted => !plan.refused,
                Expected::Either => true,
            };
            assert!(wanted, "{actors:?} {order:?}: {plan:?}");
            let afters: Vec<_> =
                plan.planned.iter().map(|planned| planned.as_ref().map(|planned| planned.after)).collect();
            if !plan.refused && seen.insert(afters) {
                accepted.push(plan.planned);
            }
        }
        for planned in accepted {
            applies += check_applies(&actors, &planned);
        }
    }
    assert_eq!((plans, applies), (13_552, 288_880), "orders of calls");
}

fn check_applies(actors: &[Actor], planned: &[Option<PlannedDestroy>]) -> usize {
    let is = |wanted: Actor| actors.contains(&wanted);
    let stays = actors.iter().any(|actor| actor.configures());
    let mut applies = 0;
    for order in orders(actors, Actor::apply_steps) {
        applies += 1;
        let apply = run(actors, Actor::apply_steps, &order, planned);
        let told = || format!("{actors:?} {order:?} {planned:?}: {apply:?}");
        assert!(!apply.refused, "{}", told());
        let switched_off = apply.destroys.contains(&Destroy::SwitchOff);
        if stays || !is(Leaves) {
            assert!(!switched_off, "{}", told());
        } else if !is(Forgotten) && !is(LeavesKept) {
            assert!(switched_off, "{}", told());
        }
    }
    for order in orders(actors, Actor::apply_steps_with_a_pause) {
        applies += 1;
        let apply = run(actors, Actor::apply_steps_with_a_pause, &order, planned);
        let switched_off = apply.destroys.contains(&Destroy::SwitchOff);
        assert!(!(stays && switched_off), "{actors:?} {order:?} {planned:?}: {apply:?}");
    }
    applies
}

#[test]
fn an_object_of_an_older_version_that_turns_up_late_is_refused_or_kept_encrypted() {
    let actors = [Stays, Leaves];
    let mut outcomes = BTreeSet::new();
    for order in orders(&actors, Actor::plan_steps) {
        let claims = Claims::default();
        let mut next = [0; 2];
        let mut planned = None;
        let mut refused = false;
        for at in order {
            match actors[at].plan_steps()[next[at]] {
                Step::Announce => claims.announce(&ID),
                Step::Update => {
                    refused |= claims.claim(&ID, None).is_err();
                }
                _ => planned = claims.plan_to_disable(&ID, None).ok(),
            }
            next[at] += 1;
        }
        let (planned, apply) = (planned.unwrap(), Claims::default());
        apply.announce(&ID);
        let does = apply.disable(&ID, Some(&planned));
        assert!(refused || does != Destroy::SwitchOff, "{planned:?} {does:?}");
        outcomes.insert(refused);
    }
    assert_eq!(outcomes, BTreeSet::from([false, true]));
}

#[test]
fn a_destroy_beside_a_resource_that_turns_out_to_configure_the_logstore_is_refused() {
    let plan = Claims::default();
    plan.announce(&ID);
    let planned = plan.plan_to_disable(&ID, None).unwrap();
    let apply = Claims::default();
    assert!(apply.claim(&ID, None).is_ok());
    apply.announce(&ID);
    assert_eq!(apply.disable(&ID, Some(&planned)), Destroy::Refused);
}

#[test]
fn a_leftover_object_does_not_finish_what_waits_for_it_once_a_resource_configures_the_logstore() {
    let plan = Claims::default();
    plan.announce(&ID);
    plan.announce(&ID);
    let planned = plan.plan_to_disable(&ID, None).unwrap();
    for claims_it in [false, true] {
        let apply = Claims::default();
        assert_eq!(apply.disable(&ID, Some(&planned)), Destroy::NotTheLast);
        apply.record_apply();
        let left_over = apply.plan_to_disable(&ID, None).unwrap();
        if claims_it {
            assert_eq!(apply.claim(&ID, None), Ok(()));
        }
        let expected = if claims_it { Destroy::LeftOver } else { Destroy::SwitchOff };
        assert_eq!(apply.disable(&ID, Some(&left_over)), expected);
    }
}

#[test]
fn a_phase_begins_with_nothing_known() {
    let claims = Claims::default();
    assert_eq!(claims.claim(&ID, None), Ok(()));
    assert_eq!(claims.claim(&ID, None), Err(Contradiction::Twice));
    claims.begin_phase(Span::OnePhase);
    claims.announce(&ID);
    let planned = claims.plan_to_disable(&ID, None).unwrap();
    claims.begin_phase(Span::OnePhase);
    assert_eq!(claims.claim(&ID, None), Ok(()));
    claims.begin_phase(Span::OnePhase);
    assert_eq!(claims.disable(&ID, Some(&planned)), Destroy::SwitchOff);
}

#[test]
fn logstores_have_nothing_to_do_with_one_another() {
    let (claims, other) = (Claims::default(), log_store("other"));
    assert!(claims.claim(&ID, None).is_ok() && claims.claim(&other, None).is_ok());
}

#[test]
fn where_phases_cannot_be_told_apart_nothing_is_refused_and_a_destroy_switches_off() {
    let claims = Claims::default();
    claims.begin_phase(Span::ManyPhases);
    for _ in ["plan", "apply"] {
        claims.announce(&ID);
        assert_eq!(claims.claim(&ID, None), Ok(()));
        claims.record_apply();
    }
    claims.announce(&ID);
    let planned = claims.plan_to_disable(&ID, None).unwrap();
    assert!(!planned.sends_nothing());
    assert_eq!(claims.disable(&ID, Some(&planned)), Destroy::SwitchOff);
}
