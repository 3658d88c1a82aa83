//! A snapshot into an archive.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use super::{
    Error, Summary,
    archive::{
        Content, Writer,
        proto::{Batch, Group, Header, Part, Record},
    },
};
use crate::{
    domain::Timestamp,
    log::embedded::{RecordBatch, Snapshot},
    secret::Secret,
};

/// The time-out of a copy. The log removes no old records meanwhile.
const COPY_TIMEOUT: Duration = Duration::from_hours(6);

/// The parts of an archive besides the log.
#[derive(Debug, Clone)]
pub struct About {
    /// When the snapshot was taken.
    pub made: Timestamp,
    /// The admin token, where usher made it.
    pub admin_token: Option<Secret>,
}

/// Writes `snapshot` to `out` as an archive. One record batch at a time is in memory. Blocks.
///
/// # Errors
/// [`Error::Log`] if the log can't be read, or is closed meanwhile; [`Error::Write`] if `out` does not accept it;
/// [`Error::TooSlow`] if that takes too long.
pub fn save(snapshot: &Snapshot, about: &About, out: impl Write) -> Result<Summary, Error> {
    let give_up = Instant::now() + COPY_TIMEOUT;
    let mut archive = Writer::begin(out)?;
    archive.add(Content::Header(header(snapshot, about)))?;
    for (stream, partition, _) in snapshot.bounds() {
        for batch in snapshot.batches(stream, partition) {
            if Instant::now() > give_up {
                return Err(Error::TooSlow(COPY_TIMEOUT));
            }
            archive.add(Content::Batch(message(stream.as_str(), partition.0, batch?)))?;
        }
    }
    for offset in snapshot.groups() {
        archive.add(Content::Group(Group {
            group: offset.group.clone(),
            stream: offset.stream.as_str().to_owned(),
            partition: offset.partition.0.into(),
            next: offset.next,
        }))?;
    }
    let (records, bytes) = archive.end()?;
    Ok(Summary { records, bytes, made: about.made })
}

fn header(snapshot: &Snapshot, about: &About) -> Header {
    let part = |(stream, partition, bounds): (crate::log::Stream, crate::log::Partition, std::ops::Range<u64>)| Part {
        stream: stream.as_str().to_owned(),
        partition: partition.0.into(),
        start: bounds.start,
        end: bounds.end,
    };
    Header {
        usher_version: env!("CARGO_PKG_VERSION").to_owned(),
        made_ms: about.made.as_millis(),
        partitions: snapshot.partitions().into(),
        parts: snapshot.bounds().map(part).collect(),
        admin_token: about.admin_token.as_ref().map_or_else(Vec::new, |token| token.reveal().as_bytes().to_vec()),
    }
}

fn message(stream: &str, partition: u16, batch: RecordBatch) -> Batch {
    let records = batch.records.into_iter().map(|stored| Record { key: stored.key, payload: stored.payload.into() });
    Batch {
        stream: stream.to_owned(),
        partition: partition.into(),
        base: batch.base,
        appended_ms: batch.appended.as_millis(),
        records: records.collect(),
    }
}
