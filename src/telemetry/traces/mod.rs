//! Traces: spans of the work on webhooks, sent to a collector by OTLP over HTTP.
//!
//! They are off unless `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set ([`settings`]). A
//! finished span goes into a bounded queue, and a separate thread sends the queue ([`queue`]), so nothing waits for the
//! collector. Spans that find the queue full, or that the collector does not accept, are dropped and counted.
//! Attributes never name users and never hold bodies.

mod queue;
mod sender;
mod settings;
mod span;

use std::{
    sync::{
        Mutex, OnceLock, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
    time::Duration,
};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider, SpanExporter as _},
};
use tokio::runtime;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub use self::{
    queue::Lost,
    span::{
        Kind, NewSpan, carried, continued, fails, ids, part, root, sampled_trace, set_attribute, traceparent, within,
    },
};
use self::{
    queue::{Counts, Queue},
    sender::Sender,
    settings::Settings,
};

/// The time for which [`stop`] waits for unsent spans.
const FLUSH: Duration = Duration::from_secs(2);

/// The traces of this process; none if they are off.
static TRACES: OnceLock<Traces> = OnceLock::new();

struct Traces {
    tracer: SdkTracer,
    /// Kept: the tracer makes no spans once it is gone.
    _provider: SdkTracerProvider,
    counts: Counts,
    stop: CancellationToken,
    /// Ends with the thread that sends.
    ended: Mutex<Receiver<()>>,
}

/// Starts traces, if the variables `OTEL_*` ask for them. If these are wrong, that is logged and traces stay off.
pub fn start() {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let settings = match Settings::read(&variable) {
        Ok(Some(settings)) => settings,
        Ok(None) => return,
        Err(unusable) => return warn!("{unusable}; no traces are sent"),
    };
    match begin(&settings).map(|traces| TRACES.set(traces)) {
        Ok(Ok(())) => info!("traces are sent to a collector, as the variables OTEL_* say"),
        Ok(Err(_)) => {} // begun before
        Err(unusable) => warn!("{unusable}; no traces are sent"),
    }
}

fn begin(settings: &Settings) -> Result<Traces, settings::Unusable> {
    let mut resource = Resource::builder().with_attribute(version());
    if let Some(name) = settings.service_name {
        resource = resource.with_service_name(name);
    }
    let resource = resource.build();
    let mut exporter = sender::exporter()?;
    exporter.set_resource(&resource);
    let (queue, spans, counts) = Queue::new(settings.queue);
    let (stop, (end, ended)) = (CancellationToken::new(), channel());
    let sender = Sender { spans, exporter, counts: counts.clone(), stop: stop.clone(), bounds: settings.bounds };
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|_| settings::Unusable::NoThread)?;
    let run = move || {
        let _end = end;
        runtime.block_on(sender.run());
    };
    thread::Builder::new().name("traces".into()).spawn(run).map_err(|_| settings::Unusable::NoThread)?;
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(settings.sampler.clone())
        .with_span_processor(queue)
        .build();
    Ok(Traces { tracer: provider.tracer("usher"), _provider: provider, counts, stop, ended: Mutex::new(ended) })
}

fn version() -> opentelemetry::KeyValue {
    opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))
}

/// Sends what waits, for two seconds at most. Spans that end later are lost.
pub fn stop() {
    let Some(traces) = TRACES.get() else { return };
    traces.stop.cancel();
    // An error says that the thread has ended, or that the time is over.
    let _ = traces.ended.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(FLUSH);
}

/// The number of spans dropped so far for this reason.
pub fn dropped(lost: Lost) -> u64 {
    TRACES.get().map_or(0, |traces| traces.counts.of(lost))
}

/// Whether there are traces.
pub fn are_on() -> bool {
    TRACES.get().is_some()
}

fn tracer() -> Option<&'static SdkTracer> {
    Some(&TRACES.get()?.tracer)
}
