//! The rows of records: a table for each part, so that each insert is at the end of its table.
//!
//! SQLite does not notice every change of its file by a bad disk. So each row has a checksum over all that it says, and offsets
//! have no gaps, but in compacted streams.

use std::ops::Range;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::trouble;
use crate::{
    domain::Timestamp,
    log::{Position, Stored, embedded::part::Part},
};

/// How many records are read at a time, and how many bytes of them, whichever comes first.
const AT_ONCE: usize = 256;
const BYTES_AT_ONCE: usize = 32 * 1024;
/// How many records are looked at together for whether they are old, and how many bytes of them may be removed.
const LOOKED_AT_ONCE: u64 = 1024;
const REMOVED_AT_ONCE: u64 = 1024 * 1024;

/// Why a record can't be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::log::embedded) enum ReadError {
    #[error("the log is closed")]
    Closed,
    #[error("{}", trouble::in_words(.0))]
    Database(#[from] rusqlite::Error),
    #[error("the record at offset {0} is missing")]
    Missing(u64),
    #[error("the record at offset {0} is damaged")]
    Damaged(u64),
}

/// Makes the table of `part`, unless it is there. The records of a compacted stream are found by their keys too.
///
/// # Errors
/// `rusqlite::Error` if SQLite fails.
pub(in crate::log::embedded) fn create_table(db: &Connection, part: Part) -> rusqlite::Result<()> {
    let table = table(part);
    db.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {table} (offset INTEGER PRIMARY KEY, appended_ms INTEGER NOT NULL, key TEXT NOT NULL, \
         payload BLOB NOT NULL, crc INTEGER NOT NULL) STRICT"
    ))?;
    if part.stream.is_compacted() {
        let index = format!("\"{}-{} by key\"", part.stream, part.partition);
        db.execute_batch(&format!("CREATE INDEX IF NOT EXISTS {index} ON {table} (key)"))?;
    }
    Ok(())
}

/// Adds `records` to `part`.
///
/// # Errors
/// `rusqlite::Error` if SQLite fails, or a record with that offset is there.
pub(in crate::log::embedded) fn insert(db: &Connection, part: Part, records: &[Stored]) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(&format!("INSERT INTO {} VALUES (?1, ?2, ?3, ?4, ?5)", table(part)))?;
    for Stored { position, key, payload, appended } in records {
        let (offset, appended) = (position.offset, appended.as_millis());
        let crc = checksum(part, offset, appended, key, payload);
        insert.execute(params![offset, appended, key, &payload[..], crc])?;
    }
    Ok(())
}

/// Removes the records of `part` with these offsets.
///
/// # Errors
/// `rusqlite::Error` if SQLite fails.
pub(in crate::log::embedded) fn remove(db: &Connection, part: Part, offsets: &[u64]) -> rusqlite::Result<()> {
    let mut remove = db.prepare_cached(&format!("DELETE FROM {} WHERE offset = ?1", table(part)))?;
    offsets.iter().try_for_each(|offset| remove.execute([offset]).map(drop))
}

/// The offsets that `part` holds; `0..0` where it has no record.
///
/// # Errors
/// `rusqlite::Error` if SQLite fails.
pub(in crate::log::embedded) fn bounds(db: &Connection, part: Part) -> rusqlite::Result<Range<u64>> {
    let offset = |which| {
        let sql = format!("SELECT {which}(offset) FROM {}", table(part));
        db.query_row(&sql, [], |row| row.get::<_, Option<u64>>(0))
    };
    let (oldest, newest) = (offset("min")?, offset("max")?);
    Ok(oldest.zip(newest).map_or(0..0, |(oldest, newest)| oldest..newest + 1))
}

