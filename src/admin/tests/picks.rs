//! Picks of users and saved filters over the API.

use serde_json::json;

use super::{schemes::send, users::with_roster, *};
use crate::{
    domain::{UserHints, UserId},
    products::UserPage,
    roster::Roster,
    source::ListRecorder as _,
};

const PICKS: &str = "/api/v1/picks";

/// Lists the users of acme with these ids and names.
fn list(roster: &Roster, users: &[(&str, &str)]) {
    list_at(roster, 1, users);
}

fn list_at(roster: &Roster, second: i64, users: &[(&str, &str)]) {
    let users = users
        .iter()
        .map(|(id, name)| (UserId::new(*id), UserHints { name: Some((*name).to_owned()), ..UserHints::default() }));
    roster.begin(&"acme".parse().expect("an id"), at(second)).page(&UserPage::new(users.collect(), None));
}

async fn post(site: &Site, path: &str, body: &Value) -> TestResponse {
    send(site, Method::POST, path, &[], body.to_string()).await
}

async fn file(site: &Site, query: &str, bytes: impl Into<Vec<u8>>) -> TestResponse {
    let headers = [("Content-Type", "text/csv")];
    send(site, Method::POST, &format!("{PICKS}/csv?source=acme{query}"), &headers, bytes).await
}

