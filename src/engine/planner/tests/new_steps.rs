//! The steps of a decision that was just made, and outcomes that the views have read meanwhile.

use super::{given_up::work, *};
use crate::{
    domain::{Actor, Redrive, Sighting, Truth},
    views::testing::{MemoryLog, decision, verdict},
};

/// Records `decision`, while the views read outcomes up to the offsets `read`, one at each question. All steps have ended, as
/// the views know. Returns the number of questions about that, and whether the user's next event waits.
async fn recorded(decision: &Decision, read: &[u64]) -> (usize, bool) {
    let dir = tempfile::tempdir().expect("a folder");
    let memory = Memory::open(&Store::open(dir.path(), "memory").expect("a store")).expect("memory");
    let metrics = Metrics::new().expect("metrics");
    let controls = Arc::new(NoControls::default());
    let connection =
        Connection::new(source(), Arc::new(Stub::default()), 2, Arc::new(SystemClock), controls, metrics.clone());
    let (_schemes, receiver) = watch::channel(Arc::new(Schemes::default()));
    let read_until = std::sync::Mutex::new(read.to_vec());
    let queries = Arc::new(FakeQueries { all_ended: true, read_until, ..FakeQueries::default() });
    let (pending, known) = (memory.pending.clone(), Arc::clone(&queries) as _);
    let planner = Planner::new(connection, receiver, Mode::Active, MemoryLog::new(), memory, metrics, known);
    planner.record(decision, &work()).await.expect("not interrupted");
    (queries.ended_asked.load(SeqCst), !pending.certainly_none(&decision.key()))
}

fn with_step() -> Decision {
    decision("e", "jane", 0, vec![verdict("a", Truth::True, &["g"])])
}

#[tokio::test(flavor = "multi_thread")]
async fn new_steps_are_waited_for_without_a_question_where_the_views_have_read_no_outcome_since() {
    assert_eq!(recorded(&with_step(), &[7, 7]).await, (0, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_ended_before_it_was_recorded_is_not_waited_for() {
    assert_eq!(recorded(&with_step(), &[7, 8]).await, (1, false));
    assert_eq!(recorded(&with_step(), &[]).await, (1, false), "it is unknown what was read");
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_are_taken_up_again_may_have_older_outcomes_and_the_views_are_asked() {
    let redrive = Redrive {
        letter: "e".into(),
        of: decision("e", "jane", 0, vec![]).decided,
        by: Actor::default(),
        at: SystemClock.now(),
    };
    assert_eq!(recorded(&Decision { redrive: Some(redrive), ..with_step() }, &[7, 7]).await, (1, false));
    let of_sweep = Decision {
        sweep: Some(Sighting { sweep: SweepId::new("s"), released: None, memberships: None, undo: None }),
        ..with_step()
    };
    assert_eq!(recorded(&of_sweep, &[7, 7]).await, (1, false));
}
