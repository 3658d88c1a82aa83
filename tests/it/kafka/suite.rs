//! What every log promises, on Kafka.

use std::sync::Arc;

use async_trait::async_trait;
use usher::{
    config::KafkaConfig,
    log::{Log, Stream, kafka::KafkaLog},
};

use super::topics::compact_soon;
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

    async fn open_later(&self) -> Arc<dyn Log> {
        for stream in Stream::ALL.into_iter().filter(|stream| stream.is_compacted()) {
            compact_soon(&self.0, stream).await;
        }
        self.open().await
    }
}

log_suite!(kafka, KafkaFixture);
