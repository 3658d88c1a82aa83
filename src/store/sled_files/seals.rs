//! Seals: the checksums of the segments of the database that sled doesn't write to any more.
//!
//! sled 0.34 has a checksum for each record, and yet passes over damage when it opens a database: after a bad record
//! it goes on with the next segment, and a segment that is missing was perhaps used again. So records are lost while
//! later ones survive, a checkpoint among them, and work that was done would be done again. A list of seals beside the
//! database shows such damage before sled opens it. The list is at most half a second old. Of
//! what was written later, damage loses the end, or is not noticed.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    SEGMENT_BYTES, database_in, found,
    segment::{Header, checksum},
};

const LIST: &str = "seals.json";

/// A segment that is written to its end. It stays as it is until sled uses it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seal {
    lsn: i64,
    crc32: u32,
}

/// The seals by the places of their segments.
pub(super) type Seals = BTreeMap<u64, Seal>;

/// Keeps the list of seals of a database that is open.
#[derive(Debug)]
pub(in crate::store) struct Sealer {
    dir: PathBuf,
    seals: Seals,
}

impl Sealer {
    /// For the database in `dir`, which was [prepared](super::prepare) and opened.
    pub(in crate::store) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), seals: Seals::new() }
    }

    /// Seals the segments that were finished since the last call, and forgets those that are used again.
    ///
    /// # Errors
    /// The error of the system if the database can't be read, or the list can't be written.
    pub(in crate::store) fn seal(&mut self) -> io::Result<()> {
        let now = of(&File::open(database_in(&self.dir))?, &self.seals)?;
        if now != self.seals || !self.dir.join(LIST).exists() {
            write(&self.dir, &now)?;
            self.seals = now;
        }
        Ok(())
    }
}

/// The seals in `dir`; none if there is no list, or it can't be understood.
///
/// # Errors
/// The error of the system if the list is there and can't be read.
pub(super) fn read(dir: &Path) -> io::Result<Seals> {
    let list = found(fs::read(dir.join(LIST)))?;
    Ok(list.and_then(|list| serde_json::from_slice(&list).ok()).unwrap_or_default())
}

/// Written aside and renamed: a crash leaves a whole list, the earlier one or this one.
fn write(dir: &Path, seals: &Seals) -> io::Result<()> {
    let aside = dir.join(LIST).with_extension("new");
    fs::write(&aside, serde_json::to_vec(seals)?)?;
    fs::rename(aside, dir.join(LIST))
}

/// The seals of the segments that are finished now; `known` are not read again.
fn of(database: &File, known: &Seals) -> io::Result<Seals> {
    let length = database.metadata()?.len();
    let places = (0..length).step_by(SEGMENT_BYTES);
    let headers = places.map(|place| Ok((place, Header::read(database, place)?))).collect::<io::Result<Vec<_>>>()?;
    let headers = || headers.iter().filter_map(|(place, header)| Some((*place, (*header)?)));
    let stable = headers().map(|(_, header)| header.stable).max().unwrap_or(0);
    let mut seals = Seals::new();
    for (place, Header { lsn, .. }) in headers().filter(|(_, header)| end_of(*header) <= stable) {
        if let Some(seal) = known.get(&place).filter(|seal| seal.lsn == lsn) {
            seals.insert(place, *seal);
        } else if let Some(crc32) = checksum(database, place)?
            // Else sled has begun to use it again while it was read.
            && Header::read(database, place)?.is_some_and(|header| header.lsn == lsn)
        {
            seals.insert(place, Seal { lsn, crc32 });
        }
    }
    Ok(seals)
}

/// The LSN after the last of a segment.
fn end_of(header: Header) -> i64 {
    header.lsn.saturating_add(SEGMENT_BYTES as i64)
}

/// The place of the first segment that is not as its seal says, and was not used again. None: there is none.
///
/// # Errors
/// The error of the system if the file can't be read.
pub(super) fn first_broken(database: &File, seals: &Seals) -> io::Result<Option<u64>> {
    for (&place, seal) in seals {
        let is_whole = match Header::read(database, place)? {
            Some(header) if header.lsn == seal.lsn => checksum(database, place)? == Some(seal.crc32),
            Some(header) => header.lsn > seal.lsn,
            None => false,
        };
        if !is_whole {
            return Ok(Some(place));
        }
    }
    Ok(None)
}
