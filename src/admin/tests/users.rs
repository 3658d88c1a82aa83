//! Users, where no list of them is kept, and where some are.

use super::*;
use crate::{
    domain::{StepResult, Truth, UserHints, UserId},
    products::UserPage,
    roster::Roster,
    source::ListRecorder as _,
    views::testing::{decision, outcome, steps, verdict},
};

/// A listener with a roster, and its folder.
pub(super) fn with_roster() -> (Site, Roster, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let ids = ["acme", "cloud"].map(|id| id.parse().expect("an id"));
    let roster = Roster::open(folder.path(), std::time::Duration::from_hours(1), &ids).expect("a roster");
    (Site::keeping(Process::default(), Some(roster.clone())), roster, folder)
}

#[actix_web::test]
async fn without_lists_it_is_said_that_none_are_kept() {
    let site = Site::start();
    for path in ["users", "users.csv?source=acme"] {
        let detail = site.get(&format!("/api/v1/{path}")).await.problem(409, "conflict");
        assert!(detail.contains("console.roster"), "{detail}");
    }
    let refresh = site.ask(Method::POST, "/api/v1/sources/acme/roster/refresh", Some(&format!("Bearer {TOKEN}"))).await;
    refresh.problem(409, "conflict");
    site.get("/api/v1/users/acme/nobody").await.problem(404, "not-found");
    site.get("/api/v1/users/nowhere/jane").await.problem(404, "not-found");
    site.get("/api/v1/users/nowhere/jane/timeline").await.problem(404, "not-found");
    let source = site.get("/api/v1/sources/acme").await.json();
    assert_eq!((&source["roster"]["as_of"], &source["roster_refresh"]), (&Value::Null, &Value::Null));
}

#[actix_web::test]
async fn users_of_all_sources_are_listed_page_by_page_and_bad_queries_are_refused() {
    let (site, roster, _folder) = with_roster();
    for (of, count) in [("acme", 7), ("cloud", 4)] {
        let users = (0..count).map(|number| {
            let hints = UserHints { name: Some(format!("=user {number}")), ..UserHints::default() };
            (UserId::new(format!("{of}:{number}")), hints)
        });
        roster.begin(&of.parse().expect("an id"), at(1)).page(&UserPage::new(users.collect(), None));
    }
    for limit in [1, 3, 11, 500] {
        assert_eq!(site.all("/api/v1/users", limit).await.len(), 11);
    }
    assert_eq!(site.all("/api/v1/users?source=cloud&sort=-email&q=user", 3).await.len(), 4);
    let one = site.get("/api/v1/users?q=ACME:3").await.json();
    assert_eq!(one["items"][0]["id"], "acme:3");
    assert_eq!((&one["roster"][1]["users"], &one["roster"][1]["whole"]), (&4.into(), &true.into()));
    for (query, says) in [
        ("group=staff", "no groups"),
        ("sort=age", "is no order"),
        ("status=gone", "suspended"),
        ("never_logged_in=perhaps", "`true` or `false`"),
        ("last_login_before=yesterday", "is not a time"),
        ("limit=0", "is not a limit"),
        ("nope=1", "nope"),
        (&format!("q={}", "%C3%BC".repeat(201)), "longer than 200 characters"),
    ] {
        let detail = site.get(&format!("/api/v1/users?{query}")).await.problem(400, "bad-query");
        assert!(detail.contains(says), "{query}: {detail}");
    }
    assert_eq!(site.all(&format!("/api/v1/users?q={}", "%C3%BC".repeat(200)), 3).await.len(), 0);
    site.get("/api/v1/users?source=nowhere").await.problem(404, "not-found");
    let user = site.get("/api/v1/users/acme/acme%3A3").await.json();
    assert_eq!(user["facts"]["name"]["value"], "=user 3");
}

#[actix_web::test]
async fn a_timeline_holds_each_item_once_also_one_at_a_time() {
    let site = Site::start();
    let (first, second) =
        (decision("e1", "jane", 0, vec![verdict("a", Truth::True, &["g", "h"])]), decision("e2", "jane", 60, vec![]));
    site.following.log.decide(&first);
    site.following.log.decide(&second);
    for step in steps(&first) {
        site.following.log.end(&outcome(&step, StepResult::Changed, 5));
    }
    let run = first.run(&first.verdicts[0]);
    site.following
        .until(|views| {
            let run = views.run(&run).expect("read")?;
            (run.counts.changed == 2
                && views
                    .decided(&"acme".parse().expect("an id"), &UserId::new("u-jane"), &crate::views::Paging::default())
                    .expect("read")
                    .items
                    .len()
                    == 2)
                .then_some(())
        })
        .await;
    let whole = site.all("/api/v1/users/acme/u-jane/timeline", 500).await;
    let kinds: Vec<_> = whole.iter().map(|item| item["kind"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["decision", "event", "step", "step", "decision", "event"]);
    for limit in [1, 2, 3, 5, 6] {
        assert_eq!(site.all("/api/v1/users/acme/u-jane/timeline", limit).await, whole, "{limit}");
    }
    assert_eq!(site.all("/api/v1/users/acme/u-jane/timeline?kind=step", 1).await.len(), 2);
    assert_eq!(site.all("/api/v1/users/acme/nobody/timeline", 5).await.len(), 0);
}
