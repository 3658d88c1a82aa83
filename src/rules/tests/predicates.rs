//! The shape of predicates: what is left of a scheme for those who need the answer alone.

use serde_json::json;

use super::{super::predicate::Predicate, *};

/// The predicate of a scheme with `fields`, in short.
fn shape(mut fields: serde_json::Value) -> String {
    fields["trigger"] = json!("manual"); // the one that goes with every condition
    shown(&Compiled::new(&scheme(fields).scheme).predicate)
}

fn shown(predicate: &Predicate) -> String {
    let each = |parts: &[Predicate]| parts.iter().map(shown).collect::<Vec<_>>().join(" ");
    match predicate {
        Predicate::Always(holds) => holds.to_string(),
        Predicate::Leaf(leaf) | Predicate::Member(_, leaf) => format!("{:?}", leaf.effort()),
        Predicate::All(parts) => format!("all({})", each(parts)),
        Predicate::Any(parts) => format!("any({})", each(parts)),
        Predicate::Not(part) => format!("not {}", shown(part)),
    }
}

#[test]
fn lists_of_one_condition_are_that_condition() {
    assert_eq!(shape(json!({"select": {"deactivated": true}})), "Fact");
    assert_eq!(shape(json!({"select": {"all": [{"any": [{"deactivated": true}]}]}})), "Fact");
    let exempt = json!({"select": {"deactivated": true}, "exempt": {"groups": ["g"]}});
    assert_eq!(shape(exempt), "all(Fact not Lookup)");
}

#[test]
fn lists_within_lists_of_their_kind_are_one_list() {
    let nested = json!({"select": {"any": [{"deactivated": true}, {"any": [{"email_domain": ["a.example"]}]}]}});
    assert_eq!(shape(nested), "any(Fact Fact)");
    let twice = json!({"select": {"not": {"not": {"deactivated": true}}}});
    assert_eq!(shape(twice), "Fact");
}

#[test]
fn what_holds_for_everyone_decides_nothing_among_all_and_everything_among_any() {
    assert_eq!(shape(json!({"select": {"everyone": true}})), "true");
    assert_eq!(shape(json!({"select": {"everyone": true, "deactivated": true}})), "true");
    assert_eq!(shape(json!({"select": {"all": [{"everyone": true}, {"deactivated": true}]}})), "Fact");
    assert_eq!(shape(json!({"select": {"not": {"everyone": true}}})), "false");
    assert_eq!(shape(json!({"select": {"everyone": true}, "only_groups": ["g"]})), "Lookup");
}

#[test]
fn a_look_at_a_fact_comes_before_a_search_in_lists_and_that_before_an_expression() {
    let all = json!({"select": {"where": "user.active"}, "only_groups": ["g"], "exempt": {"users": ["jane"]}});
    assert_eq!(shape(all), "all(Lookup not Lookup Expression)");
    let any = json!({"select": {"where": "user.active", "users": ["jane"], "deactivated": true}});
    assert_eq!(shape(any), "any(Fact Lookup Expression)");
}
