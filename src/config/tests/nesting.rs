//! The bounds on depth and number of conditions.

use crate::domain::Condition;

use super::{load, refusal, scheme};

/// A selection with a condition below `levels` times `all`, `any` and `not` in turn.
fn nested(levels: usize) -> String {
    (0..levels).fold("where: 'user.active'".to_owned(), |inner, level| match level % 3 {
        0 => format!("all: [{{ {inner} }}]"),
        1 => format!("any: [{{ {inner} }}]"),
        _ => format!("not: {{ {inner} }}"),
    })
}

fn depth(condition: &Condition) -> usize {
    1 + condition.parts().iter().map(depth).max().unwrap_or(0)
}

#[test]
fn conditions_nest_16_deep_and_no_deeper() {
    let config = load(&scheme(&format!("select: {{ {} }}", nested(16)))).expect("right").config;
    assert_eq!(depth(&config.schemes[0].scheme.select.0[0]), 17);
    for levels in 17..25 {
        let refused = refusal(&scheme(&format!("select: {{ {} }}", nested(levels))));
        assert!(refused.contains("conditions nest more than 16 deep here; write this as a `where`, say"), "{refused}");
        assert_eq!(refused.lines().count(), 1);
    }
    assert!(refusal(&scheme(&format!("select: {{ {} }}", nested(40)))).contains("values nest more than 64 deep"));
}

#[test]
fn all_that_the_language_can_say_nests_less_than_yaml_may() {
    let alls = (0..16).fold("email_domain: [a.example]".to_owned(), |inner, _| format!("all: [{{ {inner} }}]"));
    load(&scheme(&format!("select: {{ {alls} }}"))).expect("the deepest selection there is");
}

#[test]
fn a_scheme_has_a_thousand_conditions_and_no_more() {
    let select = |count: usize| format!("select: {{ any: [{}] }}", "{ deactivated: true }, ".repeat(count));
    load(&scheme(&format!("trigger: manual, {}", select(999)))).expect("a thousand with the `any`");
    for count in [1_000, 20_000] {
        let refused = refusal(&scheme(&format!("trigger: manual, {}", select(count))));
        assert_eq!(refused.lines().count(), 1, "{refused}");
        assert!(
            refused.ends_with("more than 1000 conditions in one scheme; split it, or write a `where`"),
            "{refused}"
        );
    }
}

#[test]
fn the_fields_of_an_issue_may_hold_anything_of_json() {
    let fields = "{ n: ~, b: true, i: -3, o: 0o17, h: 0xff, f: 1.5e3, big: 18446744073709551615, no: .inf, t: \"5\", s: !!str 5, \
                  v: 1.2.3, date: 2027-03-01, list: [a, { k: [] }], labels: [x], \"\": {} }";
    let text =
        scheme(&format!("actions: [{{ create_issue: {{ project: OPS, type: Task, summary: s, fields: {fields} }} }}]"));
    let config = load(&text).expect("right").config;
    let action = serde_json::to_value(&config.schemes[0].scheme.actions[0]).expect("JSON");
    let expected = serde_json::json!({
        "n": null, "b": true, "i": -3, "o": 15, "h": 255, "f": 1500.0, "big": u64::MAX, "no": ".inf", "t": "5", "s": "5",
        "v": "1.2.3", "date": "2027-03-01", "list": ["a", { "k": [] }], "labels": ["x"], "": {},
    });
    assert_eq!(action["create_issue"]["fields"], expected);
}
