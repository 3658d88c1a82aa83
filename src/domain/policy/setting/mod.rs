//! The settings that administrators change while usher runs: stored sources, stored schemes and drafts, picks of users,
//! pauses, cancelled runs.

mod actor;
mod bulk;
mod deleted_runs;
mod draft;
mod milestone;
mod pick;
mod recreation;
mod saved_filter;
mod sessions_ended;
mod stored_scheme;
mod stored_source;

use std::fmt;

pub use actor::{Actor, InvalidActor};
pub use bulk::Bulk;
pub use deleted_runs::{DeletedRuns, Matching, RunSelection};
pub use draft::{BasedOn, Draft};
pub use milestone::{Milestone, MilestoneReached};
pub use pick::Pick;
pub use recreation::OutcomesRecreated;
pub use saved_filter::SavedFilter;
pub use sessions_ended::{SessionsEnded, WhichSessions};
pub use stored_scheme::{ChangeKind, SchemeChange, StoredScheme};
pub use stored_source::{SealedSecret, SourceContent, StoredSource};

use crate::domain::{RunId, SchemeId, SourceId, Timestamp, UserKey};

/// One record of the stream of settings. The latest record of each [key](Setting::key) counts. A record without content
/// removes the setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// A scheme that is not in the configuration file.
    Scheme(StoredScheme),
    /// Whether something is paused.
    Pause(Pause),
    /// A run that is to do no more.
    CancelledRun(CancelledRun),
    /// A scheme that somebody is still writing.
    Draft(Draft),
    /// A lost partition of the outcomes. Only the log sets it.
    OutcomesRecreated(OutcomesRecreated),
    /// Sessions of the console that have ended.
    SessionsEnded(SessionsEnded),
    /// Runs that are removed from the run log.
    DeletedRuns(DeletedRuns),
    /// A step of the beginning that was reached.
    Milestone(MilestoneReached),
    /// A source that is not in the configuration file.
    Source(StoredSource),
    /// Something that is done once to picked users.
    Bulk(Bulk),
    /// Users that somebody chose for one bulk action.
    Pick(Pick),
    /// A filter of users under a name.
    Filter(SavedFilter),
}

impl Setting {
    /// The key of its record.
    pub fn key(&self) -> UserKey {
        match self {
            Self::Scheme(stored) => StoredScheme::key_of(&stored.id),
            Self::Pause(pause) => pause.of.key(),
            Self::CancelledRun(cancelled) => CancelledRun::key_of(&cancelled.run),
            Self::Draft(draft) => Draft::key_of(&draft.id),
            Self::OutcomesRecreated(recreated) => recreated.key(),
            Self::SessionsEnded(ended) => ended.of.key(),
            Self::DeletedRuns(deleted) => DeletedRuns::key_of(&deleted.id),
            Self::Milestone(reached) => reached.milestone.key(),
            Self::Source(stored) => StoredSource::key_of(&stored.id),
            Self::Bulk(bulk) => Bulk::key_of(&bulk.id),
            Self::Pick(pick) => Pick::key_of(&pick.id),
            Self::Filter(filter) => SavedFilter::key_of(&filter.id),
        }
    }
}

/// A source or scheme that can be paused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pausable {
    /// A source: usher does not call it.
    Source(SourceId),
    /// The scheme is not asked, and its steps are held.
    Scheme(SchemeId),
}

impl Pausable {
    /// The key of the record that says whether it is paused.
    pub fn key(&self) -> UserKey {
        match self {
            Self::Source(id) => UserKey::of_setting("source-pause", id.as_str()),
            Self::Scheme(id) => UserKey::of_setting("scheme-pause", id.as_str()),
        }
    }
}

impl fmt::Display for Pausable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(id) => write!(f, "source {id}"),
            Self::Scheme(id) => write!(f, "scheme {id}"),
        }
    }
}

/// The pause of a source or scheme, with the author of the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// The source or scheme.
    pub of: Pausable,
    /// True: it rests.
    pub paused: bool,
    /// The author.
    pub by: Actor,
    /// The time of the change.
    pub at: Timestamp,
}

/// A run that is to do no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelledRun {
    /// The run.
    pub run: RunId,
    /// The author.
    pub by: Actor,
    /// The time of the change.
    pub at: Timestamp,
}

impl CancelledRun {
    /// The key of the record that says whether `run` is cancelled.
    pub fn key_of(run: &RunId) -> UserKey {
        UserKey::of_setting("cancelled-run", run.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_different_kinds_have_different_keys_and_none_is_a_users() {
        let pause =
            |of| Setting::Pause(Pause { of, paused: true, by: Actor::default(), at: Timestamp::from_millis(0) });
        let keys = [
            StoredScheme::key_of(&"a".parse().expect("an id")),
            StoredSource::key_of(&"a".parse().expect("an id")),
            pause(Pausable::Source("a".parse().expect("an id"))).key(),
            pause(Pausable::Scheme("a".parse().expect("an id"))).key(),
        ];
        let texts: std::collections::BTreeSet<_> = keys.iter().map(UserKey::as_str).collect();
        assert_eq!(texts.len(), keys.len());
        for key in &keys {
            assert!(key.source().parse::<SourceId>().is_err(), "{key:?}");
            assert_eq!(UserKey::parse(key.as_str()).as_ref(), Some(key));
        }
    }
}
