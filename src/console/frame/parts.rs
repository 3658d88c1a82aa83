//! The values that components show.

use std::fmt::Display;

use crate::{
    admin::SourceState,
    domain::StepResult,
    views::{LetterState, RunState},
};

/// The meaning of a badge, a notice or a bar: it decides icon and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::console) enum Kind {
    Done,
    Info,
    Running,
    Held,
    Warn,
    Danger,
    Test,
    Off,
}

impl Kind {
    pub(in crate::console) const ALL: [Self; 8] =
        [Self::Done, Self::Info, Self::Running, Self::Held, Self::Warn, Self::Danger, Self::Test, Self::Off];

    /// The class of its colour.
    pub(in crate::console) const fn colour(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Info | Self::Running => "info",
            Self::Held | Self::Warn => "warn",
            Self::Danger => "danger",
            Self::Test => "test",
            Self::Off => "off",
        }
    }

    /// The name of its icon.
    pub(in crate::console) const fn icon(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Info => "info",
            Self::Running => "running",
            Self::Held => "held",
            Self::Warn => "warn",
            Self::Danger => "danger",
            Self::Test => "test",
            Self::Off => "off",
        }
    }
}

/// A kind with its word.
#[derive(Debug, Clone)]
pub(in crate::console) struct Badge {
    pub(in crate::console) kind: Kind,
    pub(in crate::console) word: &'static str,
}

impl Badge {
    pub(in crate::console) const fn new(kind: Kind, word: &'static str) -> Self {
        Self { kind, word }
    }
}

impl From<RunState> for Badge {
    fn from(state: RunState) -> Self {
        match state {
            RunState::Running => Self::new(Kind::Running, "Running"),
            RunState::Held => Self::new(Kind::Held, "Held"),
            RunState::Done => Self::new(Kind::Done, "Done"),
            RunState::Failed => Self::new(Kind::Danger, "Failed"),
            RunState::Cancelled => Self::new(Kind::Off, "Cancelled"),
        }
    }
}

impl From<SourceState> for Badge {
    fn from(state: SourceState) -> Self {
        match state {
            SourceState::Running => Self::new(Kind::Done, "Running"),
            SourceState::Unreachable => Self::new(Kind::Warn, "Unreachable"),
            SourceState::Halted => Self::new(Kind::Danger, "Halted"),
            SourceState::Broken => Self::new(Kind::Danger, "Broken"),
        }
    }
}

impl From<LetterState> for Badge {
    fn from(state: LetterState) -> Self {
        match state {
            LetterState::Open => Self::new(Kind::Danger, "Open"),
            LetterState::Redriven => Self::new(Kind::Running, "Taken up again"),
            LetterState::Resolved => Self::new(Kind::Done, "Resolved"),
            LetterState::Dismissed => Self::new(Kind::Off, "Dismissed"),
        }
    }
}

impl From<StepResult> for Badge {
    fn from(result: StepResult) -> Self {
        match result {
            StepResult::Changed => Self::new(Kind::Done, "Changed"),
            StepResult::Unchanged => Self::new(Kind::Done, "So already"),
            StepResult::Tested => Self::new(Kind::Test, "Test"),
            StepResult::Held => Self::new(Kind::Held, "Held"),
            StepResult::Failed => Self::new(Kind::Danger, "Failed"),
        }
    }
}

/// A page of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::console) enum Place {
    Today,
    Schemes,
    Bulk,
    Runs,
    DeadLetters,
    Users,
    Sources,
    Audit,
    Settings,
    /// No page of the rail.
    Nowhere,
}

impl Place {
    /// All pages of the rail: word, path and icon.
    pub(in crate::console) const RAIL: &'static [(Self, &'static str, &'static str, &'static str)] = &[
        (Self::Today, "Today", "/", "today"),
        (Self::Schemes, "Schemes", "/schemes", "schemes"),
        (Self::Bulk, "Bulk", "/bulk", "bulk"),
        (Self::Runs, "Runs", "/runs", "runs"),
        (Self::DeadLetters, "Dead letters", "/dead-letters", "letters"),
        (Self::Users, "Users", "/users", "users"),
        (Self::Sources, "Sources", "/sources", "sources"),
        (Self::Audit, "Who did what", "/audit", "audit"),
        (Self::Settings, "Settings", "/settings", "settings"),
    ];
}

/// A page of the rail as it is shown.
pub(in crate::console) struct RailItem {
    pub(in crate::console) word: &'static str,
    pub(in crate::console) path: &'static str,
    pub(in crate::console) icon: &'static str,
    pub(in crate::console) is_here: bool,
}

/// The form that switches to another source, on pages that are about one.
pub(in crate::console) struct Switcher {
    pub(in crate::console) action: &'static str,
    pub(in crate::console) choices: Vec<Choice>,
    pub(in crate::console) chosen: String,
    /// The other filters of the page, which stay: the name and the value of each.
    pub(in crate::console) kept: Vec<Choice>,
}

/// A choice of a field.
#[derive(Debug, Clone)]
pub(in crate::console) struct Choice {
    pub(in crate::console) value: String,
    pub(in crate::console) word: String,
}

impl Choice {
    pub(in crate::console) fn new(value: impl ToString, word: impl ToString) -> Self {
        Self { value: value.to_string(), word: word.to_string() }
    }
}

/// A filter that is on.
pub(in crate::console) struct Chip {
    pub(in crate::console) name: &'static str,
    pub(in crate::console) value: String,
    /// The address without it.
    pub(in crate::console) without: String,
}

/// The pages of a list.
#[derive(Default)]
pub(in crate::console) struct Pages {
    /// The first page, if this is another one.
    pub(in crate::console) first: Option<String>,
    /// The next page.
    pub(in crate::console) older: Option<String>,
}

/// A number that leads to a list.
pub(in crate::console) struct Number {
    pub(in crate::console) class: &'static str,
    pub(in crate::console) value: u64,
    pub(in crate::console) word: &'static str,
    pub(in crate::console) path: String,
}

/// A name with its value: a text, a time, or both.
pub(in crate::console) struct Fact {
    pub(in crate::console) name: &'static str,
    pub(in crate::console) value: String,
    pub(in crate::console) at: Option<super::Moment>,
}

/// A number of things in words, with the noun for one of them.
pub(in crate::console) fn counted<N: Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// A number of users in words.
pub(in crate::console) fn users(count: u64) -> String {
    counted(count, "user")
}

/// The mistakes in a form that was sent.
#[derive(Debug, Default)]
pub(in crate::console) struct Errors {
    pub(in crate::console) title: &'static str,
    pub(in crate::console) items: Vec<FieldError>,
}

/// One fault.
#[derive(Debug)]
pub(in crate::console) struct FieldError {
    /// The id of the field; empty if it is about the whole form.
    pub(in crate::console) field: &'static str,
    pub(in crate::console) text: String,
}

impl Errors {
    /// One fault.
    pub(in crate::console) fn one(title: &'static str, field: &'static str, text: impl Into<String>) -> Self {
        Self { title, items: vec![FieldError { field, text: text.into() }] }
    }

    /// Several: each with the id of its field.
    pub(in crate::console) fn several(
        title: &'static str,
        faults: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        Self { title, items: faults.into_iter().map(|(field, text)| FieldError { field, text }).collect() }
    }

    pub(in crate::console) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether one of them is about `field`.
    pub(in crate::console) fn about(&self, field: &str) -> bool {
        self.items.iter().any(|item| item.field == field)
    }
}
