//! What the real binary tells about itself: the metrics that dashboards rely on, and nothing that is nobody's business.

use serde_json::Value;
use usher::sandbox::{
    self, Account, Effect, Fault, When,
    webhook::{Delivery, Happening},
};

use crate::support::{
    face::{Face, eventually},
    ground::{ACME, ADMIN_TOKEN, GLOBEX, Ground},
    usher::Usher,
};

const SCHEMES: &str = "
    { id: contractors, source: acme, trigger: on_create, test_mode: false, select: { email_domain: [contractor.example] },
      exempt: { users: [somebody] }, actions: [{ add_groups: [held, contractors, missing] }] },
    { id: trial, source: acme, trigger: on_create, select: { everyone: true }, actions: [{ add_groups: [trial] }] },
    { id: welcome, source: globex, trigger: on_create, test_mode: false, select: { everyone: true },
      actions: [{ add_groups: [contractors] }, { remove_groups: [held] }] },
    { id: hidden, source: globex, trigger: on_create, test_mode: false, select: { email_domain: [contractor.example] },
      actions: [{ add_groups: [contractors] }] }";

/// What must never be seen: names and addresses of the users here, and every secret.
const PRIVATE: [&str; 9] = [
    "xaver",
    "yolanda",
    "contractor.example",
    "nobody-knows",
    ACME.secret,
    GLOBEX.secret,
    ADMIN_TOKEN,
    sandbox::TOKEN,
    sandbox::ACCOUNT_EMAIL,
];