async fn users_of(site: &Site, pick: &TestResponse, limit: usize) -> Vec<String> {
    let id = pick.json()["id"].as_str().expect("an id").to_owned();
    let rows = site.all(&format!("{PICKS}/{id}/users"), limit).await;
    rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

#[actix_web::test]
async fn users_are_picked_by_their_ids_in_their_order_and_unknown_ones_are_named() {
    let (site, roster, _folder) = with_roster();
    list(&roster, &[("k:1", "ann"), ("k:2", "=1+1"), ("k:3", "<script>\u{202e}"), ("k:4", &"x".repeat(300))]);
    let odd = "y".repeat(300);
    let sent = json!({"source": "acme", "users": ["k:3", "nobody", "k:1", "k:3", "", odd, "a\nb"]});
    let made = post(&site, PICKS, &sent).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let row = made.json();
    assert_eq!((&row["users"], &row["from"], &row["whole"]), (&json!(2), &json!("7 ids"), &json!(true)));
    assert_eq!((&row["problem_count"], &row["file"]), (&json!(4), &Value::Null));
    assert_eq!(row["problems"][0], json!({"line": null, "value": "nobody", "why": "no such user"}));
    assert_eq!(row["problems"][2]["value"], "y".repeat(100), "cut");
    for limit in [1, 2, 10] {
        assert_eq!(users_of(&site, &made, limit).await, ["k:3", "k:1"]);
    }
    let shown = site.get(made.header("location")).await;
    assert_eq!((shown.header("etag"), &shown.json()["tag"]), (made.header("etag"), &row["tag"]));
    assert_eq!(site.all(PICKS, 1).await, [shown.json()]);
    let users = site.get(&format!("{}/users", made.header("location"))).await.json();
    assert_eq!((&users["items"][0]["name"], &users["roster"]["users"]), (&json!("<script>\u{202e}"), &json!(4)));
}

#[actix_web::test]
async fn a_filter_freezes_those_who_match_now_and_one_whom_the_list_loses_has_the_id_alone() {
    let (site, roster, _folder) = with_roster();
    list(&roster, &[("k:1", "ann"), ("k:2", "ben"), ("k:3", "anna")]);
    let made = post(&site, PICKS, &json!({"source": "acme", "filter": {"q": "ann"}})).await;
    assert_eq!(
        (&made.json()["users"], &made.json()["from"]),
        (&json!(2), &json!("users: with `ann`")),
        "{}",
        made.text
    );
    list_at(&roster, 2, &[("k:1", "ann"), ("k:2", "ben"), ("k:5", "annika")]);
    assert_eq!(users_of(&site, &made, 10).await, ["k:1", "k:3"]);
    let users = site.get(&format!("{}/users", made.header("location"))).await.json();
    let lost = &users["items"][1];
    assert_eq!(
        (&lost["name"], &lost["as_of"], &users["items"][0]["name"]),
        (&Value::Null, &Value::Null, &json!("ann"))
    );
    let csv = site.get(&format!("{}.csv", made.header("location"))).await;
    assert!(csv.status == StatusCode::OK && csv.text.contains("acme,k:1,ann,") && csv.text.contains("acme,k:3,,"));
    let all = post(&site, PICKS, &json!({"source": "acme", "filter": {}, "users": null})).await;
    assert_eq!((&all.json()["users"], &all.json()["from"]), (&json!(3), &json!("all users")));
}

#[actix_web::test]
async fn a_pick_is_changed_and_deleted_by_its_owner() {
    let (site, roster, _folder) = with_roster();
    list(&roster, &[("k:1", "ann"), ("k:2", "ben"), ("k:3", "cat")]);
    let made = post(&site, PICKS, &json!({"source": "acme", "users": ["k:3"]})).await;
    let (place, tag) = (made.header("location").to_owned(), made.header("etag").to_owned());
    let change = async |what: &str, headers: &[(&str, &str)], body: Value| {
        send(&site, Method::POST, &format!("{place}/{what}"), headers, body.to_string()).await
    };
    let more = change("add", &[("If-Match", &tag)], json!({"users": ["k:1", "nobody"]})).await;
    assert_eq!((more.status, &more.json()["users"]), (StatusCode::OK, &json!(2)), "{}", more.text);
    assert_eq!(more.json()["problems"][0]["value"], "nobody");
    let stale = change("add", &[("If-Match", &tag)], json!({"users": ["k:2"]})).await;
    assert!(stale.problem(412, "stale").contains("read it again"));
    let all = change("add", &[], json!({"filter": {}})).await;
    assert_eq!((&all.json()["users"], &all.json()["from"]), (&json!(3), &json!("1 id, changed since")));
    assert_eq!(users_of(&site, &made, 10).await, ["k:3", "k:1", "k:2"]);
    change("remove", &[], json!({"users": ["k:1", "gone"]})).await;
    let left = change("remove", &[], json!({"filter": {"q": "cat"}})).await;
    assert_eq!(left.json()["users"], 1);
    assert_eq!(users_of(&site, &made, 10).await, ["k:2"]);

    let ben = [("X-Usher-Actor", "Ben")];
    for (method, path) in [
        (Method::GET, ""),
        (Method::GET, "/users"),
        (Method::GET, ".csv"),
        (Method::POST, "/add"),
        (Method::POST, "/remove"),
        (Method::DELETE, ""),
    ] {
        let answer = send(&site, method, &format!("{place}{path}"), &ben, r#"{"users": []}"#).await;
        answer.problem(404, "not-found");
    }
    let deleted = send(&site, Method::DELETE, &place, &[("If-Match", &tag)], "").await;
    deleted.problem(412, "stale");
    assert_eq!(send(&site, Method::DELETE, &place, &[], "").await.status, StatusCode::NO_CONTENT);
    site.get(&place).await.problem(404, "not-found");
    assert_eq!(site.all(PICKS, 10).await, Vec::<Value>::new());
}

#[actix_web::test]
async fn what_is_no_pick_is_refused_with_what_to_write() {
    let (site, roster, _folder) = with_roster();
    list(&roster, &[("k:1", "ann")]);
    for (body, says) in [
        (json!({}), "source"),
        (json!({"source": "acme"}), "both missing"),
        (json!({"source": "acme", "users": [], "filter": {}}), "both `users` and `filter`"),
        (json!({"source": "acme", "users": [1]}), "string"),
        (json!({"source": "acme", "filter": {"nope": 1}}), "nope"),
        (json!({"source": "acme", "filter": {"group": "staff"}}), "no groups"),
        (json!({"source": "acme", "filter": {"domain": "a@b"}}), "no domain"),
        (json!({"source": "acme", "filter": {"q": "x".repeat(201)}}), "200 characters"),
        (json!({"source": "acme", "filter": {"created_before": "yesterday"}}), "is not a time"),
    ] {
        let detail = post(&site, PICKS, &body).await.problem(400, "bad-request");
        assert!(detail.contains(says), "{body}: {detail}");
    }
    post(&site, PICKS, &json!({"source": "nowhere", "filter": {}})).await.problem(404, "not-found");
    let none_yet = post(&site, PICKS, &json!({"source": "cloud", "filter": {}})).await.problem(409, "conflict");
    assert!(none_yet.contains("refresh the roster"), "{none_yet}");
    let ids: Vec<_> = (0..=100_000).map(|number| number.to_string()).collect();
    let many = post(&site, PICKS, &json!({"source": "acme", "users": ids})).await.problem(409, "conflict");
    assert!(many.contains("100000"), "{many}");
    let long = send(&site, Method::POST, PICKS, &[], vec![b' '; 8 * 1024 * 1024 + 1]).await;
    assert!(long.problem(413, "too-large").contains("8388608"));
}

#[actix_web::test]
async fn a_file_is_picked_and_its_lines_that_stand_for_nobody_are_named() {
    let (site, roster, _folder) = with_roster();
    list(&roster, &[("k:1", "ann"), ("k:2", "=1+1"), ("k:3", "cat"), ("k:4", "cat")]);
    let text = "sep=;\r\nName;City\r\n'=1+1;=HYPERLINK(1)\r\nnobody;Bonn\r\nANN;\r\nann;\r\ncat;\r\n\r\n;x\r\n";
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [utf16, text.as_bytes().to_vec()] {
        let dry = file(&site, "&dry_run=true", bytes.clone()).await;
        let made = file(&site, "&take=found", bytes.clone()).await;
        assert_eq!((dry.status, made.status), (StatusCode::OK, StatusCode::CREATED), "{} {}", dry.text, made.text);
        let counts =
            json!({"found": 2, "not_there": 1, "twice": 1, "several": 1, "unreadable": 1, "ignored_columns": ["City"]});
        assert_eq!((&dry.json()["file"], &made.json()["file"]), (&counts, &counts));
        let lines = |answer: &TestResponse| -> Vec<(u64, String)> {
            let problems = answer.json()["problems"].as_array().expect("a list").clone();
            problems.iter().map(|one| (one["line"].as_u64().expect("a line"), one["why"].to_string())).collect()
        };
        let told = lines(&made);
        assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 6, 7, 9], "{told:?}");
        assert!(told[0].1.contains("no such user") && told[1].1.contains("line 5"), "{told:?}");
        assert_eq!(lines(&dry), told);
        assert_eq!(users_of(&site, &made, 10).await, ["k:2", "k:1"]);
        let whole = file(&site, "&take=all", bytes).await;
        assert!(whole.problem(422, "invalid-list").contains("take=found"), "{}", whole.text);
        assert_eq!(whole.json()["problems"][0]["line"], 4);
        // The file that is exported means the same users.
        let csv = site.get(&format!("{}.csv", made.header("location"))).await.text;
        assert!(csv.contains(",'=1+1,"), "{csv}");
        let again = file(&site, "&take=all", csv).await;
        assert_eq!(again.status, StatusCode::CREATED, "{}", again.text);
        assert_eq!(users_of(&site, &again, 10).await, ["k:2", "k:1"]);
    }
    assert_eq!(site.all(PICKS, 10).await.len(), 4, "a dry run, and a file that is refused, keep nothing");
}

