use std::{collections::BTreeSet, sync::Mutex};

use async_trait::async_trait;

use tokio::sync::watch;

use super::*;
use crate::{
    domain::{EmailAddress, GroupName, Step, Truth},
    engine::testing::running,
    products::{Error as ProductError, UserPage},
};

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// A product with some users and their groups, which records the questions about them.
struct Town {
    users: Vec<User>,
    read: Mutex<Vec<String>>,
    /// Whether lists and groups never answer.
    hangs: bool,
    /// The user who can't be read.
    untold: Mutex<Option<UserId>>,
}

impl Town {
    fn groups(&self) -> BTreeSet<GroupName> {
        self.users.iter().flat_map(|user| user.groups.clone().expect("known")).collect()
    }
}

fn user(id: &str, domain: &str, groups: &[&str]) -> User {
    User {
        name: Some(format!("name-of-{id}")),
        email: EmailAddress::parse(&format!("{id}@{domain}")),
        active: Some(true),
        groups: Some(groups.iter().map(|group| GroupName::new(*group)).collect()),
        ..User::new(UserId::new(id))
    }
}

#[async_trait]
impl Client for Town {
    async fn user(&self, user: &UserRef) -> Result<User, ProductError> {
        self.read.lock().expect("not poisoned").push(user.to_string());
        let untold = self.untold.lock().expect("not poisoned").clone();
        if untold.is_some() && untold.as_ref() == user.id() {
            std::future::pending::<()>().await;
        }
        let wanted = |known: &&User| match user {
            UserRef::Id(id) => known.id == *id,
            UserRef::Name(name) => known.name.as_ref() == Some(name),
        };
        self.users.iter().find(wanted).cloned().ok_or(ProductError::NoSuchUser)
    }

    /// Two users on a page, with their addresses only.
    async fn users(&self, cursor: Option<&str>) -> Result<UserPage, ProductError> {
        if self.hangs && cursor.is_some() {
            std::future::pending::<()>().await;
        }
        let from: usize = cursor.map_or(0, |cursor| cursor.parse().expect("a number"));
        let told = |user: &User| (user.id.clone(), UserHints { email: user.email.clone(), ..UserHints::default() });
        let users = self.users.iter().skip(from).take(2).map(told).collect();
        Ok(UserPage::new(users, (from + 2 < self.users.len()).then(|| (from + 2).to_string())))
    }

    async fn make_so(&self, _: &User, _: &Step) -> Result<(), ProductError> {
        panic!("nothing may be changed")
    }

    async fn group_exists(&self, group: &GroupName) -> Result<bool, ProductError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(self.groups().contains(group))
    }

    async fn groups_like(&self, part: &str) -> Result<Vec<GroupName>, ProductError> {
        Ok(self.groups().into_iter().filter(|group| group.as_str().contains(part)).collect())
    }

    async fn myself(&self) -> Result<Option<UserId>, ProductError> {
        Ok(Some(UserId::new("usher")))
    }

    async fn administrators(&self) -> Result<BTreeSet<UserId>, ProductError> {
        Ok(BTreeSet::new())
    }

    async fn probe(&self) -> Result<(), ProductError> {
        Ok(())
    }
}

/// Jane logged in an hour ago, Tom never did; logins are reported.
struct Watched;

impl ActivityQueries for Watched {
    fn activity(&self, _: &SourceId, user: &UserId) -> Option<Activity> {
        let long_ago = Timestamp::from_millis(NOW.as_millis() - 30 * 86_400_000);
        let an_hour_ago = Timestamp::from_millis(NOW.as_millis() - 3_600_000);
        let jane = user.as_str() == "jane";
        Some(Activity {
            created: Some(long_ago),
            last_login: jane.then_some(an_hour_ago),
            logins: u64::from(jane),
            ..Activity::new(long_ago)
        })
    }

