//! The authors of requests for runs, and the orders about runs and newcomers. They are separate from the rows of runs,
//! because they are in another stream, which is read in any order.

use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Error,
    prune::step::{Horizon, Step},
};
use crate::domain::{Actor, Cause, NewcomerOrder, RunId, RunOrder, SourceId, SweepRequest, Timestamp};

/// The author and the time of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    /// The author, by their own statement.
    pub by: String,
    /// The time.
    pub at: Timestamp,
}

/// The orders about one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OrdersOfRun {
    pub(super) asked: Option<Order>,
    /// The reason of that request, if one was given.
    pub(super) reason: Option<String>,
    pub(super) released: Option<Order>,
    pub(super) cancelled: Option<Order>,
}

/// The last order about the held newcomers of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewcomersOrder {
    /// True: they count as created. False: they count as having been there before.
    pub released: bool,
    /// The number of held newcomers at that time.
    pub users: u64,
    /// The author, by their own statement.
    pub by: String,
    /// The time.
    pub at: Timestamp,
}

impl OrdersOfRun {
    /// Reads the columns of the table.
    ///
    /// # Errors
    /// If a column can't be read.
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let order = |by, at| {
            Ok::<_, rusqlite::Error>(
                row.get::<_, Option<String>>(by)?.zip(row.get(at)?).map(|(by, at)| Order { by, at }),
            )
        };
        Ok(Self {
            asked: order("asked_by", "asked_at")?,
            reason: row.get("reason")?,
            released: order("released_by", "released_at")?,
            cancelled: order("cancelled_by", "cancelled_at")?,
        })
    }
}

/// The orders by run, and by source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Orders<'c>(pub(super) &'c Connection);

