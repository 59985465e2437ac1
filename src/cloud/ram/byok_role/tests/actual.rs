//! Reads that contradict each other, because RAM is eventually consistent.

use super::super::FoundRole;
use super::*;
use crate::error::{Error, ErrorKind};

/// The reads of a role with a PassRole policy, in the order in which they are sent.
const READS: [&str; 5] =
    ["GetRole", "ListPoliciesForRole", "ListTagResources", "GetPolicy", "ListEntitiesForPolicy"];

/// The sum of all pauses.
const SUM_OF_PAUSES: Duration = Duration::from_millis(250 + 500 + 1_000 + 2_000 + 4_000);

/// A date long before the manual clock begins, and one a minute before.
const OLD: &str = "2026-11-01T08:00:00Z";
const YOUNG: &str = "2026-11-20T07:59:00Z";

fn whole() -> [Reply; 5] {
    let tags = answer(&json!({"TagResources": []}));
    [role(), both_attached(), tags, policy(&right_document(), &our_description()), held_by(&["alice"])]
}

fn not_known(read: &str) -> Reply {
    let of_policy = matches!(read, "GetPolicy" | "ListEntitiesForPolicy");
    refused(404, if of_policy { "EntityNotExist.Policy" } else { "EntityNotExist.Role" })
}

/// Rounds of reads, each from the beginning, in which the read at `position` answers that the object does not exist.
fn lagging(position: usize, times: usize) -> Vec<Reply> {
    let round = || whole().into_iter().take(position).chain([not_known(READS[position])]);
    (0..times).flat_map(|_| round()).collect()
}

/// The outcome of a refresh.
async fn refresh(harness: &Harness, create_date: Option<&str>) -> Result<FoundRole, Error> {
    harness.run(harness.role().read_confirming_absence(Some("pass"), create_date)).await
}

/// Whichever read lags, once or twice, the role is found. `GetPolicy` is not repeated: the policy of an existing role
/// may have been deleted.
#[tokio::test]
async fn a_read_that_lags_is_repeated() {
    for (position, read) in READS.iter().enumerate().filter(|(_, read)| **read != "GetPolicy") {
        for times in [1, 2] {
            let harness = Harness::new(lagging(position, times).into_iter().chain(whole()));
            let found = refresh(&harness, Some(YOUNG)).await.unwrap();
            assert_eq!(found.actual.kms_policies().count(), 2, "{read}");
            assert_eq!(found.actual.pass_role.unwrap().principals, BTreeSet::from([alice()]), "{read}");
        }
    }
}

/// While `GetRole` finds the role, no number of other answers counts as its absence.
#[tokio::test]
async fn only_get_role_decides_that_a_role_is_absent() {
    for position in [1, 2, 4] {
        let harness = Harness::new(lagging(position, 6));
        let error = refresh(&harness, Some(YOUNG)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{}", READS[position]);
        assert!(error.message().contains(READS[position]), "{error}");
        assert_eq!(harness.elapsed(), SUM_OF_PAUSES);
    }
    // An answer of `GetRole` about another object does not count either.
    let harness = Harness::new([refused(404, "EntityNotExist.User")]);
    assert_eq!(refresh(&harness, Some(OLD)).await.unwrap_err().kind(), ErrorKind::Unexpected);
}

/// The role was deleted between two reads.
#[tokio::test]
async fn a_role_that_is_deleted_during_the_reads_is_absent() {
    let harness = Harness::new(lagging(1, 1).into_iter().chain(lagging(0, 2)));
    assert_eq!(refresh(&harness, Some(OLD)).await.unwrap_err().kind(), ErrorKind::NotFound);
}

/// The age of the role decides how often the read is repeated. It does not change the result.
#[tokio::test]
async fn an_absence_is_believed_only_after_repeated_reads() {
    for (create_date, times) in [(Some(OLD), 2), (Some(YOUNG), 6), (None, 6), (Some("yesterday"), 6)] {
        let harness = Harness::new(lagging(0, times));
        assert_eq!(refresh(&harness, create_date).await.unwrap_err().kind(), ErrorKind::NotFound);
        let harness = Harness::new(lagging(0, times - 1).into_iter().chain(whole()));
        assert!(refresh(&harness, create_date).await.is_ok(), "{create_date:?}");
    }
}

#[tokio::test]
async fn an_absence_is_not_believed_if_the_operation_ends_before_the_repetition() {
    for position in [0, 1] {
        let mut harness = Harness::new(lagging(position, 1));
        harness.context = CallContext::default().with_timeout(&harness.clock, Duration::from_millis(100));
        assert_eq!(refresh(&harness, Some(YOUNG)).await.unwrap_err().kind(), ErrorKind::Unexpected);
    }
}
