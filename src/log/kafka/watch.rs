//! Watches the topics: reports for each stream whether it can be used, and creates a topic again that somebody has
//! deleted.
//!
//! A recreated topic is another one, with new offsets. All parts of this process that use the old offsets (readers,
//! members, replays) would skip its first records. So the process ends, and its supervisor starts it again.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{
    client::Client,
    producer::Producer,
    readiness::Readiness,
    search::Acknowledged,
    settings::Settings,
    topics::{self, TopicState, recreations::Recreations},
};
use crate::{
    config::KafkaConfig,
    health::{Component, Health},
    log::{Error, Partition, Stream},
    rate_limited_log::LogLimiter,
};

/// The interval of the checks.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// The shortest interval, if a client has met a missing topic.
const SOONEST: Duration = Duration::from_secs(1);
/// A topic that was missing so often in a row is missing: a broker that has just started may not know them all.
const CHECKS_BEFORE_MISSING: u32 = 2;
/// The bytes of a record besides its key and its payload, in a batch of its own; a generous estimate.
const OVERHEAD: usize = 512;

/// See the module.
pub(super) struct Watch {
    settings: Settings,
    config: KafkaConfig,
    partitions: u16,
    health: Health,
    readiness: Arc<Readiness>,
    acknowledged: Arc<Acknowledged>,
    recreations: Arc<Recreations>,
    /// The number of the last loss of outcomes in each partition, when this process began.
    known_losses: Vec<Option<u64>>,
    streams: BTreeMap<Stream, Watched>,
    check_now: Notify,
    not_made: LogLimiter,
}

/// The state of one stream.
struct Watched {
    component: Component,
    /// The number of successive checks in which its topic was missing.
    missing: AtomicU32,
    /// Whether a client has met a missing topic: it may have been created again since.
    suspect: AtomicBool,
    /// The length of the shortest record that the brokers refused for its length; 0: none.
    refused: AtomicUsize,
}

impl Watch {
    pub(super) fn new(
        settings: Settings,
        config: &KafkaConfig,
        partitions: u16,
        (health, readiness): (Health, Arc<Readiness>),
        (acknowledged, recreations): (Arc<Acknowledged>, Arc<Recreations>),
    ) -> Arc<Self> {
        let watched = |stream: Stream| Watched {
            component: health.component(format!("stream {stream}")),
            missing: AtomicU32::new(0),
            suspect: AtomicBool::new(false),
            refused: AtomicUsize::new(0),
        };
        let streams = Stream::ALL.into_iter().map(|stream| (stream, watched(stream))).collect();
        let (config, check_now, not_made) = (config.clone(), Notify::new(), LogLimiter::once_a_minute());
        let known_losses = recreations.numbers(partitions);
        Arc::new(Self {
            settings,
            config,
            partitions,
            health,
            readiness,
            acknowledged,
            recreations,
            known_losses,
            streams,
            check_now,
            not_made,
        })
    }

    /// Watches until `closing`.
    pub(super) async fn run(self: Arc<Self>, producer: Arc<Producer>, closing: CancellationToken) {
        let watch = async {
            loop {
                tokio::time::sleep(SOONEST).await;
                // An error is the end of the time.
                let _ = tokio::time::timeout(CHECK_INTERVAL - SOONEST, self.check_now.notified()).await;
                self.check_topics(&producer.client()).await;
            }
        };
        closing.run_until_cancelled(watch).await;
    }

    /// Records that a reader or writer of `stream` has met a missing topic.
    pub(super) fn is_missing(&self, stream: Stream) {
        if let Some(watched) = self.streams.get(&stream) {
            watched.suspect.store(true, Ordering::Relaxed);
            self.check_now.notify_one();
        }
    }

