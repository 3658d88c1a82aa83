//! The smallest change, against trying all.

use proptest::prelude::*;

use super::super::{
    smallest_change,
    truth::{all, any, not},
};
use crate::domain::{MadeOf, Reason, Truth};

fn node(made_of: MadeOf, truth: Truth, parts: Vec<Reason>) -> Reason {
    Reason {
        condition: String::new(),
        truth,
        because: String::new(),
        as_of: None,
        value: None,
        made_of,
        change: None,
        parts,
    }
}

fn leaf(truth: Truth, change: &str) -> Reason {
    Reason { change: Some(change.to_owned()), ..node(MadeOf::Fact, truth, Vec::new()) }
}

fn whole(made_of: MadeOf, parts: Vec<Reason>) -> Reason {
    let truths = parts.iter().map(|part| part.truth);
    let truth = match made_of {
        MadeOf::All => all(truths),
        MadeOf::Any => any(truths),
        MadeOf::Not | MadeOf::Fact => not(parts[0].truth),
    };
    node(made_of, truth, parts)
}

fn tree() -> impl Strategy<Value = Reason> {
    let truth = prop::sample::select(vec![Truth::True, Truth::False, Truth::Unknown]);
    let leaf = (truth, prop::bool::weighted(0.8)).prop_map(|(truth, can_change)| Reason {
        change: can_change.then(String::new),
        ..node(MadeOf::Fact, truth, Vec::new())
    });
    leaf.prop_recursive(3, 7, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| whole(MadeOf::All, parts)),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| whole(MadeOf::Any, parts)),
            inner.prop_map(|part| whole(MadeOf::Not, vec![part])),
        ]
    })
}

/// Gives each change a name of its own.
fn named(reason: &mut Reason, next: &mut u32) {
    if let Some(change) = &mut reason.change {
        *next += 1;
        *change = next.to_string();
    }
    reason.parts.iter_mut().for_each(|part| named(part, next));
}

/// Each tree that some changes lead to, with their number.
fn reachable(reason: &Reason) -> Vec<(usize, Truth)> {
    if reason.made_of == MadeOf::Fact {
        let others = [Truth::True, Truth::False].into_iter().filter(|truth| *truth != reason.truth);
        let changed = others.filter(|_| reason.change.is_some()).map(|truth| (1, truth));
        return [(0, reason.truth)].into_iter().chain(changed).collect();
    }
    let mut choices: Vec<(usize, Vec<Truth>)> = vec![(0, Vec::new())];
    for part in &reason.parts {
        let ways = reachable(part);
        choices = choices
            .iter()
            .flat_map(|(count, truths)| {
                ways.iter().map(move |(more, truth)| (count + more, [truths.as_slice(), &[*truth]].concat()))
            })
            .collect();
    }
    let outcome = |truths: Vec<Truth>| whole(reason.made_of, truths.into_iter().map(|truth| leaf(truth, "")).collect());
    choices.into_iter().map(|(count, truths)| (count, outcome(truths).truth)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_other_change_is_smaller(mut tree in tree()) {
        named(&mut tree, &mut 0);
        let wanted = if tree.truth == Truth::True { Truth::False } else { Truth::True };
        let least = reachable(&tree).into_iter().filter(|(_, truth)| *truth == wanted).map(|(count, _)| count).min();
        prop_assert_eq!(smallest_change(&tree).map(|changes| changes.len()), least);
    }
}

#[test]
fn the_change_is_the_least_that_turns_the_answer() {
    let not_selected = whole(
        MadeOf::All,
        vec![
            whole(
                MadeOf::Any,
                vec![
                    whole(MadeOf::All, vec![leaf(Truth::False, "log in"), leaf(Truth::Unknown, "tell the mail")]),
                    leaf(Truth::False, "be deactivated"),
                ],
            ),
            whole(MadeOf::Not, vec![leaf(Truth::True, "leave the group")]),
        ],
    );
    let changes = smallest_change(&not_selected).expect("there is one");
    assert_eq!(changes, ["be deactivated", "leave the group"]);
}

#[test]
fn a_change_that_serves_two_conditions_is_named_once_and_where_nothing_helps_there_is_none() {
    let twice = whole(MadeOf::All, vec![leaf(Truth::False, "log in"), leaf(Truth::False, "log in")]);
    assert_eq!(smallest_change(&twice).expect("there is one"), ["log in"]);
    let everyone = node(MadeOf::Fact, Truth::True, Vec::new());
    assert_eq!(smallest_change(&everyone), None);
}
