//! Two processes that share a log on Kafka.

use std::collections::BTreeMap;

use super::{Product, all_are_decided, ground, looked, person};
use crate::support::{face::eventually, kafka::KafkaBroker, usher::Usher};

/// There only in the process that follows the feed.
const LAG: &str = "usher_feed_lag_seconds{source=\"acme\"}";

#[tokio::test(flavor = "multi_thread")]
async fn one_of_two_processes_follows_a_feed_and_the_other_takes_over_when_it_is_killed() {
    let kafka = KafkaBroker::shared().config(2);
    let ground = ground().on_kafka(&kafka);
    let (one, other) = (Usher::replica(&ground, "one").await, Usher::replica(&ground, "other").await);
    let one_follows = eventually("one of them follows the feed", || async {
        match (one.metric(LAG).await, other.metric(LAG).await) {
            (Some(_), None) => Some(true),
            (None, Some(_)) => Some(false),
            _ => None, // none yet, or the one hands it over to the other
        }
    })
    .await;
    looked(&ground, 3).await;
    let mut logins = BTreeMap::<String, usize>::new();
    let mut log_in = |number| {
        ground.sandbox.log_in(Product::JiraDc, &person(number)).expect("a user");
        *logins.entry(person(number)).or_default() += 1;
        logins.clone()
    };
    log_in(0);
    let so_far = log_in(1);
    let (leader, follower) = if one_follows { (one, other) } else { (other, one) };
    all_are_decided(&follower, &so_far).await;
    leader.kill();
    log_in(0);
    let logins = log_in(2);
    eventually("the other takes over", || follower.metric(LAG)).await;
    all_are_decided(&follower, &logins).await;
    looked(&ground, 3).await;
    for (user, count) in &logins {
        let decisions = follower.list("decisions", &[("source", "acme"), ("user", user)]).await;
        assert_eq!(decisions.len(), *count, "{user}");
    }
}
