//! Errors of calls to a product, and the consequences.

use std::time::Duration;

use super::http::foreign::{Came, Foreign};
use crate::domain::{Capability, GroupName, Product, Step};

/// Why a call did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// 429: not carried out.
    #[error("the product asks to slow down")]
    RateLimited {
        /// The time for which the product asks not to be called, if it says so.
        retry_after: Option<Duration>,
    },
    /// No connection could be made: not carried out.
    #[error("the product can't be reached: {0}")]
    Unreachable(String),
    /// The connection broke or the time ran out after the request was sent: it may have been carried out.
    #[error("the answer was lost: {0}")]
    Lost(String),
    /// usher itself did not send the change, since it may not be its to make any more: not carried out.
    #[error("the change was not sent: {0}")]
    Withheld(&'static str),
    /// Something in front of the product answered in its place: a proxy, a log-in page, a firewall. The call may have
    /// been carried out all the same. It says nothing about a user, a group or usher's rights.
    #[error("{}", .instead.in_words(*.status))]
    Intercepted {
        /// The HTTP status.
        status: u16,
        /// The answer that came instead of the product's.
        instead: Foreign,
        /// The time for which the sender asks not to be called, if it says so.
        retry_after: Option<Duration>,
    },
    /// 5xx of the product's own: it may have been carried out.
    #[error("the product answered {status}: {message}")]
    Unavailable {
        /// The HTTP status.
        status: u16,
        /// The product's text, shortened.
        message: String,
        /// The time for which the product asks not to be called, if it says so.
        retry_after: Option<Duration>,
    },
    /// 401 or 403, a redirect (mostly to a log-in page), or an answer to an anonymous caller: the credentials or rights
    /// are not enough. It concerns the whole source.
    #[error("the product refused usher's credentials or rights ({status}): {message}")]
    Unauthorized {
        /// The HTTP status.
        status: u16,
        /// The product's text, shortened.
        message: String,
    },
    /// The product is not as the source's configuration has it, or says that usher's key may not change it. Concerns the whole
    /// source.
    #[error("the source's configuration does not fit: {0}")]
    Misconfigured(String),
    /// The product knows no such user.
    #[error("the product knows no such user")]
    NoSuchUser,
    /// Another 4xx. The text is localized and never interpreted: read the state to learn what it means.
    #[error("the product refused ({status}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The product's text, shortened.
        message: String,
    },
    /// The product can't do this at all. No call was made.
    #[error("the product can't do this: {0}")]
    NotSupported(&'static str),
    /// An answer of the product's own that makes no sense: a list that goes round in circles.
    #[error("the product's answer can't be understood: {0}")]
    Unreadable(String),
}

/// The consequence of an error for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Not carried out: try again, after this long where the product says.
    Retry(Option<Duration>),
    /// May have been carried out: read the state before trying again, after this long where the product says.
    ReadThenRetry(Option<Duration>),
    /// Stop calling this source until its credentials work again.
    Halt,
    /// Trying again won't help, but the state may already be as wanted: read it, then give up.
    ReadThenGiveUp,
    /// Trying again won't help.
    GiveUp,
}

/// The possible fault of a failure: the request's, or the source's as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The request's: it is refused as it is written.
    Request,
    /// The request's or the source's.
    Either,
    /// The source's: it is away, or says that it is busy or in maintenance.
    Source,
    /// Nobody's: there are too many calls, or none was made.
    Pace,
}

impl Fault {
    const fn of_status(status: u16) -> Self {
        match status {
            // 502 to 504 say that somebody behind the sender is away; 520 to 530 are Cloudflare's words for it.
            408 | 425 | 502..=504 | 520..=530 => Self::Source,
            // The web server refuses the request unread: its path, its length, its method.
            400 | 405 | 406 | 411 | 413..=415 | 431 | 501 => Self::Request,
            _ => Self::Either,
        }
    }
}

impl Error {
    /// The login name is not the user's any more: read by the lasting id, they may have another one, or be gone.
    pub(super) fn not_so_called() -> Self {
        Self::Refused { status: 404, message: "the login name is not the user's any more".to_owned() }
    }

    /// The refusal of a `step` that `product` has no call for, with the reason that its table of capabilities gives.
    pub(super) const fn not_supported(product: Product, step: &Step) -> Self {
        match product.capability(step.kind()) {
            Capability::No(reason) | Capability::Partly(reason) => Self::NotSupported(reason),
            Capability::Yes => Self::NotSupported("there is no call for it"),
        }
    }

    /// The refusal of what needs a group that is not there.
    pub(super) fn no_such_group(name: &GroupName) -> Self {
        Self::Refused { status: 404, message: format!("there is no group `{name}`") }
    }

    /// The error if a good answer of `product` is about another user than the call. It says nothing about the user, not
    /// even that there is none.
    pub(super) const fn about_another_user(product: Product) -> Self {
        let instead = Foreign { came: Came::AnotherUser, product };
        Self::Intercepted { status: 200, instead, retry_after: None }
    }

    /// The error as one of a call about one user, and about nothing else that may be missing.
    pub(super) fn of_user(self) -> Self {
        if matches!(self, Self::Refused { status: 404, .. }) { Self::NoSuchUser } else { self }
    }

    /// The possible fault. The match is exhaustive, so that a new variant does not compile until it is classified.
    pub fn fault(&self) -> Fault {
        match self {
            Self::RateLimited { .. } | Self::Withheld(_) => Fault::Pace,
            Self::Unreachable(_) => Fault::Source,
            Self::Lost(_) | Self::Unreadable(_) => Fault::Either,
            Self::Unavailable { status, .. } | Self::Intercepted { status, .. } => Fault::of_status(*status),
            Self::Unauthorized { .. }
            | Self::Misconfigured(_)
            | Self::NoSuchUser
            | Self::Refused { .. }
            | Self::NotSupported(_) => Fault::Request,
        }
    }

    /// Whether the product itself gave no usable answer, so that it may be away. Exhaustive, so that a new variant does not compile
    /// until it is classified.
    pub fn is_no_answer(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Lost(_) | Self::Unavailable { .. } | Self::Intercepted { .. } => true,
            Self::RateLimited { .. }
            | Self::Unauthorized { .. }
            | Self::Misconfigured(_)
            | Self::NoSuchUser
            | Self::Refused { .. }
            | Self::NotSupported(_)
            | Self::Withheld(_)
            | Self::Unreadable(_) => false,
        }
    }

    /// The consequence for the caller. The match is exhaustive, so that a new variant does not compile until it is
    /// classified.
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::RateLimited { retry_after } => Disposition::Retry(*retry_after),
            Self::Unreachable(_) | Self::Withheld(_) => Disposition::Retry(None),
            Self::Lost(_) | Self::Unreadable(_) => Disposition::ReadThenRetry(None),
            Self::Unavailable { retry_after, .. } | Self::Intercepted { retry_after, .. } => {
                Disposition::ReadThenRetry(*retry_after)
            }
            Self::Unauthorized { .. } | Self::Misconfigured(_) => Disposition::Halt,
            Self::Refused { .. } => Disposition::ReadThenGiveUp,
            Self::NoSuchUser | Self::NotSupported(_) => Disposition::GiveUp,
        }
    }
}

#[cfg(test)]
mod tests;
