//! Signing in and out, and what the cookie of a session is worth.

use std::time::{Duration, Instant};

use super::{ADMIN_TOKEN, ground, visitor::Visitor};
use crate::support::usher::Usher;

#[tokio::test(flavor = "multi_thread")]
async fn the_cookie_of_a_session_is_kept_from_scripts_and_other_sites_and_tells_nothing() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let mut visitor = Visitor::of(usher.admin);
    let answer = visitor.sign_in(ADMIN_TOKEN, "/runs?state=held").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/runs?state=held"));
    let cookie = answer.session_cookie().expect("a session");
    for attribute in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(
        cookie.starts_with("usher-session=") && !cookie.contains("Secure") && !cookie.contains("Domain"),
        "{cookie}"
    );
    assert!(!cookie.contains("admin") && !cookie.contains(ADMIN_TOKEN), "{cookie}");
    assert!(!answer.text.contains(ADMIN_TOKEN) && !usher.log().contains(ADMIN_TOKEN));
    let page = visitor.get("/runs?state=held", &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Signed in as <strong>admin</strong>") && !page.text.contains(ADMIN_TOKEN));
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_public_address_the_cookie_is_sent_over_https_to_that_host_alone() {
    let ground = ground().tweak("USHER_ADMIN__PUBLIC_URL", "https://usher.acme.example");
    let usher = Usher::start(&ground).await;
    let cookie = Visitor::of(usher.admin).sign_in(ADMIN_TOKEN, "/").await.session_cookie().expect("a session");
    assert!(cookie.starts_with("__Host-usher=") && cookie.contains("; Secure"), "{cookie}");
    assert!(cookie.contains("; Path=/;") && cookie.contains("; HttpOnly") && !cookie.contains("Domain"), "{cookie}");
    // A cookie that another host of the domain could set is none.
    let mut visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let sealed = visitor.cookie.clone().expect("a cookie").replace("__Host-usher", "usher-session");
    let of_this_host = visitor.cookie.replace(sealed);
    assert_eq!(visitor.get("/", &[]).await.status, 303);
    // Where a browser does not send `Sec-Fetch-Site`, its `Origin` is the public address.
    visitor.cookie = of_this_host;
    let token = visitor.get("/", &[]).await.field("form_token");
    let fields = [("form_token", token.as_str())];
    let listener = format!("http://{}", usher.admin);
    for bad in [listener.as_str(), "http://usher.acme.example", "https://usher.acme.example.evil.example"] {
        assert_eq!(visitor.post("/sign-out", &fields, &[("origin", bad)]).await.status, 403, "{bad}");
    }
    assert_eq!(visitor.post("/sign-out", &fields, &[("origin", "https://usher.acme.example")]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_key_seals_the_sessions_of_each_process_that_has_it() {
    let key = "USHER_ADMIN__SESSION__KEY";
    let value = format!("{{ value: {} }}", "k".repeat(64));
    let (one, other) = (ground().tweak(key, &value), ground().tweak(key, &value));
    let (first, second) = tokio::join!(Usher::start(&one), Usher::start(&other));
    let mut visitor = Visitor::signed_in(first.admin, ADMIN_TOKEN).await;
    let cookie = visitor.cookie.take();
    visitor = Visitor::of(second.admin);
    visitor.cookie = cookie;
    assert_eq!(visitor.get("/runs", &[]).await.status, 200);
    let third = ground();
    let third = Usher::start(&third).await;
    let mut elsewhere = Visitor::of(third.admin);
    elsewhere.cookie = visitor.cookie;
    assert_eq!(elsewhere.get("/runs", &[]).await.status, 303, "its key is another one");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_sign_in_is_a_new_session_whatever_the_browser_brings() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let mut visitor = Visitor::of(usher.admin);
    visitor.cookie = Some("usher-session=chosen-by-somebody-else".into());
    visitor.sign_in(ADMIN_TOKEN, "/").await;
    let first = visitor.cookie.clone().expect("a session");
    assert!(!first.contains("chosen"));
    visitor.sign_in(ADMIN_TOKEN, "/").await;
    let second = visitor.cookie.clone().expect("a session");
    assert_ne!(first, second);
    // Two of one name: another page has set one.
    visitor.cookie = Some(format!("{first}; {second}"));
    assert_eq!(visitor.get("/", &[]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_dead_after_signing_out_also_where_the_cookie_was_kept() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let (one, other) =
        (Visitor::signed_in(usher.admin, ADMIN_TOKEN).await, Visitor::signed_in(usher.admin, ADMIN_TOKEN).await);
    let answer = one.submit("/", "/sign-out", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/sign-in?signed_out="));
    assert!(answer.session_cookie().expect("taken away").contains("Max-Age=0"));
    let gone = one.get("/runs?state=held", &[]).await;
    assert_eq!((gone.status.as_u16(), gone.header("location")), (303, "/sign-in?to=%2Fruns%3Fstate%3Dheld"));
    assert_eq!(other.get("/runs", &[]).await.status, 200, "another session goes on");
    let third = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    assert_eq!(other.submit("/settings", "/sign-out/everywhere", &[]).await.status, 303);
    for dead in [&other, &third] {
        assert_eq!(dead.get("/runs", &[]).await.status, 303);
    }
    assert_eq!(Visitor::signed_in(usher.admin, ADMIN_TOKEN).await.get("/runs", &[]).await.status, 200);
    // It outlives a restart: what ended stays ended, what did not goes on.
    let alive = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    usher.kill();
    let usher = Usher::start(&ground).await;
    for (cookie, status) in [(one.cookie, 303), (third.cookie, 303), (alive.cookie, 200)] {
        let mut again = Visitor::of(usher.admin);
        again.cookie = cookie;
        assert_eq!(again.get("/runs", &[]).await.status.as_u16(), status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_token_ends_the_sessions_of_the_one_before() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    drop(usher);
    let ground = ground.tweak("TEST_ADMIN_TOKEN", "another-token-of-the-administrator");
    let usher = Usher::start(&ground).await;
    let mut again = Visitor::of(usher.admin);
    again.cookie = visitor.cookie;
    assert_eq!(again.get("/runs", &[]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_never_reads_the_cookie_and_pages_never_read_the_token() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    assert_eq!(visitor.get("/api/v1/runs", &[]).await.status, 401);
    let bearer = format!("Bearer {ADMIN_TOKEN}");
    let page = Visitor::of(usher.admin).get("/runs", &[("authorization", &bearer)]).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (303, "/sign-in?to=%2Fruns"));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_led_to_another_host_by_signing_in() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    for to in [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "\t//evil.example",
        "/x\r\nSet-Cookie: usher-session=x",
        "/%0d%0aX: y\n",
        "http:evil",
        "///evil.example",
        "/sign-in?to=/sign-in",
    ] {
        let answer = Visitor::of(usher.admin).sign_in(ADMIN_TOKEN, to).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"), "{to:?}");
        assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1, "{to:?}");
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("to", to).finish();
        let page = Visitor::of(usher.admin).get(&format!("/sign-in?{query}"), &[]).await;
        assert_eq!((page.status.as_u16(), page.field("to").as_str()), (200, "/"), "{to:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_are_slowed_down_and_the_right_one_is_taken_all_the_same() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let mut visitor = Visitor::of(usher.admin);
    for _ in 0..3 {
        let refused = visitor.sign_in("a-guess", "/").await;
        assert_eq!(refused.status, 403);
        assert!(refused.text.contains("<title>Error: Sign in"), "{}", refused.text);
        assert!(refused.text.contains("This token is not known") && !refused.text.contains("a-guess"));
        assert!(refused.session_cookie().is_none());
    }
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(visitor.sign_in("a-guess", "/").await.status, 403);
    }
    assert!(begun.elapsed() >= Duration::from_millis(700), "{:?}", begun.elapsed());
    let begun = Instant::now();
    assert_eq!(visitor.sign_in(ADMIN_TOKEN, "/").await.status, 303);
    assert!(begun.elapsed() < Duration::from_millis(700), "{:?}", begun.elapsed());
    let count = async |via: &str, result: &str| {
        usher.metric(&format!("usher_console_sign_ins_total{{result=\"{result}\",via=\"{via}\"}}")).await
    };
    for (via, result, expected) in [
        ("token", "accepted", 1.0),
        ("token", "refused", 6.0),
        ("token", "failed", 0.0),
        ("oidc", "accepted", 0.0),
        ("oidc", "refused", 0.0),
        ("oidc", "failed", 0.0),
    ] {
        assert_eq!(count(via, result).await, Some(expected), "{via} {result}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_ended_takes_the_whole_page_along_where_a_fragment_is_asked_for() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let here = format!("http://{}/runs?state=held", usher.admin);
    let asked = [("HX-Request-Type", "partial"), ("HX-Current-URL", here.as_str())];
    let answer = Visitor::of(usher.admin).get("/runs?state=held", &asked).await;
    assert_eq!(answer.header("hx-redirect"), "/sign-in?to=%2Fruns%3Fstate%3Dheld");
    assert!(answer.status.is_success() && answer.text.is_empty());
    // An address of another host is none of ours.
    let asked = [("HX-Request-Type", "partial"), ("HX-Current-URL", "https://evil.example//evil.example/x")];
    assert_eq!(Visitor::of(usher.admin).get("/runs", &asked).await.header("hx-redirect"), "/sign-in");
}
