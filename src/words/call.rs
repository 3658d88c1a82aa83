//! Calls without an answer. Those to a product are described in `products`.

use std::{error::Error as StdError, io};

use super::system;

/// Why a call got no answer.
pub(crate) fn call(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "nobody answers in time".to_owned();
    }
    if find::<rustls::Error>(error).is_some() {
        return "no encrypted connection comes about: is it `http://` there, or is its certificate not trusted here?"
            .to_owned();
    }
    // An unknown host has no kind of its own, and no number.
    match find::<io::Error>(error) {
        Some(error) if error.raw_os_error().is_some() || error.kind() == io::ErrorKind::UnexpectedEof => system(error),
        _ if error.is_connect() => "its host is not known, or can't be reached".to_owned(),
        _ if error.is_builder() => "the call can't be put together".to_owned(),
        _ => "the connection broke, or what came was no answer".to_owned(),
    }
}

/// The lowest of the causes that is a `T`.
fn find<T: StdError + 'static>(error: &reqwest::Error) -> Option<&T> {
    let (mut next, mut found) = (error.source(), None);
    while let Some(cause) = next {
        found = cause.downcast_ref::<T>().or(found);
        // The wrapped error of an I/O error is not its source; its source is the source of the I/O error.
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match wrapped {
            Some(inner) => Some(inner),
            None => cause.source(),
        };
    }
    found
}
