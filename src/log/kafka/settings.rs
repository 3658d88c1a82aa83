//! The settings of Kafka's clients: usher's own, overridden by the user's, except for those on which a guarantee
//! depends.

use rdkafka::{ClientConfig, config::RDKafkaLogLevel, error::KafkaError};

use crate::{
    config::KafkaConfig,
    log::{Error, Stream},
};

/// Options a user may not set, each with the reason.
const REFUSED: &[(&str, &str)] = &[
    ("bootstrap.servers", "set `brokers` instead"),
    ("metadata.broker.list", "set `brokers` instead"),
    ("group.id", "usher names its groups itself, under `topic_prefix`"),
    ("group.protocol", "usher relies on the classic group protocol"),
    ("acks", ACKNOWLEDGED),
    ("request.required.acks", ACKNOWLEDGED),
    ("enable.idempotence", ACKNOWLEDGED),
    ("delivery.timeout.ms", DELIVERED),
    ("message.timeout.ms", DELIVERED),
    ("transactional.id", "usher uses no transactions"),
    ("enable.auto.commit", AFTER_THE_WORK),
    ("auto.commit.enable", AFTER_THE_WORK),
    ("enable.auto.offset.store", AFTER_THE_WORK),
    ("auto.offset.reset", "a new group starts at the oldest record, so that none is missed"),
    ("allow.auto.create.topics", "usher creates its topics itself"),
];
const ACKNOWLEDGED: &str = "an accepted record is acknowledged by all in-sync replicas, once and in order";
const DELIVERED: &str = "a record that was given up may have been written all the same";
const AFTER_THE_WORK: &str = "an offset is stored when the work on its record is done";

/// For every client.
const COMMON: &[(&str, &str)] = &[
    ("client.id", "usher"),
    ("socket.keepalive.enable", "true"),
    // A broker that comes back is found soon; the default would let a client sleep for 10 s.
    ("reconnect.backoff.max.ms", "2000"),
    ("allow.auto.create.topics", "false"),
    // The statistics contain the lag, and show clients that can't continue.
    ("statistics.interval.ms", "1000"),
];

/// The longest record, in bytes: more than the brokers' default of about a million, no more than hosted ones allow.
pub(super) const MAX_RECORD: &str = "4194304";

const PRODUCER: &[(&str, &str)] = &[
    ("acks", "all"),
    ("enable.idempotence", "true"),
    // Nothing waits for a batch to fill: while earlier requests are in flight, later records gather by themselves.
    ("linger.ms", "0"),
    ("message.max.bytes", MAX_RECORD),
    ("queue.buffering.max.messages", "20000"),
    ("queue.buffering.max.kbytes", "65536"),
];

/// Whether new records come to a reader one by one, as soon as they are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gathering {
    /// They do.
    No,
    /// The broker gathers them for some milliseconds.
    AtTheBroker,
}

/// The time for which a producer tries to deliver a record.
#[derive(Debug, Clone, Copy)]
pub(super) enum DeliveryTimeout {
    /// Some seconds, for deliveries: the sender waits for the answer, and repeats the delivery without one.
    Bounded,
    /// For records that follow from another record. If a producer gives up, it is unknown whether the record was
    /// written, and another append could write it twice. This producer never gives up, and the broker recognises its
    /// retries.
    Unbounded,
}

const BOUNDED_DELIVERY: &[(&str, &str)] = &[("delivery.timeout.ms", "8000")];

const UNBOUNDED_DELIVERY: &[(&str, &str)] = &[("delivery.timeout.ms", "0")];

const CONSUMER: &[(&str, &str)] = &[
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "earliest"),
    // The default of 64 MiB is for each of many consumers here.
    ("queued.max.messages.kbytes", "8192"),
    ("queued.min.messages", "10000"),
    ("fetch.queue.backoff.ms", "50"),
];

/// librdkafka counts the bytes of the records alone, and keeps half a kilobyte beside each. A process reads many streams by itself, and
/// reads back small records by the million.
const READER: &[(&str, &str)] = &[
    ("enable.auto.commit", "false"),
    ("queued.min.messages", "1000"),
    ("queued.max.messages.kbytes", "1024"),
    ("fetch.message.max.bytes", "262144"),
];

