//! A rolling update as on Kubernetes: three processes with the chart's options on real Kafka, deliveries without a pause
//! through a proxy that notices late, each process restarted in turn.

mod load;
mod proxy;
mod replica;

use std::{env, str::FromStr, sync::Arc, time::Duration};

use load::{Load, Told};
use proxy::Proxy;
use replica::Replica;

use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    kafka::KafkaBroker,
};

const REPLICAS: usize = 3;
const PARTITIONS: u16 = 6;
/// How much later than a probe the proxy sends nothing more, or something again.
const LAG: Duration = Duration::from_secs(3);
/// How long the chart's `preStop` hook waits here: as long as `webhooks.linger` does.
const PRE_STOP: Duration = Duration::from_secs(6);
const SCHEME: &str = r#"{ id: welcome, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
  actions: [{ create_issue: { project: OPS, type: Task, summary: "Welcome {{ user.name }}" } }] }"#;

/// What the environment says, for the long form.
fn wanted<T: FromStr>(variable: &str, otherwise: T) -> T {
    env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// How a process goes on taking deliveries in until the proxy has noticed that it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By `webhooks.linger`: the signal comes at once, and probes tell of it.
    Linger,
    /// As the chart does it: the pod is withdrawn, a `preStop` hook sleeps, and the signal comes after that.
    PreStop,
}

fn ground(way: Way) -> Ground {
    let kafka = KafkaBroker::shared().config(PARTITIONS);
    let kafka = usher::config::KafkaConfig { options: Vec::new(), ..kafka };
    Ground::new(SCHEME)
        .tweak("USHER_SOURCES__0__MASS_CREATION", "off")
        .tweak("USHER_LOG__KAFKA__INSTANCE_ID", "{ env: TEST_POD_NAME }")
        .tweak("USHER_WEBHOOKS__LINGER", if way == Way::Linger { "6s" } else { "0s" })
        .on_kafka(&kafka)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_update_refuses_no_delivery_does_all_once_and_moves_no_partition() {
    update(Way::Linger, REPLICAS * wanted("USHER_TEST_ROLLOUTS", 1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_that_is_withdrawn_and_waits_before_it_stops_refuses_no_delivery() {
    update(Way::PreStop, wanted("USHER_TEST_ROLLOUTS", 0) * REPLICAS + 1).await;
}

/// Restarts one process after the other, so many `turns` in all.
async fn update(way: Way, turns: usize) {
    let rate = wanted("USHER_TEST_WEBHOOKS_A_SECOND", 10.0);
    let longest_rest = Duration::from_secs_f64(wanted("USHER_TEST_LONGEST_REST", 60.0));
    let _ = rustls::crypto::ring::default_provider().install_default(); // all are the same
    let ground = Arc::new(ground(way));
    let mut replicas = started(&ground).await;
    let proxy = Proxy::start(replicas.iter().map(Replica::doors).collect(), LAG).await;
    // A proxy of HTTP sends nothing to a pod that is withdrawn; this one, of TCP, leaves connections that are kept where they are.
    let load = Load::start(&ground, proxy.address, rate, way == Way::Linger);
    eventually("deliveries come", || std::future::ready((load.accepted() > 10).then_some(()))).await;
    let mut rests = Vec::new();
    for number in (0..REPLICAS).cycle().take(turns) {
        let before: Vec<_> = replicas.iter().map(Replica::moves).collect();
        if way == Way::PreStop {
            proxy.withdraw(number, true);
            tokio::time::sleep(PRE_STOP).await; // what the hook does
        }
        rests.push(replicas[number].restart(&ground).await);
        proxy.withdraw(number, false);
        for (other, moves) in replicas.iter().zip(before).filter(|(other, _)| other.number() != number) {
            assert_eq!(other.moves(), moves, "partitions of {} moved when {number} was restarted", other.number());
        }
        proxy.knows_ready(number).await;
    }
    let told = load.stop().await;
    all_is_done_once(&ground, &told, replicas).await;
    let rest = rests.into_iter().max().unwrap_or_default();
    eprintln!(
        "rollout: {turns} restarts of {REPLICAS} processes, {} deliveries at {rate} a second, 0 refused, 0 lost, 0 twice, \
         no partition of another process moved; longest answer {:.0?}; longest rest of a partition, from the end of its work \
         to its coming back: {rest:.2?}",
        told.accepted.len(),
        told.slowest
    );
    assert!(rest <= longest_rest, "{rest:?}");
}

/// All processes, ready, each with its share of the work.
async fn started(ground: &Ground) -> Vec<Replica> {
    let mut replicas: Vec<_> = (0..REPLICAS).map(|number| Replica::start(ground, number)).collect();
    for replica in &mut replicas {
        replica.is_ready().await;
    }
    eventually("each has its share", || {
        let fair = replicas.iter().all(|replica| replica.held() == replica::fair_share(PARTITIONS, REPLICAS));
        std::future::ready(fair.then_some(()))
    })
    .await;
    replicas
}

/// No delivery was refused; what each told of is done, and done once, when all `replicas` have ended.
async fn all_is_done_once(ground: &Ground, told: &Told, replicas: Vec<Replica>) {
    assert_eq!(told.refused, Vec::<String>::new(), "of {}", told.accepted.len());
    let issues = || {
        let mut issues: Vec<_> = ground.sandbox.issues(ACME.product).into_iter().map(|issue| issue.summary).collect();
        issues.sort();
        issues
    };
    let mut all: Vec<_> = told.accepted.iter().map(|name| format!("Welcome {name}")).collect();
    all.sort();
    eventually("all is done", || std::future::ready((issues().len() >= all.len()).then_some(()))).await;
    for replica in replicas {
        replica.stop().await;
    }
    assert!(issues() == all, "lost or done twice: {} issues for {} deliveries", issues().len(), all.len());
}
