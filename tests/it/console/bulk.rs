//! Bulk actions: who is picked, what would happen, and that it happens once.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use usher::sandbox::Account;

use super::{
    ADMIN_TOKEN, VIEWER_TOKEN,
    browser::play,
    pages::arguments,
    run,
    visitor::{Answer, Visitor},
    when,
};
use crate::support::{
    face::{Face, eventually},
    ground::{ACME, Ground},
    usher::Usher,
};

const SCRIPT: &str = "<script>alert(1)</script>";
const DEACTIVATE: &str = r#"[{"deactivate":{}}]"#;

fn account(number: usize, name: &str) -> Account {
    Account::new(format!("k:{number:03}"), name).email(format!("user-{number}@acme.example"))
}

/// So many people, and `leavers` more who are called so.
fn ground(people: usize, leavers: usize) -> Ground {
    let fails = "{ id: fails, source: acme, trigger: manual, test_mode: false, select: { email_domain: [acme.example] }, \
        actions: [{ add_groups: [not-there] }] }";
    let ground = Ground::new(fails).groups(&["staff"]);
    for number in 0..people {
        let name = if number == 0 { SCRIPT.to_owned() } else { format!("name {number}") };
        ground.sandbox.put_user(ACME.product, account(number, &name));
    }
    for number in people..people + leavers {
        ground.sandbox.put_user(ACME.product, account(number, &format!("leaver {number}")));
    }
    ground
}

/// Lists the users anew, and waits for the end.
async fn refresh(face: &Face) -> u64 {
    let before = face.ask("sources/acme", &[]).await.1["roster"]["as_of"].clone();
    let (status, _, begun) = face.send(Method::POST, "sources/acme/roster/refresh", &[], "").await;
    assert_eq!(status, StatusCode::ACCEPTED, "{begun}");
    eventually("the users are listed", || async {
        let (_, detail) = face.ask("sources/acme", &[]).await;
        let is_new = detail["roster_refresh"]["state"] == "done" && detail["roster"]["as_of"] != before;
        is_new.then(|| detail["roster"]["users"].as_u64()).flatten()
    })
    .await
}

async fn start(ground: &Ground) -> (Usher, Visitor, u64) {
    let usher = Usher::start(ground).await;
    let count = refresh(&usher).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    (usher, visitor, count)
}

/// The values of the hidden fields with this name.
fn fields(page: &str, name: &str) -> Vec<String> {
    let begin = format!("name=\"{name}\" value=\"");
    page.split(&begin).skip(1).map(|rest| rest.split('"').next().expect("a value").to_owned()).collect()
}

