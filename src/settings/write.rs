//! Changes of settings: each is checked against the state, appended, and read back.
//!
//! Within a process changes come one after the other. Two replicas may check against the same state and both append.
//! Then the later record counts, and the history shows both.

use std::{sync::Arc, time::Duration};

use tokio::{sync::MutexGuard, time::timeout};
use tracing::{info, warn};

use super::{Error, SchemeView, Settings, error::Wrong};
use crate::{
    config::{CheckedScheme, check_scheme},
    domain::{
        Actor, CancelledRun, ChangeKind, DeletedRuns, Pausable, Pause, RunId, Scheme, SchemeChange, SchemeId,
        SessionsEnded, Setting, StoredScheme, Timestamp, WhichSessions,
    },
    log::{Record, Stream, codec},
};

/// The time for which a change waits for another one.
const TURN_TIMEOUT: Duration = Duration::from_secs(5);

/// The time-out until an appended record comes back.
const VISIBLE_TIMEOUT: Duration = Duration::from_secs(10);

/// The highest length of a scheme, as JSON, in bytes: with its history it must fit into a record on Kafka, of at most 4
/// MiB.
pub const MAX_SCHEME_BYTES: usize = 3 * 1024 * 1024;

/// The required state of a scheme for a change, by its [tag](SchemeView::tag).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// It must be there.
    Any,
    /// It must be in one of these states.
    Tags(Vec<String>),
}

impl IfMatch {
    pub(super) fn allows(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|allowed| allowed == tag),
        }
    }
}

impl Settings {
    /// The scheme that `text` describes, checked as one that is to be stored.
    /// It may take long.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all problems of the text.
    pub fn check(&self, text: &str) -> Result<CheckedScheme, Error> {
        let sources = self.state().sources();
        Ok(check_scheme(text, "scheme", &sources)?)
    }

    /// Like [`Settings::check`], with all reasons for which [`Settings::create`] would refuse it now.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all problems of the text; [`Error::Exists`] if the id is taken.
    pub fn check_new(&self, text: &str) -> Result<CheckedScheme, Error> {
        let checked = self.check(text)?;
        self.free(&checked.scheme.id)?;
        Ok(checked)
    }

    /// Like [`Settings::check`], with all reasons for which [`Settings::replace`] would refuse it now.
    ///
    /// # Errors
    /// [`Error::Provisioned`] if the scheme is in the configuration file, [`Error::NoScheme`] if there is none with
    /// this id, [`Error::Stale`] if `if_match` does not allow its state, [`Error::Invalid`] with all problems of the
    /// text or if it names another id.
    pub fn check_change(&self, id: &SchemeId, text: &str, if_match: &IfMatch) -> Result<CheckedScheme, Error> {
        self.changeable(id, if_match)?;
        let checked = self.check(text)?;
        let own = &checked.scheme.id;
        if own != id {
            let message = format!("`id`: this is `{own}`, and the path says `{id}`; write the same in both");
            return Err(Error::Invalid(vec![Wrong::whole(message)]));
        }
        Ok(checked)
    }

    /// Stores a scheme that [`Settings::check_new`] has passed, under an id that is free.
    ///
    /// # Errors
    /// [`Error::Busy`] if another change takes too long, [`Error::Exists`] if the id was taken meanwhile,
    /// [`Error::Invalid`] if the scheme is too long, [`Error::Log`] and [`Error::Unseen`] if it is not known that it is
    /// stored, [`Error::NoScheme`] if it was deleted in the same moment.
    pub async fn create(&self, scheme: Scheme, by: Actor) -> Result<SchemeView, Error> {
        let _turn = self.turn().await?;
        self.free(&scheme.id)?;
        // A deleted scheme continues with its history.
        let before = self.state().stored_scheme(&scheme.id);
        // Its pause may be left if the second half of the deletion failed.
        self.set_pause(Pausable::Scheme(scheme.id.clone()), false, by.clone()).await?;
        self.store(&scheme, before.as_deref(), ChangeKind::Created, by).await
    }

