//! Sends spans, on a thread of its own.

use std::time::Duration;

use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::trace::{self, SpanData};
use reqwest::redirect;
use tokio::{
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    queue::{Counts, Lost},
    settings::{Bounds, Unusable},
};
use crate::rate_limited_log::LogLimiter;

/// The longest time-out for a batch, for any value of `OTEL_EXPORTER_OTLP_TIMEOUT`.
const MAX_EXPORT_TIME: Duration = Duration::from_secs(30);

/// Sends to the collector that the variables `OTEL_EXPORTER_OTLP_*` name.
///
/// # Errors
/// `Unusable` if a variable has an unusable value.
pub(super) fn exporter() -> Result<SpanExporter, Unusable> {
    // If one is installed already, it is the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .user_agent(concat!("usher/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(5))
        .timeout(MAX_EXPORT_TIME)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|_| Unusable::Exporter)?;
    SpanExporter::builder().with_http().with_http_client(client).build().map_err(|_| Unusable::Exporter)
}

/// The end of the queue at which spans are sent.
pub(super) struct Sender<E> {
    pub(super) spans: mpsc::Receiver<SpanData>,
    pub(super) exporter: E,
    pub(super) counts: Counts,
    /// Cancelled when what waits is to be sent at once, and then nothing more.
    pub(super) stop: CancellationToken,
    pub(super) bounds: Bounds,
}

impl<E: trace::SpanExporter> Sender<E> {
    /// Sends until it is stopped and nothing waits any more.
    pub(super) async fn run(mut self) {
        let limiter = LogLimiter::once_a_minute();
        loop {
            let batch = self.next_batch().await;
            if batch.is_empty() {
                return;
            }
            let spans = batch.len();
            let sent = timeout(MAX_EXPORT_TIME, self.exporter.export(batch)).await;
            if matches!(sent, Ok(Ok(()))) {
                continue;
            }
            self.counts.add(Lost::NotTaken, spans);
            if let Some(suppressed) = limiter.permit() {
                warn!(
                    spans,
                    suppressed,
                    "the collector of traces does not take spans, and they are dropped; see that OTEL_EXPORTER_OTLP_ENDPOINT names \
                     one that speaks OTLP over HTTP, usually at port 4318"
                );
            }
        }
    }

    /// The spans that are sent together: as many as allowed, or those of a short time. None at the end.
    async fn next_batch(&mut self) -> Vec<SpanData> {
        let (Bounds { batch: most, delay }, stop) = (self.bounds, self.stop.clone());
        let mut batch = Vec::new();
        let came = stop.run_until_cancelled(self.spans.recv_many(&mut batch, most)).await;
        let due = sleep(if came.is_some() { delay } else { Duration::ZERO });
        tokio::pin!(due);
        while batch.len() < most {
            let room = most - batch.len();
            tokio::select! {
                biased;
                came = self.spans.recv_many(&mut batch, room) => if came == 0 { break },
                () = stop.cancelled() => break,
                () = &mut due => break,
            }
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::{
        error::{OTelSdkError, OTelSdkResult},
        trace::{SdkTracer, SdkTracerProvider},
    };

    use super::{super::queue::Queue, *};

    /// A collector that accepts batches, fails, or does not answer.
    #[derive(Debug, Clone, Default)]
    struct Collector {
        batches: Arc<Mutex<Vec<usize>>>,
        refuses: bool,
        hangs: bool,
    }

    impl trace::SpanExporter for Collector {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            if self.hangs {
                std::future::pending::<()>().await;
            }
            self.batches.lock().expect("no panic").push(batch.len());
            if self.refuses { Err(OTelSdkError::InternalFailure("refused".into())) } else { Ok(()) }
        }
    }

    const ROOM: usize = 10;

    fn traces(collector: &Collector) -> (SdkTracerProvider, SdkTracer, Sender<Collector>) {
        let (queue, spans, counts) = Queue::new(ROOM);
        let provider = SdkTracerProvider::builder().with_span_processor(queue).build();
        let tracer = provider.tracer("test");
        let bounds = Bounds { batch: 4, delay: Duration::from_secs(3600) };
        let sender = Sender { spans, exporter: collector.clone(), counts, stop: CancellationToken::new(), bounds };
        (provider, tracer, sender)
    }

    fn end_spans(tracer: &SdkTracer, spans: usize) {
        (0..spans).for_each(|_| tracer.start("a span").end());
    }

    #[tokio::test]
    async fn a_full_batch_goes_at_once_and_the_rest_when_it_stops() {
        let collector = Collector::default();
        let (_provider, tracer, sender) = traces(&collector);
        let (stop, counts) = (sender.stop.clone(), sender.counts.clone());
        end_spans(&tracer, 6);
        let running = tokio::spawn(sender.run());
        while collector.batches.lock().expect("no panic").is_empty() {
            tokio::task::yield_now().await;
        }
        stop.cancel();
        running.await.expect("no panic");
        assert_eq!(*collector.batches.lock().expect("no panic"), [4, 2]);
        assert_eq!(Lost::ALL.map(|lost| counts.of(lost)), [0, 0]);
    }

    #[tokio::test]
    async fn what_does_not_find_room_or_is_not_taken_is_counted() {
        let collector = Collector { refuses: true, ..Collector::default() };
        let (_provider, tracer, sender) = traces(&collector);
        let counts = sender.counts.clone();
        end_spans(&tracer, ROOM + 3);
        assert_eq!(counts.of(Lost::QueueFull), 3);
        sender.stop.cancel();
        sender.run().await;
        assert_eq!(counts.of(Lost::NotTaken), ROOM as u64);
    }

    #[tokio::test]
    async fn a_collector_that_stands_still_holds_up_nobody() {
        let collector = Collector { hangs: true, ..Collector::default() };
        let (_provider, tracer, sender) = traces(&collector);
        let counts = sender.counts.clone();
        let _running = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(sender.run()));
        while counts.of(Lost::QueueFull) == 0 {
            end_spans(&tracer, 1);
            tokio::task::yield_now().await;
        }
    }
}
