//! Every product client behaves alike against its simulated product: the same questions, the same answers.
//!
//! The files are side by side: each is one question, asked of all products.

mod actions;
mod addresses;
mod administrators;
mod answers;
mod bitbucket_dc;
mod crowd;
mod failures;
mod groups;
mod issues;
mod listing;
mod organization;
mod quirks;
pub mod scene;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use self::quirks::Quirks;
use crate::openapi;
use usher::{
    clock::SystemClock,
    config::{Auth, Organization, Protect, Rate, Source},
    domain::{EmailAddress, GroupName, Product, Step, UserId, UserRef},
    metrics::Metrics,
    products::{Client, Disposition, Error, Limits, User, connect_within},
    sandbox::{ADMIN_GROUP, Account, Effect, Fault, Limit, ORGANIZATION, Options, Sandbox, When, user_number},
    secret::Secret,
};

/// Every product.
pub const ALL: &[Product] = &[
    Product::JiraDc,
    Product::ConfluenceDc,
    Product::BitbucketDc,
    Product::Crowd,
    Product::JiraCloud,
    Product::ConfluenceCloud,
    Product::AtlassianOrg,
];
/// Those that have issues, and applications to which groups give access.
pub const JIRAS: [Product; 2] = [Product::JiraDc, Product::JiraCloud];
pub const JANE: &str = "qm:99|ä 1";
pub const STAFF: &str = "Staff & Co";

/// One product with Jane and a group, and a client for it. Whatever is said is held against Atlassian's documents.
pub struct Bench {
    product: Product,
    pub sandbox: Sandbox,
    pub client: Arc<dyn Client>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let faults = openapi::faults(&self.sandbox.recorded());
            assert!(faults.is_empty(), "not as the documents have it: {faults:#?}");
        }
    }
}

impl Bench {
    pub fn new(product: Product) -> Self {
        let sandbox = Sandbox::start(Options::default()).expect("a free port");
        sandbox.record(openapi::EXCHANGES);
        sandbox.put_user(product, Account::new(JANE, "jane doe+x").email("jane@acme.example"));
        sandbox.put_group(product, STAFF);
        let client = client(&sandbox, product, sandbox.auth(product));
        Self { product, sandbox, client }
    }

    pub async fn jane(&self) -> User {
        self.client.user(&jane_of(self.product)).await.expect("Jane is there")
    }

    /// Whether `step` is so by now; `None` where Jane is gone.
    pub async fn is_so(&self, step: &Step) -> Option<bool> {
        match self.client.user(&jane_of(self.product)).await {
            Ok(jane) => self.client.is_so(&jane, step).await.expect("an answer"),
            Err(error) => {
                assert_eq!(error, Error::NoSuchUser);
                None
            }
        }
    }

    /// A client with credentials that are none.
    pub fn stranger(&self, product: Product) -> Arc<dyn Client> {
        let wrong = match self.sandbox.auth(product) {
            Auth::Bearer(_) => Auth::Bearer(Secret::new("wrong")),
            Auth::Basic { username, .. } => Auth::Basic { username, password: Secret::new("wrong") },
        };
        client(&self.sandbox, product, wrong)
    }

    /// Asks for `step` and says whether it is so afterwards.
    async fn ask(&self, step: &Step) -> (Result<(), Error>, Option<bool>) {
        let asked = self.client.make_so(&self.jane().await, step).await;
        (asked, self.jane().await.satisfies(step))
    }

    /// Has `effect` happen to the next change, whatever it is; `when` says how often to each.
    fn strike_changes(&self, product: Product, effect: Effect, when: When) {
        for (method, path) in Quirks::of(product).changes {
            self.sandbox.inject(Fault::new(effect).method(*method).path(*path).when(when));
        }
    }

    /// Has `effect` happen to the next change of a membership.
    fn strike(&self, product: Product, effect: Effect) {
        self.sandbox.inject(Fault::new(effect).path(Quirks::of(product).adding).when(When::Next(1)));
    }
}

fn client(sandbox: &Sandbox, product: Product, auth: Auth) -> Arc<dyn Client> {
    client_of(sandbox, product, auth, None)
}

