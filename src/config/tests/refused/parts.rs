//! Refusals in sources and schemes, each with the exact line.

use crate::config::tests::{assert_refused, assert_scheme_refused, refusal, scheme};

/// A valid source but for `keys`, which are in line 2.
fn source(keys: &str) -> String {
    let all = [
        ("id:", "id: a"),
        ("product:", "product: jira-dc"),
        ("base_url:", "base_url: \"https://j\""),
        ("auth:", "auth: { bearer: { env: TOKEN } }"),
    ];
    let rest: Vec<&str> = all.iter().filter(|(key, _)| !keys.contains(key)).map(|(_, line)| *line).collect();
    format!("sources:\n- {{ {keys}, {} }}\n", rest.join(", "))
}

fn assert_source_refused(table: &[(&str, &str)]) {
    for (keys, line) in table {
        assert_eq!(refusal(&source(keys)), format!("usher.yaml:2:{line}"), "{keys}");
    }
}

#[test]
fn what_a_source_needs_is_asked_for() {
    assert_refused(&[(
        "sources:\n- name: Acme\n  id:\n",
        "usher.yaml:2:3: `auth` is missing here; write `auth: { bearer: { env: NAME } }`, say\n\
         usher.yaml:2:3: `base_url` is missing here; write `base_url: \"https://jira.example.com\"`, say\n\
         usher.yaml:2:3: `product` is missing here; write `product: jira-dc`, say\n\
         usher.yaml:3:3: `id` has no value; write `id: acme`, say",
    )]);
}

#[test]
fn what_a_source_says_is_checked() {
    assert_source_refused(&[
        ("id: Acme", "9: `Acme` is not an id; write 1 to 63 of a-z, 0-9, `-`, `_`, beginning with a letter or digit"),
        ("product: jira", "14: `jira` is not known here; did you mean `jira-dc`?"),
        (
            "product: crowd",
            "67: Crowd takes no tokens; write the name and password of usher's application in Crowd: \
             `basic: { username: usher, password: { env: NAME } }`",
        ),
        ("webhook: { hmac: { env: TOKEN } }", "22: found keys and values; write a list, like `[a, b]`"),
        ("credentials_expire: 1.3.2027", "25: `1.3.2027` is not a day; write it like `2027-03-01`"),
        ("rate: { per_second: 0 }", "25: `0` is not a number of calls from 0.001 to 10000; write `10` or `0.5`, say"),
        (
            "rate: { per_second: inf }",
            "25: `inf` is not a number of calls from 0.001 to 10000; write `10` or `0.5`, say",
        ),
        (
            "mass_creation: on",
            "20: found a single value; write `off`, or `{ users: 50, percent: 5, within: 10m }`, say",
        ),
        ("mass_creation: { within: 30s }", "30: `30s` does not fit here; write a length of time from `1m` to `1d`"),
        ("reconcile: on", "16: found a single value; write `off`, or `{ every: 10m }`, say"),
        ("reconcile: [off]", "16: found a list; write `off`, or `{ every: 10m }`, say"),
        ("reconcile: { every: 25h }", "25: `25h` does not fit here; write a length of time from `1s` to `1d`"),
        (
            "reconcile: { every: 0s }",
            "25: `0s` is not a length of time; write `90d`, `12h`, `30m` or `2w`, up to 100 years",
        ),
        ("reconcile: { evry: 5m }", "18: `evry` is not a key here; did you mean `every`?"),
        ("rate: { concurrency: 65 }", "26: `65` does not fit here; write a whole number from 1 to 64"),
    ]);
}

#[test]
fn a_base_url_is_https_and_nothing_but_an_address() {
    let url = |url: &str| refusal(&source(&format!("base_url: \"{url}\"")));
    let at = "usher.yaml:2:15: ";
    for (text, line) in [
        ("jira.example", "this is not a URL: `https://` is missing; write `https://jira.example.com`, say"),
        ("ftp://j", "this URL is not one of HTTP; write `https://jira.example.com`, say"),
        (
            "http://jira.example",
            "plain http would show the credentials on the way; write `https://`, or, in a private network, \
             name the host: `plain_http: \"jira.example\"`",
        ),
        (
            "http://localhost.example",
            "plain http would show the credentials on the way; write `https://`, or, in a private network, \
             name the host: `plain_http: \"localhost.example\"`",
        ),
        ("https://u@j/", "credentials stand in this URL; take them out and write them under `auth`"),
        ("https://j/?a=b", "this URL goes on after `?` or `#`; write it up to there"),
        ("https://j/#a", "this URL goes on after `?` or `#`; write it up to there"),
    ] {
        assert_eq!(url(text), format!("{at}{line}"), "{text}");
    }
}

