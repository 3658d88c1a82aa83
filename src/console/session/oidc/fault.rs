//! Why the identity provider signed nobody in, and what the page says then.

use std::fmt;

use actix_web::{HttpResponse, http::StatusCode};

use crate::{
    console::{Answer, addresses::Address},
    oidc::Error,
};

/// Why nobody was signed in, in the words of the sign-in page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::console::session) enum Fault {
    /// The browser did not begin this, or too long ago.
    Stale,
    /// The provider did not let the person in, or does not accept the code.
    Refused,
    /// The provider can't be asked now.
    Away,
    /// Too many people at once.
    Busy,
    /// The answer of the provider is not right.
    Untrusted,
    /// No group of the person gives a role.
    NoRole,
    /// The sign-in can't be recorded.
    Unrecorded,
}

impl Fault {
    const ALL: [Self; 7] =
        [Self::Stale, Self::Refused, Self::Away, Self::Busy, Self::Untrusted, Self::NoRole, Self::Unrecorded];

    /// The one of that name in an address.
    pub(in crate::console::session) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.to_string() == name)
    }

    /// The text of the page.
    pub(in crate::console::session) const fn text(self) -> &'static str {
        match self {
            Self::Stale => {
                "This sign-in was not begun in this browser, was begun more than ten minutes ago, or has been used. Begin again."
            }
            Self::Refused => "The identity provider did not let you in. Begin again, or sign in with a token.",
            Self::Away => {
                "The identity provider can't be reached, or does not answer as it should. Try again in a moment, or sign in with a token. The log of usher says more."
            }
            Self::Busy => "Too many people are signing in at this moment. Try again.",
            Self::Untrusted => {
                "The answer of the identity provider can't be trusted, so you were not signed in. The log of usher says why. Try again, or sign in with a token."
            }
            Self::NoRole => {
                "The identity provider knows you, but none of your groups has a role in usher. Ask an administrator of usher for one."
            }
            Self::Unrecorded => {
                "The sign-in can't be recorded now, so you were not signed in. Try again in a moment. The log of usher says why."
            }
        }
    }

    /// The result of the sign-in, as it is counted.
    pub(super) const fn result(self) -> &'static str {
        match self {
            Self::Stale | Self::Refused | Self::Untrusted | Self::NoRole => "refused",
            Self::Away | Self::Busy | Self::Unrecorded => "failed",
        }
    }

    /// The status of the page.
    pub(in crate::console::session) const fn status(self) -> StatusCode {
        match self {
            Self::Stale => StatusCode::BAD_REQUEST,
            Self::Refused | Self::Untrusted | Self::NoRole => StatusCode::FORBIDDEN,
            Self::Away | Self::Busy | Self::Unrecorded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Leads to the sign-in page, which says so: the code in this address is not kept in the browser's history.
    pub(super) fn response(self, to: &str) -> HttpResponse {
        let to = if to == "/" { "" } else { to };
        Answer::see(Address::new("/sign-in").with("fault", &self.to_string()).with("to", to)).response()
    }
}

/// The name in an address.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stale => "stale",
            Self::Refused => "refused",
            Self::Away => "provider-away",
            Self::Busy => "busy",
            Self::Untrusted => "untrusted",
            Self::NoRole => "no-role",
            Self::Unrecorded => "unrecorded",
        })
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Away(_) => Self::Away,
            Error::Busy => Self::Busy,
            Error::Code(_) => Self::Refused,
            Error::Client(_) | Error::Token(_) => Self::Untrusted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_known_by_its_name_alone_and_told_in_a_sentence() {
        for fault in Fault::ALL {
            assert_eq!(Fault::named(&fault.to_string()), Some(fault));
            assert!(fault.text().ends_with('.') && !fault.status().is_success(), "{fault}");
        }
        for other in ["", "Stale", "<b>", "no-role "] {
            assert_eq!(Fault::named(other), None);
        }
    }
}
