//! The trace of a record. It is stored beside the record's content, and only the code that makes spans reads it.

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::Message;

use crate::log::Stream;

/// The parts of `usher.v1.Event` that are needed here.
#[derive(Clone, PartialEq, Message)]
struct OfEvent {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "12")]
    traceparent: String,
}

/// The parts of `usher.v1.Decision` that are needed here.
#[derive(Clone, PartialEq, Message)]
struct OfDecision {
    #[prost(string, tag = "1")]
    event: String,
    #[prost(string, tag = "20")]
    traceparent: String,
}

/// The id of an event, and the span that appended its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The event.
    pub event: String,
    /// The span, in the form of W3C Trace Context; none if the record is not part of a trace.
    pub traceparent: Option<String>,
}

/// The trace of a record of `stream`. None: it has none, or can't be read.
pub fn traced(stream: Stream, payload: &[u8]) -> Option<Traced> {
    let (event, traceparent) = match stream {
        Stream::Events => OfEvent::decode(payload).map(|of| (of.id, of.traceparent)).ok()?,
        Stream::Decisions => OfDecision::decode(payload).map(|of| (of.event, of.traceparent)).ok()?,
        Stream::Outcomes
        | Stream::DeadLetters
        | Stream::Sweeps
        | Stream::SweepProgress
        | Stream::Settings
        | Stream::Activity
        | Stream::Feeds
        | Stream::Claims
        | Stream::AdminActions => return None,
    };
    Some(Traced { event, traceparent: Some(traceparent).filter(|traceparent| !traceparent.is_empty()) })
}

/// A record of `stream` that carries the span `traceparent`. A stream whose records carry no spans leaves it unchanged.
pub fn with_trace(stream: Stream, payload: Bytes, traceparent: String) -> Bytes {
    let field = match stream {
        Stream::Events => OfEvent { traceparent, id: String::new() }.encode_to_vec(),
        Stream::Decisions => OfDecision { traceparent, event: String::new() }.encode_to_vec(),
        Stream::Outcomes
        | Stream::DeadLetters
        | Stream::Sweeps
        | Stream::SweepProgress
        | Stream::Settings
        | Stream::Activity
        | Stream::Feeds
        | Stream::Claims
        | Stream::AdminActions => return payload,
    };
    // A message is its fields one after the other, and the last of one number counts.
    let mut stamped = BytesMut::with_capacity(payload.len() + field.len());
    stamped.put(payload);
    stamped.put_slice(&field);
    stamped.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::Truth,
        log::codec::{Wire as _, decode, encode, proto},
        views::testing::{decision, verdict},
    };

    const SPAN: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_record_is_the_same_with_a_trace_and_says_which() {
        let decision = decision("e1", "jane", 7, vec![verdict("a", Truth::True, &["g"])]);
        let plain = encode(&decision);
        let untraced = Traced { event: "e1".into(), traceparent: None };
        assert_eq!(traced(Stream::Decisions, &plain), Some(untraced));
        let first = with_trace(Stream::Decisions, plain, "00-1-2-00".into());
        let stamped = with_trace(Stream::Decisions, first, SPAN.into());
        assert_eq!(traced(Stream::Decisions, &stamped).and_then(|traced| traced.traceparent).as_deref(), Some(SPAN));
        assert_eq!(decode::<crate::domain::Decision>(&stamped).expect("read"), decision);
        assert_eq!(proto::Decision::decode(&*stamped).expect("read").traceparent, SPAN);
        assert_eq!(decision.to_wire().traceparent, "");
    }

    #[test]
    fn events_have_a_field_for_it_and_other_records_have_none() {
        let stamped = with_trace(Stream::Events, Bytes::new(), SPAN.into());
        assert_eq!(proto::Event::decode(&*stamped).expect("read").traceparent, SPAN);
        assert_eq!(traced(Stream::Events, &stamped).and_then(|traced| traced.traceparent).as_deref(), Some(SPAN));
        assert_eq!(with_trace(Stream::Outcomes, Bytes::from("x"), SPAN.into()), "x");
        assert_eq!(traced(Stream::Outcomes, b""), None);
        assert_eq!(traced(Stream::Events, b"\xff"), None);
    }
}
