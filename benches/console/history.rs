//! Writes the records into the log of a service that has not started yet.

use std::path::Path;

use anyhow::Context as _;
use futures::{TryStreamExt as _, stream};
use usher::log::{
    self, Error, Log as _, Stream,
    embedded::{EmbeddedLog, Options},
};

use super::records::{Records, source};

/// How many appends are under way at once: fewer than the log lets wait.
const AT_ONCE: usize = 4_000;

/// Writes all of them to the log in `folder`; what they tell to do is done.
pub(super) async fn write(folder: &Path, records: Records) -> anyhow::Result<()> {
    let log = EmbeddedLog::open(folder, Options::default())?;
    for stream in [Stream::SweepProgress, Stream::Decisions, Stream::Outcomes, Stream::DeadLetters] {
        let all =
            (0..records.count(stream)).map(|number| Ok::<_, Error>(log.append(stream, records.record(stream, number))));
        stream::iter(all)
            .try_buffered(AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await
            .with_context(|| format!("{stream} is written"))?;
    }
    consume(&log).await?;
    log.close().await;
    Ok(())
}

/// The executor has come to the end of the decisions: their outcomes are there.
async fn consume(log: &EmbeddedLog) -> anyhow::Result<()> {
    let group = log::group("executor", source().as_str());
    let mut consumer = log.consume(Stream::Decisions, &group).await?;
    for _ in 0..log.partitions() {
        let assignment = consumer.assignments.recv().await.context("a partition")?;
        assignment.offsets.store(log.bounds(Stream::Decisions, assignment.partition).await?.end)?;
    }
    drop(consumer.membership);
    consumer.left.cancelled().await;
    Ok(())
}
