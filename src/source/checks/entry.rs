//! The first answer: whether anything can be asked at all.

use std::time::Duration;

use super::Verdict;
use crate::products::{Error, Observed};

/// Why there is no answer to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The product's client says so.
    Error(Error),
    /// The call was begun, and no answer came in this time.
    Silent(Duration),
    /// No turn came: usher keeps to the pace that the product and the configuration allow.
    NoTurn,
    /// The time for all checks was over.
    TimeOver,
}

/// The verdict on the first answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) reached: Verdict,
    pub(super) tls: Verdict,
    pub(super) credentials: Verdict,
    /// Why nothing else is asked; none if more is.
    pub(super) stops: Option<&'static str>,
    /// Whether the answer is the product's own, so that its clock counts.
    pub(super) is_own: bool,
}

const UNREACHED: &str = "usher does not reach the product";
const NOT_ACCEPTED: &str = "the credentials are not accepted";
const BUSY: &str = "the product could not answer";
const LOOK_BETWEEN: &str = "look at what stands between usher and the product (a proxy, a log-in gate, a firewall), and at \
                            `base_url`";

/// Judges the first answer; `is_encrypted` says whether the address is one of https.
pub(super) fn judge(told: Result<(), Trouble>, seen: Observed, is_encrypted: bool) -> Entry {
    let tls = tls(seen, is_encrypted);
    let entry = |reached, credentials, stops, is_own| Entry { reached, tls: tls.clone(), credentials, stops, is_own };
    let unreached = |reached| entry(reached, Verdict::not_told(UNREACHED), Some(UNREACHED), false);
    let waits = |why: String| {
        let (reached, credentials) = (Verdict::pass(), Verdict::not_told(why));
        entry(reached, credentials, Some(BUSY), true)
    };
    match told {
        Ok(()) => entry(Verdict::pass(), Verdict::pass(), None, true),
        Err(Trouble::NoTurn) => {
            let why =
                "no call was made: usher keeps to the pace that the product and `rate` allow, and others wait too";
            entry(Verdict::not_told(why), Verdict::not_told(why), Some("no call was made"), false)
        }
        Err(Trouble::TimeOver) => unreached(Verdict::not_told("the time for all checks is over")),
        Err(Trouble::Silent(after)) => unreached(Verdict::fail(
            format!("no complete answer came within {} s", after.as_secs()),
            "try again; if it stays so, look at the load of the product, and at what stands before it",
        )),
        Err(Trouble::Error(error)) => match error {
            Error::Unreachable(why) if seen.encryption_failed => unreached(Verdict::fail(
                format!("the host answers, and no encrypted connection comes about: {why}"),
                "see `tls`",
            )),
            Error::Unreachable(why) => {
                unreached(Verdict::fail(why, "check `base_url`, and the way from usher to that host"))
            }
            Error::Lost(why) => unreached(Verdict::fail(why, "try again; look at the log of the product")),
            error @ Error::Intercepted { .. } => unreached(between(&error.to_string())),
            Error::Unauthorized { status: 300..=399, message } => unreached(between(&message)),
            Error::Unreadable(why) => unreached(between(&why)),
            Error::Unauthorized { status, message } => {
                let credentials = Verdict::fail(
                    format!("the product refuses them ({status}): {message}"),
                    "check `auth`: that the token has not ended, belongs to this product, and is whole",
                );
                entry(Verdict::pass(), credentials, Some(NOT_ACCEPTED), true)
            }
            Error::Misconfigured(why) => {
                let remedy = "mend what it names in the source's configuration, or take the key that belongs there";
                entry(Verdict::pass(), Verdict::fail(why, remedy), Some(NOT_ACCEPTED), true)
            }
            error @ (Error::RateLimited { .. }
            | Error::Unavailable { .. }
            | Error::Refused { .. }
            | Error::NoSuchUser
            | Error::NotSupported(_)
            | Error::Withheld(_)) => waits(error.to_string()),
        },
    }
}

fn between(why: &str) -> Verdict {
    Verdict::fail(format!("something between usher and the product answered: {why}"), LOOK_BETWEEN)
}

fn tls(seen: Observed, is_encrypted: bool) -> Verdict {
    match (is_encrypted, seen) {
        (false, _) => Verdict::not_told("the address is one of plain http: there is no encryption to check"),
        (true, Observed { answered: true, .. }) => Verdict::pass(),
        (true, Observed { encryption_failed: true, .. }) => Verdict::fail(
            "no encrypted connection comes about",
            "do what `reached` says; name an authority of your own in `ca`, rather than to do without encryption",
        ),
        (true, _) => Verdict::not_told(UNREACHED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Product,
        products::{Came, Foreign},
        source::checks::CheckResult::{Fail, NotTold, Pass},
    };

    fn results(told: Result<(), Trouble>, seen: Observed) -> [crate::source::checks::CheckResult; 3] {
        let Entry { reached, tls, credentials, .. } = judge(told, seen, true);
        [reached.result, tls.result, credentials.result]
    }

    #[test]
    fn each_kind_of_first_answer_says_how_far_usher_got() {
        let answered = Observed { begun: true, answered: true, ..Observed::default() };
        let nothing = Observed { begun: true, ..Observed::default() };
        let broken = Observed { encryption_failed: true, ..nothing };
        let intercepted = |status| Error::Intercepted {
            status,
            instead: Foreign { came: Came::WebPage, product: Product::JiraDc },
            retry_after: None,
        };
        let refused = |status| Error::Unauthorized { status, message: String::new() };
        let away = || Error::Unreachable("no such host".to_owned());
        for (error, seen, expected) in [
            (away(), nothing, [Fail, NotTold, NotTold]),
            (away(), broken, [Fail, Fail, NotTold]),
            (Error::Lost("it broke".to_owned()), nothing, [Fail, NotTold, NotTold]),
            (intercepted(200), answered, [Fail, Pass, NotTold]),
            (intercepted(403), answered, [Fail, Pass, NotTold]),
            (intercepted(404), answered, [Fail, Pass, NotTold]),
            (refused(302), answered, [Fail, Pass, NotTold]),
            (refused(401), answered, [Pass, Pass, Fail]),
            (refused(403), answered, [Pass, Pass, Fail]),
            (refused(200), answered, [Pass, Pass, Fail]),
            (Error::Misconfigured("no such organisation".to_owned()), answered, [Pass, Pass, Fail]),
            (Error::RateLimited { retry_after: None }, answered, [Pass, Pass, NotTold]),
        ] {
            let told = Err(Trouble::Error(error.clone()));
            assert_eq!(results(told.clone(), seen), expected, "{error:?}");
            assert!(judge(told, seen, true).stops.is_some(), "{error:?}");
        }
        assert_eq!(results(Ok(()), answered), [Pass, Pass, Pass]);
        assert_eq!(judge(Ok(()), answered, true).stops, None);
        assert_eq!(judge(Ok(()), answered, false).tls.result, NotTold);
        assert_eq!(results(Err(Trouble::Silent(Duration::from_secs(5))), nothing), [Fail, NotTold, NotTold]);
        assert_eq!(results(Err(Trouble::NoTurn), Observed::default()), [NotTold, NotTold, NotTold]);
    }
}