/// Sends the form of the list at `path`, with these ticks, by the button `go`; gives the page that follows.
async fn tick(visitor: &Visitor, path: &str, ticked: &[String], more: &[(&str, &str)], go: &str) -> (String, Answer) {
    let page = visitor.get(path, &[]).await.text;
    let one = |name: &str| fields(&page, name).first().cloned().unwrap_or_default();
    let names = ["form_token", "source", "pick", "show", "cursor", "next"];
    let mut all: Vec<(String, String)> = names.iter().map(|name| ((*name).to_owned(), one(name))).collect();
    all.extend(fields(&page, "shown").into_iter().map(|id| ("shown".to_owned(), id)));
    all.extend(ticked.iter().map(|id| ("picked".to_owned(), id.clone())));
    all.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all.push(("go".to_owned(), go.to_owned()));
    let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = visitor.post("/bulk", &all, &[super::visitor::SAME_ORIGIN]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{go}: {}", answer.text);
    let to = answer.header("location").to_owned();
    let page = visitor.get(&to, &[]).await;
    assert_eq!(page.status, StatusCode::OK, "{to}: {}", page.text);
    (to, page)
}

fn pick_in(address: &str) -> String {
    let rest = address.split("pick=").nth(1).expect("an address with a pick");
    rest.split('&').next().expect("an id").to_owned()
}

/// A pick of the first `count` people, by the API.
async fn pick(face: &Face, count: usize) -> String {
    let ids: Vec<_> = (0..count).map(|number| format!("k:{number:03}")).collect();
    let body = serde_json::json!({"source": "acme", "users": ids}).to_string();
    let (status, _, pick) = face.send(Method::POST, "picks", &[], body).await;
    assert_eq!(status, StatusCode::CREATED, "{pick}");
    pick["id"].as_str().expect("an id").to_owned()
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The page that checks `actions` on a pick, with its users read.
fn check(pick: &str, actions: &str) -> String {
    format!("/bulk/{pick}/check?actions={}&read=now", encoded(actions))
}

async fn bulk_runs(face: &Face) -> Vec<Value> {
    face.list("runs", &[("kind", "bulk")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ticks_outlive_pages_and_a_new_filter_and_all_who_match_are_frozen() {
    let ground = ground(45, 12);
    let (usher, visitor, count) = start(&ground).await;
    let first = visitor.get("/bulk?source=acme", &[]).await.text;
    assert!(!first.contains(SCRIPT) && first.contains(&format!("0 of {count} picked")), "{first}");
    let shown = fields(&first, "shown");
    assert_eq!(shown.len(), 40);
    let (second, page) = tick(&visitor, "/bulk?source=acme", &shown[..3], &[], "next").await;
    assert!(second.contains("cursor=") && page.text.contains(&format!("3 of {count} picked")), "{second}");
    let others = fields(&page.text, "shown");
    let (filtered, page) = tick(&visitor, &second, &others[..2], &[("q", "nobody at all")], "filter").await;
    assert!(page.text.contains(&format!("5 of {count} picked")), "{filtered}: {}", page.text);
    assert!(page.text.contains("No user fits these filters."), "{}", page.text);
    let (only, page) = tick(&visitor, &filtered, &[], &[], "show").await;
    let mut picked = fields(&page.text, "shown");
    picked.sort();
    let mut expected = [&shown[..3], &others[..2]].concat();
    expected.sort();
    assert_eq!(picked, expected, "{only}");
    let (_, page) = tick(&visitor, &only, &expected[1..], &[], "filter").await;
    assert!(page.text.contains(&format!("4 of {count} picked")), "one was taken out: {}", page.text);

    let leavers = "/bulk?source=acme&q=leaver";
    let page = visitor.get(leavers, &[]).await.text;
    assert!(page.contains("Select all 12 that match"), "{page}");
    let (all, page) = tick(&visitor, leavers, &[], &[("q", "leaver")], "all").await;
    assert!(page.text.contains(&format!("12 of {count} picked")), "{}", page.text);
    ground.sandbox.put_user(ACME.product, account(99, "leaver 99"));
    refresh(&usher).await;
    let later = visitor.get(&all, &[]).await.text;
    assert!(later.contains("Select all 13 that match") && later.contains("12 of "), "{later}");
    let (_, row) = usher.ask(&format!("picks/{}", pick_in(&all)), &[]).await;
    assert_eq!(row["users"], 12, "{row}");
    let (cleared, page) = tick(&visitor, &all, &[], &[], "clear").await;
    assert!(!cleared.contains("pick=") && page.text.contains("0 of "), "{cleared}");
    assert_eq!(usher.ask(&format!("picks/{}", pick_in(&all)), &[]).await.0, StatusCode::NOT_FOUND);
    let ended = visitor.get(&all, &[]).await;
    assert!(ended.status == 200 && ended.text.contains("not there any more"), "{}", ended.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_great_bulk_action_wants_a_test_run_then_the_number_and_a_double_click_makes_one_run() {
    let ground = ground(30, 0);
    let (usher, visitor, _) = start(&ground).await;
    let pick = pick(&usher, 12).await;
    let action = format!("/bulk/{pick}/action");
    let added = visitor.submit(&action, &action, &[("go", "add"), ("kind", "deactivate"), ("actions", "")]).await;
    assert_eq!(added.header("location"), format!("{action}?actions={}", encoded(DEACTIVATE)));
    let next = visitor.submit(&action, &action, &[("go", "next"), ("actions", DEACTIVATE)]).await;
    assert_eq!(next.header("location"), format!("/bulk/{pick}/check?actions={}", encoded(DEACTIVATE)));
    let asking = visitor.get(next.header("location"), &[]).await.text;
    assert!(asking.contains("Read them now") && !asking.contains("<table"), "{asking}");
    let path = check(&pick, DEACTIVATE);
    let page = visitor.get(&path, &[]).await;
    for text in ["All 12 users were read", "Try it on 12 users", "Deactivate 12 users", "<td class=\"number\">12</td>"]
    {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    let plan = page.field("plan");
    let here = format!("/bulk/{pick}/check");
    let order = |tested: &'static str, number: &'static str, reason: &'static str, request: &'static str| {
        [("go", "order"), ("tested", tested), ("number", number), ("reason", reason), ("request", request)]
    };
    let send = async |fields: &[(&str, &str)]| {
        let all = [&[("actions", DEACTIVATE), ("plan", plan.as_str())], fields].concat();
        visitor.submit(&path, &here, &all).await
    };
    let refused = send(&order("", "12", "they left", "a1")).await;
    assert!(refused.status == 422 && refused.text.contains("Make a test run of this plan first"), "{}", refused.text);
    let tested = send(&[("go", "test"), ("request", "t1")]).await;
    assert_eq!(tested.status, StatusCode::SEE_OTHER, "{}", tested.text);
    let with_test = tested.header("location").to_owned();
    assert!(with_test.ends_with("tested=t1"), "{with_test}");
    eventually("the test run is shown as done", || async {
        let page = visitor.get(&with_test, &[]).await.text;
        page.contains("12 users: 12 steps recorded").then_some(())
    })
    .await;
    let before = ground.effects().len();
    for (fields, says) in [
        (order("t1", "11", "they left", "a2"), "Type 12, the number of users."),
        (order("t1", "12", "  ", "a3"), "Say why."),
        (order("t2", "12", "they left", "a4"), "Make a test run of this plan first"),
    ] {
        let refused = send(&fields).await;
        assert!(refused.status == 422 && refused.text.contains(says), "{says}: {}", refused.text);
    }
    assert_eq!(ground.effects().len(), before, "nothing was done");
    let fields = order("t1", "12", SCRIPT, "a5");
    let (first, second) = tokio::join!(send(&fields), send(&fields));
    assert_eq!((first.status.as_u16(), second.header("location")), (303, first.header("location")), "{}", first.text);
    let id = first.header("location").strip_prefix("/runs/").expect("a run").to_owned();
    let done = when(&usher, &id, "done").await;
    assert_eq!((&done["kind"], &done["reason"], &done["test_mode"]), (&"bulk".into(), &SCRIPT.into(), &false.into()));
    assert_eq!(ground.effects().len() - before, 12, "each once");
    assert_eq!(bulk_runs(&usher).await.len(), 2, "the test run, and the run");
    let page = visitor.get(&format!("/runs/{id}"), &[]).await.text;
    assert!(page.contains("Bulk action by admin") && !page.contains("href=\"/schemes/bulk-"), "{page}");
    assert!(!page.contains(SCRIPT), "{page}");
    let list = visitor.get("/runs", &[]).await.text;
    assert!(list.contains("Bulk action by admin") && !list.contains("href=\"/schemes/bulk-"), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_run_of_another_plan_proves_nothing() {
    let ground = ground(30, 0);
    let (usher, visitor, _) = start(&ground).await;
    let pick = pick(&usher, 12).await;
    let path = check(&pick, DEACTIVATE);
    let plan = visitor.get(&path, &[]).await.field("plan");
    let here = format!("/bulk/{pick}/check");
    let fields = [("actions", DEACTIVATE), ("plan", plan.as_str()), ("go", "test"), ("request", "t1")];
    let tested = visitor.submit(&path, &here, &fields).await;
    let with_test = tested.header("location").to_owned();
    eventually("the test run is shown", || async {
        visitor.get(&with_test, &[]).await.text.contains("12 steps recorded").then_some(())
    })
    .await;
    let other = r#"[{"rename":{"suffix":"-x"}}]"#;
    let page = visitor.get(&format!("{}&tested=t1", check(&pick, other)), &[]).await.text;
    assert!(
        page.contains("This wants a test run of the same plan first.") && !page.contains("steps recorded"),
        "{page}"
    );
    let (status, _, _) = usher.send(Method::POST, &format!("picks/{pick}/add"), &[], r#"{"users": ["k:020"]}"#).await;
    assert_eq!(status, StatusCode::OK);
    let page = visitor.get(&with_test, &[]).await.text;
    assert!(page.contains("This wants a test run of the same plan first."), "another user is in it: {page}");
    let stale = [("actions", DEACTIVATE), ("plan", plan.as_str()), ("go", "test"), ("request", "t3")];
    let refused = visitor.submit(&with_test, &here, &stale).await;
    assert!(refused.status == 422 && refused.text.contains("other ones than the page showed"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn few_users_are_changed_by_one_click_if_that_can_be_undone_and_never_otherwise() {
    let ground = ground(3, 0);
    let (usher, visitor, _) = start(&ground).await;
    let act = [("source", "acme"), ("one", "k:001"), ("go", "act")];
    let of_user = "/users/acme/k%3A001";
    assert!(visitor.get(of_user, &[]).await.text.contains("id=\"act\">Act…</button>"));
    let acting = visitor.submit(of_user, "/bulk", &act).await;
    let action = acting.header("location").to_owned();
    let pick = action.split('/').nth(2).expect("a pick").to_owned();
    assert_eq!(visitor.submit(of_user, "/bulk", &act).await.header("location"), action, "the same pick serves again");
    let nobody = visitor.submit(of_user, "/bulk", &[("source", "acme"), ("one", "nobody"), ("go", "act")]).await;
    assert_eq!(nobody.status, 409, "{}", nobody.text);
    let path = check(&pick, DEACTIVATE);
    let page = visitor.get(&path, &[]).await;
    assert!(!page.text.contains("id=\"number\"") && page.text.contains("A test run first is advised"), "{}", page.text);
    let here = format!("/bulk/{pick}/check");
    let fields = [("actions", DEACTIVATE), ("plan", &page.field("plan")), ("go", "order"), ("request", "a")];
    let ordered = visitor.submit(&path, &here, &fields).await;
    let id = ordered.header("location").strip_prefix("/runs/").expect("a run").to_owned();
    when(&usher, &id, "done").await;
    assert_eq!(ground.effects().len(), 1);
    let delete = r#"[{"delete":{}}]"#;
    let path = check(&pick, delete);
    let page = visitor.get(&path, &[]).await;
    assert!(page.text.contains("Can't be undone:") && page.text.contains("id=\"number\""), "{}", page.text);
    let fields = [("actions", delete), ("plan", &page.field("plan")), ("go", "order"), ("request", "b")];
    assert_eq!(visitor.submit(&path, &here, &fields).await.status, 422);
    assert_eq!(ground.effects().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_failed_in_a_run_are_picked() {
    let ground = ground(3, 0);
    let (usher, visitor, count) = start(&ground).await;
    let id = run(&usher, "fails", "failed").await;
    let path = format!("/runs/{id}");
    assert!(visitor.get(&path, &[]).await.text.contains("Pick those that failed"));
    let picked = visitor.submit(&path, &format!("{path}/pick"), &[("request", "a")]).await;
    let page = visitor.get(picked.header("location"), &[]).await.text;
    assert!(page.contains(&format!("3 of {count} picked")), "{page}");
    let mut shown = fields(&page, "shown");
    shown.sort();
    assert_eq!(shown, ["k:000", "k:001", "k:002"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_says_by_line_who_is_not_there_and_an_unclear_encoding_is_asked() {
    let ground = ground(5, 0);
    ground.sandbox.put_user(ACME.product, account(50, "=1+1"));
    ground.sandbox.put_user(ACME.product, account(51, "é"));
    let (_usher, visitor, count) = start(&ground).await;
    let text = "User Name;E-Mail\r\n'=1+1;\r\n;USER-3@acme.example\r\nnobody;\r\nname 4;\r\n;x@y.example\r\n";
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let page = visitor.upload("/bulk?source=acme", "/bulk/file", &[("source", "acme")], &utf16).await;
    assert_eq!(page.status, 422);
    for said in ["2 lines of the file add nobody.", "Take the 3 that were found", ">4<", ">6<", "<bdi>nobody</bdi>"] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let token = page.field("form_token");
    let taken =
        [("form_token", token.as_str()), ("upload", &page.field("upload")), ("take", "found"), ("encoding", "")];
    let answer = visitor.post("/bulk/file/again", &taken, &[super::visitor::SAME_ORIGIN]).await;
    let shown = visitor.get(answer.header("location"), &[]).await.text;
    assert!(shown.contains(&format!("3 of {count} picked")), "{shown}");
    assert_eq!(fields(&shown, "shown"), ["k:050", "k:003", "k:004"]);
    let odd = visitor.upload("/bulk?source=acme", "/bulk/file", &[("source", "acme")], b"name\n\xe9\n").await;
    assert!(odd.status == 422 && odd.text.contains("Read as Windows-1252?") && odd.text.contains("é"), "{}", odd.text);
    let read = [("form_token", token.as_str()), ("upload", &odd.field("upload")), ("encoding", "windows-1252")];
    let answer = visitor.post("/bulk/file/again", &read, &[super::visitor::SAME_ORIGIN]).await;
    let shown = visitor.get(answer.header("location"), &[]).await.text;
    assert_eq!(fields(&shown, "shown"), ["k:051"], "{shown}");
    let forged = visitor.upload_as("x", "/bulk/file", &[("source", "acme")], b"id\nk:001\n").await;
    assert_eq!(forged.status, 403);
    let gone = [("form_token", token.as_str()), ("upload", "nope"), ("take", "found")];
    assert_eq!(visitor.post("/bulk/file/again", &gone, &[super::visitor::SAME_ORIGIN]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_bulk_actions_disabled_with_the_reason_and_is_refused_by_hand() {
    let tokens = format!("[{{ name: vera, role: viewer, secret: {{ value: {VIEWER_TOKEN} }} }}]");
    let ground = ground(3, 0).tweak("USHER_ADMIN__TOKENS", &tokens);
    let (usher, _, _) = start(&ground).await;
    let viewer = Visitor::signed_in(usher.admin, VIEWER_TOKEN).await;
    let why = "Only an operator can change many users at once.";
    for path in ["/bulk?source=acme", "/users/acme/k%3A001"] {
        let page = viewer.get(path, &[]).await;
        assert!(page.status == 200 && page.text.contains(why), "{path}: {}", page.text);
    }
    let fields = [("source", "acme"), ("shown", "k:001"), ("picked", "k:001"), ("go", "filter")];
    assert_eq!(viewer.submit("/bulk?source=acme", "/bulk", &fields).await.status, 403);
    let file = viewer.upload("/bulk?source=acme", "/bulk/file", &[("source", "acme")], b"id\nk:001\n").await;
    assert_eq!(file.status, 403);
    let of_admin = pick(&usher, 2).await;
    assert_eq!(viewer.get(&format!("/bulk/{of_admin}/action"), &[]).await.status, 404, "a pick is its owner's");
    assert_eq!(usher.list("picks", &[]).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_action_is_done_in_a_browser_with_and_without_script() {
    for script in ["script", "none"] {
        let ground = ground(45, 12);
        let (usher, _, _) = start(&ground).await;
        play("bulk", arguments(&usher, &[script])).await;
        assert_eq!(ground.effects().len(), 12, "{script}: {:?}", ground.effects());
        assert_eq!(bulk_runs(&usher).await.len(), 2, "{script}");
    }
}
