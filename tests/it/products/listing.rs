//! Every product lists all its users page by page, whatever becomes of them meanwhile.

use std::collections::BTreeSet;

use usher::{
    domain::{AccountType, Product, UserHints, UserId},
    products::{Disposition, Error, UserPage},
    sandbox::{Account, Effect, Fault, When},
};

use super::{ALL, Bench, quirks::Quirks};

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
    let missing = Effect::Fail { status: 404, retry_after: None, after_work: false };
    bench.sandbox.inject(Fault::new(missing).path("user/list"));
}

#[tokio::test]
async fn everybody_is_listed_once_with_inactive_ones_and_what_the_list_tells() {
    for (product, old) in
        [(Product::JiraDc, false), (Product::JiraDc, true), (Product::JiraCloud, false), (Product::AtlassianOrg, false)]
    {
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
        let most = 2_503_u64.div_ceil(Quirks::of(product).page as u64) + 2;
        assert!(asked <= most, "{product}: {asked} requests");
        if bots == 0 {
            continue;
        }
        let (_, bot) = users.iter().find(|(id, _)| id.as_str() == "id:bot").expect("the bot");
        assert_eq!(bot.active, Some(false));
        if product.is_cloud() {
            assert_eq!((bot.name.as_deref(), &bot.account_type), (None, &Some(AccountType::Other("app".into()))));
        } else {
            assert_eq!((bot.name.as_deref(), bot.account_type.as_ref()), (Some("bot"), Some(&AccountType::Person)));
        }
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
        assert!(ids(&pages).len() >= 1_000, "{product}");
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
            let expected = if status == 409 && product != Product::JiraCloud {
                Disposition::ReadThenGiveUp // not said to mean anything there
            } else {
                Disposition::ReadThenRetry(None)
            };
            assert_eq!(failed.map(drop), Err(expected), "{product} {status}");
            assert_eq!(ids(&pages(&bench, |_| {}).await.expect("a list")).len(), 2, "{product}");
        }
    }
}
