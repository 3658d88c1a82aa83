//! Lists, a page at a time.

use std::ops::Bound;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Error;

/// How many rows are looked at for one page, so that a filter that matches little answers in time.
const MOST_LOOKED_AT: usize = 20_000;

/// How many items a page holds at most: 1 to 500, 50 where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Limit(usize);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl Limit {
    /// As many as a page may hold.
    pub const MOST: Self = Self(500);

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

/// Where a page ended: the next one begins behind it. Opaque to whoever gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String)]
pub struct Cursor(Vec<u8>);

impl Cursor {
    /// Behind the item called `place`.
    pub fn behind(place: impl Into<Vec<u8>>) -> Self {
        Self(place.into())
    }

    /// The item it stands behind.
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

/// Which page.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    /// How many items at most.
    pub limit: Limit,
    /// Behind which place; none: from the first.
    pub cursor: Option<Cursor>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Page<T> {
    /// In the list's order. May be fewer than asked for, even none, while there is a `next`.
    pub items: Vec<T>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<Cursor>,
}

/// What a list does with a row.
pub(super) enum Pick<T> {
    Take(T),
    Skip,
    /// No row from here on belongs to the list.
    Stop,
}

/// The page of those rows of `tree` whose keys begin with `prefix` and that `pick` takes, in the order of keys.
pub(super) fn page<T>(
    tree: &sled::Tree,
    prefix: &[u8],
    paging: &Paging,
    pick: impl Fn(&[u8]) -> Result<Pick<T>, Error>,
) -> Result<Page<T>, Error> {
    let begin = match &paging.cursor {
        None => Bound::Included(prefix.to_vec()),
        Some(cursor) => Bound::Excluded([prefix, cursor.place()].concat()),
    };
    let mut items = Vec::new();
    let mut handled = None;
    for (looked_at, row) in tree.range((begin, Bound::Unbounded)).enumerate() {
        let (key, value) = row?;
        let Some(place) = key.strip_prefix(prefix) else { break };
        match pick(&value)? {
            Pick::Stop => break,
            Pick::Take(_) if items.len() == paging.limit.get() => return Ok(Page { items, next: handled }),
            Pick::Take(item) => items.push(item),
            Pick::Skip => {}
        }
        handled = Some(Cursor::behind(place));
        if looked_at + 1 == MOST_LOOKED_AT {
            return Ok(Page { items, next: handled });
        }
    }
    Ok(Page { items, next: None })
}

/// A row that is kept as JSON.
pub(super) fn take<T: serde::de::DeserializeOwned>(row: &[u8]) -> Result<Pick<T>, Error> {
    Ok(Pick::Take(serde_json::from_slice(row)?))
}

#[cfg(test)]
mod tests;
