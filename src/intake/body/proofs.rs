//! The senders with a recently proved delivery.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

use crate::http_server::Peer;

/// The time for which a proof counts.
const PROOF_TTL: Duration = Duration::from_hours(1);
/// The time after which a proof is recorded again: most deliveries only read.
const RENEW_INTERVAL: Duration = Duration::from_mins(1);
/// Only senders that know a secret are here; a sender with many addresses is forgotten rather than memory filled.
const MAX_PROOFS: usize = 10_000;

/// The peers that have proved a delivery for a source lately; the source by its place in the configuration.
#[derive(Debug, Default)]
pub struct RecentProofs(RwLock<HashMap<(Peer, usize), Instant>>);

impl RecentProofs {
    /// Records that `peer` has proved a delivery for `source`.
    pub fn record(&self, peer: Peer, source: usize, now: Instant) {
        let key = (peer, source);
        let age = |noted: &Instant| now.saturating_duration_since(*noted);
        if self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .is_some_and(|noted| age(noted) < RENEW_INTERVAL)
        {
            return;
        }
        let mut noted = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if noted.len() >= MAX_PROOFS && !noted.contains_key(&key) {
            noted.retain(|_, noted| age(noted) < PROOF_TTL);
        }
        if noted.len() < MAX_PROOFS || noted.contains_key(&key) {
            noted.insert(key, now);
        }
    }

    /// Whether `peer` has proved a delivery for `source` lately.
    pub fn has(&self, peer: Peer, source: usize, now: Instant) -> bool {
        let noted = self.0.read().unwrap_or_else(PoisonError::into_inner);
        noted.get(&(peer, source)).is_some_and(|noted| now.saturating_duration_since(*noted) < PROOF_TTL)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn a_proof_counts_for_its_peer_and_source_and_for_a_time() {
        let (proofs, now) = (RecentProofs::default(), Instant::now());
        let peer = |last: u8| Peer::from(IpAddr::from([192, 0, 2, last]));
        proofs.record(peer(1), 0, now);
        assert!(proofs.has(peer(1), 0, now + PROOF_TTL / 2));
        assert!(!proofs.has(peer(1), 0, now + PROOF_TTL));
        assert!(!proofs.has(peer(1), 1, now) && !proofs.has(peer(2), 0, now));
    }

    #[test]
    fn memory_is_bounded_and_room_comes_with_time() {
        let (proofs, now) = (RecentProofs::default(), Instant::now());
        let peer = |number: usize| Peer::from(IpAddr::from((number as u32).to_be_bytes()));
        (0..MAX_PROOFS + 10).for_each(|number| proofs.record(peer(number), 0, now));
        assert!(proofs.has(peer(0), 0, now) && !proofs.has(peer(MAX_PROOFS), 0, now));
        proofs.record(peer(MAX_PROOFS), 0, now + PROOF_TTL);
        assert!(proofs.has(peer(MAX_PROOFS), 0, now + PROOF_TTL));
        assert_eq!(proofs.0.read().expect("no panic").len(), 1);
    }
}
