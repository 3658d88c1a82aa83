//! Lists, a page at a time.

use rusqlite::{Connection, ToSql, params_from_iter, types::ToSqlOutput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Error,
    keys::{newest_first, time_and_id},
};
use crate::domain::{SourceScope, Timestamp};

/// The highest number of rows that are examined for one page, so that a filter with few matches answers in time.
const MAX_LOOKED_AT: usize = 20_000;

/// The highest number of items of a page: 1 to 500, by default 50.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Limit(usize);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl Limit {
    /// The highest limit of a page.
    pub const MAX: Self = Self(500);

    /// A page of the console: so many rows weigh less than it may.
    pub const CONSOLE: Self = Self(40);

    /// A page of one item.
    pub const ONE: Self = Self(1);

    /// The number.
    pub const fn get(self) -> usize {
        self.0
    }
}

/// The text is not a limit.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a limit; write a number from 1 to 500")]
pub struct InvalidLimit(String);

impl TryFrom<String> for Limit {
    type Error = InvalidLimit;
    fn try_from(text: String) -> Result<Self, InvalidLimit> {
        match text.parse() {
            Ok(number @ 1..=500) => Ok(Self(number)),
            _ => Err(InvalidLimit(text)),
        }
    }
}

/// The end of a page. The next one begins after it. It is opaque to clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String)]
pub struct Cursor(Vec<u8>);

impl Cursor {
    /// The cursor after the item called `place`.
    pub fn behind(place: impl Into<Vec<u8>>) -> Self {
        Self(place.into())
    }

    /// The item before it.
    pub fn place(&self) -> &[u8] {
        &self.0
    }
}

/// The text is not a cursor.
#[derive(Debug, thiserror::Error)]
#[error("this is not a cursor; write the `next` of the page before, or leave it out for the first page")]
pub struct InvalidCursor;

impl TryFrom<String> for Cursor {
    type Error = InvalidCursor;
    fn try_from(text: String) -> Result<Self, InvalidCursor> {
        match hex::decode(text) {
            Ok(place) if !place.is_empty() => Ok(Self(place)),
            _ => Err(InvalidCursor),
        }
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> String {
        hex::encode(cursor.0)
    }
}

/// The requested page.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    /// The highest number of items.
    pub limit: Limit,
    /// Behind which place; none: from the first.
    pub cursor: Option<Cursor>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items in the list's order. There may be fewer than requested, even none, while there is a `next`.
    pub items: Vec<T>,
    /// The cursor of the next page; none: this was the last.
    pub next: Option<Cursor>,
}

/// A condition on rows, with the value of each `?` in it.
pub(super) struct Condition<'a> {
    sql: &'static str,
    values: Vec<&'a dyn ToSql>,
}

/// `sql` with its `values`, in the order of its `?`.
pub(super) fn condition<'a>(sql: &'static str, values: impl IntoIterator<Item = &'a dyn ToSql>) -> Condition<'a> {
    Condition { sql, values: values.into_iter().collect() }
}

/// The sources that somebody is kept to, in the form that statements take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptTo(String);

impl KeptTo {
    /// These sources; none: all of them.
    pub fn of(sources: &SourceScope) -> Option<Self> {
        match sources {
            SourceScope::All => None,
            // A list of texts can always be written.
            SourceScope::Only(sources) => Some(Self(serde_json::json!(sources).to_string())),
        }
    }

    /// The condition on a row with the column `source`. A row about no source is about all, and not wanted.
    pub(super) fn condition(&self) -> Condition<'_> {
        condition("source IN (SELECT value FROM json_each(?))", [&self.0 as _])
    }
}

