//! Roles of administrators, and the sources that somebody is kept to.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::SourceId;

/// The role of a caller. Each role may do all that the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, explains, previews and exports.
    Viewer,
    /// Also runs, pauses, cancels and takes up again.
    Operator,
    /// Also changes schemes and settings, and does what can't be undone.
    Admin,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The name in the configuration, in records and in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role of that name; none if this version does not know it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The sources that somebody sees and acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceScope {
    /// All sources, also those that are added later.
    All,
    /// These alone.
    Only(BTreeSet<SourceId>),
}

impl SourceScope {
    /// Whether `source` is one of them.
    pub fn has(&self, source: &SourceId) -> bool {
        match self {
            Self::All => true,
            Self::Only(sources) => sources.contains(source),
        }
    }

    /// Whether these are all sources there are and will be.
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_in_order_and_known_by_their_names() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(Role::named(role.as_str()), Some(role));
        }
        assert_eq!(Role::named("Admin"), None);
    }

    #[test]
    fn whoever_is_kept_to_no_source_has_none() {
        let source: SourceId = "acme".parse().expect("an id");
        assert!(SourceScope::All.has(&source));
        assert!(!SourceScope::Only(BTreeSet::new()).has(&source));
        assert!(SourceScope::Only([source.clone()].into()).has(&source));
    }
}
