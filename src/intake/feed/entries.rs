//! Selects the relevant entries of a page, and turns them into events.

use std::collections::HashSet;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Feed, error::Error};
use crate::{
    domain::{EventId, EventKind, FEED_STAGE, FeedPlace, Print, SourceId, Timestamp, UserId, UserRef, Via},
    intake::{
        ReportedEvent,
        audit::{Passed, read_entry},
        events::{Origin, append},
        passed_over,
    },
    json_record::Unread,
    log::Stream,
    products::{
        self,
        audit::{AuditEntry, AuditPage},
    },
    runtime::Interrupted,
};

/// The number of events of one page that are appended at a time.
const BATCH: usize = 500;

/// A relevant entry.
pub(super) struct FeedEntry {
    pub print: Print,
    /// See [`AuditEntry::at`].
    pub at: Timestamp,
    /// Whether that is its own time.
    dated: bool,
    told: ReportedEvent,
}

/// The account that usher acts as: that it logs in, to read its feed perhaps, is no login.
#[derive(Debug)]
pub(super) struct Myself {
    id: Option<UserId>,
    name: Option<String>,
}

impl Myself {
    fn is(&self, user: &UserRef) -> bool {
        match user {
            UserRef::Id(id) => self.id.as_ref() == Some(id),
            // As products compare login names, also those with other letters than of ASCII.
            UserRef::Name(name) => self.name.as_ref().is_some_and(|own| own.to_lowercase() == name.to_lowercase()),
        }
    }
}

impl Feed {
    /// The account that usher acts as, read once.
    ///
    /// # Errors
    /// `Error` if the product or the log fails, or the work is to stop.
    pub(super) async fn myself(&self, stop: &CancellationToken) -> Result<&Myself, Error> {
        let ask = self.myself.get_or_try_init(|| self.ask_for_myself());
        Ok(stop.run_until_cancelled(ask).await.ok_or(Interrupted)??)
    }

    async fn ask_for_myself(&self) -> Result<Myself, products::Error> {
        let client = &self.connection.client;
        let Some(id) = client.myself().await? else { return Ok(Myself { id: None, name: None }) };
        match client.user(&UserRef::Id(id.clone())).await {
            Ok(user) => Ok(Myself { id: Some(id), name: user.name }),
            Err(products::Error::NoSuchUser) => Ok(Myself { id: Some(id), name: None }),
            Err(error) => Err(error),
        }
    }

    /// The relevant entries of `page` from `from` on, in their order. An entry without a time counts as one at `from`.
    /// Unreadable entries are added to those of the page.
    pub(super) fn relevant_entries(&self, page: &mut AuditPage, from: Timestamp, myself: &Myself) -> Vec<FeedEntry> {
        let of = page.entries.len() + page.unread.len();
        let (mut found, now) = (Vec::new(), self.connection.clock.now());
        for (place, AuditEntry { at, entry }) in std::mem::take(&mut page.entries).into_iter().enumerate() {
            let (at, dated) = (at.unwrap_or(from), at.is_some());
            let told = match read_entry(&entry, self.product, &self.actions, now) {
                Ok(told) => told,
                Err(Passed::Ignored(_)) => continue,
                Err(Passed::Unreadable(why)) if at >= from => {
                    page.unread.push(Unread::new(&entry.to_string(), (place + 1, of), why));
                    continue;
                }
                Err(Passed::Unreadable(_)) => continue,
            };
            let is_own = told.kind == EventKind::LoggedIn && myself.is(&told.user);
            if at >= from && !is_own {
                found.push(FeedEntry { print: print(self.source(), &told), at, dated, told });
            }
        }
        found
    }

