//! Membership in a group: a thread that serves the rebalances, from joining to having left.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rdkafka::{
    ClientConfig, Message,
    consumer::{Consumer as _, ConsumerContext, StreamConsumer},
    error::KafkaError,
    message::BorrowedMessage,
    topic_partition_list::Offset,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    lag::Gauge,
    lease::Proofs,
    member::{DRAIN, Member},
    stall::StallDetector,
    trouble,
};
use crate::{
    health::Health,
    log::{
        Consumer, Error, Joining,
        kafka::{
            Predecessor, record,
            settings::{Settings, refusal},
        },
    },
    rate_limited_log::LogLimiter,
};

/// Trouble with a topic meets all of its members, again and again.
static TROUBLE: LogLimiter = LogLimiter::once_a_minute();

/// Joins `group` in `topic`; leaves when `closing` is cancelled or the membership is dropped.
///
/// # Errors
/// `Error::Unusable` if an option can't be used, `Error::Unavailable` if the consumer can't be made.
pub(in crate::log::kafka) fn join(
    settings: &Settings,
    topic: String,
    partitions: u16,
    group: &str,
    closing: &CancellationToken,
    lag: Arc<Gauge>,
    (health, predecessor): (Health, Predecessor),
) -> Result<Consumer, Error> {
    let failed = |error| {
        let why = crate::words::kafka(&error);
        Error::Unavailable(format!("the group {} can't be joined: {why}", settings.group(group)))
    };
    // There is room for every partition, so that a rebalance does not wait for the stage.
    let (given, assignments) = mpsc::channel(usize::from(partitions).max(1));
    let (leave, left) = (closing.child_token(), CancellationToken::new());
    let config = settings.member(group);
    let session = session(&config);
    let (proofs, stall) = (Proofs::new(session, settings.instance_id().is_some()), StallDetector::new(session));
    let member = Member::new(topic.clone(), given, leave.clone(), lag, proofs, stall, predecessor);
    let joining = member.joining.subscribe();
    let consumer: StreamConsumer<Member> = config.create_with_context(member).map_err(|e| refusal(&e))?;
    let consumer = Arc::new(consumer);
    consumer.context().belongs_to(&consumer);
    consumer.subscribe(&[&topic]).map_err(failed)?;
    // A thread and no task: giving a partition back waits for the work on it, inside librdkafka's callback.
    let (stop, done) = (leave.clone(), left.clone().drop_guard());
    let group = Group { name: settings.group(group), instance_id: settings.instance_id().map(str::to_owned), health };
    thread::Builder::new()
        .name("kafka-member".into())
        .spawn(move || {
            serve(&consumer, &group, &stop);
            if consumer.context().is_given_up() {
                // Its end may take for ever, so nobody waits for it.
                drop(done);
                drop(consumer);
            } else {
                alone(&consumer);
                // Its end commits the stored offsets and leaves the group.
                drop(consumer);
                drop(done);
            }
        })
        .map_err(|error| Error::Unavailable(format!("no thread for a group: {}", crate::words::system(&error))))?;
    Ok(Consumer { assignments, joining, membership: leave.drop_guard(), left })
}

/// The time for which the group's coordinator waits for a member before it gives its partitions to others.
fn session(config: &ClientConfig) -> Duration {
    let millis = config.get("session.timeout.ms").and_then(|millis| millis.parse().ok());
    Duration::from_millis(millis.unwrap_or_default()) // what can't be read was refused before
}

/// Waits until no call of `consumer` is under way on another thread, so that it is dropped here.
fn alone(consumer: &Arc<StreamConsumer<Member>>) {
    let deadline = Instant::now() + DRAIN;
    while Arc::strong_count(consumer) > 1 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
}

/// The joined group, and its observers.
struct Group {
    name: String,
    /// The name of this member, if it is a static one.
    instance_id: Option<String>,
    health: Health,
}

/// Serves the group until it has to leave, then revokes all partitions.
fn serve(consumer: &StreamConsumer<Member>, group: &Group, leave: &CancellationToken) {
    futures::executor::block_on(leave.run_until_cancelled(poll(consumer, group)));
    consumer.context().take_all_back(consumer);
}

/// Polls everything but the partitions' own queues: rebalances, statistics, errors. Returns when the consumer can't
/// continue.
async fn poll(consumer: &StreamConsumer<Member>, group: &Group) {
    loop {
        match consumer.recv().await {
            Ok(message) => seek_back(consumer, &message),
            Err(error) => {
                record(consumer.context(), group, &error);
                if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
                    return;
                }
            }
        }
    }
}

/// Tells of `error`, and whether the group refuses this member.
fn record(member: &Member, group: &Group, error: &KafkaError) {
    let topic = &member.topic;
    if trouble::is_fenced(error) {
        // By joining again it would fence the other member, without end, and both would look healthy.
        let id = group.instance_id.as_deref().unwrap_or_default();
        let why = trouble::fenced(&group.name, id);
        tracing::error!(topic, "kafka: {why}");
        member.joining.send_replace(Joining::Refused(why.clone()));
        group.health.end_process(why);
    } else if let Some(why) = trouble::refusal(&group.name, error) {
        if let Some(suppressed) = TROUBLE.permit() {
            tracing::error!(topic, suppressed, "kafka: {why}");
        }
        member.joining.send_replace(Joining::Refused(why));
    } else if let Some(error) = record::lasting(error) {
        if let Some(suppressed) = TROUBLE.permit() {
            tracing::error!(topic, %error, suppressed, "kafka: the group has trouble");
        }
    } else {
        tracing::debug!(topic, %error, "kafka: passing trouble");
    }
}

/// A record that did not come through its partition's queue would be lost: have it fetched again into that queue.
fn seek_back<C: ConsumerContext>(consumer: &StreamConsumer<C>, message: &BorrowedMessage<'_>) {
    let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
    tracing::error!(topic, partition, offset, "kafka: a record came past its partition's queue and is fetched again");
    if let Err(error) = consumer.seek(topic, partition, Offset::Offset(offset), DRAIN) {
        let error = crate::words::kafka(&error);
        tracing::error!(topic, partition, offset, error, "kafka: and could not be");
    }
}
