//! A source that is away, and one change that always fails.

use super::*;
use crate::{
    products::{Came, Foreign},
    source::Health,
};

fn unavailable(status: u16) -> Error {
    Error::Unavailable { status, message: "no".into(), retry_after: None }
}

fn page(status: u16) -> Error {
    let instead = Foreign { came: Came::WebPage, product: Product::JiraDc };
    Error::Intercepted { status, instead, retry_after: None }
}

/// Every way in which a product can be away.
fn absences() -> [Error; 6] {
    [
        Error::Unreachable("connection refused".into()),
        Error::Lost("no complete answer within 20 s".into()),
        unavailable(503),
        unavailable(500),
        page(200),
        page(404),
    ]
}

impl Scene {
    fn health(&self) -> Health {
        self.executor.connection.health()
    }

    fn is_unreachable(&self) -> bool {
        matches!(self.health(), Health::Unreachable { .. })
    }
}

#[tokio::test(start_paused = true)]
async fn after_25_hours_of_maintenance_nothing_is_given_up() {
    for absence in absences() {
        let scene = Scene::new();
        scene.product.put("joe", &["staff"]);
        scene.product.state().away = Some(absence.clone());
        let (jane, joe) = (decided("e1", "jane", &[Step::Deactivate]), decided("e2", "joe", &[rename()]));
        let back = async {
            tokio::time::sleep(Duration::from_hours(25)).await;
            assert!(scene.is_unreachable(), "{absence}");
            scene.product.state().away = None;
        };
        let ((), (), ()) = tokio::join!(scene.carry_out(&jane), scene.carry_out(&joe), back);
        assert_eq!(scene.ended(&jane).await, ["deactivate changed: made so"], "{absence}");
        assert_eq!(scene.ended(&joe).await, ["rename changed: made so"], "{absence}");
        assert_eq!((scene.dead_letters().await, scene.health()), (0, Health::Running), "{absence}");
        let probes = scene.product.state().probes;
        assert!((2_900..6_000).contains(&probes), "{probes} probes in 25 hours");
    }
}

#[tokio::test(start_paused = true)]
async fn one_change_that_always_fails_while_reading_works_fails_within_a_minute() {
    for error in [unavailable(500), page(405), page(400), page(403), page(200), Error::Lost("cut".into())] {
        let scene = Scene::new();
        scene.product.put("joe", &["staff"]);
        scene.product.state().always.insert("jane deactivate".into(), error.clone());
        let began = Instant::now();
        let jane = decided("e1", "jane", &[Step::Deactivate, rename()]);
        assert_eq!(
            scene.taken(&jane).await,
            ["deactivate failed: the product keeps failing at it", "rename changed: made so"],
            "{error}"
        );
        assert!(began.elapsed() < Duration::from_mins(1), "{error}: {:?}", began.elapsed());
        assert_eq!((scene.dead_letters().await, scene.health()), (1, Health::Running), "{error}");
        assert!(scene.outcomes(&jane).await[0].error.is_some(), "{error}: the reason is told");
        let joe = decided("e2", "joe", &[Step::Deactivate]);
        assert_eq!(scene.taken(&joe).await, ["deactivate changed: made so"], "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_product_in_read_only_mode_makes_no_dead_letters_and_says_that_it_takes_no_changes() {
    let scene = Scene::new();
    let names = ["ann", "bea", "cid", "dan"];
    for name in names {
        scene.product.put(name, &["staff"]);
    }
    scene.product.state().always.insert("*".into(), unavailable(503));
    let decisions: Vec<_> =
        names.iter().enumerate().map(|(n, name)| decided(&format!("e{n}"), name, &[Step::Deactivate])).collect();
    let over = async {
        tokio::time::sleep(Duration::from_hours(30)).await;
        assert!(scene.is_unreachable(), "{:?}", scene.health());
        assert!(scene.executor.connection.is_running(), "reading goes on");
        scene.product.state().always.clear();
    };
    tokio::join!(futures::future::join_all(decisions.iter().map(|one| scene.carry_out(one))), over);
    for decision in &decisions {
        assert_eq!(scene.ended(decision).await, ["deactivate changed: made so"]);
    }
    assert_eq!((scene.dead_letters().await, scene.health()), (0, Health::Running));
}

#[tokio::test(start_paused = true)]
async fn a_single_strange_answer_does_not_mark_the_source() {
    for strange in [page(200), page(403), unavailable(503), Error::Unreachable("reset".into())] {
        let scene = Scene::new();
        scene.product.state().fates.push_back(Fate::Answered(strange.clone()));
        let decision = decided("e1", "jane", &[Step::Deactivate]);
        assert_eq!(scene.taken(&decision).await, ["deactivate changed: made so"], "{strange}");
        assert_eq!((scene.product.state().probes, scene.health()), (0, Health::Running), "{strange}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_away_and_then_refuses_the_credentials_is_halted() {
    let scene = Scene::new();
    scene.product.state().away = Some(page(503));
    let decision = decided("e1", "jane", &[Step::Deactivate]);
    let then = async {
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert!(scene.is_unreachable());
        scene.product.state().away = Some(Error::Unauthorized { status: 401, message: "no".into() });
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert!(matches!(scene.health(), Health::Halted { .. }), "{:?}", scene.health());
        scene.product.state().away = None;
    };
    tokio::join!(scene.carry_out(&decision), then);
    assert_eq!(scene.ended(&decision).await, ["deactivate changed: made so"]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_the_product_itself_refuses_is_an_answer_so_that_those_who_wait_do_not_probe_too() {
    let refusal = Error::Refused { status: 400, message: "no".into() };
    for error in [Error::RateLimited { retry_after: None }, refusal] {
        let scene = Scene::new();
        scene.product.state().away = Some(error.clone());
        let connection = &scene.executor.connection;
        let since = connection.clock.now();
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::join!(connection.check(since), connection.check(since), connection.check(since));
        assert_eq!((scene.product.state().probes, scene.health()), (1, Health::Running), "{error}");
    }
}
