//! What an opened database says about the log in it.

use std::{ops::Range, path::Path};

use super::{
    format::{self, Header},
    high_watermark::HighWatermark,
    store::{self, Store, damaged},
};
use crate::log::{
    Error,
    embedded::{
        groups::Groups,
        part::{Part, Parts},
    },
};

/// The version of the layout in [`format`]; another one is not read.
const FORMAT: u16 = 1;

/// A log found on disk, or just made there.
pub(in crate::log::embedded) struct Recovered {
    pub identity: String,
    pub partitions: u16,
    pub bounds: Parts<Range<u64>>,
    pub groups: Groups,
}

impl Recovered {
    /// Opens the database in `dir` and reads what it holds.
    pub fn open(dir: &Path, partitions: u16) -> Result<(Store, Self), Error> {
        let store = Store::open(dir)?;
        let found = store::guarded(|| Self::in_store(&store, dir, partitions));
        match found.unwrap_or_else(|panicked| Err(damaged(dir, &panicked.to_string()))) {
            Ok(found) => Ok((store, found)),
            Err(error) => {
                store.release();
                Err(error)
            }
        }
    }

    /// Reads what `store`, opened in `dir`, holds. A log that was never there before is made with `partitions`
    /// partitions in each stream; one that was keeps its own number.
    fn in_store(store: &Store, dir: &Path, partitions: u16) -> Result<Self, Error> {
        let tree = store.tree()?;
        let high_watermark = HighWatermark::read(dir)?;
        let unreadable = |error: sled::Error| damaged(dir, &crate::words::database(&error));
        if high_watermark.is_none() && tree.is_empty() {
            create(store, dir, partitions)?;
        }
        let meta = |name| tree.get(format::meta_key(name)).map_err(unreadable);
        let number = |bytes: &sled::IVec| <[u8; 2]>::try_from(&bytes[..]).ok().map(u16::from_be_bytes);
        match meta("format")?.as_ref().and_then(number) {
            Some(FORMAT) => {}
            Some(_) => {
                return Err(Error::Unusable(format!("{} was made by a later usher; run that one", dir.display())));
            }
            None => return Err(damaged(dir, "the log that was here is gone")),
        }
        let identity = meta("identity")?.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        let stored = meta("partitions")?.as_ref().and_then(number);
        let (Some(identity), Some(stored)) = (identity, stored) else {
            return Err(damaged(dir, "they don't say which log it is"));
        };
        if stored != partitions {
            tracing::info!(stored, partitions, "the event log keeps the number of partitions it was made with");
        }
        let bounds = Parts::try_new(stored, |part| {
            bounds(&tree, part).map_err(unreadable)?.ok_or_else(|| damaged(dir, "a record batch has no header"))
        })?;
        let groups = Groups::load(&tree, stored).map_err(unreadable)?;
        let now = HighWatermark::new(&identity, &bounds.map(|bounds| bounds.end));
        high_watermark.map_or(Ok(()), |high_watermark| high_watermark.check(dir, &now))?;
        now.write(dir).map_err(|error| store::inaccessible(dir, &error))?;
        store::sync_names(dir)?;
        Ok(Self { identity, partitions: stored, bounds, groups })
    }
}

/// Writes into an empty `store` what every log has.
pub(in crate::log::embedded) fn create(store: &Store, dir: &Path, partitions: u16) -> Result<(), Error> {
    let mut made = sled::Batch::default();
    made.insert(format::meta_key("identity"), hex::encode(rand::random::<[u8; 16]>()).as_bytes());
    made.insert(format::meta_key("partitions"), &partitions.max(1).to_be_bytes()[..]);
    made.insert(format::meta_key("format"), &FORMAT.to_be_bytes()[..]);
    store.commit(made.into()).map_err(|error| Error::Unavailable(error.to_string()))?;
    tracing::info!(dir = %dir.display(), "made a new event log");
    Ok(())
}

/// The offsets that `part` holds; none where the newest batch has no header.
fn bounds(tree: &sled::Tree, part: Part) -> Result<Option<Range<u64>>, sled::Error> {
    let all = || tree.scan_prefix(format::part_prefix(part)).keys();
    let (Some(oldest), Some(newest)) = (all().next().transpose()?, all().next_back().transpose()?) else {
        return Ok(Some(0..0));
    };
    let base = |key: &[u8]| format::base_and_piece(key).map(|(base, _)| base);
    let (Some(start), Some(newest)) = (base(&oldest), base(&newest)) else { return Ok(None) };
    let header = tree.get(format::batch_key(part, newest, 0))?.and_then(|value| Header::decode(&value));
    Ok(header.map(|header| start..newest + u64::from(header.count)))
}
