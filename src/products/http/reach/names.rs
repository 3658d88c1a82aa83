//! Names of hosts, looked up by the system.

use std::io;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

/// The system says that there is no such host, or nobody to ask.
#[derive(Debug, thiserror::Error)]
#[error("the name of the host is not known")]
pub(super) struct UnknownHost(#[source] io::Error);

/// As the client does it by itself, but with an error of ours: its own can be told from others by their text alone.
#[derive(Debug)]
pub(in crate::products) struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await.map_err(UnknownHost)?;
            let addresses: Vec<_> = found.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
