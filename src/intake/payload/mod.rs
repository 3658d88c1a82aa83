//! The content of a delivery: the few fields that usher needs, read leniently. Everything else is skipped.
//!
//! Bodies are small and irregular: `active` is a boolean or a string, e-mail and account type may be missing, and there
//! are many unknown fields. Sources: developer.atlassian.com/cloud/jira/platform/webhooks (Data Center sends the same)
//! and developer.atlassian.com/platform/forge/events-reference/jira.
//!
//! Confluence Data Center has other names for the events, in `event`; source: the receiver of such webhooks in
//! github.com/zulip/zulip. The form of its user is not documented. A `userKey` beside the event is the user who made
//! the change, as in its events about pages. It is not used as the user, because usher would then act on the
//! administrator who created a user. A feed, or the comparison of users, finds the events that are skipped for this
//! reason.

mod lenient;
mod webhook;

use std::str::Utf8Error;

use super::{Verified, audit, proof::Form};
use crate::{
    config::AuditActions,
    domain::{EventKind, Ignored, OddTime, Product, Timestamp, UserHints, UserRef},
    json_record::Unread,
};
use webhook::webhook;

/// The body is not JSON.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// Not even text.
    #[error("the body is no text in UTF-8")]
    NotText(#[from] Utf8Error),
    /// Text, and something else.
    #[error("the body can't be read: {}", crate::words::json(.0))]
    NotJson(#[from] serde_json::Error),
    /// JSON without a readable entry.
    #[error("none of the entries can be read")]
    NoEntry,
    /// usher is stopping, or failed in reading it.
    #[error("it was not read to its end")]
    Interrupted,
    /// More entries than are read.
    #[error("there are more than {0} entries")]
    TooManyEntries(usize),
}

/// The content of a delivery: its events and the other entries.
#[derive(Debug, PartialEq, Eq)]
pub struct Read {
    /// The events.
    pub reading: DeliveryContent,
    /// The irrelevant entries.
    pub ignored: Vec<Ignored>,
    /// Entries that can't be read: the first of them.
    pub unread: Vec<Unread>,
    /// The number of further unreadable entries.
    pub more_unread: usize,
}

impl From<DeliveryContent> for Read {
    fn from(reading: DeliveryContent) -> Self {
        let ignored = match &reading {
            DeliveryContent::Events(_) => Vec::new(),
            DeliveryContent::Ignored(why) => vec![*why],
        };
        Self { reading, ignored, unread: Vec::new(), more_unread: 0 }
    }
}

/// The result of reading a delivery.
#[derive(Debug, PartialEq, Eq)]
pub enum DeliveryContent {
    /// Something happened to users: one thing in a webhook, perhaps several in an audit log. Never empty.
    Events(Vec<ReportedEvent>),
    /// Nothing relevant, and the reason.
    Ignored(Ignored),
}

/// An event in a delivery.
#[derive(Debug, PartialEq, Eq)]
pub struct ReportedEvent {
    /// The kind of the event.
    pub kind: EventKind,
    /// The user.
    pub user: UserRef,
    /// The details of the user.
    pub hints: UserHints,
    /// The time by the sender's clock, if it is plausible.
    pub occurred: Option<Timestamp>,
    /// The irregularity of the time.
    pub odd_time: Option<OddTime>,
    /// The id of the entry, in an audit log.
    pub entry: Option<String>,
}

impl Verified {
    /// Reads the delivery of a source of kind `product`; `actions` say what entries of an audit log mean.
    /// `now` bounds the times that are believed.
    ///
    /// # Errors
    /// If the body is not UTF-8, or not JSON, or if it holds entries none of which can be read.
    pub fn read(&self, product: Product, actions: &AuditActions, now: Timestamp) -> Result<Read, Malformed> {
        // The parser does not check skipped parts for UTF-8.
        let text = std::str::from_utf8(self.body())?;
        match self.form() {
            Form::Webhook => webhook(text, product, now).map(Read::from),
            Form::AuditLog => audit::read(text, product, actions, now),
        }
    }
}

#[cfg(test)]
mod tests;
