//! The users of a pick in its record: compressed, because 100,000 ids are longer than Kafka takes a record.

use std::{
    io::{Read as _, Write as _},
    sync::Arc,
};

use bytes::Buf as _;
use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};

use super::Error;
use crate::domain::{Pick, UserId};

/// The longest length of an id before it, in bytes.
const LENGTH: usize = 4;
/// The highest length of the ids with their lengths.
const MAX_BYTES: usize = Pick::MAX_BYTES + LENGTH * Pick::MAX_USERS;

/// The ids, each with its length before it, compressed by deflate.
pub(super) fn compressed(users: &[UserId]) -> Vec<u8> {
    let mut plain = Vec::new();
    for user in users {
        let id = user.as_str().as_bytes();
        let _takes_all = prost::encode_length_delimiter(id.len(), &mut plain); // a `Vec` grows
        plain.extend_from_slice(id);
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to a `Vec` can't fail. If it did, nothing would be written, and the reader would miss the ids.
    encoder.write_all(&plain).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// The ids in `bytes`, which are `count`.
///
/// # Errors
/// [`Error::Missing`] if they can't be read, are fewer or more than that, are more than a pick has, or would take more
/// memory than those of a pick.
pub(super) fn users(bytes: &[u8], count: u32) -> Result<Arc<[UserId]>, Error> {
    let mut plain = Vec::new();
    // Some bytes may stand for thousands of times as many: no more is read than a pick can have.
    let mut decoder = DeflateDecoder::new(bytes).take(MAX_BYTES as u64 + 1);
    let read = decoder.read_to_end(&mut plain).map_err(|_| Error::Missing("users"))?;
    if read > MAX_BYTES {
        return Err(Error::Missing("users"));
    }
    let (mut rest, mut users) = (&plain[..], Vec::new());
    while !rest.is_empty() {
        let length = prost::decode_length_delimiter(&mut rest)?;
        if users.len() == Pick::MAX_USERS || length > rest.len() {
            return Err(Error::Missing("users"));
        }
        let id = std::str::from_utf8(&rest[..length]).map_err(|_| Error::Missing("users"))?;
        users.push(UserId::new(id));
        rest.advance(length);
    }
    // Bytes that break off are no fault to the decoder.
    if users.len() as u64 == u64::from(count) { Ok(users.into()) } else { Err(Error::Missing("users")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deflated `plain`.
    fn deflated(plain: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).expect("written");
        encoder.finish().expect("written")
    }

    #[test]
    fn the_longest_pick_fits_into_a_record_on_kafka_and_comes_back_in_its_order() {
        // Letters and digits without any order in them: the worst that a product can give.
        let letter = || char::from(rand::random_range(0..62).try_into().map_or(b'a', alphanumeric));
        let ids: Vec<_> =
            (0..Pick::MAX_USERS).map(|_| UserId::new((0..43).map(|_| letter()).collect::<String>())).collect();
        let bytes = compressed(&ids);
        assert!(bytes.len() < 3_700_000, "{} bytes", bytes.len());
        assert_eq!(*users(&bytes, 100_000).expect("readable"), *ids);
    }

    fn alphanumeric(number: u8) -> u8 {
        match number {
            0..26 => b'a' + number,
            26..52 => b'A' + number - 26,
            _ => b'0' + number - 52,
        }
    }

    #[test]
    fn any_id_comes_back_as_it_was() {
        let ids = ["", "a\nb", "\u{202e}=1+1", "557058:0f", &"é".repeat(300)].map(UserId::new);
        assert_eq!(*users(&compressed(&ids), 5).expect("readable"), ids);
        assert_eq!(*users(&compressed(&[]), 0).expect("readable"), []);
    }

    #[test]
    fn a_record_that_would_fill_the_memory_is_refused() {
        let bomb = deflated(&vec![b'x'; MAX_BYTES + 1]);
        assert!(bomb.len() < 100_000, "{} bytes stand for {MAX_BYTES}", bomb.len());
        let many_short_ones = deflated(&[1, b'x'].repeat(Pick::MAX_USERS + 1));
        for bytes in [&bomb[..], &many_short_ones, &deflated(&[5, b'x']), &deflated(&[1, 0xff]), b"\xff\xff", b""] {
            assert!(users(bytes, 1).is_err(), "{} bytes", bytes.len());
        }
        // A length of ten bytes that stands for more than there is.
        assert!(users(&deflated(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, b'x']), 1).is_err());
        let whole = compressed(&["a", "b"].map(UserId::new));
        assert!(users(&whole, 2).is_ok() && users(&whole, 1).is_err() && users(&whole, 3).is_err());
        assert!(users(&whole[..whole.len() - 2], 2).is_err(), "it breaks off");
    }
}
