//! The kinds of sources.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The kind of a source: which API it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Jira Cloud, platform REST API v3.
    JiraCloud,
    /// Jira Data Center, REST API v2.
    JiraDc,
}

impl Product {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::JiraDc, Self::JiraCloud];

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::JiraCloud => "Jira Cloud",
            Self::JiraDc => "Jira Data Center",
        }
    }

    /// The name used in configuration and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JiraCloud => "jira-cloud",
            Self::JiraDc => "jira-dc",
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