    /// Stores a scheme that [`Settings::check_change`] has passed in place of the one of its id. One that says the same
    /// already stays as it is.
    ///
    /// # Errors
    /// As [`Settings::create`], except for [`Error::Exists`]; [`Error::Provisioned`], [`Error::NoScheme`] and
    /// [`Error::Stale`] as [`Settings::check_change`].
    pub async fn replace(&self, scheme: Scheme, if_match: &IfMatch, by: Actor) -> Result<SchemeView, Error> {
        let _turn = self.turn().await?;
        let id = &scheme.id;
        let before = self.changeable(id, if_match)?;
        match self.get(id) {
            Some(listed) if before.current().text == canonical(&scheme)? => Ok(listed),
            _ => self.store(&scheme, Some(&before), ChangeKind::Updated, by).await,
        }
    }

    /// Deletes a stored scheme and its pause; its history is kept.
    ///
    /// # Errors
    /// [`Error::Busy`] if another change takes too long; [`Error::Provisioned`], [`Error::NoScheme`] and
    /// [`Error::Stale`] as [`Settings::check_change`]; [`Error::Log`] and [`Error::Unseen`] if it is unknown whether
    /// all of it is done.
    pub async fn delete(&self, id: &SchemeId, if_match: &IfMatch, by: Actor) -> Result<(), Error> {
        let _turn = self.turn().await?;
        let before = self.changeable(id, if_match)?;
        let current = before.current();
        let change = SchemeChange {
            kind: ChangeKind::Deleted,
            by: by.clone(),
            at: self.now(),
            revision: before.next_revision(),
            version: current.version.clone(),
            text: current.text.clone(),
        };
        // The pause goes last: without it a paused scheme would run until it is deleted.
        self.append(&Setting::Scheme(before.changed(change))).await?;
        info!(scheme.id = %id, %by, "scheme deleted");
        self.set_pause(Pausable::Scheme(id.clone()), false, by).await
    }

    /// Pauses or resumes a source or a scheme that is there.
    ///
    /// # Errors
    /// [`Error::Busy`] if another change takes too long; [`Error::Log`] and [`Error::Unseen`] if it is not known that
    /// it is done.
    pub async fn pause(&self, of: Pausable, paused: bool, by: Actor) -> Result<(), Error> {
        let _turn = self.turn().await?;
        self.set_pause(of, paused, by).await
    }

    /// Stops `run` after its begun steps.
    ///
    /// # Errors
    /// As [`Settings::pause`].
    pub async fn cancel_run(&self, run: RunId, by: Actor) -> Result<(), Error> {
        let _turn = self.turn().await?;
        if self.state().is_cancelled(&run) {
            return Ok(());
        }
        info!(run.id = %run, %by, "run cancelled");
        self.append(&Setting::CancelledRun(CancelledRun { run, by, at: self.now() })).await
    }

    /// Ends sessions of the console now, for all processes.
    ///
    /// # Errors
    /// As [`Settings::pause`].
    pub async fn end_sessions(&self, of: WhichSessions) -> Result<(), Error> {
        let _turn = self.turn().await?;
        self.append(&Setting::SessionsEnded(SessionsEnded { of, at: self.now() })).await
    }

    /// Removes runs from the run log, those that have ended by now.
    ///
    /// # Errors
    /// As [`Settings::pause`].
    pub async fn delete_runs(&self, deleted: DeletedRuns) -> Result<(), Error> {
        let _turn = self.turn().await?;
        let deleted = DeletedRuns { at: self.now(), ..deleted };
        info!(deletion.id = %deleted.id, by = %deleted.by, reason = deleted.reason, "runs removed from the run log");
        self.append(&Setting::DeletedRuns(deleted)).await
    }

