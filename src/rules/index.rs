//! Finds the schemes that may select a user without evaluating the others.
//!
//! Most schemes can only select users of certain e-mail domains, or members of certain groups. They are found by these.
//! If a scheme could be found in two ways, the way that fewer other schemes share is used. The remaining schemes are
//! always evaluated.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::named_groups::{GroupNumber, NamedGroups, OwnGroups};
use crate::domain::{Condition, DomainPattern, EmailAddress, EmailDomain, Facts, GroupName, Scheme};

/// The places of schemes, by the property that a user must have to be selected. A place is a scheme's number.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    domains: Keyed<Box<str>>,
    parents: Keyed<Box<str>>,
    /// All groups that the schemes name, also those by which none is found.
    groups: NamedGroups,
    /// The schemes that are found by domain. Each of them may select a user with an unknown e-mail address.
    by_domain: Places,
    /// The schemes that are found by group, for a user with unknown groups.
    by_group: Places,
    always: Places,
}

type Places = Vec<u32>;

/// Administrators choose the keys, so nobody can choose many that collide; users' domains are only looked for.
type Keyed<K> = HashMap<K, Places, RandomState>;

/// The property that a user must have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key<'a> {
    Domain(&'a EmailDomain),
    Below(&'a EmailDomain),
    Group(&'a GroupName),
}

impl Index {
    /// An index over `schemes`, whose places are their numbers.
    pub(super) fn new<'a>(schemes: impl IntoIterator<Item = &'a Scheme>) -> Self {
        let mut index = Self::default();
        let add = |scheme: &'a Scheme| {
            for group in scheme.only_groups.iter().chain(&scheme.exempt.groups) {
                index.groups.add(group);
            }
            ways_to(scheme)
        };
        let schemes: Vec<_> = schemes.into_iter().map(add).collect();
        let mut shared: HashMap<&Key<'_>, usize> = HashMap::new();
        for key in schemes.iter().flatten().flatten() {
            *shared.entry(key).or_default() += 1;
        }
        let crowd = |keys: &&Vec<Key<'_>>| keys.iter().map(|key| shared[key]).sum::<usize>();
        for (place, ways) in (0..).zip(&schemes) {
            match ways.iter().min_by_key(crowd) {
                Some(keys) => index.put(place, keys),
                None => index.always.push(place),
            }
        }
        index
    }

    fn put(&mut self, place: u32, keys: &[Key<'_>]) {
        for key in keys {
            let (places, all) = match key {
                Key::Domain(domain) => (self.domains.entry(domain.as_str().into()).or_default(), &mut self.by_domain),
                Key::Below(domain) => (self.parents.entry(domain.as_str().into()).or_default(), &mut self.by_domain),
                Key::Group(group) => (&mut self.groups.add(group).places, &mut self.by_group),
            };
            places.push(place);
            if all.last() != Some(&place) {
                all.push(place);
            }
        }
    }

    /// The number of `group`; none if no scheme names it.
    pub(super) fn group(&self, group: &GroupName) -> Option<GroupNumber> {
        self.groups.number(group)
    }

    /// The places of all schemes that may not say no, and of few others, in order; appended to `found`, which is empty.
    /// Returns the user's groups among those that schemes name, if they are known and not too many.
    pub(super) fn find(&self, facts: &Facts, found: &mut Vec<u32>) -> Option<OwnGroups> {
        match facts.email.value().and_then(EmailAddress::domain) {
            Some(domain) => {
                let domain = domain.as_str();
                found.extend(self.domains.get(domain).into_iter().flatten());
                for parent in parents(domain) {
                    found.extend(self.parents.get(parent).into_iter().flatten());
                }
            }
            None => found.extend_from_slice(&self.by_domain),
        }
        let own = match facts.groups.value() {
            Some(groups) => self.groups.own(groups, |group| found.extend_from_slice(&group.places)),
            None => {
                found.extend_from_slice(&self.by_group);
                None
            }
        };
        found.sort_unstable();
        found.dedup();
        merge(found, &self.always);
        own
    }
}

/// Adds `more` to `found`. Both are in order, and nothing is in both.
fn merge(found: &mut Places, more: &[u32]) {
    let (mut left, mut rest) = (found.len(), more.len());
    found.resize(left + rest, 0);
    // From the back, so that nothing is overwritten before it is moved.
    while rest > 0 {
        let from_more = left == 0 || found[left - 1] < more[rest - 1];
        found[left + rest - 1] = if from_more { more[rest - 1] } else { found[left - 1] };
        if from_more { rest -= 1 } else { left -= 1 }
    }
}

/// The domains above `domain`, from the nearest.
fn parents(domain: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain), |domain| domain.split_once('.').map(|(_, parent)| parent)).skip(1)
}

/// Each way to find `scheme`: keys of which a user must have at least one.
fn ways_to(scheme: &Scheme) -> Vec<Vec<Key<'_>>> {
    let mut ways: Vec<_> = of_any(&scheme.select.0).into_iter().collect();
    if !scheme.only_groups.is_empty() {
        ways.push(scheme.only_groups.iter().map(Key::Group).collect());
    }
    ways.retain(|keys| !keys.is_empty());
    ways
}

/// Any of them may hold, so a user must have a key of one of them.
fn of_any(conditions: &[Condition]) -> Option<Vec<Key<'_>>> {
    let each: Option<Vec<_>> = conditions.iter().map(of).collect();
    Some(each?.into_iter().flatten().collect())
}

/// The keys of which a user must have at least one; none if the condition needs none.
fn of(condition: &Condition) -> Option<Vec<Key<'_>>> {
    match condition {
        Condition::EmailDomain(patterns) => Some(patterns.iter().map(key).collect()),
        Condition::Any(parts) => of_any(parts),
        // All of them must hold, so any will do.
        Condition::All(parts) => parts.iter().filter_map(of).min_by_key(Vec::len),
        _ => None,
    }
}

fn key(pattern: &DomainPattern) -> Key<'_> {
    match pattern {
        DomainPattern::Exactly(domain) => Key::Domain(domain),
        DomainPattern::Below(domain) => Key::Below(domain),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_merged_is_all_of_both_in_order(places in proptest::collection::btree_map(0_u32..200, any::<bool>(), 0..60)) {
            let of = |always: bool| places.iter().filter(|(_, is)| **is == always).map(|(place, _)| *place).collect::<Vec<_>>();
            let mut found = of(false);
            merge(&mut found, &of(true));
            prop_assert_eq!(found, places.keys().copied().collect::<Vec<_>>());
        }
    }
}
