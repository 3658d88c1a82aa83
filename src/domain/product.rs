//! The kinds of sources.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of a source: which API it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Product {
    /// Jira Data Center, REST API v2.
    JiraDc,
    /// Confluence Data Center.
    ConfluenceDc,
    /// Bitbucket Data Center.
    BitbucketDc,
    /// Crowd Data Center, as an application.
    Crowd,
    /// Jira Cloud, platform REST API v3.
    JiraCloud,
    /// Confluence Cloud, REST API v1.
    ConfluenceCloud,
    /// An Atlassian organisation: the Organizations and User management APIs.
    AtlassianOrg,
}

impl Product {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::JiraDc,
        Self::ConfluenceDc,
        Self::BitbucketDc,
        Self::Crowd,
        Self::JiraCloud,
        Self::ConfluenceCloud,
        Self::AtlassianOrg,
    ];

    /// The name shown to people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::JiraDc => "Jira Data Center",
            Self::ConfluenceDc => "Confluence Data Center",
            Self::BitbucketDc => "Bitbucket Data Center",
            Self::Crowd => "Crowd",
            Self::JiraCloud => "Jira Cloud",
            Self::ConfluenceCloud => "Confluence Cloud",
            Self::AtlassianOrg => "Atlassian organisation",
        }
    }

    /// The name used in configuration and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JiraDc => "jira-dc",
            Self::ConfluenceDc => "confluence-dc",
            Self::BitbucketDc => "bitbucket-dc",
            Self::Crowd => "crowd",
            Self::JiraCloud => "jira-cloud",
            Self::ConfluenceCloud => "confluence-cloud",
            Self::AtlassianOrg => "atlassian-org",
        }
    }

    /// Whether Atlassian operates it. Then users are Atlassian accounts, known by their account ids.
    pub const fn is_cloud(self) -> bool {
        match self {
            Self::JiraCloud | Self::ConfluenceCloud | Self::AtlassianOrg => true,
            Self::JiraDc | Self::ConfluenceDc | Self::BitbucketDc | Self::Crowd => false,
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
