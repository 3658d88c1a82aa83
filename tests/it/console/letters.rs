//! Dead letters: grouped by their reason, taken up again together, dismissed.

use usher::sandbox::{Account, webhook::Happening};

use super::{ADMIN_TOKEN, browser::play, pages::arguments, visitor::Visitor};
use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    usher::Usher,
};

const SCRIPT: &str = "<script>alert(1)</script>";

/// usher with `count` letters of one reason: a group is not there.
async fn given_up(count: usize) -> (Ground, Usher) {
    let scheme = "{ id: newcomers, source: acme, trigger: on_create, test_mode: false, select: { everyone: true }, \
                  actions: [{ add_groups: [missing] }] }";
    let ground = Ground::new(scheme);
    let usher = Usher::start(&ground).await;
    for number in 0..count {
        let name = if number == 0 { SCRIPT.to_owned() } else { format!("name-{number}") };
        let user = Account::new(format!("KEY{number}"), name);
        ground.sandbox.put_user(ACME.product, user.clone());
        usher.tell(ACME, Happening::Created, &user).await;
    }
    until(&usher, count, "open").await;
    (ground, usher)
}

/// Waits until there are `count` letters in `state`.
async fn until(usher: &Usher, count: usize, state: &str) {
    eventually(&format!("{count} letters are {state}"), || async {
        (usher.list("dead-letters", &[("state", state)]).await.len() == count).then_some(())
    })
    .await;
}

/// The address behind the first link whose address begins with `path`.
fn link(page: &str, path: &str) -> String {
    let rest = page.split(&format!("href=\"{path}")).nth(1).expect("a link");
    format!("{path}{}", rest.split('"').next().expect("an end")).replace("&#38;", "&")
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_seven_letters_of_one_reason_are_taken_up_again_once() {
    let (ground, usher) = given_up(37).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let page = visitor.get("/dead-letters", &[]).await.text;
    assert_eq!(page.matches("Try again 37…").count(), 1, "one cause is one line: {page}");
    assert!(!page.contains(SCRIPT) && page.contains("&#60;script&#62;alert(1)"), "{page}");
    let path = link(&page, "/dead-letters/again?group=");
    let group = path.split("group=").nth(1).expect("an id").to_owned();
    ground.sandbox.put_group(ACME.product, "missing");
    let look = visitor.get(&path, &[]).await.text;
    assert!(look.contains(">Try again 37</button>") && look.contains("The newest 20 of 37"), "{look}");
    assert!(!look.contains(SCRIPT), "{look}");
    assert_eq!(ground.effects(), Vec::<String>::new(), "a look changes nothing");
    let fields = [("group", group.as_str()), ("request", "a")];
    let to = "/dead-letters/again";
    let (first, second) = tokio::join!(visitor.submit(&path, to, &fields), visitor.submit(&path, to, &fields));
    let there = format!("/dead-letters?group={group}&again=37");
    assert_eq!((first.status.as_u16(), first.header("location")), (303, there.as_str()));
    assert_eq!(second.header("location"), there);
    until(&usher, 37, "resolved").await;
    assert_eq!(ground.effects().len(), 37);
    let third = visitor.submit(&path, to, &[("group", &group), ("request", "b")]).await;
    assert_eq!(third.header("location"), format!("/dead-letters?group={group}&again=0"), "a second click does nothing");
    let done = visitor.get(&there, &[]).await.text;
    assert!(done.contains("Taken up again: 37 dead letters.") && done.contains("Resolved"), "{done}");
    let left = visitor.get(&path, &[]).await.text;
    assert!(left.contains("Nothing is left to try again."), "{left}");
    assert_eq!(ground.effects().len(), 37);
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_dismissed_together_with_a_reason_or_one_by_one() {
    let (_ground, usher) = given_up(4).await;
    let visitor = Visitor::signed_in(usher.admin, ADMIN_TOKEN).await;
    let page = visitor.get("/dead-letters?state=open", &[]).await.text;
    let one = link(&page, "/dead-letters/dismiss?id=");
    let id = visitor.get(&one, &[]).await.field("id");
    let answer = visitor.submit(&one, "/dead-letters/dismiss", &[("id", &id), ("request", "a")]).await;
    assert_eq!(answer.header("location"), "/dead-letters?dismissed=1", "{}", answer.text);
    until(&usher, 3, "open").await;
    let path = link(&page, "/dead-letters/dismiss?group=");
    let group = path.split("group=").nth(1).expect("an id");
    let long = "x".repeat(1_001);
    let to = "/dead-letters/dismiss";
    let refused = visitor.submit(&path, to, &[("group", group), ("request", "b"), ("reason", &long)]).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let answer = visitor.submit(&path, to, &[("group", group), ("request", "c"), ("reason", SCRIPT)]).await;
    assert_eq!(answer.header("location"), format!("/dead-letters?group={group}&dismissed=3"));
    until(&usher, 4, "dismissed").await;
    let done = visitor.get(answer.header("location"), &[]).await.text;
    assert!(done.contains("Dismissed: 3 dead letters.") && !done.contains(SCRIPT), "{done}");
    assert!(done.contains("by admin at"), "{done}");
    for (query, status) in [("", 400), ("?group=a&id=b", 400), ("?odd=1", 400), ("?group=nope", 200), ("?id=nope", 200)]
    {
        for path in ["/dead-letters/again", "/dead-letters/dismiss"] {
            assert_eq!(visitor.get(&format!("{path}{query}"), &[]).await.status.as_u16(), status, "{path}{query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_dead_letters_are_whole_for_everybody() {
    let (ground, usher) = given_up(3).await;
    ground.sandbox.put_group(ACME.product, "missing");
    play("letters", arguments(&usher, &[])).await;
    assert_eq!(ground.effects().len(), 1, "{:?}", ground.effects());
}
