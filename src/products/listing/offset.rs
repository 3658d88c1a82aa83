//! Lists by offset, which end with an empty page and don't report their length.

use super::{Cursor, Given, PageSize, end};
use crate::products::{Error, UserPage};

/// The page at `cursor`, of about `size`; `ask` returns the page that begins at an offset, with at most the given
/// number of records. The end of the list is read once more.
///
/// # Errors
///
/// What `ask` gives; [`Error::Unreadable`] where the list goes round in circles, does not end, or names nobody.
pub(in crate::products) async fn by_offset<F>(
    cursor: Cursor,
    size: &PageSize,
    ask: impl Fn(usize, usize) -> F,
) -> Result<UserPage, Error>
where
    F: Future<Output = Result<Given, Error>>,
{
    let start = cursor.offset();
    let (given, asked) = size.ask(|size| ask(start, size)).await?;
    let given = Given { asked, ..given };
    if given.records > 0 {
        return cursor.page_by_offset(given);
    }
    let Some(last) = start.checked_sub(1) else { return cursor.ended(given, super::Completeness::Proved) };
    let again = ask(last, end::LOOK).await?;
    let again = end::ids(&again.users, again.records);
    let proved = end::by_second_look(start, cursor.last.as_deref(), &again);
    cursor.ended(given, proved)
}

#[cfg(test)]
mod tests {
    mod any_server;

    use super::*;
    use crate::{
        domain::{UserHints, UserId},
        products::{
            Completeness,
            listing::{Form, PAGE},
        },
    };

    /// How a list ends of which the users from an offset on, at most so many, are as `list` says; and how many it names.
    async fn end(list: impl Fn(usize, usize) -> std::ops::Range<usize>) -> (usize, Completeness) {
        let ask = async |start, size| {
            let users: Vec<_> =
                list(start, size).map(|id| (UserId::new(id.to_string()), UserHints::default())).collect();
            Ok(Given { records: users.len(), users, ..Given::default() })
        };
        let (size, mut cursor, mut users) = (PageSize::new(PAGE), Cursor::first(Form::Offset), 0);
        loop {
            let page = by_offset(cursor, &size, ask).await.unwrap();
            users += page.users.len();
            let Some(next) = page.next else { return (users, page.completeness) };
            cursor = Cursor::read(Some(&next), &[Form::Offset]);
        }
    }

    fn cut(start: usize, size: usize, all: usize) -> std::ops::Range<usize> {
        start.min(all)..(start + size).min(all)
    }

    #[tokio::test]
    async fn an_honest_list_is_whole_past_short_pages() {
        for all in [1, 7, 700 + 42, 1_537, 2_999] {
            assert_eq!(end(|start, size| cut(start, size, all)).await, (all, Completeness::Proved), "{all}");
            assert_eq!(end(|start, size| cut(start, size.min(70), all)).await, (all, Completeness::Proved), "{all}");
        }
    }

    #[tokio::test]
    async fn a_search_that_stops_at_100_or_1_000_is_not_believed() {
        for stop in [100, 1_000] {
            for most in [PAGE, 100, 50] {
                let (users, end) = end(|start, size| cut(start, size.min(most), stop)).await;
                assert_eq!(users, stop);
                assert!(matches!(end, Completeness::NotProved(_)), "{stop} {most}: {end:?}");
            }
        }
    }

    #[tokio::test]
    async fn page_size_and_offset_that_are_read_together_are_noticed() {
        let as_pages = end(|start, size| cut(start * size, size, 1_537)).await;
        let as_an_end = end(|start, size| start.min(1_537)..size.min(1_537).max(start.min(1_537))).await;
        let in_steps = end(|start, size| cut(start / size * size, size, 1_537)).await;
        for (users, end) in [as_pages, as_an_end, in_steps] {
            assert!(users == 1_537 || matches!(end, Completeness::NotProved(_)), "{users}: {end:?}");
        }
    }

    #[tokio::test]
    async fn a_list_that_changes_while_it_is_read_is_not_known_to_be_whole() {
        let asked = std::cell::Cell::new(0);
        let (_, grown) = end(|start, size| {
            asked.set(asked.get() + 1);
            cut(start, size, if asked.get() > 2 { 743 } else { 742 })
        })
        .await;
        asked.set(0);
        let (_, shrunk) = end(|start, size| {
            asked.set(asked.get() + 1);
            cut(start, size, if asked.get() > 1 { 741 } else { 742 })
        })
        .await;
        assert!(matches!(grown, Completeness::NotProved(_)), "{grown:?}");
        assert!(matches!(shrunk, Completeness::NotProved(_)), "{shrunk:?}");
    }
}
