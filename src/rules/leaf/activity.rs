//! Conditions on logins. Most products report at most the last login, and usher counts the reported ones. So the
//! absence of logins means something only if all logins since the creation of the account are known.

use crate::domain::{Age, Fact, Logins, Missing, Origin, Timestamp, Truth};

use super::{
    super::{
        Subject,
        truth::{all, known},
    },
    ReasonText,
};

/// A condition on logins.
#[derive(Debug, Clone, Copy)]
pub(in crate::rules) enum Condition {
    /// No login at all; and the account was created longer ago than this.
    Never(Option<Age>),
    /// The last login is longer ago than this.
    LastBefore(Age),
    /// The user has logged in once, longer ago than this.
    Once(Option<Age>),
}

/// The result of looking at the logins.
pub(in crate::rules) struct Evaluated {
    pub(super) truth: Truth,
    why: Why,
    known: Option<(Origin, Timestamp)>,
}

/// The reason for the answer, or for its absence.
enum Why {
    /// The logins are not known at all.
    LoginsMissing(Missing),
    /// No login is known, but there may have been some before usher listened.
    NoneReported,
    /// There was one at least.
    LoggedIn(Logins),
    /// There was none.
    Never,
    /// There was no login, and the condition needs one longer ago than this.
    NotYet(Option<Age>),
    /// There was none, and the account is too new.
    TooNew { created: Timestamp, age: Age },
    /// There was no login, and the age of the account is unknown.
    AgeMissing(Missing),
    /// The last login, against the age that counts.
    Last { at: Timestamp, age: Age, is_before: bool },
    /// The last login known is longer ago, and a later one may have been missed before `since`.
    Gap { at: Timestamp, age: Age, since: Timestamp },
    /// Exactly one.
    Once { at: Option<Timestamp> },
    /// There was one login, too recently.
    OnceLately { at: Timestamp, age: Age },
    /// One login is known, but there may have been others before usher listened.
    OthersPerhaps,
    /// More than one.
    Several(u64),
}

impl Condition {
    #[inline]
    pub(super) fn evaluate(self, subject: &Subject<'_>) -> Evaluated {
        match (self, &subject.facts.logins) {
            (Self::Never(age), logins) => never(age, logins, subject),
            (_, Fact::Unknown(missing)) => Evaluated::unknown(Why::LoginsMissing(*missing)),
            (Self::LastBefore(age), Fact::Known { value, origin, as_of }) => {
                last_before(age, value, subject.now).from(*origin, *as_of)
            }
            (Self::Once(age), Fact::Known { value, origin, as_of }) => {
                once(age, value, subject.now).from(*origin, *as_of)
            }
        }
    }
}

#[inline]
fn never(created_before: Option<Age>, logins: &Fact<Logins>, subject: &Subject<'_>) -> Evaluated {
    let (logged_in, why) = match logins {
        Fact::Unknown(missing) => (Evaluated::unknown(Why::LoginsMissing(*missing)), None),
        Fact::Known { value, origin, as_of } => {
            let looked = match value {
                Logins { last: Some(_), .. } | Logins { count: 1.., .. } => Evaluated::no(Why::LoggedIn(*value)),
                Logins { complete: true, .. } => Evaluated::yes(Why::Never),
                Logins { complete: false, .. } => Evaluated::unknown(Why::NoneReported),
            };
            (looked, Some((*origin, *as_of)))
        }
    };
    let never = Evaluated { known: why, ..logged_in };
    let Some(age) = created_before else { return never };
    let old_enough = older_than(age, subject);
    match (never.truth, old_enough.truth) {
        (Truth::False, _) | (_, Truth::True) => never,
        (Truth::Unknown, Truth::Unknown) => never,
        (one, other) => Evaluated { truth: all([one, other]), ..old_enough },
    }
}

/// Whether the account was created longer ago than `age`. What is known of it only since some time is at least as old.
#[inline]
fn older_than(age: Age, subject: &Subject<'_>) -> Evaluated {
    let limit = age.before(subject.now);
    match (&subject.facts.created, &subject.facts.first_seen) {
        (Fact::Known { value, .. }, _) if *value < limit => Evaluated::yes(Why::Never),
        (Fact::Known { value, origin, as_of }, _) => {
            Evaluated::no(Why::TooNew { created: *value, age }).from(*origin, *as_of)
        }
        (Fact::Unknown(_), Fact::Known { value, .. }) if *value < limit => Evaluated::yes(Why::Never),
        (Fact::Unknown(missing), _) => Evaluated::unknown(Why::AgeMissing(*missing)),
    }
}

#[inline]
fn last_before(age: Age, logins: &Logins, now: Timestamp) -> Evaluated {
    match logins {
        Logins { last: Some(at), .. } => {
            let limit = age.before(now);
            let is_before = *at < limit;
            if let Some(since) = logins.watched_since.filter(|_| is_before && !logins.misses_none_after(limit)) {
                return Evaluated::unknown(Why::Gap { at: *at, age, since });
            }
            Evaluated { truth: known(is_before), why: Why::Last { at: *at, age, is_before }, known: None }
        }
        Logins { count: 0, complete: true, .. } => Evaluated::no(Why::NotYet(Some(age))),
        _ => Evaluated::unknown(Why::NoneReported),
    }
}

