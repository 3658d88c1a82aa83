//! The groups that many schemes name, as numbers: which of them a user is in is found out once, not by each scheme.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::domain::{GroupName, Groups};

/// The number of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct GroupNumber(u32);

/// The groups that some schemes name. Administrators choose them, so nobody can choose many that collide.
#[derive(Debug, Clone, Default)]
pub(super) struct NamedGroups(HashMap<GroupName, NamedGroup, RandomState>);

/// A group that schemes name.
#[derive(Debug, Clone)]
pub(super) struct NamedGroup {
    number: GroupNumber,
    /// The places of the schemes that are found by it.
    pub(super) places: Vec<u32>,
}

/// The groups of a user that schemes name.
#[derive(Debug)]
pub(super) struct OwnGroups {
    numbers: [GroupNumber; MAX_OWN],
    count: usize,
}

/// The highest number of groups in [`OwnGroups`].
const MAX_OWN: usize = 32;

impl NamedGroups {
    /// The entry of `group`, which is added if it is not there.
    pub(super) fn add(&mut self, group: &GroupName) -> &mut NamedGroup {
        let number = GroupNumber(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.entry(group.clone()).or_insert_with(|| NamedGroup { number, places: Vec::new() })
    }

    /// The number of `group`; none if no scheme names it.
    pub(super) fn number(&self, group: &GroupName) -> Option<GroupNumber> {
        self.0.get(group).map(|named| named.number)
    }

    /// Calls `found` for each of the groups `of` a user that schemes name. Returns their numbers; none if there are too
    /// many: then the groups have to be looked up by name.
    pub(super) fn own(&self, of: &Groups, mut found: impl FnMut(&NamedGroup)) -> Option<OwnGroups> {
        let mut own = OwnGroups { numbers: [GroupNumber(0); MAX_OWN], count: 0 };
        let mut take = |named: &NamedGroup| {
            found(named);
            if let Some(place) = own.numbers.get_mut(own.count) {
                *place = named.number;
            }
            own.count += 1;
        };
        if self.0.len() < of.len() {
            self.0.iter().filter(|(group, _)| of.contains(*group)).for_each(|(_, named)| take(named));
        } else {
            of.iter().filter_map(|group| self.0.get(group)).for_each(&mut take);
        }
        (own.count <= MAX_OWN).then_some(own)
    }
}

impl OwnGroups {
    /// Whether the user is in any of `groups`.
    pub(super) fn has_any(&self, groups: &[GroupNumber]) -> bool {
        self.numbers[..self.count].iter().any(|own| groups.contains(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(place: usize) -> GroupName {
        GroupName::new(format!("g{place}"))
    }

    fn named(count: usize) -> NamedGroups {
        let mut named = NamedGroups::default();
        (0..count).for_each(|place| named.add(&group(place)).places.push(7));
        named
    }

    #[test]
    fn the_groups_of_a_user_are_found_whichever_are_more() {
        for known in [3, 300] {
            let named = named(known);
            let mut places = Vec::<u32>::new();
            let of = [2, 900, 901, 902].map(group).into();
            let own = named.own(&of, |found| places.extend(&found.places)).expect("there is room");
            assert_eq!(places, [7]);
            let number = |place: usize| named.number(&group(place)).expect("it is named");
            assert!(own.has_any(&[number(0), number(2)]) && !own.has_any(&[number(0), number(1)]));
        }
        assert_eq!(named(3).number(&group(3)), None);
    }

    #[test]
    fn a_user_in_more_groups_than_there_is_room_for_is_left_to_their_names() {
        let named = named(100);
        let own = |count: usize| named.own(&(0..count).map(group).collect(), |_| {});
        assert!(own(MAX_OWN).is_some() && own(MAX_OWN + 1).is_none());
        assert!(!own(0).expect("there is room").has_any(&[GroupNumber(0)]), "in no group");
    }
}
