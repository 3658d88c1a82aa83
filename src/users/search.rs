//! Finding users: what the roster looks at by itself, and what it takes the seen events to know.

use std::{cell::Cell, collections::HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Error, Users,
    logins::{has_never_logged_in, last_logged_in_before},
    row::{Known, RosterRow, UserRow},
};
use crate::{
    domain::{Facts, SourceId, Timestamp, UserId},
    explain::Estimator,
    roster::{Found, Matched, RosterFilter, Sort, Wanted},
    user_list::ListedRow,
    views::{Cursor, Paging},
};

/// The users that are read together where all are.
const PART: usize = 500;

/// The conditions on users. An unknown value never matches.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// The filter of the roster.
    pub roster: RosterFilter,
    /// The last login was before this.
    pub last_login_before: Option<Timestamp>,
    /// There was never a login, or there was one.
    pub never_logged_in: Option<bool>,
    /// The account was created before this.
    pub created_before: Option<Timestamp>,
    /// The user is listed in the source's `protect.users`, or is not.
    pub protected: Option<bool>,
}

impl UserFilter {
    /// Whether the roster alone can't tell who matches.
    fn looks_further(&self) -> bool {
        let Self { roster: _, last_login_before, never_logged_in, created_before, protected } = self;
        last_login_before.is_some() || never_logged_in.is_some() || created_before.is_some() || protected.is_some()
    }

    /// Whether the user matches, as far as the roster does not look.
    fn is_met(&self, known: &Known<'_>) -> bool {
        let Known { facts, is_protected, .. } = known;
        let Self { roster: _, last_login_before, never_logged_in, created_before, protected } = self;
        let created = |limit: Timestamp| facts.created.value().is_some_and(|created| *created < limit);
        last_login_before.is_none_or(|limit| last_logged_in_before(facts, limit) == Some(true))
            && never_logged_in.is_none_or(|never| has_never_logged_in(facts) == Some(never))
            && created_before.is_none_or(created)
            && protected.is_none_or(|wanted| wanted == *is_protected)
    }
}

/// One page of users, with how the rosters that it is from stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UsersPage {
    /// The last list of each source that the users are from.
    pub roster: Vec<RosterRow>,
    /// The users. There may be fewer than requested, even none, while there is a `next`.
    pub items: Vec<UserRow>,
    /// The cursor of the next page; none: this was the last.
    pub next: Option<Cursor>,
}

impl Users {
    /// One page of the users of `sources` who match `filter`.
    ///
    /// # Errors
    /// [`Error`] if the roster or the views fail.
    pub fn page(
        &self,
        sources: &[SourceId],
        filter: &UserFilter,
        sort: Sort,
        paging: &Paging,
    ) -> Result<UsersPage, Error> {
        let standings = sources.iter().map(|source| self.standing(source)).collect::<Result<_, _>>()?;
        let Some(roster) = &self.roster else {
            return Ok(UsersPage { roster: standings, items: Vec::new(), next: None });
        };
        let wanted = Wanted { filter: filter.roster.clone(), sort };
        let failed = Cell::new(None);
        let judge = |found: &[Found]| {
            self.known(found, |known| filter.is_met(known)).unwrap_or_else(|error| {
                failed.set(Some(error));
                vec![false; found.len()]
            })
        };
        let judge = filter.looks_further().then_some(&judge as &dyn Fn(&[Found]) -> Vec<bool>);
        let page = roster.page(sources, &wanted, judge, paging)?;
        // A page of those about whom something could be read would look like all.
        if let Some(error) = failed.take() {
            return Err(error);
        }
        Ok(UsersPage { roster: standings, items: self.rows(&page.users)?, next: page.next })
    }

    /// Passes all users of `source` who match `filter` to `take`, in the order of ids, part by part, until it says that
    /// it takes no more.
    ///
    /// # Errors
    /// [`Error`] if the roster or the views fail.
    pub fn each(
        &self,
        source: &SourceId,
        filter: &UserFilter,
        mut take: impl FnMut(Vec<UserRow>) -> bool,
    ) -> Result<(), Error> {
        let Some(roster) = &self.roster else { return Ok(()) };
        let wanted = Wanted { filter: filter.roster.clone(), sort: Sort::by_id() };
        let mut last: Option<Found> = None;
        loop {
            let part = roster.part(source, &wanted, last.as_ref(), PART)?;
            last = part.last().cloned();
            let is_last = part.len() < PART;
            let part = match filter.looks_further() {
                true => {
                    let verdicts = self.known(&part, |known| filter.is_met(known))?;
                    part.into_iter().zip(verdicts).filter_map(|(found, is_met)| is_met.then_some(found)).collect()
                }
                false => part,
            };
            if !take(self.rows(&part)?) || is_last {
                return Ok(());
            }
        }
    }