impl Orders<'_> {
    /// Takes in a request. All requests of a source are in one partition, in order.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn apply(self, request: &SweepRequest) -> Result<(), Error> {
        match request {
            SweepRequest::Asked(asked) if asked.cause != Cause::Schedule => asked.runs.iter().try_for_each(|run| {
                let id = RunId::of_sweep(&asked.sweep, &run.scheme.id);
                // An undo may be asked for twice, and is one: whoever was first has it done.
                if asked.cause == Cause::Undo && self.of_run(&id)?.asked.is_some() {
                    return Ok(());
                }
                self.record(&id, asked.by.as_ref(), asked.at, |orders| {
                    orders.reason.clone_from(&asked.reason);
                    &mut orders.asked
                })
            }),
            SweepRequest::Release(order) => self.record_run(order, |orders| &mut orders.released),
            // Whether it gives way is for the sweeper to say; then the run tells why.
            SweepRequest::Cancel(order) if order.superseded_by.is_some() => Ok(()),
            SweepRequest::Cancel(order) => self.record_run(order, |orders| &mut orders.cancelled),
            SweepRequest::Newcomers(order) => self.record_newcomers(order),
            SweepRequest::Asked(_) | SweepRequest::Armed(_) => Ok(()),
        }
    }

    fn record_run(self, order: &RunOrder, place: fn(&mut OrdersOfRun) -> &mut Option<Order>) -> Result<(), Error> {
        self.record(&order.run(), order.by.as_ref(), order.at, place)
    }

    fn record(
        self,
        run: &RunId,
        by: Option<&Actor>,
        at: Timestamp,
        place: impl FnOnce(&mut OrdersOfRun) -> &mut Option<Order>,
    ) -> Result<(), Error> {
        let Some(by) = by else { return Ok(()) };
        let mut orders = self.of_run(run)?;
        *place(&mut orders) = Some(Order { by: by.to_string(), at });
        let OrdersOfRun { asked, released, cancelled, reason } = orders;
        let latest = [&asked, &released, &cancelled].into_iter().flatten().map(|order| order.at).max();
        let [asked, released, cancelled] = [asked, released, cancelled].map(|order| match order {
            Some(Order { by, at }) => (Some(by), Some(at)),
            None => (None, None),
        });
        let sql = "INSERT OR REPLACE INTO run_orders
            (run, asked_by, asked_at, released_by, released_at, cancelled_by, cancelled_at, latest, reason)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let values = (run, asked.0, asked.1, released.0, released.1, cancelled.0, cancelled.1, latest, reason);
        self.0.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn record_newcomers(self, order: &NewcomerOrder) -> Result<(), Error> {
        let Some(by) = &order.by else { return Ok(()) };
        let sql =
            "INSERT OR REPLACE INTO newcomer_orders (source, released, users, by, at) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = (&order.source, order.release, order.users, by.to_string(), order.at);
        self.0.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// The orders about `run`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn of_run(self, run: &RunId) -> Result<OrdersOfRun, Error> {
        let mut statement = self.0.prepare_cached("SELECT * FROM run_orders WHERE run = ?1")?;
        Ok(statement.query_row([run], OrdersOfRun::of).optional()?.unwrap_or_default())
    }

    /// The last order about the newcomers of `source`.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn of_newcomers(self, source: &SourceId) -> Result<Option<NewcomersOrder>, Error> {
        let mut statement = self.0.prepare_cached("SELECT * FROM newcomer_orders WHERE source = ?1")?;
        let order = statement.query_row([source], |row| {
            let (released, users) = (row.get("released")?, row.get("users")?);
            Ok(NewcomersOrder { released, users, by: row.get("by")?, at: row.get("at")? })
        });
        Ok(order.optional()?)
    }

    /// Removes the orders about runs from before all kept runs.
    ///
    /// # Errors
    /// `Error::Database` if SQLite fails, `Error::Row` if a row can't be read.
    pub(super) fn prune(self, horizon: Horizon) -> Result<Step, Error> {
        let sql = "DELETE FROM run_orders WHERE run IN (SELECT run FROM run_orders WHERE latest < ?1 LIMIT ?2)";
        Ok(Step::of(self.0.prepare_cached(sql)?.execute((horizon.open, Step::MAX))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{AskedSweep, Limits, SchemeRef, SweepId, SweepRun},
        views::{
            database::testing::in_memory,
            testing::{at, source},
        },
    };

    fn by(name: &str) -> Option<Actor> {
        Some(name.parse().expect("a name"))
    }

    #[test]
    fn who_asked_for_a_run_and_who_released_and_cancelled_it_is_kept_whatever_else_is_known_of_it() {
        let orders = Orders(in_memory());
        let (sweep, scheme) =
            (SweepId::new("s"), SchemeRef { id: "idle".parse().expect("an id"), version: "v1".into() });
        let order = |by, seconds| RunOrder {
            sweep: sweep.clone(),
            scheme: scheme.id.clone(),
            source: source(),
            at: at(seconds),
            superseded_by: None,
            by,
        };
        let run = order(None, 0).run();
        let asked = AskedSweep {
            sweep: sweep.clone(),
            source: source(),
            runs: vec![SweepRun { scheme: scheme.clone(), test_mode: false, limits: Limits::default() }],
            cause: Cause::Manual,
            due: None,
            at: at(1),
            by: by("ann"),
            undo_of: None,
            reason: Some("a test".into()),
        };
        let requests = [
            SweepRequest::Release(order(by("joe"), 2)),
            SweepRequest::Cancel(order(by("zoe"), 3)),
            SweepRequest::Asked(asked),
            SweepRequest::Release(order(None, 4)),
        ];
        requests.iter().for_each(|request| orders.apply(request).expect("noted"));
        let said = |by: &str, seconds| Some(Order { by: by.into(), at: at(seconds) });
        let expected = OrdersOfRun {
            asked: said("ann", 1),
            reason: Some("a test".into()),
            released: said("joe", 2),
            cancelled: said("zoe", 3),
        };
        assert_eq!(orders.of_run(&run).expect("read"), expected);
        assert_eq!(orders.prune(Horizon { over: at(9), open: at(2) }).expect("a step").dropped, 0);
        assert_eq!(orders.prune(Horizon { over: at(9), open: at(9) }).expect("a step").dropped, 1);
    }
}
