//! Many users in one record: their ids, deflated. A hundred thousand ids of Jira Cloud would be longer than a record may
//! be, and are half as long so.

use std::{
    io::{self, Read as _, Write as _},
    sync::Arc,
};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use prost::Message as _;

use super::{Error, proto};
use crate::domain::{NamedUsers, UserId};

/// The longest list, in bytes: the highest number of users with ids of the longest length that is kept.
const MAX_BYTES: u64 = NamedUsers::MAX as u64 * 260;

/// The ids, for a record.
pub(super) fn deflated(users: &[UserId]) -> Vec<u8> {
    let list = proto::UserIds { ids: users.iter().map(UserId::to_string).collect() };
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
    let written = deflated.write_all(&list.encode_to_vec()).and_then(|()| deflated.finish());
    written.expect("memory takes every byte")
}

/// The ids of a record.
///
/// # Errors
/// [`Error::Missing`] if they can't be read, or are more than any record has.
pub(super) fn inflated(bytes: &[u8]) -> Result<Arc<[UserId]>, Error> {
    let unreadable = || Error::Missing("users");
    let list = inflate(bytes).map_err(|_| unreadable())?;
    let list = proto::UserIds::decode(&*list).map_err(|_| unreadable())?;
    if list.ids.len() > NamedUsers::MAX {
        return Err(unreadable());
    }
    Ok(list.ids.into_iter().map(UserId::new).collect())
}

fn inflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut list = Vec::new();
    let read = DeflateDecoder::new(bytes).take(MAX_BYTES + 1).read_to_end(&mut list)?;
    if read as u64 > MAX_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(list) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_thousand_account_ids_fit_into_a_record_and_come_back() {
        let id = |user: u64| {
            let random = u128::from_be_bytes(<[u8; 16]>::try_from(&sha2_of(user)[..16]).expect("sixteen bytes"));
            UserId::new(format!("557058:{}", uuid_like(random)))
        };
        let users: Vec<_> = (0..NamedUsers::MAX as u64).map(id).collect();
        let record = deflated(&users);
        assert!(record.len() < 3 * 1024 * 1024, "{} bytes", record.len());
        assert_eq!(&*inflated(&record).expect("readable"), &users[..]);
    }

    #[test]
    fn ids_of_any_characters_come_back_in_order() {
        let users: Vec<_> = ["jane", "", "a\nb", "ünïcödé", "=1+1", "jane "].map(UserId::new).into();
        assert_eq!(&*inflated(&deflated(&users)).expect("readable"), &users[..]);
        assert_eq!(inflated(&deflated(&[])).expect("readable").len(), 0);
    }

    #[test]
    fn a_record_that_would_fill_the_memory_is_refused() {
        let mut bomb = DeflateEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![0; 1024 * 1024];
        (0..=MAX_BYTES / zeros.len() as u64).for_each(|_| bomb.write_all(&zeros).expect("memory takes it"));
        let bomb = bomb.finish().expect("memory takes it");
        assert!(bomb.len() < 100_000, "{}", bomb.len());
        for broken in [&bomb[..], b"no deflated text", &[]] {
            assert!(matches!(inflated(broken), Err(Error::Missing("users"))));
        }
    }

    fn sha2_of(user: u64) -> [u8; 32] {
        use sha2::Digest as _;
        sha2::Sha256::digest(user.to_be_bytes()).into()
    }

    fn uuid_like(random: u128) -> String {
        let hex = format!("{random:032x}");
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}
