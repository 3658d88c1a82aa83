//! Undoing a run: each user whom it has changed gets an event with the steps that put the changes back.

use std::time::Duration;

use tokio::time::timeout;
use tracing::{info, warn};

use super::{Sweeper, listing::ListingEnd};
use crate::{
    domain::{AskedSweep, RunId, SchemeRef, Sighting, SweepStep, Undo, UndoStep, UserHints, UserId},
    engine::UndoPage,
    runtime::{Interrupted, Work},
};

/// The views of this process know the run by then, unless they are damaged or it was removed. Other sweeps of the source
/// wait meanwhile.
const KNOWN_WITHIN: Duration = Duration::from_mins(10);
const NOT_KNOWN: &str = "the run to be undone is not in the run log any more, so it is not known what it changed";

impl Sweeper {
    /// Appends an event for each user whom the run `of` has changed, from `cursor` on. It waits until the views of this
    /// process know all of that run. An event that comes twice after a crash is known to the planner by its id.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn list_undo(
        &self,
        asked: &AskedSweep,
        of: &RunId,
        scheme: &SchemeRef,
        cursor: Option<String>,
        work: &Work,
    ) -> Result<ListingEnd, Interrupted> {
        let (mut seen, mut after) = Place::read(cursor.as_deref());
        while self.is_wanted(asked) {
            let next = self.when(|| self.next_page(asked, of, after.as_ref()), work);
            let Ok(next) = timeout(KNOWN_WITHIN, next).await else {
                warn!(sweep.id = %asked.sweep, undo.of = %of, "the run to be undone is not in the run log");
                self.record(&asked.sweep, SweepStep::Failed { why: NOT_KNOWN.to_owned() }, work).await?;
                return Ok(ListingEnd::Failed);
            };
            let Some(page) = next? else { break };
            let sightings = page.users.into_iter().map(|(user, steps)| self.undo_of(asked, of, scheme, user, steps));
            let sightings: Vec<_> = sightings.collect();
            seen += sightings.len() as u64;
            self.sight_all(sightings, work).await?;
            let Some(last) = page.next else { break };
            let step = SweepStep::Listed { cursor: Place::write(seen, &last), seen };
            self.record(&asked.sweep, step, work).await?;
            after = Some(last);
        }
        info!(sweep.id = %asked.sweep, undo.of = %of, users = seen, "everybody whom the run changed is listed");
        self.end_cancelled(asked, work).await?;
        // It is no list of the source's users.
        self.record(&asked.sweep, SweepStep::ListingEnded { seen, incomplete: None, named: true }, work).await?;
        Ok(ListingEnd::All)
    }

    /// The next users, once they are known; the inner one is none if the undo is cancelled.
    fn next_page(&self, asked: &AskedSweep, of: &RunId, after: Option<&UserId>) -> Option<Option<UndoPage>> {
        if self.is_wanted(asked) { self.run_queries.undo(of, self.product, after).map(Some) } else { Some(None) }
    }

    fn undo_of(
        &self,
        asked: &AskedSweep,
        of: &RunId,
        scheme: &SchemeRef,
        user: UserId,
        steps: Vec<UndoStep>,
    ) -> (UserId, UserHints, Sighting) {
        let undo = Undo { of: of.clone(), scheme: scheme.clone(), steps };
        let (sweep, undo) = (asked.sweep.clone(), Some(Box::new(undo)));
        (user, UserHints::default(), Sighting { sweep, released: None, memberships: None, undo })
    }
}

/// The place at which the next page begins, as a cursor: the number of users before it, and the last of them.
struct Place;

impl Place {
    fn read(cursor: Option<&str>) -> (u64, Option<UserId>) {
        let parts = cursor.and_then(|cursor| cursor.split_once(':'));
        let place = parts.and_then(|(seen, last)| Some((seen.parse().ok()?, UserId::new(last))));
        place.map_or((0, None), |(seen, last)| (seen, Some(last)))
    }

    fn write(seen: u64, last: &UserId) -> String {
        format!("{seen}:{last}")
    }
}

#[test]
fn a_place_in_an_undo_keeps_how_many_users_come_before_it_also_for_ids_with_colons() {
    let last = UserId::new("557058:ab:c");
    assert_eq!(Place::read(Some(&Place::write(300, &last))), (300, Some(last)));
    assert_eq!(Place::read(None), (0, None));
}
