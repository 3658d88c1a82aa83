//! What follows from somebody standing in the list: an event that takes the road of all events.

use super::{Reconciler, Unmet};
use crate::{
    domain::{Event, EventId, EventKind, UserHints, UserRef, Via},
    engine::{Interrupted, Work},
};

impl Reconciler {
    /// Appends an event of `kind` for each of `unmet`, and returns when all are durable.
    pub(super) async fn tell(&self, kind: EventKind, unmet: &[Unmet], work: &Work) -> Result<(), Interrupted> {
        let events = unmet.iter().map(|unmet| self.event(kind, unmet));
        let counter = self.metrics.events.with_label_values(&[self.connection.source.as_str(), kind.as_str()]);
        self.appender.append_events(events.collect(), &work.stop, || counter.inc()).await
    }

    /// What the list says of the user is left out: whoever is acted on is read first.
    fn event(&self, kind: EventKind, Unmet { user, as_of }: &Unmet) -> Event {
        let source = &self.connection.source;
        Event {
            id: EventId::of_stranger(source, kind, user, *as_of),
            source: source.clone(),
            kind,
            via: Via::Reconciliation,
            user: UserRef::Id(user.clone()),
            hints: UserHints::default(),
            occurred: None,
            accepted: self.now(),
            sweep: None,
        }
    }
}