#[actix_web::test]
async fn a_file_that_cant_be_read_is_refused_with_why_and_never_guessed() {
    let (site, roster, _folder) = with_roster();
    list(&roster, &[("k:1", "zoë")]);
    let old = b"name\r\nzo\xeb\r\n".to_vec();
    let refused = file(&site, "", old.clone()).await;
    assert!(refused.problem(422, "invalid-list").contains("encoding=windows-1252"), "{}", refused.text);
    assert_eq!(refused.json()["problems"][0]["message"], "read as windows-1252: zoë");
    assert_eq!(file(&site, "&encoding=windows-1252", old).await.json()["users"], 1);
    for (bytes, says) in
        [(&b""[..], "empty"), (b"city\nBonn\n", "`city`"), (b"PK\x03\x04", "workbook"), (b"id\n\"k:1\nk:2\n", "line 2")]
    {
        let detail = file(&site, "", bytes).await.problem(422, "invalid-list");
        assert!(detail.contains(says), "{detail}");
    }
    file(&site, "&encoding=latin1", "id\n").await.problem(400, "bad-query");
    file(&site, "&nope=1", "id\n").await.problem(400, "bad-query");
    let long = file(&site, "", vec![b'x'; 10 * 1024 * 1024 + 1]).await;
    assert!(long.problem(413, "too-large").contains("10485760"));
    let form = async |names: &[&str]| {
        let part = |name: &&str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\nid\nk:1\n\r\n");
        let body = format!("{}--x--\r\n", names.iter().map(part).collect::<String>());
        let headers = [("Content-Type", "multipart/form-data; boundary=x")];
        send(&site, Method::POST, &format!("{PICKS}/csv?source=acme"), &headers, body).await
    };
    assert_eq!(form(&["file"]).await.json()["users"], 1);
    assert!(form(&["other"]).await.problem(400, "bad-request").contains("no field `file`"));
    assert!(form(&["file", "other"]).await.problem(400, "bad-request").contains("`other`"));
    let nowhere = send(&site, Method::POST, &format!("{PICKS}/csv?source=nowhere"), &[], "id\nk:1\n").await;
    nowhere.problem(404, "not-found");
}

