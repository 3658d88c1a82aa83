//! Spans for appending to the log and reading from it.

use futures::future::Either;

use super::{Position, Record, Stored, Stream, codec};
use crate::telemetry::traces::{self, Kind, NewSpan};

/// Does `append` with `record`, in a new span if a trace is active; the record then carries that span. `system` is the
/// log's.
///
/// # Errors
/// Those of `append`.
pub fn appended<F, E>(
    system: &'static str,
    stream: Stream,
    record: Record,
    append: impl FnOnce(Record) -> F,
) -> impl Future<Output = Result<Position, E>>
where
    F: Future<Output = Result<Position, E>>,
{
    // Most records are in no trace: their way holds no room for what is done in one.
    match traces::part(Kind::Producer, || format!("send {stream}")) {
        None => Either::Left(append(record)),
        Some(span) => Either::Right(Box::pin(appended_in(span, system, stream, record, append))),
    }
}

async fn appended_in<F, E>(
    span: NewSpan,
    system: &'static str,
    stream: Stream,
    record: Record,
    append: impl FnOnce(Record) -> F,
) -> Result<Position, E>
where
    F: Future<Output = Result<Position, E>>,
{
    let event = codec::traced(stream, &record.payload).map(|traced| traced.event);
    let span = of_stream(span, system, stream, "send", event);
    let in_span = async {
        let payload = match traces::traceparent() {
            Some(traceparent) => codec::with_trace(stream, record.payload, traceparent),
            None => record.payload,
        };
        let appended = append(Record { payload, ..record }).await;
        match &appended {
            Ok(position) => {
                traces::set_attribute("messaging.destination.partition.id", position.partition.to_string());
                traces::set_attribute("messaging.kafka.offset", offset(position));
            }
            Err(_) => traces::fails(),
        }
        appended
    };
    traces::within(Some(span), in_span).await
}

/// A span for the work on `record` of `stream`, linked to the span that appended the record. None if the record carries
/// none.
pub fn worked_on(system: &'static str, stream: Stream, record: &Stored) -> Option<NewSpan> {
    if !traces::are_on() {
        return None; // the record need not be read
    }
    let traced = codec::traced(stream, &record.payload)?;
    let span = traces::continued(Kind::Consumer, format!("process {stream}"), traced.traceparent.as_deref()?)?;
    let span = of_stream(span, system, stream, "process", Some(traced.event));
    let partition = record.position.partition.to_string();
    Some(
        span.with("messaging.destination.partition.id", partition)
            .with("messaging.kafka.offset", offset(&record.position)),
    )
}

fn of_stream(
    span: NewSpan,
    system: &'static str,
    stream: Stream,
    operation: &'static str,
    event: Option<String>,
) -> NewSpan {
    let span = span
        .with("messaging.system", system)
        .with("messaging.destination.name", stream.as_str())
        .with("messaging.operation.type", operation);
    match event {
        Some(event) => span.with("usher.event.id", event),
        None => span,
    }
}

fn offset(position: &Position) -> i64 {
    i64::try_from(position.offset).unwrap_or(i64::MAX)
}
