//! The regular work of the committer, between commits of records.

use super::Committer;
use crate::log::embedded::{
    database::{commit::Write, high_watermark::HighWatermark, recovery},
    part::Part,
    retention::Removal,
};

impl Committer {
    /// The regular work, also without appends.
    pub(super) fn do_chores(&mut self) {
        self.look_at_disk();
        if self.offsets_due.is_due() {
            self.save_offsets();
            self.try_again();
        }
        if self.high_watermark_due.is_due() {
            self.write_high_watermark();
        }
        if self.retention.is_due() && self.may_remove() {
            self.remove_old();
        }
    }

    /// Finds out whether writes succeed again, where the last one was refused: nobody sends anything to a process that is not
    /// ready.
    fn try_again(&mut self) {
        if self.health.is_refused() && !self.health.has_failed() && self.has_room_for_notes() {
            self.note(&self.health.during(|| self.store.write(recovery::write_form)));
        }
    }

    /// Writes how far groups have come. With too little room it is done later: what they did since comes again after a restart,
    /// and is recognised.
    pub(super) fn save_offsets(&mut self) {
        if !self.has_room_for_notes() {
            return;
        }
        let groups = self.groups.take_unsaved();
        if groups.is_empty() {
            return;
        }
        let write = Write { groups, ..Write::default() };
        if !self.commit(&write) {
            self.groups.put_back(write.groups);
        }
    }

    /// Does a bounded part of what there is to remove.
    fn remove_old(&mut self) {
        let now = self.clock.now();
        let look = || self.store.read(|db| Ok(self.retention.next(db, &self.groups, &self.bounds, now)?));
        match self.health.during(look) {
            Ok(removal) => {
                if removal.is_some_and(|removal| !self.remove(removal)) {
                    self.retention.put_off();
                }
            }
            // Those of the other parts are looked at nevertheless, and these again in an hour.
            Err(error) => tracing::warn!(%error, "old records of the event log can't be removed"),
        }
    }

    /// Removes records; false where that fails now and may succeed later. Readers are told first, so that they don't look for
    /// what is about to go. Of a damaged part nothing is removed until the next start: nobody needs it done, and all else of
    /// the log works on.
    fn remove(&mut self, Removal { part, offsets, start }: Removal) -> bool {
        let before = self.bounds[part].borrow().start;
        self.bounds[part].send_modify(|bounds| bounds.start = start);
        let removed = self.try_commit(&Write { removed: vec![(part, offsets)], ..Write::default() });
        if !matches!(removed, Ok(true)) {
            self.bounds[part].send_modify(|bounds| bounds.start = before);
        }
        removed.unwrap_or_else(|error| {
            let Part { stream, partition } = part;
            tracing::warn!(%error, %stream, %partition, "old records of the event log are damaged and stay");
            self.retention.leave_out(part);
            true
        })
    }

    pub(super) fn write_high_watermark(&mut self) {
        if !self.has_room_for_notes() {
            return;
        }
        let high_watermark = HighWatermark::new(&self.identity, &self.ends());
        if let Err(error) = self.health.during(|| high_watermark.write(&self.dir)) {
            let error = crate::words::system(&error);
            tracing::warn!(error, "how far the event log has come can't be noted down beside it");
        }
    }
}
