//! Turns the content of a delivery into events in the log.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt, stream};
use tracing::{debug, warn};

use super::ReportedEvent;
use crate::{
    clock::Clock,
    domain::{Event, EventId, EventKind, SourceId, Timestamp, UserKey, Via},
    http_server::Timer,
    log::{self, Log, Record, Stream, codec, traced},
    metrics::Metrics,
    rate_limited_log::LogLimiter,
    wake_queue,
};

/// The time-out for making events durable. Atlassian gives up after 20 s in Cloud, 10 s in Bitbucket and 5 s in Forge,
/// whose deliveries come again.
pub(super) const APPEND_TIMEOUT: Duration = Duration::from_secs(8);
/// The number of events of one delivery that are appended at a time.
const CONCURRENCY: usize = 256;

// While the log is away each delivery fails: a limit for each kind of line.
static NOT_DURABLE: LogLimiter = LogLimiter::once_a_minute();
static NOT_IN_TIME: LogLimiter = LogLimiter::once_a_minute();
static NOT_SET_ASIDE: LogLimiter = LogLimiter::once_a_minute();

/// The longest event that is taken in, in bytes. Products allow 255 characters for an id, a name and an e-mail address,
/// which are 3 KiB at most. The rows that follow from an event repeat these texts, and the memory that sled takes grows
/// with the length of rows.
pub(super) const MAX_EVENT_BYTES: usize = 8 * 1024;

/// The origin of a delivery, for its events.
pub(super) struct Origin<'a> {
    pub source: &'a SourceId,
    /// The way by which it came.
    pub via: Via,
    /// Whether logins of the source are reported in more than one way.
    pub logins_by_second: bool,
    /// The sender's number of the delivery.
    pub delivery: Option<&'a str>,
    pub body: &'a [u8],
}

impl Origin<'_> {
    /// The events of the delivery, each once.
    pub fn events(&self, told: Vec<ReportedEvent>, clock: &dyn Clock) -> Vec<Event> {
        if told.len() == 1 {
            return told.into_iter().map(|told| self.event(told, clock)).collect();
        }
        let mut seen = HashSet::new();
        let events = told.into_iter().map(|told| self.event(told, clock));
        events.filter(|event| seen.insert(event.id.clone())).collect()
    }

    fn event(&self, told: ReportedEvent, clock: &dyn Clock) -> Event {
        let accepted = clock.now();
        Event {
            id: self.id(&told, accepted),
            source: self.source.clone(),
            kind: told.kind,
            via: self.via,
            user: told.user,
            hints: told.hints,
            occurred: told.occurred,
            accepted,
            sweep: None,
        }
    }

    fn id(&self, told: &ReportedEvent, accepted: Timestamp) -> EventId {
        match (told.kind, told.occurred) {
            (EventKind::LoggedIn, Some(at)) if self.logins_by_second => EventId::of_login(self.source, &told.user, at),
            _ => match (&told.entry, self.delivery) {
                (Some(entry), _) => EventId::of_entry(self.source, entry),
                (None, Some(delivery)) => EventId::from_delivery(self.source, delivery),
                // Such a body is the same for each login of the user.
                (None, None) if told.kind == EventKind::LoggedIn && told.occurred.is_none() => {
                    EventId::of_untimed_login(self.source, &told.user, accepted)
                }
                (None, None) => EventId::from_body(self.source, self.body),
            },
        }
    }
}

/// Whether all of `events`, from a body of `body` bytes, fit into records.
pub(super) fn fit(events: &[Event], body: usize) -> bool {
    // An event is hardly longer than its body; most bodies are so short that nothing has to be measured.
    body <= MAX_EVENT_BYTES / 2 || events.iter().all(|event| codec::encode(event).len() <= MAX_EVENT_BYTES)
}

/// The reason why events could not be made durable. Some of them may be: they are recognised when they come again.
pub(super) enum Error {
    /// Too many appends are waiting.
    Overloaded,
    /// Not now.
    Unavailable,
}

