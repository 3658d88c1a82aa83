//! Every product lists all its users page by page, whatever becomes of them meanwhile.

use std::collections::BTreeSet;

use usher::{
    domain::{AccountType, Product, UserHints, UserId},
    products::{Completeness, Disposition, Error, UserPage},
    sandbox::{Account, Application, Broken, Effect, Fault, Instead, ListFault, When},
};

use super::{ALL, Bench, id_of, quirks::Quirks};

fn crowd(bench: &Bench, product: Product, ids: std::ops::Range<usize>) {
    for n in ids {
        bench.sandbox.put_user(product, Account::new(format!("id:{n}"), format!("user {n}")));
    }
}

/// All pages of the listing, `between` two of which something may happen.
async fn pages(bench: &Bench, between: impl Fn(usize)) -> Result<Vec<UserPage>, Error> {
    let mut pages: Vec<UserPage> = Vec::new();
    while pages.last().is_none_or(|page| page.next.is_some()) {
        let cursor = pages.last().and_then(|page| page.next.clone());
        pages.push(bench.client.users(cursor.as_deref()).await?);
        assert!(pages.len() < 100, "it does not end");
        between(pages.len());
    }
    Ok(pages)
}

fn ids(pages: &[UserPage]) -> BTreeSet<&str> {
    pages.iter().flat_map(|page| &page.users).map(|(id, _)| id.as_str()).collect()
}

/// Has Data Center answer as before version 10.
fn without_list(bench: &Bench) {
    bench.sandbox.inject(Fault::new(Effect::BeforeTen));
}

#[tokio::test]
async fn everybody_is_listed_once_with_inactive_ones_and_what_the_list_tells() {
    let now = ALL.iter().map(|product| (*product, false));
    for (product, old) in now.chain([(Product::JiraDc, true)]) {
        let bench = Bench::new(product);
        if old {
            without_list(&bench);
        }
        crowd(&bench, product, 0..2_500);
        bench.sandbox.put_user(product, Account::new("id:bot", "bot").account_type("app").inactive());
        let pages = pages(&bench, |_| {}).await.expect("a list");
        let users: Vec<&(UserId, UserHints)> = pages.iter().flat_map(|page| &page.users).collect();
        let bots = usize::from(product != Product::AtlassianOrg); // people alone are in an organisation's directory
        assert_eq!((users.len(), ids(&pages).len()), (2_502 + bots, 2_502 + bots), "{product}: Jane and usher too");
        let asked: u64 = bench.sandbox.requests().iter().map(|one| one.count).sum();
        // An empty page, a second look at the end; and of an old Jira, that it has no list and which version it is.
        let most = 2_503_u64.div_ceil(Quirks::of(product).page as u64) + 4;
        assert!(asked <= most, "{product}: {asked} requests");
        if bots == 0 {
            continue;
        }
        let (_, bot) = users.iter().find(|(id, _)| *id == id_of(product, "id:bot")).expect("the bot");
        assert_eq!(bot.active, Quirks::of(product).tells_active.then_some(false), "{product}");
        assert_eq!(bot.name.as_deref(), (!product.is_cloud()).then_some("bot"), "{product}");
        let other = matches!(bot.account_type, Some(AccountType::Other(_)));
        assert_eq!(other, Quirks::of(product).knows_people, "{product}: {:?}", bot.account_type);
    }
}

#[tokio::test]
async fn a_listing_goes_on_from_its_cursor_with_another_client() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        crowd(&bench, product, 0..1_500);
        let mut pages = vec![bench.client.users(None).await.expect("a page")];
        let other = super::client(&bench.sandbox, product, bench.sandbox.auth(product));
        while let Some(cursor) = pages.last().and_then(|page| page.next.clone()) {
            pages.push(other.users(Some(&cursor)).await.expect("a page"));
        }
        assert_eq!(ids(&pages).len(), 1_502, "{product}");
    }
}

