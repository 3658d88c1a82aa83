//! For tests: tables in memory, and SQLite's plan for a statement.

use rusqlite::{Connection, ToSql, params_from_iter};

use super::fill;

/// All tables, empty. The connection is never closed: a process of tests has few of them.
pub(in crate::views) fn in_memory() -> &'static Connection {
    let connection = Connection::open_in_memory().expect("a database");
    Box::leak(Box::new(fill(connection, "memory", &[]).expect("tables")))
}

/// The plan of `sql`, which explains a query, a line a step.
pub(in crate::views) fn plan(db: &Connection, sql: &str, values: &[&dyn ToSql]) -> String {
    let mut statement = db.prepare(sql).expect("SQL");
    let steps = statement.query_map(params_from_iter(values), |row| row.get::<_, String>("detail")).expect("a plan");
    steps.collect::<Result<Vec<_>, _>>().expect("steps").join("\n")
}

/// The number of rows in `table`.
pub(in crate::views) fn rows(db: &Connection, table: &str) -> usize {
    db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("counted")
}
