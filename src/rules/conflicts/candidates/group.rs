//! Memberships: for each combination of lists of groups, a user who is in a group of exactly these.

use std::collections::BTreeMap;

use crate::domain::{GroupName, Groups};

use super::{Mask, literals::Literals};
use crate::rules::conflicts::person::Trait;

/// The lists of one pair of schemes are `only_groups` and `exempt.groups` of each.
pub(super) fn traits(lists: &[&[GroupName]], literals: &Literals<'_>) -> Vec<Trait> {
    if lists.is_empty() && literals.is_empty() {
        return Vec::new();
    }
    let mut masks: BTreeMap<&GroupName, Mask> = BTreeMap::new();
    for (place, list) in lists.iter().enumerate() {
        list.iter().for_each(|group| *masks.entry(group).or_default() |= 1 << place);
    }
    // One group for each combination of lists.
    let mut kinds: BTreeMap<Mask, &GroupName> = BTreeMap::new();
    for (group, mask) in masks {
        kinds.entry(mask).or_insert(group);
    }
    let mut sets: BTreeMap<Mask, Groups> = BTreeMap::from([(0, Groups::new())]);
    for (mask, group) in kinds {
        for (before, groups) in sets.clone() {
            let mut more = groups.clone();
            more.insert(group.clone());
            sets.entry(before | mask).or_insert(more);
        }
    }
    let mut sets: Vec<_> = sets.into_values().collect();
    sets.sort_by_key(Groups::len);
    let named: Vec<_> = literals.groups().collect();
    let with_all = |groups: &Groups| groups.iter().cloned().chain(named.iter().cloned()).collect::<Groups>();
    let with_one = |group: &GroupName, groups: &Groups| groups.iter().chain([group]).cloned().collect::<Groups>();
    let mut wider: Vec<_> = sets.iter().filter(|_| !named.is_empty()).map(with_all).collect();
    wider.extend(named.iter().flat_map(|group| sets.iter().map(move |groups| with_one(group, groups))));
    sets.into_iter().chain(wider).map(Trait::Groups).collect()
}
