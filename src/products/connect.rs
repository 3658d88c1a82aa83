//! From a configured source to its client.

use std::sync::Arc;

use super::{Client, atlassian_org::AtlassianOrg, http::Http, jira_cloud::JiraCloud, jira_dc::JiraDc, limits::Limits};
use crate::{clock::Clock, config::Source, domain::Product, metrics::Metrics};

/// Why there can be no client for a source, whatever the product answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// There is no client for it yet; the configuration refuses it before.
    #[error("{0} is not supported by this version of usher yet")]
    NotYet(Product),
    /// The base URL can't be called.
    #[error("base_url is not an http or https address without user name and password; credentials belong in auth")]
    BaseUrl,
    /// The credentials can't be sent.
    #[error("the credentials can't be sent: a token has no line breaks, a user name no colon")]
    Credentials,
    /// It is not said which organisation; the configuration refuses it before.
    #[error("`organization` is missing")]
    Organization,
    /// The machine's certificates or the TLS library failed.
    #[error("no HTTP client can be made: {0}")]
    Client(String),
}

/// A client for `source`. Nothing is called yet; [`Client::probe`] tells whether the product accepts the credentials.
/// Make one for each source, and only one: its pace is kept in it.
pub fn connect(source: &Source, metrics: Metrics, clock: Arc<dyn Clock>) -> Result<Arc<dyn Client>, ConnectError> {
    connect_within(Limits::default(), source, metrics, clock)
}

/// As [`connect`], with other bounds on each call.
pub fn connect_within(
    limits: Limits,
    source: &Source,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Client>, ConnectError> {
    let http = Http::new(source, limits, metrics, clock)?;
    let admin_groups = source.protect.admin_groups.clone();
    Ok(match source.product {
        Product::JiraDc => Arc::new(JiraDc::new(http, admin_groups)),
        Product::JiraCloud => Arc::new(JiraCloud::new(http, admin_groups)),
        Product::AtlassianOrg => {
            let organization = source.organization.clone().ok_or(ConnectError::Organization)?;
            Arc::new(AtlassianOrg::new(http, organization, admin_groups))
        }
        Product::ConfluenceDc | Product::BitbucketDc | Product::Crowd | Product::ConfluenceCloud => {
            return Err(ConnectError::NotYet(source.product));
        }
    })
}
