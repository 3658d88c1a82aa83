//! Memberships that a sweep tells, by the pages of members that a product gives.

use super::*;
use crate::domain::Memberships;

/// A page with these members, and where the next one begins.
fn page(users: &[&str], next: Option<usize>) -> MemberPage {
    let users = users.iter().map(|user| UserId::new(*user)).collect();
    MemberPage { users, next, total: None, all_readable: true, inactive_too: true }
}

/// For each of the five users of the list a letter: `y` a member of the group, `n` outside of it, `?` not known.
async fn told(pages: &[(usize, Result<MemberPage, Error>)]) -> String {
    let text = "{ id: one, source: acme, trigger: manual, select: { everyone: true }, only_groups: [staff], \
                actions: [{ add_groups: [vpn] }, { delete: {} }] }";
    let scheme = crate::config::read_scheme(text, "test").expect("a scheme");
    let SweepRequest::Asked(asked) = asked("s1", &["one"], 1) else { panic!("asked") };
    let runs = asked.runs.into_iter().map(|run| SweepRun { scheme: scheme.reference(), ..run }).collect();
    let versioned = VersionedScheme { reference: scheme.reference(), scheme };
    let schemes = watch::Sender::new(Arc::new(Schemes::new([versioned])));
    let members = pages.iter().cloned().collect();
    let scene = Scene { schemes: Some(schemes.subscribe()), members, ..Scene::default() };
    let (_, events) = made_of(&[SweepRequest::Asked(AskedSweep { runs, ..asked })], 4, scene).await;
    let letters: BTreeMap<String, char> = events.iter().map(|event| (event.user.to_string(), letter(event))).collect();
    assert_eq!(letters.len(), 5, "{letters:?}");
    letters.into_values().collect()
}

fn letter(event: &Event) -> char {
    let memberships: Option<&Memberships> = event.sweep.as_ref().and_then(|sighting| sighting.memberships.as_ref());
    match memberships.and_then(|memberships| memberships.is_member(&GroupName::new("staff"))) {
        Some(true) => 'y',
        Some(false) => 'n',
        None => '?',
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_members_that_is_whole_tells_of_everybody() {
    let two = [(0, Ok(page(&["a", "b"], Some(2)))), (2, Ok(page(&["d"], None)))];
    assert_eq!(told(&two).await, "yynyn");
    let counted = |total| {
        let counted = |page: MemberPage| Ok(MemberPage { total: Some(total), ..page });
        [(0, counted(page(&["a", "b"], Some(2)))), (2, counted(page(&["d"], None)))]
    };
    assert_eq!(told(&counted(3)).await, "yynyn");
    assert_eq!(told(&counted(4)).await, "yy?y?", "the product tells of one more");
    assert_eq!(told(&[(0, Ok(page(&[], None)))]).await, "nnnnn");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_members_that_may_lack_some_tells_of_those_in_it_alone() {
    let unreadable = Ok(MemberPage { all_readable: false, ..page(&["a"], Some(1)) });
    assert_eq!(told(&[(0, unreadable), (1, Ok(page(&["b"], None)))]).await, "y????");
    let back = [(0, Ok(page(&["a"], Some(1)))), (1, Ok(page(&["b"], Some(1))))];
    assert_eq!(told(&back).await, "yy???", "it leads back");
    let again = [(0, Ok(page(&["a", "b"], Some(2)))), (2, Ok(page(&["a", "b"], Some(4))))];
    assert_eq!(told(&again).await, "yy???", "the offset is not heeded");
    let active = Ok(MemberPage { inactive_too: false, ..page(&["a"], None) });
    assert_eq!(told(&[(0, active)]).await, "y????", "the list of users does not say who is active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_whose_members_can_t_be_read_tells_of_nobody() {
    let refused = || Err(Error::Refused { status: 404, message: "no such group".to_owned() });
    assert_eq!(told(&[(0, refused())]).await, "?????");
    assert_eq!(told(&[(0, Ok(page(&["a"], Some(1)))), (1, refused())]).await, "?????", "nor does a half of it");
    assert_eq!(told(&[]).await, "?????", "the product has no such list");
}
