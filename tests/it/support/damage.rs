//! Damage to an embedded log, as a bad disk does it.

use std::path::Path;

use rusqlite::{Connection, params};
use usher::log::{Partition, Stream};

/// The database file, in the folder of the log.
pub const DATABASE: &str = "records.sqlite";

/// Overwrites the `nth` record that is kept in `partition` of `stream`, in the log in `dir`, which nobody has open.
pub fn damage(dir: &Path, stream: Stream, partition: Partition, nth: usize) {
    let db = Connection::open(dir.join(DATABASE)).expect("nobody has it open");
    let table = format!("\"{stream}-{partition}\"");
    let sql = format!(
        "UPDATE {table} SET payload = ?1 WHERE offset = (SELECT offset FROM {table} ORDER BY offset LIMIT 1 OFFSET ?2)"
    );
    let changed = db.execute(&sql, params![b"not a record", nth]).expect("written");
    assert_eq!(changed, 1, "there is no such record");
}
