//! Names of schemes and sources, looked up in a product in memory.

use std::{collections::HashSet, time::Duration};

use tokio::time::{Instant, advance};

use super::*;
use crate::{
    config::read_scheme,
    domain::{EmailAddress, Forecast, Mode, Scheme, SchemeVerdict, SourceId, Step, Timestamp, Truth},
    engine::{
        sweeps::forecast::Forecaster,
        testing::{Stub, TokioClock},
    },
    products::{Client, User},
    rules::Evaluation,
    source::controls::testing::Stopped,
    views::testing::verdict,
};

/// Schemes that a test writes.
struct Written {
    schemes: Mutex<Vec<Scheme>>,
    version: watch::Sender<u64>,
}

impl WrittenSchemes for Written {
    fn schemes_of(&self, _: &SourceId) -> Vec<Scheme> {
        self.schemes.lock().unwrap().clone()
    }

    fn schemes_changed(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}

/// The names of one source, and the product that has them or not.
struct Town {
    product: Arc<Stub>,
    controls: Arc<Stopped>,
    written: Arc<Written>,
    metrics: Metrics,
    references: Arc<References>,
}

impl Town {
    fn new(product: Product, protect: Protect, keys: &str) -> Self {
        let (stub, controls) = (Arc::<Stub>::default(), Arc::<Stopped>::default());
        stub.state().groups = Some(vec!["staff", "break-glass", "\u{e9}quipe"]);
        let metrics = Metrics::new().unwrap();
        let client: Arc<dyn Client> = stub.clone();
        let clock = Arc::new(TokioClock(Instant::now()));
        let connection = Connection::new("acme".parse().unwrap(), client, 2, clock, controls.clone(), metrics.clone());
        let version = watch::Sender::new(0);
        let written = Arc::new(Written { schemes: Mutex::new(vec![scheme(keys)]), version });
        let schemes: Arc<dyn WrittenSchemes> = written.clone();
        let references = References::new(connection, product, protect, schemes, LookUps::default(), metrics.clone());
        Self { product: stub, controls, written, metrics, references }
    }

    fn of_scheme(keys: &str) -> Self {
        Self::new(Product::JiraDc, Protect::of(Product::JiraDc, None), keys)
    }

    fn write(&self, keys: &str) {
        *self.written.schemes.lock().unwrap() = vec![scheme(keys)];
        self.written.version.send_modify(|version| *version += 1);
    }

    /// Why a step of the scheme on `user` is held; none if it is not.
    async fn held(&self, user: &str) -> Option<String> {
        let stop = CancellationToken::new();
        let told = self.references.protections(&"tidy".parse().unwrap(), &UserId::new(user), &stop).await.unwrap();
        told.err().map(|doubt| doubt.why)
    }

    fn gauge(&self, kind: &str) -> i64 {
        self.metrics.references_unresolved.with_label_values(&["acme", kind]).get()
    }

