//! Traces of the real binary, as a collector receives them.

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind};
use serde_json::Value;
use usher::sandbox::{
    self, Account,
    webhook::{Delivery, Happening},
};

use crate::support::{
    collector::{Collector, attribute},
    face::eventually,
    ground::{ACME, ADMIN_TOKEN, Ground},
    usher::Usher,
};

const EVERYBODY: &str = "
    { id: everybody, source: acme, trigger: on_create, test_mode: false, select: { email_domain: [contractor.example] },
      actions: [{ add_groups: [staff] }] }";

/// What must not be in any span.
const PRIVATE: [&str; 7] =
    ["KEY1", "xaver", "contractor.example", "staff", ACME.secret, ADMIN_TOKEN, sandbox::ACCOUNT_EMAIL];

const SENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn ground(endpoint: &str) -> Ground {
    Ground::new(EVERYBODY)
        .groups(&["staff"])
        .tweak("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .tweak("OTEL_BSP_SCHEDULE_DELAY", "50")
        .tweak("RUST_LOG", "info,usher=debug")
}

/// Somebody is created, and a group is given to them; the delivery names a trace.
async fn tell(ground: &Ground, usher: &Usher) -> String {
    let account = Account::new("KEY1", "xaver").email("xaver@contractor.example");
    ground.sandbox.put_user(ACME.product, account.clone());
    let delivery = Delivery::of(ACME.product, Happening::Created, &account).header("traceparent", SENT);
    let accepted = usher.deliver(ACME, &delivery).await;
    usher.settled(&accepted).await;
    accepted.event
}

/// The spans of the trace of the one webhook, once those that are looked for are there.
async fn spans(collector: &Collector, names: &[&str]) -> Vec<Span> {
    eventually("the spans are there", || async {
        let spans = collector.spans();
        names.iter().all(|name| spans.iter().any(|span| span.name == *name)).then_some(spans)
    })
    .await
}

fn named<'s>(spans: &'s [Span], name: &str) -> &'s Span {
    spans.iter().find(|span| span.name == name).expect("it is there")
}

const NAMES: [&str; 7] = [
    "POST /webhooks/{source}",
    "send events",
    "process events",
    "send decisions",
    "process decisions",
    "step add_groups",
    "add_to_group",
];

fn assert_parents_and_links(spans: &[Span]) {
    let root = named(spans, "POST /webhooks/{source}");
    for (name, parent, kind) in [
        ("send events", "POST /webhooks/{source}", SpanKind::Producer),
        ("process events", "send events", SpanKind::Consumer),
        ("send decisions", "process events", SpanKind::Producer),
        ("process decisions", "send decisions", SpanKind::Consumer),
        ("step add_groups", "process decisions", SpanKind::Internal),
        ("add_to_group", "step add_groups", SpanKind::Client),
    ] {
        let (span, parent) = (named(spans, name), named(spans, parent));
        assert_eq!(span.trace_id, root.trace_id, "{name}");
        assert_eq!(span.parent_span_id, parent.span_id, "{name}");
        assert_eq!(span.kind(), kind, "{name}");
        let links: Vec<_> = span.links.iter().map(|link| (&link.trace_id, &link.span_id)).collect();
        let is_stage = name.starts_with("process ");
        let linked = if is_stage { vec![(&parent.trace_id, &parent.span_id)] } else { vec![] };
        assert_eq!(links, linked, "{name}");
    }
}

/// The histograms with the trace that is the example of one of their buckets. The text is OpenMetrics, or this fails.
async fn exemplars(usher: &Usher) -> Vec<(String, String)> {
    let url = format!("http://{}/metrics", usher.admin);
    let answer = usher.http.get(url).header("accept", "application/openmetrics-text").send().await.expect("an answer");
    let kind = answer.headers().get("content-type").expect("a kind").to_str().expect("text").to_owned();
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = answer.text().await.expect("text");
    let (mut family, mut exemplars) = (("", ""), Vec::new());
    let lines = text.strip_suffix("# EOF\n").expect("it ends with `# EOF`").lines();
    for line in lines {
        if let Some(of) = line.strip_prefix("# TYPE ") {
            family = of.split_once(' ').expect("a name and a type");
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (sample, exemplar) = line.split_once(" # ").map_or((line, None), |(sample, of)| (sample, Some(of)));
        let name = &sample[..sample.find(['{', ' ']).expect("the end of the name")];
        let suffix = name.strip_prefix(family.0).expect("it belongs to the family before it");
        let suffixes: &[&str] = match family.1 {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            other => unreachable!("usher has no {other}"),
        };
        assert!(suffixes.contains(&suffix), "{line}");
        assert!(sample.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok()), "{line}");
        if let Some(exemplar) = exemplar {
            let (trace, rest) =
                exemplar.strip_prefix("{trace_id=\"").and_then(|of| of.split_once("\"} ")).expect("ids");
            assert!(rest.split(' ').all(|number| number.parse::<f64>().is_ok()), "{line}");
            exemplars.push((family.0.to_owned(), trace.to_owned()));
        }
    }
    exemplars
}

