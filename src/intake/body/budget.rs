//! The memory for all bodies together, and the eviction of bodies when it is used up.
//!
//! A body is proved only when it has arrived, so strangers can fill the memory. Therefore a body that is still being
//! read can be evicted for another one. The first to go has held the most bytes for the longest time: a genuine
//! delivery comes at once and holds its bytes for milliseconds. See
//! `docs/decisions/0018-room-for-those-who-prove-themselves.md`.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use futures::task::AtomicWaker;

use crate::http_server::Peer;

/// The sender of a body, and its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The other end of the connection.
    pub peer: Option<Peer>,
    /// The source, by its place in the configuration; none for all unknown sources.
    pub source: Option<usize>,
    /// Whether the peer has proved a delivery for the source lately.
    pub proved_lately: bool,
}

/// There is no room, or it was needed for another body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom;

/// See the module. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    /// The limit for all bodies.
    total: usize,
    /// The limit for bodies of senders without a recent proof. The rest is kept for the others.
    unproved: usize,
    /// Above this, the bodies of one peer give way before others.
    peer: usize,
    /// Above this, the bodies for one source give way before others.
    source: usize,
}

#[derive(Debug, Default)]
struct State {
    held: usize,
    held_unproved: usize,
    next: u64,
    bodies: HashMap<u64, HeldBody>,
}

#[derive(Debug)]
struct HeldBody {
    sender: Sender,
    bytes: usize,
    since: Instant,
    reading: Arc<ReadState>,
}

/// The state of reading a body.
#[derive(Debug, Default)]
struct ReadState {
    state: AtomicU8,
    reader: AtomicWaker,
}

const ARRIVING: u8 = 0;
const COMPLETE: u8 = 1;
const EVICTED: u8 = 2;