    fn login_coverage(&self, _: &SourceId) -> Option<LoginCoverage> {
        let long_ago = Timestamp::from_millis(NOW.as_millis() - 30 * 86_400_000);
        Some(LoginCoverage { since: long_ago, last: NOW, is_first: true })
    }
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

fn explainer() -> (Explainer, Arc<Town>) {
    explainer_of(false)
}

fn explainer_of(hangs: bool) -> (Explainer, Arc<Town>) {
    let users = vec![
        user("jane", "acme.com", &["staff"]),
        user("tom", "acme.com", &["contractors"]),
        user("kim", "other.example", &["staff"]),
    ];
    let town = Arc::new(Town { users, read: Mutex::default(), hangs, untold: Mutex::default() });
    let client: Arc<dyn Client> = Arc::clone(&town) as Arc<dyn Client>;
    let register = Register::default();
    register.put(running("acme".parse().expect("an id"), client));
    (Explainer::new(register, Arc::new(Watched), Arc::new(Stopped)), town)
}

fn scheme(select: &str) -> Scheme {
    let text = format!(
        "{{ id: s, source: acme, trigger: manual, select: {select}, exempt: {{ groups: [contractors] }}, \
         actions: [{{ add_groups: [seen] }}] }}"
    );
    crate::config::read_scheme(&text, "test").expect("a scheme")
}

#[tokio::test]
async fn a_user_is_found_by_id_and_by_name() {
    let (explainer, _) = explainer();
    for who in ["jane", "name-of-jane"] {
        let explanation = explainer.explain(&scheme("{ everyone: true }"), who).await.expect("an answer");
        assert_eq!(explanation.user.as_str(), "jane");
        assert_eq!(explanation.reasons.truth, Truth::True);
    }
    let nobody = explainer.explain(&scheme("{ everyone: true }"), "nobody").await;
    assert!(matches!(nobody, Err(Error::NoSuchUser { .. })), "{nobody:?}");
}

#[tokio::test]
async fn the_smallest_change_is_told() {
    let (explainer, _) = explainer();
    let tom = explainer.explain(&scheme("{ everyone: true }"), "tom").await.expect("an answer");
    assert_eq!(tom.reasons.truth, Truth::False);
    let change = tom.change.expect("something can be changed");
    assert!(change.len() == 1 && change[0].contains("contractors"), "{change:?}");
}

#[tokio::test]
async fn what_usher_has_seen_counts() {
    let (explainer, _) = explainer();
    let never = scheme("{ never_logged_in: {} }");
    let jane = explainer.explain(&never, "jane").await.expect("an answer");
    assert_eq!(jane.reasons.truth, Truth::False, "{:?}", jane.reasons);
    let kim = explainer.explain(&never, "kim").await.expect("an answer");
    assert_eq!(kim.reasons.truth, Truth::True, "{:?}", kim.reasons);
}

#[tokio::test]
async fn a_preview_names_everybody_who_would_be_selected_and_reads_nobody_without_need() {
    let (explainer, town) = explainer();
    let bounds = Bounds { users: 10, time: Duration::from_secs(30) };
    let preview = explainer
        .preview(&scheme("{ email_domain: [acme.com] }"), bounds, &watch::Sender::default())
        .await
        .expect("an answer");
    assert_eq!((preview.seen, preview.selected, preview.unknown, preview.complete), (3, 1, 0, true));
    assert_eq!(preview.users[0].user.as_str(), "jane");
    let mut read = town.read.lock().expect("not poisoned").clone();
    read.sort();
    assert_eq!(read, ["jane", "tom"], "the list settles that kim is not selected");
}

#[tokio::test]
async fn a_preview_of_a_list_of_users_reads_those_and_nobody_else() {
    let (explainer, town) = explainer_of(true); // a list of everybody would never end
    let bounds = Bounds { users: 10, time: Duration::from_secs(30) };
    let preview = explainer
        .preview(&scheme("{ users: [name-of-jane, jane, tom, nobody] }"), bounds, &watch::Sender::default())
        .await
        .expect("an answer");
    assert_eq!((preview.seen, preview.selected, preview.unknown, preview.complete), (3, 1, 1, true));
    assert_eq!(preview.users[0].user.as_str(), "jane");
    let read: BTreeSet<_> = town.read.lock().expect("not poisoned").iter().cloned().collect();
    assert!(!read.contains("kim"), "{read:?}");
}

#[tokio::test]
async fn a_preview_counts_more_than_it_names() {
    let (explainer, _) = explainer();
    let bounds = Bounds { users: 1, time: Duration::from_secs(30) };
    let preview =
        explainer.preview(&scheme("{ everyone: true }"), bounds, &watch::Sender::default()).await.expect("an answer");
    assert_eq!((preview.selected, preview.users.len()), (2, 1));
}

#[tokio::test]
async fn a_source_that_is_not_there_is_named() {
    let (explainer, _) = explainer();
    let scheme = Scheme { source: "other".parse().expect("an id"), ..scheme("{ everyone: true }") };
    assert!(matches!(explainer.explain(&scheme, "jane").await, Err(Error::NoSuchSource(_))));
}

#[tokio::test(start_paused = true)]
async fn a_preview_that_takes_too_long_tells_as_far_as_it_came() {
    let (explainer, _) = explainer_of(true);
    let bounds = Bounds { users: 10, time: Duration::from_secs(30) };
    let preview =
        explainer.preview(&scheme("{ everyone: true }"), bounds, &watch::Sender::default()).await.expect("an answer");
    assert_eq!((preview.seen, preview.selected, preview.complete), (2, 1, false), "the second page never comes");
}

#[tokio::test(start_paused = true)]
async fn one_whom_the_product_takes_too_long_to_tell_of_is_unknown_in_a_preview_and_the_others_are_told() {
    let (explainer, town) = explainer();
    *town.untold.lock().expect("not poisoned") = Some(UserId::new("tom"));
    let bounds = Bounds { users: 10, time: Duration::from_mins(5) };
    let preview = explainer
        .preview(&scheme("{ email_domain: [acme.com] }"), bounds, &watch::Sender::default())
        .await
        .expect("an answer");
    assert_eq!((preview.seen, preview.selected, preview.unknown, preview.complete), (3, 1, 1, true));
}
