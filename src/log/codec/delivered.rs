//! The record of an event that was delivered, written straight from the event.
//!
//! It is the record of each webhook, and the message in between would copy each text. Its bytes are those of the message.

use bytes::Bytes;
use prost::encoding::{encode_varint, encoded_len_varint};

use super::{encode, proto};
use crate::domain::{AccountType, EmailAddress, Event, Timestamp, UserHints, UserId, UserRef};

/// How the value of a field is written, in the last bits of its key.
const VARINT: u8 = 0;
const LENGTH: u8 = 2;

/// The bytes of the record of `event`.
pub fn encode_delivered(event: &Event) -> Bytes {
    if event.sweep.is_some() {
        return encode(event);
    }
    let texts = [event.id.as_str(), event.source.as_str()];
    let (user, hints) = (user_length(&event.user), hints_length(&event.hints));
    let about = texts.map(str::len).iter().sum::<usize>() + user + hints;
    let mut out = Vec::with_capacity(about + 64); // keys, lengths and times
    for (tag, text) in (1..).zip(texts).filter(|(_, text)| !text.is_empty()) {
        write_text(tag, text, &mut out);
    }
    write_number(3, i64::from(i32::from(proto::EventKind::from(event.kind))), &mut out);
    write_head(4, user, &mut out);
    let (tag, name) = named(&event.user);
    write_text(tag, name, &mut out);
    write_head(5, hints, &mut out);
    write_hints(&event.hints, &mut out);
    if let Some(occurred) = event.occurred {
        write_number(6, occurred.as_millis(), &mut out);
    }
    if event.accepted != Timestamp::from_millis(0) {
        write_number(7, event.accepted.as_millis(), &mut out);
    }
    write_number(9, i64::from(i32::from(proto::Via::from(event.via))), &mut out);
    out.into()
}

fn named(user: &UserRef) -> (u8, &str) {
    match user {
        UserRef::Id(id) => (1, UserId::as_str(id)),
        UserRef::Name(name) => (2, name),
    }
}

fn user_length(user: &UserRef) -> usize {
    text_length(named(user).1)
}

/// A text and the number of its field; none: the field is left out.
type Field<'a> = (u8, Option<&'a str>);

/// The texts of `hints` with the numbers of their fields; those before and behind `active`.
fn hint_texts(hints: &UserHints) -> ([Field<'_>; 2], Field<'_>) {
    let account_type = hints.account_type.as_ref().map(|kind| match kind {
        AccountType::Person => "",
        AccountType::Other(word) => word,
    });
    let before = [(1, hints.name.as_deref()), (2, hints.email.as_ref().map(EmailAddress::as_str))];
    (before, (4, account_type))
}

fn hints_length(hints: &UserHints) -> usize {
    let (before, behind) = hint_texts(hints);
    let texts = before.into_iter().chain([behind]).filter_map(|(_, text)| text);
    texts.map(text_length).sum::<usize>() + if hints.active.is_some() { 2 } else { 0 }
}

fn write_hints(hints: &UserHints, out: &mut Vec<u8>) {
    let (before, behind) = hint_texts(hints);
    let write = |(tag, text): Field<'_>, out: &mut Vec<u8>| {
        if let Some(text) = text {
            write_text(tag, text, out);
        }
    };
    before.into_iter().for_each(|text| write(text, out));
    if let Some(active) = hints.active {
        write_number(3, i64::from(active), out);
    }
    write(behind, out);
}

fn text_length(text: &str) -> usize {
    1 + encoded_len_varint(text.len() as u64) + text.len()
}

fn write_head(tag: u8, length: usize, out: &mut Vec<u8>) {
    out.push((tag << 3) | LENGTH);
    encode_varint(length as u64, out);
}

fn write_text(tag: u8, text: &str, out: &mut Vec<u8>) {
    write_head(tag, text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn write_number(tag: u8, number: i64, out: &mut Vec<u8>) {
    out.push((tag << 3) | VARINT);
    encode_varint(number.cast_unsigned(), out);
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*, sample::select};

    use super::*;
    use crate::domain::{EventId, EventKind, Sighting, SweepId, Via};

    fn hints() -> impl Strategy<Value = UserHints> {
        let account_type = prop_oneof![Just(AccountType::Person), ".{0,20}".prop_map(AccountType::Other)];
        let email = prop_oneof![".{0,200}", "[a-z]{1,9}@[a-z]{1,9}\\.example"];
        (option::of(".{0,140}"), option::of(email), any::<Option<bool>>(), option::of(account_type)).prop_map(
            |(name, email, active, account_type)| UserHints {
                name,
                email: email.as_deref().and_then(EmailAddress::parse),
                active,
                account_type,
                profile: None,
            },
        )
    }

    fn event() -> impl Strategy<Value = Event> {
        const KINDS: &[EventKind] =
            &[EventKind::Created, EventKind::LoggedIn, EventKind::Updated, EventKind::Removed, EventKind::Sighted];
        const WAYS: &[Via] = &[Via::Webhook, Via::Feed, Via::Reconciliation, Via::Sweep];
        let user =
            prop_oneof![".{0,300}".prop_map(|id| UserRef::Id(UserId::new(id))), ".{0,300}".prop_map(UserRef::Name)];
        let times = (option::of(any::<i64>()), prop_oneof![Just(0), any::<i64>()]);
        let sweep = prop_oneof![9 => Just(None), 1 => "[a-z]{1,9}".prop_map(Some)];
        let ids = (".{0,40}", "[a-z]{1,60}");
        (ids, select(KINDS), select(WAYS), user, hints(), times, sweep).prop_map(
            |((id, source), kind, via, user, hints, (occurred, accepted), sweep)| Event {
                id: EventId::new(id),
                source: source.parse().expect("an id"),
                kind,
                via,
                user,
                hints,
                occurred: occurred.map(Timestamp::from_millis),
                accepted: Timestamp::from_millis(accepted),
                sweep: sweep.map(|id| Sighting {
                    sweep: SweepId::new(id),
                    released: None,
                    memberships: None,
                    undo: None,
                }),
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

        #[test]
        fn the_bytes_are_those_of_the_message(event in event()) {
            prop_assert_eq!(encode_delivered(&event), encode(&event));
        }
    }
}
