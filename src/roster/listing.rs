//! Lists of users, a page at a time, over several sources.
//!
//! Without a filter an index is walked. With one, the table is read through in its own order, and the best rows are
//! kept: that is one pass over the rows of the source, and no look-up for each. Where the caller judges the rows too,
//! the index is walked, and the page ends when enough rows were judged.

use std::cmp::{Ordering, Reverse};

use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter, types::Value};
use serde::{Deserialize, Serialize};

use super::{
    Error, Roster,
    filter::{Conditions, RosterFilter, Sort, SortKey},
    row::{ListedUser, user},
    standing::known_number,
};
use crate::{
    domain::{SourceId, Timestamp, UserId},
    views::{Cursor, Paging},
};

/// The rows that are fetched together where the caller judges them.
const BATCH: usize = 500;
/// The rows of a source that the caller judges for one page, so that a filter with few matches answers in time.
const MAX_JUDGED: usize = 5_000;

/// A user of the roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The source.
    pub source: SourceId,
    /// The user.
    pub user: ListedUser,
    /// The time of what is known.
    pub as_of: Timestamp,
    /// The place in the list.
    place: Place,
}

/// A place in a list: of two users with the same value, the id counts, then the source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place(String, String, String);

/// The wanted users.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The filter of the roster.
    pub filter: RosterFilter,
    /// Their order.
    pub sort: Sort,
}

/// Tells of each of the users whether it is wanted.
pub type Judge<'j> = &'j dyn Fn(&[Found]) -> Vec<bool>;

/// One page.
#[derive(Debug)]
pub struct FoundPage {
    /// The users. There may be fewer than requested, even none, while there is a `next`.
    pub users: Vec<Found>,
    /// The place at which the next page begins; none: this was the last.
    pub next: Option<Cursor>,
}

/// The users found in one source, and the place up to which it was looked at; none: to its end.
type OfSource = (Vec<Found>, Option<Place>);

impl Roster {
    /// One page of the users of `sources` who are wanted, also by `judge`, if there is one.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub fn page(
        &self,
        sources: &[SourceId],
        wanted: &Wanted,
        judge: Option<Judge<'_>>,
        paging: &Paging,
    ) -> Result<FoundPage, Error> {
        let after = paging.cursor.as_ref().and_then(|cursor| serde_json::from_slice::<Place>(cursor.place()).ok());
        let (limit, descending) = (paging.limit.get(), wanted.sort.descending);
        let of_sources = self.0.database.read(|db| {
            let of_source = |source| of_source(db, source, wanted, judge, after.as_ref(), limit);
            sources.iter().map(of_source).collect::<Result<Vec<_>, _>>()
        })?;
        let order = |one: &Place, other: &Place| if descending { other.cmp(one) } else { one.cmp(other) };
        // Behind the first place at which a source was not looked at any further, users of that source may be missing.
        let frontier = of_sources.iter().filter_map(|(_, end)| end.clone()).min_by(|one, other| order(one, other));
        let mut users: Vec<_> = of_sources.into_iter().flat_map(|(found, _)| found).collect();
        users.retain(|found| {
            frontier.as_ref().is_none_or(|frontier| order(&found.place, frontier) != Ordering::Greater)
        });
        match descending {
            true => users.sort_by_cached_key(|found| Reverse(found.place.clone())),
            false => users.sort_by_cached_key(|found| found.place.clone()),
        }
        let is_cut = users.len() > limit;
        users.truncate(limit);
        let end = if is_cut { users.last().map(|found| found.place.clone()) } else { frontier };
        Ok(FoundPage { users, next: end.map(|place| place.cursor()) })
    }

    /// The users of one source with these ids, without those whom the roster does not have.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub fn with_ids(&self, source: &SourceId, ids: &[UserId]) -> Result<Vec<Found>, Error> {
        self.0.database.read(|db| {
            let Some(number) = known_number(db, source)? else { return Ok(Vec::new()) };
            let sql = format!("SELECT *, id AS place, {KNOWN_AT} FROM users WHERE source = ?1 AND id = ?2");
            let mut statement = db.prepare_cached(&sql)?;
            let found = ids.iter().map(|id| statement.query_row((number, id), |row| found(source, row)).optional());
            Ok(found.filter_map(Result::transpose).collect::<Result<_, _>>()?)
        })
    }

    /// Up to `most` wanted users of one source in the order of ids, behind the user `after`. For reading them all.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails.
    pub fn part(
        &self,
        source: &SourceId,
        wanted: &Wanted,
        after: Option<&Found>,
        most: usize,
    ) -> Result<Vec<Found>, Error> {
        self.0.database.read(|db| {
            let Some(number) = known_number(db, source)? else { return Ok(Vec::new()) };
            let after = after.map(|found| (&found.place, false));
            rows(db, (source, number), wanted, Walk::Index, after, most)
        })
    }
}

impl Place {
    fn cursor(&self) -> Cursor {
        Cursor::behind(serde_json::to_vec(self).unwrap_or_default()) // three texts can always be written
    }
}

