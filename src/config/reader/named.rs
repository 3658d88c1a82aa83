//! What a scheme names, as the reader collects it on its way.

use super::problem::Place;
use crate::domain::Mention;

/// A group, a user or an application that a scheme names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name, as written, and the key that it stands under.
    pub mention: Mention,
    /// Where it stands.
    pub place: Place,
}
