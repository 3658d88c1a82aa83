//! A source's `feed`: logins that usher asks for by itself.

use std::{ops::RangeInclusive, time::Duration};

use super::webhook::actions;
use crate::{
    config::{
        AuditActions,
        reader::{LONGEST_PARSED, Reader, fields::Fields, node::Node},
    },
    domain::{Age, Capability, Product},
};

const EXAMPLE: &str = "{ kind: audit-log, every: 30s }";
/// In seconds. Organisations may be asked 50 times a minute in all.
const EVERY: RangeInclusive<u64> = 1..=3600;
const EVERY_IN_CLOUD: RangeInclusive<u64> = 5..=3600;
const OVERLAP: RangeInclusive<u64> = 60..=86_400;

/// How usher follows the audit log of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feed {
    /// The time between two looks at it.
    pub every: Duration,
    /// How far back it looks each time: entries come late, and clocks are wrong.
    pub overlap: Duration,
}

impl Default for Feed {
    fn default() -> Self {
        Self { every: Duration::from_secs(30), overlap: Duration::from_mins(10) }
    }
}

/// A feed, and which entries mean what where that is said here.
pub(in crate::config) type Told = (Feed, Option<AuditActions>);

/// Reads a source's `feed`; `product` is none where that can't be read.
pub(in crate::config) fn feed(node: &Node, product: Option<Product>, reader: &mut Reader<'_>) -> Option<Told> {
    if let Some(product) = product
        && let Capability::No(why) = product.feeds_logins()
    {
        return reader.refuse(&node.at, format!("{} has no feed of logins: {why}", product.title()));
    }
    let default = Feed::default();
    let mut fields = Fields::like(node, EXAMPLE, reader)?;
    let kind = fields
        .required("kind", "write `kind: audit-log`", reader)
        .and_then(|node| reader.choice(node, &[("audit-log", ())], &[]));
    let bounds = if product == Some(Product::AtlassianOrg) { EVERY_IN_CLOUD } else { EVERY };
    let every = fields.or("every", default.every, |node| length(node, bounds, "30s", reader));
    let overlap = fields.or("overlap", default.overlap, |node| length(node, OVERLAP, "10m", reader));
    let actions = fields.or("actions", None, |node| actions(node, reader).map(Some));
    fields.done(reader);
    kind?;
    Some((Feed { every: every?, overlap: overlap? }, actions?))
}

/// A length of time within so many seconds.
fn length(node: &Node, seconds: RangeInclusive<u64>, example: &str, reader: &mut Reader<'_>) -> Option<Duration> {
    let text = reader.within(node, LONGEST_PARSED)?;
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
