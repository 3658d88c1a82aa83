//! The words that a condition is explained by.

use crate::domain::{Missing, Origin, Timestamp};

/// So many of a list are named; a list may hold thousands.
const NAMED: usize = 10;

/// The words for the facts that a condition came across.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What was looked at and against what.
    pub(super) because: String,
    /// The value looked at.
    pub(super) value: Option<String>,
    /// As of when it was known.
    pub(super) as_of: Option<Timestamp>,
    /// What would turn the answer the other way.
    pub(super) change: Option<String>,
}

impl Told {
    /// Told from a fact that is known.
    pub(super) fn known(origin: Origin, as_of: Timestamp, because: String) -> Self {
        let because = format!("{because} (from the {})", origin.as_str());
        Self { because, as_of: Some(as_of), ..Self::default() }
    }

    pub(super) fn with(self, value: impl Into<String>, change: impl Into<String>) -> Self {
        Self { value: Some(value.into()), change: Some(change.into()), ..self }
    }

    /// Not told, since a fact is missing.
    pub(super) fn missing(what: &str, why: Missing) -> Self {
        Self {
            because: format!("{what} can't be told: {why}"),
            change: Some(format!("{what} becomes known")),
            ..Self::default()
        }
    }
}

/// The items of a list in words.
pub(super) fn list(items: &[impl std::fmt::Display]) -> String {
    let named: Vec<_> = items.iter().take(NAMED).map(ToString::to_string).collect();
    match items.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
