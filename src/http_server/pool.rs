//! The connections of a listener. Their number is bounded, and idle ones make room for new ones.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use super::{Connection, Peer, connection::Phase};

/// All connections of a listener. When there is no room for a new one, others are closed that can best be spared.
#[derive(Debug)]
pub(super) struct Pool {
    capacity: usize,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    next: u64,
    by_id: HashMap<u64, Member>,
}

#[derive(Debug)]
struct Member {
    peer: Option<Peer>,
    connection: Arc<Connection>,
}

/// A place in the pool, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    pool: Arc<Pool>,
    id: u64,
}

impl Pool {
    pub fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self { capacity: capacity.max(1), members: Mutex::default() })
    }

    /// A place for a connection of `address`; none if all of the others are at work for proved senders.
    pub fn admit(self: &Arc<Self>, address: Option<IpAddr>) -> Option<(Arc<Connection>, Place)> {
        let mut members = self.lock();
        if members.by_id.len() >= self.capacity && !members.make_room(self.capacity) {
            return None;
        }
        let connection = Arc::new(Connection::new(Instant::now()));
        let id = members.next;
        members.next += 1;
        members.by_id.insert(id, Member { peer: address.map(Peer::from), connection: Arc::clone(&connection) });
        Some((connection, Place { pool: Arc::clone(self), id }))
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Members {
    /// Closes one in 64 connections at a time, because choosing them takes a look at all. The first are those without a
    /// proof, of the peer with the most connections, between two requests, the oldest first.
    fn make_room(&mut self, capacity: usize) -> bool {
        let mut per_peer: HashMap<Option<Peer>, usize> = HashMap::new();
        for member in self.by_id.values() {
            *per_peer.entry(member.peer).or_default() += 1;
        }
        let rank = |(id, member): (&u64, &Member)| {
            let state = member.connection.state();
            let of_the_peer = per_peer.get(&member.peer).copied().unwrap_or(0);
            let order = (state.proved, usize::MAX - of_the_peer, state.phase, state.since);
            (state.phase != Phase::Proved).then_some((order, *id))
        };
        let mut spare: Vec<_> = self.by_id.iter().filter_map(rank).collect();
        let enough = (capacity / 64).clamp(1, spare.len().max(1));
        if spare.len() > enough {
            spare.select_nth_unstable(enough - 1);
        }
        let mut closed = 0;
        for (_, id) in spare.into_iter().take(enough) {
            // A request may have proved itself since.
            if self.by_id.get(&id).is_some_and(|member| member.connection.evict()) {
                self.by_id.remove(&id);
                closed += 1;
            }
        }
        closed > 0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pool.lock().by_id.remove(&self.id);
    }
}
