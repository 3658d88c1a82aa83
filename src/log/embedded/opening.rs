//! The embedded log is opened: what its folder holds is recovered, and its committer is started.

use std::{collections::BTreeSet, path::Path, sync::Arc, thread};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{
    EmbeddedLog, Options, begins,
    commit::{self, append_queue::queue, committer::Committer, group_commit::GroupCommit, interval::Interval},
    copy::snapshot::Pins,
    database::{disk_reserve::Reserve, recovery::Recovered, store::Store},
    groups::Groups,
    reader,
    retention::Retention,
    tails::Tails,
};
use crate::{
    domain::SourceId,
    log::{Error, source_of_group},
};

impl EmbeddedLog {
    /// Opens the log in `dir`, or makes one where there never was one. Blocks while its files are read.
    ///
    /// # Errors
    /// [`Error::Unusable`] if the files are in use by another process, can't be read, or are not what was
    /// written to them; the text says what to do.
    pub fn open(dir: &Path, options: Options) -> Result<Self, Error> {
        let (store, found) = Recovered::open(dir, options.partitions)?;
        Self::start(dir, store, found, &options, Pins::default())
    }

    /// Starts the log on what was `found` in `dir`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the thread that writes can't be started.
    pub(super) fn start(
        dir: &Path,
        store: Store,
        found: Recovered,
        options: &Options,
        pins: Pins,
    ) -> Result<Self, Error> {
        let Recovered { identity, partitions, bounds, groups } = found;
        if let Some(sources) = &options.sources {
            retire(&groups, sources);
        }
        for (stream, group) in &options.groups {
            groups.expect(group, &begins(*stream, partitions, |part| bounds[part].start));
        }
        let source = reader::Source { store: Arc::new(store), tails: Arc::new(Tails::new(partitions)) };
        let stopped = CancellationToken::new();
        let (append_queue, requests) = queue(options.queue, stopped.clone());
        let bounds = bounds.map(|bounds| watch::Sender::new(bounds.clone()));
        let log = Self {
            partitions,
            identity: identity.clone(),
            source: source.clone(),
            groups: Arc::new(groups),
            health: Arc::default(),
            registry: options.health.clone(),
            bounds: bounds.map(watch::Sender::subscribe),
            append_queue: Arc::new(append_queue),
            append_times: options.append_times.clone(),
        };
        let mut committer = Committer {
            store: source.store,
            tails: source.tails,
            groups: Arc::clone(&log.groups),
            health: Arc::clone(&log.health),
            process: options.health.clone(),
            clock: Arc::clone(&options.clock),
            bounds,
            reserve: Reserve::new(dir.to_owned(), options.reserve_bytes),
            retention: Retention::new(options.retention),
            identity,
            dir: dir.to_owned(),
            group_commit: GroupCommit::new(),
            offsets_due: Interval::every(commit::committer::OFFSETS_INTERVAL),
            high_watermark_due: Interval::every(commit::committer::HIGH_WATERMARK_INTERVAL),
            pins,
        };
        committer.look_at_disk();
        let stopped = stopped.drop_guard(); // also where the thread panics
        let ends_process = EndsProcess(options.health.clone());
        thread::Builder::new()
            .name("log-committer".into())
            .spawn(move || {
                let _in_order = (stopped, ends_process);
                committer.run(&requests);
            })
            .map_err(|error| {
                Error::Unavailable(format!("no thread to write the log: {}", crate::words::system(&error)))
            })?;
        Ok(log)
    }
}

/// Held by the thread that writes: if it panics, the process ends, as nothing can be written any more.
struct EndsProcess(crate::health::Health);

impl Drop for EndsProcess {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.end_process("log: its writer ended by a bug, please report it; usher ends, to be started again");
        }
    }
}

/// A source that was taken out of the configuration must not keep every record of all sources for ever.
pub(super) fn retire(groups: &Groups, sources: &BTreeSet<SourceId>) {
    let is_there = |source: &str| sources.iter().any(|known| known.as_str() == source);
    let retired = groups.retire(|group| source_of_group(group).is_some_and(|source| !is_there(source)));
    let of: BTreeSet<_> = retired.iter().filter_map(|group| source_of_group(group)).collect();
    for source in of {
        info!(
            source.id = source,
            "the source is not configured any more; what it has left undone is kept as long as all else, and it goes on there \
             if it is configured again until then"
        );
    }
}
