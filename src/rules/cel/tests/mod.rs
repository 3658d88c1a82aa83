//! What expressions may say, and what they come to.

mod bounds;
mod meaning;
mod steps;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::domain::{EmailAddress, Fact, Facts, GroupName, Logins, Missing, Origin, UserId};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);
const DAY: i64 = 86_400_000;

fn fact<T>(value: T) -> Fact<T> {
    Fact::Known { value, origin: Origin::Product, as_of: NOW }
}

fn ago(days: i64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() - days * DAY)
}

fn jane() -> Facts {
    Facts {
        name: fact("jane".into()),
        email: fact(EmailAddress::parse("Jane.Doe@acme.com").expect("an address")),
        active: fact(true),
        groups: fact(["jira-users", "dev-blue"].map(GroupName::new).into()),
        applications: fact(BTreeSet::from(["jira-software".to_owned()])),
        created: fact(ago(100)),
        logins: fact(Logins { last: Some(ago(10)), count: 3, complete: true, watched_since: None }),
        directory: fact("Internal".into()),
        ..Facts::unknown(Missing::NotTold)
    }
}

fn evaluated(text: &str, facts: &Facts) -> (Truth, ReasonText) {
    let condition = Where::new(&Expression::new(text));
    let id = UserId::new("JIRAUSER1");
    let looked = condition.evaluate(&Subject { user: Some(&id), facts, now: NOW });
    (looked.truth(), looked.explain())
}

fn refused(text: &str) -> String {
    check_expression(&Expression::new(text)).expect_err(text).to_string()
}

