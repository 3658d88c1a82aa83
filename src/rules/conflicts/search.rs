//! The search for a user whom two schemes select.

use crate::domain::{Timestamp, Truth};

use super::{
    candidates::{self, Respects},
    person::{Person, Trait},
    profile::Profile,
    witness::Witness,
};

/// The number of evaluations for one pair of schemes.
const MAX_OF_PAIR: u64 = 20_000;
/// The number of evaluations in all; one takes about a microsecond.
const MAX_OF_ALL: u64 = 2_000_000;

/// The evaluations that may still be made.
#[derive(Debug)]
pub(super) struct Budget {
    spent: u64,
    of_pair: u64,
    is_cut: bool,
}

impl Budget {
    pub(super) fn of_all() -> Self {
        Self { spent: 0, of_pair: 0, is_cut: false }
    }

    /// The next pair has evaluations of its own.
    pub(super) fn begin_pair(&mut self) {
        self.of_pair = 0;
    }

    /// Whether `evaluations` more may be made. If not, the search is cut.
    pub(super) fn spend(&mut self, evaluations: u64) -> bool {
        if self.of_pair + evaluations > MAX_OF_PAIR || self.spent + evaluations > MAX_OF_ALL {
            self.is_cut = true;
            return false;
        }
        self.of_pair += evaluations;
        self.spent += evaluations;
        true
    }

    pub(super) fn spent(&self) -> u64 {
        self.spent
    }

    pub(super) fn cut(&mut self) {
        self.is_cut = true;
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// The answer about a person of whom not all is known.
pub(super) enum Answer {
    /// This is one, whatever else holds.
    Yes,
    /// This is none, whatever else holds.
    No,
    /// It depends on something that is not known.
    Open,
}

/// The first person found, in depth: traits are given one by one, and where the answer stands already, nothing else is
/// tried. The rules answer the same for a person of whom more is known.
pub(super) fn first(
    respects: &[Vec<Trait>],
    person: &Person,
    answer: &mut impl FnMut(&Person) -> Answer,
) -> Option<Person> {
    match answer(person) {
        Answer::Yes => Some(person.clone()),
        Answer::No => None,
        Answer::Open => {
            let (traits, rest) = respects.split_first()?;
            traits.iter().find_map(|given| first(rest, &person.with(given), answer))
        }
    }
}

/// A user whom both schemes select; none if there is none, or none was found.
pub(super) fn both_select(
    one: &Profile<'_>,
    other: &Profile<'_>,
    now: Timestamp,
    budget: &mut Budget,
) -> Option<Witness> {
    let Respects { traits, is_cut } = candidates::known(one, other, now);
    let mut spent = true;
    let found = first(&traits, &Person::anybody(now), &mut |person: &Person| {
        spent = spent && budget.spend(2);
        match (spent, one.select(person)) {
            (false, _) | (_, Truth::False) => Answer::No,
            (true, first) => match (first, other.select(person)) {
                (_, Truth::False) => Answer::No,
                (Truth::True, Truth::True) => Answer::Yes,
                _ => Answer::Open,
            },
        }
    });
    if found.is_none() && is_cut {
        budget.cut();
    }
    let selects = |person: &Person| [one, other].iter().all(|scheme| scheme.select(person) == Truth::True);
    Some(Witness::of(found?, selects))
}
