//! Names of hosts, looked up by the system.

use std::io;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

/// The system reports that there is no such host, or that no name server answers.
#[derive(Debug, thiserror::Error)]
#[error("the name of the host is not known")]
pub(super) struct UnknownHost(#[source] io::Error);

/// A resolver like the client's own, but with usher's error: the client's own error can only be recognised by its text.
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
