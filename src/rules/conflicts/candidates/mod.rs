//! The users whom the conditions of two schemes tell apart, respect by respect.

mod activity;
mod address;
mod group;
mod identity;
mod literals;

use std::collections::BTreeSet;

use crate::domain::{Age, DomainPattern, GroupName, Timestamp, TriggerKind};

use super::{person::Trait, profile::Profile};
use literals::Literals;

/// The number of lists of one kind in the conditions of two schemes that are told apart: the bits of a [`Mask`].
const MAX_LISTS: usize = 64;

/// The lists to which something belongs, one bit each.
type Mask = u64;

/// For each respect in which two schemes look at users, the traits that make a difference.
pub(super) struct Respects {
    pub(super) traits: Vec<Vec<Trait>>,
    /// Whether some were left out because there are too many.
    pub(super) is_cut: bool,
}

impl Respects {
    /// Those other than whether the account is active.
    pub(super) fn without_state(&self) -> Vec<Vec<Trait>> {
        let is_state = |traits: &&Vec<Trait>| traits.iter().any(|given| matches!(given, Trait::Active(_)));
        self.traits.iter().filter(|traits| !is_state(traits)).cloned().collect()
    }
}

/// Users of whom everything is known that the schemes look at. A scheme that selects somebody of whom less is known
/// selects one of these too.
pub(super) fn known(one: &Profile<'_>, other: &Profile<'_>, now: Timestamp) -> Respects {
    let pair = Pair { one, other };
    let literals = Literals::of(&pair.expressions());
    let identities = identity::traits(&pair.users(), &literals);
    let is_cut = pair.is_large() || identities.len() >= identity::MAX_IDENTITIES;
    let mut traits = vec![
        group::traits(&pair.groups(), &literals),
        identities,
        address::traits(&pair.domains(), &literals),
        pair.states(&literals),
        activity::known(&(&pair.ages() | &literals.ages()), pair.looks_at_logins() || !literals.is_empty(), now),
        literals.places(),
    ];
    traits.retain(|traits| !traits.is_empty());
    Respects { traits, is_cut }
}

/// All users, also those of whom only a part is known, as far as conditions other than CEL tell them apart.
pub(super) fn all(one: &Profile<'_>, other: &Profile<'_>, now: Timestamp) -> Respects {
    let pair = Pair { one, other };
    let literals = Literals::default();
    let activity = activity::all(&pair.ages(), pair.looks_at_logins(), now);
    let identities = identity::traits(&pair.users(), &literals);
    let is_cut = pair.is_large() || activity.is_none() || identities.len() >= identity::MAX_IDENTITIES;
    let mut traits = vec![
        group::traits(&pair.groups(), &literals),
        identity::with_unknown(identities),
        address::traits(&pair.domains(), &literals),
        pair.states(&literals),
        activity.unwrap_or_default(),
    ];
    traits.retain(|traits| !traits.is_empty());
    traits.iter_mut().for_each(|traits| traits.insert(0, Trait::Unknown));
    Respects { traits, is_cut }
}

/// The values in the conditions of two schemes.
struct Pair<'p, 'a> {
    one: &'p Profile<'a>,
    other: &'p Profile<'a>,
}

impl<'a> Pair<'_, 'a> {
    fn both<T: Clone>(&self, of: impl for<'r> Fn(&'r Profile<'a>) -> &'r Vec<T>) -> Vec<T> {
        [of(self.one).as_slice(), of(self.other).as_slice()].concat()
    }

    fn groups(&self) -> Vec<&'a [GroupName]> {
        self.both(|profile| &profile.groups)
    }

    fn users(&self) -> Vec<&'a [String]> {
        self.both(|profile| &profile.users)
    }

    fn domains(&self) -> Vec<&'a [DomainPattern]> {
        self.both(|profile| &profile.domains)
    }

    fn expressions(&self) -> Vec<&'a str> {
        self.both(|profile| &profile.expressions)
    }

    fn ages(&self) -> BTreeSet<Age> {
        self.both(|profile| &profile.ages).into_iter().collect()
    }

    fn looks_at_logins(&self) -> bool {
        self.one.looks_at_logins || self.other.looks_at_logins
    }

    /// A user who logs in is active.
    fn states(&self, literals: &Literals<'_>) -> Vec<Trait> {
        let logs_in = [self.one, self.other].iter().any(|profile| profile.trigger() == TriggerKind::OnLogin);
        let is_looked_at = self.one.looks_at_state || self.other.looks_at_state || !literals.is_empty();
        match (is_looked_at, logs_in) {
            (false, _) => Vec::new(),
            (true, true) => vec![Trait::Active(true)],
            (true, false) => vec![Trait::Active(true), Trait::Active(false)],
        }
    }

    /// Whether there are more lists than are told apart.
    fn is_large(&self) -> bool {
        let lists = [self.users().len(), self.domains().len()];
        lists.iter().any(|lists| *lists > MAX_LISTS) || self.ages().len() > activity::MAX_AGES
    }
}
