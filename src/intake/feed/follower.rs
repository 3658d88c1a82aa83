//! Following one feed, look after look.

use std::{convert::Infallible, sync::Arc};

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Feed, error::Error, lag::Lag, trouble::Trouble};
use crate::{
    domain::{FeedPlace, Timestamp},
    products::{
        self, Disposition,
        audit::{AuditLog, AuditPage, Order, Span},
    },
    runtime::{Interrupted, pause},
};

/// The allowed difference between the product's clock and usher's, if the log has no entry to begin with.
const CLOCKS_DIFFER_MILLIS: i64 = 3_600_000;

/// The follower of a feed.
pub(super) struct Follower<'f> {
    pub feed: &'f Feed,
    audit_log: Box<dyn AuditLog + 'f>,
    pub place: FeedPlace,
    saved: Option<FeedPlace>,
    /// Whether the entries are from before the feed began, so that they become no events.
    pub old: bool,
    lag: Lag,
    /// Whether it was reported that there are too many entries within the overlap.
    is_crowded: bool,
    not_before: Instant,
    pub stop: CancellationToken,
}

/// Follows `feed` until `stop`.
pub(super) async fn follow(feed: &Feed, stop: &CancellationToken) {
    let source = feed.source();
    let Some(audit_log) = feed.connection.client.audit_log() else {
        error!(source.id = %source, "the source has no audit log to follow");
        return;
    };
    let Ok(saved) = feed.place_in_log(stop).await else { return };
    let follower = Follower::new(feed, audit_log, saved, stop);
    if follower.saved.is_some() {
        info!(source.id = %source, from = %follower.floor(), "following the feed from where it was");
    }
    let Err(Interrupted) = follower.poll_until_stopped().await;
}

impl<'f> Follower<'f> {
    /// Continues from the `saved` place; without one, the feed begins with the first poll.
    pub(super) fn new(
        feed: &'f Feed,
        audit_log: Box<dyn AuditLog + 'f>,
        saved: Option<FeedPlace>,
        stop: &CancellationToken,
    ) -> Self {
        let now = feed.connection.clock.now();
        let place = saved.clone().unwrap_or_else(|| FeedPlace::new(feed.source().clone(), now, now));
        let clock = Arc::clone(&feed.connection.clock);
        let shown_in = (feed.arrivals.clone(), feed.metrics.clone());
        let lag = Lag::start(feed.source().as_str(), place.complete, shown_in, clock);
        let (not_before, stop) = (Instant::now(), stop.clone());
        Self { feed, audit_log, place, saved, old: false, lag, is_crowded: false, not_before, stop }
    }
}

