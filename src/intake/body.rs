//! Reading a request's body within bounds: of size, of time, and of memory over all requests together.

use std::{sync::Arc, time::Duration};

use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// Longer than allowed.
    TooLarge,
    /// All bodies together take too much memory: come back later.
    Overloaded,
    /// The sender took too long.
    TooSlow,
    /// The connection broke.
    Broken,
}

/// Bodies are read whole before anything is done with them; this bounds what they take together. What counts is what
/// has arrived, not what was announced: a slow sender holds only what it has sent.
#[derive(Clone)]
pub struct Budget {
    bytes: Arc<Semaphore>,
}

/// A body, and its share of the budget until it is dropped.
pub struct Body {
    /// The bytes as sent.
    pub bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self { bytes: Arc::new(Semaphore::new(bytes)) }
    }

    /// Reads a body of at most `max` bytes that arrives within `patience`.
    pub async fn read(&self, payload: Payload, max: usize, patience: Duration) -> Result<Body, Error> {
        match tokio::time::timeout(patience, self.collect(payload, max)).await {
            Ok(read) => read,
            Err(_) => Err(Error::TooSlow),
        }
    }

    async fn collect(&self, mut payload: Payload, max: usize) -> Result<Body, Error> {
        let mut first: Option<Bytes> = None;
        let mut rest = BytesMut::new();
        let mut share: Option<OwnedSemaphorePermit> = None;
        let mut length = 0;
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Error::Broken)?;
            length += chunk.len();
            if length > max {
                return Err(Error::TooLarge);
            }
            let permits = u32::try_from(chunk.len()).map_err(|_| Error::TooLarge)?;
            let more = Arc::clone(&self.bytes).try_acquire_many_owned(permits).map_err(|_| Error::Overloaded)?;
            match &mut share {
                Some(share) => share.merge(more),
                None => share = Some(more),
            }
            // Most bodies come in one piece, which is then not copied.
            match first.take() {
                None if rest.is_empty() => first = Some(chunk),
                begun => {
                    if let Some(begun) = begun {
                        rest.extend_from_slice(&begun);
                    }
                    rest.extend_from_slice(&chunk);
                }
            }
        }
        Ok(Body { bytes: first.unwrap_or_else(|| rest.freeze()), _share: share })
    }
}