    /// Records that a record of `stream` was refused for its length; says what to do about it.
    pub(super) fn refuses(&self, stream: Stream, length: usize) -> String {
        let topic = self.settings.topic(stream);
        let why = format!(
            "the topic {topic} takes no record of {length} bytes; set its `max.message.bytes` to {}",
            super::settings::MAX_RECORD
        );
        if let Some(watched) = self.streams.get(&stream) {
            let shorter = |known: usize| (known == 0 || length < known).then_some(length);
            // An error says that a shorter one is known.
            let _ = watched.refused.fetch_update(Ordering::Relaxed, Ordering::Relaxed, shorter);
            watched.component.failing(&*why);
        }
        why
    }

    /// Records that a record of `stream` was taken.
    pub(super) fn takes(&self, stream: Stream, length: usize) {
        let Some(watched) = self.streams.get(&stream) else { return };
        let refused = watched.refused.load(Ordering::Relaxed);
        if refused > 0 && length >= refused {
            watched.refused.store(0, Ordering::Relaxed);
            watched.component.working();
        }
    }

    async fn check_topics(&self, client: &Client) {
        let found = topics::standing(client, &self.settings, self.partitions).await;
        self.readiness.record(topics::all_fine(&self.settings, &found));
        // Without an answer nothing is known of the topics.
        let Ok(found) = found else { return };
        let mut missing = Vec::new();
        for (stream, standing) in found {
            let Some(watched) = self.streams.get(&stream) else { continue };
            let times = if standing == TopicState::Missing { watched.missing.load(Ordering::Relaxed) + 1 } else { 0 };
            watched.missing.store(times, Ordering::Relaxed);
            match standing.trouble(&self.settings.topic(stream)) {
                Some(why) => watched.component.failing(why),
                None => self.is_there(client, stream, watched).await,
            }
            if times >= CHECKS_BEFORE_MISSING {
                missing.push(stream);
            }
        }
        if !missing.is_empty() {
            self.make_again(client, &missing).await;
        } else if self.has_lost_outcomes().await {
            self.start_anew(&[Stream::Outcomes]);
        }
    }

    /// Whether the outcomes were lost since this process began. A process that stood still meanwhile may not have met
    /// the missing topic, and the new one may already be longer than what it had read.
    async fn has_lost_outcomes(&self) -> bool {
        // An error says nothing. The next look asks again.
        let _ = self.recreations.refresh_all(self.partitions).await;
        let now = self.recreations.numbers(self.partitions);
        now.iter().zip(&self.known_losses).any(|(now, known)| now > known)
    }

    async fn is_there(&self, client: &Client, stream: Stream, watched: &Watched) {
        if watched.suspect.swap(false, Ordering::Relaxed) && self.was_made_again(client, stream).await {
            if stream == Stream::Outcomes {
                self.learn_or_tell_what_is_lost().await;
            }
            return self.start_anew(&[stream]);
        }
        let refused = watched.refused.load(Ordering::Relaxed);
        if refused > 0 {
            let longest = topics::longest(&self.settings, stream).await;
            if longest.is_none_or(|longest| longest < refused + OVERHEAD) {
                return;
            }
            watched.refused.store(0, Ordering::Relaxed);
        }
        watched.component.working();
    }

    /// Whether the topic holds less than this process has written to it or read from it.
    async fn was_made_again(&self, client: &Client, stream: Stream) -> bool {
        let topic = self.settings.topic(stream);
        for partition in (0..self.partitions).map(Partition) {
            let Some(known) = self.acknowledged.end(stream, partition) else { continue };
            let (client, topic) = (client.clone(), topic.clone());
            let bounds = super::blocking(move || client.bounds(&topic, partition, topics::QUERY_TIMEOUT)).await;
            if bounds.is_ok_and(|bounds| bounds.end < known) {
                return true;
            }
        }
        false
    }

    async fn make_again(&self, client: &Client, missing: &[Stream]) {
        let (settings, config, partitions) = (&self.settings, &self.config, self.partitions);
        match topics::make_again(client, settings, config, missing, partitions, &self.recreations).await {
            Ok(made) => {
                if made.contains(&Stream::Outcomes) {
                    self.learn_what_is_lost().await;
                }
                self.record_made(missing, &made);
            }
            Err(error) => self.not_made(missing, &error),
        }
    }

