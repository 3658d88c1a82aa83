//! A process that stood still while another one got its partitions, and goes on.

use usher::sandbox::{Account, webhook::Happening};

use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

pub const USERS: usize = 40;
const SCHEME: &str = r#"{ id: welcome, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
  actions: [{ create_issue: { project: OPS, type: Task, summary: "Welcome {{ user.name }}" } }] }"#;

/// Slow enough that some changes wait for their turn at any time.
pub fn ground() -> Ground {
    let kafka = KafkaBroker::shared().config(2);
    Ground::new(SCHEME)
        .tweak("USHER_SOURCES__0__RATE", "{ per_second: 12, concurrency: 4 }")
        .tweak("USHER_SOURCES__0__MASS_CREATION", "off")
        .on_kafka(&kafka)
}

/// Whose issues there are, by their summaries.
pub fn welcomed(ground: &Ground) -> Vec<String> {
    let mut issues: Vec<_> = ground.sandbox.issues(ACME.product).into_iter().map(|issue| issue.summary).collect();
    issues.sort();
    issues
}

/// How often an executor of this process was given partitions, or none.
fn joined(usher: &Usher) -> usize {
    let given = |line: &&str| line.contains("kafka: partitions come") && line.contains(".decisions\"");
    usher.log().lines().filter(given).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_sends_nothing_that_is_anothers_when_it_goes_on() {
    let ground = ground();
    let stopped = Usher::replica(&ground, "stopped").await;
    for number in 0..USERS {
        let account = Account::new(format!("KEY-{number}"), format!("user-{number}"));
        ground.sandbox.put_user(ACME.product, account.clone());
        stopped.tell(ACME, Happening::Created, &account).await;
    }
    eventually("it is in the middle of its work", || async { (welcomed(&ground).len() >= 5).then_some(()) }).await;
    let members = joined(&stopped);
    stopped.freeze();
    let before = welcomed(&ground).len();
    assert!(before < USERS, "all was done before it was stopped");

    let next = Usher::replica(&ground, "next").await;
    let all: Vec<_> = {
        let mut all: Vec<_> = (0..USERS).map(|number| format!("Welcome user-{number}")).collect();
        all.sort();
        all
    };
    let done = || async {
        let mut users = welcomed(&ground);
        users.dedup();
        (users == all).then_some(())
    };
    eventually("the next one has done the rest", done).await;
    stopped.thaw();
    // It joins anew when nothing is left of the work of before.
    eventually("both executors have joined anew", || async { (joined(&stopped) >= members + 2).then_some(()) }).await;
    assert_eq!(welcomed(&ground), all, "{before} were there when it was stopped");
    drop(next);
}