/// A client for one directory of an organisation; elsewhere there are none.
fn client_of(sandbox: &Sandbox, product: Product, auth: Auth, directory: Option<&str>) -> Arc<dyn Client> {
    let source = Source {
        rate: Rate { per_second: 500.0, concurrency: 4 },
        protect: Protect {
            admin_groups: [ADMIN_GROUP, "wheel"].map(GroupName::new).into(),
            ..Protect::of(product, None)
        },
        organization: (product == Product::AtlassianOrg)
            .then(|| Organization { id: ORGANIZATION.to_owned(), directory: directory.map(str::to_owned) }),
        ..Source::new("acme".parse().expect("an id"), product, sandbox.base_url(product), auth)
    };
    let limits = Limits { call: Duration::from_secs(1), list: Duration::from_secs(1), ..Limits::default() };
    let metrics = Metrics::new().expect("metrics");
    connect_within(limits, &source, metrics, Arc::new(SystemClock)).expect("a client")
}

/// The lasting id of the sandbox's account `id`, as `product` has it.
pub fn id_of(product: Product, id: &str) -> UserId {
    match product {
        Product::BitbucketDc => UserId::new(user_number(id).to_string()),
        _ => UserId::new(id),
    }
}

/// Jane by her lasting id.
pub fn jane_of(product: Product) -> UserRef {
    UserRef::Id(id_of(product, JANE))
}

pub fn add(group: &str) -> Step {
    Step::AddGroup(GroupName::new(group))
}

fn remove(group: &str) -> Step {
    Step::RemoveGroup(GroupName::new(group))
}

#[tokio::test]
async fn a_user_is_read_with_address_state_and_groups() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        bench.sandbox.add_member(product, JANE, STAFF).expect("both are there");
        let jane = bench.jane().await;
        assert_eq!(jane.id, id_of(product, JANE));
        let quirks = Quirks::of(product);
        let email = EmailAddress::parse("jane@acme.example").filter(|_| quirks.tells_email);
        assert_eq!((jane.email, jane.active), (email, quirks.tells_active.then_some(true)), "{product}");
        assert_eq!(jane.groups, Some([GroupName::new(STAFF)].into()));
        assert_eq!(bench.client.probe().await, Ok(()));
    }
}

#[tokio::test]
async fn data_center_also_finds_a_user_by_name_and_cloud_hides_addresses() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        let by_name = bench.client.user(&UserRef::Name("jane doe+x".to_owned())).await;
        if product.is_cloud() {
            assert_eq!(by_name, Err(Error::NoSuchUser), "{product}");
            bench.sandbox.put_user(product, Account::new(JANE, "jane").email("jane@acme.example").hide_email());
            assert_eq!(bench.jane().await.email, None, "{product}");
            continue;
        }
        assert_eq!(by_name.expect("Jane is there").id, id_of(product, JANE), "{product}");
        let nobody = bench.client.user(&UserRef::Name("jane".to_owned())).await;
        assert_eq!(nobody, Err(Error::NoSuchUser), "{product}");
    }
}

#[tokio::test]
async fn adding_and_removing_take_effect_and_repeating_them_is_refused_without_harm() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        for (step, once_more) in [(add(STAFF), Quirks::of(product).added), (remove(STAFF), Quirks::of(product).removed)]
        {
            assert_eq!(bench.ask(&step).await, (Ok(()), Some(true)), "{product} {step:?}");
            let (again, so) = bench.ask(&step).await;
            assert_eq!(again.map_err(|error| error.disposition()), once_more, "{product}");
            assert_eq!(so, Some(true));
        }
        assert_eq!(bench.sandbox.journal().len(), 2, "{product}");
    }
}

#[tokio::test]
async fn an_unknown_group_is_refused_and_an_unknown_user_is_said_to_be_unknown() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        let (refused, so) = bench.ask(&add("nobody")).await;
        assert!(matches!(refused, Err(Error::Refused { .. })), "{product}: {refused:?}");
        assert_eq!(so, Some(false));
        let joe = bench.client.user(&UserRef::Id(UserId::new("joe"))).await;
        assert_eq!(joe, Err(Error::NoSuchUser), "{product}");
        let jane = bench.jane().await;
        bench.sandbox.delete_user(product, JANE);
        let refused = bench.client.make_so(&jane, &add(STAFF)).await;
        assert!(matches!(refused, Err(Error::Refused { .. })), "{product}: {refused:?}");
    }
}

