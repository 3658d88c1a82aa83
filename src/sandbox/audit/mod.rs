//! The audit log of a site: what happened there, and the ways in which real ones are late, repeat themselves and are wrong
//! about the time.

pub(super) mod data_center;
pub(super) mod stream;

use serde::{Deserialize, Serialize};

use super::{
    ACCOUNT,
    world::{NoSuch, World, site::Site},
};
use crate::{
    clock::{Clock, SystemClock},
    domain::{Product, Timestamp},
};

/// What an entry tells.
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

/// How an audit log behaves from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditBehaviour {
    /// How far the product's clock is ahead, in milliseconds.
    pub clock_off: i64,
    /// How long after it happened an entry made from now on is there, in milliseconds.
    pub late: u64,
    /// Entries on a page at most, whatever is asked for; none: as asked for.
    pub page: Option<usize>,
    /// So many entries of a page stand on the next one too.
    pub repeat: usize,
    /// The next so many pages come empty.
    pub empty: u64,
    /// The next so many cursors are refused as not valid.
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
struct Entry {
    /// Counted from 1 in the order in which entries were made.
    seq: u64,
    /// When it happened, by the product's clock.
    at: Timestamp,
    /// When it was there to be read, by the same clock.
    processed: Timestamp,
    /// When it is there to be read, by the machine's clock.
    visible: Timestamp,
    happened: AuditAction,
    /// The user's lasting id.
    user: String,
    /// What the audit log of Jira calls the author by.
    number: u64,
    name: String,
    display_name: String,
    email: Option<String>,
    author_only: bool,
}

/// The log of one site.
#[derive(Default)]
pub(super) struct AuditLog {
    entries: Vec<Entry>,
    pub audit_behaviour: AuditBehaviour,
}

impl AuditLog {
    /// The entries that are there at `now`.
    fn visible(&self, now: Timestamp) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.visible <= now)
    }

    /// Whether a page is to come empty; counts it.
    fn comes_empty(&mut self) -> bool {
        count_down(&mut self.audit_behaviour.empty)
    }

    /// Whether a cursor is to be refused; counts it.
    fn expires(&mut self) -> bool {
        count_down(&mut self.audit_behaviour.expire)
    }
}

fn count_down(left: &mut u64) -> bool {
    let counts = *left > 0;
    *left = left.saturating_sub(1);
    counts
}

/// Writes down what happened to a user at `at` by the product's clock, or just now; gives that time.
pub(super) fn write(
    world: &mut World,
    site: Product,
    happened: AuditAction,
    user: &str,
    at: Option<Timestamp>,
) -> Result<Timestamp, NoSuch> {
    note(world.site(site), happened, user, at).ok_or_else(|| NoSuch::User(user.to_owned()))
}

fn note(site: &mut Site, happened: AuditAction, user: &str, at: Option<Timestamp>) -> Option<Timestamp> {
    let serial = site.by_id(user)?;
    let account = site.resident(serial)?.account.clone();
    let now = SystemClock.now();
    let log = &mut site.audit;
    let by_product =
        |at: Timestamp| Timestamp::from_millis(at.as_millis().saturating_add(log.audit_behaviour.clock_off));
    let late = i64::try_from(log.audit_behaviour.late).unwrap_or(i64::MAX);
    let visible = Timestamp::from_millis(now.as_millis().saturating_add(late));
    let at = at.unwrap_or_else(|| free_from(log, by_product(now)));
    let entry = Entry {
        seq: log.entries.len() as u64 + 1,
        at,
        processed: by_product(visible),
        visible,
        happened,
        user: account.id,
        number: 10_000 + serial.0,
        name: account.name,
        display_name: account.display_name,
        email: account.email,
        author_only: log.audit_behaviour.author_only,
    };
    log.entries.push(entry);
    Some(at)
}

/// The first millisecond from `at` on in which nothing else happened: nobody logs in twice within one.
fn free_from(log: &AuditLog, at: Timestamp) -> Timestamp {
    let taken = |at: &Timestamp| log.entries.iter().rev().take(1_000).any(|entry| entry.at == *at);
    (at.as_millis()..).map(Timestamp::from_millis).find(|at| !taken(at)).unwrap_or(at)
}

/// Writes down that the acting account reads the log: logs see those who watch them.
fn note_reader(site: &mut Site) {
    let Some(own) = site.by_name(ACCOUNT).and_then(|serial| site.resident(serial)) else { return };
    let own = own.account.id.clone();
    note(site, AuditAction::Searched, &own, None);
    if site.audit.audit_behaviour.log_readers {
        note(site, AuditAction::LoggedIn, &own, None);
    }
}
