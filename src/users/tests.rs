//! Users found with what usher has seen of them, and told of with the origin of each fact.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use super::*;
use crate::{
    clock::SystemClock,
    config::Protect,
    domain::{Activity, Decision, EventKind, GroupName, LoginCoverage, Profile, Timestamp, UserHints},
    engine::testing::{Stub, running},
    products::{User, UserPage},
    roster::{RosterFilter, Sort},
    source::ListRecorder as _,
    views::{
        Paging,
        testing::{Following, decision},
    },
};

fn now() -> Timestamp {
    SystemClock.now()
}

fn days_ago(days: u64) -> Timestamp {
    now().minus(Duration::from_hours(24) * u32::try_from(days).expect("a number"))
}

fn acme() -> SourceId {
    "acme".parse().expect("an id")
}

struct Site {
    following: Following,
    roster: Roster,
    users: Users,
    _folder: tempfile::TempDir,
}

impl Site {
    /// With users of one list: by name, and their last login by the list.
    fn with(listed: &[(&str, Option<Timestamp>)]) -> Self {
        let (following, folder) = (Following::start(), tempfile::tempdir().expect("a folder"));
        let roster = Roster::open(folder.path(), Duration::from_hours(24), &[acme()]).expect("a roster");
        let (register, source) = (Register::default(), running(acme(), Arc::new(Stub::default())));
        let protect = Protect { users: vec!["BOSS".to_owned()], ..Protect::clone(&source.live.protect.get()) };
        source.live.protect.replace(protect);
        register.put(source);
        let users = Users::new(
            Some(roster.clone()),
            following.views.clone(),
            Arc::new(SystemClock),
            register,
            Handle::current(),
            CancellationToken::new(),
        );
        let page = listed.iter().map(|(name, last_login)| {
            let profile = Profile { last_login: *last_login, ..Profile::default() };
            let hints =
                UserHints { name: Some((*name).to_owned()), profile: Some(Box::new(profile)), ..UserHints::default() };
            (UserId::new(format!("u-{name}")), hints)
        });
        roster.begin(&acme(), days_ago(0)).page(&UserPage::new(page.collect(), None));
        Self { following, roster, users, _folder: folder }
    }

    /// Usher has seen this of the user.
    async fn seen(&self, name: &str, activity: Activity) {
        let as_of = activity.as_of.unwrap_or(activity.first_seen);
        let kind = EventKind::LoggedIn; // so that the source is known to tell of logins
        let seen = Decision { kind, accepted: as_of, activity: Some(activity), ..decision(name, name, 0, vec![]) };
        self.following.log.decide(&seen);
        let id = UserId::new(format!("u-{name}"));
        self.following.until(|views| views.activities(&[(&acme(), &id)]).expect("read").pop().flatten()).await;
    }