fn of_source(
    db: &Connection,
    source: &SourceId,
    wanted: &Wanted,
    judge: Option<Judge<'_>>,
    after: Option<&Place>,
    limit: usize,
) -> Result<OfSource, Error> {
    let Some(number) = known_number(db, source)? else { return Ok((Vec::new(), None)) };
    // Of users with the same value and id, those of the sources before the place's are on the page before.
    let after = after.map(|place| {
        let is_behind = if wanted.sort.descending { source.as_str() < &*place.2 } else { source.as_str() > &*place.2 };
        (place.clone(), is_behind)
    });
    let Some(judge) = judge else {
        let walk = if wanted.filter.is_empty() { Walk::Index } else { Walk::Table };
        let after = after.as_ref().map(|(place, inclusive)| (place, *inclusive));
        let mut found = rows(db, (source, number), wanted, walk, after, limit + 1)?;
        let is_cut = found.len() > limit;
        found.truncate(limit);
        let end = found.last().filter(|_| is_cut).map(|last| last.place.clone());
        return Ok((found, end));
    };
    judged(db, (source, number), wanted, judge, after, limit)
}

fn judged(
    db: &Connection,
    source: (&SourceId, i64),
    wanted: &Wanted,
    judge: Judge<'_>,
    mut after: Option<(Place, bool)>,
    limit: usize,
) -> Result<OfSource, Error> {
    let (mut matching, mut looked_at) = (Vec::new(), 0);
    loop {
        let from = after.as_ref().map(|(place, inclusive)| (place, *inclusive));
        let batch = rows(db, source, wanted, Walk::Index, from, BATCH)?;
        let (is_last, verdicts) = (batch.len() < BATCH, judge(&batch));
        looked_at += batch.len();
        for (found, is_wanted) in batch.into_iter().zip(verdicts) {
            after = Some((found.place.clone(), false));
            if is_wanted {
                let end = found.place.clone();
                matching.push(found);
                if matching.len() == limit {
                    return Ok((matching, Some(end)));
                }
            }
        }
        if is_last {
            return Ok((matching, None));
        }
        if looked_at >= MAX_JUDGED {
            return Ok((matching, after.map(|(place, _)| place)));
        }
    }
}

/// How the rows are gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// In the order of the list.
    Index,
    /// In the order of the table, keeping the first ones of the list.
    Table,
}

fn rows(
    db: &Connection,
    (source, number): (&SourceId, i64),
    wanted: &Wanted,
    walk: Walk,
    after: Option<(&Place, bool)>,
    most: usize,
) -> Result<Vec<Found>, Error> {
    let (sql, conditions) = statement(number, wanted, walk, after, most);
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(conditions.values()), |row| found(source, row))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The time of what is known of a user.
const KNOWN_AT: &str = "ifnull(as_of, (SELECT as_of FROM sources WHERE no = users.source)) AS known_at";

fn found(source: &SourceId, row: &Row<'_>) -> rusqlite::Result<Found> {
    let user = user(row)?;
    let place = Place(row.get("place")?, user.id.to_string(), source.to_string());
    Ok(Found { source: source.clone(), user, as_of: row.get("known_at")?, place })
}

/// The statement for the first `most` rows behind `after`, or at it too.
fn statement(
    source: i64,
    wanted: &Wanted,
    walk: Walk,
    after: Option<(&Place, bool)>,
    most: usize,
) -> (String, Conditions) {
    let Sort { key, descending } = wanted.sort;
    let direction = if descending { "DESC" } else { "" };
    // With a `+` the column is an expression, which no index serves: the table is read in its own order.
    let (from, column) = match walk {
        Walk::Index => (key.index(), key.column().to_owned()),
        Walk::Table => ("", format!("+{}", key.column())),
    };
    let mut conditions = Conditions::default();
    conditions.add("source = ?", [Value::from(source)]);
    if let Some((Place(value, id, _), inclusive)) = after {
        let than = match (descending, inclusive) {
            (false, false) => ">",
            (false, true) => ">=",
            (true, false) => "<",
            (true, true) => "<=",
        };
        match key {
            SortKey::Id => conditions.add(format!("id {than} ?"), [Value::from(id.clone())]),
            SortKey::Name | SortKey::DisplayName | SortKey::Email => conditions
                .add(format!("({column}, id) {than} (?, ?)"), [Value::from(value.clone()), Value::from(id.clone())]),
        }
    }
    wanted.filter.add_to(&mut conditions);
    let order = match key {
        SortKey::Id => format!("id {direction}"),
        SortKey::Name | SortKey::DisplayName | SortKey::Email => format!("{column} {direction}, id {direction}"),
    };
    let sql = format!(
        "SELECT *, {} AS place, {KNOWN_AT} FROM users {from} WHERE {} ORDER BY {order} LIMIT {most}",
        key.column(),
        conditions.sql.join(" AND ")
    );
    (sql, conditions)
}

/// SQLite's plan for a list: for tests.
#[cfg(test)]
pub(super) fn plan(db: &Connection, wanted: &Wanted, is_judged: bool, has_place: bool) -> String {
    let place = Place(String::new(), String::new(), String::new());
    let walk = if is_judged || wanted.filter.is_empty() { Walk::Index } else { Walk::Table };
    let (sql, conditions) = statement(1, wanted, walk, has_place.then_some((&place, false)), 51);
    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("SQL");
    let steps = statement.query_map(params_from_iter(conditions.values()), |row| row.get::<_, String>("detail"));
    steps.expect("a plan").collect::<Result<Vec<_>, _>>().expect("steps").join("\n")
}