    /// Records which of the `missing` topics were `made`. The others exist: they may be the same as before, or created
    /// again by somebody else, which the next check finds out.
    fn record_made(&self, missing: &[Stream], made: &[Stream]) {
        for stream in missing.iter().filter(|stream| !made.contains(stream)) {
            self.is_missing(*stream);
        }
        if !made.is_empty() {
            self.start_anew(made);
        }
    }

    fn not_made(&self, missing: &[Stream], error: &Error) {
        for watched in missing.iter().filter_map(|stream| self.streams.get(stream)) {
            watched.component.failing(format!("its topic is missing and can't be made again: {error}"));
        }
        if let Some(suppressed) = self.not_made.permit() {
            tracing::error!(%error, suppressed, "kafka: a topic is missing and can't be made again");
        }
    }

    /// Reads the recorded losses of outcomes. This process knows all finished work in its partitions, and records that
    /// when it ends.
    async fn learn_what_is_lost(&self) {
        if let Err(error) = self.recreations.refresh_all(self.partitions).await {
            tracing::warn!(%error, "kafka: it can't be read which outcomes are lost; some steps may be in doubt");
        }
    }

    /// The same for a topic that this process did not create. If no loss is recorded, this process records it: somebody
    /// else than usher has created the topic.
    async fn learn_or_tell_what_is_lost(&self) {
        let before = self.recreations.numbers(self.partitions);
        self.learn_what_is_lost().await;
        if self.recreations.numbers(self.partitions) != before {
            return;
        }
        if let Err(error) = self.recreations.record_loss(self.partitions).await {
            tracing::warn!(%error, "kafka: it can't be told that outcomes are lost; other processes may not know");
        }
    }

    fn start_anew(&self, streams: &[Stream]) {
        let topics: Vec<_> = streams.iter().map(|stream| self.settings.topic(*stream)).collect();
        let topics = topics.join(", ");
        tracing::error!(topics, "kafka: topics were deleted and made again; what stood in them is lost");
        for watched in streams.iter().filter_map(|stream| self.streams.get(stream)) {
            watched.component.failing("its topic was deleted and made again; usher starts anew");
        }
        self.health.end_process(format!(
            "the Kafka topic {topics} was deleted: it is made again, what stood in it is lost, and usher has to start anew"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::kafka::settings::DeliveryTimeout;

    fn watch(health: &Health) -> Arc<Watch> {
        let config = KafkaConfig {
            brokers: vec!["a:9092".into()],
            topic_prefix: "usher.".into(),
            partitions: 3,
            replication_factor: 1,
            instance_id: None,
            options: Vec::new(),
        };
        let settings = Settings::new(&config).expect("good settings");
        let told = (health.clone(), Arc::new(Readiness::new()));
        let producer = Producer::new(settings.clone(), DeliveryTimeout::Bounded).expect("a producer");
        let recreations = Arc::new(Recreations::new(settings.clone(), Arc::new(producer)));
        Watch::new(settings, &config, 3, told, (Arc::new(Acknowledged::new(3)), recreations))
    }

    async fn ends(health: &Health) -> Option<String> {
        tokio::time::timeout(Duration::from_millis(1), health.process_must_end()).await.ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_topic_that_a_broker_did_not_know_and_that_is_there_does_not_end_the_process() {
        let health = Health::default();
        let watch = watch(&health);
        watch.record_made(&[Stream::Events, Stream::Claims], &[]);
        assert_eq!(ends(&health).await, None);
        let suspect = |stream| watch.streams[&stream].suspect.load(Ordering::Relaxed);
        assert!(suspect(Stream::Events) && suspect(Stream::Claims), "the next look compares what they hold");
        assert!(!suspect(Stream::Outcomes));
        watch.record_made(&[Stream::Events, Stream::Claims], &[Stream::Claims]);
        let why = ends(&health).await.expect("one was made again");
        assert!(why.contains("usher.claims") && !why.contains("usher.events"), "{why}");
    }
}
