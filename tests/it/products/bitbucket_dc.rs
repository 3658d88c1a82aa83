//! What is Bitbucket's own: ids that no call takes, permissions of users themselves, and directories that say beforehand
//! what they refuse.

use usher::{
    domain::{AccountType, GroupName, Product, Step, UserId, UserRef},
    products::{Disposition, Error},
    sandbox::{ADMIN_GROUP, Account, Effect, Fault, Population, When, user_number},
};

use super::{
    Bench, JANE, STAFF, add, client, id_of, jane_of, remove,
    scene::{before, changes, jane, steps},
};

const PRODUCT: Product = Product::BitbucketDc;

/// How often all users, or those with a name, were asked for.
fn lists(bench: &Bench) -> u64 {
    let counts = bench.sandbox.requests();
    counts.iter().filter(|one| one.method == "GET" && one.path.ends_with("/admin/users")).map(|one| one.count).sum()
}

#[tokio::test]
async fn a_user_known_by_id_alone_is_found_on_one_walk_through_everybody_which_finds_the_others_too() {
    let bench = Bench::new(PRODUCT);
    bench.sandbox.put_crowd(PRODUCT, &Population::new(2_500, Account::new("{n}", "user {n}")).from(1_000_000));
    assert_eq!(bench.jane().await.id, id_of(PRODUCT, JANE));
    assert_eq!(lists(&bench), 3, "2,502 users on pages of 1,000");
    for id in ["1000000", "1001234", "1002499"] {
        let user = bench.client.user(&UserRef::Id(UserId::new(id))).await.expect("is there");
        assert_eq!(user.id.as_str(), id);
    }
    assert_eq!(lists(&bench), 6, "one each");
}

#[tokio::test]
async fn whoever_was_listed_is_found_without_a_walk() {
    let bench = Bench::new(PRODUCT);
    bench.client.users(None).await.expect("a page");
    bench.jane().await;
    assert_eq!(lists(&bench), 2);
}

#[tokio::test]
async fn a_renamed_user_is_found_again_and_whoever_took_the_name_is_not_taken_for_them() {
    let bench = Bench::new(PRODUCT);
    bench.jane().await;
    bench.sandbox.put_user(PRODUCT, Account::new(JANE, "mary"));
    bench.sandbox.put_user(PRODUCT, Account::new("77", "jane doe+x"));
    let read = bench.jane().await;
    assert_eq!((read.id, read.name.as_deref()), (id_of(PRODUCT, JANE), Some("mary")));
}

#[tokio::test]
async fn users_who_are_gone_cost_one_walk_and_not_one_each() {
    let bench = Bench::new(PRODUCT);
    bench.jane().await;
    bench.sandbox.delete_user(PRODUCT, JANE);
    let gone = [jane_of(PRODUCT), UserRef::Id(UserId::new("3")), UserRef::Id(UserId::new("4"))];
    let mut asked = Vec::new();
    for user in gone.iter().chain(&gone) {
        assert_eq!(bench.client.user(user).await, Err(Error::NoSuchUser));
        asked.push(lists(&bench));
    }
    assert_eq!(asked, [3; 6], "the first walk, her name, the second walk, and nothing more");
}

#[tokio::test]
async fn many_who_are_looked_for_at_once_are_found_on_one_walk() {
    let bench = Bench::new(PRODUCT);
    bench.sandbox.put_crowd(PRODUCT, &Population::new(50, Account::new("{n}", "user {n}!")).from(1_000));
    let client = client(&bench.sandbox, PRODUCT, bench.sandbox.auth(PRODUCT));
    let users: Vec<UserRef> = (1_000..1_050).map(|id| UserRef::Id(UserId::new(id.to_string()))).collect();
    let found = futures::future::join_all(users.iter().map(|user| client.user(user))).await;
    assert!(found.iter().all(Result::is_ok), "{found:?}");
    assert_eq!(lists(&bench), 1 + 49, "one walk for the first of them; the others by name");
}

#[tokio::test]
async fn what_is_no_number_is_nobody_and_nobody_is_asked() {
    let bench = Bench::new(PRODUCT);
    assert_eq!(bench.client.user(&UserRef::Id(UserId::new("jane doe+x"))).await, Err(Error::NoSuchUser));
    assert_eq!(lists(&bench), 0);
}

#[tokio::test]
async fn a_directory_that_says_it_is_read_only_is_not_asked() {
    for step in steps(PRODUCT) {
        let bench = before(PRODUCT, &step);
        bench.sandbox.put_user(PRODUCT, jane().read_only());
        let jane = bench.jane().await;
        assert!(jane.directory.is_some());
        let asked = bench.client.make_so(&jane, &step).await;
        assert!(matches!(asked, Err(Error::NotSupported(_))), "{step:?}: {asked:?}");
        let changing = |count: &usher::sandbox::RequestCount| count.method != "GET";
        assert!(!bench.sandbox.requests().iter().any(changing), "{step:?}");
    }
}

