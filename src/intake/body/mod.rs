//! Reading a request's body within bounds: of size, of time, of rate, and of memory over all requests together.

mod budget;
mod proofs;

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::time::{Instant as TokioInstant, sleep_until};

pub use budget::{Budget, NoRoom, Sender, Share};
pub use proofs::RecentProofs;

/// A body must arrive within this time.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// The span in which the least number of bytes must arrive while memory is scarce. A packet that is lost three times is
/// sent again within it.
const RATE_SPAN: Duration = Duration::from_secs(3);
const LEAST_IN_A_SPAN: usize = 3 * 1024;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// Longer than allowed.
    TooLarge,
    /// All bodies together take too much memory: try again later.
    NoRoom,
    /// The sender took too long.
    TooSlow,
    /// The connection broke.
    Broken,
}

impl From<NoRoom> for Error {
    fn from(NoRoom: NoRoom) -> Self {
        Self::NoRoom
    }
}

/// A body, and its share of the budget until it is dropped.
pub struct Body {
    /// The bytes as sent.
    pub bytes: Bytes,
    _share: Share,
}

/// Reads a body of at most `max` bytes. Only arrived bytes count against `budget`, not the announced length.
///
/// # Errors
/// If the body is too long, comes too slowly, or has to give way to others, and if the connection breaks.
pub async fn read(mut payload: Payload, max: usize, budget: &Budget, sender: Sender) -> Result<Body, Error> {
    let mut share = budget.share(sender);
    let mut pieces = Pieces::default();
    let mut rate = Rate::new(Instant::now());
    let mut timer = pin!(sleep_until(rate.next_check()));
    loop {
        tokio::select! {
            biased;
            () = share.evicted() => return Err(Error::NoRoom),
            chunk = payload.next() => {
                let Some(chunk) = chunk else { break };
                let chunk = chunk.map_err(|_| Error::Broken)?;
                if pieces.length() + chunk.len() > max {
                    return Err(Error::TooLarge);
                }
                share.add(chunk.len(), Instant::now())?;
                rate.add(chunk.len());
                pieces.push(chunk);
            }
            () = timer.as_mut() => {
                rate.check(Instant::now(), budget.is_scarce())?;
                timer.as_mut().reset(rate.next_check());
            }
        }
    }
    share.complete()?;
    Ok(Body { bytes: pieces.whole(), _share: share })
}

/// The pieces of a body. Most bodies come in one, which is then not copied.
#[derive(Default)]
struct Pieces {
    first: Bytes,
    all: BytesMut,
}

impl Pieces {
    fn length(&self) -> usize {
        self.first.len() + self.all.len()
    }

    fn push(&mut self, piece: Bytes) {
        if self.length() == 0 {
            self.first = piece;
            return;
        }
        self.all.extend_from_slice(&std::mem::take(&mut self.first));
        self.all.extend_from_slice(&piece);
    }

    fn whole(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}

/// The rate at which a body arrives.
struct Rate {
    end: Instant,
    span_ends: Instant,
    in_this_span: usize,
}

impl Rate {
    fn new(now: Instant) -> Self {
        Self { end: now + TIME_LIMIT, span_ends: now + RATE_SPAN, in_this_span: 0 }
    }

    fn add(&mut self, bytes: usize) {
        self.in_this_span += bytes;
    }

    fn next_check(&self) -> TokioInstant {
        self.end.min(self.span_ends).into()
    }

    /// Fails if the body takes too long. While memory `is_scarce` it also fails if too little came in the last span.
    fn check(&mut self, now: Instant, is_scarce: bool) -> Result<(), Error> {
        let is_slow = now >= self.span_ends && self.in_this_span < LEAST_IN_A_SPAN;
        if now >= self.end || (is_slow && is_scarce) {
            return Err(Error::TooSlow);
        }
        if now >= self.span_ends {
            self.span_ends = now + RATE_SPAN;
            self.in_this_span = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_put_together_in_order() {
        for pieces in [vec![], vec!["abc"], vec!["ab", "c"], vec!["", "a", "", "bc"]] {
            let mut all = Pieces::default();
            pieces.iter().for_each(|piece| all.push(Bytes::from_static(piece.as_bytes())));
            assert_eq!(all.length(), pieces.concat().len());
            assert_eq!(all.whole(), pieces.concat());
        }
    }

    #[test]
    fn a_body_must_come_at_a_rate_while_memory_is_scarce_and_end_in_time() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut rate = Rate::new(began);
        assert_eq!(rate.check(after(2), true), Ok(()), "whatever comes in the first span");
        rate.add(LEAST_IN_A_SPAN);
        assert_eq!(rate.check(after(3), true), Ok(()));
        rate.add(LEAST_IN_A_SPAN - 1);
        assert_eq!(rate.check(after(6), true), Err(Error::TooSlow));
        rate.add(1024 * 1024);
        assert_eq!(rate.check(after(6), true), Ok(()));
        rate.add(1024 * 1024);
        assert_eq!(rate.next_check(), after(9).into());
        assert_eq!(rate.check(after(9), true), Ok(()));
        assert_eq!(rate.next_check(), after(10).into());
        assert_eq!(rate.check(after(10), true), Err(Error::TooSlow));
    }

    #[test]
    fn a_body_may_rest_while_there_is_memory() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut rate = Rate::new(began);
        assert_eq!(rate.check(after(3), false), Ok(()));
        assert_eq!(rate.next_check(), after(6).into());
        assert_eq!(rate.check(after(6), true), Err(Error::TooSlow), "it is scarce now");
        assert_eq!(rate.check(after(10), false), Err(Error::TooSlow));
    }
}
