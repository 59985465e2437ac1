//! Waiting until what was written is seen.

use super::super::{Settled, Step, Written};
use super::*;

async fn settle(bench: &Bench, written: &Written) -> Settled {
    let wanted = wanted();
    bench.run(bench.role().settle(&arn(), &wanted, written)).await
}

fn attachments() -> Written {
    Written::by(&[Step::AttachKmsPolicy(KMS_POLICIES[0])])
}

fn absent() -> Reply {
    refused(404, "EntityNotExist.Role")
}

const QUARTER: Duration = Duration::from_millis(250);

#[tokio::test]
async fn nothing_is_read_where_nothing_was_written() {
    let bench = Bench::new([]);
    assert!(matches!(settle(&bench, &Written::default()).await, Settled::Seen));
    let untagged = Written::by(&[Step::Untag(BTreeSet::new())]);
    assert!(matches!(settle(&bench, &untagged).await, Settled::Seen));
}

#[tokio::test]
async fn each_part_is_read_once_and_the_last_one_twice() {
    let all = Written::role().and(Written::by(&[
        Step::AttachKmsPolicy(KMS_POLICIES[0]),
        Step::CreatePassRolePolicy("pass".to_owned()),
        Step::AttachPassRole("pass".to_owned(), alice()),
    ]));
    let right = policy(&right_document(), &our_description());
    let bench = Bench::new([role(), both_attached(), right, held_by(&["Alice", "bob"]), held_by(&["alice"])]);
    assert!(matches!(settle(&bench, &all).await, Settled::Seen));
    assert_eq!(bench.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn pauses_grow() {
    let bench = Bench::new([absent(), absent(), absent(), role(), role()]);
    assert!(matches!(settle(&bench, &Written::role()).await, Settled::Seen));
    assert_eq!(bench.elapsed(), QUARTER * (1 + 2 + 4));
}

#[tokio::test]
async fn what_is_seen_once_and_then_not_has_to_be_seen_twice_again() {
    let none = || attached(&[]);
    let bench = Bench::new([both_attached(), none(), both_attached(), both_attached()]);
    assert!(matches!(settle(&bench, &attachments()).await, Settled::Seen));
    assert_eq!(bench.elapsed(), QUARTER);
}

#[tokio::test]
async fn a_custom_policy_of_the_name_is_not_what_was_attached() {
    let custom = attached(&KMS_POLICIES.map(|name| ("Custom", name)));
    let bench = Bench::new([custom, both_attached(), both_attached()]);
    assert!(matches!(settle(&bench, &attachments()).await, Settled::Seen));
}

#[tokio::test]
async fn waiting_ends_after_a_minute() {
    // Pauses of 0.25, 0.5, 1 and 2 s, and then of 4 s: the next one after these would end later than the minute.
    let reads = 4 + 14 + 1;
    let bench = Bench::new((0..reads).map(|_| attached(&[])));
    let settled = settle(&bench, &attachments()).await;
    assert!(matches!(settled, Settled::NotSeen("the policies attached to the role")), "{settled:?}");
    assert!(bench.elapsed() <= Duration::from_mins(1) && bench.elapsed() > Duration::from_secs(56));
}

#[tokio::test]
async fn waiting_ends_with_the_operation() {
    let mut bench = Bench::new([absent(), absent()]);
    bench.context = CallContext::default().with_timeout(&bench.clock, QUARTER * 2);
    let settled = settle(&bench, &Written::role()).await;
    assert!(matches!(settled, Settled::NotSeen("the role")), "{settled:?}");
    assert_eq!(bench.elapsed(), QUARTER * 2);
}

#[tokio::test]
async fn a_read_that_is_denied_ends_it() {
    let bench = Bench::new([refused(403, "NoPermission")]);
    assert!(matches!(settle(&bench, &Written::role()).await, Settled::Unknown(_)));
}
