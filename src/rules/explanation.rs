//! The texts that explain a condition.

use crate::domain::{Missing, Origin, Timestamp};

/// The number of items of a list that are named; a list may have thousands.
const NAMED: usize = 10;

/// The texts for the facts that a condition used.
#[derive(Debug, Default)]
pub(super) struct ReasonText {
    /// The fact and the value that it was compared with.
    pub(super) because: String,
    /// The value of the fact.
    pub(super) value: Option<String>,
    /// The time of the fact.
    pub(super) as_of: Option<Timestamp>,
    /// The change that would reverse the answer.
    pub(super) change: Option<String>,
}

impl ReasonText {
    /// Told from a fact that is known.
    pub(super) fn known(origin: Origin, as_of: Timestamp, because: String) -> Self {
        let because = format!("{because} (from the {})", origin.as_str());
        Self { because, as_of: Some(as_of), ..Self::default() }
    }

    pub(super) fn with(self, value: impl Into<String>, change: impl Into<String>) -> Self {
        Self { value: Some(value.into()), change: Some(change.into()), ..self }
    }

    /// The texts for a missing fact.
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
