//! Whole lists, read page by page.

use std::collections::BTreeSet;
use std::future::Future;

use crate::error::{Error, ErrorKind, Operation};
use crate::sls::list::MAX_PAGE_SIZE;

/// How many pages a list may have: 500,000 names. A project holds 200 Logstores unless its quota is raised.
const MAX_PAGES: u32 = 1000;

/// How often a list is read from its beginning that changes while it is read.
const MAX_PASSES: usize = 3;

/// One page.
pub(crate) struct NamePage {
    pub(crate) total: i64,
    pub(crate) names: Vec<String>,
}

/// Reads a list to its end. Each name is given once, in order.
///
/// A page follows as long as there are fewer names than the service says there are; an empty page ends the list too.
/// If the service says another total on a later page, the list has changed meanwhile, and a name may have moved from a
/// page that was not read yet to one that was: then the list is read again, three times at most, and what any of the
/// readings has shown is given. So a name may be gone, but one that was there all the time is missing only if the list
/// kept changing, or if as many names have come as have gone.
///
/// # Errors
/// Those of `page`, and `Malformed` when the list does not end, or when each reading ends before the total is reached:
/// a list with names missing must not pass for a whole one.
pub(crate) async fn whole_list<P: Future<Output = Result<NamePage, Error>>>(
    operation: &Operation,
    page: impl Fn(u32) -> P,
) -> Result<Vec<String>, Error> {
    let mut names = BTreeSet::new();
    let mut incomplete = None;
    for _ in 0..MAX_PASSES {
        match pass(operation, &page, &mut names).await? {
            Pass::Steady => return Ok(names.into_iter().collect()),
            Pass::Changed => incomplete = None,
            Pass::Incomplete { total } => incomplete = Some(total),
        }
    }
    match incomplete {
        None => Ok(names.into_iter().collect()),
        Some(total) => {
            let message =
                format!("the list is said to have {total} names, and its pages have {}", names.len());
            Err(Error::new(ErrorKind::Malformed, operation, message))
        }
    }
}

/// How one reading of a list ended.
enum Pass {
    /// The list was the same all the time, as far as that can be told.
    Steady,
    /// The total changed while the list was read.
    Changed,
    /// An empty page came before the total was reached.
    Incomplete { total: i64 },
}

/// Reads the list once.
async fn pass<P: Future<Output = Result<NamePage, Error>>>(
    operation: &Operation,
    page: &impl Fn(u32) -> P,
    names: &mut BTreeSet<String>,
) -> Result<Pass, Error> {
    let (mut offset, mut first_total, mut is_steady) = (0_u32, None, true);
    for _ in 0..MAX_PAGES {
        let NamePage { total, names: more } = page(offset).await?;
        is_steady &= *first_total.get_or_insert(total) == total;
        let count = u32::try_from(more.len()).unwrap_or(u32::MAX);
        offset = offset.saturating_add(count);
        names.extend(more);
        if i64::from(offset) >= total {
            return Ok(if is_steady { Pass::Steady } else { Pass::Changed });
        }
        if count == 0 {
            return Ok(Pass::Incomplete { total });
        }
    }
    let message = format!("the list has more than {MAX_PAGES} pages of up to {MAX_PAGE_SIZE} names");
    Err(Error::new(ErrorKind::Malformed, operation, message))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Answers with these pages in turn, each a total and names, and tells the offsets that were asked for.
    async fn read(pages: &[(i64, &[&str])]) -> (Result<Vec<String>, Error>, Vec<u32>) {
        let operation = Operation::new("SLS", "ListLogStores", "p");
        let asked = Mutex::new(Vec::new());
        let list = whole_list(&operation, async |offset| {
            let mut asked = asked.lock().unwrap();
            let (total, names) = pages[asked.len()];
            asked.push(offset);
            Ok(NamePage { total, names: names.iter().map(|name| (*name).to_owned()).collect() })
        })
        .await;
        (list, asked.into_inner().unwrap())
    }

    #[track_caller]
    fn check(read: (Result<Vec<String>, Error>, Vec<u32>), names: &[&str], offsets: &[u32]) {
        assert_eq!(
            (read.0.unwrap().iter().map(String::as_str).collect::<Vec<_>>(), &*read.1),
            (names.to_vec(), offsets)
        );
    }

    #[tokio::test]
    async fn pages_are_read_until_the_total_is_reached() {
        check(read(&[(0, &[])]).await, &[], &[0]);
        check(read(&[(2, &["b", "a"])]).await, &["a", "b"], &[0]);
        check(read(&[(3, &["c", "a"]), (3, &["b"])]).await, &["a", "b", "c"], &[0, 2]);
    }

    #[tokio::test]
    async fn a_list_that_ends_before_its_total_is_read_again_and_is_an_error_if_it_stays_so() {
        let short = [(9, &["a"] as &[_]), (9, &[])];
        let (outcome, offsets) = read(&[short, short, short].concat()).await;
        assert!(outcome.unwrap_err().to_string().contains("9 names, and its pages have 1"));
        assert_eq!(offsets, [0, 1, 0, 1, 0, 1]);
        let whole = [(2, &["a"] as &[_]), (2, &["b"])];
        check(read(&[short, whole].concat()).await, &["a", "b"], &[0, 1, 0, 1]);
    }

    #[tokio::test]
    async fn a_list_that_changes_is_read_again_and_each_name_is_given_once() {
        // `a` is deleted after the first page, so that `c` is on none: it has moved to the first.
        let moved = [(4, &["a", "b"] as &[_]), (3, &["d"]), (3, &["b", "c"]), (3, &["d"])];
        check(read(&moved).await, &["a", "b", "c", "d"], &[0, 2, 0, 2]);
        // `a0` is made, so that `b` is on two pages.
        let grown = [(3, &["a", "b"] as &[_]), (4, &["b", "c"]), (4, &["a", "a0"]), (4, &["b", "c"])];
        check(read(&grown).await, &["a", "a0", "b", "c"], &[0, 2, 0, 2]);
        // It keeps changing.
        let restless = [(2, &["a"] as &[_]), (3, &["b", "c"])].repeat(3);
        check(read(&restless).await, &["a", "b", "c"], &[0, 1].repeat(3));
    }

    #[tokio::test]
    async fn a_list_without_end_is_an_error() {
        let (list, asked) = read(&[(i64::MAX, &["a"] as &[_])].repeat(1001)).await;
        assert_eq!((list.unwrap_err().kind(), asked.len()), (ErrorKind::Malformed, 1000));
    }
}
