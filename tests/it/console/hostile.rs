//! Names and texts that were chosen to become markup, a header or another page.

use usher::sandbox::Account;

use super::{ADMIN_TOKEN, run, visitor::Visitor};
use crate::support::{
    ground::{ACME, Ground},
    usher::Usher,
};

const SCRIPT: &str = "<script>alert(1)</script>";
const IMAGE: &str = "\"><img src=x onerror=alert(1)>";

/// A scheme whose name, group and users are markup.
fn ground() -> Ground {
    let scheme = format!(
        "{{ id: odd, name: '{SCRIPT}', source: acme, trigger: manual, test_mode: false, \
         select: {{ email_domain: [acme.example] }}, actions: [{{ add_groups: ['{IMAGE}'] }}, {{ add_groups: [gone] }}] }}"
    );
    let ground = Ground::new(&scheme).groups(&[IMAGE]).tweak("USHER_SOURCES__0__NAME", &format!("'{SCRIPT}'"));
    let names =
        [SCRIPT.to_owned(), IMAGE.to_owned(), "=1+1\u{202e}exe".to_owned(), "x".repeat(200), "{{ 7*7 }}".to_owned()];
    for (number, name) in names.into_iter().enumerate() {
        let account = Account::new(format!("KEY:{number}/../{number}"), name);
        ground.sandbox.put_user(ACME.product, account.email(format!("user-{number}@acme.example")));
    }
    ground
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_groups_and_schemes_are_called_no_page_has_their_markup() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let id = run(&usher, "odd", "failed").await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let encoded = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%22%3E%3Cimg%20src%3Dx%3E";
    let pages = [
        "/".to_owned(),
        "/runs".into(),
        "/schemes".into(),
        "/sources".into(),
        "/start".into(),
        "/connect".into(),
        format!("/connect?product={encoded}"),
        "/sources/acme".into(),
        "/sources/acme/yaml".into(),
        "/sources/acme/pause".into(),
        format!("/sources/{encoded}"),
        format!("/sources/acme?said={encoded}"),
        "/dead-letters".into(),
        "/settings".into(),
        "/settings/components".into(),
        format!("/runs/{id}"),
        format!("/schemes?q={encoded}"),
        format!("/runs?scheme={encoded}"),
        format!("/runs?since={encoded}"),
        format!("/runs/{encoded}"),
        format!("/runs/{id}?result={encoded}"),
        format!("/sign-in?to={encoded}"),
        format!("/dead-letters?state={encoded}"),
        format!("/runs?{encoded}=1"),
        format!("/runs?q={encoded}&user={encoded}&by={encoded}"),
        format!("/runs?deleted={encoded}&left={encoded}"),
        format!("/runs/folded?scheme={encoded}"),
        format!("/runs/delete?before=2099-01-01&scheme={encoded}"),
        format!("/runs/{id}/undo"),
        format!("/runs/{id}/undo?cursor={encoded}"),
        format!("/runs/{id}/diff?to={encoded}"),
        format!("/runs/{id}/entry?user={encoded}&action=add_groups"),
        format!("/dead-letters?user={encoded}&reason={encoded}&group={encoded}"),
        format!("/dead-letters?again={encoded}&dismissed={encoded}"),
        format!("/dead-letters/again?id={encoded}"),
        format!("/dead-letters/dismiss?group={encoded}"),
        format!("/users?q={encoded}&directory={encoded}"),
        format!("/users?source={encoded}"),
        format!("/users/acme/{encoded}"),
        format!("/users/acme/{encoded}?read=now"),
        format!("/users/{encoded}/x"),
    ];
    let mut shown = String::new();
    for page in &pages {
        let answer = visitor.get(page, &[]).await;
        assert!([200, 400, 404].contains(&answer.status.as_u16()), "{page}: {}", answer.status);
        let text = answer.text.to_lowercase();
        for markup in ["<script>", "<img", "alert(1)</script>"] {
            assert!(!text.contains(markup), "{page}: {markup} in {}", answer.text);
        }
        assert!(answer.header("content-security-policy").contains("script-src 'self';"), "{page}");
        shown += &answer.text;
    }
    for seen in ["&#60;script&#62;alert(1)", "{{ 7*7 }}", "=1+1"] {
        assert!(shown.contains(seen), "{seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_in_an_address_becomes_no_header_and_no_other_page() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::of(usher.admin);
    for path in ["/runs/x%0d%0aSet-Cookie:%20a=b", "/runs/%2F%2Fevil.example", "/runs/..%2f..%2f", "/runs/%00"] {
        let answer = visitor.get(path, &[]).await;
        assert_eq!(answer.status, 303, "{path}");
        assert!(answer.header("location").starts_with("/sign-in"), "{path}: {}", answer.header("location"));
        assert!(answer.headers.get("set-cookie").is_none(), "{path}");
    }
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let hostile = "/runs/x%0d%0aSet-Cookie:%20a=b/cancel";
    let answer = visitor.submit("/settings", hostile, &[]).await;
    assert!(answer.status == 404 && answer.headers.get("set-cookie").is_none(), "{}", answer.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_kept_from_frames_caches_and_other_sites() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    for path in ["/", "/runs", "/runs/none", "/sign-in", "/settings", "/schemes?nothing=1"] {
        let answer = visitor.get(path, &[]).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}: {policy}");
        assert!(policy.ends_with("form-action 'self'; base-uri 'none'; frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("vary", "HX-Request-Type"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
    }
    let page = visitor.get("/", &[]).await.text;
    let asset = page.split("href=\"/assets/console-").nth(1).expect("a stylesheet").split('"').next().expect("an end");
    let style = visitor.get(&format!("/assets/console-{asset}"), &[]).await;
    assert_eq!((style.status.as_u16(), style.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(style.header("cache-control").contains("immutable"));
    assert_eq!(visitor.get("/assets/console.css", &[]).await.status, 404);
}
