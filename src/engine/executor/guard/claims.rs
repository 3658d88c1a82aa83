//! Claims on administrators, in one order for all processes: the stream `claims`, keyed by source.
//!
//! A process that is about to take something from an administrator appends a claim and reads the stream up to it. Whoever
//! was claimed before is counted as taken already. So of two processes that claim at once, the later one sees the other.

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

/// A product's list of administrators may be behind by some minutes: whom usher took something from since does not count.
/// A claim of which nothing more was heard counts for as long.
const LIST_BEHIND: Duration = Duration::from_mins(10);
/// How long a claim may be used. The rest of [`LIST_BEHIND`] is for a call that is under way, and for clocks that differ.
const USABLE_FOR: Duration = Duration::from_mins(5);
/// How long the claims may take to be read.
const READ: Duration = Duration::from_secs(20);
/// How long the end of a claim may take to be written. Without it the claim counts until its time is over.
const END: Duration = Duration::from_secs(10);

/// The claims of one source.
pub(super) struct Claims {
    connection: Arc<Connection>,
    log: Arc<dyn Log>,
    known: Arc<Mutex<Known>>,
}

/// What was read of the stream.
#[derive(Default)]
pub(super) struct Known {
    /// Where to read on.
    next: u64,
    claims: HashMap<String, Seen>,
    /// What was not read yet was appended later than this. None: nothing was read yet.
    caught_up: Option<Instant>,
}

struct Seen {
    offset: u64,
    user: UserId,
    /// Until when it counts, by this process's own clock that nobody sets.
    until: Instant,
    is_used: bool,
}

/// Other administrators whom somebody claimed before.
#[derive(Default)]
pub(super) struct Before {
    /// From whom something was taken, or may have been.
    pub(super) used: BTreeSet<UserId>,
    /// From whom something is about to be taken.
    pub(super) pending: BTreeSet<UserId>,
}

/// A claim that stands. Other steps on administrators of the source wait in this process until it is dropped.
pub(super) struct Claim {
    record: AdministratorClaim,
    made: Instant,
    log: Arc<dyn Log>,
    known: OwnedMutexGuard<Known>,
}

impl Claims {
    /// The claims of the source of `connection`, in `log`.
    pub(super) fn new(connection: Arc<Connection>, log: Arc<dyn Log>) -> Self {
        Self { connection, log, known: Arc::default() }
    }

    /// Waits until no other step of this process holds a claim.
    pub(super) async fn lock(&self, stop: &CancellationToken) -> Result<OwnedMutexGuard<Known>, Interrupted> {
        stop.run_until_cancelled(Arc::clone(&self.known).lock_owned()).await.ok_or(Interrupted)
    }

    /// Claims `user`; tells whom others claimed before.
    pub(super) async fn claim(
        &self,
        known: OwnedMutexGuard<Known>,
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
        known: &mut Known,
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

    async fn read(&self, known: &mut Known, position: Position) -> Result<(), log::Error> {
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
                    known.take(record.position.offset, claim, until);
                }
                Ok(_) => {}
                Err(error) => warn!(position = %record.position, %error, "a claim can't be read back"),
            }
            known.next = record.position.offset + 1;
        }
        Ok(())
    }
}

impl Known {
    /// How long what was claimed or done `at`, and read `now`, still counts. The clock of the process that says so may be
    /// wrong, and so may this one's: it is no younger than now, and no older than what was read before it.
    fn counts_for(&self, at: Timestamp, now: Timestamp) -> Duration {
        let age = at.until(now);
        let age = self.caught_up.map_or(age, |caught_up| age.min(caught_up.elapsed()));
        LIST_BEHIND.saturating_sub(age)
    }

    fn take(&mut self, offset: u64, claim: AdministratorClaim, until: Instant) {
        let AdministratorClaim { id, source: _, user, at: _, state } = claim;
        match state {
            ClaimState::Made => drop(self.claims.insert(id, Seen { offset, user, until, is_used: false })),
            ClaimState::Used => {
                let seen = self.claims.entry(id).or_insert(Seen { offset, user, until, is_used: true });
                (seen.is_used, seen.until) = (true, until);
            }
            ClaimState::Released => drop(self.claims.remove(&id)),
        }
    }

    /// Whom others than the step on `user` claimed before `offset`, as of `now`.
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
    /// Until when the step may be done.
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
        let (mut known, began) = (Known::default(), Instant::now());
        let at = |second| began + Duration::from_secs(second);
        let until = |second| at(second) + LIST_BEHIND;
        known.take(0, claim("1", "a", 0, ClaimState::Made), until(0));
        known.take(1, claim("2", "b", 1, ClaimState::Made), until(1));
        known.take(2, claim("3", "c", 2, ClaimState::Made), until(2));
        let before = known.before(2, &UserId::new("c"), at(3));
        assert_eq!((names(&before.used), names(&before.pending)), (vec![], vec!["a", "b"]));
        let before = known.before(0, &UserId::new("a"), at(3));
        assert_eq!((names(&before.used), names(&before.pending)), (vec![], vec![]), "the first one wins");
        known.take(3, claim("1", "a", 4, ClaimState::Used), until(4));
        known.take(4, claim("2", "b", 4, ClaimState::Released), until(4));
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
        let mut known = Known::default();
        assert_eq!(known.counts_for(day, hour), LIST_BEHIND, "made by a clock that is ahead: from now on");
        assert_eq!(known.counts_for(hour, day), Duration::ZERO, "read for the first time: long ago");
        known.caught_up = Some(Instant::now());
        tokio::time::advance(Duration::from_mins(2)).await;
        let left = LIST_BEHIND - Duration::from_mins(2);
        assert_eq!(known.counts_for(hour, day), left, "all before was read 2 minutes ago: this clock is ahead");
        assert_eq!(known.counts_for(day, hour), LIST_BEHIND);
    }
}