    /// The users of `source` with these `ids`, in this order. One whom the list does not have has nothing but the id.
    ///
    /// # Errors
    /// [`Error`] if the roster or the views fail.
    pub fn picked(&self, source: &SourceId, ids: &[UserId]) -> Result<Vec<UserRow>, Error> {
        let found = self.with_ids(source, ids)?;
        let mut rows: HashMap<_, _> = self.rows(&found)?.into_iter().map(|row| (row.id.clone(), row)).collect();
        let not_listed = |id| UserRow::not_listed(source, id, self.is_protected(source, id, None));
        Ok(ids.iter().map(|id| rows.remove(id).unwrap_or_else(|| not_listed(id))).collect())
    }

    /// The users of `source` for whom `rows` stand. Where no list is kept, ids are taken as they are.
    ///
    /// # Errors
    /// [`Error::Roster`] if the roster fails.
    pub fn matched(&self, source: &SourceId, rows: &[ListedRow]) -> Result<Matched, Error> {
        match &self.roster {
            Some(roster) => Ok(roster.matched(source, rows)?),
            None => Ok(Matched::unchecked(rows)),
        }
    }

    /// Counts all users in the list of the scheme's source. It says how the list stands.
    ///
    /// # Errors
    /// [`Error`] if the roster or the views fail.
    pub fn estimate(&self, estimator: &mut Estimator) -> Result<RosterRow, Error> {
        let (source, wanted) = (estimator.source().clone(), Wanted { sort: Sort::by_id(), ..Wanted::default() });
        let standing = self.standing(&source)?;
        let Some(roster) = &self.roster else { return Ok(standing) };
        let mut last: Option<Found> = None;
        loop {
            let part = roster.part(&source, &wanted, last.as_ref(), PART)?;
            self.known(&part, |known| estimator.count(&known.found.user.id, known.facts.clone()))?;
            if part.len() < PART {
                return Ok(standing);
            }
            last = part.into_iter().next_back();
        }
    }

    /// Passes each of `users` of `source` to `take`, with the facts of the roster, and whether the source protects the user.
    ///
    /// # Errors
    /// [`Error`] if the roster fails.
    pub fn listed(
        &self,
        source: &SourceId,
        users: &[UserId],
        mut take: impl FnMut(&UserId, Option<&Facts>, bool),
    ) -> Result<(), Error> {
        for part in users.chunks(PART) {
            let found = self.with_ids(source, part)?;
            let found: HashMap<_, _> = found.iter().map(|found| (&found.user.id, found)).collect();
            for id in part {
                let found = found.get(id);
                let facts = found.map(|found| found.user.facts(found.as_of));
                let name = found.and_then(|found| found.user.name.as_deref());
                take(id, facts.as_ref(), self.is_protected(source, id, name));
            }
        }
        Ok(())
    }

    fn with_ids(&self, source: &SourceId, ids: &[UserId]) -> Result<Vec<Found>, Error> {
        match &self.roster {
            Some(roster) => Ok(roster.with_ids(source, ids)?),
            None => Ok(Vec::new()),
        }
    }

    fn rows(&self, found: &[Found]) -> Result<Vec<UserRow>, Error> {
        self.known(found, |known| known.row())
    }

    /// The result of `of` for each of `found`, with all that is known of the user.
    fn known<T>(&self, found: &[Found], mut of: impl FnMut(&Known<'_>) -> T) -> Result<Vec<T>, Error> {
        let users: Vec<_> = found.iter().map(|found| (&found.source, &found.user.id)).collect();
        let (activities, now) = (self.views.activities(&users)?, self.clock.now());
        let known = found.iter().zip(&activities).map(|(found, activity)| {
            let (user, activity) = (&found.user, activity.as_ref());
            let coverage = self.views.login_coverage(&found.source);
            let facts = user.facts(found.as_of).with_activity(activity, coverage, now);
            let is_protected = self.is_protected(&found.source, &user.id, user.name.as_deref());
            of(&Known { found, facts, activity, is_protected })
        });
        Ok(known.collect())
    }
}
