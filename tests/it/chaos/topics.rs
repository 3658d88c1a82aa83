//! Topics that an administrator deletes.

use std::time::Duration;

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    error::RDKafkaErrorCode,
};
use usher::{config::KafkaConfig, log::Stream};

/// How long a busy broker may take.
const ANSWER: Duration = Duration::from_secs(20);

/// Deletes the topic of `stream`; says what went wrong.
pub async fn delete(kafka: &KafkaConfig, stream: Stream) -> Result<(), String> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", kafka.brokers.join(",")).create().expect("a client");
    let name = format!("{}{stream}", kafka.topic_prefix);
    let options = AdminOptions::new().request_timeout(Some(ANSWER)).operation_timeout(Some(ANSWER));
    let results = admin.delete_topics(&[&name], &options).await.map_err(|error| error.to_string())?;
    results.into_iter().try_for_each(|result| match result {
        // Where the answer of the attempt before was late it is gone already.
        Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic)) => Ok(()),
        Err((name, code)) => Err(format!("{name}: {code}")),
    })
}
