//! OpenMetrics 1.0, the text format that has examples in it. The crate `prometheus` writes the older one alone.

use std::{collections::HashMap, fmt::Write as _};

use prometheus::proto::{Histogram, LabelPair, Metric, MetricFamily, MetricType};

use super::exemplars::{Exemplar, Exemplars};

/// The content type of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether a request whose header `Accept` says this wants OpenMetrics, rather than the text that everybody gets.
pub fn is_wanted(accept: &str) -> bool {
    let quality = |media: &str| {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_it = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(media));
            let quality = parts.find_map(|part| part.strip_prefix("q="));
            is_it.then(|| quality.map_or(1.0, |quality| quality.trim().parse().unwrap_or(0.0)))
        });
        ranges.fold(0.0, f64::max)
    };
    quality("application/openmetrics-text") > quality("text/plain")
}

/// `families` as text, with the examples of the histograms that have some.
pub(super) fn encode(families: &[MetricFamily], exemplars: &HashMap<&str, Exemplars>) -> String {
    let mut text = String::new();
    for family in families {
        write_family(&mut text, family, exemplars.get(family.name()));
    }
    text.push_str("# EOF\n");
    text
}

fn write_family(text: &mut String, family: &MetricFamily, exemplars: Option<&Exemplars>) {
    let (kind, of) = match family.get_field_type() {
        // A counter has a name without `_total`; with it, it is the name of the sample.
        MetricType::COUNTER => ("counter", family.name().strip_suffix("_total").unwrap_or(family.name())),
        MetricType::GAUGE => ("gauge", family.name()),
        MetricType::HISTOGRAM => ("histogram", family.name()),
        MetricType::SUMMARY | MetricType::UNTYPED => ("unknown", family.name()),
    };
    // Writing to a string never fails.
    let _ = writeln!(text, "# HELP {of} {}", escaped(family.help()));
    let _ = writeln!(text, "# TYPE {of} {kind}");
    for metric in family.get_metric() {
        let labels = metric.get_label();
        match family.get_field_type() {
            MetricType::COUNTER => {
                sample(text, of, "_total", &labelled(labels, None), metric.get_counter().get_value())
            }
            MetricType::GAUGE => sample(text, of, "", &labelled(labels, None), metric.get_gauge().get_value()),
            MetricType::HISTOGRAM => write_histogram(text, of, metric, exemplars),
            MetricType::SUMMARY | MetricType::UNTYPED => {} // usher has none
        }
    }
}

fn write_histogram(text: &mut String, name: &str, metric: &Metric, exemplars: Option<&Exemplars>) {
    let histogram: &Histogram = metric.get_histogram();
    let labels = metric.get_label();
    let mut bucket = |bound: f64, count: u64| {
        let _ = write!(text, "{name}_bucket{} {count}", labelled(labels, Some(bound)));
        match exemplars.and_then(|exemplars| exemplars.of_bucket(bound)) {
            Some(Exemplar { trace, value, at }) => {
                let _ = writeln!(
                    text,
                    " # {{trace_id=\"{trace}\"}} {} {}.{:03}",
                    number(value),
                    at.as_secs(),
                    at.subsec_millis()
                );
            }
            None => text.push('\n'),
        }
    };
    for one in histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite()) {
        bucket(one.upper_bound(), one.cumulative_count());
    }
    bucket(f64::INFINITY, histogram.get_sample_count());
    sample(text, name, "_sum", &labelled(labels, None), histogram.get_sample_sum());
    let _ = writeln!(text, "{name}_count{} {}", labelled(labels, None), histogram.get_sample_count());
}

fn sample(text: &mut String, name: &str, suffix: &str, labels: &str, value: f64) {
    let _ = writeln!(text, "{name}{suffix}{labels} {}", number(value));
}

/// `labels` in braces, with the bound of a bucket if there is one; empty without labels.
fn labelled(labels: &[LabelPair], bound: Option<f64>) -> String {
    let pairs = labels.iter().map(|label| format!("{}=\"{}\"", label.name(), escaped(label.value())));
    let pairs: Vec<_> = pairs.chain(bound.map(|bound| format!("le=\"{}\"", number(bound)))).collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
}

/// A number always with a point, and infinity as it is called here.
fn number(value: f64) -> String {
    match value {
        f64::INFINITY => "+Inf".to_owned(),
        f64::NEG_INFINITY => "-Inf".to_owned(),
        value if value.is_nan() => "NaN".to_owned(),
        value if value.fract() == 0.0 => format!("{value:.1}"),
        value => value.to_string(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use prometheus::{Gauge, HistogramOpts, IntCounterVec, Opts, Registry};

    use super::*;
    use crate::metrics::TracedHistogram;

    #[test]
    fn open_metrics_are_for_those_who_want_them_more() {
        for (accept, wanted) in [
            ("", false),
            ("*/*", false),
            ("text/plain", false),
            ("application/openmetrics-text", true),
            ("application/openmetrics-text;q=0", false),
            ("text/plain;version=0.0.4;q=0.5, application/openmetrics-text; version=1.0.0; q=0.4", false),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;\
                 q=0.4,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                true,
            ),
        ] {
            assert_eq!(is_wanted(accept), wanted, "{accept}");
        }
    }

    #[test]
    fn counters_gauges_and_histograms_are_written_as_the_specification_says() {
        let registry = Registry::new();
        let counters =
            IntCounterVec::new(Opts::new("usher_told_total", "What was \"told\"."), &["of"]).expect("a name");
        counters.with_label_values(&["a\"b\\c\nd"]).inc_by(3);
        let gauge = Gauge::new("usher_since", "Since when.").expect("a name");
        gauge.set(1.5);
        let bounds = [0.1, 1.0];
        let opts = HistogramOpts::new("usher_seconds", "How long.").buckets(bounds.to_vec());
        let histogram = prometheus::Histogram::with_opts(opts).expect("a name");
        registry.register(Box::new(counters)).expect("registered");
        registry.register(Box::new(gauge)).expect("registered");
        registry.register(Box::new(histogram.clone())).expect("registered");
        let histogram = TracedHistogram::new(histogram, &bounds);
        histogram.observe(0.5);
        histogram.observe(7.0);
        let text = encode(&registry.gather(), &HashMap::from([("usher_seconds", histogram.exemplars())]));
        insta::assert_snapshot!(text, @r##"
        # HELP usher_seconds How long.
        # TYPE usher_seconds histogram
        usher_seconds_bucket{le="0.1"} 0
        usher_seconds_bucket{le="1.0"} 1
        usher_seconds_bucket{le="+Inf"} 2
        usher_seconds_sum 7.5
        usher_seconds_count 2
        # HELP usher_since Since when.
        # TYPE usher_since gauge
        usher_since 1.5
        # HELP usher_told What was \"told\".
        # TYPE usher_told counter
        usher_told_total{of="a\"b\\c\nd"} 3.0
        # EOF
        "##);
    }
}
