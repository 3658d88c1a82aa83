//! The pages of schemes as a client that is no browser uses them: acts, history, two people at once.

use reqwest::Method;
use serde_json::Value;

use super::{
    ADMIN_TOKEN, HELD, VIEWER_TOKEN,
    visitor::{Answer, Visitor},
    with_viewer,
};
use crate::support::{ground::Ground, usher::Usher};

const SCRIPT: &str = "<script>alert(1)</script>";

/// A scheme of the file, and `text` stored by the API.
async fn stored(text: &str) -> (Ground, Usher, Visitor) {
    let ground = Ground::new(HELD).groups(&["staff", "vip"]);
    let usher = Usher::start(&ground).await;
    let (status, _, answer) = usher.send(Method::POST, "schemes", &[], text).await;
    assert_eq!(status, 201, "{answer}");
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    (ground, usher, visitor)
}

const LEAVERS: &str = "{ id: leavers, name: Leavers, source: acme, trigger: { cron: '0 3 * * MON', timezone: Europe/Berlin }, \
    select: { last_login_before: 90d }, exempt: { groups: [vip] }, actions: [{ remove_groups: [staff] }, { deactivate: {} }], \
    limits: { users: 50 } }";

fn leads(answer: &Answer, to: &str) {
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, to), "{}", answer.text);
}

