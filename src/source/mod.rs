//! One connected source, as more than one part of usher deals with it: so far what was noticed of what it sends.

pub(crate) mod absence;
mod arrivals;
pub(crate) mod connection;
pub mod controls;
pub(crate) mod failures;
pub(crate) mod probe;
pub(crate) mod rate_share;
pub(crate) mod read;
mod refusal;
pub(crate) mod retry_policy;

pub use arrivals::{Arrivals, Arrived, Deliveries, IgnoredDelivery, ImplausibleTimes, RefusedDelivery};
pub use connection::Calls;
pub use connection::Connection;
pub use connection::Health;
pub use controls::Controls;
pub use controls::NoControls;
pub use refusal::{ProofForm, Refusal};
