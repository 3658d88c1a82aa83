//! Reports of products that usher does not take in, because they are irrelevant or can't be read.

/// The reason why usher ignores a report. It is a closed set, because it labels a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// "Test connection".
    Ping,
    /// JSON, and neither an object nor an array of them.
    NoObject,
    /// The report does not say what happened.
    NoEvent,
    /// The event is not about a user.
    OtherEvent,
    /// The event does not name the user.
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

    /// The reason in words, for the answer to the sender.
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

/// The kind of a product's record that can't be read.
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
