//! The meaning of a call without an answer, in words that an administrator can act on.

use super::{
    limits::Limits,
    observation,
    reach::{by_way_of, came_apart, in_words, is_about_encryption},
};
use crate::{config::Transport, products::Error};

/// The error of a call that ended with `error`, made by way of `transport` within `limits`. Only if no connection was
/// made is it certain that nothing was done.
pub(in crate::products) fn broken(error: &reqwest::Error, transport: &Transport, limits: Limits) -> Error {
    let seconds = |time: std::time::Duration| time.as_secs_f64();
    if error.is_builder() {
        Error::Unreachable("the call can't be put together; check `base_url` and `auth`".to_owned())
    } else if error.is_connect() && error.is_timeout() {
        let why = format!("no connection within {} s; a firewall may stand between", seconds(limits.connect));
        Error::Unreachable(by_way_of(&why, transport))
    } else if error.is_connect() {
        if is_about_encryption(error) {
            observation::encryption_failed();
        }
        Error::Unreachable(in_words(error, transport))
    } else if error.is_timeout() {
        Error::Lost(format!("no complete answer within {} s", seconds(limits.call)))
    } else {
        Error::Lost(in_words(error, transport))
    }
}

/// The error of a plain call that the proxy itself refused for missing credentials (407): the product never saw it.
pub(in crate::products) fn turned_away(transport: &Transport) -> Error {
    Error::Unreachable(by_way_of("the proxy asks for other credentials", transport))
}

/// Whether the answer came whole, and is not packed as it says it is.
pub(in crate::products) fn is_badly_packed(error: &reqwest::Error) -> bool {
    error.is_decode() && !came_apart(error)
}
