//! More processes do more: how long one process, and then three, need for the same events on Kafka, with a product whose rate is
//! no limit.
//!
//! In the long form, `make scale`, what limits a process is its own, so that three of them together do not reach what the machine
//! has: the way to the product, on which each request waits, or, with `CPU`, a small part of one core from the kernel.
//! The short form looks at how the work is shared, not at times.

mod narrow_way;
mod share_of_a_core;

use std::{
    env,
    str::FromStr,
    time::{Duration, Instant},
};

use futures::{TryStreamExt, stream};
use narrow_way::{NarrowWay, Width};
use share_of_a_core::ShareOfACore;
use usher::{
    config::KafkaConfig,
    domain::{Event, EventId, EventKind, SourceId, Timestamp, UserHints, UserId, UserRef, Via},
    log::{Log, Record, Stream, codec, kafka::KafkaLog},
    sandbox::Account,
};

use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

const PARTITIONS: u16 = 12;
/// How long the events may take before the test fails.
const WAIT_TIMEOUT: Duration = Duration::from_mins(15);
const SCHEME: &str = "{ id: welcome, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
                        actions: [{ add_groups: [staff] }] }";

/// What the environment says, for the long form.
fn wanted<T: FromStr>(variable: &str) -> Option<T> {
    env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// How narrow the way of each process to the product is; none: it has no limit.
fn width() -> Option<Width> {
    let (at_a_time, millis) = (wanted("USHER_TEST_REQUESTS_AT_A_TIME")?, wanted("USHER_TEST_REQUEST_MILLIS")?);
    Some(Width { at_a_time, each_takes: Duration::from_millis(millis) })
}

/// What the processes of one course did.
struct Course {
    took: Duration,
    /// Of the processor, by all processes.
    processor: Duration,
    /// How many events each process decided.
    decided: Vec<f64>,
}

/// Has `events` done by so many processes.
async fn course(processes: usize, events: usize) -> Course {
    let kafka = KafkaBroker::shared().config(PARTITIONS);
    let ground = Ground::new(SCHEME)
        .groups(&["staff"])
        .tweak("USHER_SOURCES__0__MASS_CREATION", "off")
        .tweak("USHER_SOURCES__0__RATE", "{ per_second: 10000, concurrency: 64 }")
        .on_kafka(&kafka);
    let (mut ushers, mut ways) = (Vec::new(), Vec::new());
    for number in 0..processes {
        let data = format!("data-{number}");
        let mut base_url = ground.sandbox.base_url(ACME.product);
        if let Some(width) = width() {
            let way = NarrowWay::to(base_url.port().expect("a port"), width).await;
            base_url.set_port(Some(way.port)).expect("it has a host");
            ways.push(way);
        }
        ushers.push(Usher::replica_with(&ground, &data, &[("USHER_SOURCES__0__BASE_URL", base_url.as_str())]).await);
    }
    let fair = usize::from(PARTITIONS) / processes;
    for usher in &ushers {
        eventually("it has its share", async || (shares(usher).await == [fair, fair]).then_some(())).await;
    }
    let part = wanted::<u32>("USHER_TEST_CPU_PERCENT");
    let shares: Option<Vec<_>> =
        part.map(|part| ushers.iter().map(|usher| ShareOfACore::give(usher.id(), part)).collect());
    let processor = || ushers.iter().map(Usher::processor).sum::<Duration>();
    let (began, before) = (Instant::now(), processor());
    tell(&ground, &kafka, events).await;
    let done = || ground.sandbox.journal().iter().filter(|entry| entry.to_string().contains("+staff")).count();
    while done() < events {
        assert!(began.elapsed() < WAIT_TIMEOUT, "{} of {events} are done", done());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let (took, processor) = (began.elapsed(), processor() - before);
    drop((shares, ways));
    let mut decided = Vec::new();
    for usher in &ushers {
        let text = usher.open_page("metrics").await.1;
        let of_planner = text.lines().filter(|line| line.starts_with("usher_decisions_total{"));
        decided.push(of_planner.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum());
    }
    let mut effects = ground.effects();
    effects.sort();
    effects.dedup();
    assert_eq!(effects.len(), events, "each once");
    Course { took, processor, decided }
}

/// How many partitions of the planner and the executor of the source `usher` works on.
async fn shares(usher: &Usher) -> [usize; 2] {
    let mut held = [0, 0];
    for (held, stage) in held.iter_mut().zip(["planner", "executor"]) {
        let series = format!("usher_partitions{{source=\"{}\",stage=\"{stage}\",state=\"held\"}}", ACME.id);
        *held = usher.metric(&series).await.unwrap_or_default() as usize;
    }
    held
}

/// Puts creations of `events` users into the log, as intake does.
async fn tell(ground: &Ground, kafka: &KafkaConfig, events: usize) {
    let log = KafkaLog::open(kafka).await.expect("the broker answers");
    let source: SourceId = ACME.id.parse().expect("an id");
    let appends = (0..events).map(|number| {
        let id = format!("KEY-{number}");
        ground.sandbox.put_user(ACME.product, Account::new(id.clone(), format!("user-{number}")));
        let event = Event {
            id: EventId::new(format!("event-{number}")),
            source: SourceId::clone(&source),
            kind: EventKind::Created,
            via: Via::Webhook,
            user: UserRef::Id(UserId::new(id)),
            hints: UserHints::default(),
            occurred: None,
            accepted: Timestamp::from_millis(chrono::Utc::now().timestamp_millis()),
            sweep: None,
        };
        Ok(log.append(Stream::Events, Record { key: event.key(), payload: codec::encode(&event) }))
    });
    stream::iter(appends).try_buffer_unordered(1_000).try_for_each(|_| async { Ok(()) }).await.expect("appended");
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_processes_share_the_work_and_do_more_than_one() {
    let events = wanted("USHER_TEST_EVENTS").unwrap_or(60);
    let three = course(3, events).await;
    let all: f64 = three.decided.iter().sum();
    assert!(all as usize >= events, "{:?}", three.decided);
    // A fair share is a third; keys are spread over partitions by chance.
    assert!(three.decided.iter().all(|decided| *decided > 0.1 * all), "{:?}", three.decided);
    let Some(least) = wanted::<f64>("USHER_TEST_LEAST_RATIO") else { return };
    let one = course(1, events).await;
    let ratio = one.took.as_secs_f64() / three.took.as_secs_f64();
    let each_second = |course: &Course| events as f64 / course.took.as_secs_f64();
    let each_took = |course: &Course| course.processor.as_secs_f64() * 1_000.0 / events as f64;
    eprintln!(
        "scale: {events} events, each process with {} % of a core and {:?}: one does {:.1} a second, three do {:.1}, {ratio:.2} times \
         as many; an event takes {:.2} ms of the processor, {:.2} with three (of the three, each decided {:?})",
        wanted::<u32>("USHER_TEST_CPU_PERCENT").unwrap_or(100),
        width(),
        each_second(&one),
        each_second(&three),
        each_took(&one),
        each_took(&three),
        three.decided
    );
    assert!(ratio >= least, "{ratio} times as many, {least} at least");
}
