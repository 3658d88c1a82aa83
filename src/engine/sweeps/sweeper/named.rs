//! Reads the users whom a scheme names, instead of listing all users.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::timeout;

use super::Sweeper;
use crate::{
    domain::{AskedSweep, Cause, UserHints, UserId, UserRef},
    products::{Completeness, Error, UserPage},
    rules::Schemes,
    runtime::{Interrupted, Work},
    source::read::UserLookup,
};

/// The number of users of a page: the cursor is recorded after each.
const PAGE: usize = 100;
/// Users read at the same time; the client's own pace holds them back further.
const CONCURRENCY: usize = 8;
/// The prefix of a cursor in a list of names. No product has such a cursor.
const CURSOR: &str = "named:";
/// The reason if the users of a sweep are no longer known.
const CHANGED: &str = "the scheme was changed before all users whom it named were looked up";
/// The reason if the users of a bulk action are not known.
const NO_BULK: &str = "the bulk action is not kept any more, so it is not known whom it is about";
/// A bulk action is written before its sweep is asked for, and is read a moment later.
const BULK_TIMEOUT: Duration = Duration::from_mins(2);

/// The users of a sweep.
pub(super) struct Named {
    /// The users by name or lasting id, each once.
    users: Vec<String>,
    /// Why nobody else is looked up: the scheme was changed since some of them were, say.
    ended: Option<&'static str>,
    /// Whether they are lasting ids, as those of a bulk action are. Then nobody is looked up.
    are_ids: bool,
}

impl Named {
    pub(super) fn len(&self) -> usize {
        self.users.len()
    }
}

/// The place at which a page of them begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    begin: usize,
    /// The number of users before it who could not be looked up.
    failed: u64,
}

impl Place {
    /// Reads a cursor; none if `cursor` is one of a product.
    fn read(cursor: Option<&str>) -> Option<Self> {
        let (begin, failed) = cursor?.strip_prefix(CURSOR)?.split_once(':')?;
        Some(Self { begin: begin.parse().ok()?, failed: failed.parse().ok()? })
    }

    fn write(self) -> String {
        format!("{CURSOR}{}:{}", self.begin, self.failed)
    }
}

/// The page at `place`: the users are read once, by the planner.
fn page_of_ids(users: &[String], place: Place) -> UserPage {
    let page: Vec<_> = users.iter().skip(place.begin).take(PAGE).collect();
    let next = Place { begin: place.begin + page.len(), ..place };
    let cursor = (next.begin < users.len()).then(|| next.write());
    let sighted = page.into_iter().map(|user| (UserId::new(user.clone()), UserHints::default()));
    UserPage { completeness: Completeness::Proved, ..UserPage::new(sighted.collect(), cursor) }
}

impl Sweeper {
    /// The only users of the sweep, from `cursor` on; none if it may have others too.
    pub(super) fn named(&self, asked: &AskedSweep, cursor: Option<&str>) -> Option<Named> {
        let schemes = self.schemes.as_ref()?.borrow();
        let of_runs = asked.runs.iter().map(|run| schemes.only_users(&asked.source, &run.scheme));
        let of_runs: Option<Vec<_>> = of_runs.collect();
        let Some(users) = of_runs else {
            return Place::read(cursor).map(|_| Named { users: Vec::new(), ended: Some(CHANGED), are_ids: false });
        };
        let mut seen = HashSet::new();
        let users = users.into_iter().flatten().filter(|user| seen.insert(user.clone())).collect();
        Some(Named { users, ended: None, are_ids: asked.cause == Cause::Bulk })
    }

    /// The users of a bulk action, once this process has read it. One that is not there is never about everybody.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn picked(&self, asked: &AskedSweep, work: &Work) -> Result<Named, Interrupted> {
        let unknown = Named { users: Vec::new(), ended: Some(NO_BULK), are_ids: true };
        let Some(mut schemes) = self.schemes.clone() else { return Ok(unknown) };
        let is_there = |schemes: &Arc<Schemes>| asked.runs.iter().all(|run| schemes.has(&run.scheme));
        let read = async { schemes.wait_for(is_there).await.is_ok() };
        let read = work.stop.run_until_cancelled(timeout(BULK_TIMEOUT, read)).await.ok_or(Interrupted)?;
        Ok(if read == Ok(true) { self.named(asked, None).unwrap_or(unknown) } else { unknown })
    }

    /// The page at `cursor`: of `named`, or of everybody.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first. The inner error is final: it comes after all retries.
    pub(super) async fn page_of(
        &self,
        named: Option<&Named>,
        cursor: Option<&str>,
        work: &Work,
    ) -> Result<Result<UserPage, Error>, Interrupted> {
        let Some(Named { users, ended, are_ids }) = named else { return self.page(cursor, work).await };
        if let Some(why) = ended {
            let completeness = Completeness::NotProved((*why).to_owned());
            return Ok(Ok(UserPage { completeness, ..UserPage::new(Vec::new(), None) }));
        }
        let place = Place::read(cursor).unwrap_or_default();
        if *are_ids {
            return Ok(Ok(page_of_ids(users, place)));
        }
        self.named_page(users, place, work).await.map(Ok)
    }

    async fn named_page(&self, named: &[String], place: Place, work: &Work) -> Result<UserPage, Interrupted> {
        let page: Vec<_> = named.iter().skip(place.begin).take(PAGE).cloned().collect();
        let next = Place { begin: place.begin + page.len(), ..place };
        let finding: Vec<_> = page.into_iter().map(|name| self.find(name, work)).collect();
        let found: Vec<(bool, _)> = stream::iter(finding).buffered(CONCURRENCY).try_collect().await?;
        let failed = found.iter().filter(|(is_answered, _)| !is_answered).count() as u64;
        let next = Place { failed: next.failed + failed, ..next };
        let completeness = match next.failed {
            0 => Completeness::Proved,
            failed => Completeness::NotProved(format!("{failed} of the users named could not be looked up")),
        };
        let users = found.into_iter().map(|(_, user)| user).collect();
        let cursor = (next.begin < named.len()).then(|| next.write());
        Ok(UserPage { completeness, ..UserPage::new(users, cursor) })
    }

    /// The user with this lasting id, else with this login name, and whether the product answered. A missing user is
    /// sighted nevertheless, so that the run shows it.
    async fn find(&self, name: String, work: &Work) -> Result<(bool, (UserId, UserHints)), Interrupted> {
        for user in [UserRef::Id(UserId::new(name.clone())), UserRef::Name(name.clone())] {
            match self.connection.read_user(&user, &work.stop).await? {
                UserLookup::Found(user) => {
                    return Ok((true, (user.id, UserHints { name: user.name, ..UserHints::default() })));
                }
                // Some products have no login names.
                UserLookup::NoSuchUser | UserLookup::GaveUp(Error::NotSupported(_)) => {}
                // The user is read once more before anything is done.
                UserLookup::GaveUp(_) => return Ok((false, (UserId::new(name), UserHints::default()))),
            }
        }
        Ok((true, (UserId::new(name), UserHints::default())))
    }
}

#[test]
fn a_cursor_of_named_users_keeps_how_many_could_not_be_looked_up() {
    let place = Place { begin: 300, failed: 2 };
    assert_eq!(Place::read(Some(&place.write())), Some(place));
    for of_product in [None, Some("100"), Some("2:3"), Some("named:x:1")] {
        assert_eq!(Place::read(of_product), None, "{of_product:?}");
    }
}
