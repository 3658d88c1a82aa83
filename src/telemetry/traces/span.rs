//! Spans. If traces are off, all functions here do nothing.

use std::{borrow::Cow, collections::HashMap};

pub use opentelemetry::trace::SpanKind as Kind;
use opentelemetry::{
    Context, KeyValue, Value,
    propagation::TextMapPropagator as _,
    trace::{FutureExt as _, Link, SpanBuilder, SpanContext, Status, TraceContextExt as _, Tracer as _},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;

use futures::future::{Either, FutureExt as _};

use super::tracer;

const TRACEPARENT: &str = "traceparent";

/// A span that is about to begin.
#[must_use]
pub struct NewSpan {
    builder: SpanBuilder,
    parent: Context,
}

impl NewSpan {
    fn new(kind: Kind, name: Cow<'static, str>, parent: Context) -> Self {
        Self { builder: SpanBuilder::from_name(name).with_kind(kind), parent }
    }

    /// Adds an attribute. It never holds a user, a name, or a text that somebody wrote.
    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.builder.attributes.get_or_insert_default().push(KeyValue::new(key, value));
        self
    }
}

/// The first span of a trace, or a part of the trace of `traceparent`, which a trusted sender gave. None: traces are
/// off.
pub fn root(kind: Kind, name: &'static str, traceparent: Option<&str>) -> Option<NewSpan> {
    tracer()?;
    let parent = traceparent.and_then(remote).unwrap_or_default();
    Some(NewSpan::new(kind, name.into(), parent))
}

/// A span that continues the one in `traceparent`, at any later time: a child of it, with a link to it. None if traces
/// are off, or if `traceparent` names no span.
pub fn continued(kind: Kind, name: String, traceparent: &str) -> Option<NewSpan> {
    tracer()?;
    let parent = remote(traceparent)?;
    let link = Link::with_context(parent.span().span_context().clone());
    let mut span = NewSpan::new(kind, name.into(), parent);
    span.builder.links = Some(vec![link]);
    Some(span)
}

/// A child of the present span, with the name that `name` makes. None if there is none.
pub fn part<N: Into<Cow<'static, str>>>(kind: Kind, name: impl FnOnce() -> N) -> Option<NewSpan> {
    tracer()?;
    let parent = Context::current();
    let is_traced = parent.span().span_context().is_valid();
    is_traced.then(|| NewSpan::new(kind, name().into(), parent))
}

/// Does `work` within `span`, or without a span if that is none.
pub fn within<T>(span: Option<NewSpan>, work: impl Future<Output = T>) -> impl Future<Output = T> {
    // No async function: it would hold `work` twice, and the work on an event lies within several of these.
    let Some((tracer, NewSpan { builder, parent })) = tracer().zip(span) else { return Either::Left(work) };
    let span = tracer.build_with_context(builder, &parent);
    let context = parent.with_span(span);
    // Dropped early, the span ends with the last of its contexts.
    let traced = work.with_context(context.clone()).inspect(move |_| context.span().end());
    Either::Right(traced)
}

/// `work` for another task, as a part of the present span.
pub fn carried<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    work.with_context(Context::current())
}

/// Adds an attribute to the present span, as [`NewSpan::with`] does.
pub fn set_attribute(key: &'static str, value: impl Into<Value>) {
    if tracer().is_some() {
        Context::current().span().set_attribute(KeyValue::new(key, value));
    }
}

/// Marks the present span as failed.
pub fn fails() {
    if tracer().is_some() {
        Context::current().span().set_status(Status::error(""));
    }
}

/// The name of the present span for spans that follow from it; none if there is none.
pub fn traceparent() -> Option<String> {
    tracer()?;
    let mut fields = HashMap::new();
    TraceContextPropagator::new().inject_context(&Context::current(), &mut fields);
    fields.remove(TRACEPARENT)
}

/// The ids of the present trace and span, in hexadecimal; none if there is none.
pub fn ids() -> Option<(String, String)> {
    let context = at_hand()?;
    Some((context.trace_id().to_string(), context.span_id().to_string()))
}

/// The id of the present trace, if it is sampled.
pub fn sampled_trace() -> Option<String> {
    let context = at_hand().filter(SpanContext::is_sampled)?;
    Some(context.trace_id().to_string())
}

fn at_hand() -> Option<SpanContext> {
    tracer()?;
    let context = Context::current().span().span_context().clone();
    context.is_valid().then_some(context)
}

/// The span that `traceparent` names, as a parent; none if it names none.
fn remote(traceparent: &str) -> Option<Context> {
    // The propagator takes shorter ids too.
    if !traceparent.split('-').map(str::len).take(4).eq([2, 32, 16, 2]) {
        return None;
    }
    let fields = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &fields);
    let is_valid = context.span().span_context().is_valid();
    is_valid.then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_names_a_span_or_nothing() {
        let named = remote("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").expect("a span");
        let context = named.span().span_context().clone();
        assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(context.span_id().to_string(), "b7ad6b7169203331");
        assert!(context.is_sampled() && context.is_remote());
        for none in ["", "x", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7-b7-01"] {
            assert!(remote(none).is_none(), "{none}");
        }
    }

    #[tokio::test]
    async fn where_traces_are_off_work_is_done_and_there_is_no_span() {
        assert!(root(Kind::Server, "a", None).is_none() && part(Kind::Client, || "b").is_none());
        assert_eq!(within(None, async { ids() }).await, None);
        assert_eq!(traceparent(), None);
    }
}
