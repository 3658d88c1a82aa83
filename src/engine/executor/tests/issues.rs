use super::*;
use crate::domain::Issue;

fn create() -> Step {
    let issue = Issue {
        project: "OPS".into(),
        issue_type: "Task".into(),
        summary: "Jane leaves".into(),
        fields: serde_json::Map::new(),
        marker: "usher-tidy-jane".into(),
    };
    Step::CreateIssue(Box::new(issue))
}

/// The number of issues after a decision that met with `fate`, and, if usher `crashes` then, was carried out again.
async fn created(fate: Option<Fate>, crashes: bool) -> (usize, Vec<String>) {
    let mut scene = Scene::new();
    scene.product.state().fates.extend(fate);
    let decision = decided("e1", "jane", &[create()]);
    if crashes {
        scene.crash_at_change(&decision, 1).await;
        scene = scene.restart().await;
    }
    let ended = scene.taken(&decision).await;
    let count = scene.product.state().issues.len();
    (count, ended)
}

#[tokio::test(start_paused = true)]
async fn an_issue_is_created_once_whatever_becomes_of_the_answer() {
    const MADE: &str = "create_issue changed: made so";
    const FOUND: &str = "create_issue changed: made so; the product's answer was lost, reading showed it";
    for (fate, crashes, expected) in [
        (None, false, MADE),
        (Some(Fate::AnswerLost), false, FOUND),
        (Some(Fate::Broken), false, MADE),
        (Some(Fate::Hangs { done: true }), true, FOUND),
        (Some(Fate::Hangs { done: false }), true, MADE),
    ] {
        assert_eq!(created(fate, crashes).await, (1, vec![expected.to_owned()]));
    }
}

#[tokio::test(start_paused = true)]
async fn no_issue_is_created_for_a_user_who_has_gone_while_it_waited_for_its_turn() {
    let scene = Scene::new();
    for name in ["joe", "jim"] {
        scene.product.put(name, &[]);
        scene.product.state().fates.push_back(Fate::Hangs { done: false });
    }
    let decision = decided("e1", "jane", &[create()]);
    let (joe, jim) = (decided("e2", "joe", &[rename()]), decided("e3", "jim", &[rename()]));
    let asked_twice = || async {
        while !scene.product.has_been_asked(2) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let jane = async {
        asked_twice().await;
        scene.carry_out(&decision).await;
    };
    tokio::pin!(jane);
    tokio::select! {
        ((), ()) = async { tokio::join!(scene.carry_out(&joe), scene.carry_out(&jim)) } => panic!("they were to hang"),
        () = &mut jane => panic!("both places were taken"),
        () = async {
            asked_twice().await;
            tokio::time::sleep(Duration::from_mins(5)).await;
            scene.product.state().users.remove(&UserId::new("jane"));
        } => {}
    }
    jane.await;
    assert_eq!(scene.ended(&decision).await, ["create_issue failed: the user is gone"]);
    assert_eq!(scene.product.state().issues.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_the_second_attempt_counts_from_that_one() {
    let scene = Scene::new();
    scene.product.state().fates.extend([Fate::Broken, Fate::Hangs { done: true }]);
    let decision = decided("e1", "jane", &[create()]);
    scene.crash_at_change(&decision, 2).await;
    let scene = scene.restart().await;
    scene.carry_out(&decision).await;
    assert_eq!(scene.product.state().issues.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_next_decision_finds_the_issue_of_the_last_one_although_the_search_is_behind() {
    let scene = Scene::new();
    let began = Instant::now();
    scene.carry_out(&decided("e1", "jane", &[create()])).await;
    assert!(began.elapsed().as_secs() < 5, "the first one waits for nothing");
    let scene = scene.restart().await;
    assert_eq!(scene.taken(&decided("e2", "jane", &[create()])).await, ["create_issue unchanged: already so"]);
    assert_eq!(scene.product.state().issues.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_issue_asked_for_by_a_clock_that_was_ahead_is_waited_for_once() {
    let scene = Scene::new();
    tokio::time::advance(Duration::from_hours(2)).await;
    scene.carry_out(&decided("e1", "jane", &[create()])).await;
    let scene = scene.restart().await; // its clock starts again
    for (event, waits) in [("e2", 30), ("e3", 0), ("e4", 0)] {
        let began = Instant::now();
        scene.carry_out(&decided(event, "jane", &[create()])).await;
        assert_eq!(began.elapsed().as_secs() / 10 * 10, waits, "{event}");
    }
    assert_eq!(scene.product.state().issues.len(), 1);
}
