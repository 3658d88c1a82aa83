//! What is measured beside each other, and how each is started.

use std::{cell::Cell, fs, path::Path};

use anyhow::Context;
use rdkafka::mocking::MockCluster;
use tempfile::TempDir;
use url::Url;
use usher::{config::KafkaConfig, log::Stream, sandbox};

use super::{cpu::Cores, deliveries::SECRET, kafka::KafkaBroker, process::Process};

/// One thing that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lane {
    /// The same server with the check of the signature alone.
    Bare,
    /// usher on the embedded log, taking in and nothing else.
    Embedded,
    /// usher on Kafka, taking in and nothing else.
    Kafka,
    /// The same with librdkafka's mock cluster, in memory, for Kafka.
    KafkaMock,
    /// usher on the embedded log, with planner and executor at work on what is taken in.
    EmbeddedWithEngine,
}

impl Lane {
    /// The name in the table and in the JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bare => "signature check alone",
            Self::Embedded => "embedded",
            Self::Kafka => "Kafka",
            Self::KafkaMock => "Kafka, mock in memory",
            Self::EmbeddedWithEngine => "embedded, engine at work",
        }
    }
}

/// Which users the scheme selects.
#[derive(Debug, Clone, Copy)]
pub enum Select<'a> {
    /// None of them, as their e-mail address tells already: no product is called.
    Nobody,
    /// All of them, in this Jira.
    Everyone(&'a Url),
}

/// What all lanes are started with.
pub struct Ground {
    /// Who runs where.
    pub cores: Cores,
    mock: Option<MockCluster<'static, rdkafka::producer::DefaultProducerContext>>,
    /// Options of Kafka's clients, as they stand in a configuration.
    kafka_options: String,
    started: Cell<u32>,
}

/// A server under test, with a data folder of its own that ends with it.
pub struct Running {
    /// The server.
    pub process: Process,
    /// Its folder.
    pub folder: TempDir,
    /// Its cluster and topics, where it has some.
    pub kafka: Option<KafkaConfig>,
}

impl Ground {
    /// Starts what the lanes share.
    pub fn new(cores: Cores, lanes: &[Lane], kafka_options: &[String]) -> anyhow::Result<Self> {
        let mock = lanes.contains(&Lane::KafkaMock).then(|| MockCluster::new(1)).transpose()?;
        if lanes.contains(&Lane::Kafka) {
            KafkaBroker::shared();
        }
        let option =
            |option: &String| option.split_once('=').map(|(key, value)| format!("{key:?}: {{ value: {value:?} }}"));
        let kafka_options: Option<Vec<_>> = kafka_options.iter().map(option).collect();
        let kafka_options = kafka_options.context("an option of Kafka is written key=value")?.join(", ");
        Ok(Self { cores, mock, kafka_options, started: Cell::new(0) })
    }

    /// Starts the server of `lane` on an empty log.
    pub fn start(&self, lane: Lane) -> anyhow::Result<Running> {
        self.start_selecting(lane, Select::Nobody, lane == Lane::EmbeddedWithEngine)
    }

    /// Starts the server of `lane` on an empty log, for users of whom the scheme selects those of `select`.
    pub fn start_selecting(&self, lane: Lane, select: Select<'_>, engine: bool) -> anyhow::Result<Running> {
        // Below target/, so that it is on the same disk wherever /tmp is.
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
        let kafka = self.kafka(lane)?;
        let config = folder.path().join("usher.yaml");
        fs::write(&config, configuration(folder.path(), kafka.as_ref(), &self.kafka_options, select)?)?;
        let config = config.to_str().context("the target folder's name is not text")?;
        let role = match (lane, engine) {
            (Lane::Bare, _) => vec!["bare"],
            (_, true) => vec!["usher", config, "--engine"],
            (_, false) => vec!["usher", config],
        };
        let process = Process::start(self.cores.server, &role, &folder.path().join("log.txt"))?;
        Ok(Running { process, folder, kafka })
    }

    /// Topics that no other start has.
    fn kafka(&self, lane: Lane) -> anyhow::Result<Option<KafkaConfig>> {
        const PARTITIONS: u16 = 12;
        self.started.set(self.started.get() + 1);
        match (lane, &self.mock) {
            (Lane::Kafka, _) => Ok(Some(KafkaBroker::shared().config(PARTITIONS))),
            (Lane::KafkaMock, Some(mock)) => {
                let topic_prefix = format!("bench-{}.", self.started.get());
                for stream in Stream::ALL {
                    mock.create_topic(&format!("{topic_prefix}{stream}"), i32::from(PARTITIONS), 1)?;
                }
                let brokers = vec![mock.bootstrap_servers()];
                Ok(Some(KafkaConfig { brokers, topic_prefix, partitions: PARTITIONS, ..KafkaConfig::default() }))
            }
            _ => Ok(None),
        }
    }
}

fn configuration(
    folder: &Path,
    kafka: Option<&KafkaConfig>,
    options: &str,
    select: Select<'_>,
) -> anyhow::Result<String> {
    let log = match kafka {
        None => "{ kind: embedded }".to_owned(),
        Some(kafka) => format!(
            "{{ kind: kafka, kafka: {{ brokers: {:?}, topic_prefix: {:?}, partitions: {}, replication_factor: 1, options: {{ {options} }} }} }}",
            kafka.brokers, kafka.topic_prefix, kafka.partitions
        ),
    };
    let (select, jira) = match select {
        Select::Nobody => ("{ email_domain: [elsewhere.example] }", "http://127.0.0.1:9/"),
        Select::Everyone(jira) => ("{ everyone: true }", jira.as_str()),
    };
    let data = folder.join("data");
    Ok(include_str!("usher.yaml")
        .replace("${DATA}", data.to_str().context("the target folder's name is not text")?)
        .replace("${LOG}", &log)
        .replace("${JIRA}", jira)
        .replace("${TOKEN}", sandbox::TOKEN)
        .replace("${SECRET}", SECRET)
        .replace("${SELECT}", select))
}