#[test]
fn exactly_one_way_in_is_needed() {
    let one = "exactly one way in is needed; \
               write `bearer: { env: NAME }` or `basic: { username: u, password: { env: NAME } }`";
    assert_source_refused(&[
        ("auth: {}", &format!("11: {one}")),
        ("auth: { bearer: { env: TOKEN }, basic: {} }", &format!("11: {one}")),
        ("auth: { baerer: { env: TOKEN } }", "13: `baerer` is not a key here; did you mean `bearer`?"),
        (
            "auth: { basic: { username: u, pasword: 1 } }",
            "20: `password` is missing here; write `password: { env: NAME }`, say\n\
             usher.yaml:2:35: `pasword` is not a key here; did you mean `password`?",
        ),
        (
            "auth: { basic: { username: \"a:b\", password: { env: TOKEN } } }",
            "32: a user name can't hold a colon or control characters; write the name alone",
        ),
    ]);
}

#[test]
fn ids_are_unique_and_schemes_name_a_source_that_is_there() {
    let twice = source("id: a").replace("sources:\n", "") + source("id: a").replace("sources:\n", "").as_str();
    assert_eq!(
        refusal(&format!("sources:\n{twice}")),
        "usher.yaml:3:9: `a` is already the id of the source at usher.yaml:2:9; give each an id of its own"
    );
    let second = scheme("id: s").lines().last().map(str::to_owned).expect("a line");
    assert_eq!(
        refusal(&(scheme("id: s") + second.as_str())),
        "usher.yaml:4:9: `s` is already the id of the scheme at usher.yaml:3:9; give each an id of its own"
    );
    assert_scheme_refused(&[
        ("source: acmee", "13: there is no source `acmee`; did you mean `acme`?"),
        ("source: zzzzz", "13: there is no source `zzzzz`; write one of: acme, cloud"),
    ]);
    let alone = scheme("id: s").lines().skip(1).collect::<Vec<_>>().join("\n");
    assert_eq!(refusal(&alone), "usher.yaml:2:20: there is no source `acme`; write one under `sources`");
}

#[test]
fn a_source_that_can_not_be_read_is_not_said_to_be_missing() {
    let text = scheme("id: s").replace("id: acme,", "id: ACME,");
    assert!(!refusal(&text).contains("there is no source"), "{}", refusal(&text));
}

#[test]
fn a_list_of_users_holds_names_and_ids_and_is_bounded() {
    let of =
        |users: &str| crate::config::tests::load(&scheme(&format!("trigger: manual, select: {{ users: {users} }}")));
    for (users, says) in [
        ("[]", "no user stands here"),
        ("[\"\"]", "no user stands here"),
        ("[\"jdoe \"]", "`jdoe ` has blanks around it; write `jdoe`"),
        ("[\"a\\nb\"]", "neither a name nor a lasting id"),
        ("jdoe", "write a list"),
    ] {
        let refused = of(users).expect_err(users).to_string();
        assert!(refused.contains(says), "{users}: {refused}");
    }
    let many = |count: usize| format!("[{}]", (0..count).map(|n| format!("u{n}")).collect::<Vec<_>>().join(", "));
    let refused = of(&many(100_001)).expect_err("too many").to_string();
    assert!(refused.contains("100001 users in one list; 100000 are the most"), "{refused}");
    let taken = of(&many(100_000)).expect("as many as may be");
    assert_eq!(taken.config.schemes[0].scheme.select.only_users().map(|users| users.len()), Some(100_000));
    let twice = of("[jdoe, JIRAUSER1, jdoe]").expect("right");
    assert_eq!(twice.config.schemes[0].scheme.select.only_users(), Some(vec!["jdoe", "JIRAUSER1"]), "each once");
}
