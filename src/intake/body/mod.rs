//! Reading a request's body within bounds: of size, of time, of rate, and of memory over all requests together.

mod budget;
mod proofs;

use std::{
    future::poll_fn,
    task::Poll,
    time::{Duration, Instant},
};

use actix_web::{error::PayloadError, web::Payload};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

pub use budget::{Budget, NoRoom, Sender, Share};
pub use proofs::RecentProofs;

use crate::http_server::Timer;

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

/// The next thing that happens to a body.
enum Next {
    Piece(Result<Bytes, PayloadError>),
    End,
    Evicted,
    /// It is time to look at the rate.
    Due,
}

/// Reads a body of at most `max` bytes. Only arrived bytes count against `budget`, not the announced length. `timer` is
/// the connection's, and `now` the time at which reading begins.
///
/// # Errors
/// If the body is too long, comes too slowly, or has to give way to others, and if the connection breaks.
pub async fn read(
    mut payload: Payload,
    max: usize,
    budget: &Budget,
    sender: Sender,
    (timer, now): (&Timer, Instant),
) -> Result<Body, Error> {
    let mut share = budget.share(sender);
    let mut pieces = Pieces::default();
    let mut rate = Rate::new(now);
    loop {
        // An evicted body is found out when its next piece is counted, too.
        let next = poll_fn(|cx| match payload.poll_next_unpin(cx) {
            Poll::Ready(piece) => Poll::Ready(piece.map_or(Next::End, Next::Piece)),
            Poll::Pending if share.poll_evicted(cx).is_ready() => Poll::Ready(Next::Evicted),
            Poll::Pending => timer.poll(rate.next_check(), cx).map(|()| Next::Due),
        });
        match next.await {
            Next::Piece(piece) => {
                let piece = piece.map_err(|_| Error::Broken)?;
                if pieces.length() + piece.len() > max {
                    return Err(Error::TooLarge);
                }
                share.add(piece.len(), Instant::now())?;
                rate.add(piece.len());
                pieces.push(piece);
            }
            Next::End => break,
            Next::Evicted => return Err(Error::NoRoom),
            Next::Due => rate.check(Instant::now(), budget.is_scarce())?,
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

    fn next_check(&self) -> Instant {
        self.end.min(self.span_ends)
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
        assert_eq!(rate.next_check(), after(9));
        assert_eq!(rate.check(after(9), true), Ok(()));
        assert_eq!(rate.next_check(), after(10));
        assert_eq!(rate.check(after(10), true), Err(Error::TooSlow));
    }

    #[test]
    fn a_body_may_rest_while_there_is_memory() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut rate = Rate::new(began);
        assert_eq!(rate.check(after(3), false), Ok(()));
        assert_eq!(rate.next_check(), after(6));
        assert_eq!(rate.check(after(6), true), Err(Error::TooSlow), "it is scarce now");
        assert_eq!(rate.check(after(10), false), Err(Error::TooSlow));
    }
}