/// Of readers that take many records at a time. Each answer of a broker costs it and usher about as much for one record as
/// for many, and without this the next one is asked for as soon as one record is there. The broker waits until so many
/// bytes are there, or so many milliseconds have passed.
const GATHERING: &[(&str, &str)] = &[("fetch.min.bytes", "65536"), ("fetch.wait.max.ms", "50")];

const MEMBER: &[(&str, &str)] = &[
    ("enable.auto.commit", "true"),
    ("auto.commit.interval.ms", "1000"),
    ("session.timeout.ms", "10000"),
    ("heartbeat.interval.ms", "1000"),
    // Only the partitions that move are taken away; the others are worked on throughout.
    ("partition.assignment.strategy", "cooperative-sticky"),
];

/// Of static members. Their partitions rest while they are restarted: for longer than that is rare, also on another
/// machine.
const STATIC_MEMBER: &[(&str, &str)] = &[("session.timeout.ms", "45000")];
const INSTANCE_ID: &str = "group.instance.id";

/// The checked settings, from which each client's are made.
#[derive(Clone)]
pub(super) struct Settings {
    brokers: String,
    prefix: String,
    /// The name of static members.
    instance_id: Option<String>,
    options: Vec<(String, crate::secret::Secret)>,
}

impl Settings {
    /// Refuses options that would break a promise, and those that librdkafka does not accept. It never shows a value.
    ///
    /// # Errors
    /// [`Error::Unusable`] with the option and the reason.
    pub(super) fn new(config: &KafkaConfig) -> Result<Self, Error> {
        for (key, _) in &config.options {
            if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| refused == key) {
                return Err(Error::Unusable(format!("the Kafka option `{key}` can't be set: {why}")));
            }
        }
        let settings = Self {
            brokers: config.brokers.join(","),
            prefix: config.topic_prefix.clone(),
            instance_id: instance_id(config),
            options: config.options.clone(),
        };
        settings.client(&[]).create_native_config().map_err(|e| refusal(&e))?;
        Ok(settings)
    }

    pub(super) fn brokers(&self) -> &str {
        &self.brokers
    }

    pub(super) fn topic(&self, stream: Stream) -> String {
        format!("{}{stream}", self.prefix)
    }

    /// The group's name in Kafka: under the same prefix as the topics, so that two installations on one cluster
    /// don't meet, and one access rule covers both.
    pub(super) fn group(&self, group: &str) -> String {
        format!("{}{}", self.prefix, group.strip_prefix("usher.").unwrap_or(group))
    }

    pub(super) fn admin(&self) -> ClientConfig {
        self.client(&[])
    }

    pub(super) fn producer(&self, delivery_timeout: DeliveryTimeout) -> ClientConfig {
        let delivery_timeout = match delivery_timeout {
            DeliveryTimeout::Bounded => BOUNDED_DELIVERY,
            DeliveryTimeout::Unbounded => UNBOUNDED_DELIVERY,
        };
        self.client(&[PRODUCER, delivery_timeout])
    }

    /// For reading by oneself. librdkafka wants a group's name even then; nothing joins it or commits to it.
    pub(super) fn reader(&self, gathering: Gathering) -> ClientConfig {
        let gathering = match gathering {
            Gathering::No => &[],
            Gathering::AtTheBroker => GATHERING,
        };
        let mut config = self.client(&[CONSUMER, READER, gathering]);
        config.set("group.id", self.group("usher.reader"));
        config
    }

    pub(super) fn member(&self, group: &str) -> ClientConfig {
        let of_membership = if self.instance_id.is_some() { STATIC_MEMBER } else { &[] };
        let mut config = self.client(&[CONSUMER, MEMBER, of_membership]);
        config.set("group.id", self.group(group));
        if let Some(id) = &self.instance_id {
            // An id is one member's of a group; each process has one member in each group.
            config.set(INSTANCE_ID, id);
        }
        config
    }

    /// The name under which members are static; none: they are dynamic.
    pub(super) fn instance_id(&self) -> Option<&str> {
        self.instance_id.as_deref()
    }

    fn client(&self, ours: &[&[(&str, &str)]]) -> ClientConfig {
        let mut config = ClientConfig::new();
        // librdkafka says more than warnings only about the `debug` contexts that the user asked for.
        config.set_log_level(RDKafkaLogLevel::Debug);
        config.set("bootstrap.servers", &self.brokers);
        for (key, value) in COMMON.iter().chain(ours.iter().copied().flatten()) {
            config.set(*key, *value);
        }
        for (key, value) in &self.options {
            config.set(key, value.reveal());
        }
        config
    }
}

