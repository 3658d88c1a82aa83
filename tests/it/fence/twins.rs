//! Two processes with one instance id: one of them ends, and what both could do is done once.

use usher::sandbox::{Account, webhook::Happening};

use super::standstill::{self, USERS, welcomed};
use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    usher::Usher,
};

fn ground() -> Ground {
    standstill::ground()
        .tweak("USHER_LOG__KAFKA__INSTANCE_ID", "{ env: TEST_POD_NAME }")
        .tweak("TEST_POD_NAME", "usher-0")
}

/// Asserts that `usher` ended because another one has its id.
fn assert_fenced(usher: Usher) {
    let (status, log) = usher.wait();
    assert_eq!(status.code(), Some(1), "{log}");
    let lines: Vec<_> = log.lines().filter(|line| line.starts_with("usher: ")).collect();
    assert!(matches!(lines[..], [line] if line.contains("the instance id `usher-0`")), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_with_one_instance_id_the_older_one_ends_and_names_the_id() {
    let ground = ground();
    let older = Usher::replica(&ground, "older").await;
    let younger = Usher::replica(&ground, "younger").await;
    assert_fenced(older);
    eventually("the other one is ready", async || younger.open_page("readyz").await.0.is_success().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_sends_nothing_of_a_process_that_took_its_id() {
    let ground = ground();
    let stopped = Usher::replica(&ground, "stopped").await;
    for number in 0..USERS {
        let account = Account::new(format!("KEY-{number}"), format!("user-{number}"));
        ground.sandbox.put_user(ACME.product, account.clone());
        stopped.tell(ACME, Happening::Created, &account).await;
    }
    eventually("it is in the middle of its work", || async { (welcomed(&ground).len() >= 5).then_some(()) }).await;
    stopped.freeze();
    let before = welcomed(&ground).len();
    assert!(before < USERS, "all was done before it was stopped");
    let next = Usher::replica(&ground, "next").await;
    eventually("the next one has its partitions", async || next.log().contains("partitions come").then_some(())).await;
    // It goes on while what it has proved is as young as can be.
    stopped.thaw();
    assert_fenced(stopped);
    let mut all: Vec<_> = (0..USERS).map(|number| format!("Welcome user-{number}")).collect();
    all.sort();
    let done = || async {
        let mut users = welcomed(&ground);
        users.dedup();
        (users == all).then_some(())
    };
    eventually("the next one has done the rest", done).await;
    next.drain().await;
    assert_eq!(welcomed(&ground), all, "{before} were there when it was stopped");
}
