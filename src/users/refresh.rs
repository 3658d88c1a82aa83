//! Listing the users of a source because an administrator asked for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::Serialize;
use tokio::{runtime::Handle, time::Instant};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use crate::{
    domain::{SourceId, Timestamp},
    products::Error,
    runtime::Interrupted,
    source::{Connection, read::refused},
};

/// The longest pause between two pages. Each pause is as long as the page took: others get half of the time at least.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// The result of a refresh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RefreshState {
    /// The users are being listed.
    Listing {
        /// When it was begun.
        since: Timestamp,
        /// The number of users so far.
        users: u64,
    },
    /// The list came to its end.
    Done {
        /// When.
        at: Timestamp,
        /// The number of users in it.
        users: u64,
    },
    /// The list was broken off; the one before is kept.
    Failed {
        /// When.
        at: Timestamp,
        /// Why, and what to do.
        why: String,
    },
}

/// Why no refresh was begun.
#[derive(Debug, thiserror::Error)]
pub enum NotBegun {
    /// There is no such source here.
    #[error("there is no source `{0}`")]
    NoSuchSource(SourceId),
    /// Users are not kept.
    #[error("`console.roster` is `off`, so no list of users is kept; `GET /users` reads the product each time")]
    Off,
    /// One is under way.
    #[error("the users are being listed already; `GET /sources/{0}` shows how far it is")]
    UnderWay(SourceId),
    /// The source is paused, halted or away.
    #[error("the source is paused or can't be called now; `GET /sources/{0}` says why")]
    NotRunning(SourceId),
}

/// The refreshes of this process. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Refreshes {
    states: Arc<Mutex<HashMap<SourceId, RefreshState>>>,
    runtime: Handle,
    stop: CancellationToken,
}

impl Refreshes {
    /// None yet. They run in `runtime` until `stop` is cancelled.
    pub fn new(runtime: Handle, stop: CancellationToken) -> Self {
        Self { states: Arc::default(), runtime, stop }
    }

    /// The result of the last one of `source`.
    pub fn state(&self, source: &SourceId) -> Option<RefreshState> {
        self.states().get(source).cloned()
    }

    /// Begins to list the users of a source: one list of a source at a time.
    ///
    /// # Errors
    /// [`NotBegun`] says why not.
    pub fn begin(&self, connection: &Arc<Connection>) -> Result<RefreshState, NotBegun> {
        let source = &connection.source;
        if !connection.is_running() {
            return Err(NotBegun::NotRunning(source.clone()));
        }
        let begun = RefreshState::Listing { since: connection.clock.now(), users: 0 };
        let mut states = self.states();
        if let Some(RefreshState::Listing { .. }) = states.get(source) {
            return Err(NotBegun::UnderWay(source.clone()));
        }
        states.insert(source.clone(), begun.clone());
        drop(states);
        let refresh = Refresh { states: self.clone(), connection: Arc::clone(connection), users: 0 };
        self.runtime.spawn(refresh.run());
        Ok(begun)
    }

    fn states(&self) -> MutexGuard<'_, HashMap<SourceId, RefreshState>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, source: &SourceId, state: RefreshState) {
        self.states().insert(source.clone(), state);
    }
}

struct Refresh {
    states: Refreshes,
    connection: Arc<Connection>,
    users: u64,
}

impl Refresh {
    async fn run(mut self) {
        let connection = Arc::clone(&self.connection);
        let listed = connection.while_in_use(self.list()).await.unwrap_or(Err(Interrupted));
        let (at, users) = (self.connection.clock.now(), self.users);
        let state = match listed {
            Ok(Ok(())) => RefreshState::Done { at, users },
            Ok(Err(error)) => RefreshState::Failed { at, why: format!("the users can't be listed: {error}") },
            Err(Interrupted) => RefreshState::Failed { at, why: "usher was stopped; ask again".to_owned() },
        };
        self.states.set(&self.connection.source, state);
    }

    async fn list(&mut self) -> Result<Result<(), Error>, Interrupted> {
        let (mut record, mut cursor) = (self.connection.list_record(), None::<String>);
        let since = self.connection.clock.now();
        loop {
            let (asked, client, at) = (Instant::now(), &self.connection.client, cursor.as_deref());
            let page = self.connection.query(&self.states.stop, || async { client.users(at).await.map_err(refused) });
            let page = match page.await? {
                Ok(page) => page,
                Err(error) => return Ok(Err(error)),
            };
            record.page(at, &page);
            self.users += page.users.len() as u64;
            self.states.set(&self.connection.source, RefreshState::Listing { since, users: self.users });
            match page.next {
                None => return Ok(Ok(())),
                Some(next) => cursor = Some(next),
            }
            let pause = tokio::time::sleep(asked.elapsed().min(MAX_PAUSE));
            self.states.stop.run_until_cancelled(pause).await.ok_or(Interrupted)?;
        }
    }
}

impl Drop for Refresh {
    /// A refresh that ended by a bug must not stand in the way of the next one.
    fn drop(&mut self) {
        let is_open = matches!(self.states.state(&self.connection.source), Some(RefreshState::Listing { .. }));
        if is_open {
            let (at, why) = (self.connection.clock.now(), "usher was stopped; ask again".to_owned());
            self.states.set(&self.connection.source, RefreshState::Failed { at, why });
        }
    }
}
