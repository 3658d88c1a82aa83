//! The audit log of a site by its APIs, and the entries written into it.

pub(super) mod data_center;
pub(super) mod stream;

use super::world::{
    audit_log::{AuditAction, AuditLog, Entry},
    site::Site,
};
use crate::{
    clock::{Clock, SystemClock},
    domain::Timestamp,
};

/// Writes down what happened to a user at `at` by the product's clock, or just now; gives that time, or none if there is no
/// such user.
pub(super) fn write_entry(
    site: &mut Site,
    happened: AuditAction,
    user: &str,
    at: Option<Timestamp>,
) -> Option<Timestamp> {
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

/// The first millisecond from `at` on without another entry: nobody logs in twice within one.
fn free_from(log: &AuditLog, at: Timestamp) -> Timestamp {
    let taken = |at: &Timestamp| log.entries.iter().rev().take(1_000).any(|entry| entry.at == *at);
    (at.as_millis()..=i64::MAX).map(Timestamp::from_millis).find(|at| !taken(at)).unwrap_or(at)
}

/// Writes an entry for the acting account, which reads the log: products log such readings.
fn record_reader(site: &mut Site) {
    let Some(own) = site.acting() else { return };
    let own = own.account.id.clone();
    write_entry(site, AuditAction::Searched, &own, None);
    if site.audit.audit_behaviour.log_readers {
        write_entry(site, AuditAction::LoggedIn, &own, None);
    }
}
