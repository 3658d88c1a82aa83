//! The views on their way to where the log ended when usher started: until then an administrator would be told too little.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    app::Roles,
    health::{Health, WarmUp},
    log::{self, Log, Partition, Stream},
    runtime::Backoff,
    views::Views,
};

/// How often it is looked how far they are.
const EVERY: Duration = Duration::from_millis(250);
/// Views that read nothing for that long, with a log that answers, have read all: the last records of a compacted stream may
/// be gone from it.
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
        tasks.spawn(run(views.clone(), Arc::clone(log), health.warm_up("views"), stop.clone()));
    }
}

/// Notes at `warm_up` how far the `views` are behind where `log` ends now, until they are there.
async fn run(views: Views, log: Arc<dyn Log>, warm_up: WarmUp, stop: CancellationToken) {
    warm_up.note("the log is not read yet");
    let caught_up = async {
        let ends = ends(&log).await;
        let (mut before, mut since) = (u64::MAX, Instant::now());
        loop {
            let behind = behind(&views, &ends);
            if behind == 0 || (since.elapsed() >= IDLE && log.ready().await.is_ok()) {
                return;
            }
            if behind < before {
                (before, since) = (behind, Instant::now());
            }
            warm_up.note(format!("they are {behind} records behind the log"));
            tokio::time::sleep(EVERY).await;
        }
    };
    if stop.run_until_cancelled(caught_up).await.is_some() {
        warm_up.done();
    }
}

/// Where the log ends now, asked for until it answers.
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

/// How many records the views have not read yet of those before `ends`.
fn behind(views: &Views, ends: &[End]) -> u64 {
    let missing = |&(stream, partition, end): &End| end.saturating_sub(views.read_until(stream, partition));
    ends.iter().map(missing).sum()
}
