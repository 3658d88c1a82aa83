//! Forms: taken from a page of the same session and from nowhere else, done once, refused in words.

use usher::sandbox::Account;

use super::{
    ADMIN_TOKEN, VIEWER_TOKEN, ground, held,
    visitor::{SAME_ORIGIN, Visitor},
    when, with_viewer,
};
use crate::support::{face::eventually, ground::ACME};

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_another_origin_or_without_its_token_is_refused_and_nothing_is_changed() {
    let (ground, usher, id) = held(ground()).await;
    let (one, other) =
        (Visitor::signed_in(usher.admin, ADMIN_TOKEN).await, Visitor::signed_in(usher.admin, ADMIN_TOKEN).await);
    let path = format!("/runs/{id}/cancel");
    let page = format!("/runs/{id}");
    let (own, of_another) =
        (one.get(&page, &[]).await.field("form_token"), other.get(&page, &[]).await.field("form_token"));
    assert_ne!(own, of_another);
    let right = [("form_token", own.as_str())];
    let foreign = format!("http://{}.evil.example", usher.admin);
    for (fields, headers) in [
        (&right[..], &[("sec-fetch-site", "cross-site")][..]),
        (&right, &[("sec-fetch-site", "same-site")]),
        (&right, &[("sec-fetch-site", "none")]),
        (&right, &[("origin", "https://evil.example")]),
        (&right, &[("origin", "null")]),
        (&right, &[("origin", foreign.as_str())]),
        (&right, &[]),
        (&[], &[SAME_ORIGIN]),
        (&[("form_token", "")], &[SAME_ORIGIN]),
        (&[("form_token", of_another.as_str())], &[SAME_ORIGIN]),
    ] {
        let answer = one.post(&path, fields, headers).await;
        assert_eq!(answer.status, 403, "{fields:?} {headers:?}");
        assert!(answer.text.contains("Nothing was changed"), "{}", answer.text);
    }
    let guess =
        Visitor::of(usher.admin).post("/sign-in", &[("token", ADMIN_TOKEN)], &[("sec-fetch-site", "cross-site")]).await;
    assert!(guess.status == 403 && guess.session_cookie().is_none(), "nobody is signed in by another site");
    assert_eq!(usher.ask(&format!("runs/{id}"), &[]).await.1["state"], "held");
    // A browser that does not send Sec-Fetch-Site says where it comes from.
    let origin = format!("http://{}", usher.admin);
    let answer = one.post(&path, &right, &[("origin", &origin)]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, format!("{page}?said=cancelled").as_str()));
    when(&usher, &id, "cancelled").await;
    assert_eq!(ground.effects(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_run_is_released_with_its_number_typed_and_a_double_click_releases_it_once() {
    let (ground, usher, id) = held(ground()).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let (page, path) = (format!("/runs/{id}"), format!("/runs/{id}/release"));
    let wrong = visitor.submit(&page, &path, &[("number", "31"), ("request", "a")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("<title>Error: Run of staff"), "{}", wrong.text);
    assert!(
        wrong.text.contains("Type 3 to release this run.") && wrong.text.contains("value=\"31\""),
        "{}",
        wrong.text
    );
    let twice = [("number", "3"), ("request", "b")];
    let (first, second) = tokio::join!(visitor.submit(&page, &path, &twice), visitor.submit(&page, &path, &twice));
    for answer in [first, second] {
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, format!("{page}?said=released").as_str())
        );
    }
    let run = when(&usher, &id, "done").await;
    assert_eq!(run["released"]["by"], "admin");
    let again = visitor.submit(&page, &path, &twice).await;
    assert_eq!(again.header("location"), format!("{page}?said=released"), "a reload leads to the same page");
    let late = visitor.submit(&page, &path, &[("number", "3"), ("request", "c")]).await;
    assert_eq!(late.status, 409, "another form comes too late");
    assert_eq!(ground.effects().len(), 3, "{:?}", ground.effects());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fell_out_while_a_run_was_held_is_named_with_the_reason_after_its_release() {
    let (ground, usher, id) = held(ground()).await;
    let left = Account::new("KEY1", "name-1");
    let moved = Account::new("KEY2", "name-2").email("user-2@left.example");
    for account in [left, moved] {
        ground.sandbox.put_user(ACME.product, account);
    }
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let (page, path) = (format!("/runs/{id}"), format!("/runs/{id}/release"));
    let before = visitor.get(&page, &[]).await.text;
    assert!(before.contains("Each is decided anew first") && !before.contains("Who, and why"), "{before}");
    let answer = visitor.submit(&page, &path, &[("number", "3"), ("request", "a")]).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let run = when(&usher, &id, "done").await;
    assert_eq!(
        (&run["fell_out"], &run["counts"]["changed"], &run["counts"]["held"]),
        (&2.into(), &1.into(), &2.into())
    );
    let after = visitor.get(&page, &[]).await.text;
    assert!(after.contains("2 users were not selected any more when this run was released."), "{after}");
    let held = format!("{page}?result=held");
    assert!(after.contains(&format!("href=\"{held}#entries\">Who, and why")), "{after}");
    let entries = visitor.get(&held, &[]).await.text;
    assert_eq!(entries.matches("no longer selected since the run was held").count(), 1, "{entries}");
    let why = "email_domain: the e-mail domain left.example matches none of acme.example";
    assert!(entries.contains(why), "{entries}");
    assert!(entries.contains("not known any more whether the scheme selects the user: the e-mail domain"), "{entries}");
    assert_eq!(ground.effects().len(), 1, "{:?}", ground.effects());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_only_read_sees_what_they_may_not_do_and_why_and_is_refused_all_the_same() {
    let (ground, usher, id) = held(with_viewer()).await;
    let visitor = Visitor::signed_in(usher.admin, VIEWER_TOKEN).await;
    let page = visitor.get(&format!("/runs/{id}"), &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Signed in as <strong>vera</strong>"));
    assert!(page.text.contains("disabled aria-describedby=\"release-why\""), "{}", page.text);
    assert!(page.text.contains("Only an administrator can release a held run."), "{}", page.text);
    for (act, fields) in [("release", &[("number", "3")][..]), ("cancel", &[])] {
        let answer = visitor.submit(&format!("/runs/{id}"), &format!("/runs/{id}/{act}"), fields).await;
        assert_eq!(answer.status, 403, "{act}");
        assert!(answer.text.contains("Only an"), "{}", answer.text);
        // Both stand in the record, and whoever was refused sees it.
        let word = format!("run.{act}");
        eventually("the attempt is shown", async || {
            let page = visitor.get(&format!("/audit?by=vera&action={word}"), &[]).await;
            let shown = page.text.contains(&format!("path:/runs/{id}/{act}")) && page.text.contains("Refused");
            shown.then_some(())
        })
        .await;
    }
    assert_eq!(usher.ask(&format!("runs/{id}"), &[]).await.1["state"], "held");
    assert_eq!(ground.effects(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_changes_nothing_when_it_is_only_looked_at() {
    let (_ground, usher, id) = held(ground()).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let run = format!("/runs/{id}");
    for (path, page) in [
        ("/sign-out", "/"),
        ("/sign-out/everywhere", "/settings"),
        ("/settings/appearance", "/settings"),
        (&format!("{run}/release"), &run),
    ] {
        let answer = visitor.get(path, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"), "{path}");
        let back = format!("<a class=\"button\" href=\"{page}\">Back</a>");
        for shown in ["<title>Error: Nothing to look at", "Nothing was done.", "<nav", &back] {
            assert!(answer.text.contains(shown), "{shown} at {path}: {}", answer.text);
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("script-src 'self'"), "it is a page: {policy}");
    }
    let answer = visitor.submit("/settings", "/runs", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, HEAD"), "{}", answer.text);
    assert!(
        answer.text.contains("a page to look at") && answer.text.contains("href=\"/runs\">Back"),
        "{}",
        answer.text
    );
    let nobody = Visitor::of(usher.admin);
    let answer = nobody.get(&format!("{run}/release"), &[]).await;
    let to = format!("/sign-in?to={}", run.replace('/', "%2F"));
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, to.as_str()),
        "led to the page, not to the act"
    );
    assert_eq!(nobody.post("/runs", &[], &[]).await.status, 405);
    assert_eq!(visitor.get(&format!("/runs/{id}"), &[]).await.status, 200, "the session goes on");
    let long = "x".repeat(70_000);
    let refused = visitor.submit("/settings", "/settings/appearance", &[("theme", &long)]).await;
    assert_eq!(refused.status, 400);
}
