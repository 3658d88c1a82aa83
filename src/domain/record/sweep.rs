//! Sweeps over all users of a source: what asks for them, and how far they have come.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::{
    Actor, Comparison, Limits, NewcomerOrder, RunId, Scheme, SchemeId, SchemeRef, SourceId, SweepId, Timestamp, UserKey,
};

/// What set a sweep off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The clock.
    Schedule,
    /// An administrator's "run now".
    Manual,
}

impl Cause {
    /// The word used in the API: what a run says its trigger was.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Manual => "manual",
        }
    }
}

/// One scheme's part in a sweep: one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepRun {
    /// The scheme, as it was when the sweep was asked for.
    pub scheme: SchemeRef,
    /// Whether it was in test mode.
    pub test_mode: bool,
    /// How many users it may select before an administrator has to look at it; none where nothing waits for the count.
    pub limits: Limits,
}

impl SweepRun {
    /// The part of `scheme`. In test mode nothing is changed, so nothing waits for the count.
    pub fn of(scheme: &Scheme) -> Self {
        let limits = if scheme.test_mode { Limits::default() } else { scheme.limits };
        Self { scheme: scheme.reference(), test_mode: scheme.test_mode, limits }
    }
}

/// A sweep that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedSweep {
    /// Names it.
    pub sweep: SweepId,
    /// Whose users.
    pub source: SourceId,
    /// For which schemes.
    pub runs: Vec<SweepRun>,
    /// What set it off.
    pub cause: Cause,
    /// When the clock was to strike, where it did. A scheme runs once for each such time.
    pub due: Option<Timestamp>,
    /// When it was asked for.
    pub at: Timestamp,
    /// Who asked; none where the clock did, or an older version wrote it.
    pub by: Option<Actor>,
}

/// One run that an administrator decides on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOrder {
    /// The sweep it belongs to.
    pub sweep: SweepId,
    /// The scheme.
    pub scheme: SchemeId,
    /// The source.
    pub source: SourceId,
    /// When.
    pub at: Timestamp,
    /// The later run of the scheme that takes the place of this one. Only a run that is held gives way to one.
    pub superseded_by: Option<RunId>,
    /// Who decided so; none where an older version wrote it.
    pub by: Option<Actor>,
}

/// From when on the clock counts for a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Armed {
    /// Which scheme.
    pub scheme: SchemeId,
    /// Its source.
    pub source: SourceId,
    /// The pattern and time zone: with others it is another clock.
    pub schedule: String,
    /// Times due until then are not caught up.
    pub at: Timestamp,
}

/// One record of the stream of sweeps that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SweepRequest {
    /// List the users.
    Asked(AskedSweep),
    /// Let a run that is held go on.
    Release(RunOrder),
    /// End a run.
    Cancel(RunOrder),
    /// The clock counts from here.
    Armed(Armed),
    /// Go on with newcomers who are held.
    Newcomers(NewcomerOrder),
}

impl SweepRequest {
    /// Whose it is.
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

/// Which schemes a sweep asks about each user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepPlan {
    /// The schemes that run.
    pub schemes: Vec<SchemeId>,
    /// Those whose steps wait until users are counted.
    pub limited: BTreeSet<SchemeId>,
    /// Those that were in test mode when the sweep was asked for.
    #[serde(default)]
    pub tested: BTreeSet<SchemeId>,
    /// What each scheme said then: one that says something else by now selects nobody. Empty where it was not kept.
    #[serde(default)]
    pub versions: BTreeMap<SchemeId, String>,
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
        }
    }
}

/// One record of how far a sweep has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepProgress {
    /// Which sweep.
    pub sweep: SweepId,
    /// Whose users.
    pub source: SourceId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: SweepStep,
}

impl SweepProgress {
    /// In the partition of the requests.
    pub fn key(&self) -> UserKey {
        UserKey::of_source(&self.source)
    }
}

/// How much a sweep is expected to ask of the product, from what is known when it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Estimate {
    /// Users in the list, by the last one.
    pub users: u64,
    /// Calls to look at them, without the changes: pages of the list, pages of groups' members, and users read one by one.
    pub calls: u64,
    /// How long these calls take at the source's `rate.per_second`, in seconds.
    pub seconds: u64,
}

/// What is known of the last lists of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLists {
    /// Users in the last list.
    pub users: u64,
    /// Its pages.
    pub pages: u64,
}

/// What a sweep has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SweepStep {
    /// It begins. Written before anything else of it.
    Started {
        /// The runs, without those that had run for this time already.
        runs: Vec<SweepRun>,
        /// What set it off.
        cause: Cause,
        /// When the clock was to strike, where it did.
        due: Option<Timestamp>,
        /// By partition, the offset of events that its first sighting can have.
        from: Vec<u64>,
    },
    /// How much it is expected to ask of the product.
    Estimated(Estimate),
    /// Everybody before the cursor has been sighted.
    Listed {
        /// Where the next page begins.
        cursor: String,
        /// How many users so far.
        seen: u64,
    },
    /// Everybody in the list has been sighted.
    ListingEnded {
        /// How many users.
        seen: u64,
        /// Why others may be missing from the list; none where it is known to be whole.
        incomplete: Option<String>,
        /// Whether it was a list of users in a scheme, which says nothing of the source's own list.
        named: bool,
    },
    /// The run of this scheme waits for an administrator.
    Held {
        /// Whose run.
        scheme: SchemeId,
        /// Which limit it would go past.
        why: String,
    },
    /// The steps of the run of this scheme are taken.
    Released {
        /// Whose run.
        scheme: SchemeId,
        /// Of how many users.
        users: u64,
    },
    /// The run of this scheme goes no further.
    Cancelled {
        /// Whose run.
        scheme: SchemeId,
    },
    /// The run of this scheme, which was held, goes no further, because a later one takes its place.
    Superseded {
        /// Whose run.
        scheme: SchemeId,
        /// The later run.
        by: RunId,
    },
    /// The users can't be listed.
    Failed {
        /// Why.
        why: String,
    },
    /// The users of the source were compared with those that usher knows, which goes on for ever.
    Compared(Comparison),
}
