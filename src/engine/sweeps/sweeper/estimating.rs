//! The estimate of a sweep's calls, made before the users are listed.

use tracing::info;

use super::Sweeper;
use crate::{
    domain::{AskedSweep, Cause, Estimate, SweepStep},
    runtime::{Interrupted, Work},
};

/// The number of reads for each user whom a scheme names: at the look-up, and before anything is done.
const READS_OF_NAMED: u64 = 2;
/// The same for each user of a bulk action, whose id is known.
const READS_OF_PICKED: u64 = 1;

impl Sweeper {
    /// Records the estimate of the sweep; `members` are the pages of groups' members. It uses the last list of the
    /// source; without one there is no estimate.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn estimate(&self, asked: &AskedSweep, members: u64, work: &Work) -> Result<(), Interrupted> {
        let (Some(lists), Some(per_second)) = (self.run_queries.last_lists(&asked.source), self.per_second()) else {
            return Ok(());
        };
        // The schemes of a sweep are asked together; of one that never ran each user may have to be read.
        let reads = asked.runs.iter().map(|run| self.run_queries.last_reads(&run.scheme.id).unwrap_or(lists.users));
        let calls = lists.pages + members + reads.max().unwrap_or(0).min(lists.users);
        self.append_estimate(asked, Estimate { users: lists.users, calls, seconds: seconds(calls, per_second) }, work)
            .await
    }

    /// The same for a sweep that reads `users` whom a scheme names, in place of the source's list.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn estimate_named(
        &self,
        asked: &AskedSweep,
        users: usize,
        work: &Work,
    ) -> Result<(), Interrupted> {
        let Some(per_second) = self.per_second() else { return Ok(()) };
        let reads = if asked.cause == Cause::Bulk { READS_OF_PICKED } else { READS_OF_NAMED };
        let (users, calls) = (users as u64, users as u64 * reads);
        self.append_estimate(asked, Estimate { users, calls, seconds: seconds(calls, per_second) }, work).await
    }

    async fn append_estimate(&self, asked: &AskedSweep, estimate: Estimate, work: &Work) -> Result<(), Interrupted> {
        let Some(per_second) = self.per_second() else { return Ok(()) };
        let Estimate { users, calls, seconds } = estimate;
        info!(
            sweep.id = %asked.sweep, source.id = %asked.source, users, calls, seconds,
            "the sweep looks at about {users} users: about {calls} calls, {seconds} s at {per_second} a second, and the changes"
        );
        self.record(&asked.sweep, SweepStep::Estimated(estimate), work).await
    }
}

/// The time for a number of calls.
fn seconds(calls: u64, per_second: f64) -> u64 {
    (calls as f64 / per_second.max(0.001)).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_calls_at_ten_a_second_take_seventeen_minutes() {
        assert_eq!(seconds(10_000, 10.0), 1_000);
        assert_eq!(seconds(1, 10.0), 1);
        assert_eq!(seconds(0, 0.0), 0);
    }
}
