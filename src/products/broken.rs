//! What a call without an answer means, in words that an administrator can act on.

use std::{error::Error as StdError, io, time::Duration};

use rustls::CertificateError;

use super::Error;
use crate::config::Transport;

/// What became of a call that ended with `error`, made by way of `transport` with `time` to spare. Only where no
/// connection came about is it sure that nothing was done.
pub(super) fn broken(error: &reqwest::Error, transport: &Transport, time: Duration) -> Error {
    if error.is_connect() || error.is_builder() {
        Error::Unreachable(unreachable(error, transport))
    } else if error.is_timeout() {
        Error::Lost(format!("no complete answer within {time:?}"))
    } else {
        Error::Lost(innermost(error))
    }
}

/// A plain call that the proxy itself has refused for want of credentials (407): the product never saw it.
pub(super) fn turned_away(transport: &Transport) -> Error {
    Error::Unreachable(by_way_of("the proxy asks for other credentials".to_owned(), transport))
}

fn unreachable(error: &reqwest::Error, transport: &Transport) -> String {
    match causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        Some(tls) => not_trusted(tls, transport),
        None => by_way_of(innermost(error), transport),
    }
}

fn by_way_of(why: String, transport: &Transport) -> String {
    match &transport.proxy {
        Some(proxy) => format!("{why} (by way of the `proxy` {})", proxy.url.as_str().trim_end_matches('/')),
        None => why,
    }
}

fn not_trusted(error: &rustls::Error, transport: &Transport) -> String {
    let rustls::Error::InvalidCertificate(wrong) = error else { return error.to_string() };
    let advice = match wrong {
        // A bad signature is one by somebody else of the same name: an authority that has been made anew.
        CertificateError::UnknownIssuer | CertificateError::BadSignature if transport.ca.is_some() => {
            "its certificate is not signed by an authority in the file that `ca` names"
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is not signed by an authority that this machine trusts; if the authority is your own, name \
             its certificate's file in `ca`"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another host; write in `base_url` the host that it is for"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        other => return other.to_string(),
    };
    advice.to_owned()
}

/// The cause at the bottom: the layers above it repeat each other, and the URL with its query.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    match causes(error).last() {
        Some(cause) => cause.to_string(),
        None => "no cause is known".to_owned(),
    }
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
    .filter(|cause| !cause.is::<reqwest::Error>())
}
