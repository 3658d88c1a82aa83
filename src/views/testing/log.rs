//! A log that forgets everything at the end of the test.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::watch;

use crate::{
    clock::{Clock, SystemClock},
    domain::{DeadLetter, Decision, Outcome, OutcomesRecreated, UserKey},
    health::Health,
    log::{
        Consumer, Error, Log, Partition, Position, Record, Records, Stored, Stream,
        codec::{OutcomeRecord, encode},
    },
};

type Sequences = HashMap<(Stream, Partition), Vec<Stored>>;

/// See the module. Reads can be made to fail.
pub(crate) struct MemoryLog {
    sequences: Arc<Mutex<Sequences>>,
    grown: watch::Sender<()>,
    failures: AtomicUsize,
    refuses: AtomicBool,
    recreated: Mutex<Option<OutcomesRecreated>>,
    health: Health,
}

impl MemoryLog {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            sequences: Arc::default(),
            grown: watch::channel(()).0,
            failures: AtomicUsize::new(0),
            refuses: AtomicBool::new(false),
            recreated: Mutex::default(),
            health: Health::default(),
        })
    }

    /// Makes the next `count` reads fail: every other one at once, the rest after their first record.
    pub(crate) fn fail_reads(&self, count: usize) {
        self.failures.store(count, SeqCst);
    }

    /// Makes appends fail, or no longer.
    pub(crate) fn fail_appends(&self, fail: bool) {
        self.refuses.store(fail, SeqCst);
    }

    /// Tells that the topic of the outcomes was created again, the same in each partition.
    pub(crate) fn recreate_outcomes(&self, number: u64, decisions_until: u64) {
        let recreated = OutcomesRecreated { partition: 0, number, decisions_until };
        *self.recreated.lock().expect("not poisoned") = Some(recreated);
    }

    /// The number of reads that are still to fail.
    pub(crate) fn failures_left(&self) -> usize {
        self.failures.load(SeqCst)
    }

    pub(crate) fn decide(&self, decision: &Decision) {
        self.put(Stream::Decisions, decision.key().as_str(), encode(decision));
    }

    pub(crate) fn end(&self, outcome: &Outcome) {
        self.record(&OutcomeRecord::Outcome(outcome.clone()), &outcome.step.user_key());
    }

    pub(crate) fn record(&self, record: &OutcomeRecord, key: &UserKey) {
        self.put(Stream::Outcomes, key.as_str(), encode(record));
    }

    pub(crate) fn give_up(&self, letter: &DeadLetter) {
        self.put(Stream::DeadLetters, UserKey::new(&letter.source, &letter.user).as_str(), encode(letter));
    }

    /// All records of a stream, those of one key in order.
    pub(crate) fn all(&self, stream: Stream) -> Vec<Stored> {
        let sequences = self.sequences.lock().expect("not poisoned");
        let of_stream = sequences.iter().filter(|((of, _), _)| *of == stream);
        of_stream.flat_map(|(_, records)| records.iter().cloned()).collect()
    }

    pub(crate) fn put(&self, stream: Stream, key: &str, payload: Bytes) -> Position {
        let partition = Partition::of(key, self.partitions());
        let mut sequences = self.sequences.lock().expect("not poisoned");
        let sequence = sequences.entry((stream, partition)).or_default();
        let position = Position { partition, offset: sequence.len() as u64 };
        let appended = SystemClock.now();
        sequence.push(Stored { position, key: key.to_owned(), payload, appended });
        drop(sequences);
        self.grown.send_replace(());
        position
    }
}

struct Reader {
    sequences: Arc<Mutex<Sequences>>,
    grown: watch::Receiver<()>,
    stream: Stream,
    from: Vec<(Partition, u64)>,
    /// The number of records after which it ends with an error.
    breaks_after: Option<usize>,
    broken: bool,
}

impl Reader {
    async fn next(mut self) -> Option<(Result<Stored, Error>, Self)> {
        if self.broken {
            return None;
        }
        loop {
            self.grown.mark_unchanged();
            match (self.there(), self.breaks_after) {
                (_, Some(0)) => {
                    self.broken = true;
                    return Some((Err(Error::Unavailable("for the test".into())), self));
                }
                (Some(stored), _) => {
                    self.breaks_after = self.breaks_after.map(|left| left - 1);
                    return Some((Ok(stored), self));
                }
                (None, _) => self.grown.changed().await.ok()?,
            }
        }
    }

    fn there(&mut self) -> Option<Stored> {
        let sequences = self.sequences.lock().expect("not poisoned");
        self.from.iter_mut().find_map(|(partition, offset)| {
            let stored = sequences.get(&(self.stream, *partition))?.get(usize::try_from(*offset).ok()?)?;
            *offset += 1;
            Some(stored.clone())
        })
    }
}

#[async_trait]
impl Log for MemoryLog {
    fn partitions(&self) -> u16 {
        3
    }

    fn identity(&self) -> &'static str {
        "memory"
    }

    async fn append(&self, stream: Stream, record: Record) -> Result<Position, Error> {
        if self.refuses.load(SeqCst) {
            return Err(Error::Unavailable("for the test".into()));
        }
        Ok(self.put(stream, record.key.as_str(), record.payload))
    }

    async fn bounds(&self, stream: Stream, partition: Partition) -> Result<Range<u64>, Error> {
        let sequences = self.sequences.lock().expect("not poisoned");
        Ok(0..sequences.get(&(stream, partition)).map_or(0, Vec::len) as u64)
    }

    async fn read(&self, stream: Stream, from: Vec<(Partition, u64)>) -> Result<Records, Error> {
        let failing = self.failures.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).ok();
        if failing.is_some_and(|left| left % 2 == 0) {
            return Err(Error::Unavailable("for the test".into()));
        }
        let (sequences, grown) = (Arc::clone(&self.sequences), self.grown.subscribe());
        let reader = Reader { sequences, grown, stream, from, breaks_after: failing.map(|_| 1), broken: false };
        Ok(futures::stream::unfold(reader, Reader::next).boxed())
    }

    async fn outcomes_recreated(&self, partition: Partition) -> Result<Option<OutcomesRecreated>, Error> {
        Ok(self.outcomes_known_recreated(partition))
    }

    fn outcomes_known_recreated(&self, _: Partition) -> Option<OutcomesRecreated> {
        *self.recreated.lock().expect("not poisoned")
    }

    async fn consume(&self, _: Stream, _: &str) -> Result<Consumer, Error> {
        Err(Error::Unusable("views join no group".into()))
    }

    async fn ready(&self) -> Result<(), Error> {
        Ok(())
    }

    fn health(&self) -> Health {
        self.health.clone()
    }

    async fn close(&self) {}
}