#[tokio::test]
async fn users_that_come_while_the_list_is_read_do_not_disturb_it() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        crowd(&bench, product, 0..1_500);
        let come = |page: usize| crowd(&bench, product, 2_000 + page.min(5)..2_001 + page.min(5)); // five in all
        let pages = pages(&bench, come).await.expect("a list");
        assert!(ids(&pages).len() >= 1_502, "{product}");
    }
}

#[tokio::test]
async fn a_list_that_shrinks_while_it_is_read_comes_to_its_end() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        crowd(&bench, product, 0..1_500);
        let delete = |page: usize| {
            for n in 0..Quirks::of(product).page * 7 / 10 * page {
                bench.sandbox.delete_user(product, &format!("id:{n}"));
            }
        };
        let pages = pages(&bench, delete).await.expect("a list");
        assert!(ids(&pages).len() >= Quirks::of(product).page, "{product}");
    }
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_at_the_same_cursor() {
    for product in ALL.iter().copied() {
        for status in [500, 409] {
            let bench = Bench::new(product);
            let fails = Effect::Fail { status, retry_after: None, after_work: false };
            bench.sandbox.inject(Fault::new(fails).path("user").when(When::Next(1)));
            let failed = bench.client.users(None).await.map_err(|error| error.disposition());
            let expected = match status {
                409 if product == Product::JiraCloud => Ok(()), // it took too long, and fewer are asked for at once
                409 => Err(Disposition::ReadThenGiveUp),        // not said to mean anything elsewhere
                _ => Err(Disposition::ReadThenRetry(None)),
            };
            assert_eq!(failed.map(drop), expected, "{product} {status}");
            assert_eq!(ids(&pages(&bench, |_| {}).await.expect("a list")).len(), 2, "{product}");
        }
    }
}

/// The end of the list of a product, with its users and usher's account among `users` in all.
async fn end(bench: &Bench) -> (usize, Completeness) {
    let pages = pages(bench, |_| {}).await.expect("a list");
    (ids(&pages).len(), pages.last().expect("a page").completeness.clone())
}

/// Lists that say nothing of their length.
const SILENT: [Product; 3] = [Product::JiraDc, Product::Crowd, Product::JiraCloud];

#[tokio::test]
async fn a_list_that_is_read_to_its_end_is_known_to_be_whole() {
    for (product, old) in ALL.iter().map(|product| (*product, false)).chain([(Product::JiraDc, true)]) {
        let bench = Bench::new(product);
        if old {
            without_list(&bench);
        }
        crowd(&bench, product, 0..1_203);
        assert_eq!(end(&bench).await, (1_205, Completeness::Proved), "{product} {old}");
    }
}

#[tokio::test]
async fn a_list_that_stops_early_is_not_taken_for_the_whole_one() {
    for product in SILENT {
        for fault in [ListFault::EndsAt(100), ListFault::EndsAt(1_000), ListFault::OffsetTimesSize] {
            let bench = Bench::new(product);
            without_list(&bench);
            crowd(&bench, product, 0..1_300);
            bench.sandbox.inject(Fault::new(Effect::List(fault)));
            let (users, end) = end(&bench).await;
            assert!(users < 1_302, "{product} {fault:?}: {users}");
            assert!(matches!(end, Completeness::NotProved(_)), "{product} {fault:?}: {end:?}");
        }
    }
}

#[tokio::test]
async fn behind_a_list_that_stops_early_come_the_members_of_the_groups_that_give_access() {
    for product in [Product::JiraDc, Product::JiraCloud] {
        let bench = Bench::new(product);
        without_list(&bench);
        crowd(&bench, product, 0..250);
        bench.sandbox.put_group(product, "some");
        bench.sandbox.put_group(product, "others");
        let application = Application::new("jira-software", &["some", "gone"]).default_groups(&["others"]);
        bench.sandbox.put_application(product, application);
        for n in 0..250 {
            let group = if n % 3 == 0 { "some" } else { "others" };
            bench.sandbox.add_member(product, &format!("id:{n}"), group).expect("both are there");
        }
        let list = if product == Product::JiraDc { "user/search" } else { "users/search" };
        bench.sandbox.inject(Fault::new(Effect::List(ListFault::EndsAt(100))).path(list));
        let pages = pages(&bench, |_| {}).await.expect("a list");
        let all = ids(&pages);
        assert!(
            (0..250).all(|n| all.contains(id_of(product, &format!("id:{n}")).as_str())),
            "{product}: {}",
            all.len()
        );
        let why = pages.last().and_then(|page| page.completeness.why()).unwrap_or_default();
        assert!(why.contains("exactly 100 users") && why.contains("were read too"), "{product}: {why}");
        let hints = pages.iter().flat_map(|page| &page.users).map(|(_, hints)| hints.active);
        assert!(
            hints.into_iter().all(|active| active == Some(true)),
            "{product}: members are told of as the list does"
        );
    }
}

