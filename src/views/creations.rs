//! When users were created of whom a webhook or a feed told, by source: as far back as a bound on mass creations looks.

use std::time::Duration;

use super::{Error, keys::part};
use crate::{
    domain::{Decision, SourceId, Timestamp},
    store::Store,
};

/// The longest time within which creations are counted, and some more for those that are told late.
const KEPT: Duration = Duration::from_hours(48);
/// How many rows are forgotten with each one that is added, so that there are never many more than are needed.
const FORGOTTEN_AT_ONCE: usize = 4;

/// Keys alone: the source, the time, the event.
#[derive(Debug, Clone)]
pub(super) struct Creations(sled::Tree);

impl Creations {
    pub(super) fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self(store.tree("view-creations")?))
    }

    pub(super) fn trees(&self) -> [&sled::Tree; 1] {
        [&self.0]
    }

    /// Takes in a decision, again if need be.
    pub(super) fn decided(&self, decision: &Decision) -> Result<(), Error> {
        let Some(at) = decision.told_creation() else { return Ok(()) };
        let source = part(decision.source.as_str());
        self.0.insert([place(&source, at), decision.event.as_str().into()].concat(), &[])?;
        for key in self.0.range(source.clone()..place(&source, at.minus(KEPT))).keys().take(FORGOTTEN_AT_ONCE) {
            self.0.remove(key?)?;
        }
        Ok(())
    }

    /// How many there were from `since` to `until`, at most `enough`.
    pub(super) fn count(
        &self,
        source: &SourceId,
        since: Timestamp,
        until: Timestamp,
        enough: u64,
    ) -> Result<u64, Error> {
        let source = part(source.as_str());
        let range = place(&source, since)..place(&source, until.next());
        let mut count = 0;
        for key in self.0.range(range).keys().take(usize::try_from(enough).unwrap_or(usize::MAX)) {
            key?;
            count += 1;
        }
        Ok(count)
    }
}

/// Sorts by time, the earliest first.
fn place(source: &[u8], at: Timestamp) -> Vec<u8> {
    let rank = at.as_millis().cast_unsigned() ^ (1 << 63);
    [source, &rank.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Activity, NoAction, Via},
        views::testing::{at, decision, source},
    };

    fn created(event: &str, seconds: i64) -> Decision {
        let activity = Activity { created: Some(at(seconds)), ..Activity::new(at(seconds)) };
        Decision { activity: Some(activity), ..decision(event, event, seconds, vec![]) }
    }

    #[test]
    fn creations_that_were_told_are_counted_once_and_by_when_they_happened() {
        let dir = tempfile::tempdir().expect("a folder");
        let creations = Creations::new(&Store::open(dir.path(), "memory").expect("a store")).expect("creations");
        let known = Decision { no_action: Some(NoAction::KnownSince(at(0))), ..created("e4", 4) };
        let found = Decision { via: Via::Reconciliation, ..created("e5", 5) };
        for decision in [created("e1", 1), created("e1", 1), created("e2", 2), created("e9", 9), known, found] {
            creations.decided(&decision).expect("counted");
        }
        let count = |since, until, enough| creations.count(&source(), at(since), at(until), enough).expect("a number");
        assert_eq!((count(0, 9, 99), count(1, 2, 99), count(3, 8, 99), count(0, 9, 2)), (3, 2, 0, 2));
        creations.decided(&created("later", 3 * 86_400)).expect("counted");
        assert_eq!(count(0, 9, 99), 0, "forgotten");
        let other = "other".parse().expect("an id");
        assert_eq!(creations.count(&other, at(0), at(9), 99).expect("a number"), 0);
    }
}
