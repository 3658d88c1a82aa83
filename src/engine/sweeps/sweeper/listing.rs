//! Listing the users of a source into the log.

use tracing::{info, warn};

use super::{Sweeper, memberships::Preloaded, sighted::SightedUsers};
use crate::{
    domain::{
        AskedSweep, Cause, Event, EventId, EventKind, Sighting, SweepId, SweepStep, UserHints, UserId, UserList,
        UserRef, Via,
    },
    products::{Error, UserPage},
    runtime::{Interrupted, Work, until_ok},
    source::read::refused,
    store::SweepState,
};

/// The end of a listing.
pub(super) enum ListingEnd {
    All,
    Failed,
}

impl Sweeper {
    /// Sights all users from `cursor` on. Ends early if no run needs the list any more, also while it waits for the
    /// product.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn list(
        &self,
        asked: &AskedSweep,
        state: &SweepState,
        mut cursor: Option<String>,
        work: &Work,
    ) -> Result<ListingEnd, Interrupted> {
        let sweep = &asked.sweep;
        let mut seen = self.seen_before(sweep, &state.from, work).await?;
        let named = match asked.cause {
            Cause::Bulk => Some(self.picked(asked, work).await?),
            Cause::Schedule | Cause::Manual | Cause::Undo => self.named(asked, cursor.as_deref()),
        };
        // A list of users is read user by user. To read the members of groups as well would be to read everybody.
        let mut members = match named {
            Some(_) => Preloaded::default(),
            None => self.preload_while_wanted(asked, work).await?,
        };
        if cursor.is_none() {
            match &named {
                Some(users) => self.estimate_named(asked, users.len(), work).await?,
                None => self.estimate(asked, members.pages(), work).await?,
            }
        }
        let mut incomplete = Some(UserList::GIVEN_UP.to_owned());
        let mut record = self.connection.list_record();
        while self.is_wanted(asked) {
            let page = tokio::select! {
                biased;
                () = self.unwanted(asked) => break,
                page = self.page_of(named.as_ref(), cursor.as_deref(), work) => page?,
            };
            let page = match page {
                Ok(page) => page,
                Err(error) => return self.give_up(sweep, &error, work).await,
            };
            if named.is_none() {
                record.page(cursor.as_deref(), &page);
            }
            if named.is_none() && members.is_old(self.now()) {
                members = self.preload_while_wanted(asked, work).await?;
            }
            let new = page.users.into_iter().filter(|(user, _)| seen.is_new(sweep, user));
            let sightings = new.map(|(user, hints)| {
                let (sweep, memberships) = (sweep.clone(), members.of(&user, &hints));
                (user, hints, Sighting { sweep, released: None, memberships, undo: None })
            });
            self.sight_all(sightings.collect(), work).await?;
            match page.next {
                Some(next) => {
                    let step = SweepStep::Listed { cursor: next.clone(), seen: seen.count() };
                    self.record(sweep, step, work).await?;
                    cursor = Some(next);
                }
                None => {
                    incomplete = page.completeness.why();
                    break;
                }
            }
        }
        match &incomplete {
            None => info!(sweep.id = %sweep, users = seen.count(), named = named.is_some(), "everybody is listed"),
            Some(why) => {
                let users = seen.count();
                warn!(sweep.id = %sweep, users, why, "the list of users is not known to be whole");
            }
        }
        self.end_cancelled(asked, work).await?;
        let step = SweepStep::ListingEnded { seen: seen.count(), incomplete, named: named.is_some() };
        self.record(sweep, step, work).await?;
        Ok(ListingEnd::All)
    }

    /// The page of the source's users at `cursor`. The inner error is final: it comes after all retries.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn page(&self, cursor: Option<&str>, work: &Work) -> Result<Result<UserPage, Error>, Interrupted> {
        let client = &self.connection.client;
        self.connection.query(&work.stop, || async move { client.users(cursor).await.map_err(refused) }).await
    }

    /// Reads the memberships; nothing if no run needs the list any more.
    async fn preload_while_wanted(&self, asked: &AskedSweep, work: &Work) -> Result<Preloaded, Interrupted> {
        tokio::select! {
            biased;
            () = self.unwanted(asked) => Ok(Preloaded::default()),
            preloaded = self.preload(asked, work) => preloaded,
        }
    }

    pub(super) fn is_wanted(&self, asked: &AskedSweep) -> bool {
        asked.runs.iter().any(|run| !self.is_cancelled(&asked.sweep, run))
    }

    /// Waits until all runs of the sweep are cancelled.
    async fn unwanted(&self, asked: &AskedSweep) {
        let mut changed = self.connection.controls.changed();
        while self.is_wanted(asked) {
            if changed.changed().await.is_err() {
                return std::future::pending().await; // usher is stopping
            }
        }
    }

    async fn give_up(&self, sweep: &SweepId, error: &Error, work: &Work) -> Result<ListingEnd, Interrupted> {
        warn!(sweep.id = %sweep, %error, "the users can't be listed");
        self.record(sweep, SweepStep::Failed { why: format!("the users can't be listed: {error}") }, work).await?;
        Ok(ListingEnd::Failed)
    }

    /// Appends a sighting for each of `users`, and returns when all are durable.
    ///
    /// # Errors
    /// `Interrupted` if the work is to stop first.
    pub(super) async fn sight_all(
        &self,
        users: Vec<(UserId, UserHints, Sighting)>,
        work: &Work,
    ) -> Result<(), Interrupted> {
        let (at, source) = (self.now(), &self.connection.source);
        let sightings = users.into_iter().map(|(user, hints, sighting)| Event {
            id: EventId::of_sighting(&sighting.sweep, &user, sighting.released.as_ref()),
            source: source.clone(),
            kind: if sighting.undo.is_some() { EventKind::Undo } else { EventKind::Sighted },
            via: Via::Sweep,
            user: UserRef::Id(user),
            hints,
            occurred: None,
            accepted: at,
            sweep: Some(sighting),
        });
        let counter = self.metrics.sweep_users.with_label_values(&[source.as_str()]);
        self.appender.append_events(sightings.collect(), &work.stop, || counter.inc()).await
    }

    /// The users whom the sweep has already sighted, by the log.
    async fn seen_before(&self, sweep: &SweepId, from: &[u64], work: &Work) -> Result<SightedUsers, Interrupted> {
        let read = || SightedUsers::from_log(&*self.log, &self.connection.source, sweep, from, &work.stop);
        let seen = until_ok(|| self.component(), "can't tell whom a sweep has sighted", &work.stop, read).await?;
        seen.ok_or(Interrupted)
    }
}
