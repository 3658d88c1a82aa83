//! The names in a scheme, as the reader collects them.

use super::problem::Place;
use crate::domain::Mention;

/// A group, a user or an application that a scheme names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name, as written, and its key.
    pub mention: Mention,
    /// The place.
    pub place: Place,
}