/// What may go wrong with the groups that give access, and how many of a hundred members are told of all the same.
fn troubles() -> Vec<(&'static str, Effect, usize)> {
    let fails = |status| Effect::Fail { status, retry_after: None, after_work: false };
    let instead = |status| Effect::Instead { status, body: Instead::LoginPage, after_work: false };
    vec![
        ("applicationrole", Effect::Forbidden, 0),
        ("applicationrole", Effect::Unauthorized, 0),
        ("applicationrole", fails(404), 0),
        ("applicationrole", instead(200), 0),
        ("group/member", Effect::Forbidden, 0),
        ("group/member", fails(500), 0),
        ("group/member", instead(200), 0),
        ("group/member", Effect::Hang, 0),
        ("group/member", Effect::List(ListFault::PageAtMost(7)), 100),
        ("group/member", Effect::List(ListFault::EndsAt(50)), 50),
        ("group/member", Effect::List(ListFault::Unreadable { at: 0, how: Broken::NoId }), 98),
        ("group/member", Effect::List(ListFault::OffsetTimesSize), 50),
    ]
}

#[tokio::test]
async fn groups_that_cannot_be_read_leave_a_list_that_stops_early_as_it_was() {
    for product in [Product::JiraDc, Product::JiraCloud] {
        for (path, effect, found) in troubles() {
            let bench = Bench::new(product);
            without_list(&bench);
            crowd(&bench, product, 0..250);
            bench.sandbox.put_group(product, "some");
            bench.sandbox.put_application(product, Application::new("jira-software", &["some"]));
            for n in 150..250 {
                bench.sandbox.add_member(product, &format!("id:{n}"), "some").expect("both are there");
            }
            let list = if product == Product::JiraDc { "user/search" } else { "users/search" };
            bench.sandbox.inject(Fault::new(Effect::List(ListFault::EndsAt(100))).path(list));
            bench.sandbox.inject(Fault::new(effect).path(path));
            let (users, end) = end(&bench).await;
            assert_eq!(users, 100 + found, "{product} {path} {effect:?}: {end:?}");
            assert!(matches!(end, Completeness::NotProved(_)), "{product} {path} {effect:?}: {end:?}");
        }
    }
}

