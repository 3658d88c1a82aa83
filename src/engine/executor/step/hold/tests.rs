//! Which steps are held while many users are created at once: those that are taken go before those that are held, and the
//! user ends as if all had been taken in their order.

use std::collections::BTreeSet;

use proptest::{prelude::*, sample::select};

use super::*;
use crate::{
    domain::{GroupName, Truth},
    views::testing::{decision, verdict},
};

const WHY: &str = "many were created";

/// The groups that give access to an application.
const GIVING: [&str; 2] = ["a", "b"];

fn of(steps: Vec<Step>) -> (Decision, SchemeVerdict) {
    let verdict = SchemeVerdict { steps, ..verdict("s", Truth::True, &[]) };
    let decision = Decision { mass_creation: Some(WHY.to_owned()), ..decision("e", "jane", 0, vec![]) };
    (decision, verdict)
}

/// Whether each step is held.
fn held(steps: &[Step]) -> Vec<bool> {
    let (decision, verdict) = of(steps.to_vec());
    (0..steps.len()).map(|index| Hold::of(&decision, &verdict, index, false).is_some()).collect()
}

fn take(step: &Step, groups: &mut BTreeSet<String>) {
    match step {
        Step::AddGroup(group) => drop(groups.insert(group.to_string())),
        Step::RemoveGroup(group) => drop(groups.remove(group.as_str())),
        Step::RemoveAllGroups => groups.clear(),
        Step::RemoveApplicationAccess(_) => groups.retain(|group| !GIVING.contains(&group.as_str())),
        other => panic!("{other:?} does not go with creations"),
    }
}

/// Steps of a scheme that waits for creations. It adds to some groups, and removes from others.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let group = |names: &'static [&'static str]| select(names).prop_map(GroupName::new);
    let step = prop_oneof![
        3 => group(&["a", "c"]).prop_map(Step::AddGroup),
        2 => group(&["b", "d"]).prop_map(Step::RemoveGroup),
        1 => Just(Step::RemoveAllGroups),
        1 => Just(Step::RemoveApplicationAccess(Vec::new())),
    ];
    prop::collection::vec(step, 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_held_and_released_later_leads_to_the_same_groups(
        steps in steps(), before in prop::sample::subsequence(&["a", "b", "c", "d", "e"][..], 0..5),
    ) {
        let before: BTreeSet<String> = before.into_iter().map(str::to_owned).collect();
        let (mut in_order, mut in_two) = (before.clone(), before.clone());
        steps.iter().for_each(|step| take(step, &mut in_order));
        let held = held(&steps);
        let parts = |wanted: bool| steps.iter().zip(&held).filter(move |(_, held)| **held == wanted).map(|(step, _)| step);
        parts(false).for_each(|step| take(step, &mut in_two));
        prop_assert!(before.is_subset(&in_two), "nothing is taken away before somebody has looked: {:?}", steps);
        parts(true).for_each(|step| take(step, &mut in_two));
        prop_assert_eq!(in_two, in_order, "{:?}", steps);
    }
}

#[test]
fn a_run_with_limits_holds_each_step_and_asks_nobody_and_a_dry_run_holds_none_for_its_number() {
    let steps = vec![Step::AddGroup(GroupName::new("a")), Step::RemoveAllGroups];
    let (decision, verdict) = of(steps);
    let limited = SchemeVerdict { held: true, ..verdict.clone() };
    for index in 0..2 {
        let hold = Hold::of(&decision, &limited, index, true).expect("held");
        assert_eq!((hold, hold.is_to_be_decided()), (Hold::Limits, false));
        assert_eq!(Hold::of(&decision, &verdict, index, true), None, "nothing is changed anyway");
    }
    let hold = Hold::of(&decision, &verdict, 1, false).expect("held");
    assert_eq!((hold.reason(), hold.is_to_be_decided()), (WHY, true));
    let alone = Decision { mass_creation: None, ..decision };
    assert_eq!(Hold::of(&alone, &verdict, 1, false), None);
}
