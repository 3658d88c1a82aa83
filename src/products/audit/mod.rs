//! The audit logs of the products, where logins are written down: read page by page.

mod data_center;
mod stream;
#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, value::RawValue};

pub(super) use data_center::DataCenter;
pub(super) use stream::Stream;

use super::Error;
use crate::{
    domain::{Timestamp, WrittenTime},
    json_record::{self, Unread},
};

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
    /// wherever that was. None if it has no time.
    pub at: Option<Timestamp>,
    /// All of it.
    pub entry: Value,
}

/// The time of an entry, by which its place in the log is known. One before 2000 is none. One from the future is kept: the
/// product lists the entry by it, so that it is known again.
fn time(written: &Value) -> Option<Timestamp> {
    WrittenTime::lenient(written).ok()??.read_fact().at
}

/// Reads the entries of a page one by one; `at` tells when each is from.
///
/// # Errors
/// If there are entries, and none of them can be read: then it is no audit log as it should be.
fn read_entries(
    records: &[Box<RawValue>],
    at: impl Fn(&Value) -> Option<Timestamp>,
) -> Result<(Vec<AuditEntry>, Vec<Unread>), Error> {
    let (mut entries, mut unread) = (Vec::new(), Vec::new());
    for (place, record) in records.iter().enumerate() {
        match json_record::read(record) {
            Ok(entry) => entries.push(AuditEntry { at: at(&entry), entry }),
            Err(why) => unread.push(Unread::new(record.get(), (place + 1, records.len()), why)),
        }
    }
    match unread.first() {
        Some(first) if entries.is_empty() => {
            Err(Error::Unreadable(format!("none of {} entries of the audit log: {}", records.len(), first.why.says())))
        }
        _ => Ok((entries, unread)),
    }
}

/// When the newest of `records` is from; none if there are none.
fn newest_of(records: &[Box<RawValue>], at: impl Fn(&Value) -> Option<Timestamp>) -> Result<Option<Timestamp>, Error> {
    let (entries, _) = read_entries(records, at)?;
    match entries.iter().filter_map(|entry| entry.at).max() {
        None if !entries.is_empty() => Err(Error::Unreadable("the entries of the audit log have no time".to_owned())),
        newest => Ok(newest),
    }
}

/// One page.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditPage {
    /// The entries, in the log's [`Order`]. May be empty although others follow.
    pub entries: Vec<AuditEntry>,
    /// Entries that can't be read. There are others that can.
    pub unread: Vec<Unread>,
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

    /// When the newest entry is from; none if there are no entries.
    ///
    /// # Errors
    /// [`Error`] if the call fails.
    async fn newest(&self) -> Result<Option<Timestamp>, Error>;

    /// The first page of what is in `span`, or the one at `cursor`, which an earlier page of the same span named. One
    /// that the product does not know any more is refused with 400, 404 or 410.
    ///
    /// # Errors
    /// [`Error::Refused`] with 400, 404 or 410 if the product does not know `cursor` any more; any other if the call
    /// fails.
    async fn page(&self, span: Span, cursor: Option<&str>) -> Result<AuditPage, Error>;
}
