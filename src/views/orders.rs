//! Who asked for runs and who said what about them; the same of newcomers. Kept apart from the rows of runs, because it
//! stands in another stream, which is read in any order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Error,
    prune::{Horizon, Room, Step},
};
use crate::{
    domain::{Actor, Cause, NewcomerOrder, RunId, RunOrder, SourceId, SweepRequest, Timestamp},
    store::Store,
};

/// Who said something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    /// Who: as they said themselves.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What was said about one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OrdersOfRun {
    pub(super) asked: Option<Order>,
    pub(super) released: Option<Order>,
    pub(super) cancelled: Option<Order>,
}

/// What was said last about the newcomers of a source who were held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewcomersOrder {
    /// True: they count as created. False: they count as having been there before.
    pub released: bool,
    /// How many were held then.
    pub users: u64,
    /// Who said so, as they said themselves.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// By run, and by source.
#[derive(Debug, Clone)]
pub(super) struct Orders {
    runs: sled::Tree,
    newcomers: sled::Tree,
}

impl Orders {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self { runs: store.tree("view-run-orders")?, newcomers: store.tree("view-newcomer-orders")? })
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 2] {
        [&self.runs, &self.newcomers]
    }

    /// Takes in a request. All requests of a source are in one partition, in order.
    pub(super) fn apply(&self, request: &SweepRequest) -> Result<(), Error> {
        match request {
            SweepRequest::Asked(asked) if asked.cause == Cause::Manual => asked.runs.iter().try_for_each(|run| {
                let id = RunId::of_sweep(&asked.sweep, &run.scheme.id);
                self.note(&id, asked.by.as_ref(), asked.at, |orders| &mut orders.asked)
            }),
            SweepRequest::Release(order) => self.note_run(order, |orders| &mut orders.released),
            // Whether it gives way is for the sweeper to say; then the run tells why.
            SweepRequest::Cancel(order) if order.superseded_by.is_some() => Ok(()),
            SweepRequest::Cancel(order) => self.note_run(order, |orders| &mut orders.cancelled),
            SweepRequest::Newcomers(order) => self.note_newcomers(order),
            SweepRequest::Asked(_) | SweepRequest::Armed(_) => Ok(()),
        }
    }

    fn note_run(&self, order: &RunOrder, place: fn(&mut OrdersOfRun) -> &mut Option<Order>) -> Result<(), Error> {
        self.note(&order.run(), order.by.as_ref(), order.at, place)
    }

    fn note(
        &self,
        run: &RunId,
        by: Option<&Actor>,
        at: Timestamp,
        place: fn(&mut OrdersOfRun) -> &mut Option<Order>,
    ) -> Result<(), Error> {
        let Some(by) = by else { return Ok(()) };
        let mut orders = self.of_run(run)?;
        *place(&mut orders) = Some(Order { by: by.to_string(), at });
        self.runs.insert(run.as_str(), serde_json::to_vec(&orders)?)?;
        Ok(())
    }

    fn note_newcomers(&self, order: &NewcomerOrder) -> Result<(), Error> {
        let Some(by) = &order.by else { return Ok(()) };
        let row = NewcomersOrder { released: order.release, users: order.users, by: by.to_string(), at: order.at };
        self.newcomers.insert(order.source.as_str(), serde_json::to_vec(&row)?)?;
        Ok(())
    }

    pub(super) fn of_run(&self, run: &RunId) -> Result<OrdersOfRun, Error> {
        let row = self.runs.get(run.as_str())?;
        Ok(row.map(|row| serde_json::from_slice(&row)).transpose()?.unwrap_or_default())
    }

    pub(super) fn of_newcomers(&self, source: &SourceId) -> Result<Option<NewcomersOrder>, Error> {
        Ok(self.newcomers.get(source.as_str())?.map(|row| serde_json::from_slice(&row)).transpose()?)
    }

    /// Forgets what was said about runs before everything that is kept, from the row at `from` on.
    pub(super) fn prune(&self, horizon: Horizon, from: Option<&[u8]>) -> Result<Step, Error> {
        let mut room = Room::new();
        for item in self.runs.range(from.unwrap_or_default().to_vec()..) {
            let (run, row) = item?;
            if !room.look() {
                return Ok(room.go_on_at(&run));
            }
            let OrdersOfRun { asked, released, cancelled } = serde_json::from_slice(&row)?;
            let last = [asked, released, cancelled].into_iter().flatten().map(|order| order.at).max();
            if last.is_none_or(|last| last < horizon.open) {
                self.runs.remove(&run)?;
                room.dropped += 1;
            }
        }
        Ok(room.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{AskedSweep, Limits, SchemeRef, SweepId, SweepRun},
        views::testing::{at, source},
    };

    fn by(name: &str) -> Option<Actor> {
        Some(name.parse().expect("a name"))
    }

    #[test]
    fn who_asked_for_a_run_and_who_released_and_cancelled_it_is_kept_whatever_else_is_known_of_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let orders = Orders::new(&Store::open(dir.path(), "memory").expect("a store")).expect("orders");
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
        };
        let requests = [
            SweepRequest::Release(order(by("joe"), 2)),
            SweepRequest::Cancel(order(by("zoe"), 3)),
            SweepRequest::Asked(asked),
            SweepRequest::Release(order(None, 4)),
        ];
        requests.iter().for_each(|request| orders.apply(request).expect("noted"));
        let said = |by: &str, seconds| Some(Order { by: by.into(), at: at(seconds) });
        let expected = OrdersOfRun { asked: said("ann", 1), released: said("joe", 2), cancelled: said("zoe", 3) };
        assert_eq!(orders.of_run(&run).expect("read"), expected);
        assert_eq!(orders.prune(Horizon { over: at(9), open: at(2) }, None).expect("a step").dropped, 0);
        assert_eq!(orders.prune(Horizon { over: at(9), open: at(9) }, None).expect("a step").dropped, 1);
    }
}
