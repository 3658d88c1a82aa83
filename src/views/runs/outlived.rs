//! Forgetting runs of which the log holds nothing any more.

use super::{
    Runs,
    row::{Row, RunState},
    sweep::{self, Tally},
};
use crate::{
    domain::{RunId, SweepId},
    views::{
        Error,
        keys::{first_part, newest_first, part},
        prune::{Horizon, Room, Step},
    },
};

impl Row {
    /// Whether nothing of the run can come any more. One that is held waits for an administrator, however long.
    fn is_outlived(&self, horizon: Horizon) -> bool {
        let last = self.last_ended.max(self.run.finished).unwrap_or(self.run.started).max(self.run.started);
        match self.run.state {
            RunState::Held => false,
            // Known by an outcome alone: its decision was older, and is not in the log any more.
            RunState::Running if self.planned.is_none() => last < horizon.over,
            // Steps of a cancelled one may have still to be passed over, when its source goes on.
            RunState::Running | RunState::Cancelled => last < horizon.open,
            RunState::Done | RunState::Failed => last < horizon.over,
        }
    }
}

impl Tally {
    /// Whether nobody of the sweep is decided any more. As long as a paused source has sightings to decide, the planner
    /// asks for the sweep's plan.
    fn is_outlived(&self, horizon: Horizon) -> bool {
        let horizon = if self.has_no_open_users() { horizon.over } else { horizon.open };
        self.at.is_none_or(|at| at < horizon)
    }
}

impl Runs {
    /// Forgets runs with their entries, from the row at `from` on.
    pub(in crate::views) fn prune(&self, horizon: Horizon, from: Option<&[u8]>) -> Result<Step, Error> {
        let mut room = Room::new();
        let begin = from.map_or_else(|| newest_first(horizon.over, ""), <[u8]>::to_vec);
        for row in self.rows.range(begin..) {
            let (key, row) = row?;
            if !room.look() {
                return Ok(room.go_on_at(&key));
            }
            let Ok(row) = serde_json::from_slice::<Row>(&row) else { continue }; // whoever lists it tells of it
            if row.is_outlived(horizon) && !self.forget(&row.run.id, horizon, &mut room)? {
                return Ok(room.go_on_at(&key));
            }
        }
        Ok(room.end())
    }

    /// Forgets a run: its entries first, as without it they would never be found. False where there is no room for all
    /// of them; the rest goes with the next step.
    fn forget(&self, run: &RunId, horizon: Horizon, room: &mut Room) -> Result<bool, Error> {
        for key in self.entries.scan_prefix(part(run.as_str())).keys() {
            if !room.look() {
                return Ok(false);
            }
            self.entries.remove(key?)?;
            room.dropped += 1;
        }
        let removed = self.transaction(|table| match table.get(run)? {
            Some(row) if row.is_outlived(horizon) => table.remove(&row).map(|()| 1),
            _ => Ok(0),
        })?;
        room.dropped += removed;
        Ok(true)
    }

    /// Forgets what is known of sweeps all of whose runs are forgotten, from the one at `from` on.
    pub(in crate::views) fn prune_sweeps(&self, horizon: Horizon, from: Option<&[u8]>) -> Result<Step, Error> {
        let mut room = Room::new();
        let mut begin = from.unwrap_or_default().to_vec();
        while let Some(row) = self.sweeps.range(begin.as_slice()..).next() {
            let (key, _) = row?;
            let sweep = first_part(&key).and_then(|(text, _)| std::str::from_utf8(text).ok()).map(SweepId::new);
            let Some(sweep) = sweep else { break }; // usher writes no such key
            if !room.look() {
                return Ok(room.go_on_at(&key));
            }
            if self.is_forgotten(&sweep)? && self.tally(&sweep)?.is_outlived(horizon) {
                for key in self.sweeps.scan_prefix(sweep::all_of(&sweep)).keys() {
                    if !room.look() {
                        return Ok(room.go_on_at(&key?));
                    }
                    self.sweeps.remove(key?)?;
                    room.dropped += 1;
                }
            }
            begin = [sweep::all_of(&sweep), vec![0xff]].concat(); // no key of a sweep goes on with such a byte
        }
        Ok(room.end())
    }

    /// Whether no run of the sweep is there.
    fn is_forgotten(&self, sweep: &SweepId) -> Result<bool, Error> {
        Ok(self.index.scan_prefix(format!("{sweep}.")).next().transpose()?.is_none())
    }
}
