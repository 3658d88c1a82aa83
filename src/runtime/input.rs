//! The records of a partition that a stage works on, read on through errors.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::time::{Instant, sleep_until};

use super::Failures;
use crate::log::{Log, Partition, ReadTrouble, Records, Stored, Stream};

/// The pause after an error, for a log that does not itself wait before it reads again.
const PAUSE: Duration = Duration::from_millis(200);

/// See the module.
pub struct Input {
    log: Arc<dyn Log>,
    stream: Stream,
    partition: Partition,
    records: Records,
    failures: Failures,
    trouble: ReadTrouble,
    /// The earliest time of the next read after an error.
    not_before: Option<Instant>,
}

impl Input {
    /// The `records` of a `partition` of `stream`. It reports to `failures` if they can't be read.
    pub fn new(log: Arc<dyn Log>, stream: Stream, partition: Partition, records: Records, failures: Failures) -> Self {
        let trouble = ReadTrouble::new(failures.component(), format!("partition {partition} of {stream}"));
        Self { log, stream, partition, records, failures, trouble, not_before: None }
    }

    /// The partition of the records.
    pub(crate) fn partition(&self) -> Partition {
        self.partition
    }

    /// The next record, however long it takes; none when there will be no more. Dropping the future loses no record.
    pub async fn next(&mut self) -> Option<Stored> {
        loop {
            if let Some(not_before) = self.not_before {
                sleep_until(not_before).await;
                self.not_before = None;
            }
            let asked = tokio::select! {
                record = self.records.next() => record?.map(Some),
                () = self.trouble.seems_over() => self.log.bounds(self.stream, self.partition).await.map(|_| None),
            };
            match asked {
                Ok(record) => {
                    self.trouble.over();
                    if record.is_some() {
                        return record;
                    }
                }
                Err(error) => {
                    self.not_before = Some(Instant::now() + PAUSE);
                    self.failures.count();
                    self.trouble.record(&error);
                }
            }
        }
    }
}