#[tokio::test]
async fn several_groups_are_given_by_one_call_and_none_of_them_if_one_is_not_there() {
    let bench = Bench::new(PRODUCT);
    bench.sandbox.put_group(PRODUCT, "new");
    let [staff, new, gone] = [STAFF, "new", "gone"].map(GroupName::new);
    let refused = bench.client.join_groups(&bench.jane().await, &[&new, &gone]).await;
    assert!(matches!(refused, Err(Error::Refused { status: 404, .. })), "{refused:?}");
    assert_eq!(bench.is_so(&add("new")).await, Some(false));
    bench.client.join_groups(&bench.jane().await, &[&staff, &new]).await.expect("done");
    bench.client.join_groups(&bench.jane().await, &[&staff, &new]).await.expect("done already");
    for group in [STAFF, "new"] {
        assert_eq!(bench.is_so(&add(group)).await, Some(true));
    }
    let posts = |count: &&usher::sandbox::RequestCount| count.method == "POST";
    assert_eq!(bench.sandbox.requests().iter().filter(posts).map(|one| one.count).sum::<u64>(), 3);
}

#[tokio::test]
async fn access_is_also_a_permission_of_ones_own() {
    let bench = Bench::new(PRODUCT);
    bench.sandbox.put_user(PRODUCT, jane().permission("PROJECT_CREATE"));
    bench.sandbox.put_user(PRODUCT, Account::new("7", "jane doe+xy").permission("LICENSED_USER"));
    bench.sandbox.add_member(PRODUCT, JANE, STAFF).expect("both are there");
    let keep_out = Step::RemoveApplicationAccess(Vec::new());
    assert_eq!(bench.is_so(&keep_out).await, Some(false));
    bench.client.make_so(&bench.jane().await, &keep_out).await.expect("done");
    assert_eq!(bench.is_so(&keep_out).await, Some(true));
    assert_eq!(changes(&bench), [format!("{PRODUCT} {JANE} updated by usher")], "the group gives no access");
    let other = Step::RemoveApplicationAccess(vec!["jira-software".to_owned()]);
    let asked = bench.client.is_so(&bench.jane().await, &other).await;
    assert!(matches!(asked, Err(Error::Refused { status: 404, .. })), "{asked:?}");
}

#[tokio::test]
async fn whoever_has_the_permission_is_an_administrator_in_whatever_group_or_none() {
    let bench = Bench::new(PRODUCT);
    bench.sandbox.put_user(PRODUCT, jane().permission("ADMIN"));
    bench.sandbox.put_user(PRODUCT, Account::new("7", "joe").permission("PROJECT_CREATE"));
    bench.sandbox.put_user(PRODUCT, Account::new("8", "bot").permission("SYS_ADMIN").account_type("app"));
    let expected = [UserId::new("101"), id_of(PRODUCT, JANE)].into();
    assert_eq!(bench.client.administrators().await, Ok(expected));
    for (id, administers) in [("101", Some(true)), (JANE, Some(true)), ("7", None)] {
        let user = bench.client.user(&UserRef::Id(id_of(PRODUCT, id))).await.expect("is there");
        assert_eq!(user.administers, administers, "{id}");
    }
}

#[tokio::test]
async fn whoever_was_made_an_administrator_since_permissions_were_read_is_one() {
    let bench = Bench::new(PRODUCT);
    let (before, nobody) = (bench.jane().await, [].into());
    assert_eq!((before.administers, bench.client.administrators_like(&before).await), (None, Ok(nobody)));
    bench.sandbox.put_user(PRODUCT, jane().permission("LICENSED_USER"));
    assert_eq!(bench.client.administrators_like(&before).await, Ok([].into()));
    bench.sandbox.put_user(PRODUCT, jane().permission("ADMIN"));
    let expected = [UserId::new("101"), id_of(PRODUCT, JANE)].into();
    assert_eq!(bench.client.administrators_like(&before).await, Ok(expected));
    bench.sandbox.put_user(PRODUCT, jane());
    assert!(bench.sandbox.add_member(PRODUCT, JANE, ADMIN_GROUP).is_ok());
    let read = bench.jane().await;
    let told = bench.client.administrators_like(&read).await.expect("told");
    assert!(told.contains(&read.id), "{told:?}");
}

#[tokio::test]
async fn a_401_about_one_user_does_not_stop_the_source() {
    let bench = Bench::new(PRODUCT);
    bench.sandbox.inject(Fault::new(Effect::Forbidden).path("rename").when(When::Next(1)));
    let rename = Step::Rename { suffix: "-x".to_owned() };
    let asked = bench.client.make_so(&bench.jane().await, &rename).await;
    assert!(matches!(asked, Err(Error::Refused { status: 401, .. })), "{asked:?}");
    bench.sandbox.inject(Fault::new(Effect::Unauthorized));
    let jane = usher::products::User {
        name: Some("jane doe+x".to_owned()),
        ..usher::products::User::new(id_of(PRODUCT, JANE))
    };
    for step in [rename, add(STAFF), remove(STAFF)] {
        let asked = bench.client.make_so(&jane, &step).await.map_err(|error| error.disposition());
        assert_eq!(asked, Err(Disposition::Halt), "{step:?}");
    }
}

#[tokio::test]
async fn the_last_login_the_directory_and_the_sort_of_account_are_told() {
    let bench = Bench::new(PRODUCT);
    let seen = "2026-03-01T10:00:00.123Z".parse().expect("a time");
    bench.sandbox.put_user(PRODUCT, jane().last_login(seen).account_type("app"));
    let jane = bench.jane().await;
    assert_eq!(jane.last_login, Some(seen));
    assert_eq!(jane.directory.as_deref(), Some("Internes Bitbucket-Verzeichnis"));
    assert_eq!(jane.account_type, Some(AccountType::Other("service".to_owned())));
}

#[test]
fn the_sandbox_shows_any_id_as_a_number() {
    assert_eq!((user_number("17"), user_number("x") == user_number("y")), (17, false));
}
