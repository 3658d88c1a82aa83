//! Groups that take a member in, and groups that refuse it.

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use reqwest::StatusCode;
use usher::{
    log::{Joining, Log, Stream, kafka::KafkaLog},
    secret::Secret,
};

use super::{outages, soon};
use crate::support::{face::eventually, ground::Ground, kafka::KafkaBroker, usher::Usher};

const GROUP: &str = "usher.planner.acme";

const SCHEME: &str = r#"{ id: welcome, source: acme, trigger: on_create, test_mode: false, select: { everyone: true },
  actions: [{ add_groups: [staff] }] }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_member_without_partitions_is_joined_and_stays_so_while_partitions_move() {
    let log = KafkaLog::open(&KafkaBroker::shared().config(1)).await.unwrap();
    let mut first = log.consume(Stream::Events, GROUP).await.unwrap();
    soon(first.joining.wait_for(|joining| *joining == Joining::Joined)).await.unwrap();
    let assignment = soon(first.assignments.recv()).await.unwrap();
    let mut second = log.consume(Stream::Events, GROUP).await.unwrap();
    soon(second.joining.wait_for(|joining| *joining == Joining::Joined)).await.unwrap();
    assert!(second.assignments.try_recv().is_err(), "there is but one");
    assert_eq!(*first.joining.borrow(), Joining::Joined);
    drop((assignment, first.membership));
    soon(second.assignments.recv()).await.unwrap();
    assert_eq!(*second.joining.borrow(), Joining::Joined);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_not_authorized_is_refused_until_it_is() {
    let cluster = outages::mock();
    let denied = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED; 3];
    cluster.request_errors(RDKafkaApiKey::FindCoordinator, &denied);
    let log = KafkaLog::open(&outages::config(&cluster.bootstrap_servers())).await.unwrap();
    let mut consumer = log.consume(Stream::Events, GROUP).await.unwrap();
    let refused = consumer.joining.wait_for(|joining| *joining != Joining::Underway);
    let refused = soon(refused).await.unwrap().clone();
    assert!(matches!(&refused, Joining::Refused(why) if why.contains("group authorization failed")), "{refused:?}");
    soon(consumer.joining.wait_for(|joining| *joining == Joining::Joined)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn usher_whose_groups_can_not_be_joined_is_not_ready_and_says_what_to_do() {
    let mut kafka = KafkaBroker::shared().config(2);
    // Less than the brokers allow.
    kafka.options = [("session.timeout.ms", "1500")].map(|(key, value)| (key.to_owned(), Secret::new(value))).to_vec();
    let usher = Usher::start(&Ground::new(SCHEME).groups(&["staff"]).on_kafka(&kafka)).await;
    let why = eventually("the groups refuse it", || async {
        let (status, text) = usher.open_page("readyz").await;
        // Until they have answered it may be ready: deliveries can be taken in.
        let refused = text.contains("planner acme") && text.contains("executor acme");
        (status == StatusCode::SERVICE_UNAVAILABLE && refused && text.contains("group.min.session.timeout.ms"))
            .then_some(text)
    })
    .await;
    for component in ["planner acme", "executor acme"] {
        assert!(why.contains(component), "{why}");
    }
}
