//! Whose answer it is: the product's, or that of something before it. What is not the product's says nothing about a user, a
//! group or usher's rights, and is never shown.

use usher::{
    domain::{GroupName, Product, Step, UserRef},
    products::{Came, Disposition, Error},
    sandbox::{Effect, Fault, Instead, Packing, When},
};

use super::{
    ALL, Bench, STAFF, jane_of,
    quirks::Quirks,
    scene::{before, changes, done, pairs},
};

/// What is answered in the product's place, with the statuses that it is known to come with.
const FOREIGN: [(u16, Instead); 22] = [
    (200, Instead::LoginPage),
    (200, Instead::MaintenancePage),
    (200, Instead::Text),
    (200, Instead::Empty),
    (204, Instead::Empty),
    (200, Instead::EmptyObject),
    (200, Instead::EmptyList),
    (200, Instead::Null),
    (200, Instead::GatewayJson),
    (200, Instead::HalfJson),
    (206, Instead::HalfJson),
    (403, Instead::FirewallPage),
    (403, Instead::GatewayJson),
    (404, Instead::BalancerPage),
    (404, Instead::GatewayJson),
    (404, Instead::Text),
    (404, Instead::Empty),
    (404, Instead::EmptyObject),
    (400, Instead::ServerPage),
    (418, Instead::BalancerPage),
    (500, Instead::ServerPage),
    (503, Instead::MaintenancePage),
];

fn every_answer(bench: &Bench, status: u16, body: Instead) {
    bench.sandbox.inject(Fault::new(Effect::Instead { status, body, after_work: false }));
}

fn is_foreign<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Intercepted { .. }))
}

#[tokio::test]
async fn what_is_no_answer_of_the_product_says_nothing_about_a_user_or_a_group() {
    for product in ALL.iter().copied() {
        for (status, body) in FOREIGN {
            let bench = Bench::new(product);
            bench.jane().await; // what is asked for once is known by now
            every_answer(&bench, status, body);
            let what = format!("{product} {status} {body:?}");
            let user = bench.client.user(&jane_of(product)).await;
            assert!(is_foreign(&user), "{what}: {user:?}");
            let page = bench.client.users(None).await;
            let nobody = body == Instead::EmptyList && matches!(page, Err(Error::Unreadable(_)));
            assert!(is_foreign(&page) || nobody, "{what}: {page:?}");
            let group = bench.client.group_exists(&GroupName::new(STAFF)).await;
            assert!(is_foreign(&group), "{what}: {group:?}");
            let probed = bench.client.probe().await;
            assert!(is_foreign(&probed), "{what}: {probed:?}");
            let administrators = bench.client.administrators().await;
            assert!(is_foreign(&administrators), "{what}: {administrators:?}");
            let myself = bench.client.myself().await;
            assert!(is_foreign(&myself) || myself == Ok(None), "{what}: {myself:?}");
        }
    }
}

#[tokio::test]
async fn a_user_asked_for_by_name_is_not_unknown_where_a_load_balancer_answers_404() {
    for product in ALL.iter().copied().filter(|product| !product.is_cloud()) {
        let bench = Bench::new(product);
        every_answer(&bench, 404, Instead::BalancerPage);
        let user = bench.client.user(&UserRef::Name("jane doe+x".to_owned())).await;
        assert!(is_foreign(&user), "{product}: {user:?}");
    }
}

#[tokio::test]
async fn the_words_name_the_product_and_the_status_and_nothing_of_the_page() {
    for product in ALL.iter().copied() {
        for (status, body) in FOREIGN {
            let bench = Bench::new(product);
            every_answer(&bench, status, body);
            let error = bench.client.probe().await.expect_err("it is nobody's answer");
            let words = format!("{error} {error:?}");
            assert!(words.contains(product.title()) && words.contains(&format!("({status})")), "{words}");
            for quoted in ["sso.example", "Wartung", "1234567890", "nginx", "upstream", "Route", "acme", "expected"] {
                assert!(!words.contains(quoted), "{quoted}: {words}");
            }
        }
    }
}

#[tokio::test]
async fn a_change_answered_by_somebody_else_is_settled_by_reading_and_made_once() {
    let foreign = [
        (200, Instead::LoginPage),
        (200, Instead::EmptyObject),
        (200, Instead::GatewayJson),
        (403, Instead::FirewallPage),
        (404, Instead::BalancerPage),
        (500, Instead::ServerPage),
    ];
    for (product, step) in pairs() {
        for (status, body) in foreign {
            for after_work in [false, true] {
                let bench = before(product, &step);
                let jane = bench.jane().await;
                bench.strike_changes(product, Effect::Instead { status, body, after_work }, When::Next(1));
                let asked = bench.client.make_so(&jane, &step).await.map_err(|error| error.disposition());
                let what = format!("{product} {step:?} {status} {body:?} {after_work}");
                assert_eq!(asked, Err(Disposition::ReadThenRetry(None)), "{what}");
                bench.sandbox.clear_faults();
                let password = matches!(step, Step::InvalidatePassword { .. }) && after_work;
                if bench.is_so(&step).await == Some(false) && !password {
                    let asked = bench.client.make_so(&bench.jane().await, &step).await;
                    let gone = step == Step::Delete && asked == Err(Error::NoSuchUser);
                    assert!(asked == Ok(()) || gone, "{what}: {asked:?}");
                }
                assert_eq!(bench.is_so(&step).await, done(&step), "{what}");
                let one = !matches!(step, Step::RemoveAllGroups | Step::RemoveApplicationAccess(_));
                let twice = Quirks::takes_its_time(product, &step);
                assert!(!one || twice || changes(&bench).len() == 1, "{what}: {:?}", changes(&bench));
            }
        }
    }
}

#[tokio::test]
async fn gzip_is_asked_for_and_read() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        let plain = bench.jane().await;
        bench.sandbox.inject(Fault::new(Effect::Packed(Packing::Gzip)));
        assert_eq!(bench.jane().await, plain, "{product}");
        assert_eq!(bench.client.probe().await, Ok(()), "{product}");
    }
}

#[tokio::test]
async fn an_answer_packed_otherwise_or_from_too_much_is_an_error_in_words() {
    for product in ALL.iter().copied() {
        for (how, came) in [
            (Packing::UnsaidGzip, Some(Came::Packed(Some("gzip")))),
            (Packing::Deflate, Some(Came::Packed(Some("deflate")))),
            (Packing::Garbage, Some(Came::Packed(Some("gzip")))),
            (Packing::Bomb, None),
        ] {
            let bench = Bench::new(product);
            bench.sandbox.inject(Fault::new(Effect::Packed(how)));
            let error = bench.client.probe().await.expect_err("it can't be read");
            match (came, &error) {
                (Some(came), Error::Intercepted { instead, .. }) => assert_eq!(instead.came, came, "{product} {how:?}"),
                (None, Error::Unreadable(why)) => assert!(why.contains("longer than"), "{product}: {why}"),
                (_, other) => panic!("{product} {how:?}: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_name_that_the_web_server_refuses_in_a_path_does_not_keep_the_user_in_the_groups_behind_it() {
    let product = Product::ConfluenceDc;
    let bench = before(product, &Step::RemoveAllGroups);
    let refuse = Effect::Instead { status: 400, body: Instead::ServerPage, after_work: false };
    bench.sandbox.inject(Fault::new(refuse).method("DELETE").path("group/developers"));
    let asked = bench.client.make_so(&bench.jane().await, &Step::RemoveAllGroups).await;
    assert!(is_foreign(&asked), "{asked:?}");
    assert_eq!(bench.jane().await.groups, Some([GroupName::new("developers")].into()));
}