#[test]
fn an_expression_may_say_all_this() {
    let cases = [
        (r#"user.groups.size() == 2 && user.email.endsWith("@acme.com")"#, true),
        (r#"user.groups.exists(g, g.startsWith("dev-"))"#, true),
        (r#"user.groups.all(g, g.startsWith("dev-"))"#, false),
        (r#"user.groups.exists_one(g, g == "dev-blue")"#, true),
        (r#"user.groups.filter(g, g.startsWith("dev-")).size() == 1"#, true),
        (r#"user.groups.map(g, g + "!") == ["dev-blue!", "jira-users!"]"#, true),
        (r#"user.groups.exists(g, ["a", "blue"].exists(p, g.endsWith(p)))"#, true),
        (r#""jira-users" in user.groups"#, true),
        (r#"user.groups.exists(g, g in user.applications)"#, false),
        (r#"!("jira-software" in user.applications)"#, false),
        (r#"user.domain in ["acme.com", "acme.example"]"#, true),
        (r#"user.id == "JIRAUSER1" && user.name == "jane" && user.directory == "Internal""#, true),
        (r#"user.name.matches("^j[a-z]+$")"#, true),
        (r#"user.name.matches(r"^\w+$")"#, true),
        ("user.active ? user.login_count > 2 : false", true),
        (r#"now - user.created > duration("2160h")"#, true),
        (r#"user.last_login + duration("24h") < now"#, true),
        (r#"user.created < timestamp("2020-01-01T00:00:00Z")"#, false),
        (r#"now.getFullYear() == 2023 && now.getDayOfWeek("Europe/Berlin") < 7"#, true),
        (r#"(now - user.last_login).getHours() == 240"#, true),
        (r#"string(user.login_count) + "x" == "3x" && int("4") % 3 == 1 && -1 < 0"#, true),
        (r#"user.groups[0] == "dev-blue""#, true),
        ("user.groups == [] || 1.5 < 2.5 // that is all", true),
    ];
    for (text, expected) in cases {
        assert_eq!(check_expression(&Expression::new(text)), Ok(()), "{text}");
        let (truth, told) = evaluated(text, &jane());
        assert_eq!(truth, known(expected), "{text}: {told:?}");
    }
}

#[test]
fn what_is_wrong_is_refused_with_what_to_write() {
    let cases = [
        (r#"user.emial == "a""#, "at 1:1: `user.emial` is not known; did you mean `email`?"),
        ("user.active &&\n  user.grops.size() == 0", "at 2:3: `user.grops` is not known; did you mean `groups`?"),
        ("user.name == 1", "`==` does not go with string and int"),
        ("user.name", "the expression is a string, and a condition has to be true or false"),
        ("user.active && user.name", "`&&` does not go with bool and string"),
        ("user.name.beginsWith('a')", "there is no function `beginsWith`"),
        ("user.name.startWith('a')", "did you mean `startsWith`?"),
        ("user.name.startsWith(1)", "`startsWith` of a string does not go with int"),
        ("has(user.email)", "leave `has()` out"),
        ("!has(user.email)", "leave `has()` out"),
        ("has(user.groups.size)", "leave `has()` out"),
        ("user.email == null", "there is no `null`"),
        ("user == user", "`user` alone is no value"),
        (r#"user["email"] == "a""#, "`user` alone is no value"),
        ("users.active", "`users` is not known here"),
        ("active", "`active` is not known here; write `user.` and a fact"),
        ("user.email.domain == 'a'", "only `user` has facts"),
        ("user.?email == 'a'", "unsupported syntax"),
        ("[1, 'a'].size() == 2", "a list holds things of one kind"),
        ("{'a': 1}.size() == 1", "there are no maps"),
        ("user.groups.all(user, user == 'a')", "`user` has a meaning here"),
        ("user.name.all(c, c == 'a')", "only a list can be gone through"),
        ("user.groups.exists(g, g)", "`||` does not go with bool and string"),
        ("user.name.matches(user.email)", "write the pattern of `matches` as a text"),
        ("user.name.matches('(')", "not a regular expression"),
        ("user.name.matches('(a{1000}){1000}')", "this pattern is too large"),
        ("user.created > '2020-01-01'", "`>` does not go with timestamp and string"),
        ("user.groups.all(a, user.groups.all(b, a == b || true))", "could take too long"),
        ("user.active &&", "at 1:"),
        ("", "at 1:"),
        ("dyn(user.name) == 1", "there is no function `dyn`"),
        ("type(user.name) == string", "there is no function `type`"),
        ("user.login_count == 3u", "a number without `u`"),
    ];
    for (text, expected) in cases {
        let message = refused(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn what_is_not_known_selects_in_no_form_of_words() {
    let facts = Facts { email: Fact::Unknown(Missing::NotTold), ..jane() };
    for text in [
        r#"user.email == "a""#,
        r#"user.email != "a""#,
        r#"!(user.domain == "a.example")"#,
        r#"true || user.email == "a""#,
        r#"user.active ? true : user.email == "a""#,
        r#"user.groups.exists(g, true || g == user.email)"#,
        r#"!user.groups.all(g, g == user.email)"#,
    ] {
        let (truth, told) = evaluated(text, &facts);
        assert_eq!(truth, Truth::Unknown, "{text}");
        assert!(told.because.contains("can't be told: not told by the product"), "{told:?}");
        assert!(told.change.expect("a change").ends_with("becomes known"));
    }
}

#[test]
fn logins_that_may_not_be_all_are_no_count_and_who_never_logged_in_has_no_last_login() {
    let of = |last, count, complete, watched_since| Facts {
        logins: fact(Logins { last, count, complete, watched_since }),
        ..jane()
    };
    let with = |last, count, complete| of(last, count, complete, None);
    assert_eq!(evaluated("user.login_count == 0", &with(None, 0, true)).0, Truth::True);
    assert_eq!(evaluated("user.login_count == 0", &with(None, 0, false)).0, Truth::Unknown);
    assert_eq!(evaluated("user.login_count == 0", &with(Some(NOW), 0, true)).0, Truth::Unknown);
    assert_eq!(evaluated("user.last_login < now", &with(None, 0, true)).0, Truth::Unknown);
    assert_eq!(evaluated("user.last_login < now", &with(Some(ago(1)), 1, false)).0, Truth::True);
    assert_eq!(evaluated("user.last_login < now", &of(Some(ago(2)), 1, false, Some(ago(2)))).0, Truth::True);
    let (truth, told) = evaluated("user.last_login < now", &of(Some(ago(2)), 1, false, Some(ago(1))));
    assert_eq!(truth, Truth::Unknown);
    assert!(told.because.contains("a gap"), "{told:?}");
}

#[test]
fn what_can_t_be_worked_out_is_unknown_and_the_reason_holds_no_address() {
    for text in ["1 / 0 == 1", "user.groups[7] == 'a'", "int(user.email) == 1", "timestamp(user.email) < now"] {
        let (truth, told) = evaluated(text, &jane());
        assert_eq!(truth, Truth::Unknown, "{text}");
        assert!(told.because.contains("it can't be worked out"), "{told:?}");
        assert!(!format!("{told:?}").contains("Doe"), "{told:?}");
    }
    let (_, told) = evaluated("user.email != '' && user.domain != ''", &jane());
    assert_eq!(told.value.as_deref(), Some("user.domain = acme.com"));
}

#[test]
fn an_expression_that_was_not_checked_selects_nobody() {
    let (truth, told) = evaluated("user.nothing", &jane());
    assert_eq!(truth, Truth::Unknown);
    assert!(told.because.contains("`user.nothing` is not known"), "{told:?}");
}

fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "user",
        ".",
        "email",
        "groups",
        "now",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "&&",
        "||",
        "!",
        "==",
        "<",
        "-",
        "+",
        "1",
        "1.5",
        "'a'",
        "\"",
        "'",
        "r'\\'",
        "\\",
        "all",
        "exists",
        "has",
        "x",
        ",",
        "?",
        ":",
        "in",
        "matches",
        "'('",
        " ",
        "\n",
        "//",
        "ä",
        "🙂",
        "`",
        "0x",
        "1e999",
        "9223372036854775808",
        "timestamp",
        "duration",
        "'1h'",
        "null",
        "b'\\xff'",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_read_or_refused_and_what_is_read_comes_to_an_answer(text in words()) {
        let _ = evaluated(&text, &jane());
    }
}

#[test]
fn what_the_parser_does_not_understand_is_told_without_its_own_texts() {
    for text in [
        "",
        " ",
        "user.active &&",
        "user.active && )",
        "a b",
        "&",
        "user.",
        "\"open",
        "1 +",
        "{",
        "[1,",
        "has()",
        "has(1)",
        "x.map(1, 2)",
        "user.active ? true",
        "0x",
        "1..2",
        "'\\q'",
        "user..active",
        "!",
        "-",
        "in",
        "a in",
        "§",
        "user.active;",
        "user.active == true == ",
        "{a: }",
        "Foo{a}",
        "b'\\xzz'",
        "99999999999999999999",
        "all(",
        "user.groups.all(x)",
    ] {
        if let Err(error) = check_expression(&Expression::new(text)) {
            let said = error.to_string();
            for raw in [
                "Syntax error",
                "mismatched",
                "expecting",
                "viable",
                "extraneous",
                "Context",
                "<EOF>",
                "Some(",
                "Error",
            ] {
                assert!(!said.contains(raw), "{text}: {said}");
            }
        }
    }
}
