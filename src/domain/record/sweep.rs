//! Sweeps over all users of a source: the requests for them, and their progress.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    Actor, Comparison, Limits, NewcomerOrder, RunId, Scheme, SchemeId, SchemeRef, SourceId, SweepId, Timestamp, UserKey,
};

/// The cause of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The clock.
    Schedule,
    /// An administrator's "run now".
    Manual,
    /// An administrator has a run undone.
    Undo,
    /// An administrator's bulk action.
    Bulk,
}

impl Cause {
    /// The word used in the API, as the trigger of a run.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
            Self::Undo => "undo",
            Self::Bulk => "bulk",
        }
    }
}

/// One scheme's part of a sweep: one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepRun {
    /// The scheme, as it was when the sweep was requested.
    pub scheme: SchemeRef,
    /// Whether it was in test mode.
    pub test_mode: bool,
    /// The number of users it may change before an administrator has to look at it; none if nothing waits for the
    /// count.
    pub limits: Limits,
}

impl SweepRun {
    /// The part of `scheme`. In test mode nothing is changed, so nothing waits for the count.
    pub fn of(scheme: &Scheme) -> Self {
        let limits = if scheme.test_mode { Limits::default() } else { scheme.limits };
        Self { scheme: scheme.reference(), test_mode: scheme.test_mode, limits }
    }
}

/// A requested sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedSweep {
    /// Names it.
    pub sweep: SweepId,
    /// The source.
    pub source: SourceId,
    /// The schemes' parts.
    pub runs: Vec<SweepRun>,
    /// The cause.
    pub cause: Cause,
    /// The due time, if a schedule requested it. A scheme runs once for each due time.
    pub due: Option<Timestamp>,
    /// The time of the request.
    pub at: Timestamp,
    /// The author of the request; none if it was a schedule, or an older version wrote it.
    pub by: Option<Actor>,
    /// The run that is undone, if it is an undo. Then no list is read, and no scheme is asked.
    pub undo_of: Option<RunId>,
    /// The author's reason.
    pub reason: Option<String>,
}

/// An administrator's order about one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOrder {
    /// The sweep.
    pub sweep: SweepId,
    /// The scheme.
    pub scheme: SchemeId,
    /// The source.
    pub source: SourceId,
    /// The time.
    pub at: Timestamp,
    /// The later run of the scheme that takes the place of this one. Only a run that is held gives way to one.
    pub superseded_by: Option<RunId>,
    /// The author; none if an older version wrote it.
    pub by: Option<Actor>,
}

/// The time from which the schedule of a scheme counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Armed {
    /// The scheme.
    pub scheme: SchemeId,
    /// Its source.
    pub source: SourceId,
    /// The pattern and time zone: with others it is another clock.
    pub schedule: String,
    /// Times due until then are not caught up.
    pub at: Timestamp,
}

/// One record of the stream of requests for sweeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SweepRequest {
    /// List the users.
    Asked(AskedSweep),
    /// Release a held run.
    Release(RunOrder),
    /// End a run.
    Cancel(RunOrder),
    /// The clock counts from here.
    Armed(Armed),
    /// Go on with newcomers who are held.
    Newcomers(NewcomerOrder),
}

impl SweepRequest {
    /// The source.
    pub fn source(&self) -> &SourceId {
        match self {
            Self::Asked(asked) => &asked.source,
            Self::Release(order) | Self::Cancel(order) => &order.source,
            Self::Armed(armed) => &armed.source,
            Self::Newcomers(order) => &order.source,
        }
    }

    /// All requests of a source are in one partition.
    pub fn key(&self) -> UserKey {
        UserKey::of_source(self.source())
    }
}

impl RunOrder {
    /// The run.
    pub fn run(&self) -> RunId {
        RunId::of_sweep(&self.sweep, &self.scheme)
    }
}

