//! What is Crowd's own: keys, an application in place of an account, changes that take the place of the whole user.

use usher::{
    config::Auth,
    domain::{Product, Step, UserId, UserRef},
    products::{Disposition, Error},
    sandbox::{Account, Effect, Fault},
    secret::Secret,
};

use super::{
    Bench, JANE, add, client, jane_of,
    scene::{before, changes, jane},
};

const PRODUCT: Product = Product::Crowd;

#[tokio::test]
async fn a_renamed_user_is_found_by_the_same_key() {
    let bench = Bench::new(PRODUCT);
    let rename = Step::Rename { suffix: "-Inactive".to_owned() };
    bench.client.make_so(&bench.jane().await, &rename).await.expect("done");
    let read = bench.client.user(&jane_of(PRODUCT)).await.expect("is there");
    assert_eq!((read.id.as_str(), read.name.as_deref()), (JANE, Some("jane doe+x-Inactive")));
}

#[tokio::test]
async fn a_name_is_not_taken_for_a_key() {
    let bench = Bench::new(PRODUCT);
    let asked = bench.client.user(&UserRef::Id(UserId::new("jane doe+x"))).await;
    assert_eq!(asked, Err(Error::NoSuchUser));
}

#[tokio::test]
async fn whoever_is_deactivated_and_reactivated_is_as_before() {
    let bench = before(PRODUCT, &Step::Deactivate);
    let was = bench.sandbox.users(PRODUCT)[1].clone();
    bench.client.make_so(&bench.jane().await, &Step::Deactivate).await.expect("done");
    assert_eq!(bench.jane().await.active, Some(false));
    bench.client.make_so(&bench.jane().await, &Step::Reactivate).await.expect("done");
    assert_eq!(bench.sandbox.users(PRODUCT)[1], was);
}

#[tokio::test]
async fn a_link_to_set_a_new_password_is_sent_where_there_is_an_address() {
    let bench = Bench::new(PRODUCT);
    let step = Step::InvalidatePassword { send_reset_link: true };
    assert_eq!(bench.client.make_so(&bench.jane().await, &step).await, Ok(()));
    bench.sandbox.put_user(PRODUCT, Account::new(JANE, "jane"));
    let asked = bench.client.make_so(&bench.jane().await, &step).await;
    assert!(matches!(asked, Err(Error::Refused { status: 400, .. })), "{asked:?}");
    let changed = format!("{PRODUCT} {JANE} password changed by usher");
    assert_eq!(changes(&bench), [changed.clone(), changed]);
}

#[tokio::test]
async fn a_refusal_in_one_directory_does_not_stop_the_source_and_one_of_the_application_does() {
    let bench = Bench::new(PRODUCT);
    bench.sandbox.put_user(PRODUCT, jane().read_only());
    let asked = bench.client.make_so(&bench.jane().await, &add(super::STAFF)).await;
    assert!(matches!(asked, Err(Error::Refused { status: 403, .. })), "{asked:?}");
    let jane = bench.jane().await;
    bench.sandbox.inject(Fault::new(Effect::Forbidden));
    let asked = bench.client.make_so(&jane, &add(super::STAFF)).await.map_err(|error| error.disposition());
    assert_eq!(asked, Err(Disposition::Halt));
}

#[tokio::test]
async fn a_token_is_no_way_into_crowd() {
    let bench = Bench::new(PRODUCT);
    let client = client(&bench.sandbox, PRODUCT, Auth::Bearer(Secret::new(usher::sandbox::TOKEN)));
    let Err(Error::Unauthorized { status: 401, message }) = client.probe().await else { panic!("let in") };
    assert!(message.contains("application's name and password"), "{message}");
}

#[tokio::test]
async fn the_last_login_is_read_from_the_attributes() {
    let bench = Bench::new(PRODUCT);
    let seen = "2026-03-01T10:00:00.123Z".parse().expect("a time");
    bench.sandbox.put_user(PRODUCT, jane().last_login(seen));
    assert_eq!(bench.jane().await.last_login, Some(seen));
}
