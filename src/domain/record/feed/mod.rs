//! Feeds of logins: which product has one, and how far usher has come in it.

use std::{collections::BTreeMap, time::Duration};

use crate::domain::{Capability, Product, SourceId, Timestamp, UserKey};

impl Product {
    /// Whether usher can follow an audit log of this product that tells of logins.
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
                "its audit log does not tell of logins; write `feed` under the products that people log in to, or let \
                 a listener of your own post `user_login`",
            ),
        }
    }
}

/// The label of feeds, in metrics and in the names of their consumer groups.
pub const FEED_STAGE: &str = "feed";

/// What of an entry is remembered, to know it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Print(pub u64);

/// How far usher has come in the feed of a source. One record of the stream of feeds.
///
/// Times of entries are the product's, whose clock need not agree with usher's. An entry may come late, and does not come
/// where it belongs then: so usher always looks back by an overlap from the newest entry, and remembers what it has seen
/// there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPlace {
    /// Whose feed.
    pub source: SourceId,
    /// The time of the newest entry known, never later than what usher's clock said then: were it a clock gone astray,
    /// nothing would be looked at until the others had caught up with it.
    pub until: Timestamp,
    /// All that the feed told until then, by usher's clock, is known.
    pub complete: Timestamp,
    /// Where the next page begins, where the product says.
    pub cursor: Option<String>,
    /// Entries of interest that were seen, and the time of each.
    pub seen: BTreeMap<Print, Timestamp>,
    /// Until when entries are forgotten although they may lie within the overlap, as there were too many.
    pub forgotten: Option<Timestamp>,
}

/// Entries remembered at most, but for those of one moment and those that the product's clock has in the future.
const MOST_SEEN: usize = 10_000;
/// Entries remembered at most, all in all, so that they fit into a record. Should there be more, some are taken for new
/// ones when they come again; the planner knows them.
const MOST_IN_A_RECORD: usize = 5 * MOST_SEEN;

impl FeedPlace {
    /// The place before anything is read, in a feed whose newest entry is from `until`.
    pub fn new(source: SourceId, until: Timestamp, now: Timestamp) -> Self {
        Self { source, until: until.min(now), complete: now, cursor: None, seen: BTreeMap::new(), forgotten: None }
    }

    /// In the partition of the source.
    pub fn key(&self) -> UserKey {
        UserKey::of_source(&self.source)
    }

    /// From when on entries are looked at: what is older does not count as new any more.
    pub fn floor(&self, overlap: Duration) -> Timestamp {
        let overlap = i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX);
        let floor = Timestamp::from_millis(self.until.as_millis().saturating_sub(overlap));
        self.forgotten.map_or(floor, |forgotten| floor.max(forgotten))
    }

    /// Whether the entry was not seen before.
    pub fn is_new(&self, print: Print) -> bool {
        !self.seen.contains_key(&print)
    }

    /// Notes that the entry was seen, the time of which is `at`.
    pub fn note(&mut self, print: Print, at: Timestamp) {
        self.seen.insert(print, at);
    }

    /// Moves on to the newest entry's time, as far as that is believed at `now`; forgets what lies before the overlap.
    ///
    /// Where more was seen within the overlap than can be remembered, the oldest are forgotten and the floor is raised to the
    /// oldest that is left: what is forgotten would be taken for new on every look.
    pub fn advance(&mut self, newest: Timestamp, now: Timestamp, overlap: Duration) {
        self.until = self.until.max(newest.min(now));
        let floor = self.floor(overlap);
        self.seen.retain(|_, at| *at >= floor);
        if self.seen.len() > MOST_SEEN {
            let mut times: Vec<_> = self.seen.values().copied().collect();
            let oldest_kept = times.len() - MOST_SEEN;
            let (_, oldest_kept, _) = times.select_nth_unstable(oldest_kept);
            // What is to come is never taken for old.
            let oldest_kept = self.until.min(*oldest_kept);
            self.seen.retain(|_, at| *at >= oldest_kept);
            self.forgotten = self.forgotten.max(Some(oldest_kept));
        }
        if let Some(first) = self.seen.keys().nth(MOST_IN_A_RECORD).copied() {
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
