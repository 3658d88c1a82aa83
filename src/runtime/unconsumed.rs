//! The records of a partition that are not finally consumed. They may come again, so the ledger has to remember the
//! work on them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use futures::StreamExt;

use crate::{
    domain::Timestamp,
    log::{Assignment, Error, Offsets, Stored},
    store::{Ledger, Reach, Scope},
};

/// The same assignment, which also tells `ledger` how old the records are that may come again to `scope`.
pub(crate) fn watched(assignment: Assignment, ledger: &Ledger, scope: &Scope) -> Assignment {
    let unconsumed = Arc::new(Unconsumed { given: Mutex::default(), reach: ledger.reach(scope) });
    let giving = Arc::clone(&unconsumed);
    let records =
        assignment.records.inspect(move |record| record.iter().for_each(|record| giving.given(record))).boxed();
    let offsets = Box::new(Watched { offsets: assignment.offsets, unconsumed });
    Assignment { records, offsets, ..assignment }
}

struct Watched {
    offsets: Box<dyn Offsets>,
    unconsumed: Arc<Unconsumed>,
}

impl Offsets for Watched {
    fn store(&self, next: u64) -> Result<(), Error> {
        self.offsets.store(next)?;
        self.unconsumed.stored(next);
        Ok(())
    }
}

struct Unconsumed {
    given: Mutex<Given>,
    reach: Arc<Reach>,
}

/// The append times of the records that were given out and are not consumed; as many as the stage has in work.
#[derive(Default)]
struct Given {
    appended: BTreeMap<u64, Timestamp>,
    /// The offset after the last record given out.
    seen: u64,
}

impl Unconsumed {
    fn given(&self, record: &Stored) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.appended.insert(record.position.offset, record.appended);
        given.seen = given.seen.max(record.position.offset + 1);
        self.update_ledger(&given, record.appended);
    }

    fn stored(&self, next: u64) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = given.appended.split_off(&next);
        let consumed = std::mem::replace(&mut given.appended, rest);
        if let Some((_, last)) = consumed.last_key_value() {
            self.update_ledger(&given, *last);
        }
    }

    /// Tells the ledger the oldest time. Records not given out yet are newer than the last one given out.
    fn update_ledger(&self, given: &Given, last: Timestamp) {
        let oldest = given.appended.first_key_value().map_or(last, |(_, oldest)| *oldest);
        self.reach.set(oldest, given.seen);
    }
}
