//! A source's `feed`.

use std::time::Duration;

use crate::{
    config::{
        AuditActions, Feed, Source,
        tests::{load, refusal},
    },
    domain::Product,
};

/// A source that is right but for `feed`, whose value begins in column 11 of line 2.
fn source(product: Product, feed: &str, more: &str) -> String {
    format!(
        "sources:\n- {{ feed: {feed}, id: a, product: {product}, base_url: \"https://j\", \
         auth: {{ bearer: {{ env: TOKEN }} }}{more} }}\n"
    )
}

fn read(feed: &str, more: &str) -> Source {
    load(&source(Product::JiraDc, feed, more)).expect(feed).config.sources.remove(0)
}

fn assert_refused(product: Product, feed: &str, more: &str, line: &str) {
    assert_eq!(refusal(&source(product, feed, more)), format!("usher.yaml:2:{line}"), "{feed}");
}

#[test]
fn a_feed_is_looked_at_every_half_minute_and_ten_minutes_back_where_nothing_else_is_said() {
    let source = read("{ kind: audit-log }", "");
    assert_eq!(source.feed, Some(Feed::default()));
    assert_eq!(source.actions, AuditActions::default());
    let source = read("{ kind: audit-log, every: 1h, overlap: 1d, actions: { login: [in] } }", "");
    let (every, overlap) = (Duration::from_hours(1), Duration::from_hours(24));
    assert_eq!(source.feed, Some(Feed { every, overlap }));
    assert_eq!(source.actions.login, ["in"]);
    assert_eq!(source.actions.created, AuditActions::default().created);
}

#[test]
fn a_feed_and_a_listener_may_tell_of_one_login_a_feed_and_an_audit_log_webhook_by_the_entrys_own_id() {
    let twice = |more| read("{ kind: audit-log }", more).tells_logins_twice();
    assert!(!twice(""));
    assert!(!twice(", webhook: { bearer: [{ env: TOKEN }] }"));
    assert!(twice(", webhook: { hmac: [{ env: TOKEN }] }"));
}

#[test]
fn what_a_feed_says_is_checked() {
    for (feed, line) in [
        ("{ every: 30s }", "11: `kind` is missing here; write `kind: audit-log`"),
        ("audit-log", "11: found a single value; write `{ kind: audit-log, every: 30s }`, say"),
        ("{ kind: webhook }", "19: `webhook` is not known here; write one of: audit-log"),
        ("{ kind: audit-log, evry: 9s }", "30: `evry` is not a key here; did you mean `every`?"),
        (
            "{ kind: audit-log, every: 0s, overlap: 2d }",
            "37: `0s` does not fit here; write a time from 1s to 1h, `30s`, say\n\
             usher.yaml:2:50: `2d` does not fit here; write a time from 1m to 24h, `10m`, say",
        ),
    ] {
        assert_refused(Product::JiraDc, feed, "", line);
    }
    let webhook = ", webhook: { actions: { login: [in] } }";
    let twice = "11: `actions` stands under `webhook` too, and it is the same audit log; write it in one place";
    assert_refused(Product::JiraDc, "{ kind: audit-log, actions: { login: [in] } }", webhook, twice);
}

#[test]
fn an_organisation_is_asked_no_more_often_than_it_lets() {
    let (organization, feed) =
        (", organization: \"1-a\"", |every: &str| format!("{{ kind: audit-log, every: {every} }}"));
    let too_often = "37: `4s` does not fit here; write a time from 5s to 1h, `30s`, say";
    assert_refused(Product::AtlassianOrg, &feed("4s"), organization, too_often);
    assert!(load(&source(Product::AtlassianOrg, &feed("5s"), organization)).is_ok());
}

#[test]
fn where_there_is_no_feed_it_is_said_where_there_is_one() {
    let line = "11: Jira Cloud has no feed of logins: logins to a site are in its organisation's audit log; write `feed` under a \
                source of `product: atlassian-org`";
    assert_refused(Product::JiraCloud, "{ kind: audit-log }", "", line);
}