    /// Writes a dead letter for each unreadable entry, once, and continues. Entries that are `old` have none.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn pass_over(
        &self,
        unread: Vec<Unread>,
        old: bool,
        stop: &CancellationToken,
    ) -> Result<(), Interrupted> {
        for one in unread {
            if self.knows_undated(print_of(&one)) {
                continue;
            }
            if !old {
                let letter =
                    passed_over::letter(self.source(), &one, "a page of the audit log", &*self.connection.clock);
                self.appender.append(Stream::DeadLetters, letter, stop).await?;
                passed_over::count(self.source(), &one, &self.arrivals, &self.metrics);
            }
            self.record_undated([print_of(&one)]);
        }
        Ok(())
    }

    /// Makes events of the entries in `found` that neither are among the `known` nor in `place`, the older ones first,
    /// and adds them to both. Entries that are `old` become no events.
    ///
    /// # Errors
    /// `Error` if the product or the log fails, or the work is to stop.
    pub(super) async fn append_new(
        &self,
        found: Vec<FeedEntry>,
        old: bool,
        known: &mut HashSet<Print>,
        place: &mut FeedPlace,
    ) -> Result<(), Error> {
        let mut fresh = self.fresh(found, known, place);
        fresh.sort_by_key(|one| one.told.occurred);
        while !fresh.is_empty() {
            let rest = fresh.split_off(fresh.len().min(BATCH));
            let now = std::mem::replace(&mut fresh, rest);
            let taken: Vec<_> = now.iter().map(|one| (one.print, one.at)).collect();
            let undated: Vec<_> = now.iter().filter(|one| !one.dated).map(|one| one.print).collect();
            if !old {
                for odd in now.iter().filter_map(|one| one.told.odd_time) {
                    self.arrivals.implausible_time(self.source(), odd);
                }
                let told = now.into_iter().map(|one| one.told).collect();
                let origin = Origin {
                    source: self.source(),
                    via: Via::Feed,
                    logins_by_second: self.logins_by_second,
                    delivery: None,
                    body: b"", // every entry has an id
                };
                append(origin.events(told, &*self.connection.clock), &*self.log, &self.metrics).await?;
            }
            taken.into_iter().for_each(|(print, at)| place.record(print, at));
            self.record_undated(undated);
        }
        Ok(())
    }

    fn fresh(&self, found: Vec<FeedEntry>, known: &mut HashSet<Print>, place: &FeedPlace) -> Vec<FeedEntry> {
        let before = found.len();
        let is_known = |one: &FeedEntry| !place.is_new(one.print) || (!one.dated && self.knows_undated(one.print));
        let is_new = |one: &FeedEntry| !is_known(one) && known.insert(one.print);
        let fresh: Vec<_> = found.into_iter().filter(is_new).collect();
        self.metrics.duplicates.with_label_values(&[FEED_STAGE]).inc_by((before - fresh.len()) as u64);
        fresh
    }
}

fn print_of(unread: &Unread) -> Print {
    let [a, b, c, d, e, f, g, h, ..] = unread.digest;
    Print(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

fn print(source: &SourceId, told: &ReportedEvent) -> Print {
    let id = EventId::of_entry(source, told.entry.as_deref().unwrap_or_default());
    let digits = id.as_str().get(..16).unwrap_or_default();
    Print(u64::from_str_radix(digits, 16).unwrap_or_else(|_| {
        warn!(event.id = %id, "an event's id is not of 32 hexadecimal digits");
        0
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ushers_own_account_is_known_by_its_id_and_by_its_name_in_any_case() {
        let (id, name) = (|id: &str| UserRef::Id(UserId::new(id)), |name: &str| UserRef::Name(name.to_owned()));
        let myself = Myself { id: Some(UserId::new("U-1")), name: Some("Büro-usher".to_owned()) };
        for (user, is_own) in [
            (id("U-1"), true),
            (id("u-1"), false),
            (id("Büro-usher"), false),
            (name("Büro-usher"), true),
            (name("BÜRO-USHER"), true),
            (name("büro-usher2"), false),
            (name("U-1"), false),
        ] {
            assert_eq!(myself.is(&user), is_own, "{user:?}");
        }
        let nobody = Myself { id: None, name: None };
        assert!(!nobody.is(&id("")) && !nobody.is(&name("")), "the key of an organisation is nobody's");
    }
}