impl ToSql for KeptTo {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// A list in the order of time, the newest first, and of one time in the order of ids. It is walked along an index.
/// Conditions that the index does not cover are checked row by row, up to a bound.
pub(super) struct Newest<'a> {
    /// The table, and the index that is walked.
    pub(super) from: &'static str,
    /// The column of times.
    pub(super) time: &'static str,
    /// The column of ids.
    pub(super) id: &'static str,
    /// The conditions that the index covers: its first columns, or its own condition.
    pub(super) searched: Vec<Condition<'a>>,
    /// The other conditions on rows.
    pub(super) wanted: Vec<Condition<'a>>,
    /// The earliest time.
    pub(super) since: Option<&'a Timestamp>,
}

impl Newest<'_> {
    /// The statement for the rows after `place`: the number of each, its time and id, and whether it matches.
    fn sql(&self, has_place: bool) -> String {
        let Self { from, time, id, .. } = self;
        let all = |conditions: &[Condition<'_>]| conditions.iter().map(|one| one.sql).collect::<Vec<_>>().join(" AND ");
        // If a column is none, the row is not wanted.
        let wanted = if self.wanted.is_empty() { "1".to_owned() } else { format!("ifnull({}, 0)", all(&self.wanted)) };
        let mut searched: Vec<_> = self.searched.iter().map(|one| one.sql.to_owned()).collect();
        if self.since.is_some() {
            searched.push(format!("{time} >= ?"));
        }
        if has_place {
            searched.push(format!("{time} <= ? AND ({time} < ? OR {id} > ?)"));
        }
        let searched = if searched.is_empty() { String::new() } else { format!("WHERE {}", searched.join(" AND ")) };
        format!("SELECT no, {time}, {id}, {wanted} FROM {from} {searched} ORDER BY {time} DESC, {id}")
    }

    /// One page, with the items that `fetch` returns for the numbers of rows.
    ///
    /// # Errors
    /// [`Error::Database`] if SQLite fails; those of `fetch`.
    pub(super) fn page<T>(
        &self,
        db: &Connection,
        paging: &Paging,
        fetch: impl Fn(i64) -> Result<Option<T>, Error>,
    ) -> Result<Page<T>, Error> {
        let place = paging.cursor.as_ref().and_then(|cursor| time_and_id(cursor.place()));
        let place = place.map(|(at, id)| (at, String::from_utf8_lossy(id).into_owned()));
        let mut statement = db.prepare_cached(&self.sql(place.is_some()))?;
        let mut rows = statement.query(params_from_iter(self.values(place.as_ref())))?;
        let mut items = Vec::new();
        let mut handled = None;
        let mut looked_at = 0;
        while let Some(row) = rows.next()? {
            let (is_wanted, at, id): (bool, Timestamp, String) = (row.get(3)?, row.get(1)?, row.get(2)?);
            if is_wanted && items.len() == paging.limit.get() {
                return Ok(Page { items, next: handled });
            }
            if is_wanted {
                items.extend(fetch(row.get(0)?)?);
            }
            handled = Some(Cursor::behind(newest_first(at, &id)));
            looked_at += 1;
            if looked_at == MAX_LOOKED_AT {
                return Ok(Page { items, next: handled });
            }
        }
        Ok(Page { items, next: None })
    }

    /// The values of all `?`, in the order of the statement.
    fn values<'s>(&'s self, place: Option<&'s (Timestamp, String)>) -> Vec<&'s dyn ToSql> {
        let conditions = self.wanted.iter().chain(&self.searched);
        let mut values: Vec<&dyn ToSql> = conditions.flat_map(|one| one.values.iter().copied()).collect();
        values.extend(self.since.map(|since| since as &dyn ToSql));
        if let Some((at, id)) = place {
            values.extend([at as &dyn ToSql, at, id]);
        }
        values
    }

    /// SQLite's plan, a line a loop: for tests.
    #[cfg(test)]
    pub(super) fn plan(&self, db: &Connection, has_place: bool) -> String {
        let place = has_place.then(|| (Timestamp::from_millis(0), String::new()));
        let sql = format!("EXPLAIN QUERY PLAN {}", self.sql(has_place));
        super::database::testing::plan(db, &sql, &self.values(place.as_ref()))
    }
}

#[cfg(test)]
mod tests;
