//! The record of who did what, as the console writes and shows it.

use super::{ADMIN_TOKEN, VIEWER_TOKEN, held, visitor::Visitor, with_viewer};
use crate::support::{face::eventually, ground::Ground, usher::Usher};

/// The rows of the API's list, once there are that many: `by action on via result`.
async fn recorded(usher: &Usher, query: &[(&str, &str)], count: usize) -> Vec<String> {
    eventually(&format!("{count} acts of {query:?}"), async || {
        let rows = usher.list("audit", query).await;
        let word = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or("nobody").to_owned();
        let words = |row| ["by", "action", "on", "via", "result"].map(|name| word(row, name)).join(" ");
        (rows.len() == count).then(|| rows.iter().map(words).collect())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out_is_recorded_also_where_it_is_refused() {
    let (_ground, usher, _id) = held(with_viewer()).await;
    let mut visitor = Visitor::of(usher.admin);
    let refused = visitor.sign_in("no-such-token", "/").await;
    assert!(refused.status == 403 && refused.session_cookie().is_none());
    visitor.sign_in(VIEWER_TOKEN, "/").await;
    assert_eq!(visitor.submit("/", "/sign-out", &[]).await.status, 303);
    let acts = recorded(&usher, &[("action", "sign-in")], 2).await;
    assert_eq!(acts, ["vera sign-in usher console accepted", "nobody sign-in usher console refused"]);
    assert_eq!(recorded(&usher, &[("action", "sign-out")], 1).await, ["vera sign-out usher console accepted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_on_a_page_is_recorded_as_by_the_api_and_found_by_its_filters() {
    let (_ground, usher, id) = held(with_viewer()).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let (page, path) = (format!("/runs/{id}"), format!("/runs/{id}/release"));
    assert_eq!(visitor.submit(&page, &path, &[("number", "3")]).await.status, 303);
    let acts = recorded(&usher, &[("action", "run.release")], 1).await;
    assert_eq!(acts, [format!("admin run.release run:{id} console accepted")]);
    let shown = async |query: &str| visitor.get(&format!("/audit{query}"), &[]).await.text;
    let text = shown(&format!("?by=admin&action=run&on=run:{id}&since=2000-01-01")).await;
    assert!(text.contains("run.release") && text.contains(&format!("/runs/{id}")), "{text}");
    assert!(!text.contains("<td>sign-in</td>"), "{text}");
    for (query, says) in [
        ("?action=run&until=2000-01-01", "Nothing fits these filters."),
        ("?by=%3Cb%3E%27", "By: &#60;b&#62;&#39;"),
        ("?since=yesterday", "can&#39;t be “yesterday”"),
    ] {
        let text = shown(query).await;
        assert!(text.contains(says), "{query}: {text}");
    }
    assert_eq!(visitor.get("/audit?what=else", &[]).await.status, 400);
    let file = visitor.get("/audit.csv?action=run", &[]).await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"usher-audit.csv\"");
    assert!(file.text.contains(",run.release,") && !file.text.contains(",sign-in,"), "{}", file.text);
    recorded(&usher, &[("action", "export"), ("on", "list:audit")], 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_kept_to_a_source_sees_nothing_of_the_others_on_any_page() {
    let kept = "[{ name: kept, role: admin, sources: [globex], secret: { value: the-token-of-one-source } }]";
    let ground: Ground = super::ground().tweak("USHER_ADMIN__TOKENS", kept);
    let (_ground, usher, id) = held(ground).await;
    let visitor = Visitor::signed_in(usher.admin, "the-token-of-one-source").await;
    for page in ["/", "/runs", "/runs/folded", "/schemes", "/sources", "/dead-letters", "/users", "/audit"] {
        let answer = visitor.get(page, &[]).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(!answer.text.contains("staff") && !answer.text.contains(">acme<"), "{page}: {}", answer.text);
    }
    for page in ["", "/undo", "/diff", "/entry", "/entries.csv"] {
        assert_eq!(visitor.get(&format!("/runs/{id}{page}"), &[]).await.status, 404, "{page}");
    }
    assert_eq!(visitor.get("/users/acme/KEY1", &[]).await.status, 404);
    assert!(!visitor.get("/runs.csv", &[]).await.text.contains("staff"));
    assert_eq!(visitor.submit("/", &format!("/runs/{id}/release"), &[("number", "3")]).await.status, 404);
}
