//! The variables `OTEL_*` that usher reads itself. The exporter reads `OTEL_EXPORTER_OTLP_*`, the SDK
//! `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME` and the limits of spans.

use std::time::Duration;

use opentelemetry_sdk::trace::Sampler;

/// The default share of traced webhooks.
const RATIO: f64 = 0.1;
const QUEUE: usize = 2_048;
const BATCH: usize = 512;
const DELAY: Duration = Duration::from_secs(5);
/// A larger queue would take too much memory when the collector is away.
const MAX_QUEUE: usize = 65_536;

/// Why traces can't be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error(
        "{0} names another protocol than `http/protobuf`, which is all that usher speaks; a collector takes it at port 4318 usually"
    )]
    Protocol(&'static str),
    #[error("OTEL_TRACES_EXPORTER names another exporter than `otlp` or `none`")]
    OtherExporter,
    #[error(
        "OTEL_TRACES_SAMPLER is none of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off and \
         parentbased_traceidratio"
    )]
    Sampler,
    #[error("OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1")]
    Ratio,
    #[error(
        "a variable OTEL_EXPORTER_OTLP_* can't be used: the endpoint has to be a URL, as http://127.0.0.1:4318, and there is no compression"
    )]
    Exporter,
    #[error("the system gives no thread to send traces")]
    NoThread,
}

/// The number of spans that are sent together, and the time that the first of them may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) batch: usize,
    pub(super) delay: Duration,
}

/// The settings of traces.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) sampler: Sampler,
    /// The name of the service; none if a variable tells it.
    pub(super) service_name: Option<&'static str>,
    pub(super) queue: usize,
    pub(super) bounds: Bounds,
}

impl Settings {
    /// The settings in `variable`; none if traces are off. An empty variable counts as unset.
    ///
    /// # Errors
    /// `Unusable` if a variable has an unusable value.
    pub(super) fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Option<Self>, Unusable> {
        let is = |name, value| variable(name).is_some_and(|is| is.eq_ignore_ascii_case(value));
        let endpoints = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
        let asked = endpoints.into_iter().any(|name| variable(name).is_some());
        if !asked || is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
            return Ok(None);
        }
        if variable("OTEL_TRACES_EXPORTER").is_some() && !is("OTEL_TRACES_EXPORTER", "otlp") {
            return Err(Unusable::OtherExporter);
        }
        let protocols = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
        if let Some(name) = protocols.into_iter().find(|name| variable(name).is_some())
            && !is(name, "http/protobuf")
        {
            return Err(Unusable::Protocol(name));
        }
        let attributes = variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
        let is_named = variable("OTEL_SERVICE_NAME").is_some()
            || attributes.split(',').any(|attribute| attribute.trim_start().starts_with("service.name="));
        let number = |name, usual: usize| variable(name).and_then(|value| value.parse().ok()).unwrap_or(usual);
        let queue = number("OTEL_BSP_MAX_QUEUE_SIZE", QUEUE).clamp(1, MAX_QUEUE);
        let batch = number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", BATCH).clamp(1, queue);
        let delay = variable("OTEL_BSP_SCHEDULE_DELAY").and_then(|value| value.parse().ok());
        let delay = delay.map_or(DELAY, Duration::from_millis).min(Duration::from_mins(1));
        let service_name = (!is_named).then_some("usher");
        Ok(Some(Self { sampler: sampler(variable)?, service_name, queue, bounds: Bounds { batch, delay } }))
    }
}

fn sampler(variable: &impl Fn(&str) -> Option<String>) -> Result<Sampler, Unusable> {
    let ratio = |usual: f64| match variable("OTEL_TRACES_SAMPLER_ARG") {
        None => Ok(Sampler::TraceIdRatioBased(usual)),
        Some(text) => {
            let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
            ratio.map(Sampler::TraceIdRatioBased).ok_or(Unusable::Ratio)
        }
    };
    let by_parent = |root| Sampler::ParentBased(Box::new(root));
    let Some(name) = variable("OTEL_TRACES_SAMPLER") else { return ratio(RATIO).map(by_parent) };
    Ok(match name.as_str() {
        "always_on" => Sampler::AlwaysOn,
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => ratio(1.0)?,
        "parentbased_always_on" => by_parent(Sampler::AlwaysOn),
        "parentbased_always_off" => by_parent(Sampler::AlwaysOff),
        "parentbased_traceidratio" => by_parent(ratio(1.0)?),
        _ => return Err(Unusable::Sampler),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");

    fn read(variables: &[(&str, &str)]) -> Result<Option<Settings>, Unusable> {
        let value = |name: &str| variables.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned());
        Settings::read(&value)
    }

    #[test]
    fn traces_are_off_unless_an_endpoint_is_named_and_nothing_turns_them_off() {
        assert!(read(&[]).expect("usable").is_none());
        assert!(read(&[("OTEL_TRACES_SAMPLER", "always_on")]).expect("usable").is_none());
        for off in [("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")] {
            assert!(read(&[ENDPOINT, off]).expect("usable").is_none(), "{off:?}");
        }
        for on in [ENDPOINT, ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:4318/v1/traces")] {
            assert!(read(&[on]).expect("usable").is_some(), "{on:?}");
        }
    }

    #[test]
    fn one_webhook_in_ten_is_traced_unless_the_variables_say_otherwise() {
        for (variables, sampler) in [
            (&[][..], "ParentBased(TraceIdRatioBased(0.1))"),
            (&[("OTEL_TRACES_SAMPLER_ARG", "0.5")], "ParentBased(TraceIdRatioBased(0.5))"),
            (&[("OTEL_TRACES_SAMPLER", "always_on")], "AlwaysOn"),
            (&[("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")], "ParentBased(TraceIdRatioBased(1.0))"),
        ] {
            let settings = read(&[&[ENDPOINT], variables].concat()).expect("usable").expect("on");
            assert_eq!(format!("{:?}", settings.sampler), sampler, "{variables:?}");
        }
    }

    #[test]
    fn what_can_not_be_used_is_said() {
        for (variable, unusable) in [
            (("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), Unusable::Protocol("OTEL_EXPORTER_OTLP_PROTOCOL")),
            (("OTEL_TRACES_EXPORTER", "zipkin"), Unusable::OtherExporter),
            (("OTEL_TRACES_SAMPLER", "xray"), Unusable::Sampler),
            (("OTEL_TRACES_SAMPLER_ARG", "1.5"), Unusable::Ratio),
            (("OTEL_TRACES_SAMPLER_ARG", "NaN"), Unusable::Ratio),
        ] {
            assert_eq!(read(&[ENDPOINT, variable]).map(|_| ()), Err(unusable), "{variable:?}");
        }
    }

    #[test]
    fn the_service_is_called_usher_unless_a_variable_names_it() {
        let name = |variables: &[(&str, &str)]| {
            read(&[&[ENDPOINT], variables].concat()).expect("usable").expect("on").service_name
        };
        assert_eq!(name(&[]), Some("usher"));
        assert_eq!(name(&[("OTEL_SERVICE_NAME", "doorman")]), None);
        assert_eq!(name(&[("OTEL_RESOURCE_ATTRIBUTES", "a=b, service.name=doorman")]), None);
    }

    #[test]
    fn the_queue_is_bounded_whatever_is_asked_for() {
        let asked = [ENDPOINT, ("OTEL_BSP_MAX_QUEUE_SIZE", "99999999"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0")];
        let settings = read(&asked).expect("usable").expect("on");
        assert_eq!((settings.queue, settings.bounds.batch), (MAX_QUEUE, 1));
    }
}
