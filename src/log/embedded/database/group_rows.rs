//! The rows of group offsets, with a checksum each: a wrong offset would pass over records.

use rusqlite::{Connection, params};

use crate::log::{Partition, Stream, embedded::part::Part};

/// How far a consumer group had come in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOffset {
    /// The group.
    pub group: String,
    /// The stream that it consumes.
    pub stream: Stream,
    /// The partition.
    pub partition: Partition,
    /// The offset of the first record that it has not done with.
    pub next: u64,
}

/// Makes the table.
///
/// # Errors
/// `rusqlite::Error` if SQLite fails, or the table is there.
pub(in crate::log::embedded) fn create_table(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "CREATE TABLE group_offset (stream TEXT NOT NULL, partition INTEGER NOT NULL, name TEXT NOT NULL, \
         next INTEGER NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (stream, partition, name)) STRICT, WITHOUT ROWID",
    )
}

/// Sets how far a group has come.
///
/// # Errors
/// `rusqlite::Error` if SQLite fails.
pub(in crate::log::embedded) fn put(db: &Connection, offset: &GroupOffset) -> rusqlite::Result<()> {
    let (stream, partition) = (offset.stream.as_str(), offset.partition.0);
    let mut put = db.prepare_cached("INSERT OR REPLACE INTO group_offset VALUES (?1, ?2, ?3, ?4, ?5)")?;
    put.execute(params![stream, partition, offset.group, offset.next, checksum(offset)]).map(drop)
}

/// How far the groups have come in `part`; none where a row is not what was written.
///
/// # Errors
/// `rusqlite::Error` if SQLite fails, or a column is of another type.
pub(in crate::log::embedded) fn all(db: &Connection, part: Part) -> rusqlite::Result<Option<Vec<GroupOffset>>> {
    let Part { stream, partition } = part;
    let mut select =
        db.prepare_cached("SELECT name, next, crc FROM group_offset WHERE stream = ?1 AND partition = ?2")?;
    let rows = select.query_map(params![stream.as_str(), partition.0], |row| {
        let offset = GroupOffset { group: row.get(0)?, stream, partition, next: row.get(1)? };
        Ok((checksum(&offset) == row.get::<_, u32>(2)?).then_some(offset))
    })?;
    rows.collect()
}

fn checksum(GroupOffset { group, stream, partition: Partition(partition), next }: &GroupOffset) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(stream.as_str().as_bytes());
    crc.update(&partition.to_be_bytes());
    crc.update(&next.to_be_bytes());
    crc.update(group.as_bytes());
    crc.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Stream;

    #[test]
    fn an_offset_comes_back_and_a_changed_one_does_not_pass() {
        let db = Connection::open_in_memory().expect("a database");
        create_table(&db).expect("a table");
        let offset = |next| GroupOffset { group: "g".into(), stream: Stream::Events, partition: Partition(1), next };
        put(&db, &offset(3)).expect("put");
        put(&db, &offset(4)).expect("put");
        let part = Part::new(Stream::Events, Partition(1));
        assert_eq!(all(&db, part).expect("read"), Some(vec![offset(4)]));
        assert_eq!(all(&db, Part::new(Stream::Events, Partition(0))).expect("read"), Some(vec![]));
        db.execute("UPDATE group_offset SET next = 5", []).expect("changed");
        assert_eq!(all(&db, part).expect("read"), None);
    }
}
