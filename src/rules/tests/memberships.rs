//! Answers by lists of members: never anything else than those by the groups themselves, or unknown.

use proptest::{prelude::*, sample::subsequence};

use super::{
    super::{Compiled, Schemes, Subject, evaluate},
    NOW,
    plain::{User, scheme, user},
};
use crate::domain::{EventKind, Fact, Facts, GroupName, Memberships, Missing, Step, Truth};

const GROUPS: [&str; 4] = ["g1", "g2", "G3", "elsewhere"];

/// The facts of a user whose groups are known, and the same with what the lists of some groups tell instead.
fn told(user: &User, listed: &[&str]) -> (Facts, Facts) {
    let whole = user.facts();
    let own = whole.groups.value().cloned().unwrap_or_default();
    let (of, not_of) = listed.iter().map(|name| GroupName::new(*name)).partition(|group| own.contains(group));
    let memberships = Some(Memberships { of, not_of, as_of: NOW });
    let partly = Facts { groups: Fact::Unknown(Missing::NotInPayload), memberships, ..whole.clone() };
    (whole, partly)
}

fn with_groups() -> impl Strategy<Value = User> {
    user(80).prop_map(|user| User { groups: Some(user.groups.unwrap_or_default()), ..user })
}

fn listed() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(&GROUPS[..], 0..=GROUPS.len())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn an_answer_by_lists_of_members_is_the_answer_by_the_groups_or_unknown(
        scheme in scheme(2), users in prop::collection::vec((with_groups(), listed()), 4),
    ) {
        let compiled = Compiled::new(&scheme.versioned("s").scheme);
        for (user, listed) in &users {
            let (whole, partly) = told(user, listed);
            let id = user.id();
            let select = |facts| compiled.select(&Subject { user: id.as_ref(), facts, now: NOW });
            let (by_groups, by_lists) = (select(&whole), select(&partly));
            prop_assert!(by_lists == by_groups || by_lists == Truth::Unknown, "{by_lists:?} {by_groups:?} {user:?} {listed:?}");
            let explained = compiled.explain(&Subject { user: id.as_ref(), facts: &partly, now: NOW });
            prop_assert_eq!(explained.truth, by_lists);
        }
    }

    #[test]
    fn the_index_passes_nobody_over_whose_groups_are_known_from_lists_of_members_alone(
        schemes in prop::collection::vec(scheme(0), 1..8), user in with_groups(), listed in listed(),
    ) {
        let (_, partly) = told(&user, &listed);
        let id = user.id();
        let subject = Subject { user: id.as_ref(), facts: &partly, now: NOW };
        let versioned: Vec<_> = schemes.iter().enumerate().map(|(n, scheme)| scheme.versioned(&format!("s{n}"))).collect();
        let scanned: Vec<_> = versioned
            .iter()
            .filter(|one| evaluate(&one.scheme, &subject).truth != Truth::False)
            .map(|one| one.reference.id.clone())
            .collect();
        let mut found = Vec::new();
        let source = "acme".parse().expect("an id");
        Schemes::new(versioned).matching(&source, EventKind::Created, &subject, |one, _| found.push(one.reference.id.clone()));
        prop_assert_eq!(found, scanned);
    }

    #[test]
    fn a_step_is_so_by_lists_of_members_only_if_it_is_so_by_the_groups(user in with_groups(), listed in listed()) {
        let (whole, partly) = told(&user, &listed);
        for name in GROUPS {
            for step in [Step::AddGroup(GroupName::new(name)), Step::RemoveGroup(GroupName::new(name.to_uppercase()))] {
                let (by_groups, by_lists) = (whole.satisfies(&step), partly.satisfies(&step));
                prop_assert!(by_groups.is_some());
                prop_assert_eq!(by_lists, by_groups.filter(|_| listed.contains(&name)), "{:?}", step);
            }
        }
        prop_assert_eq!(partly.satisfies(&Step::RemoveAllGroups), None, "there are groups that no list was read of");
    }
}

#[test]
fn all_groups_are_asked_about_before_somebody_counts_as_in_none_of_them() {
    let facts = |of: &[&str], not_of: &[&str]| {
        let groups = |names: &[&str]| names.iter().map(|name| GroupName::new(*name)).collect();
        let memberships = Some(Memberships { of: groups(of), not_of: groups(not_of), as_of: NOW });
        Facts { memberships, ..Facts::unknown(Missing::NotInPayload) }
    };
    for (of, not_of, only, exempt) in [
        (&["a"][..], &[][..], Truth::True, Truth::False),
        (&["A"], &["b"], Truth::True, Truth::False),
        (&[], &["a", "B"], Truth::False, Truth::True),
        (&[], &["a"], Truth::Unknown, Truth::Unknown),
        (&["c"], &["a"], Truth::Unknown, Truth::Unknown),
        (&[], &[], Truth::Unknown, Truth::Unknown),
    ] {
        let facts = facts(of, not_of);
        let everyone = serde_json::json!({ "everyone": true });
        let with = |more: serde_json::Value| {
            let mut scheme = serde_json::json!({ "select": everyone });
            scheme.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            super::selected(scheme, &facts)
        };
        assert_eq!(with(serde_json::json!({ "only_groups": ["a", "b"] })), only, "{of:?} {not_of:?}");
        assert_eq!(with(serde_json::json!({ "exempt": { "groups": ["a", "b"] } })), exempt, "{of:?} {not_of:?}");
        let listed = super::selected(serde_json::json!({ "select": { "where": "'a' in user.groups" } }), &facts);
        assert_eq!(listed, Truth::Unknown, "an expression goes through all groups");
    }
}
