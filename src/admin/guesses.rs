//! Wrong admin tokens: each is answered later than the one before, and many are refused with 429.
//!
//! The right token is always accepted at once, so a guesser can't lock an administrator out.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;
use tracing::warn;

use super::Problem;
use crate::{http_server::Peer, metrics::Metrics, rate_limited_log::LogLimiter};

/// A wrong token is forgotten after this time, one after the other.
const FORGET_ONE_IN: Duration = Duration::from_secs(10);
/// The number of wrong tokens of one peer that are answered at once, because people mistype.
const FREE: u32 = 3;
const FREE_OVERALL: u32 = 50;
const FIRST_DELAY: Duration = Duration::from_millis(100);
const MAX_DELAY: Duration = Duration::from_secs(5);
/// The number of wrong tokens from which they are answered 429.
const TOO_MANY: u32 = 10;
const TOO_MANY_OVERALL: u32 = 500;
/// Peers that are remembered; others count overall alone.
const MAX_PEERS: usize = 4096;
/// The highest number of delayed answers; the others are 429 at once.
const MAX_HELD_BACK: usize = 128;

/// See the module.
pub(super) struct Guesses {
    state: Mutex<State>,
    held_back: Semaphore,
    metrics: Metrics,
    lines: LogLimiter,
}

#[derive(Default)]
struct State {
    of_peers: HashMap<Peer, Level>,
    overall: Level,
}

/// A count that goes down with time.
#[derive(Clone, Copy, Default)]
struct Level {
    count: u32,
    /// The time of the count.
    at: Option<Instant>,
}

impl Level {
    fn now(&mut self, now: Instant) -> u32 {
        let since = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let forgotten = u32::try_from(since.as_secs() / FORGET_ONE_IN.as_secs()).unwrap_or(u32::MAX);
        if forgotten > 0 || self.at.is_none() {
            self.count = self.count.saturating_sub(forgotten);
            self.at = Some(now);
        }
        self.count
    }

    fn add(&mut self, now: Instant) -> u32 {
        self.count = self.now(now).saturating_add(1);
        self.count
    }
}

impl Guesses {
    /// No guesses so far.
    pub fn new(metrics: Metrics) -> Self {
        let held_back = Semaphore::new(MAX_HELD_BACK);
        Self { state: Mutex::default(), held_back, metrics, lines: LogLimiter::once_a_minute() }
    }

    /// Gives the answer to a wrong token of `peer`, when it is time for it.
    pub async fn refuse(&self, peer: Peer) -> Problem {
        let (delay, too_many) = self.judge(peer, Instant::now());
        let label = if too_many { "throttled" } else { "wrong_token" };
        self.metrics.admin_tokens_refused.with_label_values(&[label]).inc();
        if let Some(suppressed) = self.lines.permit() {
            warn!(%peer, suppressed, "a wrong admin token was sent");
        }
        if delay.is_zero() {
            return Problem::Unauthorized;
        }
        // Each delayed answer keeps a connection open.
        let Ok(_held_back) = self.held_back.try_acquire() else { return Problem::TooManyGuesses };
        tokio::time::sleep(delay).await;
        if too_many { Problem::TooManyGuesses } else { Problem::Unauthorized }
    }

    /// The delay of the answer, and whether there were too many.
    fn judge(&self, peer: Peer, now: Instant) -> (Duration, bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Guesses of all peers count together too, because one attacker may have many addresses.
        let overall = state.overall.add(now);
        // Only peers without recent guesses go: a flood of addresses must not reset the count of another one.
        if state.of_peers.len() >= MAX_PEERS && !state.of_peers.contains_key(&peer) {
            state.of_peers.retain(|_, level| level.now(now) > 0);
        }
        let is_remembered = state.of_peers.len() < MAX_PEERS || state.of_peers.contains_key(&peer);
        let of_peer = if is_remembered { state.of_peers.entry(peer).or_default().add(now) } else { 0 };
        let delay = delay(of_peer, FREE).max(delay(overall, FREE_OVERALL));
        (delay, of_peer > TOO_MANY || overall > TOO_MANY_OVERALL)
    }
}

/// Twice as long for each wrong token.
fn delay(count: u32, free: u32) -> Duration {
    let Some(doublings) = count.checked_sub(free + 1) else { return Duration::ZERO };
    FIRST_DELAY.saturating_mul(2_u32.saturating_pow(doublings)).min(MAX_DELAY)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn peer(number: u32) -> Peer {
        IpAddr::from(number.to_be_bytes()).into()
    }

    fn guesses() -> Guesses {
        Guesses::new(Metrics::new().expect("names are right"))
    }

    #[test]
    fn a_wrong_token_is_answered_later_than_the_one_before_and_time_heals() {
        let (guesses, now) = (guesses(), Instant::now());
        let millis = |(delay, too_many): (Duration, bool)| (delay.as_millis(), too_many);
        let answers: Vec<_> = (0..12).map(|_| millis(guesses.judge(peer(1), now))).collect();
        let delays = [0, 0, 0, 100, 200, 400, 800, 1600, 3200, 5000].map(|delay| (delay, false));
        assert_eq!(answers[..10], delays);
        assert_eq!(answers[10..], [(5000, true); 2]);
        assert_eq!(millis(guesses.judge(peer(2), now)), (0, false), "another peer");
        let later = now + FORGET_ONE_IN * 12;
        assert_eq!(millis(guesses.judge(peer(1), later)), (0, false));
    }

    #[test]
    fn guesses_from_many_peers_count_together_and_memory_is_bounded() {
        let (guesses, now) = (guesses(), Instant::now());
        assert!((0..50).all(|number| guesses.judge(peer(number), now).0.is_zero()));
        assert!(!guesses.judge(peer(50), now).0.is_zero());
        assert_eq!((51..10_000).filter(|number| guesses.judge(peer(*number), now).1).count(), 10_000 - 500);
        assert_eq!(guesses.state.lock().expect("no panic").of_peers.len(), MAX_PEERS);
        guesses.judge(peer(20_000), now + FORGET_ONE_IN);
        assert_eq!(guesses.state.lock().expect("no panic").of_peers.len(), 1);
    }
}
