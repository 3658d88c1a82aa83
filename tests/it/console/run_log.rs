//! Deleting from the run log by filter, and the folded list.

use usher::sandbox::{Account, webhook::Happening};

use super::{ADMIN_TOKEN, ground, held, run, visitor::Visitor};
use crate::support::{face::eventually, ground::ACME, usher::Usher};

const FAR: &str = "2099-01-01";

async fn runs(usher: &Usher) -> Vec<String> {
    let runs = usher.list("runs", &[]).await;
    runs.iter().map(|run| run["id"].as_str().expect("text").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_are_deleted_by_filter_stay_gone_and_held_ones_stay() {
    let (ground, usher, id) = held(ground()).await;
    let user = Account::new("KEY9", "name-9");
    ground.sandbox.put_user(ACME.product, user.clone());
    let event = usher.tell(ACME, Happening::Created, &user).await;
    usher.ended(&event).await;
    eventually("both runs are there", || async { (runs(&usher).await.len() == 2).then_some(()) }).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let path = format!("/runs/delete?before={FAR}");
    let page = visitor.get(&path, &[]).await;
    assert_eq!(page.status, 200);
    for text in
        ["<b>1</b> would go", "<b>1</b> stay: held", "Delete 1 run from the run log", "All runs, started before"]
    {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    let nothing = visitor.get(&format!("{path}&scheme=staff"), &[]).await.text;
    assert!(nothing.contains("Nothing would be deleted."), "{nothing}");
    for (fields, status, says) in [
        (&[("before", FAR), ("request", "a")][..], 422, "Write why the runs are deleted."),
        (&[("before", FAR), ("request", "b"), ("reason", "  ")], 422, "Write why the runs are deleted."),
        (&[("request", "c"), ("reason", "old")], 400, "until when"),
        (&[("before", "x"), ("request", "d"), ("reason", "old")], 400, "before"),
    ] {
        let refused = visitor.submit(&path, "/runs/delete", fields).await;
        assert_eq!(refused.status.as_u16(), status, "{fields:?}: {}", refused.text);
        assert!(refused.text.contains(says), "{fields:?}: {}", refused.text);
    }
    assert_eq!(runs(&usher).await.len(), 2);
    let fields = [("before", FAR), ("request", "e"), ("reason", "<b>old</b>")];
    let answer = visitor.submit(&path, "/runs/delete", &fields).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/runs?deleted=1&left=1"));
    let after = visitor.get("/runs?deleted=1&left=1", &[]).await.text;
    assert!(after.contains("Removed from the run log: 1 run. 1 stayed"), "{after}");
    assert_eq!(runs(&usher).await, std::slice::from_ref(&id));
    let audit = visitor.get("/audit?action=run.delete", &[]).await.text;
    assert!(audit.contains("&#60;b&#62;old&#60;/b&#62;") && audit.contains("admin"), "who and why: {audit}");
    usher.kill();
    for file in ["views.sqlite", "views.sqlite-wal", "views.sqlite-shm"] {
        let found = walkdir(&ground.folder(), file);
        found.into_iter().for_each(|path| std::fs::remove_file(path).expect("removed"));
    }
    let usher = Usher::start(&ground).await;
    eventually("the decision about the user is read again", || async {
        let decisions = usher.list("decisions", &[("user", "KEY9"), ("source", "acme")]).await;
        (!decisions.is_empty()).then_some(())
    })
    .await;
    eventually("the held run is there again", || async { (runs(&usher).await == [id.clone()]).then_some(()) }).await;
}

/// The files called `name` below `folder`.
fn walkdir(folder: &std::path::Path, name: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let of = |path: std::path::PathBuf| match path.is_dir() {
        true => walkdir(&path, name),
        false if path.file_name().is_some_and(|file| file == name) => vec![path],
        false => Vec::new(),
    };
    entries.flat_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_single_events_are_folded_and_found_by_every_filter() {
    let (ground, usher, id) = held(ground()).await;
    for number in 10..13 {
        let user = Account::new(format!("KEY{number}"), format!("name-{number}"));
        ground.sandbox.put_user(ACME.product, user.clone());
        let event = usher.tell(ACME, Happening::Created, &user).await;
        usher.ended(&event).await;
    }
    run(&usher, "staff", "held").await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let folded = visitor.get("/runs/folded", &[]).await;
    assert!(folded.status == 200 && folded.text.contains(&format!("the run {id}")), "{}", folded.text);
    assert!(folded.text.contains(" events</td>") || folded.text.contains("1 event</td>"), "{}", folded.text);
    for (query, count) in [
        ("kind=manual", 2),
        ("kind=scheme", 3),
        ("kind=undo", 0),
        ("user=name-11", 2),
        ("user=KEY11", 2),
        ("q=newcomers", 3),
        ("by=nobody", 0),
        ("mode=test", 3),
        ("mode=active", 2),
        ("until=2020-01-01", 0),
    ] {
        let page = visitor.get(&format!("/runs?{query}"), &[("HX-Request-Type", "partial")]).await;
        assert_eq!(page.status, 200, "{query}: {}", page.text);
        assert_eq!(page.text.matches("<a class=\"when\"").count(), count, "{query}: {}", page.text);
    }
    for query in ["kind=odd", "mode=odd", "until=odd", "odd=1"] {
        assert_eq!(visitor.get(&format!("/runs?{query}"), &[]).await.status, 400, "{query}");
    }
}