impl Follower<'_> {
    async fn poll_until_stopped(mut self) -> Result<Infallible, Interrupted> {
        let mut trouble = Trouble::default();
        loop {
            self.feed.connection.running(&self.stop).await?;
            let wait = match self.poll().await {
                Ok(()) => {
                    trouble.over(self.feed.source());
                    self.lag.troubled(None);
                    self.feed.settings.every
                }
                Err(Error::Stopped) => return Err(Interrupted),
                Err(error) => {
                    self.lag.troubled(Some(error.to_string()));
                    self.halt_if_refused(&error).await?;
                    trouble.record(self.feed.source(), &error)
                }
            };
            pause(wait, &self.stop).await?;
        }
    }

    /// Takes in all new entries of the feed.
    ///
    /// # Errors
    /// `Error` if the product or the log fails, or the work is to stop.
    pub(super) async fn poll(&mut self) -> Result<(), Error> {
        if self.saved.is_none() {
            return self.begin().await;
        }
        let began = self.feed.connection.clock.now();
        self.read().await?;
        self.place.complete = self.place.complete.max(began);
        self.lag.set(self.place.complete);
        self.save().await
    }

    async fn read(&mut self) -> Result<(), Error> {
        match self.audit_log.order() {
            Order::NewestFirst => self.backward().await,
            Order::AsProcessed => self.forward().await,
        }
    }

    /// The first poll ever: the present entries are old. They are remembered, to distinguish them from late ones.
    async fn begin(&mut self) -> Result<(), Error> {
        self.not_before = Instant::now() + self.audit_log.gap();
        let newest = self.stop.run_until_cancelled(self.audit_log.newest()).await.ok_or(Interrupted)??;
        let now = self.feed.connection.clock.now();
        let long_ago = Timestamp::from_millis(now.as_millis().saturating_sub(CLOCKS_DIFFER_MILLIS));
        if let Some(newest) = newest {
            self.lag.read(newest);
        }
        self.place = FeedPlace::new(self.feed.source().clone(), newest.unwrap_or(long_ago), now);
        self.old = true;
        let read = self.read().await;
        self.old = false;
        read?;
        self.save().await?;
        self.lag.set(self.place.complete);
        let until = self.place.until;
        info!(source.id = %self.feed.source(), %until, "the feed is followed from now on; what happened before counts as seen");
        Ok(())
    }

    /// The time from which entries are read now.
    pub(super) fn floor(&self) -> Timestamp {
        self.place.floor(self.feed.settings.overlap)
    }

    /// All that there is until `newest` is taken in.
    ///
    /// # Errors
    /// `Error` if the product or the log fails, or the work is to stop.
    pub(super) async fn advance(&mut self, newest: Option<Timestamp>) -> Result<(), Error> {
        let now = self.feed.connection.clock.now();
        if let Some(newest) = newest {
            self.lag.read(newest);
        }
        let newest = newest.unwrap_or(self.place.until);
        self.place.advance(newest, now, self.feed.settings.overlap);
        self.warn_if_crowded();
        if self.old {
            return Ok(()); // the place is saved when all entries up to it are appended
        }
        self.place.complete = self.place.complete.max(self.floor().min(now));
        self.lag.set(self.place.complete);
        self.save().await
    }

    fn warn_if_crowded(&mut self) {
        if !self.is_crowded && self.place.is_crowded(self.feed.settings.overlap) {
            self.is_crowded = true;
            let (source, from) = (self.feed.source(), self.floor());
            warn!(source.id = %source, %from, "there is more within the feed's overlap than is remembered; what comes late is missed sooner");
        }
    }

    async fn save(&mut self) -> Result<(), Error> {
        Ok(self.feed.save(&self.place, &mut self.saved, &self.stop).await?)
    }

    /// Reads one page, when its time has come.
    ///
    /// # Errors
    /// `Error` if the product or the log fails, or the work is to stop.
    pub(super) async fn page(&mut self, span: Span, cursor: Option<&str>) -> Result<AuditPage, Error> {
        self.feed.connection.running(&self.stop).await?;
        self.stop.run_until_cancelled(sleep_until(self.not_before)).await.ok_or(Interrupted)?;
        self.not_before = Instant::now() + self.audit_log.gap();
        let page = self.audit_log.page(span, cursor);
        Ok(self.stop.run_until_cancelled(page).await.ok_or(Interrupted)??)
    }

    /// Stops the source if the product refuses its credentials altogether. If it refuses only the audit log, the other
    /// work continues.
    async fn halt_if_refused(&self, error: &Error) -> Result<(), Interrupted> {
        if let Error::Product(lost) = error
            && lost.is_no_answer()
        {
            let now = self.feed.connection.clock.now();
            self.stop.run_until_cancelled(self.feed.connection.check(now)).await.ok_or(Interrupted)?;
        }
        let halts = |error: &products::Error| error.disposition() == Disposition::Halt;
        if let Error::Product(refused) = error
            && halts(refused)
        {
            let probe = self.feed.connection.client.probe();
            let probed = self.stop.run_until_cancelled(probe).await.ok_or(Interrupted)?;
            if let Err(cause) = probed
                && halts(&cause)
            {
                self.feed.connection.halt(&cause);
            }
        }
        Ok(())
    }
}
