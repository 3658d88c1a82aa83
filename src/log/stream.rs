//! The streams of the log, and what is kept of each.

use std::{fmt, time::Duration};

/// A stream of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// The events of users.
    Events,
    /// The planner's answers.
    Decisions,
    /// Attempts and what became of steps.
    Outcomes,
    /// Events and steps that were given up.
    DeadLetters,
    /// Requests for sweeps, by schedules and administrators.
    Sweeps,
    /// The progress of sweeps.
    SweepProgress,
    /// The settings of administrators: schemes, pauses. Compacted.
    Settings,
    /// The activity of each user. Compacted.
    Activity,
    /// The place in the feed of each source. Compacted.
    Feeds,
    /// Claims on administrators who are about to lose something. Compacted.
    Claims,
    /// The acts of administrators on usher.
    AdminActions,
}

impl Stream {
    /// All streams.
    pub const ALL: [Self; 11] = [
        Self::Events,
        Self::Decisions,
        Self::Outcomes,
        Self::DeadLetters,
        Self::Sweeps,
        Self::SweepProgress,
        Self::Settings,
        Self::Activity,
        Self::Feeds,
        Self::Claims,
        Self::AdminActions,
    ];

    /// Whether the latest record of each key is kept for ever, and earlier ones may go; otherwise records are kept for
    /// a time.
    pub const fn is_compacted(self) -> bool {
        matches!(self, Self::Settings | Self::Activity | Self::Feeds | Self::Claims)
    }

    /// The stream whose work this one records; none if it records none. An unfinished record must not come again after
    /// the record of its work is gone.
    pub const fn tells_of(self) -> Option<Self> {
        match self {
            Self::Decisions => Some(Self::Events),
            Self::Outcomes => Some(Self::Decisions),
            Self::SweepProgress => Some(Self::Sweeps),
            Self::Events
            | Self::DeadLetters
            | Self::Sweeps
            | Self::Settings
            | Self::Activity
            | Self::Feeds
            | Self::Claims
            | Self::AdminActions => None,
        }
    }

    /// The longest time for which overwritten records must stay in a compacted stream, if only the latest record of a
    /// key is used; none: as long as other records.
    pub const fn keeps_written_over(self) -> Option<Duration> {
        match self {
            // Each record can be long, and one follows the other.
            Self::Feeds => Some(Duration::from_mins(10)),
            Self::Events
            | Self::Decisions
            | Self::Outcomes
            | Self::DeadLetters
            | Self::Sweeps
            | Self::SweepProgress
            | Self::Settings
            | Self::Activity
            | Self::Claims
            | Self::AdminActions => None,
        }
    }

    /// The time for which each record is kept at least, if that is longer than usual.
    pub const fn keeps_longer(self) -> Option<Duration> {
        match self {
            Self::AdminActions => Some(Duration::from_hours(24 * 400)),
            Self::Events
            | Self::Decisions
            | Self::Outcomes
            | Self::DeadLetters
            | Self::Sweeps
            | Self::SweepProgress
            | Self::Settings
            | Self::Activity
            | Self::Feeds
            | Self::Claims => None,
        }
    }

    /// The name: the label in metrics and, after the prefix, the topic.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Decisions => "decisions",
            Self::Outcomes => "outcomes",
            Self::DeadLetters => "dead-letters",
            Self::Sweeps => "sweeps",
            Self::SweepProgress => "sweep-progress",
            Self::Settings => "settings",
            Self::Activity => "activity",
            Self::Feeds => "feeds",
            Self::Claims => "claims",
            Self::AdminActions => "admin-actions",
        }
    }
}

impl Stream {
    /// The stream of that name; none if this version does not know it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stream| stream.as_str() == name)
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