/// The schemes that a sweep evaluates for each user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepPlan {
    /// The schemes that run.
    pub schemes: Vec<SchemeId>,
    /// The schemes whose steps wait until the users are counted.
    pub limited: BTreeSet<SchemeId>,
    /// The schemes that were in test mode at the request.
    #[serde(default)]
    pub tested: BTreeSet<SchemeId>,
    /// The version of each scheme at the request. A scheme with another version selects nobody. Empty if it was not
    /// kept.
    #[serde(default)]
    pub versions: BTreeMap<SchemeId, String>,
    /// The run that is undone, if it is an undo.
    #[serde(default)]
    pub undo_of: Option<RunId>,
}

impl SweepPlan {
    /// The plan of a sweep with `runs`.
    pub fn of(runs: &[SweepRun]) -> Self {
        let those =
            |wanted: fn(&SweepRun) -> bool| runs.iter().filter(move |run| wanted(run)).map(|run| run.scheme.id.clone());
        Self {
            schemes: those(|_| true).collect(),
            limited: those(|run| !run.limits.is_empty()).collect(),
            tested: those(|run| run.test_mode).collect(),
            versions: runs.iter().map(|run| (run.scheme.id.clone(), run.scheme.version.clone())).collect(),
            undo_of: None,
        }
    }
}

/// One record of the progress of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepProgress {
    /// The sweep.
    pub sweep: SweepId,
    /// The source.
    pub source: SourceId,
    /// The time.
    pub at: Timestamp,
    /// The step.
    pub step: SweepStep,
}

impl SweepProgress {
    /// The key of its record: in the partition of the requests.
    pub fn key(&self) -> UserKey {
        UserKey::of_source(&self.source)
    }
}

/// The expected number of calls of a sweep, from the facts at its begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Estimate {
    /// Users in the list, by the last one.
    pub users: u64,
    /// Calls to look at the users, without the changes: pages of the list, pages of groups' members, and users read one
    /// by one.
    pub calls: u64,
    /// The time of these calls at the source's `rate.per_second`, in seconds.
    pub seconds: u64,
}

/// The sizes of the last lists of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLists {
    /// Users in the last list.
    pub users: u64,
    /// Its pages.
    pub pages: u64,
}

/// A step in the progress of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SweepStep {
    /// The sweep begins. This is written before any other record of the sweep.
    Started {
        /// The runs, without those that have run for this time already.
        runs: Vec<SweepRun>,
        /// The cause.
        cause: Cause,
        /// The due time, if a schedule requested it.
        due: Option<Timestamp>,
        /// The lowest offset of events that its first sighting can have, by partition.
        from: Vec<u64>,
        /// The run that is undone, if it is an undo.
        undo_of: Option<RunId>,
    },
    /// The expected number of calls.
    Estimated(Estimate),
    /// Everybody before the cursor has been sighted.
    Listed {
        /// The cursor of the next page.
        cursor: String,
        /// The number of users so far.
        seen: u64,
    },
    /// Everybody in the list has been sighted.
    ListingEnded {
        /// The number of users.
        seen: u64,
        /// The reason why users may be missing from the list; none if it is known to be complete.
        incomplete: Option<String>,
        /// Whether it was a list of users in a scheme. Such a list says nothing about the source's own list.
        named: bool,
    },
    /// The run of this scheme waits for an administrator.
    Held {
        /// The scheme.
        scheme: SchemeId,
        /// The limit that it would exceed.
        why: String,
    },
    /// The steps of the run of this scheme are taken.
    Released {
        /// The scheme.
        scheme: SchemeId,
        /// The number of users.
        users: u64,
    },
    /// The run of this scheme goes no further.
    Cancelled {
        /// The scheme.
        scheme: SchemeId,
    },
    /// The run of this scheme, which was held, goes no further, because a later one takes its place.
    Superseded {
        /// The scheme.
        scheme: SchemeId,
        /// The later run.
        by: RunId,
    },
    /// The users can't be listed.
    Failed {
        /// Why.
        why: String,
    },
    /// The users of the source were compared with the known users. This has no end.
    Compared(Comparison),
}