#[tokio::test]
async fn wrong_credentials_are_told_from_everything_else() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        let client = bench.stranger(product);
        let user = client.user(&jane_of(product)).await.map_err(|error| error.disposition());
        assert_eq!((user, client.probe().await.is_err()), (Err(Disposition::Halt), true), "{product}");
        let jane = bench.jane().await;
        bench.sandbox.inject(Fault::new(Effect::Unauthorized));
        let refused = bench.client.make_so(&jane, &add(STAFF)).await;
        assert_eq!(refused.map_err(|error| error.disposition()), Err(Disposition::Halt), "{product}");
    }
}

#[tokio::test]
async fn after_a_429_nothing_is_done_and_nothing_asked_until_the_time_is_over() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        let jane = bench.jane().await;
        bench.strike(product, Effect::TooManyRequests { retry_after: Some(1) });
        let limited = bench.client.make_so(&jane, &add(STAFF)).await;
        let began = Instant::now();
        assert_eq!(limited, Err(Error::RateLimited { retry_after: Some(Duration::from_secs(1)) }), "{product}");
        assert_eq!(bench.jane().await.satisfies(&add(STAFF)), Some(false));
        assert!(began.elapsed() >= Duration::from_millis(990), "{product}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_server_error_may_have_been_carried_out_or_not() {
    for product in ALL.iter().copied() {
        for after_work in [false, true] {
            let bench = Bench::new(product);
            bench.strike(product, Effect::Fail { status: 500, retry_after: None, after_work });
            let (failed, so) = bench.ask(&add(STAFF)).await;
            assert_eq!(failed.map_err(|error| error.disposition()), Err(Disposition::ReadThenRetry(None)), "{product}");
            assert_eq!(so, Some(after_work), "{product}");
        }
    }
}

#[tokio::test]
async fn no_answer_is_lost_and_what_became_of_it_is_read() {
    for product in ALL.iter().copied() {
        for (effect, done) in [
            (Effect::Hang, false),
            (Effect::Cut { after_work: false }, false),
            (Effect::Cut { after_work: true }, true),
        ] {
            let bench = Bench::new(product);
            bench.strike(product, effect);
            let (lost, so) = bench.ask(&add(STAFF)).await;
            assert!(matches!(lost, Err(Error::Lost(_))), "{product} {effect:?}: {lost:?}");
            assert_eq!(so, Some(done), "{product} {effect:?}");
            assert_eq!(bench.sandbox.journal().len(), usize::from(done), "{product} {effect:?}: made once");
        }
    }
}

#[tokio::test]
async fn a_full_licence_adds_nobody() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        let (status, disposition) = Quirks::of(product).licence_full;
        bench.strike(product, Effect::LicenceFull { status });
        let (refused, so) = bench.ask(&add(STAFF)).await;
        assert_eq!(refused.map_err(|error| error.disposition()), Err(disposition), "{product}");
        assert_eq!(so, Some(false));
    }
}

#[tokio::test]
async fn near_the_products_limit_the_client_slows_down_and_is_seldom_refused() {
    for product in ALL.iter().copied() {
        let bench = Bench::new(product);
        bench.sandbox.limit(product, Some(Limit { capacity: 10, fill: 10, interval_seconds: 1 }));
        let (began, jane, mut refused) = (Instant::now(), jane_of(product), 0);
        for _ in 0..30 {
            match bench.client.user(&jane).await {
                Ok(_) => {}
                Err(Error::RateLimited { .. }) => refused += 1,
                Err(other) => panic!("{product}: {other}"),
            }
        }
        // Even with a full bucket, 30 calls at 10 a second are 2 seconds; at the configured 500 most would be refused.
        assert!(refused <= 6, "{product}: {refused} of 30");
        assert!(began.elapsed() < Duration::from_secs(20), "{product}: {:?}", began.elapsed());
    }
}
