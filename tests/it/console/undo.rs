//! The page that undoes a run, the details of an entry, and the comparison of two runs.

use usher::sandbox::{Account, webhook::Happening};

use super::{ADMIN_TOKEN, VIEWER_TOKEN, browser::play, pages::arguments, run, visitor::Visitor, when};
use crate::support::{
    ground::{ACME, Ground},
    usher::Usher,
};

const SCRIPT: &str = "<script>alert(1)</script>";

/// `give` puts those of `acme.example` into `staff`; `more` does the same once more for a later run; `fails` names a
/// group that is not there.
fn ground(people: usize) -> Ground {
    let scheme = |id: &str, actions: &str| {
        format!(
            "{{ id: {id}, source: acme, trigger: manual, test_mode: false, select: {{ email_domain: [acme.example] }}, \
             actions: [{actions}] }}"
        )
    };
    let schemes = [
        scheme("give", "{ add_groups: [staff] }"),
        scheme("take", "{ remove_groups: [staff] }"),
        scheme("fails", &format!("{{ add_groups: ['{SCRIPT}'] }}")),
    ];
    let ground = Ground::new(&schemes.join(", ")).groups(&["staff"]);
    for number in 0..people {
        let name = if number == 0 { SCRIPT.to_owned() } else { format!("name-{number}") };
        let account = Account::new(format!("KEY{number}"), name);
        ground.sandbox.put_user(ACME.product, account.email(format!("user-{number}@acme.example")));
    }
    ground
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_says_what_it_puts_back_and_leaves_alone_and_names_what_was_changed_by_hand_since() {
    let ground = ground(10);
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let id = run(&usher, "give", "done").await;
    assert_eq!(ground.sandbox.remove_member(ACME.product, "KEY3", "staff"), Ok(true));
    let path = format!("/runs/{id}/undo");
    let of_run = visitor.get(&format!("/runs/{id}"), &[]).await.text;
    assert!(of_run.contains(&format!("href=\"{path}\"")), "the run leads to its undo: {of_run}");
    let page = visitor.get(&path, &[]).await;
    assert_eq!(page.status, 200);
    for text in ["Put back 10 changes", "changed by hand", "remove groups staff", "/users/acme/KEY3", "Is put back"] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(!page.text.contains(SCRIPT) && page.text.contains("&#60;script&#62;alert(1)"), "{}", page.text);
    let before = ground.effects().len();
    let long = "x".repeat(1_001);
    let refused = visitor.submit(&path, &path, &[("request", "a"), ("reason", &long)]).await;
    assert!(refused.status == 422 && refused.text.contains(&long), "what was typed is kept: {}", refused.text);
    assert_eq!(ground.effects().len(), before);
    let twice = [("request", "b"), ("reason", SCRIPT)];
    let (first, second) = tokio::join!(visitor.submit(&path, &path, &twice), visitor.submit(&path, &path, &twice));
    assert_eq!((first.status.as_u16(), second.header("location")), (303, first.header("location")));
    let undoing = first.header("location").strip_prefix("/runs/").expect("a run").to_owned();
    let undone = when(&usher, &undoing, "done").await;
    assert_eq!((&undone["kind"], &undone["by"], &undone["reason"]), (&"undo".into(), &"admin".into(), &SCRIPT.into()));
    assert_eq!((&undone["counts"]["changed"], &undone["counts"]["unchanged"]), (&9.into(), &1.into()));
    assert_eq!(ground.effects().len() - before, 9);
    let left = visitor.get(&format!("/runs/{undoing}?result=unchanged"), &[]).await.text;
    assert!(left.contains("/users/acme/KEY3") && left.contains("somebody else"), "the one left alone is named: {left}");
    assert!(!left.contains(SCRIPT) && left.contains("The run that it undoes"), "{left}");
    let again = visitor.get(&path, &[]).await.text;
    assert!(again.contains("undone already") && !again.contains("<form method=\"post\" action=\"/runs/"), "{again}");
    let third = visitor.submit("/runs", &path, &[("request", "c")]).await;
    assert_eq!(third.header("location"), format!("/runs/{undoing}"), "asked for once more, it is the same one");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_says_what_a_later_run_stands_in_the_way_of_and_what_it_can_t_do() {
    let ground = ground(3);
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let given = run(&usher, "give", "done").await;
    run(&usher, "take", "done").await;
    let page = visitor.get(&format!("/runs/{given}/undo"), &[]).await.text;
    assert!(page.contains("<b>3</b> left alone") && page.contains("Left alone"), "{page}");
    assert!(page.contains("It can't be undone. Nothing of it can be put back."), "{page}");
    let failed = run(&usher, "fails", "failed").await;
    let page = visitor.get(&format!("/runs/{failed}/undo"), &[]).await.text;
    assert!(page.contains("there is nothing to undo"), "{page}");
    let refused = visitor.submit("/runs", &format!("/runs/{failed}/undo"), &[("request", "a")]).await;
    assert_eq!(refused.status, 409);
    assert_eq!(visitor.get("/runs/nope/undo", &[]).await.status, 404);
    assert_eq!(visitor.get(&format!("/runs/{given}/undo?cursor=x"), &[]).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_entry_has_a_page_with_the_product_s_words_and_what_to_do() {
    let ground = ground(2);
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let id = run(&usher, "fails", "failed").await;
    let list = visitor.get(&format!("/runs/{id}?result=failed"), &[]).await.text;
    let link = list.split("href=\"").find(|rest| rest.contains("/entry?")).expect("a link");
    let link = link.split('"').next().expect("its end").replace("&#38;", "&");
    let page = visitor.get(&link, &[]).await;
    assert_eq!(page.status, 200, "{link}");
    for text in
        ["What to do", "The product&#39;s answer", "Last call", "Attempts", "?result=failed#entry-", "Try again…"]
    {
        let plain = page.text.replace("The product's answer", "The product&#39;s answer");
        assert!(plain.contains(text), "{text}: {}", page.text);
    }
    assert!(!page.text.contains(SCRIPT) && page.text.contains("&#60;script&#62;alert(1)"), "{}", page.text);
    let anchor = page.text.split("#entry-").nth(1).expect("an anchor")[..12].to_owned();
    assert!(list.contains(&format!("id=\"entry-{anchor}\"")), "closing leads back to the link");
    assert_eq!(visitor.get(&format!("/runs/{id}/entry?user=nobody"), &[]).await.status, 404);
    let files = [
        format!("/runs/{id}/entries.csv"),
        format!("/runs/{id}/entries.json"),
        "/runs.csv".into(),
        "/runs.json?state=failed".into(),
    ];
    for file in files {
        let answer = visitor.get(&file, &[]).await;
        assert!(
            answer.status == 200 && (answer.text.contains("fails") || answer.text.contains("the product refused")),
            "{file}: {}",
            answer.text
        );
        assert!(answer.header("content-disposition").starts_with("attachment"), "{file}");
        assert_eq!(Visitor::of(usher.admin).get(&file, &[]).await.status, 303, "{file}: for those who have signed in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_are_compared_by_whom_they_selected() {
    let ground = ground(2);
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let first = run(&usher, "give", "done").await;
    let alone = visitor.get(&format!("/runs/{first}/diff"), &[]).await.text;
    assert!(alone.contains("There is no earlier run to compare with."), "{alone}");
    let late = Account::new("KEY9", SCRIPT).email("late@acme.example");
    ground.sandbox.put_user(ACME.product, late);
    let second = run(&usher, "give", "done").await;
    let page = visitor.get(&format!("/runs/{second}/diff"), &[]).await.text;
    assert!(page.contains(&first) && page.contains("/users/acme/KEY9") && page.contains("this run only"), "{page}");
    assert!(!page.contains("/users/acme/KEY1") && !page.contains(SCRIPT), "{page}");
    let back = visitor.get(&format!("/runs/{first}/diff?to={second}"), &[]).await.text;
    assert!(back.contains("the other run only"), "{back}");
    assert_eq!(visitor.get(&format!("/runs/{first}/diff?to=nope"), &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_undo_details_and_comparison_are_whole_for_everybody() {
    let ground = ground(4);
    let usher = Usher::start(&ground).await;
    let failed = run(&usher, "fails", "failed").await;
    let user = Account::new("KEY7", "name-7");
    ground.sandbox.put_user(ACME.product, user.clone());
    let event = usher.tell(ACME, Happening::Created, &user).await;
    usher.ended(&event).await;
    for script in ["script", "none"] {
        let given = run(&usher, "give", "done").await;
        play("undo", arguments(&usher, &[&given, &failed, script])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_the_buttons_of_undo_and_deletion_disabled_with_the_reason_and_is_refused_by_hand() {
    let tokens = format!("[{{ name: vera, role: viewer, secret: {{ value: {VIEWER_TOKEN} }} }}]");
    let ground = ground(2).tweak("USHER_ADMIN__TOKENS", &tokens);
    let usher = Usher::start(&ground).await;
    let visitor = Visitor::signed_in(usher.admin, VIEWER_TOKEN).await;
    let given = run(&usher, "give", "done").await;
    let path = format!("/runs/{given}/undo");
    for (page, why) in [
        (path.as_str(), "Only an operator can undo a run."),
        ("/runs/delete?before=2099-01-01", "Only an administrator can delete run logs."),
        ("/runs", "Only an administrator can delete run logs."),
    ] {
        let answer = visitor.get(page, &[]).await;
        assert!(answer.status == 200 && answer.text.contains(why), "{page}: {}", answer.text);
    }
    let before = ground.effects().len();
    let undo = visitor.submit(&path, &path, &[("request", "a")]).await;
    let fields = [("before", "2099-01-01"), ("reason", "old"), ("request", "b")];
    let delete = visitor.submit("/runs", "/runs/delete", &fields).await;
    assert_eq!((undo.status.as_u16(), delete.status.as_u16()), (403, 403));
    assert_eq!(ground.effects().len(), before);
    assert_eq!(visitor.get(&format!("/runs/{given}"), &[]).await.status, 200, "nothing was deleted");
}
