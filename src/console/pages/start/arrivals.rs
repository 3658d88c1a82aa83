//! How webhooks and logins of a source get to usher, in the words of its product.

use crate::{
    admin::{HealthRow, SourceNow},
    domain::Product,
};

/// One source that waits for its first webhook or login.
pub(super) struct Way {
    pub(super) name: String,
    pub(super) page: String,
    /// The path on usher's port for webhooks; none if the product sends none about users.
    pub(super) path: Option<String>,
    /// The clicks in the product that lead there.
    pub(super) clicks: &'static str,
    /// The variables or files of the secrets that prove deliveries; none are set up if it is empty.
    pub(super) secrets: Vec<String>,
    /// The reason of the last refused delivery.
    pub(super) refused: Option<&'static str>,
}

impl Way {
    pub(super) fn new(now: &SourceNow, health: &HealthRow) -> Self {
        let id = now.source.id();
        let clicks = clicks(now.source.product());
        let in_file = || "one in the configuration itself".to_owned();
        Self {
            name: now.source.name().to_owned(),
            page: super::super::sources::address(id).to_string(),
            path: sends_webhooks(now.source.product()).then(|| format!("/webhooks/{id}")),
            clicks,
            secrets: health.webhooks.secrets.iter().map(|one| one.name.clone().unwrap_or_else(in_file)).collect(),
            refused: now.arrived.webhook.last_refused.map(|refused| refused.why),
        }
    }
}

/// Whether something of this source has arrived, as far as this process knows.
pub(super) fn has_arrived(now: &SourceNow, health: &HealthRow) -> bool {
    let webhook = now.arrived.webhook;
    let feed = health.feed.as_ref().and_then(|feed| feed.last_entry);
    webhook.last_accepted.is_some() || webhook.last_ignored.is_some() || feed.is_some()
}

const fn sends_webhooks(product: Product) -> bool {
    match product {
        Product::JiraDc | Product::ConfluenceDc | Product::JiraCloud | Product::AtlassianOrg => true,
        Product::BitbucketDc | Product::Crowd | Product::ConfluenceCloud => false,
    }
}

const fn clicks(product: Product) -> &'static str {
    match product {
        Product::JiraDc => {
            "In Jira: Administration, System, WebHooks, Create a WebHook. Tick the events of users, and write the secret."
        }
        Product::ConfluenceDc => {
            "In Confluence: General configuration, Webhooks, Create webhook. Tick the events of users, and write the secret."
        }
        Product::JiraCloud => {
            "In Jira: Settings, System, WebHooks, Create a WebHook. Tick the events of users, and write the secret."
        }
        Product::AtlassianOrg => {
            "At admin.atlassian.com: Security, Audit log, Settings, Webhooks. Write the secret as the Authorization header."
        }
        Product::BitbucketDc => {
            "Bitbucket sends no webhooks about users. Set up `feed`: usher then reads its audit log."
        }
        Product::Crowd => "Crowd sends no webhooks about users. usher compares its users now and then.",
        Product::ConfluenceCloud => {
            "Confluence Cloud sends no webhooks about users. Those of Jira report the same accounts."
        }
    }
}
