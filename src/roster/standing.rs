//! How the roster of a source stands.

use rusqlite::{Connection, OptionalExtension as _};

use super::Error;
use crate::domain::{SourceId, Timestamp};

/// The roster of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// When its list was begun; none: no list has come to its end here.
    pub as_of: Option<Timestamp>,
    /// The number of users.
    pub users: u64,
    /// Why users may be missing; none: the list is whole.
    pub incomplete: Option<String>,
}

/// The number of `source` in the tables, given now where it has none.
pub(super) fn number_of(db: &Connection, source: &SourceId) -> Result<i64, Error> {
    if let Some(number) = known_number(db, source)? {
        return Ok(number);
    }
    db.prepare_cached("INSERT INTO sources (source) VALUES (?1)")?.execute([source])?;
    Ok(db.last_insert_rowid())
}

/// The number of `source`, if it has one.
pub(super) fn known_number(db: &Connection, source: &SourceId) -> Result<Option<i64>, Error> {
    let mut statement = db.prepare_cached("SELECT no FROM sources WHERE source = ?1")?;
    Ok(statement.query_row([source], |row| row.get(0)).optional()?)
}

/// How the roster of `source` stands; none if nothing was ever listed.
pub(super) fn standing_of(db: &Connection, source: &SourceId) -> Result<Option<Standing>, Error> {
    let mut statement = db.prepare_cached("SELECT as_of, users, incomplete FROM sources WHERE source = ?1")?;
    let standing = statement
        .query_row([source], |row| Ok(Standing { as_of: row.get(0)?, users: row.get(1)?, incomplete: row.get(2)? }));
    Ok(standing.optional()?)
}
