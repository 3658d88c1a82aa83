//! Damage to an embedded log, as a bad disk does it.

use std::path::Path;

use usher::log::{Partition, Stream};

/// As in the log itself: sled does not open a database that was made otherwise.
const SEGMENT: usize = 2 * 1024 * 1024;

/// Overwrites the batch of records that is the `nth` in `partition` of `stream`, in the log in `dir`, which nobody has open.
/// Records that were appended one after the other are a batch each.
pub fn damage(dir: &Path, stream: Stream, partition: Partition, nth: usize) {
    let code = 1 + Stream::ALL.iter().position(|one| *one == stream).expect("it is one of them");
    let [high, low] = partition.0.to_be_bytes();
    let prefix = [u8::try_from(code).expect("there are few"), high, low];
    let db = sled::Config::new().path(dir).segment_size(SEGMENT).open().expect("nobody has it open");
    let (key, _) = db.scan_prefix(prefix).nth(nth).expect("a batch").expect("it can be read");
    db.insert(key, b"not a batch").expect("written");
    db.flush().expect("flushed");
}