#[tokio::test(flavor = "multi_thread")]
async fn one_webhook_is_one_trace_across_the_log_that_names_nobody() {
    let collector = Collector::start().await;
    let ground = ground(&collector.endpoint()).tweak("OTEL_TRACES_SAMPLER", "always_on");
    let usher = Usher::start(&ground).await;
    let event = tell(&ground, &usher).await;
    let spans = spans(&collector, &NAMES).await;
    let exemplars = exemplars(&usher).await;
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success());
    let trace = hex::encode(&named(&spans, "POST /webhooks/{source}").trace_id);
    assert_eq!(
        exemplars,
        ["usher_event_to_action_seconds", "usher_webhook_seconds"].map(|of| (of.into(), trace.clone()))
    );

    let root = named(&spans, "POST /webhooks/{source}");
    assert!(root.parent_span_id.is_empty(), "senders are not trusted");
    assert_eq!(root.kind(), SpanKind::Server);
    assert_parents_and_links(&spans);
    for (name, key, value) in [
        ("POST /webhooks/{source}", "usher.source", "acme"),
        ("POST /webhooks/{source}", "http.response.status_code", "200"),
        ("send events", "usher.event.id", &*event),
        ("send events", "messaging.system", "usher"),
        ("send events", "messaging.kafka.offset", "0"),
        ("process events", "messaging.destination.name", "events"),
        ("process events", "messaging.kafka.offset", "0"),
        ("process events", "usher.event.id", &event),
        ("process decisions", "usher.source", "acme"),
        ("step add_groups", "usher.result", "changed"),
        ("step add_groups", "usher.scheme", "everybody"),
        ("add_to_group", "http.request.method", "POST"),
        ("add_to_group", "http.response.status_code", "201"),
    ] {
        assert_eq!(attribute(named(&spans, name), key).as_deref(), Some(value), "{name}: {key}");
    }
    assert!(attribute(named(&spans, "process events"), "messaging.destination.partition.id").is_some());
    assert_eq!(collector.resource("service.name").as_deref(), Some("usher"));
    let everything = collector.everything();
    for word in PRIVATE {
        assert!(!everything.to_lowercase().contains(&word.to_lowercase()), "{word}: {everything}");
    }

    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("every line is JSON"));
    let told: Vec<_> = lines.filter(|line| line["event.id"] == *event).collect();
    for message in ["accepted", "decided", "step ended"] {
        let line = told.iter().find(|line| line["message"] == message).expect("it is logged");
        assert_eq!(line["trace_id"], *trace, "{line}");
        let span = line["span_id"].as_str().expect("an id");
        assert!(spans.iter().any(|known| hex::encode(&known.span_id) == span), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_a_part_of_the_trace_that_a_trusted_sender_names() {
    let collector = Collector::start().await;
    let ground = ground(&collector.endpoint()).tweak("USHER_WEBHOOKS__TRUST_TRACEPARENT", "true");
    let usher = Usher::start(&ground).await;
    tell(&ground, &usher).await;
    let spans = spans(&collector, &NAMES).await;
    let root = named(&spans, "POST /webhooks/{source}");
    let named = format!("00-{}-{}-01", hex::encode(&root.trace_id), hex::encode(&root.parent_span_id));
    assert_eq!(named, SENT, "and it is sampled as the sender says");
    assert_parents_and_links(&spans);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_stands_still_holds_up_nothing() {
    let collector = Collector::stalled().await;
    let ground = ground(&collector.endpoint())
        .tweak("OTEL_TRACES_SAMPLER", "always_on")
        .tweak("OTEL_BSP_MAX_QUEUE_SIZE", "8")
        .tweak("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4");
    let usher = Usher::start(&ground).await;
    for number in 0..20 {
        let account = Account::new(format!("KEY{number}"), format!("xaver-{number}")).email("x@contractor.example");
        ground.sandbox.put_user(ACME.product, account.clone());
        usher.tell(ACME, Happening::Created, &account).await;
    }
    usher.drain().await;
    assert_eq!(ground.effects().len(), 20);
    let dropped = "usher_trace_spans_dropped_total{reason=\"queue_full\"}";
    eventually("spans are dropped", || async { usher.metric(dropped).await.filter(|spans| *spans > 0.0) }).await;
    usher.terminate();
    assert!(usher.wait().0.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_told_of_once_a_minute() {
    let ground = ground("http://127.0.0.1:1").tweak("OTEL_TRACES_SAMPLER", "always_on");
    let usher = Usher::start(&ground).await;
    let not_taken = "usher_trace_spans_dropped_total{reason=\"not_taken\"}";
    let (began, mut before) = (std::time::Instant::now(), 0.0);
    for _ in 0..3 {
        let (_, answer) = usher.deliver_raw("/webhooks/acme", &Delivery::raw("{}")).await;
        assert!(!answer.is_null());
        before = eventually("a span is not taken", || async {
            usher.metric(not_taken).await.filter(|spans| *spans > before)
        })
        .await;
    }
    usher.terminate();
    let (status, log) = usher.wait();
    assert!(status.success());
    let lines = log.lines().filter(|line| line.contains("the collector of traces does not take spans")).count();
    let most = 1 + usize::try_from(began.elapsed().as_secs() / 60).expect("a small number");
    assert!((1..=most).contains(&lines), "{lines} lines:\n{log}");
}
