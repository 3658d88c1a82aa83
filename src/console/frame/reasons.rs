//! Why a scheme selects a user, or why not: condition by condition.

use askama::Template;

use super::{Badge, Kind, Moment};
use crate::{
    console::Asked,
    domain::{Reason, Truth},
};

/// A condition with the fact that it used, and its parts. The macro `explain_tree` puts it into a list.
#[derive(Template)]
#[template(path = "reasons.html")]
pub(in crate::console) struct Reasons {
    badge: Badge,
    condition: String,
    because: String,
    as_of: Option<Moment>,
    change: Option<String>,
    parts: Vec<Self>,
}

impl Reasons {
    /// The reasons as a tree.
    pub(in crate::console) fn new(asked: &Asked, reason: Reason) -> Self {
        Self {
            badge: reason.truth.into(),
            condition: reason.condition,
            because: reason.because,
            as_of: reason.as_of.map(|at| asked.moment(at)),
            change: reason.change,
            parts: reason.parts.into_iter().map(|part| Self::new(asked, part)).collect(),
        }
    }
}

impl From<Truth> for Badge {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::new(Kind::Done, "yes"),
            Truth::False => Self::new(Kind::Off, "no"),
            Truth::Unknown => Self::new(Kind::Warn, "not known"),
        }
    }
}