#[inline]
fn once(not_within: Option<Age>, logins: &Logins, now: Timestamp) -> Evaluated {
    let lately = not_within.zip(logins.last).filter(|(age, last)| *last >= age.before(now));
    match (logins.count, lately) {
        (2.., _) => Evaluated::no(Why::Several(logins.count)),
        (_, Some((age, at))) => Evaluated::no(Why::OnceLately { at, age }),
        (0, None) if logins.last.is_none() && logins.complete => Evaluated::no(Why::NotYet(not_within)),
        (0, None) if logins.last.is_none() => Evaluated::unknown(Why::NoneReported),
        (1, None) if logins.complete && (logins.last.is_some() || not_within.is_none()) => {
            Evaluated::yes(Why::Once { at: logins.last })
        }
        // At least one: a login that the product shows and that was not reported is no proof that all were reported.
        (0 | 1, None) => Evaluated::unknown(Why::OthersPerhaps),
    }
}

impl Evaluated {
    fn yes(why: Why) -> Self {
        Self { truth: Truth::True, why, known: None }
    }

    fn no(why: Why) -> Self {
        Self { truth: Truth::False, why, known: None }
    }

    fn unknown(why: Why) -> Self {
        Self { truth: Truth::Unknown, why, known: None }
    }

    fn from(self, origin: Origin, as_of: Timestamp) -> Self {
        Self { known: Some((origin, as_of)), ..self }
    }

    pub(super) fn explain(&self) -> ReasonText {
        let (because, value, change) = self.why.words();
        let told = match self.known {
            Some((origin, as_of)) => ReasonText::known(origin, as_of, because),
            None => ReasonText { because, ..ReasonText::default() },
        };
        ReasonText { value, change, ..told }
    }
}

impl Why {
    /// The fact, its value, and the change that would reverse the answer.
    fn words(&self) -> (String, Option<String>, Option<String>) {
        const ALL_KNOWN: &str = "all logins since the account was created become known";
        let some = |text: &str| Some(text.to_owned());
        match self {
            Self::LoginsMissing(missing) => {
                (format!("the logins can't be told: {missing}"), None, some("the logins become known"))
            }
            Self::NoneReported => (
                "no login is known, but usher does not know all logins since the account was created".into(),
                some("none known"),
                some(ALL_KNOWN),
            ),
            Self::LoggedIn(logins) => {
                let last = logins.last.map_or_else(|| "at some time".to_owned(), |at| format!("last on {at}"));
                (format!("the user has logged in, {last}"), Some(last), None)
            }
            Self::Never => ("the user has never logged in".into(), some("never"), some("the user logs in")),
            Self::NotYet(age) => {
                let then = age.map_or_else(String::new, |age| format!(", and then not again for {age}"));
                let change = format!("the user logs in{then}");
                ("the user has never logged in".into(), some("never"), Some(change))
            }
            Self::TooNew { created, age } => (
                format!("the account was created on {created}, which is not longer than {age} ago"),
                Some(format!("created on {created}")),
                Some(format!("{age} go by since the account was created on {created}, without a login")),
            ),
            Self::AgeMissing(missing) => (
                format!("when the account was created can't be told: {missing}"),
                None,
                some("when the account was created becomes known"),
            ),
            Self::Last { at, age, is_before: true } => (
                format!("the last login, on {at}, is longer than {age} ago"),
                Some(at.to_string()),
                some("the user logs in"),
            ),
            Self::Last { at, age, is_before: false } => (
                format!("the last login, on {at}, is not longer than {age} ago"),
                Some(at.to_string()),
                Some(format!("{age} go by since {at} without a login")),
            ),
            Self::Gap { at, age, since } => (
                format!(
                    "the last login known, on {at}, is longer than {age} ago, but logins have only been told without a gap \
                     since {since}"
                ),
                Some(format!("{at}, or later")),
                Some(format!("{age} go by since {since}, in which logins are told and the user does not log in")),
            ),
            Self::Once { at } => {
                let at = at.map_or_else(|| "at some time".to_owned(), |at| format!("on {at}"));
                (
                    format!("the user has logged in once, {at}"),
                    Some(format!("once, {at}")),
                    some("the user logs in again"),
                )
            }
            Self::OnceLately { at, age } => (
                format!("the last login, on {at}, is not longer than {age} ago"),
                Some(at.to_string()),
                Some(format!("{age} go by since {at} without a login")),
            ),
            Self::OthersPerhaps => (
                "one login is known, but usher does not know all logins since the account was created".into(),
                some("one known"),
                some(ALL_KNOWN),
            ),
            Self::Several(count) => {
                (format!("the user has logged in {count} times"), Some(format!("{count} logins")), None)
            }
        }
    }
}
