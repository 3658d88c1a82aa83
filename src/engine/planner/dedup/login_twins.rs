//! Two reports of one login, by a listener and by an audit log, whose clocks give neighbouring seconds.
//!
//! Such a login is identified by its user and second. The ledger also remembers its reporters. A login that one of them
//! reports is the login of the second before or after, if the other one reported that login and this one did not.

use std::time::Duration;

use crate::{
    domain::{Activity, Decision, Event, EventId, EventKind, Timestamp, Via},
    engine::planner::rekey::known_by_second,
    runtime::{Interrupted, Work},
    store::Ledger,
};

/// The possible reporters of one login.
const REPORTERS: [Via; 2] = [Via::Webhook, Via::Feed];
const SECOND_MILLIS: i64 = 1000;
/// Two logins without a time that are less apart are one.
const DEDUP_WINDOW: Duration = Duration::from_mins(1);

/// The ledger's id for the fact that `via` reported `login`.
fn report_id(login: &EventId, via: Via) -> String {
    format!("{login}/told-by-{}", via.as_str())
}

/// The ledger's id for the fact that `event` reported `login`, its own or its [`other_report`]. None if logins are not
/// identified by their second, the event is not a login, or it is not under its user's lasting id yet.
pub(in crate::engine) fn report_id_of_event(event: &Event, login: &EventId) -> Option<String> {
    second(event).map(|_| report_id(login, event.via))
}

/// The same id for a decision that is read back, as [`report_id_of_event`] for its event.
pub(in crate::engine) fn report_id_of_decision(decision: &Decision) -> Option<String> {
    let at = decision.activity.as_ref()?.last_login?;
    let is_login = decision.kind == EventKind::LoggedIn && decision.user.id().is_some();
    let is_by_second = is_login && decision.event == EventId::of_login(&decision.source, &decision.user, at);
    is_by_second.then(|| report_id(&decision.event, decision.via))
}

/// The login of the second before or after, which `event` reports once more.
///
/// # Errors
/// `Interrupted` if the work is to stop first.
pub(in crate::engine) async fn other_report(
    event: &Event,
    ledger: &Ledger,
    work: &Work,
) -> Result<Option<EventId>, Interrupted> {
    let Some(at) = second(event) else { return Ok(None) };
    for next_to in [-SECOND_MILLIS, SECOND_MILLIS] {
        let at = Timestamp::from_millis(at.as_millis().saturating_add(next_to));
        let login = EventId::of_login(&event.source, &event.user, at);
        if work.recall(ledger, &report_id(&login, event.via)).await?.is_some() {
            continue;
        }
        for other in REPORTERS.into_iter().filter(|via| *via != event.via) {
            if work.recall(ledger, &report_id(&login, other)).await?.is_some() {
                return Ok(Some(login));
            }
        }
    }
    Ok(None)
}

/// Whether a login without a time comes within a minute of the user's last known login: a repeated delivery, or a
/// second report. A later one is a separate login, even with the same bytes.
pub(in crate::engine) fn is_repetition(event: &Event, before: Option<&Activity>) -> bool {
    let last = before.and_then(|before| before.last_login);
    let apart = last.map(|last| last.until(event.accepted).max(event.accepted.until(last)));
    apart.is_some_and(|apart| apart < DEDUP_WINDOW)
}

/// The time of a login that is identified by user and second.
fn second(event: &Event) -> Option<Timestamp> {
    event.user.id().and_then(|_| known_by_second(event))
}
