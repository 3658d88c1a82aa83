//! Groups, as Atlassian compares them.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

use serde::{Deserialize, Serialize};

use crate::domain::composed;

/// A group by the name an administrator wrote. Atlassian compares group names without regard to case, and so do `==`,
/// order and hash; two forms of Unicode of one text are the same too. The spelling is kept for display and for calls.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct GroupName {
    written: String,
    folded: String,
}

impl GroupName {
    /// A group called `name`.
    pub fn new(name: impl Into<String>) -> Self {
        let written = name.into();
        let folded = composed(&written.to_lowercase()).into_owned();
        Self { written, folded }
    }

    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl From<String> for GroupName {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl From<GroupName> for String {
    fn from(group: GroupName) -> String {
        group.written
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for GroupName {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for GroupName {}

impl PartialOrd for GroupName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GroupName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl Hash for GroupName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

#[cfg(test)]
mod tests {
    mod properties;

    use super::*;

    #[test]
    fn groups_are_compared_without_regard_to_case_and_shown_as_written() {
        assert_eq!(GroupName::new("Jira-Users"), GroupName::new("jira-users"));
        assert_eq!(GroupName::new("Jira-Users").to_string(), "Jira-Users");
        assert_eq!(GroupName::new("\u{c9}quipe"), GroupName::new("e\u{301}quipe"), "composed or not");
    }
}
