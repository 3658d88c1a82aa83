//! What of that which products tell is not taken in: what is of no interest, and what can't be read.

/// Why usher does not look at something that a product told of. A closed set: it labels a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// "Test connection".
    Ping,
    /// JSON, and neither an object nor an array of them.
    NoObject,
    /// It says not what happened.
    NoEvent,
    /// It happened to something else than a user.
    OtherEvent,
    /// It happened to a user who is not named.
    NoUser,
    /// An entry of an audit log about something else than a login or a creation.
    OtherEntry,
    /// An entry about a login or a creation that names no user.
    EntryWithoutUser,
    /// A page of an audit log without an entry.
    NoEntry,
}

impl Ignored {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Ping,
        Self::NoObject,
        Self::NoEvent,
        Self::OtherEvent,
        Self::NoUser,
        Self::OtherEntry,
        Self::EntryWithoutUser,
        Self::NoEntry,
    ];

    /// The label of the metric.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::NoObject => "no_object",
            Self::NoEvent => "no_event",
            Self::OtherEvent => "other_event",
            Self::NoUser => "no_user",
            Self::OtherEntry => "other_entry",
            Self::EntryWithoutUser => "entry_without_user",
            Self::NoEntry => "no_entry",
        }
    }

    /// In words: what the sender is answered.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::NoObject => "the body is no object",
            Self::NoEvent => "the body names no event",
            Self::OtherEvent => "not an event about a user",
            Self::NoUser => "the body names no user",
            Self::OtherEntry => "not a login or a creation",
            Self::EntryWithoutUser => "the entry names no user",
            Self::NoEntry => "there is no entry",
        }
    }
}

/// What kind of record of a product could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// An entry of an audit log.
    AuditEntry,
}

impl RecordKind {
    /// The label of the metric.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuditEntry => "audit_entry",
        }
    }
}
