//! The audit log of a site: what happened there, and the ways in which real ones are late, repeat themselves and are
//! wrong about the time.

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// The kind of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// The user logged in.
    LoggedIn,
    /// The user was created, by the acting account.
    Created,
    /// The user searched the audit log.
    Searched,
}

/// The behaviour of an audit log from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditBehaviour {
    /// The advance of the product's clock, in milliseconds.
    pub clock_off: i64,
    /// The time after which a new entry is visible, in milliseconds.
    pub late: u64,
    /// Entries on a page at most, whatever is asked for; none: as asked for.
    pub page: Option<usize>,
    /// The number of entries of a page that are repeated on the next page.
    pub repeat: usize,
    /// The number of next pages that are empty.
    pub empty: u64,
    /// The number of next cursors that are refused.
    pub expire: u64,
    /// Whether a stream gives a cursor on its last page too.
    pub keep_cursor: bool,
    /// Whether entries name the user as their author alone (Data Center).
    pub author_only: bool,
    /// Whether every call that reads the log is a login of the acting account (Data Center, with basic authentication).
    pub log_readers: bool,
}

/// One entry.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Entry {
    /// Counted from 1 in the order in which entries were made.
    pub seq: u64,
    /// The time at which it happened, by the product's clock.
    pub at: Timestamp,
    /// The time at which it could be read, by the same clock.
    pub processed: Timestamp,
    /// The time from which it can be read, by the machine's clock.
    pub visible: Timestamp,
    pub happened: AuditAction,
    /// The user's lasting id.
    pub user: String,
    /// The number of the author in the audit log of Jira.
    pub number: u64,
    pub name: String,
    pub display_name: String,
    pub email: Option<String>,
    pub author_only: bool,
}

/// The log of one site.
#[derive(Default)]
pub(in crate::sandbox) struct AuditLog {
    pub entries: Vec<Entry>,
    pub audit_behaviour: AuditBehaviour,
}

impl AuditLog {
    /// The entries that are there at `now`.
    pub fn visible(&self, now: Timestamp) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.visible <= now)
    }

    /// Whether a page is to come empty; counts it.
    pub fn comes_empty(&mut self) -> bool {
        count_down(&mut self.audit_behaviour.empty)
    }

    /// Whether a cursor is to be refused; counts it.
    pub fn expires(&mut self) -> bool {
        count_down(&mut self.audit_behaviour.expire)
    }
}

fn count_down(left: &mut u64) -> bool {
    let counts = *left > 0;
    *left = left.saturating_sub(1);
    counts
}
