//! How many users may be created at once in a source.

use std::{ops::RangeInclusive, time::Duration};

use crate::{
    config::reader::{
        Reader,
        fields::Fields,
        node::{Content, Node},
    },
    domain::{Age, MassCreation},
};

const WITHIN: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24);
/// Nobody has more users.
const MOST_USERS: u64 = 1_000_000_000;

/// Reads a source's `mass_creation`; none within: nothing is kept back.
pub(in crate::config) fn mass_creation(node: &Node, reader: &mut Reader<'_>) -> Option<Option<MassCreation>> {
    match &node.content {
        Content::Scalar { text, .. } if text == "off" => Some(None),
        Content::Scalar { .. } | Content::List(_) => {
            let instead = "write `off`, or `{ users: 50, percent: 5, within: 10m }`, say";
            reader.refuse(&node.at, format!("found {}; {instead}", node.kind()))
        }
        Content::Map(_) => {
            let default = MassCreation::default();
            let mut fields = Fields::of(node, reader)?;
            let users = fields.or("users", default.users, |node| reader.whole(node, 0..=MOST_USERS));
            let percent = fields.or("percent", default.percent, |node| reader.whole(node, 0..=100));
            let within = fields.or("within", default.within, |node| reader.parsed(node, within));
            fields.done(reader);
            Some(Some(MassCreation { users: users?, percent: percent?, within: within? }))
        }
    }
}

fn within(text: &str) -> Result<Duration, String> {
    let within = text.parse::<Age>().map_err(|error| error.to_string())?.duration();
    if WITHIN.contains(&within) {
        Ok(within)
    } else {
        Err(format!("`{text}` does not fit here; write a length of time from `1m` to `1d`"))
    }
}
