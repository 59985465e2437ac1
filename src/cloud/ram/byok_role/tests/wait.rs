//! Waiting until reads show the writes.

use super::super::{RoleUpdate, Step, Visibility};
use super::*;

async fn wait_for(harness: &Harness, written: &[Step]) -> Visibility {
    let desired = desired();
    harness.run(harness.role().wait_until_visible(&arn(), &desired, written)).await
}

fn role_written() -> Vec<Step> {
    vec![Step::UpdateRole(RoleUpdate::default())]
}

fn attachments() -> Vec<Step> {
    vec![Step::AttachKmsPolicy(KMS_POLICIES[0])]
}

fn absent() -> Reply {
    refused(404, "EntityNotExist.Role")
}

const QUARTER: Duration = Duration::from_millis(250);

#[tokio::test]
async fn without_writes_nothing_is_read() {
    let harness = Harness::new([]);
    assert!(matches!(wait_for(&harness, &[]).await, Visibility::Visible));
    let untagged = Step::Untag(BTreeSet::new());
    assert!(matches!(wait_for(&harness, &[untagged]).await, Visibility::Visible));
}

#[tokio::test]
async fn every_write_must_be_visible_in_two_reads() {
    let all = [
        role_written(),
        attachments(),
        vec![Step::CreatePassRolePolicy("pass".to_owned()), Step::AttachPassRole("pass".to_owned(), alice())],
    ]
    .concat();
    let right = || policy(&right_document(), &our_description());
    let held = || held_by(&["Alice", "bob"]);
    let both = [role(), both_attached(), right(), held(), role(), both_attached(), right(), held()];
    let harness = Harness::new(both);
    assert!(matches!(wait_for(&harness, &all).await, Visibility::Visible));
    assert_eq!(harness.elapsed(), Duration::ZERO);
}

/// Each part that RAM does not show, or shows as it was before, and its name in the error.
#[tokio::test]
async fn the_part_that_is_not_visible_is_named() {
    let policy_written = || vec![Step::CorrectPassRolePolicy("pass".to_owned())];
    let principals_written = || vec![Step::AttachPassRole("pass".to_owned(), alice())];
    let no_policy = || refused(404, "EntityNotExist.Policy");
    for (written, reply, part) in [
        (role_written(), absent(), "the role"),
        (role_written(), role_with(&json!({"Description": "Before"})), "the role"),
        (attachments(), absent(), "the policies attached to the role"),
        (policy_written(), no_policy(), "the policy that allows ram:PassRole"),
        (policy_written(), policy("{}", &our_description()), "the policy that allows ram:PassRole"),
        (principals_written(), no_policy(), "whom the policy that allows ram:PassRole is attached to"),
        (principals_written(), held_by(&["bob"]), "whom the policy that allows ram:PassRole is attached to"),
    ] {
        let mut harness = Harness::new([reply]);
        harness.context = CallContext::default().with_timeout(&harness.clock, QUARTER / 2);
        let visibility = wait_for(&harness, &written).await;
        assert!(matches!(visibility, Visibility::NotVisible(said) if said == part), "{visibility:?}");
    }
}

#[tokio::test]
async fn pauses_between_reads_grow() {
    let harness = Harness::new([absent(), absent(), absent(), role(), role()]);
    assert!(matches!(wait_for(&harness, &role_written()).await, Visibility::Visible));
    assert_eq!(harness.elapsed(), QUARTER * (1 + 2 + 4));
}

#[tokio::test]
async fn a_write_that_is_not_visible_again_must_be_visible_in_two_more_reads() {
    let none = || attached(&[]);
    let harness = Harness::new([both_attached(), none(), both_attached(), both_attached()]);
    assert!(matches!(wait_for(&harness, &attachments()).await, Visibility::Visible));
    assert_eq!(harness.elapsed(), QUARTER);
}

#[tokio::test]
async fn a_custom_policy_of_the_same_name_is_not_the_attached_system_policy() {
    let custom = attached(&KMS_POLICIES.map(|name| ("Custom", name)));
    let harness = Harness::new([custom, both_attached(), both_attached()]);
    assert!(matches!(wait_for(&harness, &attachments()).await, Visibility::Visible));
}

#[tokio::test]
async fn waiting_ends_after_a_minute() {
    // Pauses of 0.25, 0.5, 1 and 2 s, then of 4 s; one more would end after the minute.
    let reads = 4 + 14 + 1;
    let harness = Harness::new((0..reads).map(|_| attached(&[])));
    let visibility = wait_for(&harness, &attachments()).await;
    assert!(
        matches!(visibility, Visibility::NotVisible("the policies attached to the role")),
        "{visibility:?}"
    );
    assert!(harness.elapsed() <= Duration::from_mins(1) && harness.elapsed() > Duration::from_secs(56));
}

#[tokio::test]
async fn waiting_ends_with_the_operation() {
    let mut harness = Harness::new([absent(), absent()]);
    harness.context = CallContext::default().with_timeout(&harness.clock, QUARTER * 2);
    let visibility = wait_for(&harness, &role_written()).await;
    assert!(matches!(visibility, Visibility::NotVisible("the role")), "{visibility:?}");
    assert_eq!(harness.elapsed(), QUARTER * 2);
}

/// Chance decides what the time limit ends. The outcome must not depend on it.
#[tokio::test]
async fn a_read_that_the_time_limit_ends_leaves_what_the_read_before_it_has_shown() {
    for (first, is_missing) in [(absent(), true), (role(), false)] {
        let mut harness = Harness::new([first, Reply::Hang]);
        harness.context = CallContext::default().with_timeout(&harness.clock, QUARTER * 2);
        let visibility = wait_for(&harness, &role_written()).await;
        let as_expected = match visibility {
            Visibility::NotVisible("the role") => is_missing,
            Visibility::Unknown(_) => !is_missing,
            _ => false,
        };
        assert!(as_expected, "{visibility:?}");
    }
}

#[tokio::test]
async fn waiting_ends_with_a_denied_read() {
    let harness = Harness::new([refused(403, "NoPermission")]);
    assert!(matches!(wait_for(&harness, &role_written()).await, Visibility::Unknown(_)));
}