    /// Removes settings that are no longer needed: ended sessions, cancelled runs and the history of deleted schemes, after a year;
    /// drafts, after a week; picks, after a day.
    ///
    /// # Errors
    /// As [`Settings::pause`]. The next call removes the rest.
    pub async fn forget_outlived(&self) -> Result<(), Error> {
        let _turn = self.turn().await?;
        let outlived = self.state().outlived(self.now());
        for key in outlived {
            self.append_record(Record { key, payload: bytes::Bytes::new() }).await?;
        }
        Ok(())
    }

    pub(super) async fn set_pause(&self, of: Pausable, paused: bool, by: Actor) -> Result<(), Error> {
        if self.state().is_paused(&of) == paused {
            return Ok(());
        }
        info!(%of, paused, %by, "paused or resumed");
        self.append(&Setting::Pause(Pause { of, paused, by, at: self.now() })).await
    }

    async fn store(
        &self,
        scheme: &Scheme,
        before: Option<&StoredScheme>,
        kind: ChangeKind,
        by: Actor,
    ) -> Result<SchemeView, Error> {
        let change = SchemeChange {
            kind,
            by,
            at: self.now(),
            revision: before.map_or(1, StoredScheme::next_revision),
            version: scheme.reference().version,
            text: canonical(scheme)?,
        };
        let id = scheme.id.clone();
        info!(scheme.id = %id, by = %change.by, revision = change.revision, "scheme stored");
        let stored = match before {
            Some(before) => before.changed(change),
            None => StoredScheme::new(id.clone(), change),
        };
        self.append(&Setting::Scheme(stored)).await?;
        self.get(&id).ok_or(Error::NoScheme(id)) // another replica may have deleted it in this very moment
    }

    /// Refuses an id that is taken.
    fn free(&self, id: &SchemeId) -> Result<(), Error> {
        match self.get(id) {
            Some(_) => Err(Error::Exists(id.clone())),
            None => Ok(()),
        }
    }

    /// The stored scheme, if the caller may change it.
    fn changeable(&self, id: &SchemeId, if_match: &IfMatch) -> Result<Arc<StoredScheme>, Error> {
        let state = self.state();
        if state.is_provisioned(id) {
            return Err(Error::Provisioned(id.clone()));
        }
        let stored = state.stored_scheme(id).filter(|stored| !stored.is_deleted());
        let stored = stored.ok_or_else(|| Error::NoScheme(id.clone()))?;
        if if_match.allows(&stored.tag()) { Ok(stored) } else { Err(Error::Stale) }
    }

    /// The time by the clock of the settings.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(super) async fn turn(&self) -> Result<MutexGuard<'_, ()>, Error> {
        timeout(TURN_TIMEOUT, self.0.writing.lock()).await.map_err(|_| Error::Busy)
    }

    pub(super) async fn append(&self, setting: &Setting) -> Result<(), Error> {
        self.append_record(Record { key: setting.key(), payload: codec::encode(setting) }).await
    }

    /// Appends, and waits until this process has the record in its state.
    pub(super) async fn append_record(&self, record: Record) -> Result<(), Error> {
        let position = self.0.log.append(Stream::Settings, record).await?;
        let place = usize::from(position.partition.0);
        let mut next = self.0.next.subscribe();
        let seen = next.wait_for(|next| next.get(place).is_some_and(|next| *next > position.offset));
        match timeout(VISIBLE_TIMEOUT, seen).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => {
                warn!(partition = %position.partition, offset = position.offset, "a setting does not come back from the log");
                Err(Error::Unseen)
            }
        }
    }
}

/// The content of `scheme`, as it is stored.
fn canonical(scheme: &Scheme) -> Result<String, Error> {
    let text = serde_json::to_string(scheme)
        .map_err(|error| Error::Invalid(vec![Wrong::whole(crate::words::json(&error))]))?;
    if text.len() <= MAX_SCHEME_BYTES {
        return Ok(text);
    }
    let message = format!("the scheme is {} bytes long; {MAX_SCHEME_BYTES} is the most", text.len());
    Err(Error::Invalid(vec![Wrong::whole(message)]))
}
