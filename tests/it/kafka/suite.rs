//! What every log promises, on Kafka.

use std::sync::Arc;

use async_trait::async_trait;
use usher::{
    config::KafkaConfig,
    log::{Log, kafka::KafkaLog},
};

use crate::{
    log_suite::{Fixture, log_suite},
    support::kafka::KafkaBroker,
};

/// Topics of its own on the shared broker.
struct KafkaFixture(KafkaConfig);

#[async_trait]
impl Fixture for KafkaFixture {
    async fn new() -> Self {
        Self(KafkaBroker::shared().config(3))
    }

    async fn open(&self) -> Arc<dyn Log> {
        Arc::new(KafkaLog::open(&self.0).await.unwrap())
    }
}

log_suite!(kafka, KafkaFixture);