/// A little of everything.
async fn traffic(ground: &Ground, usher: &Usher) {
    let xaver = Account::new("KEY1", "xaver").email("xaver@contractor.example");
    let yolanda = Account::new("cloud:2", "yolanda").email("yolanda@contractor.example").hide_email();
    ground.sandbox.put_user(ACME.product, xaver.clone());
    ground.sandbox.put_user(GLOBEX.product, yolanda.clone());
    ground.sandbox.add_member(ACME.product, "KEY1", "held").expect("both are there");
    ground.sandbox.add_member(GLOBEX.product, "cloud:2", "held").expect("both are there");
    for effect in [
        Effect::TooManyRequests { retry_after: Some(1) },
        Effect::Fail { status: 500, retry_after: None, after_work: true },
        Effect::Cut { after_work: true },
    ] {
        ground.sandbox.inject(Fault::new(effect).site(GLOBEX.product).method("POST").when(When::Next(1)));
    }
    let created = Delivery::of(ACME.product, Happening::Created, &xaver);
    for delivery in [&created, &created, &Delivery::of(ACME.product, Happening::Updated, &xaver)] {
        usher.deliver(ACME, delivery).await;
    }
    usher.tell(GLOBEX, Happening::Created, &yolanda).await;
    usher.tell(GLOBEX, Happening::Deleted, &yolanda).await;
    let by_name = Delivery::raw(r#"{"webhookEvent":"user_login","user":{"name":"nobody-knows"}}"#);
    usher.deliver(ACME, &by_name).await;
    let gone = Account::new("GONE", "xaver-2").email("xaver-2@contractor.example");
    usher.tell(ACME, Happening::Created, &gone).await;
    for (path, delivery, status) in [
        ("acme", created.clone(), 401),
        ("acme", created.clone().sign(GLOBEX.secret), 401),
        ("nowhere", created.clone().sign(ACME.secret), 401),
        ("acme", Delivery::raw("{\"user\":\"xaver").sign(ACME.secret), 400),
        ("acme", Delivery::raw(r#"{"test":true}"#), 200),
        ("acme", Delivery::raw(r#"{"webhookEvent":"xaver"}"#).sign(ACME.secret), 200),
        ("acme", Delivery::raw(vec![b'x'; 1024 * 1024 + 1]), 413),
    ] {
        assert_eq!(usher.deliver_raw(&format!("/webhooks/{path}"), &delivery).await.0.as_u16(), status);
    }
    usher.drain().await;
    ground.sandbox.inject(Fault::new(Effect::Unauthorized).site(ACME.product));
    usher.tell(ACME, Happening::Created, &Account::new("KEY9", "xaver-9")).await;
    let halted = "usher_source_halted{source=\"acme\"}";
    eventually("acme is stopped", || async { usher.metric(halted).await.filter(|halted| *halted > 0.0) }).await;
    // It is counted now and then: at first it may be that of a moment before.
    eventually("the lag is the one event", || async {
        let lag = usher.metric("usher_log_lag_records{stream=\"events\"}").await;
        lag.filter(|lag| (*lag - 1.0).abs() < f64::EPSILON)
    })
    .await;
}

/// Every series with its value, as they must be after [`traffic`].
const SERIES: &str = r#"
usher_webhooks_total{result="accepted",source="acme"} 6
usher_webhooks_total{result="accepted",source="globex"} 2
usher_webhooks_total{result="ignored",source="acme"} 2
usher_webhooks_total{result="malformed",source="acme"} 1
usher_webhooks_total{result="too_large",source="acme"} 1
usher_webhooks_total{result="unauthorized",source="acme"} 2
usher_webhooks_total{result="unauthorized",source="unknown"} 1
usher_webhook_seconds_count 15
usher_events_total{kind="created",source="acme"} 4
usher_events_total{kind="updated",source="acme"} 1
usher_events_total{kind="logged_in",source="acme"} 1
usher_events_total{kind="created",source="globex"} 1
usher_events_total{kind="removed",source="globex"} 1
usher_decisions_total{result="selected",scheme="contractors",source="acme"} 1
usher_decisions_total{result="unknown",scheme="contractors",source="acme"} 1
usher_decisions_total{result="selected",scheme="trial",source="acme"} 2
usher_decisions_total{result="nothing",scheme="",source="acme"} 2
usher_decisions_total{result="selected",scheme="welcome",source="globex"} 1
usher_decisions_total{result="unknown",scheme="hidden",source="globex"} 1
usher_decisions_total{result="nothing",scheme="",source="globex"} 1
usher_steps_total{action="add_groups",result="unchanged",source="acme"} 1
usher_steps_total{action="add_groups",result="changed",source="acme"} 1
usher_steps_total{action="add_groups",result="tested",source="acme"} 1
usher_steps_total{action="add_groups",result="failed",source="acme"} 2
usher_steps_total{action="add_groups",result="changed",source="globex"} 1
usher_steps_total{action="remove_groups",result="changed",source="globex"} 1
usher_duplicates_total{stage="planner"} 1
usher_dead_letters_total{stage="executor"} 2
usher_product_throttled_total{source="acme"} 0
usher_product_throttled_total{source="globex"} 1
usher_source_halted{source="acme"} 1
usher_source_halted{source="globex"} 0
usher_source_unreachable{source="acme"} 0
usher_source_unreachable{source="globex"} 0
usher_component_failing{component="log"} 0
usher_component_failing{component="views"} 0
usher_component_failing{component="settings"} 0
usher_component_failing{component="planner acme"} 0
usher_log_lines_dropped_total 0
usher_trace_spans_dropped_total{reason="queue_full"} 0
usher_trace_spans_dropped_total{reason="not_taken"} 0
usher_log_lag_records{stream="events"} 1
usher_log_lag_records{stream="decisions"} 0
usher_ready{waiting_for=""} 1
usher_partitions{source="acme",stage="planner",state="held"} 4
usher_partitions{source="globex",stage="executor",state="held"} 4
usher_partitions{source="globex",stage="sweeper",state="restoring"} 0
usher_partitions{source="acme",stage="feed",state="held"} 0
usher_restore_seconds_count 24
usher_rebalances_total{group_stage="planner"} 0
usher_store_rebuilds_total 0
usher_runs{state="held"} 0
usher_runs{state="running"} 0
usher_paused{id="acme",kind="source"} 0
usher_paused{id="contractors",kind="scheme"} 0
"#;

async fn assert_metrics(face: &Face) {
    let text = face.open_page("metrics").await.1;
    let there: Vec<&str> = text.lines().collect();
    for series in SERIES.trim().lines() {
        assert!(there.contains(&series), "no `{series}` in\n{text}");
    }
    for begin in [
        "usher_product_request_seconds_count{operation=\"add_to_group\",source=\"acme\",status=\"201\"}",
        "usher_product_request_seconds_count{operation=\"read_user\",source=\"acme\",status=\"200\"}",
        "usher_product_request_seconds_count{operation=\"read_user\",source=\"acme\",status=\"404\"}",
        "usher_product_request_seconds_count{operation=\"read_user\",source=\"acme\",status=\"401\"}",
        "usher_product_request_seconds_count{operation=\"add_to_group\",source=\"globex\",status=\"429\"}",
        "usher_product_request_seconds_count{operation=\"remove_from_group\",source=\"globex\",status=\"200\"}",
        "usher_event_to_action_seconds_count ",
        "usher_sweep_event_to_action_seconds_count 0",
        "usher_credentials_expiry_seconds{source=\"acme\"}",
        "usher_build_info{commit=",
        "usher_webhook_last_accepted_timestamp_seconds{source=\"acme\"}",
        "usher_view_lag_records{stream=\"decisions\"}",
        "usher_view_lag_records{stream=\"activity\"}",
        "usher_append_seconds_count ",
        "usher_data_free_bytes ",
        "usher_data_bytes{part=\"log\"}",
        "usher_data_bytes{part=\"other\"}",
        "process_resident_memory_bytes ",
        "process_cpu_seconds_total ",
        "process_open_fds ",
        "process_max_fds ",
        "process_start_time_seconds ",
    ] {
        assert!(there.iter().any(|line| line.starts_with(begin)), "no `{begin}` in\n{text}");
    }
    for name in there.iter().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
        assert!(name.starts_with("usher_") || name.starts_with("process_"), "{name}");
        assert!(there.iter().any(|line| line.starts_with(&format!("# HELP {name} "))), "no help for {name}");
        assert!(DOCUMENT.contains(&format!("`{name}`")), "docs/api.md says nothing of {name}");
    }
    for name in documented() {
        assert!(text.contains(&format!("# TYPE {name} ")), "docs/api.md tells of {name}, which is not there");
    }
}

/// What the table of metrics has, but for those that are there only now and then.
fn documented() -> impl Iterator<Item = &'static str> {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `usher_")?.split_once("` | "));
    let rows = rows.filter(|(_, rest)| ["counter", "gauge", "histogram"].iter().any(|kind| rest.starts_with(kind)));
    let names = rows.map(|(name, _)| &DOCUMENT[DOCUMENT.find(&format!("`usher_{name}`")).expect("it is there") + 1..]);
    names.map(|rest| rest.split('`').next().expect("a name")).filter(|name| !NOW_AND_THEN.contains(name))
}

/// There only once something has happened that does not happen in this test.
const NOW_AND_THEN: [&str; 3] =
    ["usher_feed_lag_seconds", "usher_schedule_next_timestamp_seconds", "usher_config_needs_restart"];

const DOCUMENT: &str = include_str!("../../../docs/api.md");

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_their_names_and_neither_they_nor_the_log_tell_secrets_or_names() {
    let ground = Ground::new(SCHEMES)
        .groups(&["held", "contractors", "trial"])
        .tweak("USHER_SOURCES__0__CREDENTIALS_EXPIRE", "2027-03-01")
        .tweak("RUST_LOG", "info,usher=debug");
    let usher = Usher::start(&ground).await;
    traffic(&ground, &usher).await;
    assert_metrics(&usher).await;
    let (metrics, page) = (usher.open_page("metrics").await.1, usher.open_page("readyz").await.1);
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success());
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).expect("every line is JSON");
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
    }
    for told in ["\"run ended\"", "\"step ended\"", "\"dead letter\"", "\"decided\"", "source stopped", "trying again"]
    {
        assert!(log.contains(told), "the log does not tell of {told}:\n{log}");
    }
    for word in PRIVATE {
        for (what, text) in [("metrics", &metrics), ("readyz", &page), ("log", &log)] {
            let found = text.lines().find(|line| line.to_lowercase().contains(&word.to_lowercase()));
            assert_eq!(found, None, "`{word}` is in the {what}");
        }
    }
    let events: Vec<_> = ground.ledger().lock().expect("not poisoned").iter().map(|one| one.event.clone()).collect();
    let told = |event: &&String| log.contains(&format!("\"event.id\":\"{event}\""));
    assert!(events.iter().filter(told).count() >= events.len() - 1, "all but the last are followed by their id");
}
