use super::*;
use crate::{
    domain::{StepResult, Truth},
    views::{
        CatchUp, Filter, LetterFilter, Paging,
        testing::{decision, letter, outcome, steps, verdict},
    },
};

/// A site that shows 11 users: each with a run of two steps by scheme `a`, or `b` for every third; the second step
/// of every fifth failed and was given up.
async fn told() -> Site {
    let site = Site::start();
    let log = &site.following.log;
    for user in 0..11 {
        let (event, name) = (format!("e{user:02}"), format!("User{user}"));
        let scheme = if user % 3 == 0 { "b" } else { "a" };
        let decision = decision(&event, &name, user, vec![verdict(scheme, Truth::True, &["staff", "vpn"])]);
        log.decide(&decision);
        let steps = steps(&decision);
        let last = if user % 5 == 0 { StepResult::Failed } else { StepResult::Unchanged };
        log.end(&outcome(&steps[0], StepResult::Changed, user));
        log.end(&outcome(&steps[1], last, user));
        if last == StepResult::Failed {
            log.give_up(&letter(steps[1].key.as_str(), &name, user));
        }
    }
    let finished = |views: &Views| {
        let runs = views.runs(&Filter::default(), &Paging::default()).expect("runs").items;
        let letters = views.dead_letters(&LetterFilter::default(), &Paging::default()).expect("dead letters").items;
        let done = runs.iter().filter(|run| run.finished.is_some()).count();
        (done == 11 && letters.len() == 3).then_some(())
    };
    site.following.until(finished).await;
    site
}

async fn events(site: &Site, query: &str) -> Vec<String> {
    let items = site.all(&format!("/api/v1/runs?{query}"), 4).await;
    items.iter().map(|run| run["event"].as_str().expect("an event").to_owned()).collect()
}

#[actix_web::test]
async fn every_list_gives_each_row_once_newest_first() {
    let site = told().await;
    let expected: Vec<_> = (0..11).rev().map(|user| format!("e{user:02}")).collect();
    for limit in [1, 4, 11, 500] {
        let runs = site.all("/api/v1/runs", limit).await;
        assert_eq!(runs.iter().map(|run| run["event"].clone()).collect::<Vec<_>>(), expected);
        let letters = site.all("/api/v1/dead-letters", limit).await;
        let users: Vec<_> = letters.iter().map(|letter| letter["user"].clone()).collect();
        assert_eq!(users, ["User10", "User5", "User0"]);
        let entries = site.all("/api/v1/runs/e01.a/entries", limit).await;
        assert_eq!(entries.iter().map(|entry| entry["target"].clone()).collect::<Vec<_>>(), ["staff", "vpn"]);
        assert_eq!(site.all("/api/v1/decisions?source=acme&user=user1", limit).await.len(), 1);
    }
}

#[actix_web::test]
async fn runs_are_filtered() {
    let site = told().await;
    assert_eq!(events(&site, "scheme=b").await, ["e09", "e06", "e03", "e00"]);
    assert_eq!(events(&site, "result=failed").await, ["e10", "e05", "e00"]);
    assert_eq!(events(&site, "result=failed&scheme=b").await, ["e00"]);
    assert_eq!(events(&site, "result=held").await.len(), 0);
    assert_eq!(events(&site, "source=acme&action=add_groups").await.len(), 11);
    assert_eq!(events(&site, "source=other").await.len(), 0);
    assert_eq!(events(&site, "action=remove_groups").await.len(), 0);
    assert_eq!(events(&site, &format!("since={}", at(9))).await, ["e10", "e09"]);
    assert_eq!(events(&site, "since=2023-11-15T11:13:29%2B13:00").await, ["e10", "e09"], "in another time zone");
}

#[actix_web::test]
async fn a_run_and_its_entries_are_shown() {
    let site = told().await;
    insta::assert_json_snapshot!("run", site.get("/api/v1/runs/e05.a").await.json());
    insta::assert_json_snapshot!("entries", site.get("/api/v1/runs/e05.a/entries").await.json());
    let run = site.get("/api/v1/runs/e05.a").await.text;
    assert!(site.get("/api/v1/runs").await.text.contains(&run), "the list shows the same");
}

#[actix_web::test]
async fn a_dead_letter_is_shown() {
    let site = told().await;
    insta::assert_json_snapshot!("dead_letter", site.get("/api/v1/dead-letters?limit=1").await.json()["items"]);
}

#[actix_web::test]
async fn decisions_are_found_by_id_and_by_name() {
    let site = told().await;
    for user in ["u-User4", "User4", "uSER4"] {
        let page = site.get(&format!("/api/v1/decisions?source=acme&user={user}")).await.json();
        assert_eq!(page["items"][0]["event"], "e04", "{user}");
        assert_eq!(page["items"][0]["schemes"][0]["run"], "e04.a");
        assert_eq!(page["items"][0]["schemes"][0]["reasons"]["parts"][0]["condition"], "email_domain");
    }
    let nobody = site.get("/api/v1/decisions?source=acme&user=nobody").await;
    assert_eq!((nobody.status, nobody.text.as_str()), (StatusCode::OK, r#"{"items":[],"next":null}"#));
}

#[actix_web::test]
async fn nothing_is_said_to_be_missing_before_the_log_is_read() {
    let site = told().await;
    let paths = ["runs/none.a", "runs/none.a/entries", "runs/none.a/undo", "dead-letters/none"];
    for catch_up in [CatchUp::Begun, CatchUp::Behind(7), CatchUp::Done] {
        site.following.views.note_catch_up(catch_up);
        for path in paths {
            let answer = site.get(&format!("/api/v1/{path}")).await;
            let wanted =
                if catch_up == CatchUp::Done { StatusCode::NOT_FOUND } else { StatusCode::SERVICE_UNAVAILABLE };
            assert_eq!(answer.status, wanted, "{path} {catch_up:?}");
        }
        assert_eq!(site.get("/api/v1/runs/e01.a").await.status, StatusCode::OK);
    }
    site.following.views.note_catch_up(CatchUp::Behind(7));
    let problem = site.get("/api/v1/runs/none.a").await.json();
    let detail = problem["detail"].as_str().expect("text").to_owned();
    assert!(detail.contains("they are 7 records behind the log; ask again"), "{detail}");
}
