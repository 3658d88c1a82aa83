//! Unreadable records: each is counted, reported, kept as a dead letter without its content, and skipped.

use crate::{
    clock::Clock,
    domain::{DeadLetter, RecordKind, SourceId, Stage, UserKey, UserRef},
    json_record::Unread,
    log::{Record, codec},
    metrics::Metrics,
    source::Arrivals,
};

/// The record of the dead letter about `unread`, which came from `source` in `what`. Its id is the same whenever the
/// record is met, so that it is one dead letter.
pub(super) fn letter(source: &SourceId, unread: &Unread, what: &str, clock: &dyn Clock) -> Record {
    let (number, of) = unread.place;
    let user = UserRef::Name(String::new()); // who it is about can't be read
    let letter = DeadLetter {
        id: format!("unreadable/{source}/{}", hex::encode(&unread.digest[..16])),
        stage: Stage::Intake,
        source: source.clone(),
        user: user.clone(),
        event: None,
        step: None,
        reason: format!(
            "entry {number} of {of} in {what} can't be read and was passed over: {}. If it tells of a login or a creation, usher \
             does not know of that",
            unread.why.says()
        ),
        at: clock.now(),
        again: None,
        held: false,
    };
    Record { key: UserKey::new(source, &user), payload: codec::encode(&letter) }
}

/// Counts a record whose dead letter is in the log, and logs the first one.
pub(super) fn count(source: &SourceId, unread: &Unread, arrivals: &Arrivals, metrics: &Metrics) {
    metrics.dead_letters.with_label_values(&[Stage::Intake.as_str()]).inc();
    arrivals.passed_over(source, RecordKind::AuditEntry, unread.why.says());
}
