//! Forms that are sent when the session has ended, or the sign-in is too old: nothing typed is lost.

use reqwest::Method;

use super::{
    ADMIN_TOKEN, VIEWER_TOKEN,
    aged::{age, with_key},
    ground, held, run,
    visitor::{Answer, SAME_ORIGIN, Visitor},
    when, with_viewer,
};
use crate::support::{face::eventually, usher::Usher};

/// Ends every session of the administrator's token.
async fn end_all(usher: &Usher) {
    let other = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    assert_eq!(other.submit("/settings", "/sign-out/everywhere", &[]).await.status, 303);
}

/// The page of the kept form to which `answer` leads after signing in.
fn kept(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let to = answer.header("location").strip_prefix("/sign-in?to=").expect("the page to sign in").replace("%2F", "/");
    assert!(to.starts_with("/kept/"), "{to}");
    to
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_when_the_session_has_ended_is_there_again_after_signing_in() {
    let (ground, usher, id) = held(ground()).await;
    let mut visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let (page, path) = (format!("/runs/{id}"), format!("/runs/{id}/release"));
    let shown = visitor.get(&page, &[]).await;
    let (token, number) = (shown.field("form_token"), shown.field("request"));
    end_all(&usher).await;
    let referer = format!("http://{}{page}", usher.admin);
    let fields = [("form_token", token.as_str()), ("request", &number), ("number", "31<\"")];
    let to = kept(&visitor.post(&path, &fields, &[SAME_ORIGIN, ("referer", &referer)]).await);
    assert_eq!(usher.ask(&format!("runs/{id}"), &[]).await.1["state"], "held", "nothing was done");
    let sign_in = visitor.get(&format!("/sign-in?to={to}"), &[]).await.text;
    assert!(sign_in.contains("is kept for an hour"), "{sign_in}");
    assert_eq!(visitor.sign_in(ADMIN_TOKEN, &to).await.header("location"), to);
    let again = visitor.get(&to, &[]).await;
    assert_eq!(again.status, 200, "{}", again.text);
    for text in [
        "Nothing was done.",
        "name=\"number\" value=\"31&#60;&#34;\"",
        &format!("action=\"{path}\""),
        &format!("href=\"{page}\""),
    ] {
        assert!(again.text.contains(text), "{text}: {}", again.text);
    }
    let id_of_form = again.field("kept");
    // It is the same form: what is wrong in it is refused where it belongs.
    let wrong = [("request", again.field("request")), ("number", "31".into()), ("kept", id_of_form.clone())];
    let wrong: Vec<_> = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = visitor.submit(&to, &path, &wrong).await;
    assert!(refused.status == 422 && refused.text.contains("Type 3 to release this run."), "{}", refused.text);
    assert_eq!(visitor.get(&to, &[]).await.status, 404, "it was sent, and is forgotten");
    let sent = visitor.submit(&page, &path, &[("number", "3"), ("request", "b")]).await;
    assert_eq!(sent.status, 303);
    when(&usher, &id, "done").await;
    assert_eq!(ground.effects().len(), 3);
    assert!(!usher.log().contains("31<"), "what is typed is not logged");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_page_of_a_session_has_its_form_kept_and_only_its_owner_sees_it() {
    let (_ground, usher, id) = held(with_viewer()).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let (page, path) = (format!("/runs/{id}"), format!("/runs/{id}/cancel"));
    let token = visitor.get(&page, &[]).await.field("form_token");
    let viewer = Visitor::signed_in(usher.admin, VIEWER_TOKEN).await;
    let of_another = viewer.get(&page, &[]).await.field("form_token");
    end_all(&usher).await;
    let right = [("form_token", token.as_str())];
    let nobody = Visitor::of(usher.admin);
    let mut forged = Visitor::of(usher.admin);
    forged.cookie = Some("usher-session=forged".into());
    for (sender, fields, headers) in [
        (&visitor, &right[..], &[("sec-fetch-site", "cross-site")][..]),
        (&visitor, &right, &[]),
        (&visitor, &[], &[SAME_ORIGIN]),
        (&visitor, &[("form_token", of_another.as_str())], &[SAME_ORIGIN]),
        (&nobody, &right, &[SAME_ORIGIN]),
        (&forged, &right, &[SAME_ORIGIN]),
    ] {
        let answer = sender.post(&path, fields, headers).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/sign-in"), "{fields:?} {headers:?}");
    }
    let long = "x".repeat(600_000);
    let too_long = [("form_token", token.as_str()), ("yaml", long.as_str())];
    let answer = visitor.post("/drafts/none/yaml", &too_long, &[SAME_ORIGIN]).await;
    assert_eq!(answer.header("location"), "/sign-in", "more than is kept");
    let to = kept(&visitor.post(&path, &right, &[SAME_ORIGIN]).await);
    assert_eq!(viewer.get(&to, &[]).await.status, 404);
    assert_eq!(nobody.get(&to, &[]).await.status, 303);
    let mut again = Visitor::of(usher.admin);
    again.sign_in(ADMIN_TOKEN, "/").await;
    assert_eq!(again.get(&to, &[]).await.status, 200);
    assert_eq!(usher.ask(&format!("runs/{id}"), &[]).await.1["state"], "held");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_is_asked_for_with_a_form_has_the_form_kept_for_its_page() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let mut visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let token = visitor.get("/drafts/new", &[]).await.field("form_token");
    end_all(&usher).await;
    let here = format!("http://{}/drafts/new", usher.admin);
    let headers = [SAME_ORIGIN, ("HX-Request-Type", "partial"), ("HX-Current-URL", here.as_str())];
    let typed = [
        ("form_token", token.as_str()),
        ("tag", ""),
        ("id", "typed"),
        ("source", "acme"),
        ("kind", "schedule"),
        ("plain", "0 3 * * *"),
    ];
    let answer = visitor.post("/drafts/next", &typed, &headers).await;
    assert!(answer.status.is_success() && answer.text.is_empty(), "{}", answer.text);
    let to = answer.header("hx-redirect").strip_prefix("/sign-in?to=").expect("a page").replace("%2F", "/");
    visitor.sign_in(ADMIN_TOKEN, &to).await;
    let page = visitor.get(&to, &[]).await;
    assert!(page.status == 200 && page.text.contains("action=\"/drafts/new\""), "{}", page.text);
    // As the form called its fields, and said its choices; what the page had filled in is not shown.
    for shown in [
        "<strong>What sets it off:</strong> By the clock</p>",
        "<strong>When:</strong> Every day at 03:00</p>",
        ">Id</label>",
        "<input type=\"hidden\" name=\"tag\" value=\"\">",
    ] {
        assert!(page.text.contains(shown), "{shown}: {}", page.text);
    }
    assert!(!page.text.contains(">Kind<") && !page.text.contains(">Plain<"), "{}", page.text);
    let fields: Vec<_> = typed[1..].iter().copied().chain([("go", "next")]).collect();
    let next = visitor.submit(&to, "/drafts/new", &fields).await;
    assert!(next.status == 303 && next.header("location").ends_with("/users"), "{}", next.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_a_form_is_not_kept() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let mut visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let token = visitor.get("/connect?product=jira-dc", &[]).await.field("form_token");
    end_all(&usher).await;
    let typed =
        [("form_token", token.as_str()), ("product", "jira-dc"), ("name", "Acme"), ("secret", "hunter2-hunter2")];
    let to = kept(&visitor.post("/connect", &typed, &[SAME_ORIGIN]).await);
    visitor.sign_in(ADMIN_TOKEN, &to).await;
    let page = visitor.get(&to, &[]).await.text;
    assert!(page.contains("The secret in it was not kept.") && page.contains("value=\"Acme\""), "{page}");
    assert!(!page.contains("hunter2") && !usher.log().contains("hunter2"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_deleted_after_a_fresh_sign_in_alone_and_the_form_is_kept_for_it() {
    let ground = with_key(ground());
    let usher = Usher::start(&ground).await;
    let id = run(&usher, "staff", "held").await;
    assert_eq!(usher.send(Method::POST, &format!("runs/{id}/cancel"), &[], "").await.0, 202);
    when(&usher, &id, "cancelled").await;
    let mut visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let whole = [("before", "2099-01-01"), ("reason", "old")];
    age(&mut visitor, "began", 14);
    let incomplete = [("before", "2099-01-01"), ("request", "a")];
    let page = "/runs/delete?before=2099-01-01";
    assert_eq!(visitor.submit(page, "/runs/delete", &incomplete).await.status, 422, "young enough");
    age(&mut visitor, "began", 2);
    let refused = visitor.submit(page, "/runs/delete", &[&whole[..], &[("request", "b")]].concat()).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("you signed in more than 15 min ago"), "{}", refused.text);
    assert_eq!(usher.list("runs", &[]).await.len(), 1, "nothing was deleted");
    let to = refused.text.split("/sign-in?to=").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let to = to.replace("%2F", "/");
    visitor.sign_in(ADMIN_TOKEN, &to).await;
    let page = visitor.get(&to, &[]).await;
    assert!(page.text.contains("name=\"reason\" value=\"old\""), "{}", page.text);
    let answer = visitor.submit(&to, "/runs/delete", &[&whole[..], &[("request", "c")]].concat()).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/runs?deleted=1&left=0"), "{}", answer.text);
    eventually("both attempts are in the record", || async {
        let audit = usher.list("audit", &[]).await;
        let refused = audit.iter().any(|one| {
            one["result"] == "refused" && one["reason"] == "the sign-in was too old for what can't be undone"
        });
        let done = audit.iter().any(|one| one["action"] == "run.delete" && one["result"] == "accepted");
        (refused && done).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_filters_a_list_stays_signed_in_and_a_page_that_polls_does_not() {
    let ground = with_key(ground());
    let usher = Usher::start(&ground).await;
    let id = run(&usher, "staff", "held").await;
    let mut visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let partial = [("HX-Request-Type", "partial")];
    assert!(visitor.get("/runs?state=held", &partial).await.session_cookie().is_none(), "it is young");
    age(&mut visitor, "seen", 29);
    for path in ["/start?part=steps", &format!("/runs/{id}?part=progress")] {
        let answer = visitor.get(path, &partial).await;
        assert!(answer.status == 200 && answer.session_cookie().is_none(), "{path}: {}", answer.text);
    }
    let answer = visitor.get("/runs?state=held", &partial).await;
    let renewed = answer.session_cookie().expect("the session goes on");
    age(&mut visitor, "seen", 2);
    assert_eq!(visitor.get("/runs", &[]).await.status, 303, "without the new cookie it has ended");
    visitor.cookie = renewed.split(';').next().map(str::to_owned);
    assert_eq!(visitor.get("/runs", &[]).await.status, 200);
}
