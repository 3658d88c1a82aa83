//! Forgetting decisions that the log no longer holds.

use super::{DecisionRow, Decisions, Sighting, of_user};
use crate::{
    domain::{SourceId, UserRef},
    views::{
        Error,
        keys::{first_part, time_and_id},
        prune::{Horizon, Room, Step},
    },
};

impl Decisions {
    /// Forgets decisions, from the row at `from` on.
    pub(in crate::views) fn prune(&self, horizon: Horizon, from: Option<&[u8]>) -> Result<Step, Error> {
        let mut room = Room::new();
        for row in self.rows.range(from.unwrap_or_default()..) {
            let (key, row) = row?;
            if !room.look() {
                return Ok(room.go_on_at(&key));
            }
            let accepted = first_part(&key).and_then(|(_, place)| time_and_id(place));
            // The time in the key spares reading most rows. An event may have waited long for its decision.
            if accepted.is_some_and(|(accepted, _)| accepted < horizon.over)
                && serde_json::from_slice::<DecisionRow>(&row).is_ok_and(|row| row.decided < horizon.over)
            {
                self.rows.remove(key)?;
                room.dropped += 1;
            }
        }
        Ok(room.end())
    }

    /// Forgets under which names users were last seen, from the one at `from` on, where no decision is left to be found
    /// by that.
    pub(in crate::views) fn prune_names(&self, horizon: Horizon, from: Option<&[u8]>) -> Result<Step, Error> {
        let mut room = Room::new();
        for row in self.names.range(from.unwrap_or_default()..) {
            let (key, row) = row?;
            if !room.look() {
                return Ok(room.go_on_at(&key));
            }
            let (Some(source), Ok(sighting)) = (source_of(&key), serde_json::from_slice::<Sighting>(&row)) else {
                continue; // usher writes no such row
            };
            if sighting.at < horizon.over && !self.has_any(&source, sighting)? {
                // Whoever was seen under it meanwhile stays.
                let forgotten = self.names.compare_and_swap(&key, Some(row), None as Option<&[u8]>)?;
                room.dropped += usize::from(forgotten.is_ok());
            }
        }
        Ok(room.end())
    }

    fn has_any(&self, source: &SourceId, sighting: Sighting) -> Result<bool, Error> {
        let prefix = of_user(source, &UserRef::Id(sighting.id));
        Ok(self.rows.scan_prefix(prefix).next().transpose()?.is_some())
    }
}

/// The source in the key of a name: its id has no `/`.
fn source_of(key: &[u8]) -> Option<SourceId> {
    let (text, _) = first_part(key)?;
    std::str::from_utf8(text).ok()?.split_once('/')?.0.parse().ok()
}
