//! Looking all names up in the background: after a start, when schemes change, and again every hour.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Finding, Interrupted, References, lookup};
use crate::{domain::Reference, products::Error, runtime::pause};

/// Between two look-ups of a round: five a second at most, and the client's own pace holds them back further.
const BETWEEN: Duration = Duration::from_millis(200);
/// The time to wait for further changes of schemes, which often come several at a time.
const TOGETHER: Duration = Duration::from_secs(1);
/// The time-out for the look-ups of a scheme that is saved.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);
/// Look-ups at the same time while an administrator waits.
const CONCURRENCY: usize = 4;

/// The intervals of look-ups.
#[derive(Debug, Clone, Copy)]
pub struct LookUps {
    /// After a start, what waits for the product goes first.
    pub starting: Duration,
    /// The time from one look-up of a name to the next.
    pub every: Duration,
    /// The same for a name that is not there, or could not be looked up.
    pub missing_every: Duration,
    /// A step that takes something away looks a missing name up again where the last look-up was longer ago.
    pub missing_trusted_for: Duration,
}

impl Default for LookUps {
    fn default() -> Self {
        Self {
            starting: Duration::from_secs(5),
            every: Duration::from_hours(1),
            missing_every: Duration::from_mins(5),
            missing_trusted_for: Duration::from_mins(1),
        }
    }
}

impl References {
    /// Looks names up until `stop` is cancelled.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let starting = jittered(self.look_ups.starting);
        if pause(starting, &stop).await.is_ok() {
            while self.round(&stop).await.is_ok() {}
        }
    }

    async fn round(&self, stop: &CancellationToken) -> Result<(), Interrupted> {
        let mut changes = self.schemes.schemes_changed();
        changes.mark_unchanged();
        self.connection.running(stop).await?;
        let references = self.mentions().references();
        self.findings.keep_only(&references.iter().cloned().collect::<HashSet<_>>());
        for reference in references.iter().filter(|reference| self.findings.is_due(reference)) {
            if !self.look_up(reference, stop).await? {
                break; // the product does not answer: the rest has to wait
            }
            pause(BETWEEN, stop).await?;
        }
        self.count();
        let is_well =
            references.iter().all(|reference| matches!(self.findings.fresh(reference), Some(Ok(Finding::There(_)))));
        let rest = jittered(if is_well { self.look_ups.every } else { self.look_ups.missing_every });
        tokio::select! {
            () = stop.cancelled() => Err(Interrupted),
            () = sleep(rest) => Ok(()),
            changed = changes.changed() => {
                changed.map_err(|_| Interrupted)?;
                pause(TOGETHER, stop).await
            }
        }
    }

    /// Looks one name up, once. False if the product does not answer now; then the earlier result stays.
    async fn look_up(&self, reference: &Reference, stop: &CancellationToken) -> Result<bool, Interrupted> {
        let asked = lookup::look_up(&*self.connection.client, self.product, reference);
        let told = stop.run_until_cancelled(asked).await.ok_or(Interrupted)?;
        // Nobody is halted for it: a step that needs the answer asks again, with its own retries.
        let answers = told.as_ref().err().is_none_or(lookup::is_final);
        if answers {
            self.record(reference, told);
        }
        Ok(answers)
    }

    /// Looks up the names of a scheme that is about to be saved; `None` if the product takes too long. The results are
    /// kept, except for temporary errors.
    ///
    /// # Errors
    /// The first one, if the product does not answer for all of them.
    pub async fn look_up_now(
        &self,
        references: HashSet<Reference>,
    ) -> Option<Result<Vec<(Reference, Finding)>, Error>> {
        let client = &*self.connection.client;
        let asked = stream::iter(references).map(|reference| async move {
            let told = lookup::look_up(client, self.product, &reference).await;
            (reference, told)
        });
        let told: Vec<_> = timeout(LOOKUP_TIMEOUT, asked.buffer_unordered(CONCURRENCY).collect()).await.ok()?;
        let is_kept = |told: &Result<Finding, Error>| told.as_ref().err().is_none_or(lookup::is_final);
        let kept = told.iter().filter(|(_, told)| is_kept(told));
        kept.for_each(|(reference, told)| self.record(reference, told.clone()));
        Some(told.into_iter().map(|(reference, told)| told.map(|finding| (reference, finding))).collect())
    }
}

/// A random time around `around`, so that sources are not all asked in the same moment.
fn jittered(around: Duration) -> Duration {
    around.mul_f64(rand::random_range(0.9..1.1))
}
