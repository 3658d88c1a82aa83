//! Claims on administrators, in one order for all processes: the stream `claims`, keyed by source.
//!
//! Before a process takes something from an administrator, it appends a claim and reads the stream up to it. It counts
//! earlier claims as taken already. So of two processes that claim at once, the later one sees the other.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    domain::{AdministratorClaim, ClaimState, Timestamp, UserId},
    log::{self, Log, Position, Record, Stream, codec},
    runtime::{Appender, Interrupted, Retry},
    source::Connection,
};

/// The time by which a product's list of administrators may be behind. A user from whom usher took something within it
/// does not count as an administrator. A claim without an end counts for as long.
const LIST_BEHIND: Duration = Duration::from_mins(10);
/// The time for which a claim may be used. The rest of [`LIST_BEHIND`] is for a call that is under way, and for clocks
/// that differ.
const USABLE_FOR: Duration = Duration::from_mins(5);
/// The time-out for reading the claims.
const READ: Duration = Duration::from_secs(20);
/// The time-out for writing the end of a claim. Without an end the claim counts until its time is over.
const END: Duration = Duration::from_secs(10);

/// The claims of one source.
pub(super) struct Claims {
    connection: Arc<Connection>,
    log: Arc<dyn Log>,
    known: Arc<Mutex<ClaimTable>>,
}

/// The claims read from the stream.
#[derive(Default)]
pub(super) struct ClaimTable {
    /// The next offset to read.
    next: u64,
    claims: HashMap<String, SeenClaim>,
    /// All records before this time are read; none if nothing was read yet.
    caught_up: Option<Instant>,
}

struct SeenClaim {
    offset: u64,
    user: UserId,
    /// The time until which it counts, by this process's own monotonic clock.
    until: Instant,
    is_used: bool,
}

/// Other administrators with an earlier claim.
#[derive(Default)]
pub(super) struct Before {
    /// The administrators from whom something was, or may have been, taken.
    pub(super) used: BTreeSet<UserId>,
    /// The administrators from whom something is about to be taken.
    pub(super) pending: BTreeSet<UserId>,
}

/// A claim in force. Other steps on administrators of the source wait in this process until it is dropped.
pub(super) struct Claim {
    record: AdministratorClaim,
    made: Instant,
    log: Arc<dyn Log>,
    known: OwnedMutexGuard<ClaimTable>,
}

impl Claims {
    /// The claims of the source of `connection`, in `log`.
    pub(super) fn new(connection: Arc<Connection>, log: Arc<dyn Log>) -> Self {
        Self { connection, log, known: Arc::default() }
    }

    /// Waits until no other step of this process holds a claim.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn lock(&self, stop: &CancellationToken) -> Result<OwnedMutexGuard<ClaimTable>, Interrupted> {
        stop.run_until_cancelled(Arc::clone(&self.known).lock_owned()).await.ok_or(Interrupted)
    }

    /// Claims `user`; returns the administrators with earlier claims.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn claim(
        &self,
        known: OwnedMutexGuard<ClaimTable>,
        user: &UserId,
        stop: &CancellationToken,
    ) -> Result<(Claim, Before), Interrupted> {
        let record = AdministratorClaim {
            id: format!("{:032x}", rand::random::<u128>()),
            source: self.connection.source.clone(),
            user: user.clone(),
            at: self.connection.clock.now(),
            state: ClaimState::Made,
        };
        let made = Instant::now();
        let position = Appender::new(Arc::clone(&self.log)).append(Stream::Claims, written(&record), stop).await?;
        let mut claim = Claim { record, made, log: Arc::clone(&self.log), known };
        if let Err(Interrupted) = self.read_up_to(&mut claim.known, position, stop).await {
            claim.end(ClaimState::Released, self.connection.clock.now()).await;
            return Err(Interrupted);
        }
        claim.known.caught_up = Some(made);
        let before = claim.known.before(position.offset, user, Instant::now());
        Ok((claim, before))
    }

    async fn read_up_to(
        &self,
        known: &mut ClaimTable,
        position: Position,
        stop: &CancellationToken,
    ) -> Result<(), Interrupted> {
        let mut retry = None;
        loop {
            let read = stop.run_until_cancelled(timeout(READ, self.read(known, position))).await.ok_or(Interrupted)?;
            let error = match read {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "they don't come in time".to_owned(),
            };
            let of_stream = || Retry::new(self.log.health().component(format!("stream {}", Stream::Claims)));
            let what = "claims on administrators can't be read";
            retry.get_or_insert_with(of_stream).after(what, &error, stop).await?;
        }
    }

    async fn read(&self, known: &mut ClaimTable, position: Position) -> Result<(), log::Error> {
        let bounds = self.log.bounds(Stream::Claims, position.partition).await?;
        known.next = known.next.max(bounds.start);
        let mut records = self.log.read(Stream::Claims, vec![(position.partition, known.next)]).await?;
        while known.next <= position.offset {
            let record =
                records.next().await.ok_or_else(|| log::Error::Unavailable("the log ended early".into()))??;
            // Other sources have claims in the same partition.
            match codec::decode::<AdministratorClaim>(&record.payload) {
                Ok(claim) if claim.source == self.connection.source => {
                    let until = Instant::now() + known.counts_for(claim.at, self.connection.clock.now());
                    known.apply(record.position.offset, claim, until);
                }
                Ok(_) => {}
                Err(error) => warn!(position = %record.position, %error, "a claim can't be read back"),
            }
            known.next = record.position.offset + 1;
        }
        Ok(())
    }
}

