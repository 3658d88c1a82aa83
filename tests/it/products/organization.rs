//! What an Atlassian organisation has and nothing else: accounts that are managed or not, identity providers, roles of one's
//! own, several directories.

use std::time::Duration;

use usher::{
    domain::{Fact, GroupName, Product, Step, Timestamp, UserId, UserRef},
    products::{Disposition, Error},
    sandbox::{ADMIN_GROUP, Account, Application, DIRECTORY, Effect, Fault, InOrg, Population},
};

use super::{
    Bench, JANE, STAFF, add, client_of,
    scene::{changes, jane},
};

const ORG: Product = Product::AtlassianOrg;

fn unmanaged() -> InOrg {
    InOrg { unmanaged: true, ..InOrg::default() }
}

/// Jane, standing so to the organisation.
fn with(standing: InOrg) -> Bench {
    let bench = Bench::new(ORG);
    bench.sandbox.put_user(ORG, jane().in_org(standing));
    bench
}

fn jane_now(bench: &Bench) -> Account {
    bench.sandbox.users(ORG).into_iter().map(|one| one.account).find(|one| one.id == JANE).expect("Jane")
}

async fn gone(bench: &Bench) -> bool {
    bench.client.user(&UserRef::Id(UserId::new(JANE))).await == Err(Error::NoSuchUser)
}

