//! One login of which a listener and an audit log both tell, by clocks that fall into seconds next to each other.
//!
//! Such a login is known by its user and second. What is remembered beside that is who told of it: a login told by one of
//! them is that of the second before or after, if the other one told of that and this one did not.

use std::time::Duration;

use super::rekey::known_by_second;
use crate::{
    domain::{Activity, Decision, Event, EventId, EventKind, Timestamp, Via},
    runtime::{Interrupted, Work},
    store::Ledger,
};

/// Who may tell of one login.
const REPORTERS: [Via; 2] = [Via::Webhook, Via::Feed];
const SECOND_MILLIS: i64 = 1000;
/// Two logins without a time that are less apart are one.
const REPEATED_WITHIN: Duration = Duration::from_mins(1);

/// What it is remembered by that `via` told of `login`.
fn told(login: &EventId, via: Via) -> String {
    format!("{login}/told-by-{}", via.as_str())
}

/// What it is remembered by that `event` told of `login`, its own or its [`other_report`]; none where logins are not known by
/// their second, or the event is none, or it is not under its user's lasting id yet.
pub(in crate::engine) fn told_by(event: &Event, login: &EventId) -> Option<String> {
    second(event).map(|_| told(login, event.via))
}

/// What follows from a decision that is read back, as [`told_by`] from its event.
pub(in crate::engine) fn told_in(decision: &Decision) -> Option<String> {
    let at = decision.activity.as_ref()?.last_login?;
    let is_login = decision.kind == EventKind::LoggedIn && decision.user.id().is_some();
    let is_by_second = is_login && decision.event == EventId::of_login(&decision.source, &decision.user, at);
    is_by_second.then(|| told(&decision.event, decision.via))
}

/// The login in the second before or after that of `event` which it tells of once more.
pub(in crate::engine) async fn other_report(
    event: &Event,
    ledger: &Ledger,
    work: &Work,
) -> Result<Option<EventId>, Interrupted> {
    let Some(at) = second(event) else { return Ok(None) };
    for next_to in [-SECOND_MILLIS, SECOND_MILLIS] {
        let at = Timestamp::from_millis(at.as_millis().saturating_add(next_to));
        let login = EventId::of_login(&event.source, &event.user, at);
        if work.recall(ledger, &told(&login, event.via)).await?.is_some() {
            continue;
        }
        for other in REPORTERS.into_iter().filter(|via| *via != event.via) {
            if work.recall(ledger, &told(&login, other)).await?.is_some() {
                return Ok(Some(login));
            }
        }
    }
    Ok(None)
}

/// Whether a login of which nobody said when it was comes within a minute of the last one that is known of the user: a
/// delivery that is sent again, or told by two. A later one is a login of its own, though its bytes are the same.
pub(in crate::engine) fn is_repetition(event: &Event, before: Option<&Activity>) -> bool {
    let last = before.and_then(|before| before.last_login);
    let apart = last.map(|last| last.until(event.accepted).max(event.accepted.until(last)));
    apart.is_some_and(|apart| apart < REPEATED_WITHIN)
}

/// When the login was, where it is known by user and second.
fn second(event: &Event) -> Option<Timestamp> {
    event.user.id().and_then(|_| known_by_second(event))
}
