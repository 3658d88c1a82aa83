//! Whether a source is away, or only fails at one call. A probe tells: one call that fails while the product answers others is
//! that call's own trouble; a product that answers no probe either is away, and nothing of it is given up.

use std::sync::Arc;

use super::{
    Connection,
    failures::{CallKind, Failing},
};
use crate::{
    domain::Timestamp,
    products::{Disposition, Error, Fault},
};

/// While so many fail with what may be either's fault, it is taken for the source's.
const CROWD: usize = 10;
/// While so many fail with what is the source's fault by its own words, the source refuses all of the kind.
const SEVERAL: usize = 2;

impl Connection {
    /// Finds out whether the product answers: it has told something since `since`, or answers a probe. If it does neither,
    /// nothing but probes is asked of it until it does.
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

    /// Notes that the step or reading `id` fails with `error`.
    pub(crate) fn note_failure(&self, id: u64, asked: CallKind, error: &Error) {
        let since = self.clock.now();
        let (fault, why) = (error.fault(), error.to_string());
        let mut failing = self.failures.now();
        let since = failing.get(&id).map_or(since, |failing| failing.since);
        failing.insert(id, Failing { asked, fault, since, why });
        drop(failing);
        self.show();
    }

    /// Notes that the step or reading `id` has come to its end.
    pub(crate) fn forget_failure(&self, id: u64) {
        if self.failures.now().remove(&id).is_some() {
            self.show();
        }
    }

    /// Whether the source refuses all that is `asked`, rather than one request: several fail so, and nothing of the kind succeeds.
    pub(crate) fn refuses_all(&self, asked: CallKind) -> bool {
        self.refusing(asked).is_some()
    }

    /// Since when the source takes no changes, or tells nothing of users, though it answers probes; and why.
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