    fn unresolved(&self) -> Vec<(&'static str, String, Option<String>)> {
        let standing = self.references.standing();
        standing.unresolved.into_iter().map(|one| (one.at.as_str(), one.name, one.suggestion)).collect()
    }
}

fn scheme(keys: &str) -> Scheme {
    let text = format!(
        "{{ id: tidy, source: acme, trigger: manual, select: {{ everyone: true }}, {keys}, actions: [{{ deactivate: {{}} }}] }}"
    );
    read_scheme(&text, "test").unwrap()
}

fn somebody(id: &str, email: &str) -> User {
    User { email: EmailAddress::parse(email), ..User::new(UserId::new(id)) }
}

fn down() -> Error {
    Error::Refused { status: 400, message: "no".into() }
}

#[tokio::test(start_paused = true)]
async fn a_name_under_exempt_that_is_not_there_holds_the_step_until_it_is_mended() {
    let town = Town::of_scheme("exempt: { groups: [brake-glass] }");
    let why = town.held("jane").await.expect("held");
    assert_eq!(
        why,
        "`brake-glass` in `exempt.groups` protects nobody: there is no such group, did you mean `break-glass`?; mend the \
         name, or take it out"
    );
    assert_eq!(town.unresolved(), [("exempt.groups", "brake-glass".into(), Some("break-glass".into()))]);
    assert_eq!(town.gauge("group"), 1);
    // Made in the product: the next step after a minute looks again.
    town.product.state().groups.as_mut().unwrap().push("brake-glass");
    assert!(town.held("jane").await.is_some(), "trusted for a minute");
    advance(Duration::from_secs(61)).await;
    assert_eq!(town.held("jane").await, None);
    assert_eq!((town.unresolved(), town.gauge("group")), (Vec::new(), 0));
    // Mended in the scheme: at once.
    town.write("exempt: { groups: [nobody] }");
    assert!(town.held("jane").await.is_some());
    town.write("exempt: { groups: [break-glass] }");
    assert_eq!(town.held("jane").await, None);
}

#[tokio::test(start_paused = true)]
async fn only_names_that_protect_users_hold_and_those_that_usher_assumes_do_not() {
    let keys = "only_groups: [nobody], actions: [{ add_groups: [nobody-else] }, { remove_groups: [gone] }, { deactivate: {} }]";
    let text = format!("{{ id: tidy, source: acme, trigger: manual, select: {{ everyone: true }}, {keys} }}");
    let town = Town::of_scheme("exempt: {}");
    *town.written.schemes.lock().unwrap() = vec![read_scheme(&text, "test").unwrap()];
    town.written.version.send_modify(|version| *version += 1);
    assert_eq!(town.held("jane").await, None, "jira-administrators is not there, and nobody wrote it");
    let protect = Protect {
        users: Vec::new(),
        admin_groups: vec![crate::domain::GroupName::new("wheel")],
        assumed_admin_groups: false,
        ..Protect::of(Product::JiraDc, None)
    };
    let town = Town::new(Product::JiraDc, protect, "exempt: {}");
    let why = town.held("jane").await.expect("held");
    assert!(why.starts_with("`wheel` in `protect.admin_groups` protects nobody"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn another_form_of_unicode_is_told_with_the_one_that_the_product_has() {
    let town = Town::of_scheme("exempt: { groups: [\"e\u{301}quipe\", \"break\u{a0}glass\"] }");
    assert!(town.held("jane").await.is_some());
    assert_eq!(
        town.unresolved(),
        [
            ("exempt.groups", "e\u{301}quipe".into(), Some("\u{e9}quipe".into())),
            ("exempt.groups", "break\u{a0}glass".into(), Some("break-glass".into())),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_address_in_cloud_is_resolved_to_the_one_account_that_shows_it() {
    let protect = Protect { users: vec!["Root@acme.example".into()], ..Protect::of(Product::JiraCloud, None) };
    let town = Town::new(Product::JiraCloud, protect, "exempt: { users: [boss@acme.example] }");
    let put = |user: User| drop(town.product.state().users.insert(user.id.clone(), user));
    put(somebody("id:1", "Root@acme.example"));
    put(somebody("id:2", "boss@acme.example"));
    put(somebody("id:3", "boss@acme.example.org"));
    assert_eq!(town.held("id:1").await.as_deref(), Some("the user is listed in `protect.users`"));
    assert_eq!(town.held("id:2").await.as_deref(), Some("the user is listed in `exempt.users`"));
    assert_eq!(town.held("id:3").await, None);
    assert_eq!(town.references.called(&UserId::new("id:2")), ["boss@acme.example"]);
    assert_eq!(town.references.called(&UserId::new("id:1")), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_address_that_fits_nobody_or_several_holds_and_is_not_repeated() {
    for (users, why) in [
        (
            &[("id:3", "boss@acme.example.org")][..],
            "the product shows no account with this address; write the account id",
        ),
        (
            &[("id:1", "boss@acme.example"), ("id:2", "BOSS@acme.example")],
            "2 accounts have this address; write the account id",
        ),
    ] {
        let town = Town::new(
            Product::JiraCloud,
            Protect::of(Product::JiraCloud, None),
            "exempt: { users: [\"@acme.example\", boss@acme.example] }",
        );
        for (id, email) in users {
            town.product.state().users.insert(UserId::new(*id), somebody(id, email));
        }
        town.write("exempt: { users: [boss@acme.example] }");
        // The product's search finds by a part.
        town.product.state().users.values_mut().for_each(|user| user.name = Some("boss@acme.example".into()));
        let held = town.held("jane").await.expect("held");
        assert_eq!(
            held,
            format!("`…@acme.example` in `exempt.users` protects nobody: {why}; mend the name, or take it out")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_resolved_stays_protected_when_a_later_look_up_fails() {
    let town =
        Town::new(Product::JiraCloud, Protect::of(Product::JiraCloud, None), "exempt: { users: [boss@acme.example] }");
    let boss = somebody("id:2", "boss@acme.example");
    town.product.state().users.insert(boss.id.clone(), boss);
    assert!(town.held("id:2").await.is_some());
    let reference = Reference { kind: ReferenceKind::User, name: "boss@acme.example".into() };
    town.references.record(&reference, Err(down()));
    assert_eq!(
        town.held("id:2").await.as_deref(),
        Some("the user is listed in `exempt.users`"),
        "the product was away"
    );
    assert_eq!(town.held("jane").await, None, "what was there is taken to be there");
    town.product.state().users.clear();
    let gone = lookup::look_up(&*town.product, Product::JiraCloud, &reference).await;
    town.references.record(&reference, gone);
    assert_eq!(town.held("id:2").await.as_deref(), Some("the user is listed in `exempt.users`"));
    assert!(town.held("jane").await.is_some(), "the name means nobody now");
    assert_eq!(town.references.called(&UserId::new("id:2")), ["boss@acme.example"]);
}

#[tokio::test(start_paused = true)]
async fn a_user_of_data_center_is_found_by_lasting_id_or_told_by_which_login_name() {
    let town = Town::of_scheme("exempt: { users: [root, boss@acme.example, rooot] }");
    for (id, name, email) in [("root", "root", "root@acme.example"), ("KEY2", "boss", "boss@acme.example")] {
        let user = User { name: Some(name.into()), ..somebody(id, email) };
        town.product.state().users.insert(user.id.clone(), user);
    }
    assert!(town.held("jane").await.is_some());
    assert_eq!(
        town.unresolved(),
        [
            ("exempt.users", "boss@acme.example".into(), Some("boss".into())),
            ("exempt.users", "rooot".into(), Some("root".into())),
        ]
    );
    assert_eq!(town.gauge("user"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_product_that_can_not_be_asked_leaves_the_last_answer_and_what_was_never_known_holds() {
    let town = Town::of_scheme("exempt: { groups: [break-glass] }");
    town.product.state().references_refused = Some(down());
    let why = town.held("jane").await.expect("held");
    assert_eq!(why, "the product does not tell whether `break-glass` in `exempt.groups` is there");
    assert!(!town.unresolved().is_empty());
    town.product.state().references_refused = None;
    advance(Duration::from_mins(2)).await;
    assert_eq!(town.held("jane").await, None);
    town.product.state().references_refused = Some(down());
    let reference = Reference { kind: ReferenceKind::Group, name: "break-glass".into() };
    town.references.record(&reference, Err(down()));
    advance(Duration::from_hours(3)).await;
    assert_eq!(town.held("jane").await, None);
}

#[tokio::test(start_paused = true)]
async fn names_are_looked_up_after_a_start_and_every_hour_and_not_while_the_source_is_paused() {
    let town = Town::of_scheme("exempt: { groups: [break-glass, staff] }");
    assert!(!town.references.standing().checked);
    let stop = CancellationToken::new();
    town.controls.stop("acme");
    let running = tokio::spawn(Arc::clone(&town.references).run(stop.clone()));
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!(town.product.state().references_asked, 0, "paused");
    town.controls.resume("acme");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!((town.product.state().references_asked, town.references.standing().checked), (2, true));
    tokio::time::sleep(Duration::from_mins(50)).await;
    assert_eq!(town.product.state().references_asked, 2);
    tokio::time::sleep(Duration::from_mins(20)).await;
    assert_eq!(town.product.state().references_asked, 4);
    // The name is gone since: that is reported within the hour, and the name is looked up more often.
    town.product.state().groups = Some(vec!["staff"]);
    tokio::time::sleep(Duration::from_mins(70)).await;
    assert_eq!(town.gauge("group"), 1);
    town.product.state().groups = Some(vec!["staff", "break-glass"]);
    tokio::time::sleep(Duration::from_mins(7)).await;
    assert_eq!(town.gauge("group"), 0);
    // A scheme that is changed is looked at at once.
    town.write("exempt: { groups: [nobody] }");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(town.gauge("group"), 1);
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn that_a_name_is_missing_is_told_once_and_again_only_after_it_was_there() {
    let town = Town::of_scheme("exempt: { groups: [nobody] }");
    let reference = Reference { kind: ReferenceKind::Group, name: "nobody".into() };
    let missing = || Missing { why: "there is no such group".into(), suggestion: None };
    let note = |told| town.references.findings.record(&reference, told, true);
    assert_eq!(note(Ok(Finding::Missing(missing()))), Change::Missing(missing()));
    assert_eq!(note(Ok(Finding::Missing(missing()))), Change::None);
    assert_eq!(note(Err(down())), Change::None);
    assert_eq!(note(Ok(Finding::Missing(missing()))), Change::None);
    assert_eq!(note(Ok(Finding::There(None))), Change::FoundAgain);
    assert_eq!(note(Ok(Finding::There(None))), Change::None);
    assert_eq!(note(Ok(Finding::Missing(missing()))), Change::Missing(missing()));
}

/// The forecast for a scheme that deactivates `user`.
async fn foretold(town: &Town, user: &str) -> Forecast {
    let (connection, protect) = (town.references.connection.clone(), Protect::of(town.references.product, None));
    let forecaster = Forecaster::new(connection, protect, Mode::Active).referring(town.references.clone());
    let verdicts = vec![SchemeVerdict { steps: vec![Step::Deactivate], ..verdict("tidy", Truth::True, &[]) }];
    let mut answer = Evaluation { no_action: None, verdicts, others: 0, unknown: Vec::new() };
    let user = town.product.user_named(user).unwrap();
    let facts = user.facts(Timestamp::from_millis(0));
    forecaster.foretell(&mut answer, &user, &facts, &CancellationToken::new()).await.unwrap();
    answer.verdicts[0].forecast.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_user_whom_only_a_missing_name_protects_counts_as_would_change_so_that_limits_hold() {
    let keys = "exempt: { users: [boss@acme.example, bos@acme.example] }";
    let town = Town::new(Product::JiraCloud, Protect::of(Product::JiraCloud, None), keys);
    let boss = User { active: Some(true), ..somebody("id:2", "boss@acme.example") };
    town.product.state().users.insert(boss.id.clone(), boss);
    town.product.put("jane", &["staff"]);
    assert!(town.held("jane").await.is_some(), "a name is missing");
    assert_eq!(foretold(&town, "jane").await, Forecast::WouldChange);
    assert_eq!(foretold(&town, "id:2").await, Forecast::Protected, "listed, whatever becomes of the other name");
    let town = Town::of_scheme("exempt: { groups: [break-glass] }");
    town.product.put("jane", &["staff"]);
    town.product.state().references_refused = Some(down());
    assert!(town.held("jane").await.is_some(), "the product does not tell");
    assert_eq!(foretold(&town, "jane").await, Forecast::WouldChange);
}

#[tokio::test(start_paused = true)]
async fn a_look_up_in_the_background_that_fails_in_passing_holds_no_step() {
    let unavailable = || Error::Unavailable { status: 503, message: "no".into(), retry_after: None };
    let limited = Error::RateLimited { retry_after: None };
    for error in [unavailable(), limited, Error::Lost("no answer within 20 s".into())] {
        let town = Town::of_scheme("exempt: { groups: [break-glass] }");
        town.product.state().references_refused = Some(error.clone());
        let reference = Reference { kind: ReferenceKind::Group, name: "break-glass".into() };
        let saved = town.references.look_up_now(HashSet::from([reference])).await;
        assert_eq!(saved, Some(Err(error.clone())));
        let stop = CancellationToken::new();
        let running = tokio::spawn(Arc::clone(&town.references).run(stop.clone()));
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(town.product.state().references_asked, 2, "{error}");
        assert!(!town.references.standing().checked, "{error}");
        town.product.state().references_refused = None;
        assert_eq!(town.held("jane").await, None, "{error}");
        stop.cancel();
        running.await.unwrap();
    }
}
