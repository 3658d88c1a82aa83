//! The meaning of functions and operators, as the language defines it, and against Rust's own.

use proptest::{prelude::*, sample::select};

use super::*;

fn comes_to(text: &str) -> Truth {
    assert_eq!(check_expression(&Expression::new(text)), Ok(()), "{text}");
    evaluated(text, &jane()).0
}

/// Tuesday, 14 November 2023, 22:13:20 in UTC: [`NOW`].
const PARTS_OF_NOW: [(&str, i64); 26] = [
    ("now.getFullYear()", 2023),
    ("now.getMonth()", 10),
    ("now.getDate()", 14),
    ("now.getDayOfMonth()", 13),
    ("now.getDayOfWeek()", 2),
    ("now.getDayOfYear()", 317),
    ("now.getHours()", 22),
    ("now.getMinutes()", 13),
    ("now.getSeconds()", 20),
    ("now.getMilliseconds()", 0),
    (r#"now.getDate("Europe/Berlin")"#, 14),
    (r#"now.getHours("Europe/Berlin")"#, 23),
    (r#"now.getHours("+02:00")"#, 0),
    (r#"now.getDate("+02:00")"#, 15),
    (r#"now.getDayOfWeek("Asia/Tokyo")"#, 3),
    (r#"now.getMinutes("Asia/Kolkata")"#, 43),
    (r#"timestamp("2024-12-31T23:30:00Z").getDayOfYear()"#, 365),
    (r#"timestamp("2024-12-31T23:30:00Z").getFullYear("Europe/Berlin")"#, 2025),
    (r#"timestamp("2024-12-31T23:30:00Z").getDayOfYear("Europe/Berlin")"#, 0),
    (r#"timestamp("2026-03-29T00:59:59Z").getHours("Europe/Berlin")"#, 1),
    (r#"timestamp("2026-03-29T01:00:00Z").getHours("Europe/Berlin")"#, 3),
    (r#"timestamp("2026-11-29T05:06:07.890Z").getMilliseconds()"#, 890),
    (r#"duration("36h30m").getHours()"#, 36),
    (r#"duration("1h30m5s").getMinutes()"#, 90),
    (r#"duration("1h30m5s").getSeconds()"#, 5405),
    ("(now - user.created).getHours()", 2400),
];

#[test]
fn the_parts_of_a_time_are_counted_as_the_language_does_and_in_the_time_zone_that_is_named() {
    for (text, expected) in PARTS_OF_NOW {
        assert_eq!(comes_to(&format!("{text} == {expected}")), Truth::True, "{text}");
        assert_eq!(comes_to(&format!("{text} != {expected}")), Truth::False, "{text}");
    }
}

#[test]
fn a_time_is_the_same_in_any_zone_and_what_is_written_otherwise_is_unknown() {
    for (text, expected) in [
        (r#"timestamp("2023-11-14T22:13:20Z") == now"#, Truth::True),
        (r#"timestamp("2023-11-14T23:13:20+01:00") == now"#, Truth::True),
        (r#"timestamp("2023-11-14T22:13:20.001Z") > now"#, Truth::True),
        (r#"timestamp("2023-11-14T22:13:20.000999Z") > now"#, Truth::True),
        ("timestamp(1700000000) == now", Truth::True),
        ("int(now) == 1700000000", Truth::True),
        (r#"string(now) == "2023-11-14T22:13:20Z""#, Truth::True),
        (r#"now - duration("24h") < now && now + duration("1ms") > now"#, Truth::True),
        (r#"now - timestamp("2023-11-14T20:13:20Z") == duration("2h")"#, Truth::True),
        (r#"duration("90m") == duration("1h30m") && duration("-1h") < duration("0s")"#, Truth::True),
        (r#"timestamp("2023-11-14") < now"#, Truth::Unknown),
        (r#"timestamp("yesterday") < now"#, Truth::Unknown),
        (r#"timestamp("2023-02-30T00:00:00Z") < now"#, Truth::Unknown),
        (r#"now - duration("90d") > user.created"#, Truth::Unknown),
        (r#"now.getHours("Mars/Olympus") > 0"#, Truth::Unknown),
    ] {
        assert_eq!(comes_to(text), expected, "{text}");
    }
}

#[test]
fn texts_are_compared_letter_by_letter_and_counted_in_letters() {
    for (text, expected) in [
        (r#""jürgen".size() == 6 && size("🙂") == 1 && "".size() == 0"#, true),
        (r#""e\u0301".size() == 2"#, true),
        (r#""a" < "b" && "B" < "a" && "a" < "ab" && "" < "a""#, true),
        (r#""jane" == "Jane""#, false),
        (r#""JIRA-users" in user.groups"#, false),
        (r#""jane".contains("") && "jane".startsWith("") && "jane".endsWith("")"#, true),
        (r#""jane".matches("an") && !"jane".matches("^an") && "jane".matches("(?i)^JANE$")"#, true),
        (r#""jane\nbob".matches("^bob$")"#, false),
        (r#""jane\nbob".matches("(?m)^bob$")"#, true),
        (r#"user.name.matches("^[a-z]+$")"#, true),
        (r#"r"\d" == "\\d" && 'a"b' == "a\"b""#, true),
        (r#""a" + "b" == "ab" && string(1) + string(true) == "1true""#, true),
        (r#"string(1.5) == "1.5" && string(-3) == "-3""#, true),
    ] {
        assert_eq!(comes_to(text), known(expected), "{text}");
    }
}

#[test]
fn numbers_are_cut_toward_zero_and_what_is_out_of_bounds_is_unknown() {
    for (text, expected) in [
        ("7 / 2 == 3 && -7 / 2 == -3 && 7 % 3 == 1 && -7 % 3 == -1 && 7 % -3 == 1", Truth::True),
        ("int(1.9) == 1 && int(-1.9) == -1 && double(3) == 3.0 && double('1e3') == 1000.0", Truth::True),
        ("int('-12') == -12", Truth::True),
        ("0.1 + 0.2 == 0.3", Truth::False),
        ("1.0 / 0.0 > 1000000.0", Truth::True),
        ("bool('true') && !bool('false')", Truth::True),
        ("9223372036854775807 + 1 > 0", Truth::Unknown),
        ("-9223372036854775808 - 1 < 0", Truth::Unknown),
        ("9223372036854775807 * 2 > 0", Truth::Unknown),
        ("int(1e300) > 0", Truth::Unknown),
        ("int('12x') == 12", Truth::Unknown),
        ("int('') == 0", Truth::Unknown),
        ("double('x') > 0.0", Truth::Unknown),
        ("bool('perhaps')", Truth::Unknown),
        ("1 % 0 == 0", Truth::Unknown),
    ] {
        assert_eq!(comes_to(text), expected, "{text}");
    }
}

#[test]
fn an_error_in_a_part_never_selects_by_itself() {
    for bad in ["1 / 0 == 1", "user.groups[9] == 'x'", "int(user.name) == 0"] {
        assert_eq!(comes_to(bad), Truth::Unknown, "{bad}");
        for text in [format!("!({bad})"), format!("{bad} ? true : true"), format!("true && {bad}")] {
            assert_eq!(comes_to(&text), Truth::Unknown, "{text}");
        }
        for text in [format!("{bad} && false"), format!("false && {bad}"), format!("user.groups.all(g, {bad})")] {
            assert_ne!(comes_to(&text), Truth::True, "{text}");
        }
        assert_eq!(comes_to(&format!("true || {bad}")), Truth::True);
        assert_eq!(comes_to(&format!("user.active ? true : {bad}")), Truth::True, "the other branch is not taken");
    }
}

#[test]
fn a_list_of_nothing_has_all_and_none() {
    let facts = Facts { groups: fact([].into()), applications: fact(BTreeSet::new()), ..jane() };
    for (text, expected) in [
        ("user.groups.size() == 0 && user.groups == []", true),
        ("user.groups.all(g, false)", true),
        ("user.groups.exists(g, true)", false),
        ("user.groups.exists_one(g, true)", false),
        ("user.groups.filter(g, true) == [] && user.groups.map(g, g) == []", true),
        ("'' in user.groups", false),
        ("user.groups + ['x'] == ['x']", true),
    ] {
        assert_eq!(evaluated(text, &facts).0, known(expected), "{text}");
    }
}

/// A whole number, or a condition, as it is written with as few brackets as the language needs, and what it comes to.
#[derive(Debug, Clone)]
struct Part<T> {
    text: String,
    value: T,
    /// The higher, the closer it binds.
    binds: u8,
}

impl<T> Part<T> {
    fn within(&self, least: u8) -> String {
        if self.binds >= least { self.text.clone() } else { format!("({})", self.text) }
    }
}

/// `left operator right`, of operators that are read from the left.
fn joined<T, U>(left: &Part<T>, operator: &str, right: &Part<T>, binds: u8, value: U) -> Part<U> {
    Part { text: format!("{} {operator} {}", left.within(binds), right.within(binds + 1)), value, binds }
}

fn number() -> impl Strategy<Value = Part<i64>> {
    let leaf = (0_i64..20).prop_map(|value| Part { text: value.to_string(), value, binds: 9 });
    leaf.prop_recursive(3, 12, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(one, other)| joined(&one, "+", &other, 5, one.value + other.value)),
            two.clone().prop_map(|(one, other)| joined(&one, "-", &other, 5, one.value - other.value)),
            two.prop_map(|(one, other)| joined(&one, "*", &other, 6, one.value * other.value)),
            (inner.clone(), 1_i64..5).prop_map(|(one, by)| {
                let by = Part { text: by.to_string(), value: by, binds: 9 };
                joined(&one, "/", &by, 6, one.value / by.value)
            }),
            (inner.clone(), 1_i64..5).prop_map(|(one, by)| {
                let by = Part { text: by.to_string(), value: by, binds: 9 };
                joined(&one, "%", &by, 6, one.value % by.value)
            }),
            inner.prop_map(|one| Part { text: format!("-({})", one.text), value: -one.value, binds: 7 }),
        ]
    })
}

fn condition() -> impl Strategy<Value = Part<bool>> {
    let compared = (number(), number(), 0..6).prop_map(|(one, other, operator)| {
        let (operator, value) = match operator {
            0 => ("==", one.value == other.value),
            1 => ("!=", one.value != other.value),
            2 => ("<", one.value < other.value),
            3 => ("<=", one.value <= other.value),
            4 => (">", one.value > other.value),
            _ => (">=", one.value >= other.value),
        };
        joined(&one, operator, &other, 4, value)
    });
    let leaf = prop_oneof![
        4 => compared,
        1 => select(&[("true", true), ("false", false), ("user.active", true)][..])
            .prop_map(|(text, value)| Part { text: text.to_owned(), value, binds: 9 }),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(one, other)| joined(&one, "&&", &other, 3, one.value && other.value)),
            two.prop_map(|(one, other)| joined(&one, "||", &other, 2, one.value || other.value)),
            inner.clone().prop_map(|one| Part { text: format!("!{}", one.within(8)), value: !one.value, binds: 7 }),
            (inner.clone(), inner.clone(), inner).prop_map(|(if_so, yes, no)| Part {
                text: format!("{} ? {} : {}", if_so.within(2), yes.within(2), no.within(1)),
                value: if if_so.value { yes.value } else { no.value },
                binds: 1,
            }),
        ]
    })
}

/// A short text of letters of one to four bytes, with all that has to be escaped.
fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(select(&['a', 'b', 'B', 'é', '🙂', '"', '\\', '\'', '\n', '.'][..]), 0..4)
        .prop_map(|letters| letters.into_iter().collect())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn conditions_come_to_what_they_come_to_in_rust(condition in condition()) {
        prop_assume!(check_expression(&Expression::new(condition.text.clone())).is_ok());
        prop_assert_eq!(evaluated(&condition.text, &jane()).0, known(condition.value), "{}", condition.text);
    }

    #[test]
    fn texts_and_lists_are_as_in_rust(one in text(), other in text(), list in prop::collection::vec(text(), 0..4)) {
        let facts = Facts { name: fact(one.clone()), groups: fact(list.iter().map(GroupName::new).collect()), ..jane() };
        let groups: Vec<String> = facts.groups.value().expect("known").iter().map(ToString::to_string).collect();
        let of = quoted(&other);
        for (text, expected) in [
            (format!("user.name == {of}"), one == other),
            (format!("user.name < {of}"), one < other),
            (format!("user.name.contains({of})"), one.contains(&other)),
            (format!("user.name.startsWith({of})"), one.starts_with(&other)),
            (format!("user.name.endsWith({of})"), one.ends_with(&other)),
            (format!("(user.name + {of}).size() == {}", one.chars().count() + other.chars().count()), true),
            (format!("{of} in user.groups"), groups.contains(&other)),
            (format!("user.groups.exists(g, g == {of})"), groups.contains(&other)),
            (format!("user.groups.all(g, g != {of})"), !groups.contains(&other)),
            (format!("user.groups.exists_one(g, g.contains({of}))"), groups.iter().filter(|g| g.contains(&other)).count() == 1),
            (format!("user.groups.filter(g, g < {of}).size() == {}", groups.iter().filter(|g| **g < other).count()), true),
            (format!("user.groups.map(g, g + {of}).all(g, g.endsWith({of}))"), true),
            (format!("user.groups.size() == {}", groups.len()), true),
        ] {
            prop_assert_eq!(evaluated(&text, &facts).0, known(expected), "{} of {:?} and {:?}", text, one, groups);
        }
    }
}