impl ClaimTable {
    /// The time for which a claim or an end made `at`, and read `now`, still counts. The other process's clock may be
    /// wrong, and so may this one's. Therefore the age is at least zero, and at most the age of the record read before
    /// it.
    fn counts_for(&self, at: Timestamp, now: Timestamp) -> Duration {
        let age = at.until(now);
        let age = self.caught_up.map_or(age, |caught_up| age.min(caught_up.elapsed()));
        LIST_BEHIND.saturating_sub(age)
    }

    fn apply(&mut self, offset: u64, claim: AdministratorClaim, until: Instant) {
        let AdministratorClaim { id, source: _, user, at: _, state } = claim;
        match state {
            ClaimState::Made => drop(self.claims.insert(id, SeenClaim { offset, user, until, is_used: false })),
            ClaimState::Used => {
                let seen = self.claims.entry(id).or_insert(SeenClaim { offset, user, until, is_used: true });
                (seen.is_used, seen.until) = (true, until);
            }
            ClaimState::Released => drop(self.claims.remove(&id)),
        }
    }

    /// The administrators whom other steps than that on `user` claimed before `offset`, as of `now`.
    fn before(&mut self, offset: u64, user: &UserId, now: Instant) -> Before {
        self.claims.retain(|_, seen| seen.until > now);
        let mut before = Before::default();
        for seen in self.claims.values().filter(|seen| seen.offset < offset && seen.user != *user) {
            let users = if seen.is_used { &mut before.used } else { &mut before.pending };
            users.insert(seen.user.clone());
        }
        before
    }
}

impl Claim {
    /// The time until which the step may be done.
    pub(super) fn usable_until(&self) -> Instant {
        self.made + USABLE_FOR
    }

    /// Ends the claim: the step was done, may have been done, or was not.
    pub(super) async fn end(self, state: ClaimState, now: Timestamp) {
        let Self { record, made: _, log, known } = self;
        let ended = written(&AdministratorClaim { state, at: now, ..record });
        let nobody_stops_it = CancellationToken::new();
        if timeout(END, Appender::new(log).append(Stream::Claims, ended, &nobody_stops_it)).await.is_err() {
            warn!("the end of a claim on an administrator was not written; it counts for some minutes more");
        }
        drop(known);
    }
}

fn written(claim: &AdministratorClaim) -> Record {
    Record { key: claim.key(), payload: codec::encode(claim) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(id: &str, user: &str, second: i64, state: ClaimState) -> AdministratorClaim {
        AdministratorClaim {
            id: id.to_owned(),
            source: "acme".parse().unwrap(),
            user: UserId::new(user),
            at: Timestamp::from_millis(second * 1000),
            state,
        }
    }

    fn names(users: &BTreeSet<UserId>) -> Vec<&str> {
        users.iter().map(UserId::as_str).collect()
    }

    #[test]
    fn whoever_was_claimed_before_counts_until_it_is_released_or_long_ago() {
        let (mut known, began) = (ClaimTable::default(), Instant::now());
        let at = |second| began + Duration::from_secs(second);
        let until = |second| at(second) + LIST_BEHIND;
        known.apply(0, claim("1", "a", 0, ClaimState::Made), until(0));
        known.apply(1, claim("2", "b", 1, ClaimState::Made), until(1));
        known.apply(2, claim("3", "c", 2, ClaimState::Made), until(2));
        let before = known.before(2, &UserId::new("c"), at(3));
        assert_eq!((names(&before.used), names(&before.pending)), (vec![], vec!["a", "b"]));
        let before = known.before(0, &UserId::new("a"), at(3));
        assert_eq!((names(&before.used), names(&before.pending)), (vec![], vec![]), "the first one wins");
        known.apply(3, claim("1", "a", 4, ClaimState::Used), until(4));
        known.apply(4, claim("2", "b", 4, ClaimState::Released), until(4));
        let before = known.before(9, &UserId::new("d"), at(5));
        assert_eq!((names(&before.used), names(&before.pending)), (vec!["a"], vec!["c"]));
        let before = known.before(9, &UserId::new("a"), at(5));
        assert_eq!((names(&before.used), names(&before.pending)), (vec![], vec!["c"]), "not against oneself");
        let before = known.before(9, &UserId::new("d"), at(603));
        assert_eq!((names(&before.used), names(&before.pending)), (vec!["a"], vec![]));
        let before = known.before(9, &UserId::new("d"), at(605));
        assert_eq!((names(&before.used), names(&before.pending)), (vec![], vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_claim_counts_for_its_time_however_the_clocks_of_both_processes_are_set() {
        let day = Timestamp::from_millis(86_400_000);
        let hour = Timestamp::from_millis(3_600_000);
        let mut known = ClaimTable::default();
        assert_eq!(known.counts_for(day, hour), LIST_BEHIND, "made by a clock that is ahead: from now on");
        assert_eq!(known.counts_for(hour, day), Duration::ZERO, "read for the first time: long ago");
        known.caught_up = Some(Instant::now());
        tokio::time::advance(Duration::from_mins(2)).await;
        let left = LIST_BEHIND - Duration::from_mins(2);
        assert_eq!(known.counts_for(hour, day), left, "all before was read 2 minutes ago: this clock is ahead");
        assert_eq!(known.counts_for(day, hour), LIST_BEHIND);
    }
}
