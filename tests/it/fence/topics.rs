//! Topics that are deleted, or take no records of usher's length, while usher runs.

use std::time::Duration;

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier},
    client::DefaultClientContext,
};
use reqwest::StatusCode;
use usher::{
    config::KafkaConfig,
    log::Stream,
    sandbox::{Account, webhook::Happening},
};

use crate::support::{
    face::eventually,
    ground::{ACME, Ground},
    kafka::KafkaBroker,
    usher::Usher,
};

const SCHEME: &str = r#"{ id: welcome, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
  actions: [{ add_groups: [staff] }] }"#;

fn on(kafka: &KafkaConfig) -> Ground {
    Ground::new(SCHEME).groups(&["staff"]).tweak("USHER_SOURCES__0__MASS_CREATION", "off").on_kafka(kafka)
}

fn admin(kafka: &KafkaConfig) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", kafka.brokers.join(",")).create().expect("a client")
}

fn topic(kafka: &KafkaConfig, stream: Stream) -> String {
    format!("{}{stream}", kafka.topic_prefix)
}

fn put(ground: &Ground, name: &str) -> Account {
    let account = Account::new(format!("KEY-{name}"), name);
    ground.sandbox.put_user(ACME.product, account.clone());
    account
}

/// Waits until it is not ready, because of `what`; gives why.
async fn not_ready(usher: &Usher, what: &str) -> String {
    eventually(&format!("not ready because of {what}"), || async {
        let (status, text) = usher.open_page("readyz").await;
        (status == StatusCode::SERVICE_UNAVAILABLE && text.contains(what)).then_some(text)
    })
    .await
}

async fn ready(usher: &Usher) {
    eventually("ready", || async { (usher.open_page("readyz").await.0 == StatusCode::OK).then_some(()) }).await;
}

pub(super) async fn delete(kafka: &KafkaConfig, stream: Stream) {
    let topic = topic(kafka, stream);
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(10)));
    admin(kafka).delete_topics(&[&topic], &options).await.expect("an answer")[0].as_ref().expect("deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_deleted_is_made_again_and_usher_starts_anew_and_does_what_is_left() {
    let kafka = KafkaBroker::shared().config(2);
    let ground = on(&kafka);
    let usher = Usher::replica(&ground, "data").await;
    let first = usher.tell(ACME, Happening::Created, &put(&ground, "first")).await;
    usher.settled(&first).await;

    delete(&kafka, Stream::Outcomes).await;
    for number in 0..10 {
        usher.tell(ACME, Happening::Created, &put(&ground, &format!("user-{number}"))).await;
    }
    not_ready(&usher, "stream outcomes").await;
    let (status, log) = usher.wait();
    assert_eq!(status.code(), Some(1), "{log}");
    let line = format!("the Kafka topic {} was deleted: it is made again", topic(&kafka, Stream::Outcomes));
    assert!(log.contains(&line), "{log}");
    assert!(log.lines().count() < 300, "it says it again and again: {log}");

    let usher = Usher::replica(&ground, "data").await;
    ready(&usher).await;
    let added = || async {
        let effects = ground.effects();
        (effects.iter().filter(|effect| effect.ends_with("+staff")).count() >= 11).then_some(())
    };
    eventually("everybody is welcomed", added).await;
    let mut effects = ground.effects();
    effects.sort();
    effects.dedup();
    assert_eq!(effects.len(), ground.effects().len(), "nothing is done twice");
    let last = usher.tell(ACME, Happening::Created, &put(&ground, "last")).await;
    assert_eq!(usher.ended(&last).await, ["welcome: add_groups staff changed"]);
}

async fn takes_at_most(kafka: &KafkaConfig, stream: Stream, bytes: &str) {
    let topic = topic(kafka, stream);
    let longest = AlterConfig::new(ResourceSpecifier::Topic(&topic)).set("max.message.bytes", bytes);
    admin(kafka).alter_configs([&longest], &AdminOptions::new()).await.expect("an answer")[0].as_ref().expect("set");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_refuses_records_for_their_length_is_named_with_what_to_set() {
    let kafka = KafkaBroker::shared().config(2);
    let ground = on(&kafka);
    let usher = Usher::replica(&ground, "data").await;
    ready(&usher).await;
    takes_at_most(&kafka, Stream::Outcomes, "100").await;
    let told = usher.tell(ACME, Happening::Created, &put(&ground, "jane")).await;
    let why = not_ready(&usher, "max.message.bytes").await;
    assert!(why.contains(&topic(&kafka, Stream::Outcomes)), "{why}");
    assert_eq!(ground.effects(), Vec::<String>::new(), "nothing without its attempt");

    takes_at_most(&kafka, Stream::Outcomes, "4194304").await;
    assert_eq!(usher.ended(&told).await, ["welcome: add_groups staff changed"]);
    ready(&usher).await;
}
