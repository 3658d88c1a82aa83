//! What administrators set while usher runs: stored schemes, pauses, cancelled runs. And what the log says of itself.

mod actor;
mod recreation;
mod stored_scheme;

use std::fmt;

pub use actor::{Actor, InvalidActor};
pub use recreation::OutcomesRecreated;
pub use stored_scheme::{ChangeKind, SchemeChange, StoredScheme};

use crate::domain::{RunId, SchemeId, SourceId, Timestamp, UserKey};

/// One record of the stream of settings. The latest of each [key](Setting::key) counts; one without content takes the
/// setting back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// A scheme that is not in the configuration file.
    Scheme(StoredScheme),
    /// Whether something is paused.
    Pause(Pause),
    /// A run that is to do no more.
    CancelledRun(CancelledRun),
    /// A partition of the outcomes that was lost. The log sets it, nobody else.
    OutcomesRecreated(OutcomesRecreated),
}

impl Setting {
    /// What it is kept under.
    pub fn key(&self) -> UserKey {
        match self {
            Self::Scheme(stored) => StoredScheme::key_of(&stored.id),
            Self::Pause(pause) => pause.of.key(),
            Self::CancelledRun(cancelled) => CancelledRun::key_of(&cancelled.run),
            Self::OutcomesRecreated(recreated) => recreated.key(),
        }
    }
}

/// What can be paused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pausable {
    /// Nothing of the source is called.
    Source(SourceId),
    /// The scheme is not asked, and its steps are held.
    Scheme(SchemeId),
}

impl Pausable {
    /// What is kept under it: whether it is paused.
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

/// Whether something is paused, and by whom it was paused or resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What.
    pub of: Pausable,
    /// True: it rests.
    pub paused: bool,
    /// Who said so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// A run that is to do no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelledRun {
    /// Which.
    pub run: RunId,
    /// Who said so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl CancelledRun {
    /// What is kept under it: whether `run` is cancelled.
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
