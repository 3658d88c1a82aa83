//! How far the views have read each partition of each stream.

use super::Error;
use crate::log::{Partition, Stream};

/// Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(super) struct Checkpoints(sled::Tree);

/// The form of the rows. Where it is another than that of the rows found, the views are built anew.
const FORM: &str = "8";
const FORM_KEY: &str = "form";

impl Checkpoints {
    /// Keeps checkpoints in `tree`. Where the rows in `views` have another form, both are emptied.
    pub(super) fn new(tree: sled::Tree, views: &[&sled::Tree]) -> Result<Self, Error> {
        if tree.get(FORM_KEY)?.as_deref() != Some(FORM.as_bytes()) {
            tree.clear()?; // first: rows without a checkpoint are written again, a checkpoint without rows is not
            for view in views {
                view.clear()?;
            }
            tree.insert(FORM_KEY, FORM)?;
        }
        Ok(Self(tree))
    }

    /// The offset to go on from.
    pub(super) fn next(&self, stream: Stream, partition: Partition) -> Result<u64, Error> {
        let value = self.0.get(key(stream, partition))?;
        Ok(value.and_then(|value| value.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    /// All before `next` is in the views. To be called after the rows are written: sled keeps the order of writes
    /// across a crash, so a checkpoint that survives vouches for what it covers.
    pub(super) fn set(&self, stream: Stream, partition: Partition, next: u64) -> Result<(), Error> {
        self.0.insert(key(stream, partition), &next.to_be_bytes())?;
        Ok(())
    }
}

fn key(stream: Stream, partition: Partition) -> String {
    format!("{stream}/{partition}")
}
