//! Topics and access rules for Strimzi.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use usher::log::{Stream, kafka::topic_settings};

use super::{text, yaml};

const REPLICAS: u16 = 3;

/// What the file says of each topic, by its name.
fn topics() -> BTreeMap<String, Value> {
    let name = |topic: &Value| topic["metadata"]["name"].as_str().expect("a name").to_owned();
    yaml("deploy/strimzi/topics.yaml").into_iter().map(|topic| (name(&topic), topic["spec"].clone())).collect()
}

#[test]
fn the_topics_for_strimzi_are_those_that_usher_makes() {
    let as_text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let topics = topics();
    assert_eq!(topics.len(), Stream::ALL.len());
    for stream in Stream::ALL {
        let spec = &topics[&format!("usher.{stream}")];
        let config = spec["config"].as_object().expect("settings");
        let config: BTreeMap<_, _> = config.iter().map(|(key, value)| (key.clone(), as_text(value))).collect();
        let made = topic_settings(stream, REPLICAS).into_iter();
        assert_eq!(config, made.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(), "{stream}");
        assert_eq!((&spec["replicas"], &spec["partitions"]), (&json!(REPLICAS), &json!(12)), "{stream}");
    }
}

#[test]
fn the_pages_name_each_topic() {
    for page in ["docs/operations.md", "deploy/strimzi/README.md"] {
        let text = text(page);
        for stream in Stream::ALL {
            assert!(text.contains(&format!("`usher.{stream}`")), "{page} says nothing of usher.{stream}");
        }
    }
}

#[test]
fn the_account_for_strimzi_has_topics_and_groups_under_the_prefix_and_nothing_else() {
    let user = yaml("deploy/strimzi/user.yaml").remove(0);
    let rules = user["spec"]["authorization"]["acls"].as_array().expect("rules").clone();
    let all: Vec<_> = rules.iter().map(|rule| (&rule["resource"]["type"], &rule["resource"]["name"])).collect();
    assert_eq!(all, [(&json!("topic"), &json!("usher.")), (&json!("group"), &json!("usher."))]);
    assert!(rules.iter().all(|rule| rule["resource"]["patternType"] == "prefix"));
}