#[actix_web::test]
async fn where_no_list_is_kept_ids_are_taken_as_they_are_and_nothing_else_is() {
    let site = Site::start();
    let filter = post(&site, PICKS, &json!({"source": "acme", "filter": {}})).await.problem(409, "conflict");
    assert!(filter.contains("console.roster"), "{filter}");
    let made = post(&site, PICKS, &json!({"source": "acme", "users": ["k:1", "=2", " "]})).await;
    assert_eq!((&made.json()["users"], &made.json()["as_of"]), (&json!(2), &Value::Null), "{}", made.text);
    assert_eq!(users_of(&site, &made, 1).await, ["k:1", "=2"]);
    let of_file = file(&site, "", "id;name\nk:1;\n;ann\n").await.json();
    assert_eq!((&of_file["users"], &of_file["problems"][0]["line"]), (&json!(1), &json!(3)));
    assert!(of_file["problems"][0]["why"].as_str().is_some_and(|why| why.contains("only an `id`")), "{of_file}");
}

#[actix_web::test]
async fn filters_are_saved_under_a_name_for_their_owner() {
    let site = Site::start();
    let path = "/api/v1/filters";
    let leavers = json!({"name": " Leavers =1+1 ", "filter": {"status": "inactive", "q": "<script>"}});
    let made = post(&site, path, &leavers).await;
    assert_eq!((made.status, &made.json()["name"]), (StatusCode::CREATED, &json!("Leavers =1+1")), "{}", made.text);
    post(&site, path, &json!({"name": "All", "filter": {}})).await;
    assert_eq!(post(&site, path, &leavers).await.problem(409, "conflict").matches("Leavers").count(), 1);
    let names: Vec<_> = site.all(path, 1).await.iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["All", "Leavers =1+1"]);
    assert_eq!(site.all(path, 5).await[1]["filter"], leavers["filter"]);
    for (body, says) in [
        (json!({"filter": {}}), "name"),
        (json!({"name": " ", "filter": {}}), "1 to 100 characters"),
        (json!({"name": "a\nb", "filter": {}}), "on one line"),
        (json!({"name": "x".repeat(101), "filter": {}}), "1 to 100 characters"),
        (json!({"name": "x", "filter": {"group": "staff"}}), "no groups"),
        (json!({"name": "x", "filter": null}), "null"),
    ] {
        let detail = post(&site, path, &body).await.problem(400, "bad-request");
        assert!(detail.contains(says), "{body}: {detail}");
    }
    let place = format!("{path}/{}", made.json()["id"].as_str().expect("an id"));
    let others = send(&site, Method::DELETE, &place, &[("X-Usher-Actor", "Ben")], "").await;
    others.problem(404, "not-found");
    assert_eq!(send(&site, Method::DELETE, &place, &[], "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.all(path, 5).await.len(), 1);
}

#[actix_web::test]
async fn a_filter_is_an_object_and_never_a_list_of_values() {
    let (site, roster, _folder) = with_roster();
    list(&roster, &[("k:1", "ann")]);
    for filter in [json!([]), json!([null, null]), json!("ann"), json!(1)] {
        for (path, body) in [
            (PICKS, json!({"source": "acme", "filter": filter})),
            ("/api/v1/filters", json!({"name": "all", "filter": filter})),
        ] {
            assert_eq!(post(&site, path, &body).await.status, StatusCode::BAD_REQUEST, "{path} {body}");
        }
    }
}
