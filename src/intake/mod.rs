//! Intake: proves who sent a delivery, gives it an id and makes it durable. It does not think.

mod body;
mod http;
mod payload;
mod signature;

pub use http::{Intake, configure};
pub use payload::{Malformed, Reading, Told};
pub use signature::{SignatureError, Unverified, Verified, Verifier};
