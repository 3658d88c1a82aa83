//! Names of groups, as sets and maps compare them.

use std::collections::{BTreeSet, HashSet};

use proptest::{prelude::*, sample::select};

use super::super::*;
use crate::domain::decomposed;

/// Names of few letters, of which many are the same in another case or form.
fn name() -> impl Strategy<Value = String> {
    let letters =
        select(&["a", "A", "b", "é", "É", "e\u{301}", "ü", "Ü", "ß", "-", " ", "ж", "Ж", "Å", "\u{212b}"][..]);
    prop::collection::vec(letters, 0..4).prop_map(|letters| letters.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn equality_order_and_hash_say_the_same(names in prop::collection::vec(name(), 0..12)) {
        let groups: Vec<GroupName> = names.iter().map(GroupName::new).collect();
        for one in &groups {
            for other in &groups {
                prop_assert_eq!(one == other, one.cmp(other) == Ordering::Equal);
                prop_assert_eq!(one.cmp(other), other.cmp(one).reverse());
            }
        }
        let (sorted, hashed): (BTreeSet<_>, HashSet<_>) = (groups.iter().collect(), groups.iter().collect());
        prop_assert_eq!(sorted.len(), hashed.len());
        prop_assert!(groups.iter().all(|group| sorted.contains(group) && hashed.contains(group)));
    }

    #[test]
    fn a_name_is_the_same_in_any_case_and_form_and_is_shown_as_it_was_written(name in name()) {
        let group = GroupName::new(name.clone());
        prop_assert_eq!(&GroupName::new(name.to_lowercase()), &group);
        prop_assert_eq!(&GroupName::new(decomposed(&name).into_owned()), &group);
        prop_assert_eq!(&GroupName::new(composed(&name).into_owned()), &group);
        prop_assert_eq!((group.as_str(), group.to_string(), String::from(group.clone())), (name.as_str(), name.clone(), name.clone()));
        let json = serde_json::to_string(&group).expect("JSON");
        let read: GroupName = serde_json::from_str(&json).expect("a group");
        prop_assert_eq!(read.as_str(), name.as_str());
    }
}

#[test]
fn names_that_only_look_alike_are_two_groups() {
    for (one, other) in
        [("break-glass", "break\u{2011}glass"), ("vip", "vip "), ("vip", "v\u{200b}ip"), ("a", "а"), ("", " ")]
    {
        assert_ne!(GroupName::new(one), GroupName::new(other), "{one} {other}");
    }
}
