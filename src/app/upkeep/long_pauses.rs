//! Gauges of pauses, and a warning before Kafka removes unfinished work of a paused source.
//!
//! The embedded log keeps the unfinished work of a source for any length of a pause. On Kafka the topics' own retention
//! counts.

use std::time::Duration;

use tracing::warn;

use crate::{
    config::Source,
    domain::{Pausable, Timestamp},
    log::RETENTION,
    metrics::Metrics,
    settings::Settings,
};

/// The warning comes this long before the end of the retention of usher's topics.
const WARN_BEFORE: Duration = Duration::from_hours(24 * 8);

/// Sets the gauge of each source. With `warn`, it warns of sources whose records Kafka is about to remove, or is
/// already removing.
pub(in crate::app) fn update_gauges(
    sources: &[Source],
    settings: &Settings,
    metrics: &Metrics,
    now: Timestamp,
    warn: bool,
) {
    for source in sources {
        let pause = settings.pause_of(&Pausable::Source(source.id.clone()));
        let paused_for = pause.map_or(Duration::ZERO, |pause| pause.at.until(now));
        metrics.source_paused_seconds.with_label_values(&[source.id.as_str()]).set(paused_for.as_secs_f64());
        if warn && nears_the_retention(paused_for) {
            let days = paused_for.as_secs() / 86_400;
            warn!(
                source.id = %source.id, days, kept_for_days = RETENTION.as_secs() / 86_400,
                "a source has been paused for long, and Kafka removes its events and decisions when they are older than \
                 `retention.ms` of their topics: resume it, or raise that; what is removed is never acted on"
            );
        }
    }
}

/// Sets the gauges of pauses: of all sources and all present schemes.
pub(in crate::app) fn update_pause_gauges(sources: &[Source], settings: &Settings, metrics: &Metrics) {
    let series = |kind: &str, id: &str, paused: bool| ([kind.to_owned(), id.to_owned()], i64::from(paused));
    let sources = sources.iter().map(|source| {
        let paused = settings.pause_of(&Pausable::Source(source.id.clone())).is_some();
        series("source", source.id.as_str(), paused)
    });
    let schemes =
        settings.list().into_iter().map(|scheme| series("scheme", scheme.id.as_str(), scheme.paused.is_some()));
    metrics.paused.replace(sources.chain(schemes));
}

fn nears_the_retention(paused_for: Duration) -> bool {
    paused_for + WARN_BEFORE >= RETENTION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_warned_of_while_there_is_time_to_do_something() {
        let days = |days: u64| Duration::from_hours(24 * days);
        assert_eq!([0_u64, 21, 22, 31].map(|paused| nears_the_retention(days(paused))), [false, false, true, true]);
    }
}