fn refusal(asked: Result<(), Error>) -> (u16, String) {
    match asked {
        Err(Error::Refused { status, message }) => (status, message),
        other => unreachable!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_managed_account_is_disabled_and_anybody_elses_is_suspended() {
    for (standing, suspended) in [(InOrg::default(), false), (unmanaged(), true)] {
        let bench = with(standing);
        bench.client.make_so(&bench.jane().await, &Step::Deactivate).await.expect("done");
        let now = jane_now(&bench);
        assert_eq!((now.active, now.in_org.suspended), (suspended, suspended));
        assert_eq!(bench.jane().await.active, Some(false));
        bench.client.make_so(&bench.jane().await, &Step::Reactivate).await.expect("done");
        let now = jane_now(&bench);
        assert_eq!((now.active, now.in_org.suspended), (true, false));
        assert_eq!(bench.jane().await.active, Some(true));
    }
}

#[tokio::test]
async fn who_is_both_disabled_and_suspended_is_both_enabled_and_restored() {
    let bench = Bench::new(ORG);
    bench.sandbox.put_user(ORG, jane().inactive().in_org(InOrg { suspended: true, ..InOrg::default() }));
    bench.client.make_so(&bench.jane().await, &Step::Reactivate).await.expect("done");
    assert_eq!(bench.is_so(&Step::Reactivate).await, Some(true));
    assert_eq!(changes(&bench).len(), 2);
}

#[tokio::test]
async fn an_inactive_account_of_somebody_elses_is_not_asked_for() {
    let bench = Bench::new(ORG);
    bench.sandbox.put_user(ORG, jane().inactive().in_org(unmanaged()));
    let (status, message) = refusal(bench.client.make_so(&bench.jane().await, &Step::Reactivate).await);
    assert!(status == 403 && message.contains("its owner"), "{message}");
}

#[tokio::test]
async fn an_account_of_the_identity_provider_is_refused_with_the_reason_and_nothing_is_asked_of_it() {
    for step in [Step::Deactivate, Step::Reactivate, Step::Delete] {
        let bench = Bench::new(ORG);
        let account = if step == Step::Reactivate { jane().inactive() } else { jane() };
        bench.sandbox.put_user(ORG, account.read_only());
        let (status, message) = refusal(bench.client.make_so(&bench.jane().await, &step).await);
        assert_eq!(status, 403, "{step:?}");
        assert!(message.contains("externalDirectory.scim") && message.contains("identity provider"), "{message}");
        let asked = bench.sandbox.requests().into_iter().any(|one| one.path.contains("lifecycle"));
        assert!(!asked, "{step:?}: what is not allowed is not asked for");
    }
}

#[tokio::test]
async fn an_account_on_its_way_to_be_deleted_counts_as_gone_and_a_removed_user_is() {
    for standing in [InOrg::default(), unmanaged()] {
        let bench = with(standing.clone());
        bench.client.make_so(&bench.jane().await, &Step::Delete).await.expect("done");
        assert!(gone(&bench).await, "{standing:?}");
        let listed = bench.client.users(None).await.expect("a page").users;
        assert!(listed.iter().all(|(id, _)| id.as_str() != JANE), "{standing:?}");
    }
    let bench = with(InOrg { for_deletion: true, ..InOrg::default() });
    assert!(gone(&bench).await);
    let stranger = with(InOrg { not_invited: true, ..unmanaged() });
    assert!(gone(&stranger).await);
}

#[tokio::test]
async fn a_full_licence_and_somebody_who_is_a_member_already_are_told_apart() {
    let bench = Bench::new(ORG);
    let jane = bench.jane().await;
    bench.sandbox.inject(Fault::new(Effect::LicenceFull { status: 409 }));
    let (status, message) = refusal(bench.client.make_so(&jane, &add(STAFF)).await);
    assert!(status == 409 && message.contains("the user limit of an application is reached"), "{message}");
    assert_eq!(bench.is_so(&add(STAFF)).await, Some(false));
    bench.sandbox.clear_faults();
    bench.sandbox.add_member(ORG, JANE, STAFF).expect("both are there");
    let (status, message) = refusal(bench.client.make_so(&jane, &add(STAFF)).await);
    assert!(status == 409 && !message.contains("limit"), "{message}");
    assert_eq!(bench.is_so(&add(STAFF)).await, Some(true));
}

#[tokio::test]
async fn a_group_of_the_identity_provider_is_refused_whether_its_id_is_known_or_not() {
    for known in [false, true] {
        let bench = Bench::new(ORG);
        let jane = bench.jane().await;
        if known {
            bench.client.make_so(&jane, &add(STAFF)).await.expect("done");
        }
        assert!(bench.sandbox.sync_group(ORG, STAFF));
        let step = if known { Step::RemoveGroup(GroupName::new(STAFF)) } else { add(STAFF) };
        let (status, message) = refusal(bench.client.make_so(&jane, &step).await);
        assert!(status == 403 && message.contains("identity provider"), "{message}");
    }
}

#[tokio::test]
async fn who_was_never_invited_is_told_to_be_invited_first() {
    let bench = with(InOrg { not_invited: true, ..InOrg::default() });
    let (status, message) = refusal(bench.client.make_so(&bench.jane().await, &add(STAFF)).await);
    assert!(status == 404 && message.contains("invite"), "{message}");
}

#[tokio::test]
async fn roles_of_ones_own_are_revoked_and_those_of_other_applications_stay() {
    let direct = ["jira-software", "confluence"].map(str::to_owned).into();
    let bench = with(InOrg { direct_access: direct, ..InOrg::default() });
    for (key, group) in [("jira-software", "developers"), ("confluence", "writers")] {
        bench.sandbox.put_application(ORG, Application::new(key, &[group]));
        bench.sandbox.add_member(ORG, JANE, group).expect("both are there");
    }
    let step = Step::RemoveApplicationAccess(vec!["jira-software".to_owned()]);
    assert_eq!(bench.is_so(&step).await, Some(false));
    bench.client.make_so(&bench.jane().await, &step).await.expect("done");
    assert_eq!(bench.is_so(&step).await, Some(true));
    assert_eq!(jane_now(&bench).in_org.direct_access, ["confluence".to_owned()].into());
    assert_eq!(bench.sandbox.groups_of(ORG, JANE), Some(["writers".to_owned()].into()));
    let misspelt = Step::RemoveApplicationAccess(vec!["jira-sofware".to_owned()]);
    let asked = bench.client.is_so(&bench.jane().await, &misspelt).await;
    assert!(matches!(asked, Err(Error::Refused { status: 404, .. })), "{asked:?}");
    bench.client.make_so(&bench.jane().await, &Step::RemoveApplicationAccess(Vec::new())).await.expect("done");
    assert_eq!(bench.sandbox.groups_of(ORG, JANE), Some([].into()));
}

#[tokio::test]
async fn access_that_follows_from_another_role_is_told_to_stay() {
    let keys = || ["jira-software".to_owned()].into();
    let bench = with(InOrg { direct_access: keys(), inferred_access: keys(), ..InOrg::default() });
    bench.sandbox.put_application(ORG, Application::new("jira-software", &["developers"]));
    bench.sandbox.add_member(ORG, JANE, "developers").expect("both are there");
    let step = Step::RemoveApplicationAccess(Vec::new());
    let (status, message) = refusal(bench.client.make_so(&bench.jane().await, &step).await);
    assert!(status == 409 && message.contains("ari:cloud:jira-software"), "{message}");
    assert_eq!(bench.is_so(&step).await, Some(false));
    assert_eq!(changes(&bench).len(), 2, "what can be taken is taken");
}

#[tokio::test]
async fn holders_of_an_administrators_role_administer_whatever_groups_there_are() {
    let bench = with(InOrg { platform_roles: ["atlassian/org-admin".to_owned()].into(), ..InOrg::default() });
    assert_eq!(bench.jane().await.administers, Some(true));
    assert!(bench.sandbox.delete_group(ORG, ADMIN_GROUP));
    assert_eq!(bench.client.administrators().await, Ok([UserId::new(JANE)].into()));
    bench.sandbox.put_user(ORG, jane().in_org(InOrg { suspended: true, ..jane_now(&bench).in_org }));
    assert_eq!(bench.client.administrators().await, Ok([].into()));
}

#[tokio::test]
async fn nobody_but_another_organisation_admin_stands_in_for_one() {
    let role = |role: &str| InOrg { platform_roles: [role.to_owned()].into(), ..InOrg::default() };
    let bench = with(role("atlassian/org-admin"));
    let like = async |user: &usher::products::User| bench.client.administrators_like(user).await;
    bench.sandbox.put_user(ORG, Account::new("site", "site").in_org(role("atlassian/site-admin")));
    let member = Account::new("member", "member").in_org(InOrg::default());
    bench.sandbox.put_user(ORG, member);
    bench.sandbox.add_member(ORG, "member", ADMIN_GROUP).expect("both are there");
    let jane = bench.jane().await;
    assert_eq!(like(&jane).await, Ok([UserId::new(JANE)].into()));
    let member = bench.client.user(&UserRef::Id(UserId::new("member"))).await.expect("is there");
    let all = like(&member).await.expect("told");
    assert!([JANE, "site", "member"].iter().all(|id| all.contains(&UserId::new(*id))), "{all:?}");
    bench.sandbox.put_user(ORG, Account::new("second", "second").in_org(role("atlassian/org-admin")));
    assert_eq!(like(&jane).await, Ok([JANE, "second"].map(UserId::new).into()));
}

#[tokio::test]
async fn all_groups_are_read_page_by_page() {
    let bench = Bench::new(ORG);
    let names: Vec<String> = (0..250).map(|n| format!("group {n}")).collect();
    for name in &names {
        bench.sandbox.put_group(ORG, name);
        bench.sandbox.add_member(ORG, JANE, name).expect("both are there");
    }
    assert_eq!(bench.jane().await.groups.map(|groups| groups.len()), Some(250));
}

#[tokio::test]
async fn the_last_activity_is_told_with_its_age() {
    let bench = Bench::new(ORG);
    let at: Timestamp = "2026-03-01T10:00:00Z".parse().expect("a time");
    let added: Timestamp = "2025-03-01T10:00:00Z".parse().expect("a time");
    let standing = InOrg { added: Some(added), ..InOrg::default() };
    bench.sandbox.put_user(ORG, jane().last_login(at).in_org(standing));
    let now: Timestamp = "2026-04-01T10:00:00Z".parse().expect("a time");
    let facts = bench.jane().await.facts(now);
    let Fact::Known { value, as_of, .. } = facts.logins else { panic!("{:?}", facts.logins) };
    assert_eq!((value.last, as_of.until(now)), (Some(at), Duration::from_hours(24)));
    assert_eq!(
        (facts.created.value(), facts.directory.value().map(String::as_str)),
        (Some(&added), Some("Sandkasten"))
    );
}

#[tokio::test]
async fn with_several_directories_it_has_to_be_said_which_one() {
    let bench = Bench::new(ORG);
    let other = bench.sandbox.put_directory("Partner");
    let asking = |directory: Option<&str>| client_of(&bench.sandbox, ORG, bench.sandbox.auth(ORG), directory);
    let Err(unclear) = asking(None).probe().await else { panic!("no refusal") };
    assert_eq!(unclear.disposition(), Disposition::Halt);
    let unclear = unclear.to_string();
    assert!([DIRECTORY, &other, "Partner", "`directory:`"].iter().all(|one| unclear.contains(one)), "{unclear}");
    assert_eq!(asking(Some(DIRECTORY)).probe().await, Ok(()));
    assert!(asking(Some(DIRECTORY)).user(&UserRef::Id(UserId::new(JANE))).await.is_ok());
    assert_eq!(asking(Some(&other)).user(&UserRef::Id(UserId::new(JANE))).await, Err(Error::NoSuchUser));
    assert!(asking(Some("elsewhere")).probe().await.is_err());
}

#[tokio::test]
async fn who_is_suspended_in_one_of_several_directories_is_not_active_there() {
    let access = ["jira-software".to_owned()].into();
    let bench = with(InOrg { elsewhere: true, direct_access: access, ..unmanaged() });
    bench.sandbox.put_application(ORG, Application::new("jira-software", &["developers"]));
    bench.sandbox.put_directory("Partner");
    let client = client_of(&bench.sandbox, ORG, bench.sandbox.auth(ORG), Some(DIRECTORY));
    let jane = UserRef::Id(UserId::new(JANE));
    for (step, active) in [(Step::Deactivate, false), (Step::Reactivate, true)] {
        client.make_so(&client.user(&jane).await.expect("Jane"), &step).await.expect("done");
        assert_eq!(client.user(&jane).await.expect("Jane").active, Some(active));
        assert_eq!(jane_now(&bench).in_org.suspended, !active);
    }
}

#[tokio::test]
async fn another_organisation_than_the_keys_stops_the_source() {
    let bench = Bench::new(ORG);
    let missing = Effect::Fail { status: 404, retry_after: None, after_work: false };
    bench.sandbox.inject(Fault::new(missing));
    let user = bench.client.user(&UserRef::Id(UserId::new(JANE))).await;
    assert_eq!(user.map_err(|error| error.disposition()).err(), Some(Disposition::Halt));
}

#[tokio::test]
async fn the_directory_is_asked_for_once() {
    let bench = Bench::new(ORG);
    bench.sandbox.put_crowd(ORG, &Population::new(250, Account::new("id:{n}", "user {n}")));
    bench.client.users(None).await.expect("a page");
    bench.jane().await;
    bench.client.probe().await.expect("accepted");
    let requests = bench.sandbox.requests();
    let count: u64 = requests.iter().filter(|one| one.path.ends_with("/directories")).map(|one| one.count).sum();
    assert_eq!(count, 1);
}