/// The name of static members, from its own key or from the option.
pub(super) fn instance_id(config: &KafkaConfig) -> Option<String> {
    let option = || config.options.iter().find(|(key, _)| key == INSTANCE_ID).map(|(_, id)| id.reveal().to_owned());
    config.instance_id.clone().or_else(option)
}

/// Why a client could not be made, without the value, which may be a secret.
pub(super) fn refusal(error: &KafkaError) -> Error {
    Error::Unusable(match error {
        KafkaError::ClientConfig(_, _, key, _) => {
            format!("librdkafka does not know the Kafka option `{key}`, or not this value of it")
        }
        KafkaError::ClientCreation(why) => format!("the Kafka options don't go together: {why}"),
        other => format!("the Kafka client can't be made: {}", crate::words::kafka(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn with(options: &[(&str, &str)]) -> Result<Settings, Error> {
        Settings::new(&KafkaConfig {
            brokers: vec!["a:9092".into(), "b:9092".into()],
            topic_prefix: "usher.".into(),
            partitions: 3,
            replication_factor: 1,
            instance_id: None,
            options: options.iter().map(|(key, value)| ((*key).into(), Secret::new(*value))).collect(),
        })
    }

    fn refusal_of(option: (&str, &str)) -> String {
        with(&[option]).map(|_| ()).expect_err("it must be refused").to_string()
    }

    #[test]
    fn options_come_on_top_of_ushers_own() {
        let settings =
            with(&[("session.timeout.ms", "6000"), ("security.protocol", "plaintext")]).expect("good settings");
        let member = settings.member("usher.planner.acme");
        assert_eq!(member.get("session.timeout.ms"), Some("6000"));
        assert_eq!(member.get("security.protocol"), Some("plaintext"));
        assert_eq!(member.get("bootstrap.servers"), Some("a:9092,b:9092"));
        assert_eq!(member.get("group.id"), Some("usher.planner.acme"));
    }

    #[test]
    fn a_static_member_is_waited_for_for_longer_unless_its_session_is_set() {
        let id = ("group.instance.id", "usher-0");
        for (options, session, named) in [
            (&[][..], "10000", None),
            (&[id][..], "45000", Some("usher-0")),
            (&[id, ("session.timeout.ms", "30000")][..], "30000", Some("usher-0")),
        ] {
            let member = with(options).expect("good settings").member("usher.planner.acme");
            assert_eq!((member.get("session.timeout.ms"), member.get(INSTANCE_ID)), (Some(session), named));
        }
    }

    #[test]
    fn only_readers_of_many_records_let_the_broker_gather_them_and_options_count_for_them_too() {
        let settings = with(&[("fetch.wait.max.ms", "200")]).expect("good settings");
        let bytes = |config: ClientConfig| config.get("fetch.min.bytes").map(str::to_owned);
        assert_eq!(bytes(settings.reader(Gathering::No)), None);
        assert_eq!(bytes(settings.member("usher.planner.acme")), None);
        let gathering = settings.reader(Gathering::AtTheBroker);
        assert_eq!(gathering.get("fetch.wait.max.ms"), Some("200"));
        assert_eq!(bytes(gathering).as_deref(), Some("65536"));
    }

    #[test]
    fn an_option_that_breaks_a_promise_is_refused_with_the_reason() {
        for (option, _) in REFUSED {
            assert!(refusal_of((option, "x")).contains(&format!("`{option}` can't be set: ")), "{option}");
        }
    }

    #[test]
    fn a_wrong_option_is_named_and_its_value_is_not() {
        for option in [("sasl.pasword", "hunter2"), ("ssl.key.password.x", "hunter2"), ("security.protocol", "hunter2")]
        {
            let refusal = refusal_of(option);
            assert!(refusal.contains(option.0) && !refusal.contains("hunter2"), "{refusal}");
        }
    }

    #[test]
    fn groups_live_under_the_prefix_of_the_topics() {
        let mut settings = with(&[]).expect("good settings");
        assert_eq!(settings.group("usher.planner.acme"), "usher.planner.acme");
        settings.prefix = "staging-usher.".into();
        assert_eq!(settings.group("usher.planner.acme"), "staging-usher.planner.acme");
        assert_eq!(settings.topic(Stream::DeadLetters), "staging-usher.dead-letters");
    }
}
