//! One poll of a feed: all entries since the last one.

use std::collections::HashSet;

use tracing::{debug, info};

use super::{entries::FeedEntry, error::Error, follower::Follower, slices::Slices};
use crate::{
    domain::Timestamp,
    products::{self, audit::Span},
};

/// Pages read before entries are taken in, of a log that gives the newest first.
const PAGES: usize = 50;
/// The number of empty pages in a row, with others to follow, from which the answer makes no sense.
const MAX_EMPTY: usize = 20;

/// The entries of a span of a log.
struct Gathered {
    /// The relevant entries, the newest first.
    found: Vec<FeedEntry>,
    /// The newest of all.
    newest: Option<Timestamp>,
    pages: usize,
    /// Whether the span was read to its end.
    whole: bool,
}

impl Follower<'_> {
    /// Polls a log in the order of processing: page by page, each taken in before the next is read. The limit for old
    /// entries is set before: one entry with a fast clock advances the place, and later entries may be before that.
    ///
    /// # Errors
    /// `Error` if the product or the log fails, or the work is to stop.
    pub(super) async fn forward(&mut self) -> Result<(), Error> {
        let (mut empty, mut restarted) = (0, false);
        let span = Span { from: self.floor(), to: None };
        // A page that repeats the one before may contain entries that the place has forgotten.
        let mut known: HashSet<_> = self.place.seen.keys().copied().collect();
        loop {
            let cursor = self.place.cursor.clone();
            let mut page = match self.page(span, cursor.as_deref()).await {
                // By which status that is said is not documented. Should it be the log that is gone, the next call
                // fails.
                Err(Error::Product(products::Error::Refused { status: 400 | 404 | 410, .. }))
                    if cursor.is_some() && !restarted =>
                {
                    info!(source.id = %self.feed.source(), from = %span.from, "the feed's cursor is not valid any more");
                    (self.place.cursor, restarted) = (None, true);
                    continue;
                }
                page => page?,
            };
            let newest = page.entries.iter().filter_map(|entry| entry.at).max();
            let is_empty = page.entries.is_empty();
            let found = self.feed.relevant_entries(&mut page, span.from, self.feed.myself(&self.stop).await?);
            self.feed.pass_over(page.unread, self.old, &self.stop).await?;
            self.feed.append_new(found, self.old, &mut known, &mut self.place).await?;
            // After the entries are durable: a saved cursor must not be ahead of them.
            self.place.cursor.clone_from(&page.next);
            self.advance(newest).await?;
            empty = if is_empty { empty + 1 } else { 0 };
            match page.next {
                None => return Ok(()),
                Some(next) if Some(&next) == cursor.as_ref() => return Ok(()),
                Some(_) if empty > MAX_EMPTY => return Err(endless()),
                Some(_) => {}
            }
        }
    }

    /// Polls a log with the newest entries first. It is read to the end, or in slices if the end is far away, and taken
    /// in by age.
    ///
    /// # Errors
    /// `Error` if the product or the log fails, or the work is to stop.
    pub(super) async fn backward(&mut self) -> Result<(), Error> {
        let from = self.floor();
        let mut gathered = self.gather(Span { from, to: None }, PAGES).await?;
        if !gathered.whole {
            let slices = Slices::new(from, gathered.newest.unwrap_or(from));
            drop(gathered);
            let rest = self.by_slices(slices).await?;
            gathered = self.gather(rest, usize::MAX).await?;
        }
        self.feed.append_new(in_time(gathered.found), self.old, &mut HashSet::new(), &mut self.place).await?;
        self.advance(gathered.newest).await
    }

    /// Takes in slice after slice; returns the span after the last one, with the entries that have come meanwhile.
    async fn by_slices(&mut self, mut slices: Slices) -> Result<Span, Error> {
        while let Some(span) = slices.next() {
            let most = if slices.is_shortest() { usize::MAX } else { PAGES };
            let gathered = self.gather(span, most).await?;
            if !gathered.whole {
                slices.shorten();
                continue;
            }
            self.feed.append_new(in_time(gathered.found), self.old, &mut HashSet::new(), &mut self.place).await?;
            let until = slices.take(gathered.pages <= PAGES / 4);
            debug!(source.id = %self.feed.source(), %until, "the feed is caught up with until then");
            self.advance(Some(until)).await?;
        }
        Ok(slices.rest())
    }

    /// Reads up to `most` pages of `span`.
    async fn gather(&mut self, span: Span, most: usize) -> Result<Gathered, Error> {
        let mut gathered = Gathered { found: Vec::new(), newest: None, pages: 0, whole: false };
        let (mut cursor, mut empty) = (None::<String>, 0);
        let from = span.from.max(self.floor()); // a slice reaches back, perhaps to forgotten entries
        while gathered.pages < most {
            let mut page = self.page(span, cursor.as_deref()).await?;
            gathered.pages += 1;
            gathered.newest = gathered.newest.max(page.entries.iter().filter_map(|entry| entry.at).max());
            empty = if page.entries.is_empty() { empty + 1 } else { 0 };
            let is_past = page.entries.iter().filter_map(|entry| entry.at).max().is_some_and(|at| at < span.from);
            gathered.found.extend(self.feed.relevant_entries(&mut page, from, self.feed.myself(&self.stop).await?));
            self.feed.pass_over(page.unread, self.old, &self.stop).await?;
            cursor = page.next;
            if cursor.is_none() || is_past {
                gathered.whole = true;
                return Ok(gathered);
            }
            if empty > MAX_EMPTY {
                return Err(endless());
            }
        }
        Ok(gathered)
    }
}

/// The oldest first: of entries of one time the one that was written first.
fn in_time(mut newest_first: Vec<FeedEntry>) -> Vec<FeedEntry> {
    newest_first.reverse();
    newest_first
}

fn endless() -> Error {
    Error::Product(products::Error::Unreadable("one empty page of the audit log follows the other".to_owned()))
}
