//! An archive into a data folder.
//!
//! All is made in a folder `restoring` inside the data folder, and checked. Then the token is moved to its place, and
//! last the log. Until that last step usher does not start in the folder.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Write},
    ops::Range,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use super::{
    Error, Summary,
    archive::{
        Content, Reader,
        proto::{Batch, Group, Header},
    },
};
use crate::{
    admin::TOKEN_FILE,
    domain::Timestamp,
    log::{
        Partition, Stream,
        embedded::{GroupOffset, Rebuild},
    },
};

/// The folder inside the data folder in which it is restored. While it exists and the log does not, the restore is not
/// finished.
pub const RESTORING: &str = "restoring";
/// The log, in the data folder.
const LOG: &str = "log";

/// The entries of a folder that still counts as empty.
const NOTHING: [&str; 3] = ["lost+found", "usher.lock", RESTORING];

/// Reads an archive through, and returns its summary. Blocks.
///
/// # Errors
/// [`Error::Read`], and those that say what is wrong with the archive.
pub fn verify(from: impl Read) -> Result<Summary, Error> {
    let mut archive = Reader::begin(from)?;
    let made = begin(&mut archive)?.made_ms;
    while archive.next()?.is_some() {}
    Ok(summary(&archive, made))
}

/// Writes the contents of the archive into the data folder `to`, which the caller holds and which must be empty.
/// Blocks. After a failure the folder is as it was before.
///
/// # Errors
/// [`Error::NotEmpty`] and [`Error::Folder`] about the folder, [`Error::Log`] if the log can't be written,
/// [`Error::Read`], and those that say what is wrong with the archive.
pub fn restore(from: impl Read, to: &Path) -> Result<Summary, Error> {
    let of_folder = |error| Error::Folder { path: to.to_owned(), error };
    if !is_empty(to).map_err(of_folder)? {
        return Err(Error::NotEmpty(to.to_owned()));
    }
    let aside = to.join(RESTORING);
    remove(&aside).map_err(of_folder)?; // of one that was broken off
    DirBuilder::new().mode(0o700).create(&aside).map_err(of_folder)?;
    let made = make(from, &aside).and_then(|summary| {
        move_to_its_place(&aside, to).map_err(of_folder)?;
        Ok(summary)
    });
    if made.is_err() {
        let _ = remove(&aside); // the next restore removes it otherwise
    }
    made
}

/// Makes log and token in the folder `aside`.
fn make(from: impl Read, aside: &Path) -> Result<Summary, Error> {
    let mut archive = Reader::begin(from)?;
    let header = begin(&mut archive)?;
    let partitions = u16::try_from(header.partitions).ok().filter(|partitions| *partitions > 0);
    let partitions = partitions.ok_or(Error::Damaged("it has no partitions"))?;
    let expected = expected(&header, partitions)?;
    let mut log = Rebuild::begin(&aside.join(LOG), partitions)?;
    if let Err(error) = fill(&mut log, &mut archive) {
        // Damage may look like anything: the checksum has the first word.
        while archive.next()?.is_some() {}
        return Err(error);
    }
    let is_whole = expected.iter().all(|((stream, partition), bounds)| {
        let found = log.bounds(*stream, *partition).unwrap_or_default();
        found == *bounds || (found.is_empty() && bounds.is_empty())
    });
    if !is_whole {
        return Err(Error::Damaged("records are missing"));
    }
    log.finish()?;
    if !header.admin_token.is_empty() {
        write_token(&aside.join(TOKEN_FILE), &header.admin_token)
            .map_err(|error| Error::Folder { path: aside.to_owned(), error })?;
    }
    Ok(summary(&archive, header.made_ms))
}

fn fill<R: Read>(log: &mut Rebuild, archive: &mut Reader<R>) -> Result<(), Error> {
    while let Some(content) = archive.next()? {
        match content {
            Content::Batch(batch) => add(log, &batch)?,
            Content::Group(group) => set_group(log, group)?,
            Content::Header(_) | Content::End(_) => return Err(Error::Damaged("its parts are in another order")),
        }
    }
    Ok(())
}

fn begin<R: Read>(archive: &mut Reader<R>) -> Result<Header, Error> {
    match archive.next()? {
        Some(Content::Header(header)) => Ok(header),
        Some(_) | None => Err(Error::Damaged("it has no beginning")),
    }
}

fn summary<R: Read>(archive: &Reader<R>, made: i64) -> Summary {
    let (records, bytes) = archive.read();
    Summary { records, bytes, made: Timestamp::from_millis(made) }
}

/// The expected contents of each part.
fn expected(header: &Header, partitions: u16) -> Result<BTreeMap<(Stream, Partition), Range<u64>>, Error> {
    let part = |part: &super::archive::proto::Part| {
        let place = place(&part.stream, part.partition)?;
        let is_there = place.1.0 < partitions && part.start <= part.end;
        is_there.then_some((place, part.start..part.end)).ok_or(Error::Damaged("a part of it makes no sense"))
    };
    header.parts.iter().map(part).collect()
}

/// A stream that is not known here holds what this version would not keep.
fn place(stream: &str, partition: u32) -> Result<(Stream, Partition), Error> {
    let stream = Stream::named(stream).ok_or(Error::Later)?;
    let partition = u16::try_from(partition).map_err(|_| Error::Damaged("a partition makes no sense"))?;
    Ok((stream, Partition(partition)))
}

fn add(log: &mut Rebuild, batch: &Batch) -> Result<(), Error> {
    let records = batch.records.iter().map(|record| (record.key.as_str(), &record.payload[..]));
    let (place, appended) = (place(&batch.stream, batch.partition)?, Timestamp::from_millis(batch.appended_ms));
    let added = log.add(place, batch.base, appended, records)?;
    added.then_some(()).ok_or(Error::Damaged("its records are in another order"))
}

fn set_group(log: &mut Rebuild, Group { group, stream, partition, next }: Group) -> Result<(), Error> {
    let (stream, partition) = place(&stream, partition)?;
    let set = log.set_group(&GroupOffset { group, stream, partition, next });
    set.then_some(()).ok_or(Error::Damaged("a partition makes no sense"))
}

fn write_token(path: &Path, token: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(token)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// The log comes last: with it the restore is done.
fn move_to_its_place(aside: &Path, to: &Path) -> io::Result<()> {
    File::open(aside)?.sync_all()?;
    let token = aside.join(TOKEN_FILE);
    if token.exists() {
        fs::rename(token, to.join(TOKEN_FILE))?;
        File::open(to)?.sync_all()?;
    }
    fs::rename(aside.join(LOG), to.join(LOG))?;
    fs::remove_dir(aside)?;
    File::open(to)?.sync_all()?;
    match to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// A token without a log is left by a restore that was interrupted just before its end.
fn is_empty(folder: &Path) -> io::Result<bool> {
    let broken_off = folder.join(RESTORING).is_dir() && !folder.join(LOG).exists();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let is_left_over = broken_off && name == TOKEN_FILE;
        if !is_left_over && !NOTHING.iter().any(|nothing| name == **nothing) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
