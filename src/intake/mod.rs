//! Intake: proves who sent a delivery, gives its events ids and makes them durable. It does not think.

mod answer;
mod audit;
mod body;
mod events;
pub mod feed;
mod http;
mod passed_over;
mod payload;
mod proof;
#[cfg(test)]
pub(crate) use proof::testing as proof_testing;
mod request;
mod senders;

pub use audit::{Passed, read_entry};
pub use http::{Intake, configure};
pub use payload::{DeliveryContent, Malformed, Read, ReportedEvent};
pub use proof::{Proof, ProofError, Unverified, Verified, Verifier};
pub use senders::{Replaced, Senders};
