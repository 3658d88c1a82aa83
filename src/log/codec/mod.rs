//! The records of the log: domain types to `usher.v1` messages and back.

mod admin_action;
mod claim;
mod decision;
mod delivered;
mod event;
mod feed;
mod outcome;
mod picked;
mod redrive;
mod setting;
mod sweep;
mod trace;

use bytes::Bytes;
use prost::Message;

pub use delivered::encode_delivered;
pub use outcome::OutcomeRecord;
pub use redrive::LetterRecord;
pub use trace::{Traced, traced, with_trace};

/// The messages as compiled from `proto/`.
#[allow(missing_docs, reason = "generated; documented in the .proto file")]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/usher.v1.rs"));
}

/// The reason why a record can't be decoded. This is permanent, so the record becomes a dead letter.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are not a message.
    #[error("it is no record of this usher")]
    Malformed(#[from] prost::DecodeError),
    /// The message lacks what this version needs.
    #[error("the record lacks a usable `{0}`")]
    Missing(&'static str),
}

/// A domain type with a form in the log.
pub trait Wire: Sized {
    /// Its message.
    type Message: Message + Default;

    /// The record as a message.
    fn to_wire(&self) -> Self::Message;

    /// From a message.
    ///
    /// # Errors
    /// [`Error::Missing`] if the message lacks a field that this version needs, or holds a value that it does not know.
    fn from_wire(message: Self::Message) -> Result<Self, Error>;
}

/// The bytes of a record.
pub fn encode<T: Wire>(record: &T) -> Bytes {
    record.to_wire().encode_to_vec().into()
}

/// The record in `bytes`.
///
/// # Errors
/// [`Error::Malformed`] if the bytes are no message of this kind; those of [`Wire::from_wire`].
pub fn decode<T: Wire>(bytes: &[u8]) -> Result<T, Error> {
    T::from_wire(T::Message::decode(bytes)?)
}

/// A part of a message that this version can't do without.
fn need<T>(part: Option<T>, name: &'static str) -> Result<T, Error> {
    part.ok_or(Error::Missing(name))
}
