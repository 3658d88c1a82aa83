//! A source's `feed`: logins that usher asks for by itself.

use std::{ops::RangeInclusive, time::Duration};

use super::webhook::{AUDIT_ACTIONS, actions};
use crate::{
    config::{
        AuditActions,
        reader::{MAX_PARSED, Reader, node::Node},
        shape::{
            Part,
            key::{Key, Or},
            lengths::{self, LENGTH},
            object::Object,
            values::Choice,
        },
    },
    domain::{Age, Capability, Product},
};

/// In seconds. Organisations may be asked 50 times a minute in all.
const SECONDS: RangeInclusive<u64> = 1..=3600;
const SECONDS_IN_CLOUD: RangeInclusive<u64> = 5..=3600;
const SECONDS_BACK: RangeInclusive<u64> = 60..=86_400;

static KIND: Key<Choice<()>> = Key::needed(
    "kind",
    "write `kind: audit-log`",
    "What is asked: the product's audit log.",
    Choice(&[("audit-log", ())]),
);
static EVERY: Or<Part<Duration>> = every(|node, reader| length(node, SECONDS, "30s", reader));
static EVERY_IN_CLOUD: Or<Part<Duration>> = every(|node, reader| length(node, SECONDS_IN_CLOUD, "30s", reader));
static OVERLAP: Or<Part<Duration>> = Or::new(
    "overlap",
    "How far back each look goes, from `1m` to `24h`: entries come late, and clocks are wrong.",
    Part { read: |node, reader| length(node, SECONDS_BACK, "10m", reader), described: &LENGTH },
    || Feed::default().overlap,
    lengths::shown,
);
static ACTIONS: Key<Part<AuditActions>> = Key::new(
    "actions",
    "Which entries of the audit log mean what. Write it here or under `webhook`. Left out: those of all products.",
    Part { read: actions, described: &AUDIT_ACTIONS },
);
/// The value of `feed`.
pub(in crate::config) static FEED: Object =
    Object::new("Feed", "Logins that usher asks the audit log for.", || vec![&KIND, &EVERY, &OVERLAP, &ACTIONS])
        .like("{ kind: audit-log, every: 30s }");

const fn every(read: fn(&Node, &mut Reader<'_>) -> Option<Duration>) -> Or<Part<Duration>> {
    let about = "The time from one look to the next, from `1s` to `1h`; of an organisation from `5s`.";
    Or::new("every", about, Part { read, described: &LENGTH }, || Feed::default().every, lengths::shown)
}

/// The feed of a source's audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feed {
    /// The time between two looks at it.
    pub every: Duration,
    /// The time that each poll looks back: entries come late, and clocks are wrong.
    pub overlap: Duration,
}

impl Default for Feed {
    fn default() -> Self {
        Self { every: Duration::from_secs(30), overlap: Duration::from_mins(10) }
    }
}

/// A feed, and the meanings of entries if they are written here.
pub(in crate::config) type FeedAndActions = (Feed, Option<AuditActions>);

/// Reads a source's `feed`; `product` is none if that can't be read.
pub(in crate::config) fn feed(
    node: &Node,
    product: Option<Product>,
    reader: &mut Reader<'_>,
) -> Option<FeedAndActions> {
    if let Some(product) = product
        && let Capability::No(why) = product.feeds_logins()
    {
        return reader.refuse(&node.at, format!("{} has no feed of logins: {why}", product.title()));
    }
    let mut fields = FEED.open(node, reader)?;
    let kind = fields.needed(&KIND, reader);
    let every = if product == Some(Product::AtlassianOrg) { &EVERY_IN_CLOUD } else { &EVERY };
    let every = fields.or(every, reader);
    let overlap = fields.or(&OVERLAP, reader);
    let actions = fields.optional(&ACTIONS, reader);
    fields.done(reader);
    kind?;
    Some((Feed { every: every?, overlap: overlap? }, actions?))
}

/// A length of time within this range of seconds.
fn length(node: &Node, seconds: RangeInclusive<u64>, example: &str, reader: &mut Reader<'_>) -> Option<Duration> {
    let text = reader.within(node, MAX_PARSED)?;
    let age = text.parse::<Age>().ok().map(Age::duration);
    age.filter(|age| seconds.contains(&age.as_secs())).map_or_else(
        || {
            let (least, most) = (words(*seconds.start()), words(*seconds.end()));
            let message = format!("`{text}` does not fit here; write a time from {least} to {most}, `{example}`, say");
            reader.refuse(&node.at, message)
        },
        Some,
    )
}

fn words(seconds: u64) -> String {
    match (seconds % 3600, seconds % 60) {
        (0, _) => format!("{}h", seconds / 3600),
        (_, 0) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}
