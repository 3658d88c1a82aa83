//! How often the users of a source are compared with those that usher knows.

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    config::{
        Reconcile,
        reader::{
            Reader,
            fields::Fields,
            node::{Content, Node},
        },
    },
    domain::Age,
};

const EVERY: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

/// Reads a source's `reconcile`; none within: never.
pub(in crate::config) fn reconcile(node: &Node, reader: &mut Reader<'_>) -> Option<Option<Reconcile>> {
    match &node.content {
        Content::Scalar { text, .. } if text == "off" => Some(None),
        Content::Scalar { .. } | Content::List(_) => {
            reader.refuse(&node.at, format!("found {}; write `off`, or `{{ every: 10m }}`, say", node.kind()))
        }
        Content::Map(_) => {
            let mut fields = Fields::of(node, reader)?;
            let every = fields.or("every", Reconcile::default().every, |node| reader.parsed(node, every));
            fields.done(reader);
            Some(Some(Reconcile { every: every? }))
        }
    }
}

fn every(text: &str) -> Result<Duration, String> {
    let every = text.parse::<Age>().map_err(|error| error.to_string())?.duration();
    if EVERY.contains(&every) {
        Ok(every)
    } else {
        Err(format!("`{text}` does not fit here; write a length of time from `1s` to `1d`"))
    }
}
