//! The views catch up to the end that the log had when usher started. Until then the lists for administrators would be
//! incomplete.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    app::Roles,
    health::{Health, WarmUp},
    log::{self, Log, Partition, Stream},
    runtime::Backoff,
    views::{CatchUp, Views},
};

/// The interval for checking their progress.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// If the views read nothing for this time, although the log answers, they have read all of the compacted streams: the
/// last records of these may be removed. In other streams no record is removed while an earlier one exists.
const IDLE: Duration = Duration::from_secs(20);

/// One past the last record of a partition of a stream.
type End = (Stream, Partition, u64);

/// Has it watched among `tasks`, where administrators are answered.
pub(in crate::app) fn begin(
    tasks: &mut JoinSet<()>,
    roles: Roles,
    views: &Views,
    log: &Arc<dyn Log>,
    health: &Health,
    stop: &CancellationToken,
) {
    if roles.admin {
        views.note_catch_up(CatchUp::Begun); // before the API answers
        tasks.spawn(run(views.clone(), Arc::clone(log), health.warm_up("views"), stop.clone()));
    }
}

/// Notes at `warm_up` how far the `views` are behind where `log` ends now, until they are there.
async fn run(views: Views, log: Arc<dyn Log>, warm_up: WarmUp, stop: CancellationToken) {
    warm_up.report(CatchUp::Begun.to_string());
    let caught_up = async {
        let ends = ends(&log).await;
        let (mut before, mut since) = (u64::MAX, Instant::now());
        loop {
            let (behind, of_kept) =
                (behind(&views, &ends, |_| true), behind(&views, &ends, |stream| !stream.is_compacted()));
            let is_idle = of_kept == 0 && since.elapsed() >= IDLE;
            if behind == 0 || (is_idle && log.ready().await.is_ok()) {
                return;
            }
            if behind < before {
                (before, since) = (behind, Instant::now());
            }
            views.note_catch_up(CatchUp::Behind(behind));
            warm_up.report(CatchUp::Behind(behind).to_string());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    };
    if stop.run_until_cancelled(caught_up).await.is_some() {
        views.note_catch_up(CatchUp::Done);
        warm_up.done();
    }
}

/// The present ends of the log, asked for until it answers. The readers of the log report errors; this function is silent.
async fn ends(log: &Arc<dyn Log>) -> Vec<End> {
    let mut waits = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    loop {
        if let Ok(ends) = ends_now(log).await {
            return ends;
        }
        tokio::time::sleep(waits.next_wait()).await;
    }
}

async fn ends_now(log: &Arc<dyn Log>) -> Result<Vec<End>, log::Error> {
    let mut ends = Vec::new();
    for stream in Views::STREAMS {
        for partition in (0..log.partitions()).map(Partition) {
            let bounds = log.bounds(stream, partition).await?;
            ends.push((stream, partition, if bounds.is_empty() { 0 } else { bounds.end }));
        }
    }
    Ok(ends)
}

/// The number of records before `ends` that the views have not read yet, of the streams that are `asked` for.
fn behind(views: &Views, ends: &[End], asked: impl Fn(Stream) -> bool) -> u64 {
    let missing = |&(stream, partition, end): &End| end.saturating_sub(views.read_until(stream, partition));
    ends.iter().filter(|&&(stream, ..)| asked(stream)).map(missing).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::UserKey,
        log::Record,
        store::Store,
        views::testing::{MemoryLog, decision, source},
    };

    /// Whether views that read nothing of a log with one record in `stream` are taken for caught up within ten minutes.
    async fn are_caught_up(stream: Stream) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let views = Views::open(&Store::open(dir.path(), "memory").unwrap()).unwrap();
        let log = MemoryLog::new();
        let key = UserKey::new(&source(), &decision("e1", "jane", 0, vec![]).user);
        log.append(stream, Record { key, payload: Vec::new().into() }).await.unwrap();
        let watching = run(views, log, Health::default().warm_up("views"), CancellationToken::new());
        tokio::time::timeout(Duration::from_mins(10), watching).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_end_of_a_compacted_stream_may_be_missing() {
        assert!(are_caught_up(Stream::Activity).await);
        assert!(!are_caught_up(Stream::Decisions).await, "a record that is not read yet was forgotten");
    }
}
