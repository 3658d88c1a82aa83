//! What goes wrong with a product: nothing is lost, nothing is done twice.

use std::time::{Duration, Instant};

use usher::{
    domain::Product,
    sandbox::{Account, Effect, Fault, When, webhook::Happening},
};

use crate::support::{
    app::TestApp,
    ground::{ACME, BOTH, Ground, Source},
    usher::Usher,
};

const EVERYBODY: &str = "
    { id: acme-new, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }, { remove_groups: [guests] }] },
    { id: globex-new, source: globex, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [staff] }, { remove_groups: [guests] }] }";

fn ground() -> Ground {
    Ground::new(EVERYBODY).groups(&["staff", "guests"])
}

/// A user of `source` who is still a guest.
fn guest(ground: &Ground, source: Source, number: usize) -> Account {
    let account = Account::new(format!("KEY{number}"), format!("name-{number}")).email("guest@acme.example");
    ground.sandbox.put_user(source.product, account.clone());
    ground.sandbox.add_member(source.product, &account.id, "guests").expect("both are there");
    account
}

/// The lines of the journal about `user`.
fn effects_on(ground: &Ground, source: Source, user: &Account) -> Vec<String> {
    let prefix = format!("{} {} ", source.product, user.id);
    ground.effects().iter().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}

/// Has `effect` happen once to each sort of call that usher makes about a new user, in turn: what was done before and
/// after that must be the same as ever.
async fn once_at_each_call(effect: Effect) {
    let app = TestApp::start(ground()).await;
    for source in BOTH {
        for (number, (method, path)) in
            [("GET", "user"), ("POST", "group/user"), ("DELETE", "group/user")].into_iter().enumerate()
        {
            let fault = Fault::new(effect).site(source.product).method(method).path(path).when(When::Next(1));
            let id = app.ground.sandbox.inject(fault);
            let user = guest(&app.ground, source, number);
            let event = app.tell(source, Happening::Created, &user).await;
            let what = format!("{effect:?} at {method} {path} in {}", source.id);
            assert_eq!(
                app.ended(&event).await,
                [
                    format!("{}-new: add_groups staff changed", source.id),
                    format!("{}-new: remove_groups guests changed", source.id)
                ],
                "{what}"
            );
            assert_eq!(effects_on(&app.ground, source, &user), ["+staff", "-guests"], "{what}");
            let fired =
                app.ground.sandbox.faults().into_iter().find(|fault| fault.id == id).expect("it is there").fired;
            assert_eq!(fired, 1, "{what}");
        }
    }
    assert!(app.list("dead-letters", &[]).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_is_waited_out() {
    once_at_each_call(Effect::TooManyRequests { retry_after: Some(1) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_that_does_not_say_how_long_is_waited_out() {
    once_at_each_call(Effect::TooManyRequests { retry_after: None }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_500_before_the_work_is_tried_again() {
    once_at_each_call(Effect::Fail { status: 500, retry_after: None, after_work: false }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_500_after_the_work_is_found_to_be_done() {
    once_at_each_call(Effect::Fail { status: 500, retry_after: None, after_work: true }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_503_that_says_how_long_is_waited_out() {
    once_at_each_call(Effect::Fail { status: 503, retry_after: Some(1), after_work: false }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_before_the_work_is_tried_again() {
    once_at_each_call(Effect::Cut { after_work: false }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_after_the_work_is_found_to_be_done() {
    once_at_each_call(Effect::Cut { after_work: true }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_hangs_is_given_up_and_tried_again() {
    once_at_each_call(Effect::Hang).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_service_gives_a_hanging_call_20_seconds() {
    let ground = ground();
    let usher = Usher::start(&ground).await;
    let user = guest(&ground, ACME, 1);
    ground.sandbox.inject(Fault::new(Effect::Hang).method("POST").when(When::Next(1)));
    let began = Instant::now();
    let event = usher.tell(ACME, Happening::Created, &user).await;
    usher.settled(&event).await;
    assert!(began.elapsed() >= Duration::from_secs(20));
    assert_eq!(effects_on(&ground, ACME, &user), ["+staff", "-guests"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_429s_delays_everything_and_loses_nothing() {
    let app = TestApp::start(ground()).await;
    for source in BOTH {
        // Near a limit that is announced usher slows down by itself: a storm comes without warning, and comes again.
        let refused = || Fault::new(Effect::TooManyRequests { retry_after: None }).site(source.product);
        app.ground.sandbox.inject(refused().when(When::Next(8)));
        app.ground.sandbox.inject(refused().when(When::Every(12)));
    }
    for number in 0..30 {
        for source in BOTH {
            let user = guest(&app.ground, source, number);
            app.tell(source, Happening::Created, &user).await;
        }
    }
    app.drain().await;
    assert_eq!(app.ground.effects().len(), 30 * 2 * 2);
    for source in BOTH {
        let throttled = app.metric(&format!("usher_product_throttled_total{{source=\"{}\"}}", source.id)).await;
        assert!(throttled.is_some_and(|count| count >= 15.0), "{throttled:?}");
        let changed =
            |action| format!("usher_steps_total{{action=\"{action}\",result=\"changed\",source=\"{}\"}}", source.id);
        assert_eq!(app.metric(&changed("add_groups")).await, Some(30.0));
        assert_eq!(app.metric(&changed("remove_groups")).await, Some(30.0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_is_away_is_waited_for_and_nothing_is_given_up() {
    let app = TestApp::start(ground()).await;
    let away = app.ground.sandbox.inject(Fault::new(Effect::Cut { after_work: false }).site(Product::JiraDc));
    let mut events = Vec::new();
    for number in 0..20 {
        let user = guest(&app.ground, ACME, number);
        events.push(app.tell(ACME, Happening::Created, &user).await);
    }
    let tried = || {
        let lost = |count: &usher::sandbox::RequestCount| count.status.is_none().then_some(count.count);
        app.ground.sandbox.requests().iter().filter_map(lost).sum::<u64>()
    };
    let gauge = "usher_source_unreachable{source=\"acme\"}";
    crate::support::face::eventually("it is said to be away", || async {
        app.metric(gauge).await.filter(|away| *away > 0.0)
    })
    .await;
    // All that was under way failed once or twice; behind it come nothing but probes, seconds apart.
    let before = tried();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(tried() <= before + 6, "{before} calls, and then {}", tried() - before);
    app.ground.sandbox.remove_fault(away);
    app.drain().await;
    assert_eq!(app.ground.effects().len(), 40);
}
