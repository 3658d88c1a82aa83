//! The log on Apache Kafka: a topic for each stream, a consumer group for each stage of a source.
//!
//! * [`producer`] appends, [`reader`] reads without a group by a consumer of [`fetch`], [`consumer`], [`member`],
//!   [`assigned`] and [`lease`] are a group's member from the outside in.
//! * [`client`] is the connection that writes and asks; [`topics`] makes and checks the topics, [`settings`] has the
//!   clients' settings, [`context`] logs their messages, [`lag`] is their lag, [`broker_loss`] finds those that have to
//!   be replaced, [`watch`] watches the topics, [`readiness`] answers probes.

mod broker_loss;
mod client;
mod context;
mod fetch;
mod group;
mod producer;
mod reader;
mod readiness;
mod record;
mod search;
mod settings;
mod topics;
mod watch;

use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use rdkafka::producer::Producer as _;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::topics::topic_settings;
use self::{
    client::Client,
    group::lag::Lags,
    producer::{Delivered, Producer, Refused},
    readiness::Readiness,
    search::Acknowledged,
    settings::{DeliveryTimeout, Gathering, Settings},
    topics::recreations::Recreations,
    watch::Watch,
};
use super::{AppendTimes, Consumer, Error, Log, Partition, Position, Record, Records, Stream};
use crate::{config::KafkaConfig, domain::OutcomesRecreated, health::Health};

/// The time-out of a question to the brokers.
const ANSWER: Duration = Duration::from_secs(5);
/// The time for which [`Log::close`] waits for members to leave.
const CLOSE: Duration = Duration::from_secs(15);
/// The time for which it then waits for undelivered records, of each producer.
const FLUSH: Duration = Duration::from_secs(5);

/// The state of the previous process that was a static member under the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predecessor {
    /// It may live still.
    Unknown,
    /// It has ended.
    Gone,
}

/// The id under which processes with this configuration are static members; none: they are dynamic ones.
pub fn instance_id(config: &KafkaConfig) -> Option<String> {
    settings::instance_id(config)
}

/// A log whose streams are topics.
pub struct KafkaLog {
    settings: Settings,
    /// Those of the topics, in the order of the streams.
    topic_names: [String; Stream::ALL.len()],
    deliveries: Arc<Producer>,
    results: Arc<Producer>,
    partitions: u16,
    identity: String,
    health: Health,
    predecessor: Predecessor,
    lags: Lags,
    acknowledged: Arc<Acknowledged>,
    recreations: Arc<Recreations>,
    watch: Arc<Watch>,
    _watching: DropGuard,
    readiness: Arc<Readiness>,
    closing: CancellationToken,
    /// Cancelled one by one as members leave.
    members: Mutex<Vec<CancellationToken>>,
    append_times: AppendTimes,
}

impl KafkaLog {
    /// Connects, makes the missing topics and checks the others.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if no broker answers in about 10 seconds; [`Error::Unusable`] if an option can't be used,
    /// or the topics can't be made or don't fit together.
    pub async fn open(config: &KafkaConfig) -> Result<Self, Error> {
        Self::open_in(config, Health::default()).await
    }

    /// Like [`KafkaLog::open`]; it reports its state to `health`.
    ///
    /// # Errors
    /// As [`KafkaLog::open`].
    pub async fn open_in(config: &KafkaConfig, health: Health) -> Result<Self, Error> {
        Self::open_after(Predecessor::Unknown, config, health).await
    }

    /// Like [`KafkaLog::open_in`]; `predecessor` decides whether its partitions are taken at once.
    ///
    /// # Errors
    /// As [`KafkaLog::open`].
    pub async fn open_after(predecessor: Predecessor, config: &KafkaConfig, health: Health) -> Result<Self, Error> {
        let settings = Settings::new(config)?;
        let deliveries = Arc::new(Producer::new(settings.clone(), DeliveryTimeout::Bounded)?);
        let results = Arc::new(Producer::new(settings.clone(), DeliveryTimeout::Unbounded)?);
        let client = deliveries.client();
        let recreations = Arc::new(Recreations::new(settings.clone(), Arc::clone(&deliveries)));
        let partitions = topics::ensure(&client, &settings, config, &recreations).await?;
        let identity = identity(&client, config).await?;
        let (acknowledged, closing) = (Arc::new(Acknowledged::new(partitions)), CancellationToken::new());
        let watching = closing.child_token();
        let readiness = Arc::new(Readiness::new());
        let told = (health.clone(), Arc::clone(&readiness));
        let watch = Watch::new(
            settings.clone(),
            config,
            partitions,
            told,
            (Arc::clone(&acknowledged), Arc::clone(&recreations)),
        );
        tokio::spawn(Arc::clone(&watch).run(Arc::clone(&deliveries), watching.clone()));
        for producer in [&deliveries, &results] {
            tokio::spawn(Producer::keep_connected(Arc::downgrade(producer)));
        }
        Ok(Self {
            deliveries,
            results,
            topic_names: Stream::ALL.map(|stream| settings.topic(stream)),
            settings,
            partitions,
            identity,
            health,
            predecessor,
            lags: Lags::default(),
            acknowledged,
            recreations,
            watch,
            _watching: watching.drop_guard(),
            readiness,
            closing,
            members: Mutex::default(),
            append_times: AppendTimes::default(),
        })
    }

    /// The same, measuring appends.
    #[must_use]
    pub fn measuring(self, append_times: AppendTimes) -> Self {
        Self { append_times, ..self }
    }

