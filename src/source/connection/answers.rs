//! The times of the product's last answers.

use std::sync::atomic::{AtomicI64, Ordering};

use super::Connection;
use crate::{domain::Timestamp, source::failures::CallKind};

impl Connection {
    /// Records that a call succeeded.
    pub(crate) fn succeeded(&self, asked: CallKind) {
        self.last(asked).store(self.clock.now().as_millis(), Ordering::Relaxed);
        self.answered();
    }

    /// Records that the product answered, whatever it said.
    pub(crate) fn answered(&self) {
        self.last_answer.store(self.clock.now().as_millis(), Ordering::Relaxed);
    }

    /// Whether it has answered anything since.
    pub(crate) fn has_answered(&self, since: Timestamp) -> bool {
        self.last_answer.load(Ordering::Relaxed) >= since.as_millis()
    }

    /// The time of the last success, in milliseconds since 1970; long ago if never.
    pub(crate) fn last_success(&self, asked: CallKind) -> i64 {
        self.last(asked).load(Ordering::Relaxed)
    }

    fn last(&self, asked: CallKind) -> &AtomicI64 {
        match asked {
            CallKind::Read => &self.last_read,
            CallKind::Change => &self.last_change,
        }
    }
}
