//! The queue of spans that have ended.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};
use tokio::sync::mpsc;

/// Why spans were dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// More ended than were sent.
    QueueFull,
    /// The collector did not take them.
    NotTaken,
}

impl Lost {
    /// All reasons.
    pub const ALL: [Self; 2] = [Self::QueueFull, Self::NotTaken];

    /// The label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::NotTaken => "not_taken",
        }
    }
}

/// The numbers of dropped spans. Cheap to clone; all clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts(Arc<[AtomicU64; Lost::ALL.len()]>);

impl Counts {
    pub(super) fn of(&self, lost: Lost) -> u64 {
        self.0[lost as usize].load(Ordering::Relaxed)
    }

    pub(super) fn add(&self, lost: Lost, spans: usize) {
        self.0[lost as usize].fetch_add(spans as u64, Ordering::Relaxed);
    }
}

/// Takes finished spans. It never waits: without room the span is dropped.
#[derive(Debug)]
pub(super) struct Queue {
    spans: mpsc::Sender<SpanData>,
    counts: Counts,
}

impl Queue {
    /// A queue with room for this number of spans, its other end, and the counter of dropped spans.
    pub(super) fn new(room: usize) -> (Self, mpsc::Receiver<SpanData>, Counts) {
        let (spans, other_end) = mpsc::channel(room.max(1));
        let counts = Counts::default();
        (Self { spans, counts: counts.clone() }, other_end, counts)
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if self.spans.try_send(span).is_err() {
            self.counts.add(Lost::QueueFull, 1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(()) // see `stop`
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
