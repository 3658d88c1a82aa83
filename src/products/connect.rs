//! Makes the client of a configured source.

use std::sync::Arc;

use super::{
    CallSettings, Client,
    atlassian_org::AtlassianOrg,
    bitbucket_dc::BitbucketDc,
    confluence::{cloud::ConfluenceCloud, data_center::ConfluenceDc},
    crowd::Crowd,
    http::{Http, limits::Limits},
    jira::{cloud::JiraCloud, data_center::JiraDc},
};
use crate::{clock::Clock, config::Source, domain::Product, metrics::Metrics};

/// Why there can be no client for a source, whatever the product answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The base URL can't be called.
    #[error("base_url is not an http or https address without user name and password; credentials belong in auth")]
    BaseUrl,
    /// The credentials can't be sent.
    #[error("the credentials can't be sent: a token has no line breaks, a user name no colon")]
    Credentials,
    /// The organisation is missing. The configuration refuses this before.
    #[error("`organization` is missing")]
    Organization,
    /// None of the certificates in `ca` can be used; the configuration refuses them before.
    #[error("no certificate in the file that `ca` names can be used; export it anew")]
    Authorities,
    /// The proxy's address can't be used; the configuration refuses it before.
    #[error("`proxy` is not the address of an HTTP proxy")]
    Proxy,
    /// The machine's own certificates can't be read.
    #[error(
        "the authorities that this machine trusts can't be read; install them (mostly the package `ca-certificates`), or \
         name the source's own in `ca`"
    )]
    Client,
}

/// A client for `source`. Nothing is called yet; [`Client::probe`] shows whether the product accepts the credentials.
/// Make only one for each source, because it keeps the pace of the source.
///
/// # Errors
/// [`ConnectError`] if a setting of `source` can't be used, or the machine's certificates can't be read.
pub fn connect(source: &Source, metrics: Metrics, clock: Arc<dyn Clock>) -> Result<Arc<dyn Client>, ConnectError> {
    connect_within(Limits::default(), source, metrics, clock)
}

/// As [`connect`], with other bounds on each call.
///
/// # Errors
/// As [`connect`].
pub fn connect_within(
    limits: Limits,
    source: &Source,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Client>, ConnectError> {
    connect_adjustable(limits, source, metrics, clock).map(|(client, _)| client)
}

/// As [`connect_within`]; also returns the settings of the client's calls, which can be changed.
///
/// # Errors
/// [`ConnectError`] where there can be no client, whatever the product answers.
pub fn connect_adjustable(
    limits: Limits,
    source: &Source,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<dyn Client>, Arc<CallSettings>), ConnectError> {
    let base_url = match source.product {
        Product::ConfluenceCloud => ConfluenceCloud::site(&source.base_url),
        _ => source.base_url.clone(),
    };
    let http = Http::new(&Source { base_url, ..source.clone() }, limits, metrics, clock)?;
    let settings = http.settings();
    let admin_groups = settings.admin_groups.clone();
    let client: Arc<dyn Client> = match source.product {
        Product::JiraDc => Arc::new(JiraDc::new(http, admin_groups)),
        Product::JiraCloud => Arc::new(JiraCloud::new(http, admin_groups)),
        Product::BitbucketDc => Arc::new(BitbucketDc::new(http, admin_groups)),
        Product::Crowd => Arc::new(Crowd::new(http, admin_groups)),
        Product::ConfluenceDc => Arc::new(ConfluenceDc::new(http, admin_groups)),
        Product::ConfluenceCloud => Arc::new(ConfluenceCloud::new(http, admin_groups)),
        Product::AtlassianOrg => {
            let organization = source.organization.clone().ok_or(ConnectError::Organization)?;
            Arc::new(AtlassianOrg::new(http, organization, admin_groups))
        }
    };
    Ok((client, settings))
}
