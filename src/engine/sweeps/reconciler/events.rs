//! Events for unknown users in the list. They are handled like all other events.

use super::{Reconciler, UnknownUser};
use crate::{
    domain::{Event, EventId, EventKind, UserHints, UserRef, Via},
    runtime::{Interrupted, Work},
};

impl Reconciler {
    /// Appends an event of `kind` for each of `unknown_user`, and returns when all are durable.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn append_events(
        &self,
        kind: EventKind,
        unknown_user: &[UnknownUser],
        work: &Work,
    ) -> Result<(), Interrupted> {
        let events = unknown_user.iter().map(|unknown_user| self.event(kind, unknown_user));
        let counter = self.metrics.events.with_label_values(&[self.connection.source.as_str(), kind.as_str()]);
        self.appender.append_events(events.collect(), &work.stop, || counter.inc()).await
    }

    /// The event for one user, without the details from the list: a user is read before usher acts on them.
    fn event(&self, kind: EventKind, UnknownUser { user, as_of }: &UnknownUser) -> Event {
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
