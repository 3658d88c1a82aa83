//! Finds out whether a source is away, or only one call fails. A probe decides: if the product answers other calls, the
//! failure belongs to this call. If the product does not answer a probe either, the source is away, and nothing is
//! given up.

use std::sync::Arc;

use super::{
    Connection,
    failures::{CallKind, Failing},
};
use crate::{
    domain::Timestamp,
    products::{Disposition, Error, Fault},
};

/// The number of failing steps from which a failure of either kind is the source's.
const CROWD: usize = 10;
/// The number of steps failing by the source's own words from which the source refuses all of the kind.
const SEVERAL: usize = 2;

impl Connection {
    /// Finds out whether the product answers: it has answered something since `since`, or answers a probe. If neither,
    /// usher sends only probes until it answers.
    pub async fn check(self: &Arc<Self>, since: Timestamp) {
        let _one_at_a_time = self.checking.lock().await;
        if !self.is_running() || self.has_answered(since) {
            return;
        }
        match self.client.probe().await {
            Ok(()) => self.answered(),
            Err(error) if error.disposition() == Disposition::Halt => self.halt(&error),
            Err(error) if error.is_no_answer() => self.away(&error, since),
            // It answers, and asks to slow down, say: the others that wait need not probe too.
            Err(_) => self.answered(),
        }
    }

    /// Records that the step or reading `id` fails with `error`.
    pub(crate) fn record_failure(&self, id: u64, asked: CallKind, error: &Error) {
        let since = self.clock.now();
        let (fault, why) = (error.fault(), error.to_string());
        let mut failing = self.failures.now();
        let since = failing.get(&id).map_or(since, |failing| failing.since);
        failing.insert(id, Failing { asked, fault, since, why });
        drop(failing);
        self.show();
    }

    /// Records that the step or reading `id` has ended.
    pub(crate) fn forget_failure(&self, id: u64) {
        if self.failures.now().remove(&id).is_some() {
            self.show();
        }
    }

    /// Whether the source refuses all calls of the kind `asked`, and not one request: several fail in this way, and
    /// none of the kind succeeds.
    pub(crate) fn refuses_all(&self, asked: CallKind) -> bool {
        self.refusing(asked).is_some()
    }

    /// The time since which the source refuses all changes, or all readings of users, though it answers probes; and the
    /// reason.
    pub(crate) fn refusing(&self, asked: CallKind) -> Option<(Timestamp, String)> {
        let failing = self.failures.now();
        let last = self.last_success(asked);
        let mut own: Vec<&Failing> =
            failing.values().filter(|one| one.asked == asked && one.since.as_millis() > last).collect();
        own.sort_by_key(|one| one.since);
        let of = |fault: Fault| own.iter().filter(|one| one.fault == fault).count();
        let all = of(Fault::Source) >= SEVERAL || of(Fault::Source) + of(Fault::Either) >= CROWD;
        own.first().filter(|_| all).map(|one| (one.since, one.why.clone()))
    }
}
