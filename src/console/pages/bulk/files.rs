//! Files that were sent and not taken yet: somebody has to confirm an encoding, or to see which lines stand for nobody. They
//! are in memory: after a restart, and in another process, one sends the file once more.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use actix_web::web::Bytes;

use crate::domain::{Actor, SourceId, Timestamp};

/// The time for which a file is kept.
const KEPT: Duration = Duration::from_mins(15);
/// The most bytes of all files together.
const MAX_BYTES: usize = 40 * 1024 * 1024;

/// A file, for the users of one source.
#[derive(Clone)]
pub(super) struct Uploaded {
    pub(super) source: SourceId,
    pub(super) bytes: Bytes,
    whose: Actor,
    id: String,
    at: Timestamp,
}

/// See the module.
#[derive(Default)]
pub(in crate::console) struct UploadedFiles(Mutex<VecDeque<Uploaded>>);

impl UploadedFiles {
    /// Keeps a file of `whose`; gives its id.
    pub(super) fn keep(&self, whose: Actor, source: SourceId, bytes: Bytes, at: Timestamp) -> String {
        let id = hex::encode(rand::random::<[u8; 16]>());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner); // a queue is never half changed
        all.retain(|file| file.at.until(at) <= KEPT);
        all.push_back(Uploaded { source, bytes, whose, id: id.clone(), at });
        while all.len() > 1 && all.iter().map(|file| file.bytes.len()).sum::<usize>() > MAX_BYTES {
            all.pop_front();
        }
        id
    }

    /// The file with this id, if it is of `whose` and not too old.
    pub(super) fn get(&self, id: &str, whose: &Actor, now: Timestamp) -> Option<Uploaded> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|file| file.id == id && file.whose == *whose && file.at.until(now) <= KEPT).cloned()
    }

    /// Forgets a file.
    pub(super) fn forget(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|file| file.id != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_for_whoever_sent_it_and_for_a_while_and_memory_is_bounded() {
        let (files, source) = (UploadedFiles::default(), "acme".parse::<SourceId>().expect("an id"));
        let (jane, joe) = ("jane".parse::<Actor>().expect("a name"), "joe".parse::<Actor>().expect("a name"));
        let now = Timestamp::from_millis(1_000_000_000);
        let id = files.keep(jane.clone(), source.clone(), Bytes::from_static(b"id\nx\n"), now);
        assert!(files.get(&id, &jane, now.plus(KEPT)).is_some());
        assert!(files.get(&id, &joe, now).is_none() && files.get("x", &jane, now).is_none());
        assert!(files.get(&id, &jane, now.plus(KEPT).plus(Duration::from_secs(1))).is_none());
        let large = Bytes::from(vec![b'x'; MAX_BYTES / 2]);
        let ids: Vec<_> = (0..3).map(|_| files.keep(jane.clone(), source.clone(), large.clone(), now)).collect();
        assert!(files.get(&id, &jane, now).is_none() && files.get(&ids[0], &jane, now).is_none());
        assert!(files.get(&ids[2], &jane, now).is_some());
        files.forget(&ids[2]);
        assert!(files.get(&ids[2], &jane, now).is_none());
    }
}