impl ReadState {
    /// Leaves the state `ARRIVING`; false if it was left before.
    fn becomes(&self, state: u8) -> bool {
        self.state.compare_exchange(ARRIVING, state, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    fn is_arriving(&self) -> bool {
        self.state.load(Ordering::Acquire) == ARRIVING
    }
}

impl Budget {
    /// A budget of `bytes`; one body takes at most `max_body` of it.
    pub fn new(bytes: usize, max_body: usize) -> Self {
        let total = bytes.max(2 * max_body);
        let share = |part: usize| part.max(max_body);
        let limits = Limits { total, unproved: share(total / 4 * 3), peer: share(total / 4), source: share(total / 2) };
        Self(Arc::new(Shared { limits, state: Mutex::default() }))
    }

    /// The share of a body that begins to arrive, with no bytes so far.
    pub fn share(&self, sender: Sender) -> Share {
        Share { budget: self.clone(), sender, reading: Arc::default(), id: None }
    }

    /// Whether more than half of the limit is used, by all bodies or by those of senders without a recent proof.
    pub fn is_scarce(&self) -> bool {
        let (state, limits) = (self.lock(), &self.0.limits);
        state.held > limits.total / 2 || state.held_unproved > limits.unproved / 2
    }

    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.lock().held
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The share of one body in the budget, until it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    sender: Sender,
    reading: Arc<ReadState>,
    id: Option<u64>,
}

impl Share {
    /// Takes room for `bytes` that have arrived.
    ///
    /// # Errors
    /// If there is no room, or the body was evicted.
    pub fn add(&mut self, bytes: usize, now: Instant) -> Result<(), NoRoom> {
        let mut state = self.budget.lock();
        if !state.has_room(&self.budget.0.limits, self.sender, bytes) {
            state.make_room(&self.budget.0.limits, self.sender, bytes, now);
        }
        if !self.reading.is_arriving() || !state.has_room(&self.budget.0.limits, self.sender, bytes) {
            return Err(NoRoom);
        }
        let id = *self.id.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        let (sender, reading) = (self.sender, &self.reading);
        let new = || HeldBody { sender, bytes: 0, since: now, reading: Arc::clone(reading) };
        state.bodies.entry(id).or_insert_with(new).bytes += bytes;
        state.count(sender, bytes);
        Ok(())
    }

    /// Ends the time in which the body can be evicted: it is complete.
    ///
    /// # Errors
    /// If it was evicted before.
    pub fn complete(&self) -> Result<(), NoRoom> {
        if self.reading.becomes(COMPLETE) { Ok(()) } else { Err(NoRoom) }
    }

    /// Ready if the body was evicted; otherwise the task is woken when it is.
    pub fn poll_evicted(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.reading.reader.register(cx.waker());
        if self.reading.state.load(Ordering::Acquire) == EVICTED { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.budget.lock().release(id);
        }
    }
}

impl State {
    fn has_room(&self, limits: &Limits, sender: Sender, bytes: usize) -> bool {
        let within_unproved = sender.proved_lately || self.held_unproved + bytes <= limits.unproved;
        within_unproved && self.held + bytes <= limits.total
    }

    fn count(&mut self, sender: Sender, bytes: usize) {
        self.held += bytes;
        if !sender.proved_lately {
            self.held_unproved += bytes;
        }
    }

    /// Releases the bytes of a body; none if it was evicted.
    fn release(&mut self, id: u64) -> usize {
        let Some(body) = self.bodies.remove(&id) else { return 0 };
        self.held -= body.bytes;
        if !body.sender.proved_lately {
            self.held_unproved -= body.bytes;
        }
        body.bytes
    }

    /// Evicts bodies to make room for `bytes` of `sender`, if that is possible. Of senders without a proof it evicts
    /// some more than needed, because choosing them takes a look at all bodies.
    fn make_room(&mut self, limits: &Limits, sender: Sender, bytes: usize, now: Instant) {
        let more = limits.total / 16;
        let mut freed = 0;
        for (id, proved_lately) in self.by_dispensability(limits, sender, now) {
            let enough = self.has_room(limits, sender, bytes);
            if enough && (proved_lately || freed >= more) {
                break;
            }
            // One that is complete meanwhile stays.
            if let Some(body) = self.bodies.get(&id)
                && body.reading.becomes(EVICTED)
            {
                body.reading.reader.wake();
                freed += self.release(id);
            }
        }
    }

    /// The bodies that may be evicted for one of `sender`, in the order in which they go. Those of senders who have
    /// proved themselves lately go last, and only for one another.
    fn by_dispensability(&self, limits: &Limits, sender: Sender, now: Instant) -> Vec<(u64, bool)> {
        let (mut of_peers, mut of_sources) = (HashMap::new(), HashMap::new());
        for body in self.bodies.values().filter(|body| !body.sender.proved_lately) {
            *of_peers.entry(body.sender.peer).or_insert(0) += body.bytes;
            *of_sources.entry(body.sender.source).or_insert(0) += body.bytes;
        }
        let above_share = |of: &Sender| {
            of_peers.get(&of.peer).is_some_and(|bytes| *bytes > limits.peer)
                || of_sources.get(&of.source).is_some_and(|bytes| *bytes > limits.source)
        };
        let mut bodies: Vec<_> = self
            .bodies
            .iter()
            .filter(|(_, body)| body.reading.is_arriving() && (sender.proved_lately || !body.sender.proved_lately))
            .map(|(id, body)| {
                let held_for = now.saturating_duration_since(body.since).as_micros().max(1);
                let memory_times_time = held_for * body.bytes as u128;
                let proved_lately = body.sender.proved_lately;
                ((!proved_lately, above_share(&body.sender), memory_times_time), *id, proved_lately)
            })
            .collect();
        bodies.sort_unstable_by(|one, other| other.cmp(one));
        bodies.into_iter().map(|(_, id, proved_lately)| (id, proved_lately)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use super::*;

    const MIB: usize = 1024 * 1024;

    fn stranger(number: u32) -> Sender {
        let peer = Some(Peer::from(std::net::IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + number))));
        Sender { peer, source: Some(0), proved_lately: false }
    }

    fn known(number: u32) -> Sender {
        Sender { proved_lately: true, ..stranger(number) }
    }

    /// Bodies of `bytes` that began one after the other; the oldest first.
    fn held(budget: &Budget, senders: impl IntoIterator<Item = Sender>, bytes: usize, begin: Instant) -> Vec<Share> {
        let begins = (0..).map(|number| begin + Duration::from_millis(number));
        let share = |(sender, at)| {
            let mut share = budget.share(sender);
            share.add(bytes, at).map(|()| share)
        };
        senders.into_iter().zip(begins).map(share).collect::<Result<_, _>>().expect("room")
    }

    fn is_evicted(share: &Share) -> bool {
        share.reading.state.load(Ordering::Acquire) == EVICTED
    }

    #[test]
    fn the_body_that_held_the_most_for_the_longest_gives_way() {
        let (budget, begin) = (Budget::new(64 * MIB, MIB), Instant::now());
        let waiting = held(&budget, (0..48).map(stranger), MIB, begin);
        let mut genuine = budget.share(stranger(99));
        assert_eq!(genuine.add(1_000, begin + Duration::from_secs(1)), Ok(()));
        assert!(is_evicted(&waiting[0]) && !is_evicted(&waiting[47]));
        assert!(waiting.iter().filter(|share| is_evicted(share)).count() <= 5, "no more than a sixteenth goes at once");
        assert_eq!(genuine.complete(), Ok(()));
        // More bytes come: complete bodies stay, and so do those that came just now.
        held(&budget, (0..200).map(stranger), MIB, begin + Duration::from_secs(2));
        assert!(!is_evicted(&genuine));
        drop((waiting, genuine));
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn a_short_body_stays_while_long_ones_come_fast() {
        let (budget, begin) = (Budget::new(64 * MIB, MIB), Instant::now());
        let mut short = budget.share(stranger(1));
        short.add(1_000, begin).expect("room");
        held(&budget, (0..500).map(|_| stranger(2)), MIB, begin + Duration::from_millis(1));
        assert!(!is_evicted(&short));
    }

    #[test]
    fn room_is_kept_for_those_who_have_proved_themselves_lately() {
        let (budget, begin) = (Budget::new(64 * MIB, MIB), Instant::now());
        // Complete bodies can't be evicted.
        let complete = |senders: Vec<Sender>| {
            let shares = held(&budget, senders, MIB, begin);
            shares.iter().for_each(|share| share.complete().expect("not evicted"));
            shares
        };
        let unproved = complete((0..48).map(stranger).collect());
        assert_eq!(budget.share(stranger(99)).add(1, begin), Err(NoRoom));
        let proved = complete((0..16).map(known).collect());
        assert_eq!(budget.share(known(99)).add(1, begin), Err(NoRoom));
        drop((unproved, proved));
        // They are evicted for one another, after all others.
        let proved = held(&budget, (0..60).map(known), MIB, begin);
        let unproved = held(&budget, (0..4).map(stranger), MIB, begin + Duration::from_secs(1));
        let later = begin + Duration::from_secs(2);
        assert_eq!(budget.share(stranger(99)).add(1, later), Ok(()), "for another stranger strangers go");
        assert!(unproved.iter().all(is_evicted) && !proved.iter().any(is_evicted));
        held(&budget, (0..5).map(known), MIB, later);
        assert!(is_evicted(&proved[0]) && !is_evicted(&proved[1]));
    }

    #[test]
    fn a_peer_or_a_source_above_its_share_gives_way_first() {
        let (budget, begin) = (Budget::new(64 * MIB, MIB), Instant::now());
        let others = held(&budget, (1..31).map(stranger), MIB, begin);
        let greedy = held(&budget, (0..18).map(|_| stranger(0)), MIB, begin + Duration::from_secs(1));
        // All are of one source, above the source's share; so another source is needed to see the peer's share alone.
        let elsewhere = Sender { source: Some(1), ..stranger(50) };
        budget.share(elsewhere).add(MIB, begin + Duration::from_secs(2)).expect("room");
        assert!(is_evicted(&others[0]), "both are above a share: the one that held longer");
        drop((others, greedy));
        let spread = |number: u32| Sender { source: Some(number as usize), ..stranger(number) };
        let others = held(&budget, (1..31).map(spread), MIB, begin);
        let of_one = |number: u32| Sender { source: Some(number as usize), ..stranger(0) };
        let greedy = held(&budget, (31..49).map(of_one), MIB, begin + Duration::from_secs(1));
        budget.share(elsewhere).add(MIB, begin + Duration::from_secs(2)).expect("room");
        assert!(is_evicted(&greedy[0]) && !others.iter().any(is_evicted));
    }
}
