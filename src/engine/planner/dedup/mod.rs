//! Deduplication: the events that are decided already, under their own id or by another report of the same thing.

pub(super) mod login_twins;

use super::{Planner, rekey::untimed_delivery_id};
use crate::{
    domain::{Event, EventId, EventKind, UserHints},
    runtime::{Interrupted, Work},
};

impl Planner {
    /// The event that is decided already and is the same as `event`, which is remembered by `id`.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine::planner) async fn known(
        &self,
        event: &Event,
        id: &str,
        work: &Work,
    ) -> Result<Option<EventId>, Interrupted> {
        if work.recall(&self.ledger, id).await?.is_some() {
            return Ok(Some(event.id.clone()));
        }
        let Some(delivery) = untimed_delivery_id(event, id) else {
            return login_twins::other_report(event, &self.ledger, work).await;
        };
        if work.recall(&self.ledger, &delivery).await?.is_some() {
            return Ok(Some(event.id.clone()));
        }
        let before = self.activities.before(&event.key(), work).await?;
        Ok(login_twins::is_repetition(event, before.as_ref()).then(|| event.id.clone()))
    }

    /// The creation after the removal in `event`, if it was reported before the removal and taken for an earlier
    /// creation. It is an event of its own, so that schemes are asked about it.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(in crate::engine::planner) async fn created_again(
        &self,
        event: &Event,
        work: &Work,
    ) -> Result<Option<Event>, Interrupted> {
        if event.kind != EventKind::Removed {
            return Ok(None);
        }
        let before = self.activities.before(&event.key(), work).await?;
        let again = before.and_then(|before| before.created_again_after(event));
        Ok(again.map(|at| Event {
            id: EventId::of_creation_again(&event.source, &event.user, at),
            kind: EventKind::Created,
            occurred: Some(at),
            hints: UserHints::default(), // the facts of the removal say nothing about it
            ..event.clone()
        }))
    }
}
