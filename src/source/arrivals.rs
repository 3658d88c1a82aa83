//! The deliveries of the sources that this process has noticed, for administrators. They are in memory and start empty
//! with the process; each replica has its own.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus::Gauge;
use serde::Serialize;
use tracing::warn;
use utoipa::ToSchema;

use super::{ProofForm, Refusal, secret_uses::SecretUses};
use crate::{
    clock::Clock,
    domain::{Ignored, OddTime, RecordKind, SourceId, Timestamp},
    last_day::LastDay,
    live::Live,
    metrics::Metrics,
};

/// The shortest interval between two log lines about refusals of one kind.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// See the module. Cheap to clone, all clones are one.
#[derive(Clone)]
pub struct Arrivals {
    sources: Live<HashMap<String, Arc<Mutex<Slot>>>>,
    /// Refused deliveries for sources that do not exist, under any name.
    nowhere: Arc<Mutex<Slot>>,
    metrics: Metrics,
    clock: Arc<dyn Clock>,
    since: Timestamp,
}

/// The deliveries of the last 24 hours, or since the process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastDeliveries {
    /// The time of the last accepted delivery with a relevant event.
    pub last: Option<Timestamp>,
    /// The number of accepted deliveries.
    pub accepted: u64,
    /// The number of refused deliveries, of any sender.
    pub refused: u64,
}

/// The feed of a source that this process follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedNow {
    /// All is known until then.
    pub complete: Timestamp,
    /// The time of the newest entry read.
    pub last_entry: Option<Timestamp>,
    /// Why it can't be followed at the moment.
    pub why: Option<String>,
}

/// The arrivals of one source.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Arrived {
    /// The deliveries of its webhooks.
    pub webhook: Deliveries,
    /// Times that can't be right, or are in another unit than milliseconds.
    pub implausible_times: Option<ImplausibleTimes>,
}

/// The deliveries of a source's webhooks since this process began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Deliveries {
    /// The time of the last accepted delivery with a relevant event.
    pub last_accepted: Option<Timestamp>,
    /// The last proved delivery without a relevant event.
    pub last_ignored: Option<IgnoredDelivery>,
    /// The last refused delivery, of any sender.
    pub last_refused: Option<RefusedDelivery>,
}

/// A proved delivery without a relevant event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct IgnoredDelivery {
    /// The time.
    pub at: Timestamp,
    /// Why it is of no interest.
    pub why: &'static str,
}

/// A delivery that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusedDelivery {
    /// The time.
    pub at: Timestamp,
    /// The reason, and the remedy.
    pub why: &'static str,
    /// The form of its proof.
    pub proof: ProofForm,
}

/// Times of a source that can't be right, or are in another unit than milliseconds, since this process began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImplausibleTimes {
    /// The number.
    pub count: u64,
    /// The time of the last of them.
    pub last: Timestamp,
    /// Its irregularity.
    pub form: OddTime,
}

#[derive(Debug, Default)]
struct Slot {
    arrived: Arrived,
    /// The gauge of its last accepted delivery, once there was one: finding it costs more than setting it.
    last_accepted: Option<Gauge>,
    /// The irregular times that the log has reported.
    odd: Vec<OddTime>,
    /// Whether the log has reported an unreadable record.
    passed_over: bool,
    /// The refusals that the log has reported: the time of the last line, and their number since.
    refused: HashMap<(Refusal, ProofForm), (Timestamp, u64)>,
    accepted_lately: LastDay,
    refused_lately: LastDay,
    secret_uses: SecretUses,
    feed: Option<FeedNow>,
}

