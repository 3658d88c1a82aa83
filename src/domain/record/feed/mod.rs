//! Feeds of logins: the products that have one, and usher's place in it.

use std::{collections::BTreeMap, time::Duration};

use crate::domain::{Capability, Product, SourceId, Timestamp, UserKey};

impl Product {
    /// Whether this product has an audit log with logins that usher can follow.
    pub const fn feeds_logins(self) -> Capability {
        match self {
            Self::JiraDc | Self::ConfluenceDc => Capability::Yes,
            Self::BitbucketDc => {
                Capability::Partly("successful logins are written down at the coverage level Full of the area Security")
            }
            Self::AtlassianOrg => Capability::Partly("logins of managed accounts, with Atlassian Guard Standard"),
            Self::JiraCloud | Self::ConfluenceCloud => Capability::No(
                "logins to a site are in its organisation's audit log; write `feed` under a source of `product: \
                 atlassian-org`",
            ),
            Self::Crowd => Capability::No(
                "its audit log does not report logins; write `feed` under the products that people log in to, or let \
                 a listener of your own post `user_login`",
            ),
        }
    }
}

/// The label of feeds, in metrics and in the names of their consumer groups.
pub const FEED_STAGE: &str = "feed";

/// The digest of an entry, to recognise it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Print(pub u64);

/// The place of usher in the feed of a source. It is one record of the stream of feeds.
///
/// Times of entries are by the product's clock, which may differ from usher's. An entry may come late, and then not in
/// order. Therefore usher always goes back by an overlap from the newest entry, and remembers the entries that it has
/// seen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPlace {
    /// The source.
    pub source: SourceId,
    /// The time of the newest known entry. It is never later than usher's clock at that time: otherwise an entry with a
    /// wrong future time would hide all others until then.
    pub until: Timestamp,
    /// The time up to which all entries of the feed are known, by usher's clock.
    pub complete: Timestamp,
    /// The cursor of the next page, if the product gives one.
    pub cursor: Option<String>,
    /// Entries of interest that were seen, and the time of each.
    pub seen: BTreeMap<Print, Timestamp>,
    /// The time up to which entries are forgotten although they may be within the overlap, because there were too many.
    pub forgotten: Option<Timestamp>,
}

/// The highest number of remembered entries, except for those of one moment and those with a time in the future.
const MAX_SEEN: usize = 10_000;
/// The highest number of remembered entries, so that they fit into a record. If there are more, some count as new when
/// they come again; the planner recognises them.
const MAX_IN_A_RECORD: usize = 5 * MAX_SEEN;

impl FeedPlace {
    /// The place before anything is read, in a feed whose newest entry is from `until`.
    pub fn new(source: SourceId, until: Timestamp, now: Timestamp) -> Self {
        Self { source, until: until.min(now), complete: now, cursor: None, seen: BTreeMap::new(), forgotten: None }
    }

    /// The key of its record: in the partition of the source.
    pub fn key(&self) -> UserKey {
        UserKey::of_source(&self.source)
    }

    /// The time from which entries are read. Older entries no longer count as new.
    pub fn floor(&self, overlap: Duration) -> Timestamp {
        let overlap = i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX);
        let floor = Timestamp::from_millis(self.until.as_millis().saturating_sub(overlap));
        self.forgotten.map_or(floor, |forgotten| floor.max(forgotten))
    }

    /// Whether the entry was not seen before.
    pub fn is_new(&self, print: Print) -> bool {
        !self.seen.contains_key(&print)
    }

    /// Records that the entry at the time `at` was seen.
    pub fn record(&mut self, print: Print, at: Timestamp) {
        self.seen.insert(print, at);
    }

    /// Advances to the newest entry's time, as far as it is plausible at `now`, and forgets the entries before the
    /// overlap.
    ///
    /// If more entries were seen within the overlap than can be remembered, the oldest are forgotten and the floor is
    /// raised to the oldest that is left. Otherwise the forgotten entries would count as new on every poll.
    pub fn advance(&mut self, newest: Timestamp, now: Timestamp, overlap: Duration) {
        // Not beyond now: an entry with a future time must not hide the ones after it.
        self.until = self.until.max(newest.min(now));
        let floor = self.floor(overlap);
        self.seen.retain(|_, at| *at >= floor);
        if self.seen.len() > MAX_SEEN {
            let mut times: Vec<_> = self.seen.values().copied().collect();
            let oldest_kept = times.len() - MAX_SEEN;
            let (_, oldest_kept, _) = times.select_nth_unstable(oldest_kept);
            // A future entry never counts as old.
            let oldest_kept = self.until.min(*oldest_kept);
            self.seen.retain(|_, at| *at >= oldest_kept);
            self.forgotten = self.forgotten.max(Some(oldest_kept));
        }
        if let Some(first) = self.seen.keys().nth(MAX_IN_A_RECORD).copied() {
            drop(self.seen.split_off(&first));
        }
    }

    /// Whether less than the overlap is looked back by now, as there is too much in it.
    pub fn is_crowded(&self, overlap: Duration) -> bool {
        self.forgotten.is_some_and(|forgotten| self.floor(overlap) == forgotten)
    }
}

#[cfg(test)]
mod tests;
