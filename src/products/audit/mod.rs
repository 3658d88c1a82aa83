//! The audit logs of the products, where logins are written down: read page by page.

mod data_center;
mod stream;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

pub(super) use data_center::DataCenter;
pub(super) use stream::Stream;

use super::Error;
use crate::domain::{Timestamp, WrittenTime};

/// In which order a log gives its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The newest first, by when they happened: an entry that is written late stands behind others already read.
    NewestFirst,
    /// In the order in which the product took them in: one that comes late comes last.
    AsProcessed,
}

/// One entry, as the product has it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// When the product took it in, by one clock for all; where it does not say so, when it happened, by the clock of
    /// wherever that was. None where it has no time.
    pub at: Option<Timestamp>,
    /// All of it.
    pub entry: Value,
}

/// The time of an entry, by which its place in the log is known. One before 2000 is none. One from the future is kept: the
/// product lists the entry by it, so that it is known again.
fn time(written: &Value) -> Option<Timestamp> {
    WrittenTime::lenient(written).ok()??.read_fact().at
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditPage {
    /// The entries, in the log's [`Order`]. May be empty although others follow.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins. None: there is nothing more now.
    pub next: Option<String>,
}

/// A stretch of time by the product's clock. Whether the ends belong to it is for the product to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From then on.
    pub from: Timestamp,
    /// Until then; none: until now.
    pub to: Option<Timestamp>,
}

/// The audit log of one product instance. Calls are paced, have a time-out and are made once, as all of its client's.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// In which order entries come.
    fn order(&self) -> Order;

    /// The least time between two calls, where the product publishes a limit of its own for them.
    fn gap(&self) -> Duration;

    /// When the newest entry is from; none where there are no entries.
    async fn newest(&self) -> Result<Option<Timestamp>, Error>;

    /// The first page of what is in `span`, or the one at `cursor`, which an earlier page of the same span named. One
    /// that the product does not know any more is refused with 400, 404 or 410.
    async fn page(&self, span: Span, cursor: Option<&str>) -> Result<AuditPage, Error>;
}
