//! One connected source, as more than one part of usher deals with it: so far what was noticed of what it sends.

mod arrivals;
mod refusal;

pub use arrivals::{Arrivals, Arrived, Deliveries, IgnoredDelivery, ImplausibleTimes, RefusedDelivery};
pub use refusal::{ProofForm, Refusal};