    /// Appends, and returns when all in-sync replicas have the record.
    async fn append_durably(&self, stream: Stream, record: Record) -> Result<Position, Error> {
        self.open_still()?;
        let (key, topic) = (record.key.as_str(), self.topic_names[stream as usize].as_str());
        let partition = Partition::of(key, self.partitions);
        let producer = match stream {
            // A caller waits for the answer, and can ask again.
            Stream::Events | Stream::Sweeps | Stream::Settings | Stream::AdminActions => &self.deliveries,
            Stream::Decisions
            | Stream::Outcomes
            | Stream::DeadLetters
            | Stream::SweepProgress
            | Stream::Activity
            | Stream::Feeds
            | Stream::Claims => &self.results,
        };
        let since = self.acknowledged.end(stream, partition);
        let length = key.len() + record.payload.len();
        let delivered = producer.append(topic, partition, key, &record.payload).await;
        let delivered = delivered.map_err(|refused| match refused {
            Refused::Missing => {
                self.watch.is_missing(stream);
                Error::Unavailable(format!("the topic {topic} is missing"))
            }
            Refused::TooLong => Error::Unusable(self.watch.refuses(stream, length)),
            Refused::Otherwise(error) => error,
        })?;
        self.watch.takes(stream, length);
        let position = match delivered {
            Delivered::At(offset) => Position { partition, offset },
            Delivered::Somewhere => search::find(self, stream, partition, &record, since).await?,
        };
        self.acknowledged.record(stream, position);
        Ok(position)
    }

    fn read_with(&self, gathering: Gathering, stream: Stream, from: &[(Partition, u64)]) -> Result<Records, Error> {
        self.open_still()?;
        let acknowledged = Arc::clone(&self.acknowledged);
        let watched = reader::Watched { stream, watch: Arc::clone(&self.watch), acknowledged };
        let config = self.settings.reader(gathering);
        reader::open(config, &self.settings.topic(stream), from, watched, self.closing.clone())
    }

    fn open_still(&self) -> Result<(), Error> {
        if self.closing.is_cancelled() { Err(Error::Unavailable("the log is closed".into())) } else { Ok(()) }
    }
}

/// Every stream counts: usher writes or reads them all.
async fn all_topics_are_fine(client: Client, settings: Settings, partitions: u16) -> Result<(), Error> {
    topics::all_fine(&settings, &topics::standing(&client, &settings, partitions).await)
}

/// The name of the cluster and the topics in it. A topic that was deleted and created again looks like the old one:
/// librdkafka's interface here does not show a topic's id.
async fn identity(client: &Client, config: &KafkaConfig) -> Result<String, Error> {
    let client = client.clone();
    let cluster = blocking(move || client.cluster_id(ANSWER)).await?;
    Ok(format!("kafka/{cluster}/{}", config.topic_prefix))
}

#[async_trait]
impl Log for KafkaLog {
    fn partitions(&self) -> u16 {
        self.partitions
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    fn system(&self) -> &'static str {
        "kafka"
    }

    async fn append(&self, stream: Stream, record: Record) -> Result<Position, Error> {
        self.append_times.measure(self.append_durably(stream, record)).await
    }

    async fn bounds(&self, stream: Stream, partition: Partition) -> Result<Range<u64>, Error> {
        self.open_still()?;
        let (client, topic) = (self.deliveries.client(), self.settings.topic(stream));
        if partition.0 >= self.partitions {
            return Err(Error::Unusable(format!("{topic} has no partition {partition}")));
        }
        blocking(move || client.bounds(&topic, partition, ANSWER)).await
    }

    async fn read(&self, stream: Stream, from: Vec<(Partition, u64)>) -> Result<Records, Error> {
        self.read_with(Gathering::No, stream, &from)
    }

    async fn read_gathered(&self, stream: Stream, from: Vec<(Partition, u64)>) -> Result<Records, Error> {
        self.read_with(Gathering::AtTheBroker, stream, &from)
    }

    async fn outcomes_recreated(&self, partition: Partition) -> Result<Option<OutcomesRecreated>, Error> {
        self.open_still()?;
        self.recreations.last(partition).await
    }

    fn outcomes_known_recreated(&self, partition: Partition) -> Option<OutcomesRecreated> {
        self.recreations.known(partition)
    }

    async fn consume(&self, stream: Stream, group: &str) -> Result<Consumer, Error> {
        self.open_still()?;
        let (topic, lag) = (self.settings.topic(stream), self.lags.gauge(stream));
        let told = (self.health.clone(), self.predecessor);
        let consumer = group::consumer::join(&self.settings, topic, self.partitions, group, &self.closing, lag, told)?;
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|left| !left.is_cancelled());
        members.push(consumer.left.clone());
        Ok(consumer)
    }

    async fn ready(&self) -> Result<(), Error> {
        self.open_still()?;
        let ask = || all_topics_are_fine(self.deliveries.client(), self.settings.clone(), self.partitions);
        self.readiness.ask(ask).await
    }

    fn health(&self) -> Health {
        self.health.clone()
    }

    fn lag(&self, stream: Stream) -> Option<u64> {
        self.lags.of(stream)
    }

    async fn close(&self) {
        self.closing.cancel();
        let members = std::mem::take(&mut *self.members.lock().unwrap_or_else(PoisonError::into_inner));
        let all_left = async {
            for left in &members {
                left.cancelled().await;
            }
        };
        if tokio::time::timeout(CLOSE, all_left).await.is_err() {
            tracing::warn!("kafka: the log was closed before all members had left their groups");
        }
        for client in [self.deliveries.client(), self.results.client()] {
            let flushed = blocking(move || {
                client.producer().flush(FLUSH).map_err(|error| {
                    Error::Unavailable(format!("records were not delivered: {}", crate::words::kafka(&error)))
                })
            });
            if let Err(error) = flushed.await {
                tracing::warn!(%error, "kafka: the log was closed with records waiting");
            }
        }
    }
}

/// Runs what would hold up a runtime's thread.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Error::Unavailable("usher is stopping".into())))
}