#[tokio::test]
async fn a_product_that_goes_away_before_the_members_are_read_is_asked_again() {
    for product in [Product::JiraDc, Product::JiraCloud] {
        let bench = Bench::new(product);
        without_list(&bench);
        crowd(&bench, product, 0..250);
        let list = if product == Product::JiraDc { "user/search" } else { "users/search" };
        bench.sandbox.inject(Fault::new(Effect::List(ListFault::EndsAt(100))).path(list));
        let mut page = bench.client.users(None).await.expect("a page");
        while page.completeness == Completeness::Proved {
            page = bench.client.users(page.next.as_deref()).await.expect("a page");
        }
        let cursor = page.next.expect("members");
        for effect in [
            Effect::Fail { status: 503, retry_after: None, after_work: false },
            Effect::TooManyRequests { retry_after: None },
        ] {
            bench.sandbox.inject(Fault::new(effect).when(When::Next(1)));
            let error = bench.client.users(Some(&cursor)).await.expect_err("it is away");
            let again = matches!(error.disposition(), Disposition::Retry(_) | Disposition::ReadThenRetry(_));
            assert!(again, "{product} {effect:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn pages_that_are_shorter_than_asked_for_do_not_end_a_list() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        without_list(&bench);
        crowd(&bench, product, 0..203);
        bench.sandbox.inject(Fault::new(Effect::List(ListFault::PageAtMost(50))));
        assert_eq!(end(&bench).await, (205, Completeness::Proved), "{product}");
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_costs_itself_and_not_its_page() {
    for product in ALL.iter().copied() {
        for how in [Broken::NoId, Broken::HalfASurrogate, Broken::WrongType] {
            let bench = Bench::new(product);
            crowd(&bench, product, 0..20);
            let fault = Effect::List(ListFault::Unreadable { at: 3, how });
            // The organisation's directory is found by a list of its own, which is not the one that is meant.
            bench.sandbox.inject(Fault::new(fault).path(if product == Product::Crowd { "search" } else { "user" }));
            let (users, end) = end(&bench).await;
            assert_eq!((users, end), (21, Completeness::Unreadable(1)), "{product} {how:?}");
        }
    }
}

#[tokio::test]
async fn a_page_of_which_nothing_can_be_read_is_an_error() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        for fault in (0..2).map(|at| Effect::List(ListFault::Unreadable { at, how: Broken::NoId })) {
            bench.sandbox.delete_user(product, super::JANE);
            bench.sandbox.inject(Fault::new(fault).path(if product == Product::Crowd { "search" } else { "user" }));
            let told = bench.client.users(None).await;
            assert!(matches!(told, Err(Error::Unreadable(_))), "{product}: {told:?}");
        }
    }
}

#[tokio::test]
async fn a_slow_product_is_asked_for_smaller_pages_until_it_answers() {
    // An organisation gives a hundred at once, and its cursor brings the number with it.
    for product in ALL.iter().copied().filter(|product| *product != Product::AtlassianOrg) {
        let bench = Bench::new(product);
        crowd(&bench, product, 0..203);
        let slow = ListFault::SlowOver { size: 130, millis: 3_000 };
        bench.sandbox.inject(Fault::new(Effect::List(slow)));
        assert_eq!(end(&bench).await, (205, Completeness::Proved), "{product}");
    }
}

#[tokio::test]
async fn who_administers_is_not_told_by_a_list_with_a_record_that_cannot_be_read() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        let path = if product == Product::AtlassianOrg { "users/search" } else { "member" };
        let path = if product == Product::Crowd { "group/user/nested" } else { path };
        let fault = Effect::List(ListFault::Unreadable { at: 0, how: Broken::WrongType });
        let spoilt = bench.sandbox.inject(Fault::new(fault).path(path));
        let told = bench.client.administrators().await;
        assert!(told.is_err(), "{product}: {told:?}");
        bench.sandbox.remove_fault(spoilt);
        assert!(bench.client.administrators().await.is_ok(), "{product}");
    }
}

#[tokio::test]
async fn a_group_that_cannot_be_read_makes_a_users_groups_unknown_and_not_fewer() {
    for product in ALL.iter().copied().filter(|product| *product != Product::JiraDc) {
        let bench = Bench::new(product);
        bench.sandbox.put_group(product, "other");
        for group in [super::STAFF, "other"] {
            bench.sandbox.add_member(product, super::JANE, group).expect("both are there");
        }
        assert_eq!(bench.jane().await.groups.map(|groups| groups.len()), Some(2), "{product}");
        let path = match product {
            Product::ConfluenceDc | Product::ConfluenceCloud => "memberof",
            Product::BitbucketDc => "more-members",
            Product::Crowd => "user/group",
            Product::AtlassianOrg => "groups/search",
            Product::JiraDc | Product::JiraCloud => continue, // they stand in the user's own record
        };
        let fault = Effect::List(ListFault::Unreadable { at: 1, how: Broken::HalfASurrogate });
        bench.sandbox.inject(Fault::new(fault).path(path));
        assert_eq!(bench.jane().await.groups, None, "{product}");
    }
}
