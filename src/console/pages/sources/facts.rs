//! The facts of a source, each with its age.

use std::time::Duration;

use super::ending;
use crate::{
    admin::{HealthRow, SecretRow, SourceNow},
    console::{
        Asked,
        asked::sentence,
        frame::{Badge, Fact, Kind, Moment, length},
    },
    domain::Timestamp,
    source::{Deliveries, IgnoredDelivery, RefusedDelivery},
};

/// A lag of a feed from which on something is wrong: a look is due every hour at least, and goes back a while.
const LONG_LAG: Duration = Duration::from_hours(2);

/// The facts of the page, by section.
pub(super) struct Facts {
    pub(super) about: Vec<Fact>,
    /// The end of its credentials.
    pub(super) credentials: Badge,
    pub(super) credentials_end: String,
    pub(super) roster: Vec<Fact>,
    /// Why the roster can't be relied on.
    pub(super) roster_warns: Option<String>,
    pub(super) since: Moment,
    pub(super) webhooks: Vec<Fact>,
    /// A warning that somebody has to look at: refused deliveries.
    pub(super) webhooks_warn: Option<String>,
    pub(super) secrets: Vec<SecretUse>,
    pub(super) feed: Option<Vec<Fact>>,
    pub(super) feed_warns: Option<String>,
    pub(super) runs_held: usize,
    pub(super) newcomers_held: u64,
}

/// A secret that proves deliveries.
pub(super) struct SecretUse {
    pub(super) name: String,
    pub(super) used: Option<Moment>,
    /// Why there is no last use.
    pub(super) otherwise: &'static str,
}

impl Facts {
    pub(super) fn new(asked: &Asked, now: &SourceNow, health: &HealthRow) -> Self {
        let ending = ending(now, asked.now());
        let (credentials, credentials_end) = match ending {
            Some(ending) if ending.kind == Kind::Done => (Badge::new(Kind::Done, "Good"), ending.text),
            Some(ending) => (Badge::new(ending.kind, "Replace them"), ending.text),
            None => {
                (Badge::new(Kind::Warn, "Not told"), "write credentials_expire, so that usher warns in time".to_owned())
            }
        };
        let (webhooks, webhooks_warn) = webhooks(asked, now, health);
        let (roster, roster_warns) = roster(asked, now, health);
        let (feed, feed_warns) = feed(asked, health);
        Self {
            about: about(asked, now, health),
            credentials,
            credentials_end,
            roster,
            roster_warns,
            since: asked.moment(health.since),
            webhooks,
            webhooks_warn,
            secrets: secrets(asked, health),
            feed,
            feed_warns,
            runs_held: now.runs_held,
            newcomers_held: now.reconciliation.held,
        }
    }
}

fn text(name: &'static str, value: impl Into<String>) -> Fact {
    Fact { name, value: value.into(), at: None }
}

/// A time, with what to say where there is none.
fn time_or(asked: &Asked, name: &'static str, at: Option<Timestamp>, otherwise: &str) -> Fact {
    match at {
        Some(at) => Fact { name, value: String::new(), at: Some(asked.moment(at)) },
        None => text(name, otherwise),
    }
}

fn about(asked: &Asked, now: &SourceNow, health: &HealthRow) -> Vec<Fact> {
    let (per_second, at_once) = now.source.rate();
    let bound = format!("{per_second} calls a second and {at_once} at once at most, all processes together");
    let pace = match health.pace.per_second {
        Some(bound) => format!("{bound:.1} calls a second at most in this process"),
        None => "not known".to_owned(),
    };
    let slowed = match health.pace.throttled_24h {
        0 => "not in the last 24 hours".to_owned(),
        1 => "once in the last 24 hours".to_owned(),
        times => format!("{times} times in the last 24 hours"),
    };
    vec![
        text("Id", now.source.id().to_string()),
        text("Product", now.source.product().title()),
        text("Address", now.source.base_url().to_string()),
        time_or(asked, "State since", now.since, "not known"),
        text("Rate", bound),
        text("Pace now", pace),
        text("Asked to slow down", slowed),
    ]
}

fn roster(asked: &Asked, now: &SourceNow, health: &HealthRow) -> (Vec<Fact>, Option<String>) {
    let kept = &health.roster;
    let users = match (kept.users, kept.whole) {
        (Some(users), Some(true)) => format!("{users}"),
        (Some(users), _) => format!("{users} or more: the list is not whole"),
        (None, _) => "not known".to_owned(),
    };
    let facts = vec![text("Users", users), time_or(asked, "As of", kept.as_of, "nobody is listed yet")];
    let usual = now.reconciliation.every();
    let is_old = |at: Timestamp| usual.is_some_and(|usual| at.until(asked.now()) > usual * 2);
    let old = kept.as_of.filter(|at| is_old(*at)).map(|at| {
        format!(
            "The list is {} old; it is usually made every {}.",
            length(at.until(asked.now())),
            length(usual.unwrap_or_default())
        )
    });
    (facts, kept.why.as_deref().map(sentence).or(old))
}

fn webhooks(asked: &Asked, now: &SourceNow, health: &HealthRow) -> (Vec<Fact>, Option<String>) {
    let Deliveries { last_ignored, last_refused, .. } = now.arrived.webhook;
    let with = |name, last: Option<(Timestamp, &str)>| match last {
        Some((at, why)) => Fact { name, value: format!("{why}, "), at: Some(asked.moment(at)) },
        None => text(name, "none"),
    };
    let counts = &health.webhooks;
    let facts = vec![
        text("Accepted in 24 hours", counts.accepted_24h.to_string()),
        text("Refused in 24 hours", counts.refused_24h.to_string()),
        time_or(asked, "Last accepted", counts.last, "none since this process began"),
        with("Last without an event for usher", last_ignored.map(|IgnoredDelivery { at, why }| (at, why))),
        with("Last refused", last_refused.map(|RefusedDelivery { at, why, .. }| (at, why))),
    ];
    let warns = (counts.refused_24h > 0).then(|| {
        "Deliveries were refused: the product may sign with another secret, or somebody else sends them.".to_owned()
    });
    (facts, warns)
}

fn secrets(asked: &Asked, health: &HealthRow) -> Vec<SecretUse> {
    let row = |secret: &SecretRow| match &secret.name {
        Some(name) => SecretUse {
            name: name.clone(),
            used: secret.last_used.map(|at| asked.moment(at)),
            otherwise: "not used since this process began",
        },
        None => SecretUse {
            name: "one in the configuration itself".to_owned(),
            used: None,
            otherwise: "not known: it has no name",
        },
    };
    health.webhooks.secrets.iter().map(row).collect()
}

fn feed(asked: &Asked, health: &HealthRow) -> (Option<Vec<Fact>>, Option<String>) {
    let Some(feed) = &health.feed else { return (None, None) };
    let lag = feed.lag_seconds.and_then(|lag| Duration::try_from_secs_f64(lag).ok());
    let lag_text = lag.map_or_else(|| "not known".to_owned(), |lag| format!("{} late", length(lag)));
    let facts = vec![
        text("Logins are known", lag_text),
        time_or(asked, "Newest entry", feed.last_entry, "none read by this process"),
    ];
    let late = lag.filter(|lag| *lag > LONG_LAG).map(|lag| format!("Logins are known {} late.", length(lag)));
    (Some(facts), feed.why.as_deref().map(sentence).or(late))
}
