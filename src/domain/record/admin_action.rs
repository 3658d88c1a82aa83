//! What people and programs did to usher itself.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The way on which an administrator acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A request to the API.
    Api,
    /// A page of the console.
    Console,
    /// An issue in Jira.
    Jira,
    /// usher itself, at its time.
    Clock,
}

impl Channel {
    /// All ways.
    pub const ALL: [Self; 4] = [Self::Api, Self::Console, Self::Jira, Self::Clock];

    /// The name in records and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Console => "console",
            Self::Jira => "jira",
            Self::Clock => "clock",
        }
    }

    /// The way of that name; none if this version does not know it.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