    fn found(&self, filter: UserFilter) -> Vec<String> {
        let page = self.users.page(&[acme()], &filter, Sort::default(), &Paging::default()).expect("a page");
        page.items.into_iter().filter_map(|row| row.name).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_of_logins_matches_no_filter() {
    let site =
        Site::with(&[("told", Some(days_ago(100))), ("seen", None), ("never", None), ("silent", None), ("boss", None)]);
    // The source tells of logins since long, and has told of one just now.
    let of = |created: u64, logins: u64, last: Option<u64>| Activity {
        created: Some(days_ago(created)),
        logins,
        last_login: last.map(days_ago),
        as_of: Some(now()),
        ..Activity::new(days_ago(created))
    };
    for day in (0..40).rev() {
        let at = days_ago(day);
        let login = Decision {
            kind: EventKind::LoggedIn,
            accepted: at,
            activity: Some(Activity { as_of: Some(at), logins: 1, last_login: Some(at), ..Activity::new(at) }),
            ..decision(&format!("other-{day}"), "somebody-else", 0, vec![])
        };
        site.following.log.decide(&login);
    }
    let is_long = |coverage: LoginCoverage| coverage.since <= days_ago(38) && coverage.last >= days_ago(1);
    site.following.until(|views| views.login_coverage(&acme()).filter(|coverage| is_long(*coverage))).await;
    site.seen("seen", of(30, 2, Some(20))).await;
    site.seen("never", of(30, 0, None)).await;
    let never = |is_so| UserFilter { never_logged_in: Some(is_so), ..UserFilter::default() };
    assert_eq!(site.found(never(true)), ["never"]);
    assert_eq!(site.found(never(false)), ["seen", "told"]);
    let before = |days| UserFilter { last_login_before: Some(days_ago(days)), ..UserFilter::default() };
    assert_eq!(site.found(before(10)), ["seen", "told"]);
    assert_eq!(site.found(before(25)), ["told"], "the list's own login needs no feed");
    let created = UserFilter { created_before: Some(days_ago(10)), ..UserFilter::default() };
    assert_eq!(site.found(created), ["never", "seen"]);
    let protected = |is_so| UserFilter { protected: Some(is_so), ..UserFilter::default() };
    assert_eq!(site.found(protected(true)), ["boss"]);
    assert_eq!(site.found(protected(false)), ["never", "seen", "silent", "told"]);
    let words = RosterFilter { text: Some("n".into()), ..RosterFilter::default() };
    assert_eq!(site.found(UserFilter { roster: words, ..protected(false) }), ["never", "seen", "silent"]);
    let mut all = Vec::new();
    site.users
        .each(&acme(), &never(false), |rows| {
            all.extend(rows);
            true
        })
        .expect("read");
    let all: Vec<_> = all.iter().map(|row| (row.id.as_str(), row.logins, row.never_logged_in)).collect();
    assert_eq!(all, [("u-seen", Some(2), Some(false)), ("u-told", None, Some(false))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_has_its_origin_and_one_that_is_not_known_its_reason() {
    let site = Site::with(&[("jane", None)]);
    let view = |name: &str| {
        let view = site.users.known_user(&acme(), &UserId::new(format!("u-{name}"))).expect("read");
        view.map(|view| serde_json::to_value(view).expect("JSON"))
    };
    assert_eq!(view("nobody"), None);
    let jane = view("jane").expect("listed");
    assert_eq!(jane["facts"]["name"]["value"], "jane");
    assert_eq!(jane["facts"]["name"]["from"], "product's list of users");
    assert_eq!(jane["facts"]["email"]["value"], Value::Null);
    assert!(jane["facts"]["email"]["why"].as_str().expect("a reason").starts_with("not told by the product"));
    assert!(jane["facts"]["groups"]["why"].as_str().expect("a reason").contains("fresh=true"));
    assert_eq!(jane["activity"]["first_seen"], Value::Null);
    assert_eq!(jane["activity"]["never_logged_in"], Value::Null);
    let user = User {
        name: Some("jane".into()),
        groups: Some(BTreeSet::from([GroupName::new("staff")])),
        active: Some(false),
        ..User::new(UserId::new("u-jane"))
    };
    let at = now();
    let read = site.users.read_user(&acme(), &user, &user.facts(at), at).expect("read");
    let read = serde_json::to_value(read).expect("JSON");
    assert_eq!(read["facts"]["groups"]["value"], json!(["staff"]));
    assert_eq!(
        (&read["facts"]["status"]["value"], &read["facts"]["status"]["from"]),
        (&json!("inactive"), &json!("product"))
    );
    assert_eq!(view("jane").expect("kept")["facts"]["status"]["value"], "inactive", "the roster took it in");
    assert_eq!(site.roster.standing(&acme()).expect("read").expect("listed").users, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_list_at_a_time_is_read_and_a_broken_one_is_told_of() {
    let site = Site::with(&[]);
    let begun = site.users.refresh(&acme()).expect("begun");
    assert!(matches!(begun, RefreshState::Listing { users: 0, .. }));
    let ended = site.following.until(|_| match site.users.refresh_state(&acme()) {
        Some(RefreshState::Listing { .. }) | None => None,
        ended => ended,
    });
    assert!(matches!(ended.await, RefreshState::Done { users: 0, .. }));
    let unknown: SourceId = "other".parse().expect("an id");
    assert!(matches!(site.users.refresh(&unknown), Err(NotBegun::NoSuchSource(_))));
}