/// Appends `events`, those of one user in their order, and returns their ids when all of them are durable.
///
/// # Errors
/// [`Error`] if the log refuses one of them, or takes too long.
pub(super) async fn append(events: Vec<Event>, log: &dyn Log, metrics: &Metrics) -> Result<Vec<EventId>, Error> {
    let ids = ids(&events);
    let appended = tokio::time::timeout(APPEND_TIMEOUT, append_all(events, log, metrics)).await;
    in_time(appended.ok()).map(|()| ids)
}

/// As [`append`], with the `timer` of the connection that they came on.
///
/// # Errors
/// [`Error`] if the log refuses one of them, or takes too long.
pub(super) async fn append_delivered(
    events: Vec<Event>,
    timer: &Timer,
    log: &dyn Log,
    metrics: &Metrics,
) -> Result<Vec<EventId>, Error> {
    let ids = ids(&events);
    let appended = wake_queue::queued(append_all(events, log, metrics));
    let appended = timer.until(Instant::now() + APPEND_TIMEOUT, appended).await;
    in_time(appended.ok()).map(|()| ids)
}

fn ids(events: &[Event]) -> Vec<EventId> {
    events.iter().map(|event| event.id.clone()).collect()
}

/// The result of appending; none: it took too long.
fn in_time(appended: Option<Result<(), Error>>) -> Result<(), Error> {
    appended.unwrap_or_else(|| {
        if let Some(suppressed) = NOT_IN_TIME.permit() {
            warn!(suppressed, "a delivery was not durable in time");
        }
        Err(Error::Unavailable)
    })
}

/// Appends a record of another stream, within the same time.
///
/// # Errors
/// `Error` if the log refuses the record, or takes too long.
pub(super) async fn append_record(stream: Stream, record: Record, log: &dyn Log) -> Result<(), Error> {
    match tokio::time::timeout(APPEND_TIMEOUT, log.append(stream, record)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(log::Error::Overloaded)) => Err(Error::Overloaded),
        Ok(Err(error)) => {
            if let Some(suppressed) = NOT_SET_ASIDE.permit() {
                warn!(%error, suppressed, "what can't be read in a delivery could not be set aside");
            }
            Err(Error::Unavailable)
        }
        Err(_) => Err(Error::Unavailable),
    }
}

async fn append_all(mut events: Vec<Event>, log: &dyn Log, metrics: &Metrics) -> Result<(), Error> {
    if events.len() == 1
        && let Some(event) = events.pop()
    {
        return append_one(event, log, metrics).await;
    }
    let mut by_user: HashMap<String, Vec<Event>> = HashMap::new();
    for event in events {
        by_user.entry(event.key().as_str().to_owned()).or_default().push(event);
    }
    let in_order = |events: Vec<Event>| async move {
        for event in events {
            append_one(event, log, metrics).await?;
        }
        Ok(())
    };
    stream::iter(by_user.into_values().map(in_order)).buffer_unordered(CONCURRENCY).try_collect().await
}

async fn append_one(event: Event, log: &dyn Log, metrics: &Metrics) -> Result<(), Error> {
    let key: UserKey = event.key();
    let record = Record { key, payload: codec::encode_delivered(&event) };
    let append = |record| log.append(Stream::Events, record);
    match traced::appended(log.system(), Stream::Events, record, append).await {
        Ok(position) => {
            metrics.events.with_label_values(&[event.source.as_str(), event.kind.as_str()]).inc();
            debug!(event.id = %event.id, source.id = %event.source, kind = event.kind.as_str(), %position, "accepted");
            Ok(())
        }
        Err(log::Error::Overloaded) => Err(Error::Overloaded),
        Err(error) => {
            if let Some(suppressed) = NOT_DURABLE.permit() {
                let (event, source) = (&event.id, &event.source);
                warn!(event.id = %event, source.id = %source, %error, suppressed, "a delivery could not be made durable");
            }
            Err(Error::Unavailable)
        }
    }
}

#[cfg(test)]
mod tests;
