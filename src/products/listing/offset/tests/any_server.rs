//! Servers of any manners: a list counts as whole only if everybody in it was named.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::*;
use crate::{
    domain::{UserHints, UserId},
    products::{
        Completeness, Error,
        listing::{Form, PAGE},
    },
};

/// The treatment of an offset and of the requested size by a server.
#[derive(Debug, Clone, Copy)]
enum Manners {
    /// It gives what is asked for.
    Honest,
    /// It takes the offset for the number of a page of the requested size.
    Pages,
    /// It begins at a multiple of the size.
    RoundsDown,
    /// It begins at a multiple of its own page.
    RoundsDownToItsPage,
    /// It takes the size for the end.
    SizeIsTheEnd,
    /// It heeds no offset.
    NoOffset,
    /// It heeds no offset once it is as high as its page.
    NoFurther,
}

/// A server whose list does not change while it is read.
#[derive(Debug, Clone, Copy)]
struct Server {
    users: usize,
    /// The most that it gives in one answer.
    most: usize,
    /// The number of users at which it stops.
    stops_at: Option<usize>,
    manners: Manners,
}

impl Server {
    /// The users that it gives.
    fn give(self, start: usize, size: usize) -> std::ops::Range<usize> {
        let all = self.stops_at.map_or(self.users, |stop| stop.min(self.users));
        let size = size.min(self.most);
        let (from, to) = match self.manners {
            Manners::Honest => (start, start.saturating_add(size)),
            Manners::Pages => (start.saturating_mul(size), start.saturating_mul(size).saturating_add(size)),
            Manners::RoundsDown => (start / size * size, start / size * size + size),
            Manners::RoundsDownToItsPage => (start / self.most * self.most, start / self.most * self.most + size),
            Manners::SizeIsTheEnd => (start, size),
            Manners::NoOffset => (0, size),
            Manners::NoFurther => (start.min(self.most), start.min(self.most) + size),
        };
        from.min(all)..to.min(all).max(from.min(all))
    }

    /// The users that were named in the list until its end, and whether it counts as whole.
    async fn read(self) -> Result<(BTreeSet<usize>, Completeness), Error> {
        let ask = async |start, size| {
            let ids = self.give(start, size);
            let users: Vec<_> = ids.map(|id| (UserId::new(id.to_string()), UserHints::default())).collect();
            Ok(Given { records: users.len(), users, ..Given::default() })
        };
        let (size, mut cursor, mut named) = (PageSize::new(PAGE), Cursor::first(Form::Offset), BTreeSet::new());
        loop {
            let page = by_offset(cursor, &size, ask).await?;
            named.extend(page.users.iter().map(|(id, _)| id.as_str().parse::<usize>().expect("a number")));
            let Some(next) = page.next else { return Ok((named, page.completeness)) };
            cursor = Cursor::read(Some(&next), &[Form::Offset]);
        }
    }
}

fn server() -> impl Strategy<Value = Server> {
    let users = prop_oneof![1_usize..40, 1_usize..2_500, Just(1_000), Just(2_000), Just(100)];
    // The second look tells nothing of a server whose own pages are no longer than it. There is none.
    let least = end::LOOK + 1;
    let most = prop_oneof![least..60, least..=PAGE, Just(50), Just(100), Just(PAGE)];
    let stops_at =
        prop_oneof![3 => Just(None), 1 => prop::sample::select(&[100_usize, 1_000, 500, 50, 2_000][..]).prop_map(Some)];
    let manners = prop::sample::select(
        &[
            Manners::Honest,
            Manners::Pages,
            Manners::RoundsDown,
            Manners::RoundsDownToItsPage,
            Manners::SizeIsTheEnd,
            Manners::NoOffset,
            Manners::NoFurther,
        ][..],
    );
    (users, most, stops_at, manners).prop_map(|(users, most, stops_at, manners)| {
        // With a page of its own such a server is one that stops there, at whatever number.
        let most = if matches!(manners, Manners::SizeIsTheEnd) { PAGE } else { most };
        Server { users, most, stops_at, manners }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_list_that_counts_as_whole_has_named_everybody(server in server()) {
        match futures::executor::block_on(server.read()) {
            Ok((named, completeness)) => {
                let is_everybody = named.len() == server.users;
                prop_assert!(is_everybody || completeness != Completeness::Proved, "{} named", named.len());
            }
            Err(error) => prop_assert!(matches!(error, Error::Unreadable(_)), "{error:?}"),
        }
    }

    #[test]
    fn an_honest_list_names_everybody_and_is_whole_unless_its_length_is_one_at_which_products_stop(
        users in 1_usize..3_000, most in 1_usize..=PAGE,
    ) {
        let server = Server { users, most, stops_at: None, manners: Manners::Honest };
        let (named, completeness) = futures::executor::block_on(server.read()).expect("a list");
        prop_assert_eq!(named.len(), users);
        let is_hundreds = users % 500 == 0 || (users <= 1_000 && users % 100 == 0);
        let is_round = is_hundreds || [10, 20, 25, 50, 250, 750].contains(&users);
        prop_assert_eq!(completeness == Completeness::Proved, !is_round, "{:?}", completeness);
    }
}
