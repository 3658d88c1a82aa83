//! The requests of the pages about schemes: checks, next times, versions and conflicts.

use serde_json::json;

use super::{schemes::send, *};

async fn ask(site: &Site, path: &str, body: impl Into<Vec<u8>>) -> TestResponse {
    send(site, Method::POST, &format!("/api/v1/{path}"), &[], body).await
}

fn text(id: &str, rest: &str) -> String {
    format!("id: {id}\nsource: acme\n{rest}\n")
}

const LEAVERS: &str =
    "trigger: { cron: '0 3 * * *' }\nselect: { last_login_before: 90d }\nactions: [{ remove_groups: [STAFF] }]";

#[actix_web::test]
async fn a_check_tells_problems_and_warnings_with_their_places_and_stores_nothing() {
    let site = Site::start();
    let wrong = "id: new\nsource: acme\ntriger: on_create\nselect: { everyone: true }\nactions: []\n";
    let checked = ask(&site, "schemes/check", wrong).await.json();
    assert_eq!((&checked["ok"], &checked["version"]), (&json!(false), &Value::Null));
    let refused = ask(&site, "schemes", wrong).await.json();
    assert_eq!(checked["problems"], refused["problems"], "the same checker");
    assert!(checked["problems"][0]["line"].is_u64() && checked["problems"][0]["column"].is_u64());

    let doubled = text("new", "trigger: on_create\nselect: { everyone: true }\nactions:\n  - add_groups: [crew, crew]");
    let checked = ask(&site, "schemes/check", doubled.clone()).await.json();
    assert_eq!((&checked["ok"], &checked["present"]), (&json!(true), &Value::Null), "{checked}");
    assert_eq!(checked["warnings"][0]["line"], 6, "{checked}");
    site.get("/api/v1/schemes/new").await.problem(404, "not-found");
    let stored = ask(&site, "schemes", doubled.clone()).await.json();
    let again = ask(&site, "schemes/check", doubled).await.json();
    assert_eq!((&again["version"], &again["present"]["tag"]), (&stored["version"], &stored["tag"]));
    let of_file = ask(&site, "schemes/check", text("a", LEAVERS)).await.json();
    assert_eq!(of_file["present"]["provisioned"], true);
    ask(&site, "schemes/check", vec![0xff]).await.problem(400, "bad-request");
}

