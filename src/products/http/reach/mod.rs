//! The path to a product: the trusted authorities, and texts for failed connections.

mod names;
mod tls;
mod trust;
mod wire;

use std::{error::Error as StdError, io};

use url::Url;

pub(in crate::products) use self::{names::SystemNames, trust::trusting};
use self::{names::UnknownHost, tls::handshake};
use crate::config::Transport;

/// The reason why no connection was made, or why it broke, with the remedy. It contains no text of a library.
pub(in crate::products) fn in_words(error: &reqwest::Error, transport: &Transport) -> String {
    if let Some(tls) = find::<rustls::Error>(error) {
        return handshake(tls, transport);
    }
    let why = if find::<UnknownHost>(error).is_some() {
        "the name of its host is not known; check `base_url`, and the name servers of this machine"
    } else if let Some(why) = find::<io::Error>(error).and_then(wire::io) {
        why
    } else if let Some(http) = find::<hyper::Error>(error) {
        wire::http(http, is_plain(error.url()))
    } else if error.is_connect() && transport.proxy.is_some() {
        "the proxy opens no way there; it may want other credentials, or not let usher through to that host"
    } else if error.is_connect() {
        "no connection comes about; check `base_url`, and the way there"
    } else {
        "the connection broke"
    };
    by_way_of(why, transport)
}

/// Whether there is no connection because of its encryption.
pub(in crate::products) fn is_about_encryption(error: &reqwest::Error) -> bool {
    find::<rustls::Error>(error).is_some()
}

/// Whether the connection itself broke, whatever else there is to say about what came.
pub(in crate::products) fn came_apart(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some()
}

/// The reason with the proxy, if there is one.
pub(in crate::products) fn by_way_of(why: &str, transport: &Transport) -> String {
    match &transport.proxy {
        Some(proxy) => format!("{why} (by way of the `proxy` {})", proxy.url.as_str().trim_end_matches('/')),
        None => why.to_owned(),
    }
}

fn is_plain(url: Option<&Url>) -> bool {
    url.is_some_and(|url| url.scheme() == "http")
}

/// The lowest of the causes that is a `T`: those above it say less.
fn find<T: StdError + 'static>(error: &reqwest::Error) -> Option<&T> {
    causes(error).filter_map(|cause| cause.downcast_ref::<T>()).last()
}

/// The causes below the client's own errors, the topmost first.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        // What an I/O error wraps is not its source, but the source of that is.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
        Some(cause)
    })
}
