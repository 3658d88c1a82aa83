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

/// How many issues there are, after a decision that met with `fate` and, if usher `crashes` then, was carried out again.
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