impl fmt::Debug for Arrivals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrivals").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Arrivals {
    /// Arrivals of `sources`, empty at first.
    pub fn new<'s>(sources: impl IntoIterator<Item = &'s SourceId>, metrics: Metrics, clock: Arc<dyn Clock>) -> Self {
        let sources: HashMap<_, _> = sources.into_iter().map(|id| (id.to_string(), Arc::default())).collect();
        let since = clock.now();
        Self { sources: Live::new(sources), nowhere: Arc::default(), metrics, clock, since }
    }

    /// The beginning of this process, from which it counts.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// The deliveries of `source` in the last 24 hours.
    pub fn last_day(&self, source: &SourceId) -> LastDeliveries {
        let now = self.clock.now();
        let last_day = self.with(source.as_str(), |slot| LastDeliveries {
            last: slot.arrived.webhook.last_accepted,
            accepted: slot.accepted_lately.until(now),
            refused: slot.refused_lately.until(now),
        });
        last_day.unwrap_or_default()
    }

    /// Notices what arrives from `source` from now on.
    pub fn add(&self, source: &SourceId) {
        self.sources.change(|slots| {
            let mut slots = slots.clone();
            slots.entry(source.to_string()).or_default();
            slots
        });
    }

    /// Forgets `source`, which is there no more.
    pub fn forget(&self, source: &SourceId) {
        self.sources.change(|slots| {
            let mut slots = slots.clone();
            slots.remove(source.as_str());
            slots
        });
    }

    /// Records that the secret called `name` proved a delivery of `source`.
    pub fn proved(&self, source: &SourceId, name: &Arc<str>) {
        let now = self.clock.now();
        let _noticed = self.with(source.as_str(), |slot| slot.secret_uses.used(name, now));
    }

    /// The last use of the secret called `name`; none if it was not used since this process began.
    pub fn secret_used(&self, source: &SourceId, name: &str) -> Option<Timestamp> {
        self.with(source.as_str(), |slot| slot.secret_uses.last(name))?
    }

    /// The feed of `source`, if this process follows it.
    pub fn feed(&self, source: &SourceId) -> Option<FeedNow> {
        self.with(source.as_str(), |slot| slot.feed.clone())?
    }

    /// Records how the feed of `source` is doing; none: this process follows it no more.
    pub fn set_feed(&self, source: &str, change: impl FnOnce(&mut Option<FeedNow>)) {
        let _noticed = self.with(source, |slot| change(&mut slot.feed));
    }

    /// The arrivals of `source`; empty if it is not configured.
    pub fn of(&self, source: &SourceId) -> Arrived {
        self.with(source.as_str(), |slot| slot.arrived.clone()).unwrap_or_default()
    }

    /// Records that a delivery of `source` was accepted.
    pub fn accepted(&self, source: &SourceId) {
        let now = self.clock.now();
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of centuries fit")]
        let seconds = now.as_millis() as f64 / 1000.0;
        let gauge = || self.metrics.webhook_last_accepted.with_label_values(&[source.as_str()]);
        let _noticed = self.with(source.as_str(), |slot| {
            slot.arrived.webhook.last_accepted = Some(now);
            slot.accepted_lately.count(now);
            slot.last_accepted.get_or_insert_with(gauge).set(seconds);
        });
    }

    /// Records a delivery of `source` without a relevant event.
    pub fn ignored(&self, source: &SourceId, why: Ignored) {
        let (at, why) = (self.clock.now(), why.says());
        let ignored = Some(IgnoredDelivery { at, why });
        let _noticed = self.with(source.as_str(), |slot| slot.arrived.webhook.last_ignored = ignored);
    }

    /// Records a refused delivery for `source`, which need not exist. The log reports it at intervals, and never the
    /// name that a stranger used.
    pub fn refused(&self, source: &str, refusal: Refusal, proof: ProofForm) {
        let (at, why) = (self.clock.now(), refusal.says(proof));
        let sources = self.sources.get();
        let (known, slot) = match sources.get_key_value(source) {
            Some((id, slot)) => (Some(id.as_str()), &**slot),
            None => (None, &*self.nowhere),
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.arrived.webhook.last_refused = Some(RefusedDelivery { at, why, proof });
        slot.refused_lately.count(at);
        let (last, since) = slot.refused.entry((refusal, proof)).or_insert((Timestamp::from_millis(i64::MIN), 0));
        if last.until(at) < LOG_INTERVAL && *last <= at {
            *since += 1;
            return;
        }
        let more = std::mem::take(since);
        *last = at;
        drop(slot);
        let source = known.unwrap_or("unknown");
        // `proof` and `why` are words of this program: no part of the request gets into the log.
        warn!(source.id = source, why, proof = ?proof, more_since_the_last_line = more, "a delivery was refused");
    }

    /// Records that `source` sent an irregular time. The log reports each form once.
    pub fn implausible_time(&self, source: &SourceId, odd: OddTime) {
        self.metrics.implausible_times.with_label_values(&[source.as_str()]).inc();
        let last = self.clock.now();
        let is_new = self.with(source.as_str(), |slot| {
            let times = slot.arrived.implausible_times.get_or_insert(ImplausibleTimes { count: 0, last, form: odd });
            *times = ImplausibleTimes { count: times.count + 1, last, form: odd };
            let is_new = !slot.odd.contains(&odd);
            if is_new {
                slot.odd.push(odd);
            }
            is_new
        });
        if is_new == Some(true) {
            let says = odd.says();
            warn!(source.id = %source, form = ?odd, "{says}; mend what sends it. This is told once, and counted");
        }
    }

    /// Counts an unreadable record of `source`. The log reports the first.
    pub fn passed_over(&self, source: &SourceId, kind: RecordKind, why: &'static str) {
        let kind = kind.as_str();
        self.metrics.records_passed_over.with_label_values(&[source.as_str(), kind]).inc();
        let was_told = self.with(source.as_str(), |slot| std::mem::replace(&mut slot.passed_over, true));
        if was_told == Some(false) {
            warn!(source.id = %source, kind, why, "a record can't be read and is passed over; it is among the dead letters. This is told once, and counted");
        }
    }

    /// Does `work` with the slot of `source`; none if it is not there.
    fn with<T>(&self, source: &str, work: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        let sources = self.sources.get();
        let mut slot = sources.get(source)?.lock().unwrap_or_else(PoisonError::into_inner);
        Some(work(&mut slot))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Default)]
    struct Hands(AtomicI64);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_790_000_000_000 + self.0.load(Ordering::Relaxed))
        }
    }

    fn id(text: &str) -> SourceId {
        text.parse().expect("an id")
    }

    #[test]
    fn odd_times_are_counted_by_source_and_the_last_one_is_kept() {
        let metrics = Metrics::new().expect("metrics");
        let (acme, other) = (id("acme"), id("other"));
        let arrivals = Arrivals::new([&acme, &other], metrics.clone(), Arc::new(Hands::default()));
        assert_eq!(arrivals.of(&acme).implausible_times, None);
        for odd in OddTime::ALL {
            arrivals.implausible_time(&acme, odd);
        }
        let times = arrivals.of(&acme).implausible_times.expect("noticed");
        assert_eq!((times.count, times.form), (6, OddTime::Unreadable));
        assert_eq!(metrics.implausible_times.with_label_values(&["acme"]).get(), 6);
        assert_eq!(arrivals.of(&other).implausible_times, None);
    }

    #[test]
    fn the_last_delivery_of_each_sort_is_kept_by_source() {
        let (acme, clock) = (id("acme"), Arc::new(Hands::default()));
        let arrivals = Arrivals::new([&acme], Metrics::new().expect("metrics"), Arc::clone(&clock) as Arc<dyn Clock>);
        assert_eq!(arrivals.of(&acme).webhook, Deliveries::default());
        arrivals.accepted(&acme);
        arrivals.ignored(&acme, Ignored::Ping);
        clock.0.store(5, Ordering::Relaxed);
        arrivals.refused("acme", Refusal::Unproven, ProofForm::Hmac);
        arrivals.refused("nowhere\n\u{1b}[31m", Refusal::Unproven, ProofForm::None);
        let Deliveries { last_accepted, last_ignored, last_refused } = arrivals.of(&acme).webhook;
        assert_eq!(last_accepted, Some(Timestamp::from_millis(1_790_000_000_000)));
        assert_eq!(last_ignored.map(|ignored| ignored.why), Some("ping"));
        let refused = last_refused.expect("refused");
        assert_eq!((refused.at, refused.proof), (clock.now(), ProofForm::Hmac));
        assert!(refused.why.contains("X-Hub-Signature"));
    }

    #[test]
    fn a_source_that_comes_later_is_noticed_and_one_that_goes_is_forgotten() {
        let (acme, code) = (id("acme"), id("code"));
        let arrivals = Arrivals::new([&acme], Metrics::new().expect("metrics"), Arc::new(Hands::default()));
        arrivals.ignored(&code, Ignored::Ping);
        assert_eq!(arrivals.of(&code).webhook, Deliveries::default(), "there is no such source");
        let clone = arrivals.clone();
        for source in [&code, &acme] {
            arrivals.ignored(source, Ignored::Ping);
            arrivals.add(source);
        }
        clone.ignored(&code, Ignored::Ping);
        assert!(arrivals.of(&code).webhook.last_ignored.is_some());
        assert!(arrivals.of(&acme).webhook.last_ignored.is_some(), "one that is there stays as it is");
        arrivals.forget(&code);
        assert_eq!(clone.of(&code).webhook, Deliveries::default());
    }
}
