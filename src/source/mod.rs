//! One connected source, shared by the parts of usher: its client and state, retries, probes, and arrivals.

pub(crate) mod absence;
mod arrivals;
pub mod checks;
pub(crate) mod connection;
pub mod controls;
pub(crate) mod failures;
mod list_record;
pub(crate) mod probe;
pub(crate) mod rate_share;
pub(crate) mod read;
pub(crate) mod recent_readings;
mod refusal;
pub(crate) mod retry_policy;
mod secret_uses;

pub use arrivals::{
    Arrivals, Arrived, Deliveries, FeedNow, IgnoredDelivery, ImplausibleTimes, LastDeliveries, RefusedDelivery,
};
pub use connection::Calls;
pub use connection::Connection;
pub use connection::Health;
pub use controls::Controls;
pub use controls::NoControls;
pub use list_record::{ListRecord, ListRecorder, RecordedList};
pub use refusal::{ProofForm, Refusal};