async fn scheme(usher: &Usher, id: &str) -> Value {
    usher.ask(&format!("schemes/{id}"), &[]).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_scheme_says_what_it_does_when_and_to_whom() {
    let (_ground, _usher, visitor) = stored(LEAVERS).await;
    let page = visitor.get("/schemes/leavers", &[]).await.text;
    for said in [
        "whoever has not logged in for 90d, except members of vip, is removed from staff, then is deactivated.",
        "03:00:00 CE",
        "A run of more than 50 users is held for an administrator.",
        "can be undone",
        "by admin, ",
        "timezone: Europe/Berlin",
        "/runs?scheme=leavers",
    ] {
        assert!(page.contains(said), "{said} in {page}");
    }
    let run = visitor.get("/schemes/leavers/run", &[]).await.text;
    assert!(run.contains("Test mode: nothing is changed.") && run.contains("more than 50 users"), "{run}");
    assert_eq!(visitor.get("/schemes/none", &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_is_run_paused_and_switched_off_from_its_page() {
    let (_ground, usher, visitor) = stored(LEAVERS).await;
    let page = "/schemes/leavers";
    let answer = visitor.submit(page, "/schemes/leavers/run", &[("request", "a")]).await;
    assert!(answer.status == 303 && answer.header("location").starts_with("/runs/"), "{}", answer.text);
    let again = visitor.submit(page, "/schemes/leavers/run", &[("request", "a")]).await;
    leads(&again, answer.header("location"));
    leads(&visitor.submit(page, "/schemes/leavers/pause", &[]).await, "/schemes/leavers?said=paused");
    assert_eq!(scheme(&usher, "leavers").await["paused"], true);
    assert_eq!(visitor.submit(page, "/schemes/leavers/run", &[]).await.status, 409, "it is paused");
    leads(&visitor.submit(page, "/schemes/leavers/resume", &[]).await, "/schemes/leavers?said=resumed");
    let tag = visitor.get(page, &[]).await.field("tag");
    leads(&visitor.submit(page, "/schemes/leavers/disable", &[("tag", &tag)]).await, "/schemes/leavers?said=disabled");
    assert_eq!(scheme(&usher, "leavers").await["enabled"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_has_changed_meanwhile_is_not_written_over() {
    let (_ground, usher, visitor) = stored(LEAVERS).await;
    let page = "/schemes/leavers";
    let tag = visitor.get(page, &[]).await.field("tag");
    let other = LEAVERS.replace("90d", "180d");
    let (status, _, _) = usher.send(Method::PUT, "schemes/leavers", &[("if-match", "*")], &other).await;
    assert_eq!(status, 200);
    for act in ["disable", "delete"] {
        let answer = visitor.submit(page, &format!("/schemes/leavers/{act}"), &[("tag", &tag)]).await;
        assert_eq!(answer.status, 412, "{act}: {}", answer.text);
        assert!(answer.text.contains("<title>Error: "), "{}", answer.text);
    }
    let now = scheme(&usher, "leavers").await;
    assert!(now["enabled"] == true && now["select"]["last_login_before"] == "180d", "{now}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_scheme_is_brought_back_from_its_history() {
    let (_ground, usher, visitor) = stored(LEAVERS).await;
    let other = LEAVERS.replace("90d", "180d");
    usher.send(Method::PUT, "schemes/leavers", &[("if-match", "*")], &other).await;
    let history = visitor.get("/schemes/leavers/history", &[]).await;
    assert!(history.text.contains("<del>90d</del><ins>180d</ins>"), "{}", history.text);
    let page = visitor.get("/schemes/leavers/delete", &[]).await;
    let tag = page.field("tag");
    let answer = visitor.submit("/schemes/leavers/delete", "/schemes/leavers/delete", &[("tag", &tag)]).await;
    leads(&answer, "/schemes/leavers/history?said=deleted");
    assert_eq!(visitor.get("/schemes/leavers", &[]).await.status, 404);
    let gone = visitor.get("/schemes/leavers/history?said=deleted", &[]).await;
    assert!(gone.text.contains("The scheme was deleted."), "{}", gone.text);
    let path = "/schemes/leavers/bring-back";
    let answer = visitor.submit("/schemes/leavers/history", path, &[("tag", ""), ("revision", "1")]).await;
    leads(&answer, "/schemes/leavers?said=back");
    assert_eq!(scheme(&usher, "leavers").await["select"]["last_login_before"], "90d");
    let missing = visitor.submit("/schemes/leavers/history", path, &[("tag", ""), ("revision", "77")]).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheme_of_the_file_is_shown_whole_and_never_changed_here() {
    let (_ground, usher, visitor) = stored(LEAVERS).await;
    let page = visitor.get("/schemes/staff", &[]).await.text;
    assert!(page.contains("From the file") && page.contains("id: staff"), "{page}");
    let before = scheme(&usher, "staff").await;
    let tag = before["tag"].as_str().expect("a tag").to_owned();
    for act in ["disable", "test", "delete"] {
        let answer = visitor.submit("/schemes/staff", &format!("/schemes/staff/{act}"), &[("tag", &tag)]).await;
        assert_eq!(answer.status, 409, "{act}: {}", answer.text);
    }
    assert_eq!(scheme(&usher, "staff").await["version"], before["version"]);
    leads(&visitor.submit("/schemes/staff", "/schemes/staff/pause", &[]).await, "/schemes/staff?said=paused");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_scheme_becomes_markup() {
    let odd = format!(
        "{{ id: odd, name: '{SCRIPT}', source: acme, trigger: manual, \
         select: {{ where: 'user.name == \"{SCRIPT}\"' }}, exempt: {{ groups: ['{SCRIPT}'] }}, actions: [{{ add_groups: ['staff'] }}], enabled: false }}"
    );
    let (_ground, _usher, visitor) = stored(&odd).await;
    for page in [
        "/schemes",
        "/schemes/odd",
        "/schemes/odd/run",
        "/schemes/odd/delete",
        "/schemes/odd/history",
        "/schemes/odd?user=%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    ] {
        let answer = visitor.get(page, &[]).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(!answer.text.to_lowercase().contains("<script>alert"), "{page}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_all_of_a_scheme_and_changes_nothing() {
    let ground = with_viewer().groups(&["vip"]);
    let usher = Usher::start(&ground).await;
    let (status, _, answer) = usher.send(Method::POST, "schemes", &[], LEAVERS).await;
    assert_eq!(status, 201, "{answer}");
    let before = scheme(&usher, "leavers").await;
    let viewer = Visitor::signed_in(usher.admin, VIEWER_TOKEN).await;
    let page = viewer.get("/schemes/leavers", &[]).await.text;
    for said in [
        "Only an administrator can change schemes.",
        "Only an operator can run a scheme now.",
        "Only an operator can pause this.",
    ] {
        assert!(page.contains(said), "{said} in {page}");
    }
    let tag = before["tag"].as_str().expect("a tag");
    for act in ["run", "pause", "disable", "delete", "edit", "live"] {
        let answer = viewer.submit("/schemes", &format!("/schemes/leavers/{act}"), &[("tag", tag)]).await;
        assert_eq!(answer.status, 403, "{act}: {}", answer.text);
    }
    let draft = [("id", "mine"), ("source", "acme"), ("kind", "manual")];
    assert_eq!(viewer.submit("/schemes", "/drafts/new", &draft).await.status, 403);
    assert_eq!(scheme(&usher, "leavers").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_schemes_are_shown_page_by_page_and_filters_look_at_all_of_them() {
    let of = |number| {
        format!(
            "{{ id: s-{number:02}, source: acme, trigger: on_create, select: {{ everyone: true }}, actions: [{{ add_groups: [staff] }}] }}"
        )
    };
    let ground = Ground::new(&(0..45).map(of).collect::<Vec<_>>().join(", ")).groups(&["staff"]);
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let rows = |page: &str| page.matches("href=\"/schemes/s-").count();
    let first = visitor.get("/schemes", &[]).await.text;
    assert_eq!(rows(&first), 40, "{first}");
    assert!(first.contains("Schemes 1 to 40 of 45") && first.contains(">Next</a>"), "{first}");
    let next = first.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let second = visitor.get(next, &[]).await.text;
    assert_eq!(rows(&second), 5, "{second}");
    assert!(second.contains("Schemes 41 to 45 of 45") && second.contains(">First</a>"), "{second}");
    assert!(!second.contains(">Next</a>"), "{second}");
    let found = visitor.get("/schemes?q=s-44", &[]).await.text;
    assert!(found.contains("Schemes 1 to 1 of 1 that fit the filters; there are 45"), "{found}");
}