/// Some of the records of `part` with the offsets in `range`, from its start on; at least one.
///
/// # Errors
/// [`ReadError`] if SQLite fails, or the first record is missing or damaged.
pub(in crate::log::embedded) fn read(db: &Connection, part: Part, range: Range<u64>) -> Result<Vec<Stored>, ReadError> {
    let mut select = db.prepare_cached(&format!(
        "SELECT offset, appended_ms, key, payload, crc FROM {} WHERE offset >= ?1 AND offset < ?2 ORDER BY offset",
        table(part)
    ))?;
    let mut rows = select.query([range.start, range.end])?;
    let (mut records, mut bytes, mut next) = (Vec::new(), 0, range.start);
    while records.len() < AT_ONCE && bytes < BYTES_AT_ONCE {
        let record = rows.next().map_err(ReadError::from).and_then(|row| match row {
            Some(row) => stored(row, part, next).map(Some),
            None if records.is_empty() => Err(ReadError::Missing(next)),
            None => Ok(None),
        });
        match record {
            Ok(Some(record)) => {
                next = record.position.offset + 1;
                bytes += record.key.len() + record.payload.len();
                records.push(record);
            }
            Ok(None) => break,
            // The records before it come first. The next read meets the error again.
            Err(_) if !records.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(records)
}

/// Old records.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::log::embedded) struct Old {
    /// Their offsets.
    pub offsets: Vec<u64>,
    /// From which offset on there may be more.
    pub next: Option<u64>,
}

/// The first records of `part` with the offsets in `range` that were appended before `limit`: all up to one that was not,
/// or, of a compacted stream, those that are not the latest of their key. Of what was taken back nothing is kept.
///
/// # Errors
/// `rusqlite::Error` if SQLite fails.
pub(in crate::log::embedded) fn old(
    db: &Connection,
    part: Part,
    range: Range<u64>,
    limit: Timestamp,
) -> rusqlite::Result<Old> {
    let (table, is_compacted) = (table(part), part.stream.is_compacted());
    // An empty record stays as long as there is one that it takes back.
    let written_over = format!(
        "AND (EXISTS (SELECT 1 FROM {table} AS later WHERE later.key = old.key AND later.offset > old.offset) \
         OR length(payload) = 0 AND NOT EXISTS (SELECT 1 FROM {table} AS back WHERE back.key = old.key AND back.offset < old.offset))"
    );
    let written_over = if is_compacted { &written_over } else { "" };
    let mut select = db.prepare_cached(&format!(
        "SELECT offset, length(payload), appended_ms < ?3 {written_over} FROM {table} AS old \
         WHERE offset >= ?1 AND offset < ?2 ORDER BY offset LIMIT {LOOKED_AT_ONCE}"
    ))?;
    let mut rows = select.query(params![range.start, range.end, limit.as_millis()])?;
    let (mut offsets, mut looked_at, mut bytes) = (Vec::new(), 0, 0);
    while let Some(row) = rows.next()? {
        let (offset, length, goes): (u64, u64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if goes {
            offsets.push(offset);
            bytes += length;
        } else if !is_compacted {
            break;
        }
        looked_at += 1;
        if looked_at == LOOKED_AT_ONCE || bytes >= REMOVED_AT_ONCE {
            return Ok(Old { offsets, next: Some(offset + 1) });
        }
    }
    Ok(Old { offsets, next: None })
}

/// The oldest offset of `part` that is not among `removed`, which are its oldest ones, or some of them.
///
/// # Errors
/// `rusqlite::Error` if SQLite fails, or no other record is left.
pub(in crate::log::embedded) fn oldest_but(db: &Connection, part: Part, removed: &[u64]) -> rusqlite::Result<u64> {
    let mut select = db.prepare_cached(&format!("SELECT offset FROM {} ORDER BY offset", table(part)))?;
    let mut rows = select.query([])?;
    let mut removed = removed.iter();
    while let Some(row) = rows.next()? {
        let offset = row.get(0)?;
        if removed.next() != Some(&offset) {
            return Ok(offset);
        }
    }
    Err(rusqlite::Error::QueryReturnedNoRows)
}

/// When the record of `part` at `offset` was appended; none where there is no such record.
///
/// # Errors
/// `rusqlite::Error` if SQLite fails.
pub(in crate::log::embedded) fn appended(
    db: &Connection,
    part: Part,
    offset: u64,
) -> rusqlite::Result<Option<Timestamp>> {
    let sql = format!("SELECT appended_ms FROM {} WHERE offset = ?1", table(part));
    db.prepare_cached(&sql)?.query_row([offset], |row| row.get(0).map(Timestamp::from_millis)).optional()
}

/// The record in `row`, which is to be the one at `expected`. In a compacted stream it may be a later one.
fn stored(row: &Row<'_>, part: Part, expected: u64) -> Result<Stored, ReadError> {
    let offset = row.get(0)?;
    if offset != expected && !part.stream.is_compacted() {
        return Err(ReadError::Missing(expected));
    }
    let (appended, crc) = (row.get::<_, i64>(1)?, row.get::<_, u32>(4)?);
    let (key, payload) = (row.get_ref(2)?.as_str(), row.get_ref(3)?.as_blob());
    let (Ok(key), Ok(payload)) = (key, payload) else { return Err(ReadError::Damaged(offset)) };
    if checksum(part, offset, appended, key, payload) != crc {
        return Err(ReadError::Damaged(offset));
    }
    Ok(Stored {
        position: Position { partition: part.partition, offset },
        key: key.to_owned(),
        payload: Bytes::copy_from_slice(payload),
        appended: Timestamp::from_millis(appended),
    })
}

fn checksum(part: Part, offset: u64, appended: i64, key: &str, payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&[part.code()]);
    crc.update(&part.partition.0.to_be_bytes());
    crc.update(&offset.to_be_bytes());
    crc.update(&appended.to_be_bytes());
    crc.update(&(key.len() as u64).to_be_bytes());
    crc.update(key.as_bytes());
    crc.update(payload);
    crc.finalize()
}

/// The name of the table of `part`, quoted.
fn table(part: Part) -> String {
    format!("\"{}-{}\"", part.stream, part.partition)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Partition, Stream};

    fn part() -> Part {
        Part::new(Stream::DeadLetters, Partition(2))
    }

    fn record(offset: u64, payload: &'static [u8]) -> Stored {
        let position = Position { partition: Partition(2), offset };
        let (key, payload) = (format!("acme/id/{offset}"), Bytes::from_static(payload));
        Stored { position, key, payload, appended: Timestamp::from_millis(1_000 + offset.cast_signed()) }
    }

    fn with(records: &[Stored]) -> Connection {
        let db = Connection::open_in_memory().expect("a database");
        create_table(&db, part()).expect("a table");
        insert(&db, part(), records).expect("inserted");
        db
    }

    fn offsets(records: &[Stored]) -> Vec<u64> {
        records.iter().map(|record| record.position.offset).collect()
    }

    #[test]
    fn records_come_back_as_they_were_and_no_more_than_were_asked_for() {
        let db = with(&[record(7, b"one"), record(8, b""), record(9, b"three")]);
        let read = read(&db, part(), 7..9).expect("read");
        assert_eq!(format!("{read:?}"), format!("{:?}", [record(7, b"one"), record(8, b"")]));
        assert_eq!(bounds(&db, part()).expect("bounds"), 7..10);
        assert_eq!(bounds(&with(&[]), part()).expect("bounds"), 0..0);
    }

    #[test]
    fn a_long_record_is_read_alone_and_many_in_parts() {
        let long = Stored { payload: vec![7; 1024 * 1024].into(), ..record(1, b"") };
        let db = with(&[record(0, b"short"), long, record(2, b"short")]);
        assert_eq!(offsets(&read(&db, part(), 0..3).expect("read")), [0, 1]);
        let many: Vec<_> = (0..1_000).map(|offset| record(offset, b"x")).collect();
        assert_eq!(read(&with(&many), part(), 0..1_000).expect("read").len(), AT_ONCE);
    }

    #[test]
    fn a_change_of_anything_in_a_row_is_damage_and_what_is_before_it_is_read() {
        for change in ["key = 'another'", "payload = x'01'", "appended_ms = 0", "crc = 0", "offset = 3"] {
            let db = with(&[record(0, b"x"), record(1, b"x"), record(2, b"x")]);
            if change.starts_with("offset") {
                remove(&db, part(), &[2]).expect("removed");
            }
            db.execute(&format!("UPDATE {} SET {change} WHERE offset = 1", table(part())), []).expect("changed");
            assert_eq!(offsets(&read(&db, part(), 0..4).expect("read")), [0], "{change}");
            let error = read(&db, part(), 1..4).expect_err(change);
            assert!(matches!(error, ReadError::Damaged(1) | ReadError::Missing(1)), "{change}: {error}");
        }
    }

    #[test]
    fn records_before_the_limit_are_old_up_to_the_first_that_is_not() {
        let db = with(&[
            record(0, b"x"),
            record(1, b"x"),
            record(2, b"x"),
            Stored { position: record(3, b"").position, ..record(0, b"x") },
        ]);
        let old = |from, limit| old(&db, part(), from..4, Timestamp::from_millis(limit)).expect("found").offsets;
        assert_eq!(
            [old(0, 1_000), old(0, 1_002), old(1, 1_002), old(0, 9_999)],
            [vec![], vec![0, 1], vec![1], vec![0, 1, 2, 3]]
        );
        assert_eq!(oldest_but(&db, part(), &[0, 1]).expect("found"), 2);
        assert_eq!(appended(&db, part(), 2).expect("read"), Some(Timestamp::from_millis(1_002)));
        assert_eq!(appended(&db, part(), 9).expect("read"), None);
    }

    #[test]
    fn few_are_looked_at_together_and_few_bytes_removed() {
        let many: Vec<_> = (0..LOOKED_AT_ONCE + 10).map(|offset| record(offset, b"x")).collect();
        let all =
            |db: &Connection| old(db, part(), 0..many.len() as u64, Timestamp::from_millis(i64::MAX)).expect("found");
        let found = all(&with(&many));
        assert_eq!((found.offsets.len() as u64, found.next), (LOOKED_AT_ONCE, Some(LOOKED_AT_ONCE)));
        let long = |offset| Stored { payload: vec![7; 600 * 1024].into(), ..record(offset, b"") };
        assert_eq!(all(&with(&[long(0), long(1), long(2)])), Old { offsets: vec![0, 1], next: Some(2) });
    }

    #[test]
    fn of_a_compacted_stream_only_the_latest_of_each_key_stays_and_nothing_of_what_was_taken_back() {
        let part = Part::new(Stream::Settings, Partition(2));
        let db = Connection::open_in_memory().expect("a database");
        create_table(&db, part).expect("a table");
        let keyed = |offset, key: &str, payload| Stored { key: key.into(), ..record(offset, payload) };
        let records = [("a", &b"1"[..]), ("b", b"1"), ("a", b"2"), ("b", b""), ("c", b""), ("d", b"1"), ("a", b"3")];
        let records: Vec<_> = (0..).zip(records).map(|(offset, (key, payload))| keyed(offset, key, payload)).collect();
        insert(&db, part, &records).expect("inserted");
        let old = |limit| old(&db, part, 0..6, Timestamp::from_millis(limit)).expect("found").offsets;
        assert_eq!(old(1_002), [0, 1], "what is younger stays");
        let gone = old(9_999);
        assert_eq!(gone, [0, 1, 2, 4], "the empty record of b takes back the one that is still there");
        assert_eq!(oldest_but(&db, part, &gone).expect("found"), 3);
        remove(&db, part, &gone).expect("removed");
        assert_eq!(old(9_999), [3]);
        assert_eq!(offsets(&read(&db, part, 0..7).expect("read")), [3, 5, 6], "gaps are passed over");
        assert!(matches!(read(&db, part, 7..8), Err(ReadError::Missing(7))));
    }
}