#[actix_web::test]
async fn schemes_called_as_a_path_below_schemes_can_be_read_and_changed() {
    let site = Site::start();
    for id in ["check", "next", "preview"] {
        let made = ask(&site, "schemes", text(id, LEAVERS)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        assert_eq!(site.get(made.header("location")).await.json()["id"], id);
    }
}

#[actix_web::test]
async fn the_next_times_of_a_trigger_are_told_in_its_zone() {
    let site = Site::start();
    let body = json!({"trigger": {"cron": "30 2 * * *", "timezone": "Europe/Berlin"}});
    let told = ask(&site, "schemes/next", body.to_string()).await.json();
    assert_eq!((&told["kind"], &told["timezone"]), (&json!("schedule"), &json!("Europe/Berlin")));
    let items = told["items"].as_array().expect("times");
    assert_eq!((items.len(), told["clock_change"]["items"].as_array().map(Vec::len)), (5, Some(5)), "{told}");
    assert!(items.iter().all(|item| item["local"].as_str().is_some_and(|local| local.contains("T0"))), "{told}");
    for word in ["on_create", "on_login", "manual"] {
        let told = ask(&site, "schemes/next", json!({"trigger": word}).to_string()).await.json();
        assert_eq!(told, json!({"kind": word, "timezone": null, "items": [], "clock_change": null}));
    }
    for (body, says) in [
        (json!({"trigger": {"cron": "0 0 3 * * ?"}}), "leave out the seconds"),
        (json!({"trigger": {"cron": "0 3 30 2 *"}}), "never comes"),
        (json!({"trigger": {"cron": "0 3 * * *", "timezone": "Berlin"}}), "is not a time zone"),
        (json!({"trigger": "on_logn"}), "did you mean `on_login`"),
        (json!({}), "trigger"),
        (json!({"trigger": "manual", "id": "x"}), "id"),
    ] {
        let answer = ask(&site, "schemes/next", body.to_string()).await;
        answer.problem(422, "invalid-scheme");
        assert!(answer.text.contains(says), "{body}: {}", answer.text);
    }
}

#[actix_web::test]
async fn two_versions_differ_word_by_word_and_an_old_one_is_brought_back() {
    let site = Site::start();
    let first = ask(&site, "schemes", text("new", LEAVERS)).await;
    let change = LEAVERS.replace("90d", "180d");
    let any = [("If-Match", "*")];
    let second = send(&site, Method::PUT, "/api/v1/schemes/new", &any, text("new", &change)).await;
    let diff = site.get("/api/v1/schemes/new/diff?from=1&to=2").await.json();
    let hunks = diff["hunks"].as_array().expect("hunks");
    let of = |kind: &str| -> Vec<_> {
        hunks.iter().filter(|hunk| hunk["kind"] == kind).map(|hunk| hunk["text"].as_str().expect("text")).collect()
    };
    assert_eq!((of("removed"), of("added"), &diff["same"]), (vec!["90d"], vec!["180d"], &json!(false)));
    let version = |made: &TestResponse| made.json()["version"].as_str().expect("a version").to_owned();
    let by_version = format!("/api/v1/schemes/new/diff?from={}&to={}", version(&first), version(&second));
    assert_eq!(site.get(&by_version).await.json(), diff);
    assert_eq!(site.get("/api/v1/schemes/new/diff").await.json(), diff, "the latest and the one before");
    let none = site.get("/api/v1/schemes/new/diff?from=2").await.json();
    assert_eq!((&none["same"], none["hunks"].as_array().map(Vec::len)), (&json!(true), Some(1)));

    let old = site.get("/api/v1/schemes/new/history/1").await.json();
    assert_eq!(old, site.get(&format!("/api/v1/schemes/new/history/{}", version(&first))).await.json());
    for (content, revision) in [(old["yaml"].as_str().expect("YAML").to_owned(), 3), (second.text.clone(), 0)] {
        let back = send(&site, Method::PUT, "/api/v1/schemes/new", &any, content).await;
        if revision == 3 {
            assert_eq!((back.status, version(&back)), (StatusCode::OK, version(&first)), "{}", back.text);
        } else {
            back.problem(422, "invalid-scheme"); // a row is no scheme
        }
    }
    for path in ["new/history/9", "new/history/5a1e0c7d", "a/history/1", "new/diff?from=9", "a/diff", "none/diff"] {
        site.get(&format!("/api/v1/schemes/{path}")).await.problem(404, "not-found");
    }
    site.get("/api/v1/schemes/new/diff?form=1").await.problem(400, "bad-query");
}

#[actix_web::test]
async fn schemes_that_undo_each_other_are_told_with_a_user_as_the_witness() {
    let site = Site::start();
    assert_eq!(site.get("/api/v1/scheme-conflicts").await.json(), json!({"items": [], "next": null, "complete": true}));
    let checked = ask(&site, "schemes/check", text("leavers", LEAVERS)).await.json();
    let conflicts = checked["conflicts"].as_array().expect("conflicts");
    assert_eq!(conflicts.len(), 3, "with a, b and c, which add it on creation: {checked}");
    let made = ask(&site, "schemes", text("leavers", LEAVERS)).await.json();
    let warned = made["warnings"].as_array().expect("warnings");
    assert_eq!(warned.len(), 3, "{made}");
    assert!(
        warned[0].as_str().is_some_and(|text| text.contains("`a` adds `staff` back when a user is created")),
        "{made}"
    );

    let listed = site.all("/api/v1/scheme-conflicts", 2).await;
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&listed), ids(conflicts));
    let first = &listed[0];
    assert_eq!(
        (&first["kind"], &first["schemes"], &first["group"]),
        (&json!("adds_back"), &json!(["a", "leavers"]), &json!("staff"))
    );
    let witness = &first["witness"];
    assert!(witness["last_login"].is_string() && witness["email_domain"].is_null(), "only what matters: {witness}");
    assert!(
        witness["text"].as_str().is_some_and(|text| text.starts_with("any user whose last login was on")),
        "{witness}"
    );

    let off = text("leavers", LEAVERS) + "enabled: false\n";
    let off = send(&site, Method::PUT, "/api/v1/schemes/leavers", &[("If-Match", "*")], off).await;
    assert_eq!(off.status, StatusCode::OK, "{}", off.text);
    assert_eq!(site.get("/api/v1/scheme-conflicts").await.json()["items"], json!([]), "it is not asked");
}

#[actix_web::test]
async fn a_preview_has_an_id_under_which_it_can_be_read_again_also_as_csv() {
    let site = Site::start();
    let scheme = text("look", "trigger: manual\nselect: { users: [nobody] }\nactions: [{ add_groups: [x] }]");
    let first = ask(&site, "schemes/preview?wait=60s", scheme.clone()).await;
    assert_eq!((first.status, &first.json()["state"]), (StatusCode::OK, &json!("done")), "{}", first.text);
    assert_eq!((&first.json()["seen"], &first.json()["unknown"]), (&json!(1), &json!(1)));
    let place = first.header("location").to_owned();
    assert_eq!(site.get(&place).await.json(), first.json());
    let csv = site.get(&format!("{place}.csv")).await;
    assert_eq!((csv.status, csv.header("content-type")), (StatusCode::OK, "text/csv; charset=utf-8"));
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"preview-look.csv\"");
    assert_eq!(csv.text, "\u{feff}source,id,name,steps\r\n");
    for _ in 0..8 {
        let more = ask(&site, "schemes/preview", scheme.clone()).await;
        assert_eq!(more.status, StatusCode::OK, "one that has ended makes room: {}", more.text);
    }
    for gone in [place.clone(), format!("{place}.csv"), "/api/v1/previews/x.csv".to_owned()] {
        site.get(&gone).await.problem(404, "not-found");
    }
    for wait in ["5", "61s", "1m", "-1s", ""] {
        let answer = ask(&site, &format!("schemes/preview?wait={wait}"), scheme.clone()).await;
        assert!(answer.problem(400, "bad-query").contains("from `0s` to `60s`"), "{wait}");
    }
}
