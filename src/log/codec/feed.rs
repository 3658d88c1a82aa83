//! The place in a feed.

use super::{Error, Wire, event::source, proto};
use crate::domain::{FeedPlace, Print, Timestamp};

impl Wire for FeedPlace {
    type Message = proto::FeedPlace;

    fn to_wire(&self) -> proto::FeedPlace {
        proto::FeedPlace {
            source: self.source.to_string(),
            until_ms: self.until.as_millis(),
            complete_ms: self.complete.as_millis(),
            cursor: self.cursor.clone(),
            seen: self.seen.keys().map(|print| print.0).collect(),
            seen_at_ms: self.seen.values().map(|at| at.as_millis()).collect(),
            forgotten_ms: self.forgotten.map(Timestamp::as_millis),
        }
    }

    fn from_wire(message: proto::FeedPlace) -> Result<Self, Error> {
        if message.seen.len() != message.seen_at_ms.len() {
            return Err(Error::Missing("seen_at_ms"));
        }
        let times = message.seen_at_ms.into_iter().map(Timestamp::from_millis);
        Ok(Self {
            source: source(message.source)?,
            until: Timestamp::from_millis(message.until_ms),
            complete: Timestamp::from_millis(message.complete_ms),
            cursor: message.cursor,
            seen: message.seen.into_iter().map(Print).zip(times).collect(),
            forgotten: message.forgotten_ms.map(Timestamp::from_millis),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::codec::{decode, encode};

    #[test]
    fn a_place_survives_the_log() {
        let at = Timestamp::from_millis;
        let mut place = FeedPlace::new("acme".parse().expect("an id"), at(1_000), at(2_000));
        assert_eq!(decode::<FeedPlace>(&encode(&place)).expect("read"), place);
        place.cursor = Some("1637628276398,179".to_owned());
        place.record(Print(u64::MAX), at(-1));
        place.record(Print(0), at(999));
        place.forgotten = Some(at(998));
        assert_eq!(decode::<FeedPlace>(&encode(&place)).expect("read"), place);
    }
}
